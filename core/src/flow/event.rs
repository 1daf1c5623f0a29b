//! What happened on the way, for logs and metrics; nothing in it is secret.

use serde::Serialize;

use crate::base::error::ErrorCode;
use crate::message::oddity::Oddity;

/// Something that happened inside a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Event {
    /// A service token was obtained.
    ServiceTokenObtained {
        /// Its life in milliseconds; none where it never expires.
        life_ms: Option<i64>,
        /// It was the second client secret that was accepted: the rotation can be completed.
        with_next_secret: bool,
    },
    /// An attempt to obtain a service token failed.
    ServiceTokenFailed {
        /// How.
        code: ErrorCode,
        /// A token that still lives is served meanwhile, so this is no outage.
        still_serving: bool,
    },
    /// A resource rejects a token that was obtained a moment ago; another one would fare no better.
    FreshTokenRejected,
    /// An answer was good, and odd.
    AnswerOddity {
        /// What was odd.
        oddity: Oddity,
    },
}
