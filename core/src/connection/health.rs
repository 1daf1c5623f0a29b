//! How well a connection is, for people and for dashboards.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::base::error::ReauthorizationReason;
use crate::connection::ledger::{Fate, LoginFate, Status};
use crate::connection::policy::Policy;
use crate::connection::record::Record;
use crate::message::token_answer::EvidenceKind;
use crate::provider::profile::Profile;

const DAY: i64 = 86_400_000;

/// How well a connection is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum HealthState {
    /// All is well.
    Healthy,
    /// Something failed and is tried again; the access token in use is still good, or there is no reason to worry yet.
    Degraded,
    /// The consent ends soon, or it is not known whether the refresh token still lives.
    AtRisk,
    /// Only the user can mend it.
    NeedsReauthorization,
    /// The host disconnected it.
    Disconnected,
    /// There was never a consent.
    NotConnected,
}

/// How well a connection is, and what to do.
///
/// All times are milliseconds since 1970 on the store's clock. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Health {
    /// In a word.
    pub state: HealthState,
    /// Since when it is so, where that is known.
    pub since: Option<i64>,
    /// Why, in words. Lower case, no final stop.
    pub reason: String,
    /// Nobody has to do anything: all is well, or it may come right by itself.
    pub recovers_by_itself: bool,
    /// What to do, in words for the user, where something is to be done.
    pub what_to_do: Option<String>,
    /// The roles whose holders can do it, where the provider names them.
    pub who: Vec<String>,
    /// Why the user must authorize again, where that is so.
    pub reauthorization: Option<ReauthorizationReason>,
    /// The provider's error code behind that, where there was one.
    pub oauth_error: Option<String>,
    /// Whole days until the refresh token has been unused for too long, where that is known.
    pub idle_days_left: Option<i64>,
    /// Whole days until the consent ends whatever is done, where that is known.
    pub hard_days_left: Option<i64>,
    /// When tokens last came.
    pub last_success: Option<i64>,
    /// When something last went wrong, since tokens last came.
    pub last_failure: Option<i64>,
    /// Failures since tokens last came.
    pub failures_in_a_row: i64,
    /// Who consented, as the host said at the login.
    pub consented_by: Option<String>,
    /// That user's role at the provider, as the host said.
    pub role: Option<String>,
    /// When the consent was given.
    pub consented_at: Option<i64>,
    /// The scopes granted.
    pub scopes: Vec<String>,
}

/// The health of a record at a moment of the store's clock.
pub(crate) fn health(profile: &Profile, policy: &Policy, record: &Record, now: i64) -> Health {
    let ledger = &record.ledger;
    let counters = &record.counters;
    let held = ledger.tokens.as_ref();
    let failure = counters.last_failure.as_ref();
    let consent = record.consent.as_ref();
    let consenter = consent.and_then(|consent| consent.consented_by.as_ref());
    let days = |deadline: Option<i64>| deadline.map(|end| end.saturating_sub(now).max(0) / DAY);
    let (state, since, reason) = judge(policy, record, now);
    let gone = matches!(state, HealthState::NeedsReauthorization | HealthState::Disconnected);
    let ends = state == HealthState::AtRisk && record.hard_end_is_near(now);
    let wants_user = gone || ends || state == HealthState::NotConnected;
    let is_client = failure.is_some_and(|failure| {
        matches!(
            failure.kind,
            EvidenceKind::ClientRefused
                | EvidenceKind::RequestRefused
                | EvidenceKind::Redirected
                | EvidenceKind::Unauthorized
                | EvidenceKind::NotBuilt
        )
    });
    Health {
        state,
        since,
        recovers_by_itself: !wants_user && !is_client,
        what_to_do: match state {
            HealthState::Healthy => None,
            HealthState::NotConnected => Some(first_words(profile)),
            _ if wants_user => Some(profile.reconnect_words()),
            _ if is_client => {
                Some("check the client's configuration: id, secret or key, environment and token endpoint".to_owned())
            }
            _ => None,
        },
        who: if wants_user {
            profile.consent_roles().to_vec()
        } else {
            Vec::new()
        },
        reauthorization: match ledger.status {
            Status::NeedsReauthorization { reason, .. } => Some(reason),
            _ => None,
        },
        oauth_error: record
            .evidence
            .as_ref()
            .filter(|_| gone)
            .and_then(|words| words.oauth_error.clone()),
        idle_days_left: days(held.and_then(|held| held.idle_deadline)).filter(|_| !gone),
        hard_days_left: days(held.and_then(|held| held.hard_deadline)).filter(|_| !gone),
        last_success: counters.last_success,
        last_failure: failure.map(|failure| failure.at),
        failures_in_a_row: failure.map_or(0, |failure| failure.times),
        consented_by: consenter.map(|by| by.user.clone()),
        role: consenter.and_then(|by| by.role.clone()),
        consented_at: consent.map(|consent| consent.at),
        scopes: held.map(|held| held.tokens.scopes.clone()).unwrap_or_default(),
        reason,
    }
}

