//! JSON, the only module that knows `serde_json`: a tree with bounded depth and size that keeps every member as it came.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Nesting past this is refused: far above what any document here needs, far below what a wasm stack holds.
const MAX_DEPTH: u32 = 24;
/// Bodies past this many bytes are not read.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Text past this many bytes is refused: room for a body and what is written around it.
const LONGEST_TEXT: usize = 2 * MAX_BYTES;

/// A JSON value. Members keep their order, and a repeated name is kept, so that the reader can refuse or harvest it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    // Tokens pass through here, so the text is wiped on drop.
    String(Zeroizing<String>),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value and nothing after it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > LONGEST_TEXT {
            return Err(Fault::TooLarge);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let too_deep = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Tree {
            depth: MAX_DEPTH,
            too_deep: &too_deep,
        }
        .deserialize(&mut reader);
        match value.and_then(|value| reader.end().map(|()| value)) {
            _ if too_deep.get() => Err(Fault::TooDeep),
            Ok(value) => Ok(value),
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

    /// Compact JSON text. It is made in one piece, so that no shorter copies of a secret stay behind in memory.
    pub(crate) fn print(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(self.room()));
        self.print_into(&mut out);
        out
    }

    /// At least as many bytes as the text has.
    fn room(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 5,
            Self::Number(_) => 32,
            Self::String(text) => room_of(text),
            Self::Array(items) => items
                .iter()
                .fold(2, |room, item| room.saturating_add(item.room()).saturating_add(1)),
            Self::Object(members) => members.iter().fold(2, |room, (name, value)| {
                room.saturating_add(room_of(name))
                    .saturating_add(value.room())
                    .saturating_add(2)
            }),
        }
    }

    fn print_into(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => number.print_into(out),
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
        Self::Number(Number::Signed(number))
    }

    /// The tree of a value that serde prints; a value that cannot be printed, which none of ours is, becomes null.
    pub(crate) fn of(value: &impl serde::Serialize) -> Self {
        serde_json::to_vec(value)
            .ok()
            .and_then(|bytes| Self::parse(&bytes).ok())
            .unwrap_or(Self::Null)
    }
}

/// A number as it came, if it is whole and fits 64 bits; else the nearest fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Signed(i64),
    /// Above what `Signed` holds.
    Unsigned(u64),
    Fraction(f64),
}

impl Number {
    /// Whether it is what came, to the last digit.
    pub(crate) fn is_exact(self) -> bool {
        !matches!(self, Self::Fraction(_))
    }

    pub(crate) fn as_i64(self) -> Option<i64> {
        match self {
            Self::Signed(number) => Some(number),
            Self::Unsigned(_) | Self::Fraction(_) => None,
        }
    }

    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Signed(number) => number as f64,
            Self::Unsigned(number) => number as f64,
            Self::Fraction(number) => number,
        }
    }

    /// Fractions to the thousandth: none is ever handed on, and what prints them in full is 7 KB of wasm.
    fn print_into(self, out: &mut String) {
        let (negative, whole, thousandths) = match self {
            Self::Signed(number) => (number < 0, number.unsigned_abs(), None),
            Self::Unsigned(number) => (false, number, None),
            Self::Fraction(number) => {
                // Saturates: a float cast never overflows.
                let thousandths = (number.abs() * 1_000.0) as u64;
                (number < 0.0, thousandths / 1_000, Some(thousandths % 1_000))
            }
        };
        if negative {
            out.push('-');
        }
        push_digits(whole, out);
        if let Some(thousandths) = thousandths {
            out.push('.');
            push_digits(thousandths / 100, out);
            push_digits(thousandths / 10 % 10, out);
            push_digits(thousandths % 10, out);
        }
    }
}

/// The decimal digits of a number; nothing of `core::fmt` is needed for them.
pub(crate) fn push_digits(number: u64, out: &mut String) {
    if number >= 10 {
        push_digits(number / 10, out);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

fn room_of(text: &str) -> usize {
    let escaped = |byte: &u8| *byte < b' ' || matches!(*byte, b'"' | b'\\');
    let escapes = text.as_bytes().iter().filter(|byte| escaped(byte)).count();
    text.len().saturating_add(escapes.saturating_mul(5)).saturating_add(2)
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

impl Fault {
    /// What was wrong, for the message of an error.
    pub(crate) fn message(self) -> String {
        match self {
            Self::TooLarge => String::from("the text is larger than 2 MiB"),
            Self::TooDeep => String::from("the JSON is nested too deep"),
            Self::Syntax { line, column } => {
                let mut message = String::from("the text is not JSON (line ");
                push_digits(line as u64, &mut message);
                message.push_str(", column ");
                push_digits(column as u64, &mut message);
                message.push(')');
                message
            }
        }
    }
}

/// Reads a value that may hold this many levels of lists and objects.
///
/// One that holds more is left unread, which is not told apart here: who asked looks at `too_deep` first.
#[derive(Clone, Copy)]
struct Tree<'a> {
    depth: u32,
    too_deep: &'a Cell<bool>,
}

impl Tree<'_> {
    /// The reader of what is inside a list or object.
    fn inner(self) -> Option<Self> {
        let depth = self.depth.checked_sub(1);
        if depth.is_none() {
            self.too_deep.set(true);
        }
        depth.map(|depth| Self { depth, ..self })
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
        Ok(Json::Number(Number::Signed(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        let number = i64::try_from(value).map_or(Number::Unsigned(value), Number::Signed);
        Ok(Json::Number(number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(Number::Fraction(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::string(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(Zeroizing::new(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        if let Some(inner) = self.inner() {
            while let Some(item) = seq.next_element_seed(inner)? {
                items.push(item);
            }
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        if let Some(inner) = self.inner() {
            while let Some(name) = map.next_key()? {
                members.push((name, map.next_value_seed(inner)?));
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_never_grows_the_text() {
        for text in [
            r#"{"a":[1,-2,3.5,null,true,false,"q\"\\\n\u0001é"],"":{}}"#,
            "[]",
            "[[],{}]",
            r#""\u0000""#,
        ] {
            let tree = Json::parse(text.as_bytes()).unwrap();
            assert!(tree.print().len() <= tree.room(), "{text}");
        }
        let numbers = Json::parse(b"[-9223372036854775808,18446744073709551615,-1e300,1e300]").unwrap();
        assert!(numbers.print().len() <= numbers.room());
    }

    #[test]
    fn trees_survive_printing() {
        let text = r#"{"a":[1,-2,3.5,null,true,false],"b":{"c":"q\"\\\n\u0001é"},"b":"again"}"#;
        let tree = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(Json::parse(tree.print().as_bytes()).unwrap(), tree);
    }

    #[test]
    fn whole_numbers_are_printed_as_they_came() {
        for text in [
            "0",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap().print().as_str(), text);
        }
        for (text, printed) in [
            ("1.5", "1.500"),
            ("-0.0625", "-0.062"),
            ("1e3", "1000.000"),
            ("18446744073709551616", "18446744073709551.615"),
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap().print().as_str(), printed);
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(Json::parse(&nested(MAX_DEPTH as usize)).is_ok());
        assert_eq!(Json::parse(&nested(MAX_DEPTH as usize + 2)), Err(Fault::TooDeep));
        assert_eq!(Json::parse(&nested(4_000)), Err(Fault::TooDeep));
        assert_eq!(Json::parse(&vec![b' '; LONGEST_TEXT + 1]), Err(Fault::TooLarge));
        assert!(Json::parse(b"[[1],[2],[3],[4]]").is_ok());
    }
}
