//! The error answer of the token endpoint (RFC 6749 section 5.2), in the shapes that providers really send.

use alloc::string::String;

use crate::base::json::Json;
use crate::base::secret::Secret;
use crate::message::harvest::Fields;
use crate::provider::profile::{ErrorClass, Profile};

/// The codes whose meaning the RFCs fix (RFC 6749 section 5.2, RFC 9449 section 8), wherever a provider sends them.
const STANDARD: [(&str, ErrorClass); 5] = [
    ("invalid_grant", ErrorClass::GrantRefused),
    ("invalid_client", ErrorClass::ClientRefused),
    ("unauthorized_client", ErrorClass::RequestRefused),
    ("unsupported_grant_type", ErrorClass::RequestRefused),
    ("use_dpop_nonce", ErrorClass::RequestRefused),
];

/// Stands for a code that cannot be printed.
const UNNAMED: &str = "unnamed";

/// What an error answer says.
pub(crate) struct TokenError {
    pub(crate) code: String,
    pub(crate) class: ErrorClass,
    pub(crate) description: Option<Secret>,
}

/// Finds an error code where the profile says it may stand. A code that repeats a secret is not named.
pub(crate) fn read(
    fields: &Fields<'_>,
    profile: &Profile,
    status: u16,
    repeats_secret: impl Fn(&str) -> bool,
) -> Option<TokenError> {
    let shape = &profile.errors;
    let (path, code) = shape
        .code
        .iter()
        .find_map(|path| match fields.first(core::slice::from_ref(path))? {
            Json::String(text) if !text.is_empty() => Some((path, text)),
            // Some servers number their errors.
            number @ Json::Number(_) => Some((path, number.print())),
            _ => None,
        })?;
    // `"code": "200"` or `"error": "0"` beside a good status is no error.
    if (200..300).contains(&status) && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The class of this code at this place comes before its class anywhere, and both before what the RFCs say.
    let at_path = |known: &str| {
        known
            .split_once('=')
            .is_some_and(|(at, word)| at == path && word == code.as_str())
    };
    let by_profile = |fits: &dyn Fn(&str) -> bool| {
        shape
            .classes
            .iter()
            .find(|(known, _)| fits(known))
            .map(|(_, class)| *class)
    };
    let class = by_profile(&at_path)
        .or_else(|| by_profile(&|known| known == code.as_str()))
        .or_else(|| {
            STANDARD
                .iter()
                .find(|(known, _)| *known == code.as_str())
                .map(|(_, class)| *class)
        })
        .unwrap_or(ErrorClass::Unknown);
    let description = fields
        .text(&shape.description)
        .filter(|_| !shape.description_may_hold_token)
        .map(|text| Secret::new(text.as_str()));
    Some(TokenError {
        code: if repeats_secret(&code) {
            String::from(UNNAMED)
        } else {
            printable(&code)
        },
        class,
        description,
    })
}

/// A code as it may be printed: one that looks like a code. A sentence may repeat anything, also a secret.
pub(crate) fn printable(code: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if (1..=64).contains(&code.len()) && code.bytes().all(fits) {
        String::from(code)
    } else {
        String::from(UNNAMED)
    }
}
