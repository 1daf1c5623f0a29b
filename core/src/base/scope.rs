//! Scopes: words of NQCHAR (RFC 6749 section 3.3), joined as the provider wants them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::error::{ErrorCode, OAuthError};

/// Joins the scopes for a request.
///
/// # Errors
/// `invalid_parameter` where a scope is empty or has a character outside `%x21 / %x23-5B / %x5D-7E`, or holds the
/// separator. The spelling of scopes is not judged: providers have several vocabularies at once (Airwallex).
pub(crate) fn join(scopes: &[String], separator: char) -> Result<String, OAuthError> {
    for scope in scopes {
        if scope.is_empty() || !scope.bytes().all(is_nqchar) || scope.contains(separator) {
            return Err(OAuthError::argument(
                ErrorCode::InvalidParameter,
                "a scope must be one word without spaces, quotes, backslashes or the provider's separator; pass several scopes as a list",
            )
            .at("scopes"));
        }
    }
    let mut joined = String::new();
    for (at, scope) in scopes.iter().enumerate() {
        if at > 0 {
            joined.push(separator);
        }
        joined.push_str(scope);
    }
    Ok(joined)
}

/// The scopes of an answer. Servers answer with spaces whatever they were asked with, so both separators end a word.
pub(crate) fn split(text: &str, separator: char) -> Vec<String> {
    text.split([' ', separator])
        .filter(|word| !word.is_empty())
        .map(String::from)
        .collect()
}

fn is_nqchar(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| String::from(*scope)).collect()
    }

    #[test]
    fn scopes_are_joined_and_split() {
        assert_eq!(
            join(&list(&["r:awx_action:balances_view", "balance:read"]), ' ').unwrap(),
            "r:awx_action:balances_view balance:read"
        );
        assert_eq!(join(&list(&["a", "b"]), ',').unwrap(), "a,b");
        assert_eq!(join(&[], ' ').unwrap(), "");
        assert_eq!(split("a b,c", ','), list(&["a", "b", "c"]));
        assert_eq!(split("a,b c", ' '), list(&["a,b", "c"]));
        assert_eq!(split("  ", ' '), Vec::<String>::new());
    }

    #[test]
    fn scopes_that_are_no_word_are_refused() {
        for odd in ["", "a b", "a\"b", "a\\b", "a\nb", "é", "a,b"] {
            assert!(join(&list(&[odd]), ',').is_err(), "{odd:?}");
        }
    }
}
