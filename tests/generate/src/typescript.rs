//! TypeScript: string unions, interfaces, unions discriminated by `type`, and decoders from core's JSON.

use crate::NOTE;
use crate::docs::Docs;
use crate::names::{camel, snake};
use crate::page::Page;
use crate::typescript_text::{HELPERS, OPENING};
use crate::value::{Field, Kind, Shape, Value, Variant, Word};

/// The enum whose words are also given as constants.
const TABLE: &str = "ErrorCode";

/// The file.
pub fn write(values: &[Value]) -> String {
    let mut page = Page::new("  ");
    page.line(format!("// {NOTE}"));
    page.line("");
    page.line(OPENING);
    for value in values {
        page.line("");
        declaration(&mut page, value);
    }
    for value in values {
        page.line("");
        decoder(&mut page, value);
    }
    page.line("");
    page.line(HELPERS.trim());
    page.finish()
}

fn declaration(page: &mut Page, value: &Value) {
    let name = &value.name;
    match &value.shape {
        Shape::Record(fields) => {
            comment(page, &value.docs);
            page.line(format!("export interface {name} {{"));
            page.inside(|page| members(page, fields));
            page.line("}");
        }
        Shape::Words(words) => {
            let item = |word: &Word| format!("`{}`: {}", snake(&word.name), word.docs.summary());
            if name == TABLE {
                comment(page, &value.docs);
            } else {
                comment(page, &value.docs.clone().with_list(words.iter().map(item)));
            }
            page.line(format!("export type {name} ="));
            alternatives(page, words.iter().map(|word| format!("\"{}\"", snake(&word.name))));
            if name == TABLE {
                page.line("");
                table(page, name, words);
            }
        }
        Shape::Union(variants) => {
            comment(page, &value.docs);
            page.line(format!("export type {name} ="));
            let classes = variants.iter().map(|variant| format!("{name}{}", variant.name));
            alternatives(page, classes);
            for variant in variants {
                page.line("");
                comment(page, &variant.docs);
                page.line(format!("export interface {name}{} {{", variant.name));
                page.inside(|page| {
                    page.line(format!("readonly type: \"{}\";", snake(&variant.name)));
                    members(page, &variant.fields);
                });
                page.line("}");
            }
        }
    }
}

fn alternatives(page: &mut Page, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    page.inside(|page| {
        while let Some(item) = items.next() {
            let end = if items.peek().is_none() { ";" } else { "" };
            page.line(format!("| {item}{end}"));
        }
    });
}

fn members(page: &mut Page, fields: &[Field]) {
    for field in fields {
        comment(page, &field.docs);
        page.line(format!("readonly {}: {};", camel(&field.name), spelled(&field.kind)));
    }
}

fn table(page: &mut Page, name: &str, words: &[Word]) {
    page.line(format!(
        "/** Every {{@link {name}}} by name, so that none has to be typed. */"
    ));
    page.line("export const errorCodes = {");
    page.inside(|page| {
        for word in words {
            let word_in_json = snake(&word.name);
            comment(page, &word.docs);
            page.line(format!("{}: \"{word_in_json}\",", camel(&word_in_json)));
        }
    });
    page.line("} as const;");
}

fn decoder(page: &mut Page, value: &Value) {
    let name = &value.name;
    page.line(format!("/** Reads {{@link {name}}} from core's JSON. */"));
    page.line(format!("export function decode{name}(json: unknown): {name} {{"));
    page.inside(|page| match &value.shape {
        Shape::Words(_) => page.line(format!("return text(json, \"{name}\") as {name};")),
        Shape::Record(fields) => {
            page.line(format!("const read = members(json, \"{name}\");"));
            page.line("return {");
            page.inside(|page| readings(page, fields));
            page.line("};");
        }
        Shape::Union(variants) => cases(page, name, variants),
    });
    page.line("}");
}

fn cases(page: &mut Page, name: &str, variants: &[Variant]) {
    page.line(format!("const read = members(json, \"{name}\");"));
    page.line("const type = read(\"type\", text);");
    page.line("switch (type) {");
    page.inside(|page| {
        for variant in variants {
            let word = snake(&variant.name);
            page.line(format!("case \"{word}\":"));
            page.inside(|page| {
                if variant.fields.is_empty() {
                    page.line(format!("return {{ type: \"{word}\" }};"));
                    return;
                }
                page.line("return {");
                page.inside(|page| {
                    page.line(format!("type: \"{word}\","));
                    readings(page, &variant.fields);
                });
                page.line("};");
            });
        }
        page.line("default:");
        page.inside(|page| page.line(format!("return {{ type }} as unknown as {name};")));
    });
    page.line("}");
}

fn readings(page: &mut Page, fields: &[Field]) {
    for field in fields {
        let (here, there) = (camel(&field.name), &field.name);
        page.line(format!("{here}: read(\"{there}\", {}),", decoding(&field.kind)));
    }
}

fn spelled(kind: &Kind) -> String {
    match kind {
        Kind::Flag => String::from("boolean"),
        Kind::Integer => String::from("number"),
        Kind::Text => String::from("string"),
        Kind::Value(name) => name.clone(),
        Kind::Optional(inner) => format!("{} | undefined", spelled(inner)),
        Kind::List(inner) if matches!(**inner, Kind::Flag | Kind::Integer | Kind::Text | Kind::Value(_)) => {
            format!("readonly {}[]", spelled(inner))
        }
        Kind::List(inner) => format!("readonly ({})[]", spelled(inner)),
    }
}

fn decoding(kind: &Kind) -> String {
    match kind {
        Kind::Flag => String::from("flag"),
        Kind::Integer => String::from("integer"),
        Kind::Text => String::from("text"),
        Kind::Value(name) => format!("decode{name}"),
        Kind::Optional(inner) => format!("optional({})", decoding(inner)),
        Kind::List(inner) => format!("list({})", decoding(inner)),
    }
}

/// A JSDoc comment.
fn comment(page: &mut Page, docs: &Docs) {
    let lines: Vec<String> = docs
        .wrapped(page.room().saturating_sub("/**  */".len()))
        .into_iter()
        .map(|line| line.replace("*/", "*\\/"))
        .collect();
    if let [line] = lines.as_slice() {
        page.line(format!("/** {line} */"));
        return;
    }
    page.line("/**");
    for line in lines {
        page.line(format!(" * {line}").trim_end());
    }
    page.line(" */");
}
