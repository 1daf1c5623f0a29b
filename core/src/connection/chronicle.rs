//! What is written beside the ledger, and what is told: who consented, what failed, what happened.

use alloc::vec::Vec;

use crate::base::error::ReauthorizationReason;
use crate::base::time::MAX_MS;
use crate::connection::ledger::{Fate, Ledger, Status, Ticket};
use crate::connection::newcomer::Newcomer;
use crate::connection::record::{Consent, Counters, Failure, LastWords, Record};
use crate::connection::tokens::TokenSet;
use crate::flow::event::{Deadline, Event, Recovery};
use crate::message::token_answer::{EvidenceKind, Settled, Tokens, Verdict};

const DAY: i64 = 86_400_000;

/// What was learnt from one answer, for the record's counters.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    kind: EvidenceKind,
    words: LastWords,
    /// The number of the attempt that was answered with tokens.
    answered: Option<i64>,
    unknown: bool,
    rejected: bool,
    /// It says nothing about the tokens in use.
    login: bool,
    /// The store's clock.
    at: i64,
}

impl Note {
    pub(crate) fn of(settled: &Settled, at: i64, ticket: &Ticket) -> Self {
        let evidence = &settled.evidence;
        Self {
            kind: evidence.kind,
            words: LastWords {
                status: evidence.status,
                oauth_error: evidence.oauth_error.clone(),
            },
            answered: matches!(settled.verdict, Verdict::Answered(_)).then_some(ticket.number),
            unknown: matches!(settled.verdict, Verdict::Unknown),
            rejected: matches!(settled.verdict, Verdict::Rejected),
            login: ticket.is_login(),
            at,
        }
    }

    /// A request that could not even be built or signed.
    pub(crate) fn unbuilt(at: i64, ticket: &Ticket) -> Self {
        Self {
            kind: EvidenceKind::NotBuilt,
            words: LastWords {
                status: None,
                oauth_error: None,
            },
            answered: None,
            unknown: false,
            rejected: false,
            login: ticket.is_login(),
            at,
        }
    }

    fn count(&self, counters: &mut Counters) {
        if self.login {
            return;
        }
        let once_more = |number: i64| number.saturating_add(1).min(MAX_MS);
        if self.unknown {
            counters.unknown_outcomes = once_more(counters.unknown_outcomes);
        }
        if self.rejected {
            counters.rejections = once_more(counters.rejections);
        }
        if self.answered.is_some() {
            if counters.last_failure.take().is_some() {
                counters.recovered = once_more(counters.recovered);
            }
            counters.last_success = Some(self.at);
            return;
        }
        let before = counters.last_failure.as_ref();
        counters.last_failure = Some(Failure {
            kind: self.kind,
            words: self.words.clone(),
            since: before.map_or(self.at, |failure| failure.since),
            at: self.at,
            times: before.map_or(1, |failure| once_more(failure.times)),
        });
    }
}

/// The record that holds this ledger: what was beside the one before it, and what was learnt since.
pub(crate) fn compose(
    base: &Record,
    ledger: &Ledger<Tokens>,
    notes: &[Note],
    newcomer: Option<&Newcomer>,
    at: i64,
) -> Record {
    let mut record = base.clone();
    for note in notes {
        note.count(&mut record.counters);
    }
    let brings_consent = ledger.order > base.ledger.order && ledger.status == Status::Live;
    if let Some(newcomer) = newcomer.filter(|_| brings_consent) {
        record.consent = Some(Consent {
            id: newcomer.consent_id.clone(),
            at,
            scopes_asked: newcomer.scopes_asked.clone(),
            consented_by: newcomer.consenter.clone(),
        });
        record.counters.last_failure = None;
        record.counters.last_success = Some(at);
    }
    match ledger.status {
        // Nobody refused anything.
        Status::NeedsReauthorization {
            reason: ReauthorizationReason::NoRefreshToken,
            ..
        } => record.evidence = None,
        Status::NeedsReauthorization { .. } => {
            if record.evidence.is_none() {
                let failure = record.counters.last_failure.as_ref();
                record.evidence = failure.map(|failure| failure.words.clone());
            }
        }
        _ => record.evidence = None,
    }
    record.ledger = ledger.clone();
    record
}

