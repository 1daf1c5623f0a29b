//! Reads the fields of an answer, whatever state its body is in: harvest first, complain later.
//!
//! A rotated refresh token must not be lost to a comma. So a body is read as JSON; failing that, as a form; failing that,
//! its bytes are searched for complete `"<field>": <value>` pairs. A value that is cut off counts as absent.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base::json::Json;
use crate::base::percent::{self, Pair};

/// A body, in the best reading that it allows.
pub(crate) enum Fields<'a> {
    Tree(Json),
    Form(Vec<Pair>),
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    /// `known` are names of which a form must have one; `whole` says that the body did not end too early, so that the
    /// last value of a form can be trusted to be all of it.
    pub(crate) fn of(body: &'a [u8], known: &[&[String]], whole: bool) -> Self {
        if let Ok(tree) = Json::parse(body)
            && tree.is_object()
        {
            return Self::Tree(tree);
        }
        match form(body, whole) {
            Some(pairs) if names_one(&pairs, known) => Self::Form(pairs),
            _ => Self::Bytes(body),
        }
    }

    /// Every value of the field at this dotted path. In a damaged body or a form the path's last step is the name.
    pub(crate) fn all(&self, path: &str) -> Vec<Json> {
        match self {
            Self::Tree(tree) => {
                let mut level = Vec::from([tree]);
                for step in path.split('.') {
                    level = level.into_iter().flat_map(|value| steps(value, step)).collect();
                }
                level.into_iter().cloned().collect()
            }
            Self::Form(pairs) => {
                let name = last_step(path);
                pairs
                    .iter()
                    .filter(|(known, _)| known.as_str() == name)
                    .map(|(_, v)| Json::string(v.as_str()))
                    .collect()
            }
            Self::Bytes(bytes) => search(bytes, last_step(path)),
        }
    }

    /// Every value at the first of these paths that leads to one that is not null.
    pub(crate) fn at_first(&self, paths: &[String]) -> Vec<Json> {
        let found =
            |path: &String| Some(self.all(path)).filter(|values| values.iter().any(|value| *value != Json::Null));
        let null = || {
            paths
                .iter()
                .map(|path| self.all(path))
                .find(|values| !values.is_empty())
        };
        paths.iter().find_map(found).or_else(null).unwrap_or_default()
    }

    /// The first value at the first of these paths that leads to one.
    pub(crate) fn first(&self, paths: &[String]) -> Option<Json> {
        self.at_first(paths).into_iter().next()
    }

    /// The first text at these paths that is not empty.
    pub(crate) fn text(&self, paths: &[String]) -> Option<Zeroizing<String>> {
        paths
            .iter()
            .flat_map(|path| self.all(path))
            .find_map(|value| match value {
                Json::String(text) if !text.is_empty() => Some(text),
                _ => None,
            })
    }
}

/// A form, if nothing in the body says otherwise: a page or broken JSON has characters that no form has. A pair that does
/// not decode is left out, and does not spoil the others.
fn form(body: &[u8], whole: bool) -> Option<Vec<Pair>> {
    let text = core::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>[\\]{}".contains(&byte);
    if text.len() > percent::LONGEST_QUERY || !text.bytes().all(fits) {
        return None;
    }
    let mut pairs: Vec<&str> = text.split('&').take(percent::MOST_PAIRS).collect();
    if !whole {
        pairs.pop();
    }
    Some(
        pairs
            .into_iter()
            .filter_map(|pair| percent::form_pairs(pair).ok())
            .flatten()
            .collect(),
    )
}

fn names_one(pairs: &[Pair], known: &[&[String]]) -> bool {
    let mut fields = known.iter().flat_map(|paths| paths.iter()).map(|path| last_step(path));
    fields.any(|field| pairs.iter().any(|(name, _)| name.as_str() == field))
}

fn last_step(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// All members of the name, also a repeated one; in a list, the item of that number.
fn steps<'j>(value: &'j Json, step: &str) -> Vec<&'j Json> {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(name, _)| name == step)
            .map(|(_, value)| value)
            .collect(),
        Json::Array(items) => step
            .parse::<usize>()
            .ok()
            .and_then(|at| items.get(at))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// Complete `"name": value` pairs in bytes that are not JSON. Linear: each byte is looked at a bounded number of times.
