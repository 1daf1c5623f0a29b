//! Production and sandbox: which hosts belong to which.

use serde::Serialize;

use crate::base::error::{ErrorCode, OAuthError};

/// Which of the provider's worlds a client lives in. Credentials and tokens of one are worth nothing in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Environment {
    /// Real accounts and real money.
    Production,
    /// The provider's test world; providers also call it demo, test or beta.
    Sandbox,
}

impl Environment {
    /// The name under which records and profiles know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }

    /// Reads a name; `demo`, `test`, `beta` and `live` are read as what they mean.
    ///
    /// # Errors
    /// `invalid_configuration` for any other word.
    ///
    /// ```
    /// use evergrant::provider::environment::Environment;
    ///
    /// assert_eq!(Environment::parse("demo")?, Environment::Sandbox);
    /// assert!(Environment::parse("staging").is_err());
    /// # Ok::<(), evergrant::base::error::OAuthError>(())
    /// ```
    pub fn parse(name: &str) -> Result<Self, OAuthError> {
        match name {
            "production" | "live" => Ok(Self::Production),
            "sandbox" | "demo" | "test" | "beta" => Ok(Self::Sandbox),
            _ => Err(OAuthError::configuration(
                ErrorCode::InvalidConfiguration,
                "the environment must be production or sandbox",
            )
            .at("environment")),
        }
    }
}
