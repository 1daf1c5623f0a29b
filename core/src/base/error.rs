//! The one error type: who was at fault, a stable code, and what to do.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::Serialize;

use crate::base::secret::Secret;

/// Who was at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Party {
    /// The program around evergrant: configuration, arguments, order of calls.
    Host,
    /// The OAuth provider: its authorization server answered, and this is about the answer.
    Provider,
    /// The way between host and provider.
    Network,
    /// The host's store of records.
    Store,
}

/// What went wrong, as a stable word in snake_case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum ErrorCode {
    /// A profile could not be read; `field` names the place.
    InvalidProfile,
    /// No built-in profile has this id.
    UnknownProfile,
    /// The client configuration does not fit the profile or is malformed; `field` names the place.
    InvalidConfiguration,
    /// A URL is not acceptable as an endpoint or redirect URI.
    InvalidEndpoint,
    /// The profile or the chosen environment has no endpoint for what was asked; the host must give one.
    MissingEndpoint,
    /// The profile does not offer the grant that was asked for.
    UnsupportedGrant,
    /// An argument of the call is malformed; `field` names it.
    InvalidParameter,
    /// An extra parameter has a name that the protocol itself uses.
    ReservedParameter,
    /// The 32 bytes of entropy are all equal, so they did not come from a random source.
    WeakEntropy,
    /// The text is not a pending login of this library.
    InvalidPending,
    /// The text is the redacted print of a pending login, not the pending login itself.
    RedactedPending,
    /// The pending login is older than its life.
    PendingExpired,
    /// The callback is not a URL or query that can be read.
    InvalidCallback,
    /// A parameter that may occur once occurs twice.
    DuplicateParameter,
    /// The callback's `state` is missing or belongs to another login.
    StateMismatch,
    /// The callback's `iss` names another issuer than the one the login was begun with (RFC 9207).
    IssuerMismatch,
    /// The callback has no `iss` although the profile says this issuer always sends it (RFC 9207).
    IssuerMissing,
    /// The pending login was begun with another provider.
    WrongProvider,
    /// The pending login was begun in another environment.
    WrongEnvironment,
    /// The callback arrived at another path than the redirect URI of the login.
    WrongRedirectUri,
    /// The callback came in another user session than the one that began the login.
    WrongUserSession,
    /// The login was begun for a connection with another key.
    WrongKey,
    /// The callback has neither `code` nor `error`.
    MissingCode,
    /// The profile does not allow a code that the user types by hand.
    TypedCodeNotAllowed,
    /// The host could not sign.
    SigningFailed,
    /// The signature handed in has not the form its algorithm demands.
    InvalidSignature,
    /// The request certainly never reached the provider.
    NotSent,
    /// The request may have been processed; nothing is known of its outcome.
    OutcomeUnknown,
    /// The provider asks to slow down (429).
    Throttled,
    /// The provider answered with a fault of its own (5xx).
    ProviderFault,
    /// The provider does not accept the client's credentials.
    InvalidClient,
    /// The provider refuses the grant: revoked, expired, or already used.
    InvalidGrant,
    /// The provider refuses the request as it stands.
    RequestRejected,
    /// The provider's answer has none of the shapes that are known of it.
    UnexpectedAnswer,
    /// A protected resource rejects an access token that was issued a moment ago.
    FreshTokenRejected,
    /// The host's store did not answer.
    StoreUnavailable,
    /// The record cannot be opened: its key is missing.
    StoreLocked,
    /// There is no message function of this name.
    UnknownMessage,
    /// The text is not the JSON that was expected; `field` names the place.
    InvalidJson,
    /// A stored record cannot be read; `field` names the place. Nothing was changed.
    InvalidRecord,
    /// A stored record was written in a major format of a later release. Nothing was changed.
    UnknownRecordFormat,
    /// There is no connection under this key: nobody has logged in yet.
    NotConnected,
    /// The host disconnected this connection; only a login or an adoption brings it back.
    Disconnected,
    /// The consent is gone; the action says why, and what to tell whom.
    ReauthorizationRequired,
    /// The input does not answer the current step; nothing was changed.
    UnexpectedInput,
}

