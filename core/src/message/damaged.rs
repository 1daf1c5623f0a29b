//! Complete `"name": value` pairs in bytes that are no JSON any more: cut off, or with a comma too many.
//!
//! The bytes are read once, with whatever strings, braces and brackets they have, so that each pair has a path: an access
//! token at `access.token` is not taken for the refresh token at `refresh.token`. Where damage has hidden the structure
//! around a name altogether, a plain search for the name is the last resort. A value that is cut off counts as absent.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::json::{Json, push_digits};

/// Nesting past this has no name, and what stands there is not looked at.
const DEEPEST: usize = 24;
/// Nor has a path that is longer than this, in bytes.
const LONGEST_PATH: usize = 512;

/// Adds every value at this dotted path.
pub(crate) fn find(bytes: &[u8], path: &str, found: &mut Vec<Json>) {
    let name = path.rsplit('.').next().unwrap_or(path);
    let mut place = Place::default();
    let mut key: Option<Json> = None;
    let mut is_named = false;
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        match first {
            b'"' => {
                let Some((text, after)) = string(rest) else { break };
                rest = after;
                let Some(value) = after.trim_ascii_start().strip_prefix(b":") else {
                    continue;
                };
                let value = value.trim_ascii_start();
                let is_name = text.as_str() == Some(name);
                if let Some((value, after)) = scalar(value) {
                    is_named = is_named || is_name;
                    if is_name && place.leads_to(path, name) {
                        found.push(value);
                    }
                    rest = after;
                } else {
                    // Only what opens right behind a name belongs to it.
                    key = Some(text).filter(|_| matches!(value.first(), Some(b'{' | b'[')));
                    rest = value;
                }
                continue;
            }
            b'{' => place.enter(key.take().as_ref().and_then(Json::as_str), false),
            b'[' => place.enter(key.take().as_ref().and_then(Json::as_str), true),
            b'}' => place.leave(false),
            b']' => place.leave(true),
            b',' => {
                key = None;
                place.next();
            }
            _ => {}
        }
        rest = after;
    }
    if name == path && (!is_named || (place.is_broken && found.is_empty())) {
        search(bytes, name, found);
    }
}

/// The path that leads to where the reader is.
#[derive(Default)]
struct Place {
    path: String,
    /// For each level: the length of the path before it, and the number of the item in a list.
    levels: Vec<(usize, Option<u64>)>,
    /// Levels that have no name any more.
    beyond: usize,
    /// What closed was not what had opened, or it went too deep: paths cannot be trusted.
    is_broken: bool,
}

impl Place {
    fn enter(&mut self, key: Option<&str>, is_list: bool) {
        if self.beyond > 0 || self.levels.len() >= DEEPEST || self.path.len() > LONGEST_PATH {
            self.beyond = self.beyond.saturating_add(1);
            self.is_broken = true;
            return;
        }
        let before = self.path.len();
        // The outermost level has no name, and neither has a list around everything.
        match (key, self.levels.last()) {
            (Some(key), _) => {
                self.dot();
                self.path.push_str(key);
            }
            (None, Some((_, Some(item)))) if before > 0 => {
                let item = *item;
                self.dot();
                push_digits(item, &mut self.path);
            }
            _ => {}
        }
        self.levels.push((before, is_list.then_some(0)));
    }

    fn dot(&mut self) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
    }

    fn leave(&mut self, is_list: bool) {
        if self.beyond > 0 {
            self.beyond = self.beyond.saturating_sub(1);
        } else if let Some((before, item)) = self.levels.pop() {
            self.path.truncate(before);
            self.is_broken = self.is_broken || item.is_some() != is_list;
        }
    }

    /// The next item of a list.
    fn next(&mut self) {
        if self.beyond == 0
            && let Some((_, Some(item))) = self.levels.last_mut()
        {
            *item = item.saturating_add(1);
        }
    }

    fn leads_to(&self, path: &str, name: &str) -> bool {
        let before = path
            .strip_suffix(name)
            .map(|before| before.strip_suffix('.').unwrap_or(before));
        self.beyond == 0 && before == Some(self.path.as_str())
    }
}

