//! The low door: the pure functions of the core by name, JSON in and JSON out.

use crate::error::OAuthError;

/// Calls the message function of this name: JSON in, JSON out.
///
/// This is the low door. Secrets are plain text here, and nothing makes sure that anything is saved before it is sent.
#[uniffi::export]
pub fn messages(name: String, input: String) -> Result<String, OAuthError> {
    Ok(evergrant::messages::call(&name, &input)?)
}

/// The names that `messages` knows.
#[uniffi::export]
pub fn message_names() -> Vec<String> {
    evergrant::messages::names().map(str::to_owned).collect()
}
