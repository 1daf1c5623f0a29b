//! JSON, the only module that knows `serde_json`: a tree with bounded depth and size that keeps every member as it came.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Nesting past this is refused: far above what any document here needs, far below what a wasm stack holds.
const MAX_DEPTH: u32 = 24;
/// Text past this many bytes is refused.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// A JSON value. Members keep their order, and a repeated name is kept, so that the reader can refuse or harvest it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    // Tokens pass through here, so the text is wiped on drop.
    String(Zeroizing<String>),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value and nothing after it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > MAX_BYTES {
            return Err(Fault::TooLarge);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let depth = Cell::new(MAX_DEPTH);
        let too_deep = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Tree {
            depth: &depth,
            too_deep: &too_deep,
        }
        .deserialize(&mut reader);
        match value.and_then(|value| reader.end().map(|()| value)) {
            Ok(value) => Ok(value),
            Err(_) if too_deep.get() => Err(Fault::TooDeep),
            Err(error) => Err(Fault::Syntax {
                line: error.line(),
                column: error.column(),
            }),
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Compact JSON text.
    pub(crate) fn print(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::new());
        self.print_into(&mut out);
        out
    }

    fn print_into(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::String(text) => print_string(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.print_into(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    print_string(name, out);
                    out.push(':');
                    value.print_into(out);
                }
                out.push('}');
            }
        }
    }

    /// An object, built member by member.
    pub(crate) fn object() -> ObjectBuilder {
        ObjectBuilder(Vec::new())
    }

    pub(crate) fn string(text: impl Into<String>) -> Self {
        Self::String(Zeroizing::new(text.into()))
    }

    pub(crate) fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Array(texts.into_iter().map(Self::string).collect())
    }

    pub(crate) fn number(number: i64) -> Self {
        Self::Number(number.into())
    }

    /// The tree of a value that serde prints; a value that cannot be printed, which none of ours is, becomes null.
    pub(crate) fn of(value: &impl serde::Serialize) -> Self {
        serde_json::to_vec(value)
            .ok()
            .and_then(|bytes| Self::parse(&bytes).ok())
            .unwrap_or(Self::Null)
    }
}

fn print_string(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char < ' ' => {
                let code = char as u32;
                out.push_str("\\u00");
                for nibble in [code >> 4, code & 0x0f] {
                    out.push(HEX.get(nibble as usize).map_or('0', |digit| char::from(*digit)));
                }
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

/// Collects the members of an object in order.
pub(crate) struct ObjectBuilder(Vec<(String, Json)>);

impl ObjectBuilder {
    pub(crate) fn set(mut self, name: &str, value: Json) -> Self {
        self.0.push((name.to_owned(), value));
        self
    }

    /// Sets the member where there is a value.
    pub(crate) fn set_some(self, name: &str, value: Option<Json>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    pub(crate) fn done(self) -> Json {
        Json::Object(self.0)
    }
}

/// Why a text is no acceptable JSON; never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLarge,
    TooDeep,
    Syntax { line: usize, column: usize },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the text is larger than 1 MiB"),
            Self::TooDeep => f.write_str("the JSON is nested too deep"),
            Self::Syntax { line, column } => write!(f, "the text is not JSON (line {line}, column {column})"),
        }
    }
}

struct Tree<'a> {
    depth: &'a Cell<u32>,
    too_deep: &'a Cell<bool>,
}

impl Tree<'_> {
    fn enter(&self) -> Option<Tree<'_>> {
        let depth = self.depth.get().checked_sub(1);
        match depth {
            Some(depth) => self.depth.set(depth),
            None => self.too_deep.set(true),
        }
        depth.map(|_| Tree {
            depth: self.depth,
            too_deep: self.too_deep,
        })
    }

    fn leave(&self) {
        self.depth.set(self.depth.get().saturating_add(1));
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::string(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(Zeroizing::new(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        loop {
            let inner = self.enter().ok_or_else(|| A::Error::custom("depth"))?;
            let item = seq.next_element_seed(inner)?;
            self.leave();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Json::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let inner = self.enter().ok_or_else(|| A::Error::custom("depth"))?;
            let value = map.next_value_seed(inner)?;
            self.leave();
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_survive_printing() {
        let text = r#"{"a":[1,-2,3.5,null,true,false],"b":{"c":"q\"\\\n\u0001é"},"b":"again"}"#;
        let tree = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(Json::parse(tree.print().as_bytes()).unwrap(), tree);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(Json::parse(&nested(MAX_DEPTH as usize)).is_ok());
        assert_eq!(Json::parse(&nested(MAX_DEPTH as usize + 2)), Err(Fault::TooDeep));
        assert_eq!(Json::parse(&nested(4_000)), Err(Fault::TooDeep));
        assert_eq!(Json::parse(&vec![b' '; MAX_BYTES + 1]), Err(Fault::TooLarge));
        assert!(Json::parse(b"[[1],[2],[3],[4]]").is_ok());
    }
}
