//! Reads the fields of an answer, whatever state its body is in: harvest first, complain later.
//!
//! A rotated refresh token must not be lost to a comma. So a body is read as JSON; failing that, as a form; failing that,
//! its bytes are searched for complete `"<field>": <value>` pairs. A value that is cut off counts as absent.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base::json::Json;
use crate::base::percent::{self, Pair};
use crate::message::damaged;

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

    /// Every value of the field at this dotted path. A form has no paths of several steps.
    pub(crate) fn all(&self, path: &str) -> Vec<Json> {
        let mut found = Vec::new();
        match self {
            Self::Tree(tree) => gather(tree, Some(path), &mut found),
            Self::Form(pairs) => {
                for (known, value) in pairs {
                    if known.as_str() == path {
                        found.push(Json::string(value.as_str()));
                    }
                }
            }
            Self::Bytes(bytes) => damaged::find(bytes, path, &mut found),
        }
        found
    }

    /// Every value at the first of these paths that leads to one that says something: neither null nor an empty text.
    pub(crate) fn at_first(&self, paths: &[String]) -> Vec<Json> {
        let mut null = Vec::new();
        for path in paths {
            let values = self.all(path);
            if values.iter().any(says_something) {
                return values;
            }
            if null.is_empty() {
                null = values;
            }
        }
        null
    }

    /// The first value at the first of these paths that leads to one.
    pub(crate) fn first(&self, paths: &[String]) -> Option<Json> {
        self.at_first(paths).into_iter().next()
    }

    /// The first text at these paths that is not empty.
    pub(crate) fn text(&self, paths: &[String]) -> Option<Zeroizing<String>> {
        for path in paths {
            for value in self.all(path) {
                match value {
                    Json::String(text) if !text.is_empty() => return Some(text),
                    _ => {}
                }
            }
        }
        None
    }
}

fn says_something(value: &Json) -> bool {
    !matches!(value, Json::Null) && value.as_str() != Some("")
}

/// A form, if nothing in the body says otherwise: a page or broken JSON has characters that no form has. A pair that does
/// not decode is left out, and does not spoil the others.
fn form(body: &[u8], whole: bool) -> Option<Vec<Pair>> {
    let text = core::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>[\\]{}".contains(&byte);
    if text.len() > percent::LONGEST_QUERY || !text.bytes().all(fits) {
        return None;
    }
    let mut pairs = Vec::new();
    let mut pieces = text.split('&').take(percent::MOST_PAIRS).peekable();
    while let Some(piece) = pieces.next() {
        let cut_off = !whole && pieces.peek().is_none();
        if !cut_off && let Ok(mut pair) = percent::form_pairs(piece) {
            pairs.append(&mut pair);
        }
    }
    Some(pairs)
}

fn names_one(pairs: &[Pair], known: &[&[String]]) -> bool {
    let mut fields = known.iter().flat_map(|paths| paths.iter());
    fields.any(|field| pairs.iter().any(|(name, _)| name.as_str() == field))
}

/// What the path leads to: all members of a name, also a repeated one; in a list, the item of that number.
fn gather(value: &Json, path: Option<&str>, found: &mut Vec<Json>) {
    let Some(path) = path else {
        found.push(value.clone());
        return;
    };
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                if name == step {
                    gather(value, rest, found);
                }
            }
        }
        Json::Array(items) => {
            if let Some(item) = step.parse::<usize>().ok().and_then(|at| items.get(at)) {
                gather(item, rest, found);
            }
        }
        _ => {}
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
