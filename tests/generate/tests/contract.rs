//! What is no value, and what is refused, with the name of the type and field.

use evergrant_generate::values_of;

const OPEN: &str = r#"#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]"#;
const WORDS: &str = r#"#[serde(rename_all = "snake_case")]"#;
const UNION: &str = r#"#[serde(tag = "type", rename_all = "snake_case")]"#;
const DERIVE: &str = "#[derive(Clone, Serialize)]";

/// A documented value with these further attributes and this declaration.
fn value(attributes: &str, declaration: &str) -> String {
    format!("/// Docs.\n{DERIVE}\n{attributes}\n{OPEN}\n{declaration}\n")
}

/// A struct with one field of this type.
fn holding(kind: &str) -> String {
    value("", &format!("pub struct Thing {{\n/// Docs.\npub field: {kind},\n}}"))
}

#[track_caller]
fn refused(source: &str, place: &str, what: &str) {
    let fault = values_of(source).expect_err(source).to_string();
    assert!(
        fault.starts_with(&format!("core/src/lib.rs: {place}: ")),
        "{fault}\n{source}"
    );
    assert!(fault.contains(what), "{fault}\n{source}");
}

#[track_caller]
fn taken(source: &str) {
    if let Err(fault) = values_of(source) {
        panic!("{fault}\n{source}");
    }
}

#[test]
fn the_closed_set_of_field_types() {
    for kind in [
        "bool",
        "i64",
        "String",
        "Option<i64>",
        "Vec<String>",
        "Option<Vec<bool>>",
        "Vec<Option<i64>>",
    ] {
        taken(&holding(kind));
    }
    for kind in [
        "u64",
        "i32",
        "f64",
        "usize",
        "char",
        "&'static str",
        "(i64, i64)",
        "[i64; 2]",
        "Box<String>",
        "alloc::string::String",
        "BTreeMap<String, i64>",
        "Vec<u8>",
        "Option<f64>",
        "fn(i64) -> bool",
        "Vec<i64, bool>",
        "Cow<'static, str>",
    ] {
        refused(&holding(kind), "Thing.field", "is none of bool, i64");
    }
    refused(&holding("Option<Option<i64>>"), "Thing.field", "Option in an Option");
    refused(&holding("Secret"), "Thing.field", "Secret is no value");
    refused(&holding("Vec<Secret>"), "Thing.field", "Secret is no value");
    refused(&holding("Vec<Thing>"), "Thing", "contains itself");
    refused(&holding("u64"), "Thing.field", "u64");
}

#[test]
fn what_derives_no_serialize_or_is_not_public_is_no_value() {
    let source = "pub struct A(u64); #[derive(Serialize)] struct B(u64); #[derive(Serialize)] pub(crate) struct C(u64);\
                  #[cfg(test)] mod tests { #[derive(Serialize)] pub struct D(u64); }";
    assert_eq!(values_of(source).unwrap(), []);
}

#[test]
fn shapes_of_structs() {
    refused(&value("", "pub struct Thing(pub i64);"), "Thing", "named fields");
    refused(&value("", "pub struct Thing;"), "Thing", "named fields");
    refused(&value("", "pub struct Thing {}"), "Thing", "without fields");
    refused(
        &value("", "pub struct Thing<T> {\n/// Docs.\npub t: T }"),
        "Thing",
        "generics",
    );
    refused(
        &value("", "pub struct Thing<'a> {\n/// Docs.\npub t: &'a str }"),
        "Thing",
        "lifetimes",
    );
    refused(
        &value("", "pub struct Thing {\n/// Docs.\nhidden: i64 }"),
        "Thing.hidden",
        "not pub",
    );
    refused(
        &value("#[serde(transparent)]", "pub struct Thing { pub a: i64 }"),
        "Thing",
        "serde(transparent) on a struct",
    );
}

