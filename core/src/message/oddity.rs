//! What was odd about an answer that was good all the same.

use serde::Serialize;

/// Something in an answer that is not as it should be, reported beside what could be harvested from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Oddity {
    /// The status does not go with an answer that carries tokens.
    UnexpectedStatus,
    /// The body is damaged or cut off; the tokens were read from what is whole.
    DamagedBody,
    /// The body is a form, not JSON.
    FormBody,
    /// There are tokens, and an error code beside them.
    ErrorBesideTokens,
    /// A field stands twice with different values.
    ConflictingFields,
    /// The access token has characters that no token may have, so it counts as none (RFC 6749 appendix A.12).
    UnusableAccessToken,
    /// The refresh token has characters that no token may have, or is a placeholder such as `****`, so it counts as none.
    UnusableRefreshToken,
    /// A token is not text.
    TokenNotText,
    /// There is no `token_type`; `Bearer` is taken.
    MissingTokenType,
    /// The `token_type` is not `Bearer`; it is used as one all the same.
    UnknownTokenType,
    /// The answer names no life of the access token; the profile's is taken.
    MissingLife,
    /// The life is null, zero, negative or unreadable; the profile's is taken.
    UnreadableLife,
    /// The life is longer than any real one; it was cut to a year.
    HugeLife,
    /// The life of the refresh token or the consent is null, zero, negative or unreadable; the profile's is taken.
    UnreadableRefreshLife,
    /// The scope is not text.
    UnreadableScope,
    /// The answer grants scopes that were not asked for.
    WiderScope,
    /// The answer grants less than was asked for.
    NarrowerScope,
    /// A refresh token came with client credentials and was dropped (RFC 6749 section 4.4.3).
    DroppedRefreshToken,
}
