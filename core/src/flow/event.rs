//! What happened on the way, for logs and metrics; nothing in it is secret.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::base::error::{ErrorCode, ReauthorizationReason};
use crate::message::oddity::Oddity;
use crate::message::token_answer::EvidenceKind;

/// How a refresh succeeded that did not at the first try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Recovery {
    /// A further attempt inside the window in which the old refresh token still works.
    InWindow,
    /// An answer that was saved and waiting was taken into use when no better one could come.
    Promoted,
    /// An attempt after the window: there was nothing left to lose.
    LastChance,
    /// The answer came after nobody waited for it any more.
    Late,
}

/// Which end of a consent is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Deadline {
    /// The refresh token may not lie unused for longer.
    Idle,
    /// The consent ends, whatever is done.
    Hard,
}

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
    /// A refresh was written down, and its request goes out now.
    RefreshStarted {
        /// The number of the attempt; it never repeats within a connection.
        attempt: i64,
        /// The window is over, and nothing can be lost by trying.
        last_chance: bool,
    },
    /// New tokens are saved and in use.
    RefreshSucceeded {
        /// The number of the attempt that brought them.
        attempt: i64,
        /// There is a new refresh token.
        rotated: bool,
        /// How, where it was not the first try that succeeded.
        recovery: Option<Recovery>,
    },
    /// An attempt ended, and the refresh token was certainly not looked at.
    RefreshNotSpent {
        /// The number of the attempt.
        attempt: i64,
        /// Why.
        kind: EvidenceKind,
        /// How long the provider asks to wait, in milliseconds.
        retry_after_ms: Option<i64>,
    },
    /// An attempt ended, and nobody knows whether the provider acted; the next one will show.
    RefreshUnknown {
        /// The number of the attempt.
        attempt: i64,
        /// Why.
        kind: EvidenceKind,
        /// The HTTP status, where there was one.
        status: Option<i64>,
    },
    /// The provider refused the refresh token in one attempt; that alone is no verdict.
    RefreshRejected {
        /// The number of the attempt.
        attempt: i64,
        /// The provider's error code.
        oauth_error: Option<String>,
    },
    /// Another worker has renewed the tokens meanwhile.
    SiblingRefreshed {
        /// The generation of its tokens.
        generation: i64,
    },
    /// The store does not take new tokens; they are held in memory and written again and again. Look at the store now.
    PersistFailing,
    /// The store has taken the tokens that were held.
    PersistRecovered,
    /// The scopes granted are not those of the tokens before.
    ScopesChanged {
        /// The scopes now.
        granted: Vec<String>,
    },
    /// The consent ends soon.
    DeadlineNear {
        /// Which end.
        deadline: Deadline,
        /// How long it is until then, in milliseconds.
        left_ms: i64,
    },
    /// The consent is gone; the user must authorize again.
    ReauthorizationNeeded {
        /// Why.
        reason: ReauthorizationReason,
        /// The provider's error code, where there was one.
        oauth_error: Option<String>,
    },
    /// A login or an adoption brought tokens, and they are in use.
    Connected {
        /// The connection had a consent before.
        again: bool,
    },
    /// The exchange of a login's code ended without tokens.
    LoginFailed {
        /// How.
        kind: EvidenceKind,
        /// The provider's error code, where there was one.
        oauth_error: Option<String>,
    },
    /// The host disconnected, and the tokens are wiped.
    Disconnected,
    /// The provider does not accept the client; this is about the configuration, not about one connection.
    ClientRefused {
        /// The provider's error code, where there was one.
        oauth_error: Option<String>,
    },
    /// Tokens came for a consent that is not in use any more, and were dropped.
    AnswerIgnored {
        /// The order of that consent.
        order: i64,
    },
    /// The provider's clock and this machine's differ by more than a minute.
    ClockOffset {
        /// The provider's clock less this machine's, in milliseconds.
        offset_ms: i64,
    },
}
