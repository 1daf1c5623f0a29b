//! How a login ended.

use crate::base::error::OAuthError;
use crate::flow::outcome::Outcome;
use crate::message::callback::Refusal;

/// How a login or an adoption ended, where nothing went wrong.
///
/// `C` is the handle of the connection: [`crate::drive::connections::ConnectionHandle`] or
/// [`crate::drive::async_connections::AsyncConnectionHandle`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Finished<C> {
    /// The connection lives.
    Connected(C),
    /// The user or the provider said no, in words for the user. The connection is as it was before.
    Refused(Refusal),
    /// The user chose another account than the connection's. The connection is as it was before.
    DifferentAccount,
    /// Nothing came of the login and nothing will; begin another. The connection is as it was before.
    LoginLost,
}

impl<C> Finished<C> {
    /// The handle of the connection, where it lives.
    pub fn connection(self) -> Option<C> {
        match self {
            Self::Connected(connection) => Some(connection),
            _ => None,
        }
    }

    pub(crate) fn with<D>(self, connection: D) -> Finished<D> {
        match self {
            Self::Connected(_) => Finished::Connected(connection),
            Self::Refused(refusal) => Finished::Refused(refusal),
            Self::DifferentAccount => Finished::DifferentAccount,
            Self::LoginLost => Finished::LoginLost,
        }
    }
}

impl Finished<()> {
    pub(crate) fn of(outcome: Outcome) -> Result<Self, OAuthError> {
        match outcome {
            Outcome::Connected => Ok(Self::Connected(())),
            Outcome::Refused(refusal) => Ok(Self::Refused(refusal)),
            Outcome::DifferentAccount => Ok(Self::DifferentAccount),
            Outcome::LoginLost => Ok(Self::LoginLost),
            _ => Err(odd()),
        }
    }
}

/// A work never ends with the outcome of another command.
pub(crate) fn odd() -> OAuthError {
    OAuthError::misuse("this outcome belongs to another command")
}
