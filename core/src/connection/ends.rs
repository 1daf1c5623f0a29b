//! How a work ends: the table's ends in outcomes and errors.

use alloc::string::String;
use core::time::Duration;

use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::time::Now;
use crate::connection::health::{words_of, words_of_failure};
use crate::connection::ledger::Status;
use crate::connection::record::Record;
use crate::connection::transition::{End, Goal};
use crate::connection::value::Connection;
use crate::flow::faults::{fresh_token_rejected, store_unavailable};
use crate::flow::outcome::Outcome;
use crate::message::token_answer::EvidenceKind;
use crate::provider::profile::Profile;

/// What went wrong on the way.
pub(crate) struct Faults<'a> {
    /// With the last request that brought no tokens.
    pub(crate) request: Option<&'a OAuthError>,
    /// With the store.
    pub(crate) store: Option<&'a OAuthError>,
}

/// What a caller is told.
pub(crate) fn result(
    connection: &Connection,
    goal: Goal,
    end: End,
    now: Now,
    faults: &Faults<'_>,
) -> Result<Outcome, OAuthError> {
    match end {
        End::Token => match (goal, connection.token(now, Duration::ZERO).cloned()) {
            (Goal::Obtain { .. } | Goal::Unauthorized { .. }, Some(token)) => Ok(Outcome::Token(token)),
            (Goal::Obtain { .. } | Goal::Unauthorized { .. }, None) => Err(match connection.has_access_token() {
                true => too_slow(),
                false => unusable(),
            }),
            _ => Ok(Outcome::Kept),
        },
        End::Settled => Ok(Outcome::Kept),
        End::Connected => Ok(Outcome::Connected),
        End::LoginLost => match faults.request {
            // The client is at fault, and a new login would fare no better.
            Some(error) if matches!(error.action(), Action::FixConfiguration) => Err(error.clone()),
            _ => Ok(Outcome::LoginLost),
        },
        End::DifferentAccount => Ok(Outcome::DifferentAccount),
        End::Closed if goal == Goal::Disconnect => Ok(Outcome::Disconnected),
        End::Closed if goal == Goal::KeepAlive => Ok(Outcome::Kept),
        End::Closed if matches!(goal, Goal::Finish { .. }) => Ok(Outcome::LoginLost),
        End::Closed => Err(disconnected()),
        End::Unconnected if goal == Goal::Disconnect => Ok(Outcome::Disconnected),
        End::Unconnected => Err(not_connected()),
        End::NeedsReauthorization => Err(connection.record().map_or_else(not_connected, |record| {
            reauthorize(connection.client().profile(), record)
        })),
        End::FreshTokenRejected { delay } => Err(fresh_token_rejected(delay)),
        End::RetryAfter { delay } => Err(match faults.request {
            Some(error) if !matches!(error.action(), Action::GiveUp | Action::AdjustRequest) => {
                error.clone().waiting(delay)
            }
            _ => connection
                .record()
                .map_or_else(|| unresolved(delay), |record| still_waiting(record, delay)),
        }),
        End::StoreUnavailable => Err(faults.store.cloned().unwrap_or_else(store_unavailable)),
    }
}

/// Why the user must authorize again, and what to tell whom.
pub(crate) fn reauthorize(profile: &Profile, record: &Record) -> OAuthError {
    let Status::NeedsReauthorization { reason, .. } = record.ledger.status else {
        return not_connected();
    };
    let mut words = String::from(words_of(reason));
    let consenter = record
        .consent
        .as_ref()
        .and_then(|consent| consent.consented_by.as_ref());
    if let Some(consenter) = consenter {
        words.push_str(" (consent given by ");
        words.push_str(&consenter.user);
        if let Some(role) = &consenter.role {
            words.push_str(", ");
            words.push_str(role);
        }
        words.push(')');
    }
    words.push_str("; ");
    words.push_str(&profile.reconnect_words());
    let evidence = record.evidence.as_ref();
    OAuthError::new(
        Party::Provider,
        ErrorCode::ReauthorizationRequired,
        Action::Reauthorize { reason, words },
        words_of(reason),
    )
    .with_status(evidence.and_then(|words| words.status))
    .with_oauth_error(evidence.and_then(|words| words.oauth_error.clone()))
}

