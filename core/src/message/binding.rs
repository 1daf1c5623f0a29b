//! What ties a login to the user's session at the host, so that nobody finishes a login that somebody else began.

use alloc::string::String;
use core::fmt;

use crate::base::digest::{base64url, sha256_parts};
use crate::base::error::{ErrorCode, OAuthError};

/// The host's user session, as a digest.
///
/// Without it, an attacker can begin a login, and have the victim's browser finish it (RFC 9700 section 4.7).
#[derive(Clone, PartialEq, Eq)]
pub struct Binding(Option<String>);

impl Binding {
    /// Ties the login to a session: pass what identifies the signed-in user's session at the host.
    ///
    /// # Errors
    /// `invalid_parameter` for an empty text, which would tie all users together.
    pub fn session(session: &str) -> Result<Self, OAuthError> {
        if session.is_empty() {
            return Err(OAuthError::argument(
                ErrorCode::InvalidParameter,
                "the binding must name the user's session; where there is none, say so with no_session",
            )
            .at("binding"));
        }
        Ok(Self(Some(base64url(&sha256_parts(&[
            b"evergrant binding",
            session.as_bytes(),
        ])))))
    }

    /// Says that there is no user session: a command line, a test. Never for a web application.
    pub fn no_session() -> Self {
        Self(None)
    }

    pub(crate) fn digest(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(crate) fn of_digest(digest: Option<&str>) -> Self {
        Self(digest.map(String::from))
    }
}

// A digest of a short session name can be guessed.
impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Binding(redacted)"
        } else {
            "Binding(no session)"
        })
    }
}
