//! The answer to a token request, judged: what is in it, and what became of the credential that was sent.
//!
//! The judgement itself is in [`crate::message::settle`].

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::http::HttpResponse;
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::message::access_token::AccessToken;
use crate::message::callback::NamedValue;
use crate::message::oddity::Oddity;

/// What came of sending a token request.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Reply<'a> {
    /// A whole answer.
    Answer(&'a HttpResponse),
    /// Proof that the request never left.
    NotSent,
    /// No whole answer: time-out, reset, cut off. With what was read of it, where anything was.
    NoAnswer(Option<&'a HttpResponse>),
}

/// What became of the credential that was sent: a code, a refresh token.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Verdict {
    /// It was not looked at; the same request may be sent again.
    NotSpent,
    /// It was spent, and this came for it.
    Answered(Tokens),
    /// The provider refuses it.
    Rejected,
    /// Nobody knows whether it was spent.
    Unknown,
}

/// What an answer carried.
#[derive(Clone, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Tokens {
    /// The access token, where there is a usable one.
    pub access_token: Option<Secret>,
    /// Its life in milliseconds, counted from when the request was sent; `None` for one that never expires.
    pub access_life_ms: Option<i64>,
    /// The refresh token. It may equal the one that was sent.
    pub refresh_token: Option<Secret>,
    /// How long the refresh token may lie unused, in milliseconds from the sending.
    pub refresh_idle_ms: Option<i64>,
    /// When the consent ends whatever is done, in milliseconds from the sending.
    pub refresh_hard_ms: Option<i64>,
    /// The scopes granted; those asked for where the answer does not say.
    pub scopes: Vec<String>,
    /// The accounts, where the answer names them.
    pub account_ids: Vec<NamedValue>,
}

impl Tokens {
    /// The access token in use, its life counted from when the request was sent, never from the answer.
    pub fn in_use(&self, sent: Now) -> Option<AccessToken> {
        self.access_token.as_ref().map(|token| AccessToken {
            token: token.clone(),
            scopes: self.scopes.clone(),
            account_ids: self.account_ids.clone(),
            not_after: self.access_life_ms.map(|life| sent.later(life)),
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = |token: &Option<Secret>| if token.is_some() { "redacted" } else { "none" };
        write!(
            f,
            "Tokens(access {}, refresh {})",
            there(&self.access_token),
            there(&self.refresh_token)
        )
    }
}

/// On what a verdict rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum EvidenceKind {
    /// Tokens came.
    Tokens,
    /// The request could not be built or signed.
    NotBuilt,
    /// The request never left.
    NotSent,
    /// No whole answer came.
    NoAnswer,
    /// The provider asks to slow down.
    Throttled,
    /// The provider says that another refresh of the same token is under way.
    ConcurrentRefresh,
    /// The provider does not accept the client.
    ClientRefused,
    /// The provider does not accept the request, before looking at the grant.
    RequestRefused,
    /// The provider says that the grant is dead.
    GrantRefused,
    /// The provider says that the grant is dead, with a code that it also uses when it asks to slow down.
    GrantDoubted,
    /// A 401 without a code that is known.
    Unauthorized,
    /// A code that says nothing about the credential.
    OtherError,
    /// A 5xx.
    ServerFault,
    /// A redirection, which is never followed.
    Redirected,
    /// Two different refresh tokens in one answer.
    ConflictingTokens,
    /// A body that is none of the known shapes.
    Unreadable,
}

/// What a verdict rests on, as data without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Evidence {
    /// The kind.
    pub kind: EvidenceKind,
    /// The HTTP status, where there was one.
    pub status: Option<i64>,
    /// The provider's error code, where there was one.
    pub oauth_error: Option<String>,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// What was odd about the answer.
    pub oddities: Vec<Oddity>,
}

/// A verdict with its evidence.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Settled {
    /// What became of the credential.
    pub verdict: Verdict,
    /// On what that rests.
    pub evidence: Evidence,
    /// The server's own words, never printed.
    pub description: Option<Secret>,
}

impl Settled {
    /// The verdict as an error that says who, which code and what to do; `None` where tokens came.
    ///
    /// A refused grant is `give_up` here, never `reauthorize`: one answer is no proof that the connection is dead.
    pub fn error(&self) -> Option<OAuthError> {
        let evidence = &self.evidence;
        let wait = |usual: i64| Action::RetryAfter {
            delay_ms: evidence.retry_after_ms.unwrap_or(usual),
        };
        let (party, code, action, message) = match evidence.kind {
            EvidenceKind::Tokens => return None,
            EvidenceKind::NotBuilt | EvidenceKind::NotSent => (
                Party::Network,
                ErrorCode::NotSent,
                wait(1_000),
                "the request did not reach the provider; nothing was spent",
            ),
            EvidenceKind::NoAnswer => (
                Party::Network,
                ErrorCode::OutcomeUnknown,
                wait(1_000),
                "no whole answer came; the provider may have acted",
            ),
            EvidenceKind::Throttled => (
                Party::Provider,
                ErrorCode::Throttled,
                wait(5_000),
                "the provider asks to slow down",
            ),
            EvidenceKind::ConcurrentRefresh => (
                Party::Provider,
                ErrorCode::Throttled,
                wait(2_000),
                "another refresh of the same token is under way; read the store again, then retry",
            ),
            EvidenceKind::ClientRefused => (
                Party::Provider,
                ErrorCode::InvalidClient,
                Action::FixConfiguration,
                "the provider does not accept the client; check client id, secret, method and environment",
            ),
            EvidenceKind::Unauthorized => (
                Party::Provider,
                ErrorCode::InvalidClient,
                Action::FixConfiguration,
                "the provider answered 401 without a code that is known; check client id, secret, method and environment",
            ),
            EvidenceKind::RequestRefused => (
                Party::Provider,
                ErrorCode::RequestRejected,
                Action::FixConfiguration,
                "the provider does not allow this client that request",
            ),
            EvidenceKind::GrantRefused | EvidenceKind::GrantDoubted => (
                Party::Provider,
                ErrorCode::InvalidGrant,
                Action::GiveUp,
                "the provider refuses the grant: revoked, expired or already used",
            ),
            EvidenceKind::OtherError => (
                Party::Provider,
                ErrorCode::RequestRejected,
                Action::AdjustRequest,
                "the provider refuses the request; its error code says what about it",
            ),
            EvidenceKind::ServerFault => (
                Party::Provider,
                ErrorCode::ProviderFault,
                wait(5_000),
                "the provider answered with a fault of its own",
            ),
            EvidenceKind::Redirected => (
                Party::Provider,
                ErrorCode::UnexpectedAnswer,
                Action::FixConfiguration,
                "the token endpoint answered with a redirection, which is never followed; check its URL",
            ),
            EvidenceKind::ConflictingTokens | EvidenceKind::Unreadable => (
                Party::Provider,
                ErrorCode::UnexpectedAnswer,
                wait(5_000),
                "the provider's answer has none of the shapes that are known of it",
            ),
        };
        Some(
            OAuthError::new(party, code, action, message)
                .with_status(evidence.status)
                .with_oauth_error(evidence.oauth_error.clone())
                .with_description(self.description.clone()),
        )
    }
}
