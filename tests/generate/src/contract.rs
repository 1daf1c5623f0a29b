//! The contract of values: what crosses alike to every language, and refuses the rest by name.
//!
//! A value is public, documented down to its last field, and one of three: a struct with named public fields; an enum of
//! bare words, `#[serde(rename_all = "snake_case")]`; an enum of which a variant holds data, always in named fields,
//! `#[serde(tag = "type", rename_all = "snake_case")]`. A field is a `bool`, an `i64`, a `String`, another value, or an
//! `Option` or `Vec` of these. All of them are `non_exhaustive` unless the feature `exhaustive` is on. Nothing else can
//! be said in TypeScript, Python, Swift and Kotlin with one meaning.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::{Attribute, Expr, Fields, GenericArgument, Generics, Ident, Lit, Meta, PathArguments, Type, Visibility};

use crate::docs::Docs;
use crate::fault::Fault;
use crate::names;
use crate::source::{self, Declaration, Found};
use crate::value::{Field, Kind, Shape, Value, Variant, Word};

/// The attribute every value carries.
const OPEN: &str = "not(feature=\"exhaustive\"),non_exhaustive";

/// Names that mean something else in one of the languages, or in what is written there.
#[rustfmt::skip]
const TAKEN_TYPES: &[&str] = &[
    "Any", "Array", "Bool", "Boolean", "Callable", "ClassVar", "Data", "Date", "Decoder", "Double", "Enum", "Error",
    "Exception", "Float", "Int", "List", "Literal", "Long", "Map", "Mapping", "Number", "Object", "Option", "Optional",
    "Promise", "Read", "Readonly", "Record", "Result", "Self", "Sequence", "Set", "String", "Symbol", "TypeAlias",
    "TypeError", "TypeVar", "Union", "Unit", "ValueError", "Vec",
];

/// Names that no Python field may have; the keywords that Rust has too are refused with their `r#`.
#[rustfmt::skip]
const TAKEN_FIELDS: &[&str] = &[
    "and", "assert", "bool", "class", "def", "del", "elif", "except", "finally", "from", "global", "import", "int", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "self", "str", "tuple", "type", "with",
];

/// Judges what was found, and turns it into values.
///
/// # Errors
/// The first type that is outside the contract, with its field and the reason.
pub fn judge(found: &[Found]) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::new();
    for found in found {
        values.push((found.file.as_str(), value(found)?));
    }
    unique(&values)?;
    known(&values)?;
    finite(&values)?;
    Ok(values.into_iter().map(|(_, value)| value).collect())
}

/// Where a type or field stands; makes the faults.
struct Place<'a> {
    file: &'a str,
    name: String,
}

impl Place<'_> {
    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::new(self.file, &self.name, what)
    }

    fn below(&self, separator: &str, name: impl std::fmt::Display) -> Self {
        Self {
            file: self.file,
            name: format!("{}{separator}{name}", self.name),
        }
    }
}

fn value(found: &Found) -> Result<Value, Fault> {
    let (ident, attributes, generics) = match &found.item {
        Declaration::Struct(item) => (&item.ident, &item.attrs, &item.generics),
        Declaration::Enum(item) => (&item.ident, &item.attrs, &item.generics),
    };
    let place = Place {
        file: &found.file,
        name: ident.to_string(),
    };
    type_name(ident, &place)?;
    if TAKEN_TYPES.contains(&place.name.as_str()) {
        return Err(place.fault("this name is taken in one of the languages"));
    }
    if !found.reachable {
        return Err(place.fault("a value stands in public modules without conditions, or no binding can name it"));
    }
    no_generics(generics, &place)?;
    let (docs, serde) = head(attributes, &place)?;
    let words = ["rename_all=\"snake_case\""];
    let union = ["tag=\"type\"", words[0]];
    let shape = match &found.item {
        Declaration::Struct(item) if serde.is_empty() => Shape::Record(record(&item.fields, &place)?),
        Declaration::Struct(_) => return Err(place.fault(format!("serde({}) on a struct", serde.join(", ")))),
        Declaration::Enum(item) if serde == words => Shape::Words(words_of(item, &place)?),
        Declaration::Enum(item) if serde == union => Shape::Union(union_of(item, &place)?),
        Declaration::Enum(_) => {
            let found = serde.join(", ");
            return Err(place.fault(format!(
                "serde({found}), where bare words want serde({}), and data wants serde({})",
                words[0],
                union.join(", ")
            )));
        }
    };
    Ok(Value {
        name: ident.to_string(),
        module: found.module.clone(),
        docs,
        shape,
    })
}

