//! The error of every function and machine, as Swift and Kotlin see it.

use std::fmt;
use std::sync::Arc;

use evergrant::base::error::{self, Action, ErrorDetails};
use evergrant::base::secret::Secret;

/// What every function and machine of this library throws: one case for each thing that a caller can do about it.
///
/// It holds no secret and may be logged.
#[derive(Debug, uniffi::Error)]
pub enum OAuthError {
    /// Ask again later; nothing is lost. The action says when.
    RetryLater {
        /// What may be shown and logged.
        details: Box<ErrorDetails>,
        /// The server's own words, where there were any; they are not printed.
        description: Option<Arc<ServerWords>>,
    },
    /// The user must authorize again. The action has the reason, and words for the user.
    ReauthorizationRequired {
        /// What may be shown and logged.
        details: Box<ErrorDetails>,
        /// The server's own words, where there were any; they are not printed.
        description: Option<Arc<ServerWords>>,
    },
    /// The request itself must change: other parameters, other scopes.
    RequestRejected {
        /// What may be shown and logged.
        details: Box<ErrorDetails>,
        /// The server's own words, where there were any; they are not printed.
        description: Option<Arc<ServerWords>>,
    },
    /// The configuration of host, client or profile must change.
    ConfigurationInvalid {
        /// What may be shown and logged.
        details: Box<ErrorDetails>,
        /// The server's own words, where there were any; they are not printed.
        description: Option<Arc<ServerWords>>,
    },
    /// Nothing to be done with this attempt; a new one may be begun.
    GivenUp {
        /// What may be shown and logged.
        details: Box<ErrorDetails>,
        /// The server's own words, where there were any; they are not printed.
        description: Option<Arc<ServerWords>>,
    },
    /// The program called in an order that makes no sense, and nothing was changed; fix the program.
    Misuse {
        /// What may be shown and logged.
        details: Box<ErrorDetails>,
        /// The server's own words, where there were any; they are not printed.
        description: Option<Arc<ServerWords>>,
    },
}

#[uniffi::export]
impl OAuthError {
    /// What may be shown and logged, whichever case it is.
    pub fn details(&self) -> ErrorDetails {
        let (Self::RetryLater { details, .. }
        | Self::ReauthorizationRequired { details, .. }
        | Self::RequestRejected { details, .. }
        | Self::ConfigurationInvalid { details, .. }
        | Self::GivenUp { details, .. }
        | Self::Misuse { details, .. }) = self;
        ErrorDetails::clone(details)
    }
}

impl From<error::OAuthError> for OAuthError {
    fn from(error: error::OAuthError) -> Self {
        let details = Box::new(error.details().clone());
        let description = error
            .description()
            .map(|words| Arc::new(ServerWords(Secret::new(words))));
        match details.action {
            Action::RetryAfter { .. } => Self::RetryLater { details, description },
            Action::Reauthorize { .. } => Self::ReauthorizationRequired { details, description },
            Action::AdjustRequest => Self::RequestRejected { details, description },
            Action::FixConfiguration => Self::ConfigurationInvalid { details, description },
            Action::GiveUp => Self::GivenUp { details, description },
            Action::Misuse => Self::Misuse { details, description },
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.details().message)
    }
}

impl std::error::Error for OAuthError {}

/// What a server wrote in `error_description`. It may hold anything, so it is not printed.
#[derive(Debug, uniffi::Object)]
pub struct ServerWords(Secret);

#[uniffi::export]
impl ServerWords {
    /// The text itself.
    pub fn expose(&self) -> String {
        self.0.expose().to_owned()
    }
}
