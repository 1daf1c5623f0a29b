//! An access token in use.

use evergrant::message::access_token;
use evergrant::message::callback::NamedValue;

use crate::clock::Now;

/// An access token, and what is known of it.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct AccessToken(pub(crate) access_token::AccessToken);

#[uniffi::export]
impl AccessToken {
    /// The token itself. It is a secret.
    pub fn expose(&self) -> String {
        self.0.token().expose().to_owned()
    }

    /// The value of an `Authorization` header with this token. It is a secret.
    pub fn authorization(&self) -> String {
        self.0.authorization().expose().to_owned()
    }

    /// Names the token without telling it: for logs, and to say which token a resource rejected.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    /// The scopes that were granted.
    pub fn scopes(&self) -> Vec<String> {
        self.0.scopes().to_vec()
    }

    /// The provider's ids of the account that the token is for.
    pub fn account_ids(&self) -> Vec<NamedValue> {
        self.0.account_ids().to_vec()
    }

    /// How much of its life is left, in milliseconds; nothing for one that never expires.
    pub fn remaining_ms(&self, now: Now) -> Option<i64> {
        self.0.remaining_ms(now.into())
    }
}

crate::print::as_the_core_does!(AccessToken);