/// The docs of a type and what serde is told about it.
fn head(attributes: &[Attribute], place: &Place<'_>) -> Result<(Docs, Vec<String>), Fault> {
    let mut serde = Vec::new();
    let mut open = false;
    for attribute in attributes {
        let path = squeeze(attribute.path());
        match path.as_str() {
            "doc" | "derive" | "must_use" => {}
            "serde" => serde.extend(source::arguments(attribute).unwrap_or_default().iter().map(squeeze)),
            "cfg_attr" if matches!(&attribute.meta, Meta::List(list) if squeeze(&list.tokens) == OPEN) => open = true,
            _ => return Err(place.fault(format!("the attribute {} on a value", squeeze(&attribute.meta)))),
        }
    }
    if source::derives(attributes, "Deserialize") {
        return Err(place.fault("a value derives no Deserialize: what comes in is read by hand"));
    }
    if !open {
        let what = "it lacks #[cfg_attr(not(feature = \"exhaustive\"), non_exhaustive)], so it could never grow";
        return Err(place.fault(what));
    }
    serde.sort_by_key(|option| !option.starts_with("tag"));
    Ok((docs(attributes, place)?, serde))
}

fn no_generics(generics: &Generics, place: &Place<'_>) -> Result<(), Fault> {
    if generics.params.is_empty() && generics.where_clause.is_none() {
        return Ok(());
    }
    Err(place.fault("generics and lifetimes cannot cross"))
}

fn record(fields: &Fields, place: &Place<'_>) -> Result<Vec<Field>, Fault> {
    match fields {
        Fields::Named(named) if !named.named.is_empty() => {
            let hidden = |field: &&syn::Field| !matches!(field.vis, Visibility::Public(_));
            if let Some(field) = named.named.iter().find(hidden) {
                let name = field.ident.as_ref().map(Ident::to_string).unwrap_or_default();
                return Err(place.below(".", name).fault("the field is not pub"));
            }
            named.named.iter().map(|item| field(item, place)).collect()
        }
        Fields::Named(_) => Err(place.fault("a struct without fields says nothing")),
        Fields::Unnamed(_) | Fields::Unit => Err(place.fault("a struct has named fields")),
    }
}

fn words_of(item: &syn::ItemEnum, place: &Place<'_>) -> Result<Vec<Word>, Fault> {
    let mut words = Vec::new();
    for variant in &item.variants {
        let place = place.below("::", &variant.ident);
        if !matches!(variant.fields, Fields::Unit) {
            return Err(place.fault("data in an enum that has no serde(tag=\"type\")"));
        }
        let docs = variant_head(variant, &place)?;
        let name = variant.ident.to_string();
        words.push(Word { name, docs });
    }
    if words.is_empty() {
        return Err(place.fault("an enum without variants says nothing"));
    }
    Ok(words)
}

fn union_of(item: &syn::ItemEnum, place: &Place<'_>) -> Result<Vec<Variant>, Fault> {
    let mut variants = Vec::new();
    for variant in &item.variants {
        let place = place.below("::", &variant.ident);
        let docs = variant_head(variant, &place)?;
        let fields = match &variant.fields {
            Fields::Unit => Vec::new(),
            Fields::Named(named) if !named.named.is_empty() => {
                let fields = named.named.iter().map(|item| field(item, &place));
                fields.collect::<Result<_, _>>()?
            }
            Fields::Named(_) | Fields::Unnamed(_) => return Err(place.fault("a variant has named fields or none")),
        };
        let name = variant.ident.to_string();
        variants.push(Variant { name, docs, fields });
    }
    if variants.iter().all(|variant| variant.fields.is_empty()) {
        return Err(place.fault("no variant holds data, so it is an enum of words and needs no tag"));
    }
    Ok(variants)
}

fn variant_head(variant: &syn::Variant, place: &Place<'_>) -> Result<Docs, Fault> {
    type_name(&variant.ident, place)?;
    if variant.discriminant.is_some() {
        return Err(place.fault("a number for a variant cannot cross"));
    }
    only_docs(&variant.attrs, place)
}

fn field(field: &syn::Field, place: &Place<'_>) -> Result<Field, Fault> {
    let name = field.ident.as_ref().map(Ident::to_string).unwrap_or_default();
    let place = place.below(".", &name);
    if !names::is_field(&name) || TAKEN_FIELDS.contains(&name.as_str()) {
        return Err(place.fault("this name cannot be a field's in every language"));
    }
    Ok(Field {
        docs: only_docs(&field.attrs, &place)?,
        kind: kind(&field.ty, &place)?,
        name,
    })
}

fn type_name(ident: &Ident, place: &Place<'_>) -> Result<(), Fault> {
    if names::is_type(&ident.to_string()) {
        return Ok(());
    }
    Err(place.fault("the name of a type or variant is in upper camel case"))
}

