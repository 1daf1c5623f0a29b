//! What a machine ends with.

use crate::message::access_token::AccessToken;
use crate::message::callback::Refusal;

/// What a machine ended with, where it ended well.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Outcome {
    /// A live client-credentials token.
    ServiceToken(AccessToken),
    /// A live access token of a connection; its pair is saved.
    Token(AccessToken),
    /// The connection lives, and what was due is done.
    Kept,
    /// The login is finished, or the tokens are adopted: the connection lives.
    Connected,
    /// The user or the provider said no; the connection is as it was before.
    Refused(Refusal),
    /// The login was for another account than the connection's; the connection is as it was before.
    DifferentAccount,
    /// Nothing came of the login and nothing will; begin another. The connection is as it was before.
    LoginLost,
    /// The connection is closed, and its tokens are wiped.
    Disconnected,
}