fn search(bytes: &[u8], name: &str) -> Vec<Json> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'"') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let Some(after) = rest
            .strip_prefix(name.as_bytes())
            .and_then(|after| after.strip_prefix(b"\""))
        else {
            continue;
        };
        let Some(value) = after.trim_ascii_start().strip_prefix(b":") else {
            continue;
        };
        if let Some(value) = complete(value.trim_ascii_start()) {
            found.push(value);
        }
        rest = after;
    }
    found
}

/// A string up to its closing quote, or a number that something follows; nothing that may have been cut off.
fn complete(value: &[u8]) -> Option<Json> {
    match value.strip_prefix(b"\"") {
        Some(text) => {
            let mut escaped = false;
            let end = text.iter().position(|byte| {
                let closes = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                closes
            })?;
            // A whole JSON string again, so that escapes are read by the one reader that knows them.
            let quoted = value.get(..end.checked_add(2)?)?;
            Json::parse(quoted).ok()
        }
        None => {
            let end = value
                .iter()
                .position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))?;
            Json::parse(value.get(..end)?).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refresh_token(body: &[u8]) -> Vec<String> {
        let fields = Fields::of(body, &[&["refresh_token".into()]], true);
        fields
            .all("refresh_token")
            .iter()
            .filter_map(|v| v.as_str().map(String::from))
            .collect()
    }

    #[test]
    fn damaged_bodies_yield_what_is_whole() {
        let good: [&[u8]; 18] = [
            br#"{"refresh_token":"new"}"#,
            b"\xef\xbb\xbf{\"refresh_token\":\"new\"}",
            br#"{"access_token":"a""refresh_token":"new"}"#,
            br#"{"access_token":"a",,"refresh_token":"new"}"#,
            br#"{"expires_in":NaN,"refresh_token":"new"}"#,
            br#"{"expires_in":1e999,"refresh_token":"new"}"#,
            b"{\"name\":\"caf\xe9\",\"refresh_token\":\"new\"}",
            b"{\"name\":\"two\nlines\",\"refresh_token\":\"new\"}",
            br#"{"name":"\ud800","refresh_token":"new"}"#,
            br#"{"refresh_token" : "new", "access_token":"cut o"#,
            br#"{"refresh_token":"n\u0065w","x":"#,
            br#"<pre>{"refresh_token":"new"}"#,
            b"access_token=a&refresh_token=new",
            b"refresh_token=n%65w\n",
            b"access_token=a&refresh_token=new&scope=50%&name=%ff",
            b"\xef\xbb\xbfaccess_token=a&refresh_token=new",
            br#"{"refresh_token":"new"} trailing"#,
            br#"[{"refresh_token":"new"}]"#,
        ];
        for body in good {
            assert_eq!(refresh_token(body), ["new"], "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_cut_off_or_said_elsewhere_is_not_harvested() {
        let none: [&[u8]; 9] = [
            b"",
            br#"{"refresh_token":"ne"#,
            br#"{"refresh_token":"ne\"#,
            br#"{"refresh_token":"ne\""#,
            br#"{"refresh_token"#,
            br#"{"refresh_token":"#,
            br#"{"message":"\"refresh_token\":\"new\"", "#,
            b"<html>refresh_token=new</html>",
            b"{\"refresh_token\":\"n\new\",",
        ];
        for body in none {
            assert_eq!(
                refresh_token(body),
                Vec::<String>::new(),
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn repeated_fields_are_all_seen() {
        assert_eq!(
            refresh_token(br#"{"refresh_token":"a","refresh_token":"b"}"#),
            ["a", "b"]
        );
        assert_eq!(
            refresh_token(br#"{"refresh_token":"a","refresh_token":"b",,}"#),
            ["a", "b"]
        );
    }

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let fields = Fields::of(br#"{"authed_user":{"access_token":"u"},"list":[{"id":7}]}"#, &[], true);
        assert_eq!(
            fields
                .text(&["authed_user.access_token".into()])
                .as_deref()
                .map(String::as_str),
            Some("u")
        );
        assert_eq!(
            fields.first(&["list.1.id".into(), "list.0.id".into()]),
            Some(Json::number(7))
        );
        assert_eq!(fields.first(&["list.1.id".into()]), None);
    }
}