/// Why a user has to authorize again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum ReauthorizationReason {
    /// The answer that carried the rotated refresh token was lost, and the window for a repetition is over.
    LostRotation,
    /// The refresh token was not used within its idle life.
    IdleExpired,
    /// The key that seals the record is gone. Not said in this release: such a record is `store_locked`.
    KeyLost,
    /// The provider refuses the refresh token: consent revoked, role lost, account closed.
    RevokedOrRoleLost,
    /// The user who gave the consent no longer exists.
    AuthorizingUserGone,
    /// The access token is over, and the provider issued no refresh token.
    NoRefreshToken,
}

/// What the caller should do about an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Action {
    /// Ask again later. After `outcome_unknown` only where what was sent may be sent twice: a code may not.
    RetryAfter {
        /// How long to wait, in milliseconds from now.
        delay_ms: i64,
    },
    /// The user must authorize again.
    Reauthorize {
        /// Why.
        reason: ReauthorizationReason,
        /// Words for the user: who may do it, and how.
        words: String,
    },
    /// The request itself must change: other parameters, other scopes.
    AdjustRequest,
    /// The configuration of host, client or profile must change.
    FixConfiguration,
    /// Nothing to be done with this attempt; a new one may be begun.
    GiveUp,
    /// The program called in an order that makes no sense; fix the program.
    Misuse,
}

/// Everything about an error that may be shown, logged and sent to other languages; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct ErrorDetails {
    /// Who was at fault.
    pub party: Party,
    /// What went wrong.
    pub code: ErrorCode,
    /// The provider's OAuth `error` value, where there was one (RFC 6749 section 5.2).
    pub oauth_error: Option<String>,
    /// The HTTP status of the provider's answer, where there was one.
    pub status: Option<i64>,
    /// The argument or field that is wrong, as a path such as `environments.sandbox.token`.
    pub field: Option<String>,
    /// One sentence: what was wrong and what to do. Lower case, no final stop.
    pub message: String,
    /// What to do.
    pub action: Action,
}

/// The error of every fallible function and of every machine.
///
/// It never owns a body, a token or another secret. What the server wrote in `error_description` is kept apart, behind
/// [`OAuthError::description`], because servers have been seen to put the token itself there (Wise, "Errors").
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    details: ErrorDetails,
    description: Option<Secret>,
}

impl OAuthError {
    /// What may be shown and logged.
    pub fn details(&self) -> &ErrorDetails {
        &self.0.details
    }

    /// What went wrong.
    pub fn code(&self) -> ErrorCode {
        self.0.details.code
    }

    /// What to do.
    pub fn action(&self) -> &Action {
        &self.0.details.action
    }

    /// The server's own words (`error_description`), unprinted because they may hold anything; `None` where there were none.
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_ref().map(Secret::expose)
    }

    pub(crate) fn new(party: Party, code: ErrorCode, action: Action, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            details: ErrorDetails {
                party,
                code,
                oauth_error: None,
                status: None,
                field: None,
                message: message.into(),
                action,
            },
            description: None,
        }))
    }

    /// The host's configuration must change.
    pub(crate) fn configuration(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(Party::Host, code, Action::FixConfiguration, message)
    }

    /// The host's argument must change.
    pub(crate) fn argument(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(Party::Host, code, Action::AdjustRequest, message)
    }

    /// The program called in an order that makes no sense.
    pub(crate) fn misuse(message: impl Into<String>) -> Self {
        Self::new(Party::Host, ErrorCode::UnexpectedInput, Action::Misuse, message)
    }

    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.0.details.field = Some(field.into());
        self
    }

    /// The same error, heard again while the next attempt waits.
    pub(crate) fn waiting(mut self, left: i64) -> Self {
        if let Action::RetryAfter { delay_ms } = &mut self.0.details.action {
            *delay_ms = left;
        }
        self
    }

    pub(crate) fn with_status(mut self, status: Option<i64>) -> Self {
        self.0.details.status = status;
        self
    }

    pub(crate) fn with_oauth_error(mut self, error: Option<String>) -> Self {
        self.0.details.oauth_error = error;
        self
    }

    pub(crate) fn with_description(mut self, description: Option<Secret>) -> Self {
        self.0.description = description;
        self
    }
}

impl fmt::Debug for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OAuthError").field(&self.0.details).finish()
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.0.details;
        if let Some(field) = &details.field {
            f.write_str(field)?;
            f.write_str(": ")?;
        }
        f.write_str(&details.message)?;
        if let Some(error) = &details.oauth_error {
            f.write_str(" (the provider said ")?;
            f.write_str(error)?;
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl core::error::Error for OAuthError {}
