//! An access token in use.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::digest;
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::message::callback::NamedValue;

/// A live access token, and what is known of it.
///
/// It prints redacted and is wiped on drop. To tell whether two are the same token compare their fingerprints: what is left of
/// its life is counted anew whenever it is read.
#[derive(Clone, PartialEq)]
pub struct AccessToken {
    pub(crate) token: Secret,
    pub(crate) scopes: Vec<String>,
    pub(crate) account_ids: Vec<NamedValue>,
    /// `None`: it never expires.
    pub(crate) not_after: Option<Now>,
}

impl AccessToken {
    /// The token itself.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// The value of the `Authorization` header: `Bearer` and the token (RFC 6750 section 2.1).
    ///
    /// Always written so, however the provider spelled `token_type`: Wise answers `bearer`.
    pub fn authorization(&self) -> Secret {
        authorization(&self.token)
    }

    /// A short name for the token that does not tell it: what `Rejected` takes, and what logs may hold.
    pub fn fingerprint(&self) -> String {
        digest::fingerprint(self.token.expose())
    }

    /// The scopes granted; those asked for where the provider did not say (RFC 6749 section 5.1).
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The accounts it is good for, where the provider named them.
    pub fn account_ids(&self) -> &[NamedValue] {
        &self.account_ids
    }

    /// Milliseconds it has left, counted from when it was asked for; 0 when it is over, `None` for one that never expires.
    pub fn remaining_ms(&self, now: Now) -> Option<i64> {
        self.not_after.map(|end| {
            end.wall
                .saturating_sub(now.wall)
                .min(end.steady.saturating_sub(now.steady))
                .max(0)
        })
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

impl fmt::Display for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The value of the `Authorization` header for a token (RFC 6750 section 2.1).
pub(crate) fn authorization(token: &Secret) -> Secret {
    let mut value = String::from("Bearer ");
    value.push_str(token.expose());
    Secret::new(value)
}