#[test]
fn shapes_of_enums() {
    let one = "pub enum Thing {\n/// Docs.\nOne }";
    let data = "pub enum Thing {\n/// Docs.\nOne {\n/// Docs.\na: i64 } }";
    taken(&value(WORDS, one));
    taken(&value(UNION, data));
    taken(&value(
        "#[serde(rename_all = \"snake_case\")] #[serde(tag = \"type\")]",
        data,
    ));
    refused(&value("", one), "Thing", "bare words want");
    refused(&value("#[serde(untagged)]", data), "Thing", "serde(untagged)");
    refused(
        &value("#[serde(rename_all = \"camelCase\")]", one),
        "Thing",
        "rename_all=\"camelCase\"",
    );
    refused(
        &value(
            "#[serde(tag = \"type\", content = \"c\", rename_all = \"snake_case\")]",
            data,
        ),
        "Thing",
        "content",
    );
    refused(
        &value("#[serde(tag = \"kind\", rename_all = \"snake_case\")]", data),
        "Thing",
        "kind",
    );
    refused(&value(WORDS, data), "Thing::One", "data in an enum");
    refused(&value(UNION, one), "Thing", "no variant holds data");
    refused(
        &value(UNION, "pub enum Thing {\n/// Docs.\nOne(i64) }"),
        "Thing::One",
        "named fields or none",
    );
    refused(
        &value(WORDS, "pub enum Thing {\n/// Docs.\nOne = 1 }"),
        "Thing::One",
        "number",
    );
    refused(&value(WORDS, "pub enum Thing {}"), "Thing", "without variants");
}

#[test]
fn attributes() {
    for attribute in [
        "#[serde(flatten)]",
        "#[serde(skip)]",
        "#[serde(rename = \"x\")]",
        "#[serde(skip_serializing_if = \"Option::is_none\")]",
        "#[cfg(feature = \"std\")]",
    ] {
        let source = value(
            "",
            &format!("pub struct Thing {{\n/// Docs.\n{attribute}\npub field: i64 }}"),
        );
        refused(&source, "Thing.field", "the attribute");
        let source = value(WORDS, &format!("pub enum Thing {{\n/// Docs.\n{attribute}\nOne }}"));
        refused(&source, "Thing::One", "the attribute");
    }
    refused(
        &value("#[cfg(feature = \"std\")]", "pub struct Thing { pub a: i64 }"),
        "Thing",
        "cfg(feature=\"std\")",
    );
    refused(
        &value("#[derive(Deserialize)]", "pub struct Thing { pub a: i64 }"),
        "Thing",
        "Deserialize",
    );
    let closed = holding("i64").replace(OPEN, "");
    refused(&closed, "Thing", "non_exhaustive");
}

#[test]
fn everything_has_docs_that_can_be_carried() {
    let good = holding("i64");
    refused(&good.replacen("/// Docs.", "", 1), "Thing", "no docs");
    refused(&good.replacen("{\n/// Docs.", "{", 1), "Thing.field", "no docs");
    refused(
        &good.replacen("/// Docs.", "/// Docs.\n///\n/// ```\n/// code\n/// ```", 1),
        "Thing",
        "no code",
    );
    refused(
        &good.replacen("/// Docs.", "#[doc = include_str!(\"x.md\")]", 1),
        "Thing",
        "include_str",
    );
    refused(&value(WORDS, "pub enum Thing { One }"), "Thing::One", "no docs");
}

#[test]
fn names() {
    let twice = format!("pub mod a {{ {} }} pub mod b {{ {} }}", holding("i64"), holding("i64"));
    refused(&twice, "Thing", "another value has this name");
    refused(&holding("i64").replace("Thing", "Error"), "Error", "taken");
    for name in ["r#type", "from", "a_1", "a__b", "camelCase"] {
        let source = holding("i64").replace("field", name);
        refused(&source, &format!("Thing.{name}"), "cannot be a field's");
    }
    let union = |variant: &str| {
        value(
            UNION,
            &format!("pub enum Plan {{\n/// Docs.\n{variant} {{\n/// Docs.\na: i64 }} }}"),
        )
    };
    refused(
        &(union("Thing") + &holding("i64")),
        "Plan::Thing",
        "the name of this variant",
    );
    let class = union("Go") + &holding("i64").replace("Thing", "PlanGo");
    refused(&class, "Plan::Go", "the name of this variant");
}

#[test]
fn where_a_value_stands() {
    for module in ["mod", "pub(crate) mod", "#[cfg(feature = \"std\")] pub mod"] {
        refused(
            &format!("{module} m {{ {} }}", holding("i64")),
            "Thing",
            "public modules",
        );
    }
}