/// The docs of a variant or field, which carries nothing else.
fn only_docs(attributes: &[Attribute], place: &Place<'_>) -> Result<Docs, Fault> {
    if let Some(attribute) = attributes.iter().find(|attribute| !attribute.path().is_ident("doc")) {
        return Err(place.fault(format!("the attribute {}", squeeze(&attribute.meta))));
    }
    docs(attributes, place)
}

fn docs(attributes: &[Attribute], place: &Place<'_>) -> Result<Docs, Fault> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let text = match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let Some(text) = text else {
            return Err(place.fault(format!("the attribute {}", squeeze(&attribute.meta))));
        };
        lines.extend(text.lines().map(String::from).collect::<Vec<_>>());
        if text.is_empty() {
            lines.push(String::new());
        }
    }
    Docs::read(lines.iter().map(String::as_str)).map_err(|what| place.fault(what))
}

fn kind(kind_of: &Type, place: &Place<'_>) -> Result<Kind, Fault> {
    let refused = || {
        let spelled = squeeze(kind_of);
        place.fault(format!(
            "{spelled} is none of bool, i64, String, Option, Vec or a value, by its bare name"
        ))
    };
    let Type::Path(path) = kind_of else {
        return Err(refused());
    };
    let mut segments = path.path.segments.iter();
    let (Some(segment), None, None) = (segments.next(), segments.next(), &path.qself) else {
        return Err(refused());
    };
    let name = segment.ident.to_string();
    match (name.as_str(), &segment.arguments) {
        ("bool", PathArguments::None) => Ok(Kind::Flag),
        ("i64", PathArguments::None) => Ok(Kind::Integer),
        ("String", PathArguments::None) => Ok(Kind::Text),
        ("Option" | "Vec", PathArguments::AngleBracketed(inner)) => {
            let mut arguments = inner.args.iter();
            let (Some(GenericArgument::Type(inner)), None) = (arguments.next(), arguments.next()) else {
                return Err(refused());
            };
            let inner = Box::new(kind(inner, place)?);
            match (name.as_str(), &*inner) {
                ("Vec", _) => Ok(Kind::List(inner)),
                (_, Kind::Optional(_)) => Err(place.fault("JSON cannot tell an Option in an Option")),
                _ => Ok(Kind::Optional(inner)),
            }
        }
        (_, PathArguments::None) if names::is_type(&name) => Ok(Kind::Value(name)),
        _ => Err(refused()),
    }
}

/// No two things may have one name in any language.
fn unique(values: &[(&str, Value)]) -> Result<(), Fault> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (file, value) in values {
        if let Some(other) = seen.insert(&value.name, file) {
            return Err(Fault::new(
                *file,
                &value.name,
                format!("another value has this name, in {other}"),
            ));
        }
    }
    for (file, value) in values {
        let Shape::Union(variants) = &value.shape else {
            continue;
        };
        for variant in variants {
            let class = format!("{}{}", value.name, variant.name);
            if seen.contains_key(class.as_str()) || seen.contains_key(variant.name.as_str()) {
                return Err(Fault::new(
                    *file,
                    format!("{}::{}", value.name, variant.name),
                    "a value has the name of this variant, and Kotlin or Python would take one for the other",
                ));
            }
        }
    }
    Ok(())
}

/// Every field of a type of ours must be of a value.
fn known(values: &[(&str, Value)]) -> Result<(), Fault> {
    let names: BTreeSet<&str> = values.iter().map(|(_, value)| value.name.as_str()).collect();
    for (file, value) in values {
        for field in value.fields() {
            let Some(name) = field.kind.value().filter(|name| !names.contains(name)) else {
                continue;
            };
            let place = format!("{}.{}", value.name, field.name);
            return Err(Fault::new(
                *file,
                place,
                format!("{name} is no value: it is no public type that derives Serialize"),
            ));
        }
    }
    Ok(())
}

/// No value may contain itself: uniffi could not lay it out.
fn finite(values: &[(&str, Value)]) -> Result<(), Fault> {
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, value) in values {
        below.insert(
            &value.name,
            value.fields().filter_map(|field| field.kind.value()).collect(),
        );
    }
    for (file, value) in values {
        let mut seen = BTreeSet::new();
        let mut next = vec![value.name.as_str()];
        while let Some(name) = next.pop() {
            for inner in below.get(name).into_iter().flatten() {
                if *inner == value.name {
                    return Err(Fault::new(*file, &value.name, "it contains itself"));
                }
                if seen.insert(*inner) {
                    next.push(inner);
                }
            }
        }
    }
    Ok(())
}

/// The tokens of something, for a message, without the blanks that a token stream prints everywhere.
fn squeeze(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let mut out = String::new();
    let mut parts = text.split(' ').peekable();
    while let Some(part) = parts.next() {
        out.push_str(part);
        let word = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
        if parts
            .peek()
            .is_some_and(|next| word(out.chars().last()) && word(next.chars().next()))
        {
            out.push(' ');
        }
    }
    out
}
