//! The bodies of the fuzz targets: any bytes in, a property judged. Never a panic, unless a property does not hold.
//!
//! Two callers: the fuzzer (`tests/fuzz`), and an ordinary test that feeds the committed seeds and mutations of them.

pub mod callback;
pub mod connection_script;
pub mod endpoint;
pub mod fixtures;
pub mod messages;
pub mod mutation;
pub mod pending;
pub mod profile;
pub mod record;
pub mod service_token_script;
pub mod token_answer;
pub mod www_authenticate;

/// A fuzz target's body.
pub type Body = fn(&[u8]);

/// Every target by name; `tests/fuzz/fuzz_targets/<name>.rs` calls it, `tests/fuzz/seeds/<name>/` has its seeds.
pub const TARGETS: [(&str, Body); 10] = [
    ("callback", callback::run),
    ("connection_script", connection_script::run),
    ("endpoint", endpoint::run),
    ("messages", messages::run),
    ("pending", pending::run),
    ("profile", profile::run),
    ("record", record::run),
    ("service_token_script", service_token_script::run),
    ("token_answer", token_answer::run),
    ("www_authenticate", www_authenticate::run),
];

/// The first byte, and what follows it as text; bytes that are not UTF-8 are replaced.
pub(crate) fn choice_and_text(data: &[u8]) -> (usize, String) {
    let (choice, rest) = data.split_first().unwrap_or((&0, &[]));
    (usize::from(*choice), String::from_utf8_lossy(rest).into_owned())
}

/// Holds a print to the rule that no secret is in it.
#[track_caller]
pub fn assert_unseen(secret: &str, print: &str) {
    assert!(!print.contains(secret), "a secret is in a print: {print}");
}
