//! What a machine ends with.

use crate::message::access_token::AccessToken;

/// What a machine ended with, where it ended well.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Outcome {
    /// A live client-credentials token.
    ServiceToken(AccessToken),
}
