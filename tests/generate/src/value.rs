//! A value as every language sees it.

use crate::docs::Docs;

/// Plain data that crosses to other languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its name, the same in every language.
    pub name: String,
    /// The modules it stands in, from the root of core.
    pub module: Vec<String>,
    /// What it means.
    pub docs: Docs,
    /// What it holds.
    pub shape: Shape,
}

/// What a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A struct: every field is there.
    Record(Vec<Field>),
    /// An enum of bare words.
    Words(Vec<Word>),
    /// An enum of which a variant holds data; in JSON an object tagged by `type`.
    Union(Vec<Variant>),
}

/// One of the words of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The name in Rust.
    pub name: String,
    /// What it means.
    pub docs: Docs,
}

/// One of the forms of a union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The name in Rust.
    pub name: String,
    /// What it means.
    pub docs: Docs,
    /// Its data; empty where the tag says it all.
    pub fields: Vec<Field>,
}

/// A named field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in Rust and in JSON.
    pub name: String,
    /// What it means.
    pub docs: Docs,
    /// What it holds.
    pub kind: Kind,
}

/// What a field holds. This set is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `bool`.
    Flag,
    /// `i64`, nothing above 2^53.
    Integer,
    /// `String`.
    Text,
    /// Another value, by name.
    Value(String),
    /// `Option`.
    Optional(Box<Kind>),
    /// `Vec`.
    List(Box<Kind>),
}

impl Kind {
    /// The name of the value in it, where there is one.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Value(name) => Some(name),
            Self::Optional(inner) | Self::List(inner) => inner.value(),
            Self::Flag | Self::Integer | Self::Text => None,
        }
    }
}

impl Value {
    /// All its fields, those of every variant of a union included.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        let (record, variants) = match &self.shape {
            Shape::Record(fields) => (fields.as_slice(), [].as_slice()),
            Shape::Union(variants) => ([].as_slice(), variants.as_slice()),
            Shape::Words(_) => ([].as_slice(), [].as_slice()),
        };
        record
            .iter()
            .chain(variants.iter().flat_map(|variant: &Variant| &variant.fields))
    }
}