fn not_connected() -> OAuthError {
    OAuthError::new(
        Party::Host,
        ErrorCode::NotConnected,
        Action::GiveUp,
        "nobody has logged in under this key yet; begin a login",
    )
}

fn disconnected() -> OAuthError {
    OAuthError::new(
        Party::Host,
        ErrorCode::Disconnected,
        Action::GiveUp,
        "this connection was disconnected; begin a login to connect again",
    )
}

/// The host began to send too late, again and again.
pub(crate) fn begun_too_late() -> OAuthError {
    OAuthError::new(
        Party::Host,
        ErrorCode::NotSent,
        Action::RetryAfter { delay_ms: 1_000 },
        "requests did not leave within three seconds of their step; nothing was spent",
    )
}

/// What this work did not meet itself, the record tells: why nothing is tried before the delay is over.
fn still_waiting(record: &Record, delay: i64) -> OAuthError {
    let unknown = record.ledger.attempts.iter().any(|attempt| attempt.fate.is_unknown());
    let Some(failure) = record.counters.last_failure.as_ref().filter(|_| !unknown) else {
        return unresolved(delay);
    };
    let (party, code) = match failure.kind {
        EvidenceKind::NotSent => (Party::Network, ErrorCode::NotSent),
        EvidenceKind::NotBuilt => (Party::Host, ErrorCode::SigningFailed),
        EvidenceKind::Throttled | EvidenceKind::ConcurrentRefresh => (Party::Provider, ErrorCode::Throttled),
        EvidenceKind::ServerFault => (Party::Provider, ErrorCode::ProviderFault),
        EvidenceKind::GrantRefused | EvidenceKind::GrantDoubted => (Party::Provider, ErrorCode::InvalidGrant),
        EvidenceKind::ClientRefused | EvidenceKind::Unauthorized => (Party::Provider, ErrorCode::InvalidClient),
        EvidenceKind::RequestRefused | EvidenceKind::OtherError => (Party::Provider, ErrorCode::RequestRejected),
        _ => return unresolved(delay),
    };
    OAuthError::new(
        party,
        code,
        Action::RetryAfter { delay_ms: delay },
        words_of_failure(failure.kind),
    )
    .with_status(failure.words.status)
    .with_oauth_error(failure.words.oauth_error.clone())
}

pub(crate) fn unresolved(delay: i64) -> OAuthError {
    OAuthError::new(
        Party::Network,
        ErrorCode::OutcomeUnknown,
        Action::RetryAfter { delay_ms: delay },
        "there is no live access token yet, and a request may still be unresolved; nothing is lost, the next call goes on with it",
    )
}

/// A store that compares with something else than what it shows.
pub(crate) fn always_conflicts() -> OAuthError {
    OAuthError::new(
        Party::Store,
        ErrorCode::StoreUnavailable,
        Action::RetryAfter { delay_ms: 60_000 },
        "the store answers every save with a conflict, although the version is the one it shows; is it a replica?",
    )
}

/// The answer of the store is as old as the question, for all that is known.
pub(crate) fn too_slow() -> OAuthError {
    OAuthError::new(
        Party::Store,
        ErrorCode::StoreUnavailable,
        Action::RetryAfter { delay_ms: 1_000 },
        "the store takes too long to answer; nothing is lost, ask again when it is faster",
    )
}

fn unusable() -> OAuthError {
    OAuthError::new(
        Party::Provider,
        ErrorCode::UnexpectedAnswer,
        Action::RetryAfter { delay_ms: 5_000 },
        "the provider's answer has no usable access token; what else it brought is saved",
    )
}

pub(crate) fn no_refresh_token() -> OAuthError {
    OAuthError::new(
        Party::Provider,
        ErrorCode::InvalidGrant,
        Action::GiveUp,
        "the provider gave no refresh token to renew the access token with",
    )
}