/// Every complete value behind this name, wherever it stands. Linear: a value ends at the next occurrence at the latest.
fn search(bytes: &[u8], name: &str, found: &mut Vec<Json>) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'"') {
        rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
        let named = rest
            .strip_prefix(name.as_bytes())
            .and_then(|after| after.strip_prefix(b"\""));
        let Some(after) = named else { continue };
        // The closing quote may open the next name: only behind a colon the search goes on further on.
        let Some(value) = after.trim_ascii_start().strip_prefix(b":") else {
            continue;
        };
        if let Some((value, _)) = scalar(value.trim_ascii_start()) {
            found.push(value);
        }
        rest = after;
    }
}

/// A text, or a number that something follows; nothing that may have been cut off.
fn scalar(bytes: &[u8]) -> Option<(Json, &[u8])> {
    if bytes.first() == Some(&b'"') {
        return string(bytes);
    }
    let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    let end = bytes.iter().position(|byte| !is_number(byte))?;
    let (number, after) = bytes.split_at_checked(end)?;
    Some((Json::parse(number).ok()?, after))
}

/// A text from its opening to its closing quote, and what follows. One that is no text of JSON is null.
fn string(bytes: &[u8]) -> Option<(Json, &[u8])> {
    let mut escaped = false;
    let end = bytes.get(1..)?.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })?;
    let (text, after) = bytes.split_at_checked(end.checked_add(2)?)?;
    // A whole JSON string again, so that escapes are read by the one reader that knows them.
    Some((Json::parse(text).unwrap_or(Json::Null), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, body: &str) -> Vec<String> {
        let mut found = Vec::new();
        find(body.as_bytes(), path, &mut found);
        found
            .iter()
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.print().as_str().into(), String::from)
            })
            .collect()
    }

    #[test]
    fn pairs_have_paths() {
        let cut = r#"{"access":{"token":"A"},"refresh":{"token":"R"},"#;
        assert_eq!(at("access.token", cut), ["A"]);
        assert_eq!(at("refresh.token", cut), ["R"]);
        assert_eq!(at("token", cut), Vec::<String>::new());
        assert_eq!(
            at("refresh.token", r#"{"access":{"token":"A"},"refresh":{"tok"#),
            Vec::<String>::new()
        );
        let lists = r#"{"teams":[{"id":"T0"},{"id":"T1"}],"id":7,,"#;
        assert_eq!(at("teams.1.id", lists), ["T1"]);
        assert_eq!(at("teams.0.id", lists), ["T0"]);
        assert_eq!(at("id", lists), ["7"]);
    }

    #[test]
    fn another_place_is_no_last_resort() {
        let user_only = r#"{"ok":true,"authed_user":{"refresh_token":"of the user"},,}"#;
        assert_eq!(at("refresh_token", user_only), Vec::<String>::new());
        assert_eq!(at("authed_user.refresh_token", user_only), ["of the user"]);
    }

    #[test]
    fn where_the_structure_is_hidden_the_name_is_searched() {
        // An odd quote turns everything behind it inside out.
        assert_eq!(at("refresh_token", r#"a 5" screen {"refresh_token":"new"}"#), ["new"]);
        assert_eq!(at("refresh_token", r#"{"refresh_token"refresh_token":"new"}"#), ["new"]);
        assert_eq!(
            at("user.refresh_token", r#"a 5" screen {"refresh_token":"new"}"#),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_surrounds_everything_has_no_name() {
        assert_eq!(at("refresh_token", r#"[{"refresh_token":"new"}]"#), ["new"]);
        assert_eq!(at("refresh_token", r#"<pre>{"refresh_token":"new"}"#), ["new"]);
        assert_eq!(at("refresh_token", r#""x":1},"refresh_token":"new"}"#), ["new"]);
    }

    #[test]
    fn brackets_that_do_not_match_hide_the_structure() {
        assert_eq!(at("refresh_token", r#"{"x":[[[1,"refresh_token":"new"}"#), ["new"]);
        assert_eq!(
            at("x.refresh_token", r#"{"x":{"y":[1},"refresh_token":"new"}"#),
            ["new"]
        );
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let closed = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        assert_eq!(
            at(
                "refresh_token",
                &(String::from("{\"x\":") + &closed + ",\"refresh_token\":\"new\",,")
            ),
            ["new"]
        );
        let deep = "{\"a\":".repeat(100_000) + "{\"refresh_token\":\"x\"";
        assert_eq!(at("b.refresh_token", &deep), Vec::<String>::new());
        let long = alloc::format!("{{\"{}\":{{\"b\":{{\"refresh_token\":\"x\"", "k".repeat(100_000));
        assert_eq!(at("b.refresh_token", &long), Vec::<String>::new());
    }
}
