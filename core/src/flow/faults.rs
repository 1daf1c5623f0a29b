//! What several machines end with.

use crate::base::error::{Action, ErrorCode, OAuthError, Party};

pub(crate) fn fresh_token_rejected(left: i64) -> OAuthError {
    OAuthError::new(
        Party::Provider,
        ErrorCode::FreshTokenRejected,
        Action::RetryAfter { delay_ms: left },
        "the resource rejects a token that was issued a moment ago; check that token, host and environment belong together",
    )
}

pub(crate) fn store_unavailable() -> OAuthError {
    OAuthError::new(
        Party::Store,
        ErrorCode::StoreUnavailable,
        Action::RetryAfter { delay_ms: 1_000 },
        "the store did not answer; nothing is lost, ask again when it does",
    )
}

pub(crate) fn store_locked() -> OAuthError {
    OAuthError::new(
        Party::Store,
        ErrorCode::StoreLocked,
        Action::RetryAfter { delay_ms: 60_000 },
        "the record is sealed with a key that is missing; restore the key, the connection itself is untouched",
    )
}

pub(crate) fn signing_failed() -> OAuthError {
    OAuthError::new(
        Party::Host,
        ErrorCode::SigningFailed,
        Action::RetryAfter { delay_ms: 1_000 },
        "the host could not sign; check the key and its service",
    )
}
