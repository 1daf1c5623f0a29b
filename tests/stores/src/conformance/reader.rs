//! Reading the suite's JSON strictly: a member that is missing, of another type or not known is a fault with its path.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};

/// A JSON object, with the path to it for messages.
pub(crate) struct Members<'a> {
    map: &'a Map<String, Value>,
    pub(crate) path: String,
}

impl<'a> Members<'a> {
    pub(crate) fn of(value: &'a Value, path: String, known: &[&str]) -> Result<Self, String> {
        let map = value.as_object().ok_or_else(|| format!("{path} is not an object"))?;
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("{path}.{name} is not known")),
            None => Ok(Self { map, path }),
        }
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(crate) fn value(&self, name: &str) -> Result<&'a Value, String> {
        self.map
            .get(name)
            .ok_or_else(|| format!("{}.{name} is missing", self.path))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, String> {
        let value = self.value(name)?.as_str();
        value.ok_or_else(|| format!("{}.{name} is not text", self.path))
    }

    pub(crate) fn number(&self, name: &str) -> Result<i64, String> {
        let value = self.value(name)?.as_i64();
        value.ok_or_else(|| format!("{}.{name} is not an integer", self.path))
    }

    pub(crate) fn count(&self, name: &str) -> Result<usize, String> {
        let value = self.value(name)?.as_u64().and_then(|count| usize::try_from(count).ok());
        value.ok_or_else(|| format!("{}.{name} is not a count", self.path))
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], String> {
        let value = self.value(name)?.as_array();
        value
            .map(Vec::as_slice)
            .ok_or_else(|| format!("{}.{name} is not a list", self.path))
    }
}

/// A key: text, or `{"repeat": text, "times": n, "then": text}`.
pub(crate) fn key(value: &Value, path: String) -> Result<String, String> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    let members = Members::of(value, path, &["repeat", "times", "then"])?;
    let mut key = members.text("repeat")?.repeat(members.count("times")?);
    if members.optional("then").is_some() {
        key.push_str(members.text("then")?);
    }
    Ok(key)
}

/// A record: base64url without padding, or `{"bytes": n, "seed": s}`, whose byte `i` is `(7 * i + i / 256 + s) mod 256`.
pub(crate) fn record(value: &Value, path: String) -> Result<Vec<u8>, String> {
    if let Some(text) = value.as_str() {
        return Base64UrlUnpadded::decode_vec(text).map_err(|_| format!("{path} is not base64url"));
    }
    let members = Members::of(value, path, &["bytes", "seed"])?;
    let (length, seed) = (members.count("bytes")?, members.count("seed")?);
    Ok((0..length).map(|at| ((7 * at + at / 256 + seed) % 256) as u8).collect())
}
