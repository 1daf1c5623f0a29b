//! An access token in use.

use std::time::Duration;

use evergrant::message::access_token;
use pyo3::prelude::*;

use crate::clock::{self, Now};

/// An access token, and what is known of it.
#[pyclass(module = "evergrant", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct AccessToken(pub(crate) access_token::AccessToken);

#[pymethods]
impl AccessToken {
    /// The token itself. It is a secret.
    fn expose(&self) -> &str {
        self.0.token().expose()
    }

    /// The value of an ``Authorization`` header with this token. It is a secret.
    fn authorization(&self) -> String {
        self.0.authorization().expose().to_owned()
    }

    /// Names the token without telling it: for logs, and to say which token a resource rejected.
    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    /// The scopes that were granted.
    #[getter]
    fn scopes(&self) -> Vec<&str> {
        self.0.scopes().iter().map(String::as_str).collect()
    }

    /// The provider's ids of the account that the token is for, as pairs of name and value.
    #[getter]
    fn account_ids(&self) -> Vec<(&str, &str)> {
        self.0
            .account_ids()
            .iter()
            .map(|id| (id.name.as_str(), id.value.as_str()))
            .collect()
    }

    /// How much of its life is left; ``None`` for one that never expires.
    fn remaining(&self, now: &Now) -> Option<Duration> {
        self.0.remaining_ms(now.0).map(clock::duration)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
