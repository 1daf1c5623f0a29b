//! Python: enums of words, frozen dataclasses, unions of them, and decoders from core's JSON.

use crate::NOTE;
use crate::docs::Docs;
use crate::names::{screaming, snake};
use crate::page::{Page, WIDTH};
use crate::python_text::{HELPERS, OPENING};
use crate::value::{Field, Kind, Shape, Value, Variant};

/// The file.
pub fn write(values: &[Value]) -> String {
    let mut page = Page::new("    ");
    page.line(format!("# {NOTE}"));
    page.line(OPENING);
    page.line("");
    page.line("__all__ = [");
    page.inside(|page| {
        for name in public(values) {
            page.line(format!("\"{name}\","));
        }
    });
    page.line("]");
    page.line(HELPERS.trim_end());
    for value in values {
        declaration(&mut page, value);
    }
    for value in values {
        decoder(&mut page, value);
    }
    page.finish()
}

fn public(values: &[Value]) -> Vec<String> {
    let mut names = Vec::new();
    for value in values {
        names.push(value.name.clone());
        if let Shape::Union(variants) = &value.shape {
            names.extend(variants.iter().map(|variant| format!("{}{}", value.name, variant.name)));
        }
    }
    names.sort();
    names
}

fn declaration(page: &mut Page, value: &Value) {
    let name = &value.name;
    match &value.shape {
        Shape::Record(fields) => class(page, name, &value.docs, None, fields),
        Shape::Words(words) => {
            head(page, &[&format!("class {name}(_Word):")]);
            page.inside(|page| {
                docstring(page, &value.docs);
                page.line("");
                for word in words {
                    page.line(format!("{} = \"{}\"", screaming(&word.name), snake(&word.name)));
                    docstring(page, &word.docs);
                }
            });
        }
        Shape::Union(variants) => {
            for variant in variants {
                let tag = snake(&variant.name);
                let class_name = format!("{name}{}", variant.name);
                class(page, &class_name, &variant.docs, Some(&tag), &variant.fields);
            }
            alias(page, name, variants);
            docstring(page, &value.docs);
        }
    }
}

fn alias(page: &mut Page, name: &str, variants: &[Variant]) {
    let classes: Vec<String> = variants
        .iter()
        .map(|variant| format!("{name}{}", variant.name))
        .collect();
    let joined = classes.join(" | ");
    let line = format!("{name}: TypeAlias = {joined}");
    if line.len() <= WIDTH {
        return head(page, &[&line]);
    }
    head(page, &[&format!("{name}: TypeAlias = (")]);
    page.inside(|page| {
        if joined.len() <= page.room() {
            return page.line(joined);
        }
        for (at, class) in classes.iter().enumerate() {
            page.line(format!("{}{class}", if at > 0 { "| " } else { "" }));
        }
    });
    page.line(")");
}

fn class(page: &mut Page, name: &str, docs: &Docs, tag: Option<&str>, fields: &[Field]) {
    let decorator = "@dataclass(frozen=True, kw_only=True, slots=True)";
    head(page, &[decorator, &format!("class {name}:")]);
    page.inside(|page| {
        docstring(page, docs);
        page.line("");
        if let Some(tag) = tag {
            page.line(format!("type: ClassVar[Literal[\"{tag}\"]] = \"{tag}\""));
        }
        for field in fields {
            page.line(format!("{}: {}", field.name, spelled(&field.kind)));
            docstring(page, &field.docs);
        }
    });
}

/// The first lines of a class, alias or function, two empty lines below what stands above.
fn head(page: &mut Page, lines: &[&str]) {
    page.line("");
    page.line("");
    for line in lines {
        page.line(line);
    }
}

fn decoder(page: &mut Page, value: &Value) {
    let name = &value.name;
    let (function, place) = (snake(name), format!("place: str = \"{name}\""));
    let line = format!("def decode_{function}(json: object, {place}) -> {name}:");
    if line.len() <= WIDTH {
        head(page, &[&line]);
    } else {
        head(page, &[&format!("def decode_{function}(")]);
        page.inside(|page| {
            page.line("json: object,");
            page.line(format!("{place},"));
        });
        page.line(format!(") -> {name}:"));
    }
    page.inside(|page| {
        page.line(format!("\"\"\"Reads `{name}` from core's JSON.\"\"\""));
        match &value.shape {
            Shape::Words(_) => page.line(format!("return {name}(_text(json, place))")),
            Shape::Record(fields) => {
                page.line("members = _Members(json, place)");
                construct(page, name, fields);
            }
            Shape::Union(variants) => {
                page.line("members = _Members(json, place)");
                cases(page, name, variants);
            }
        }
    });
}

fn cases(page: &mut Page, name: &str, variants: &[Variant]) {
    page.line("match members.read(\"type\", _text):");
    page.inside(|page| {
        for variant in variants {
            page.line(format!("case \"{}\":", snake(&variant.name)));
            page.inside(|page| construct(page, &format!("{name}{}", variant.name), &variant.fields));
        }
        page.line("case unknown:");
        page.inside(|page| page.line("raise ValueError(f\"{place}: {unknown!r} is no type of it\")"));
    });
}

fn construct(page: &mut Page, class: &str, fields: &[Field]) {
    if fields.is_empty() {
        page.line(format!("return {class}()"));
        return;
    }
    page.line(format!("return {class}("));
    page.inside(|page| {
        for Field { name, kind, .. } in fields {
            page.line(format!("{name}=members.read(\"{name}\", {}),", decoding(kind)));
        }
    });
    page.line(")");
}

fn spelled(kind: &Kind) -> String {
    match kind {
        Kind::Flag => String::from("bool"),
        Kind::Integer => String::from("int"),
        Kind::Text => String::from("str"),
        Kind::Value(name) => name.clone(),
        Kind::Optional(inner) => format!("{} | None", spelled(inner)),
        Kind::List(inner) => format!("tuple[{}, ...]", spelled(inner)),
    }
}

fn decoding(kind: &Kind) -> String {
    match kind {
        Kind::Flag => String::from("_flag"),
        Kind::Integer => String::from("_integer"),
        Kind::Text => String::from("_text"),
        Kind::Value(name) => format!("decode_{}", snake(name)),
        Kind::Optional(inner) => format!("_optional({})", decoding(inner)),
        Kind::List(inner) => format!("_list({})", decoding(inner)),
    }
}

fn docstring(page: &mut Page, docs: &Docs) {
    let lines: Vec<String> = docs
        .wrapped(page.room().saturating_sub("\"\"\"\"\"\"".len()))
        .into_iter()
        .map(|line| line.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\""))
        .collect();
    if let [line] = lines.as_slice() {
        let end = if line.ends_with('"') { " " } else { "" };
        page.line(format!("\"\"\"{line}{end}\"\"\""));
        return;
    }
    for (at, line) in lines.iter().enumerate() {
        let start = if at == 0 { "\"\"\"" } else { "" };
        page.line(format!("{start}{line}"));
    }
    page.line("\"\"\"");
}