/// How a record came to be saved.
pub(crate) struct Noted<'a> {
    /// What was learnt and is in it.
    pub(crate) notes: &'a [Note],
    /// The work had ended before.
    pub(crate) ended: bool,
}

/// What happened between two saved records.
pub(crate) fn happened(base: Option<&Record>, record: &Record, noted: &Noted<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let before = base.map(|base| &base.ledger);
    let after = &record.ledger;
    let order = before.map_or(0, |ledger| ledger.order);
    let generation = before.map_or(0, Ledger::generation);
    if after.status == Status::Live && after.order > order {
        events.push(Event::Connected { again: order > 0 });
    } else if after.order == order
        && after.generation() > generation
        && let Some(before) = before
    {
        events.push(refreshed(before, after, noted));
        let scopes = |ledger: &Ledger<Tokens>| ledger.tokens.as_ref().map(|held| held.tokens.scopes.clone());
        if let (Some(old), Some(granted)) = (scopes(before), scopes(after))
            && old != granted
        {
            events.push(Event::ScopesChanged { granted });
        }
    }
    let was = before.map(|ledger| ledger.status);
    match after.status {
        Status::NeedsReauthorization { reason, .. } if !matches!(was, Some(Status::NeedsReauthorization { .. })) => {
            events.push(Event::ReauthorizationNeeded {
                reason,
                oauth_error: record.evidence.as_ref().and_then(|words| words.oauth_error.clone()),
            });
        }
        Status::Closed { .. } => {
            let has_secrets =
                |ledger: &Ledger<Tokens>| ledger.tokens.as_ref().is_some_and(|held| held.tokens.has_secrets());
            let was_closed = matches!(was, Some(Status::Closed { .. }));
            if !has_secrets(after) && (!was_closed || before.is_some_and(has_secrets)) {
                events.push(Event::Disconnected);
            }
        }
        _ => {}
    }
    let mut ignored = noted.notes.iter().filter(|note| note.answered.is_some());
    if ignored.next().is_some() && after.order == order && after.generation() == generation && !after.has_answer() {
        events.push(Event::AnswerIgnored { order });
    }
    events
}

fn refreshed(before: &Ledger<Tokens>, after: &Ledger<Tokens>, noted: &Noted<'_>) -> Event {
    let answered = noted.notes.iter().rev().find_map(|note| note.answered);
    let waited = before
        .attempts
        .iter()
        .rev()
        .find(|attempt| matches!(attempt.fate, Fate::Answered(_)));
    let recovery = match (answered, before.window) {
        _ if noted.ended => Some(Recovery::Late),
        (None, _) => Some(Recovery::Promoted),
        (_, Some(window)) if window.last_chances > 0 => Some(Recovery::LastChance),
        _ if before.attempts.len() > 1 => Some(Recovery::InWindow),
        _ => None,
    };
    let refresh_token = |ledger: &Ledger<Tokens>| {
        let held = ledger.tokens.as_ref();
        held.and_then(|held| held.tokens.refresh_token.clone())
    };
    Event::RefreshSucceeded {
        attempt: answered.or(waited.map(|attempt| attempt.number)).unwrap_or(0),
        rotated: refresh_token(before) != refresh_token(after),
        recovery,
    }
}

/// Ends of the consent that are near.
pub(crate) fn deadlines(record: &Record, store_now: i64) -> Vec<Event> {
    let mut events = Vec::new();
    let Some(held) = record.ledger.tokens.as_ref() else {
        return events;
    };
    if record.ledger.status != Status::Live {
        return events;
    }
    let left = |end: Option<i64>| end.map_or(0, |end| end.saturating_sub(store_now).max(0));
    // Once a day is enough, however often tokens are renewed.
    let before = record.counters.last_success.unwrap_or(0);
    if store_now / DAY == before / DAY {
        return events;
    }
    if record.hard_end_is_near(store_now) {
        events.push(Event::DeadlineNear {
            deadline: Deadline::Hard,
            left_ms: left(held.hard_deadline),
        });
    }
    if record.idle_end_is_near(store_now) {
        events.push(Event::DeadlineNear {
            deadline: Deadline::Idle,
            left_ms: left(held.idle_deadline),
        });
    }
    events
}
