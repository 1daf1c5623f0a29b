//! PKCE with S256, always (RFC 7636, RFC 9700 section 2.1.1).

use alloc::string::String;

use crate::base::digest::{base64url, sha256};
use crate::base::error::{ErrorCode, OAuthError};

/// The `code_challenge` of a verifier: base64url of its SHA-256 (RFC 7636 section 4.2).
///
/// # Errors
/// `invalid_parameter` for a verifier that is not 43 to 128 characters of `A-Z a-z 0-9 - . _ ~` (section 4.1).
///
/// ```
/// use evergrant::message::pkce::challenge;
///
/// // RFC 7636 appendix B
/// let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
/// assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
pub fn challenge(verifier: &str) -> Result<String, OAuthError> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved) {
        Ok(base64url(&sha256(verifier.as_bytes())))
    } else {
        Err(OAuthError::argument(
            ErrorCode::InvalidParameter,
            "a code verifier must be 43 to 128 characters of letters, digits, hyphen, full stop, underscore and tilde",
        )
        .at("verifier"))
    }
}