fn judge(policy: &Policy, record: &Record, now: i64) -> (HealthState, Option<i64>, String) {
    let ledger = &record.ledger;
    let failure = record.counters.last_failure.as_ref();
    match ledger.status {
        Status::Unconnected => return (HealthState::NotConnected, None, "nobody has logged in yet".to_owned()),
        Status::Closed { since } => {
            let reason = "this application disconnected it".to_owned();
            return (HealthState::Disconnected, Some(since), reason);
        }
        Status::NeedsReauthorization { reason, since } => {
            return (
                HealthState::NeedsReauthorization,
                Some(since),
                words_of(reason).to_owned(),
            );
        }
        Status::Live => {}
    }
    // Past the window it is not known whether the refresh token lives; before, another attempt will do.
    let opened = ledger.window.filter(|_| {
        let unknown = |fate: &Fate<_>| fate.is_unknown() || matches!(fate, Fate::Rejected { .. });
        ledger.attempts.iter().any(|attempt| unknown(&attempt.fate))
    });
    if let Some(opened) = opened
        && (opened.last_chances > 0 || now > policy.window_end(opened.at))
        && now
            > opened
                .at
                .saturating_add(policy.send_within)
                .saturating_add(policy.silence)
    {
        return (
            HealthState::AtRisk,
            Some(opened.at),
            "it is not known whether the last refresh was carried out, and the window for a repetition is over"
                .to_owned(),
        );
    }
    if record.hard_end_is_near(now) {
        return (
            HealthState::AtRisk,
            None,
            "the consent ends soon, and cannot be prolonged".to_owned(),
        );
    }
    if record.idle_end_is_near(now) {
        return (
            HealthState::AtRisk,
            None,
            "the refresh token has been unused for almost as long as the provider allows".to_owned(),
        );
    }
    if let Some(failure) = failure {
        return (
            HealthState::Degraded,
            Some(failure.since),
            words_of_failure(failure.kind).to_owned(),
        );
    }
    if opened.is_some() {
        return (
            HealthState::Degraded,
            opened.map(|opened| opened.at),
            "a refresh is not over yet".to_owned(),
        );
    }
    let waits = |fate| matches!(fate, LoginFate::Open | LoginFate::Closed);
    if ledger.logins.iter().any(|login| waits(login.fate)) {
        return (HealthState::Degraded, None, "a login is not over yet".to_owned());
    }
    let since = record.consent.as_ref().map(|consent| consent.at);
    (HealthState::Healthy, since, "all is well".to_owned())
}

/// What to do where nobody has consented yet.
fn first_words(profile: &Profile) -> String {
    let mut words = "authorize this application at ".to_owned();
    words.push_str(profile.name());
    words
}

/// Why a consent is gone, for people.
pub(crate) fn words_of(reason: ReauthorizationReason) -> &'static str {
    match reason {
        ReauthorizationReason::LostRotation => {
            "the answer that carried the new refresh token was lost, and the provider refuses the old one"
        }
        ReauthorizationReason::IdleExpired => "the refresh token was not used for longer than the provider allows",
        ReauthorizationReason::KeyLost => "the key that opens the stored tokens is gone",
        ReauthorizationReason::RevokedOrRoleLost => {
            "the provider refuses the refresh token: the consent was revoked, or the user who gave it lost the role it needs"
        }
        ReauthorizationReason::AuthorizingUserGone => "the user who gave the consent no longer exists at the provider",
        ReauthorizationReason::NoRefreshToken => {
            "the access token is over, and the provider gave no refresh token to renew it with"
        }
    }
}

/// What went wrong last, for people.
pub(crate) fn words_of_failure(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Tokens => "tokens came",
        EvidenceKind::NotBuilt => "the request could not be built or signed; nothing was sent",
        EvidenceKind::NotSent => "the provider cannot be reached; nothing was spent",
        EvidenceKind::NoAnswer => "the provider did not answer",
        EvidenceKind::Throttled => "the provider asks to slow down",
        EvidenceKind::ConcurrentRefresh => "the provider says that another refresh is under way",
        EvidenceKind::ClientRefused => "the provider does not accept the client",
        EvidenceKind::RequestRefused => "the provider does not allow this client to refresh",
        EvidenceKind::GrantRefused | EvidenceKind::GrantDoubted => {
            "the provider refused the refresh token; that is being confirmed"
        }
        EvidenceKind::Unauthorized => "the provider answered 401 without a code that is known",
        EvidenceKind::OtherError => "the provider refused the request with a code that says nothing about the consent",
        EvidenceKind::ServerFault => "the provider answered with a fault of its own",
        EvidenceKind::Redirected => "the token endpoint answered with a redirection, which is never followed",
        EvidenceKind::ConflictingTokens => "the provider's answer held two different refresh tokens",
        EvidenceKind::Unreadable => "the provider's answer has none of the shapes that are known of it",
    }
}
