//! The low door: every pure function by name, JSON in and JSON out.
//!
//! It exists so that each language runs the shared vectors of `tests/vectors` through its own binding, and for hosts that
//! need one message and no machine. Secrets are plain text here, in and out, and nothing keeps a caller from sending a
//! one-use code or refresh token without having saved that it was about to: who builds a refresh from these functions has
//! to answer himself for crashes, lost answers and second workers.
//!
//! ```
//! let answer = evergrant::messages::call("pkce", r#"{"verifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}"#)?;
//! assert_eq!(answer, r#"{"challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}"#);
//! # Ok::<(), evergrant::base::error::OAuthError>(())
//! ```
//!
//! Moments are `{"wall": …, "steady": …}` in milliseconds, entropy is 32 bytes in base64url, a client is the
//! configuration that [`crate::client::configuration::Client::from_json`] reads, a binding is a text or null for
//! *no session*.

mod input;
mod login;
mod reading;
mod token;

use alloc::string::String;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::json::Json;
use crate::base::reader::{Node, Reader};

type Function = fn(&Node<'_>) -> Result<Json, OAuthError>;

/// What there is, each with its function. The documents in `docs/messages.md` describe fields in and out.
const TABLE: [(&str, Function); 17] = [
    ("authorization", token::authorization),
    ("begin", login::begin),
    ("callback", login::callback),
    ("client", reading::client),
    ("endpoint", reading::endpoint),
    ("http_date", reading::http_date),
    ("login_id", login::login_id),
    ("pkce", login::pkce),
    ("profile", reading::profile),
    ("redirect_uri", reading::redirect_uri),
    ("resource", token::resource),
    ("retry_after", reading::retry_after),
    ("timestamp", reading::timestamp),
    ("token_answer", token::answer),
    ("token_request", token::request),
    ("typed_code", login::typed_code),
    ("www_authenticate", reading::www_authenticate),
];

/// The names of the functions, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// Calls a function.
///
/// # Errors
/// `unknown_message` where there is no function of this name, `invalid_json` with the path of a malformed input, and
/// whatever the function itself refuses.
pub fn call(name: &str, input: &str) -> Result<String, OAuthError> {
    let Some((_, function)) = TABLE.iter().find(|(known, _)| *known == name) else {
        return Err(OAuthError::argument(
            ErrorCode::UnknownMessage,
            "there is no message function of this name; ask for the names",
        ));
    };
    let reader = Reader::new(input, ErrorCode::InvalidJson)?;
    function(&reader.root()).map(|output| String::from(output.print().as_str()))
}
