//! Rust for uniffi: mirrors of core's values, from which Swift and Kotlin get theirs.

use crate::NOTE;
use crate::docs::Docs;
use crate::names::snake;
use crate::page::Page;
use crate::value::{Field, Kind, Shape, Value, Word};

/// The enum whose words Swift and Kotlin can ask for.
const TABLE: &str = "ErrorCode";

/// The file.
pub fn write(values: &[Value]) -> String {
    let mut page = Page::new("    ");
    page.line(format!("// {NOTE}"));
    page.line("");
    page.line("//! The values of core, mirrored for Swift and Kotlin.");
    page.line("");
    let mut paths: Vec<String> = values.iter().map(path).collect();
    paths.sort();
    for path in paths {
        page.line(format!("use {path};"));
    }
    for value in values {
        page.line("");
        mirror(&mut page, value);
    }
    let table = values.iter().find_map(|value| match &value.shape {
        Shape::Words(words) if value.name == TABLE => Some(words),
        _ => None,
    });
    if let Some(words) = table {
        page.line("");
        word_function(&mut page, words);
    }
    page.finish()
}

fn path(value: &Value) -> String {
    let modules: String = value.module.iter().map(|module| format!("{module}::")).collect();
    format!("evergrant::{modules}{}", value.name)
}

fn mirror(page: &mut Page, value: &Value) {
    comment(page, &value.docs);
    match &value.shape {
        Shape::Record(fields) => {
            page.line("#[uniffi::remote(Record)]");
            page.line(format!("pub struct {} {{", value.name));
            page.inside(|page| members(page, "pub ", fields));
        }
        Shape::Words(words) => {
            page.line("#[uniffi::remote(Enum)]");
            page.line(format!("pub enum {} {{", value.name));
            page.inside(|page| {
                for word in words {
                    comment(page, &word.docs);
                    page.line(format!("{},", word.name));
                }
            });
        }
        Shape::Union(variants) => {
            page.line("#[uniffi::remote(Enum)]");
            page.line(format!("pub enum {} {{", value.name));
            page.inside(|page| {
                for variant in variants {
                    comment(page, &variant.docs);
                    if variant.fields.is_empty() {
                        page.line(format!("{},", variant.name));
                        continue;
                    }
                    page.line(format!("{} {{", variant.name));
                    page.inside(|page| members(page, "", &variant.fields));
                    page.line("},");
                }
            });
        }
    }
    page.line("}");
}

fn members(page: &mut Page, visibility: &str, fields: &[Field]) {
    for field in fields {
        comment(page, &field.docs);
        page.line(format!("{visibility}{}: {},", field.name, spelled(&field.kind)));
    }
}

fn spelled(kind: &Kind) -> String {
    match kind {
        Kind::Flag => String::from("bool"),
        Kind::Integer => String::from("i64"),
        Kind::Text => String::from("String"),
        Kind::Value(name) => name.clone(),
        Kind::Optional(inner) => format!("Option<{}>", spelled(inner)),
        Kind::List(inner) => format!("Vec<{}>", spelled(inner)),
    }
}

fn word_function(page: &mut Page, words: &[Word]) {
    page.line("/// The stable word of an error code, the same in every language, for logs and metrics.");
    page.line("#[uniffi::export]");
    page.line(format!("pub fn error_code_word(code: {TABLE}) -> String {{"));
    page.inside(|page| {
        page.line("let word = match code {");
        page.inside(|page| {
            for word in words {
                page.line(format!("{TABLE}::{} => \"{}\",", word.name, snake(&word.name)));
            }
        });
        page.line("};");
        page.line("String::from(word)");
    });
    page.line("}");
}

fn comment(page: &mut Page, docs: &Docs) {
    for line in docs.wrapped(page.room().saturating_sub("/// ".len())) {
        page.line(format!("/// {line}").trim_end());
    }
}
