//! `docs/errors.md`: every error code, and the words that come with it.

use crate::NOTE;
use crate::docs::Docs;
use crate::names::snake;
use crate::page::Page;
use crate::value::{Field, Kind, Shape, Value, Variant, Word};

/// The value every error carries.
const DETAILS: &str = "ErrorDetails";

const OPENING: &str = "\
# Errors

Every error says who was at fault, what went wrong as a stable code, and what to do. The code is the same word in every
language: `state_mismatch` is `errorCodes.stateMismatch` in TypeScript, `ErrorCode.STATE_MISMATCH` in Python and Kotlin,
`ErrorCode.stateMismatch` in Swift. Decide by `action`; show or log the rest. A later release may know more words.";

/// The page; without error details there is nothing on it but its title.
pub fn write(values: &[Value]) -> String {
    let mut page = Page::new("");
    page.line(format!("<!-- {NOTE} -->"));
    page.line("");
    page.line(OPENING);
    let mut names = vec![String::from(DETAILS)];
    let mut at = 0;
    while let Some(name) = names.get(at).cloned() {
        at += 1;
        let Some(value) = values.iter().find(|value| value.name == name) else {
            continue;
        };
        section(&mut page, value);
        for inner in value.fields().filter_map(|field| field.kind.value()) {
            if !names.iter().any(|name| name == inner) {
                names.push(String::from(inner));
            }
        }
    }
    page.finish()
}

fn section(page: &mut Page, value: &Value) {
    page.line("");
    page.line(format!("## `{}`", value.name));
    page.line("");
    for line in value.docs.wrapped(page.room()) {
        page.line(line);
    }
    page.line("");
    match &value.shape {
        Shape::Record(fields) => {
            heading(page, &["field", "holds", "meaning"]);
            for field in fields {
                row(page, &[&code(&field.name), &holds(&field.kind), &cell(&field.docs)]);
            }
        }
        Shape::Words(words) => table_of_words(page, words),
        Shape::Union(variants) => {
            heading(page, &["type", "meaning", "with"]);
            for Variant { name, docs, fields } in variants {
                let with: Vec<String> = fields.iter().map(member).collect();
                row(page, &[&code(&snake(name)), &cell(docs), &with.join("<br>")]);
            }
        }
    }
}

/// What follows the first paragraph of a word's docs is what to do about it, and has a column of its own.
fn table_of_words(page: &mut Page, words: &[Word]) {
    let hints = words.iter().any(|word| !word.docs.rest().is_empty());
    if hints {
        heading(page, &["word", "meaning", "what to do"]);
    } else {
        heading(page, &["word", "meaning"]);
    }
    for Word { name, docs } in words {
        let name = code(&snake(name));
        if hints {
            row(page, &[&name, &escape(&docs.summary()), &escape(&docs.rest())]);
        } else {
            row(page, &[&name, &cell(docs)]);
        }
    }
}

fn member(field: &Field) -> String {
    format!("{}: {}. {}", code(&field.name), holds(&field.kind), cell(&field.docs))
}

fn holds(kind: &Kind) -> String {
    match kind {
        Kind::Flag => String::from("true or false"),
        Kind::Integer => String::from("integer"),
        Kind::Text => String::from("text"),
        Kind::Value(name) => format!("[`{name}`](#{})", name.to_ascii_lowercase()),
        Kind::Optional(inner) => format!("{} or nothing", holds(inner)),
        Kind::List(inner) => format!("list of {}", holds(inner)),
    }
}

fn heading(page: &mut Page, cells: &[&str]) {
    row(page, cells);
    row(page, &vec!["---"; cells.len()]);
}

fn row(page: &mut Page, cells: &[&str]) {
    page.line(format!("| {} |", cells.join(" | ")).replace("|  |", "| |"));
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn cell(docs: &Docs) -> String {
    escape(format!("{} {}", docs.summary(), docs.rest()).trim_end())
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}
