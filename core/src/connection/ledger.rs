//! The ledger of one connection: what is stored about its tokens and about every attempt to renew them.
//!
//! One attempt is one request that may have spent the refresh token. It is written down before the request leaves, and
//! its fate is its own: what is learnt about one attempt never changes what is known, or not known, about another. All
//! rules read this ledger; no flag anywhere sums it up. Every function here is pure.
//!
//! All times are the store's clock, in milliseconds.

use alloc::vec::Vec;

use crate::base::error::ReauthorizationReason;
use crate::base::time::MAX_MS;
use crate::connection::policy::{Policy, doubled};
use crate::connection::rules::Rule;
use crate::connection::tokens::TokenSet;

/// The most attempts that are kept; past them the one that tells least is forgotten.
pub const MOST_ATTEMPTS: usize = 8;

/// What is stored about one connection, as far as the protocol reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Ledger<T> {
    /// Whether it lives.
    pub status: Status,
    /// The order of the consent that the tokens come from; 0 before the first one.
    pub order: i64,
    /// The tokens in use.
    pub tokens: Option<Held<T>>,
    /// When the old refresh token was first put at risk; `None` while nothing is at risk.
    pub window: Option<Opening>,
    /// No attempt before this moment: a server asked for patience. It outlives the attempts.
    pub not_before: i64,
    /// The attempts on the current refresh token, by ascending number.
    pub attempts: Vec<Attempt<T>>,
    /// The number of the next attempt; none is ever used twice.
    pub next_attempt: i64,
    /// The order of the next consent; none is ever used twice.
    pub next_order: i64,
    /// Refreshes that a resource's 401 caused, and when the last of them was.
    pub unauthorized: Repeated,
    /// Failures in a row that spent nothing, and when the last of them was.
    pub not_spent: Repeated,
    /// A refusal that no rule knows, and how often it came in a row.
    pub refusal: Option<Streak>,
    /// Refusals of the client, in a row.
    pub client_refused: Option<Streak>,
    /// The login that the consent in use came from, as a hash of its state and code.
    pub login: Option<u128>,
    /// Logins that are not in use, by ascending order.
    pub logins: Vec<Login>,
}

/// The same thing, several times in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Streak {
    /// A hash of what it was.
    pub sign: u64,
    /// How often.
    pub times: i64,
    /// The first time.
    pub since: i64,
}

/// One login that may have spent its authorization code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Login {
    /// The order of the consent that may come of it.
    pub order: i64,
    /// A hash of its state and code, so that a repeated callback finds it again.
    pub digest: u128,
    /// Who exchanges its code: 128 random bits of one work.
    pub holder: u128,
    /// The store's clock before the first claim.
    pub claimed: i64,
    /// The exchange leaves before this moment, or not at all.
    pub send_by: i64,
    /// How often the code was put at risk.
    pub tries: i64,
    /// How it ended.
    pub fate: LoginFate,
}

/// How a login ended that is not in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum LoginFate {
    /// Nobody has said; its holder may have the answer.
    Open,
    /// The exchange is over at its sender, and nobody knows whether the server acted.
    Closed,
    /// The code was certainly not looked at.
    NotSpent,
    /// Nothing comes of it any more: refused, superseded by a later login, or silent for too long.
    Lost,
    /// Its answer was for another account than the connection's.
    OtherAccount,
}

/// Something that happened several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Repeated {
    /// How often.
    pub times: i64,
    /// The last time.
    pub at: i64,
}

/// Whether a connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Status {
    /// There was never a consent.
    Unconnected,
    /// There is a consent, and for all that is known it is good.
    Live,
    /// The consent is gone, and only a user can give a new one. A late answer may still bring it back.
    NeedsReauthorization {
        /// Why.
        reason: ReauthorizationReason,
        /// Since when.
        since: i64,
    },
    /// The host disconnected. Final for its consent.
    Closed {
        /// Since when.
        since: i64,
    },
}

/// The tokens in use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Held<T> {
    /// Counts the sets of tokens; it never decreases.
    pub generation: i64,
    /// The tokens themselves.
    pub tokens: T,
    /// When they were saved.
    pub born_at: i64,
    /// Until when the access token is good, counted from the claim of the attempt that brought it.
    pub access_not_after: i64,
    /// Until when the refresh token may lie unused, where that is known.
    pub idle_deadline: Option<i64>,
    /// When the consent ends whatever is done, where that is known.
    pub hard_deadline: Option<i64>,
}

/// A window in which the old refresh token still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Opening {
    /// The store's clock before the first claim: the server cannot have rotated earlier.
    pub at: i64,
    /// How many last chances there were; each opened a window of its own.
    pub last_chances: i64,
}

/// One request that may have spent the refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Attempt<T> {
    /// Its number within the connection.
    pub number: i64,
    /// Who sends it: 128 random bits of one work.
    pub holder: u128,
    /// The store's clock before the claim.
    pub claimed: i64,
    /// It leaves before this moment, or not at all.
    pub send_by: i64,
    /// How it ended.
    pub fate: Fate<T>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Fate<T> {
    /// Nobody has said; its holder may have the answer.
    Open,
    /// The exchange is over at its sender, and nobody knows whether the server acted.
    Closed,
    /// The refresh token was certainly not looked at.
    NotSpent,
    /// The server refused the refresh token.
    Rejected {
        /// The code it used also means other things with this provider.
        doubtful: bool,
    },
    /// Tokens came; they wait until no higher attempt can be answered any more.
    Answered(T),
}

impl<T> Fate<T> {
    /// Whether the server may have acted without anybody knowing how.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Open | Self::Closed)
    }

    /// Whether nothing can come of it any more.
    fn is_over(&self) -> bool {
        matches!(self, Self::NotSpent | Self::Rejected { .. })
    }
}

/// What a worker learnt about one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Report<T> {
    /// What was sent.
    pub ticket: Ticket,
    /// What became of it.
    pub outcome: Learnt<T>,
}

/// Which attempt a request belongs to: it travels with the request and comes back with whatever came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Ticket {
    /// The order of the consent.
    pub order: i64,
    /// The generation of the refresh token that was sent; 0 where it was the code of a login.
    pub generation: i64,
    /// The attempt's number, or which try of the login it is.
    pub number: i64,
    /// Its holder.
    pub holder: u128,
    /// When it was claimed.
    pub claimed: i64,
    /// Until when it may be sent, on the store's clock.
    pub send_by: i64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Learnt<T> {
    /// The exchange is over, and nobody knows whether the server acted.
    Closed {
        /// A hash of a refusal (4xx) that no rule knows; the same one again and again is a verdict in the end.
        sign: Option<u64>,
    },
    /// The credential was certainly not looked at.
    NotSpent {
        /// How long the provider asks to wait.
        retry_after: Option<i64>,
        /// It never left this process, so there is nothing to wait for.
        unsent: bool,
        /// The provider refused the client.
        client_refused: bool,
    },
    /// The server refused the refresh token.
    Rejected {
        /// The code it used also means other things with this provider.
        doubtful: bool,
    },
    /// Tokens came.
    Answered(T),
}

impl Ticket {
    /// Whether the request exchanges the code of a login.
    pub fn is_login(&self) -> bool {
        self.generation == 0
    }
}

impl<T: TokenSet> Ledger<T> {
    /// A connection that was never connected.
    pub fn unconnected() -> Self {
        Self {
            status: Status::Unconnected,
            order: 0,
            tokens: None,
            window: None,
            not_before: 0,
            attempts: Vec::new(),
            next_attempt: 1,
            next_order: 1,
            unauthorized: Repeated::default(),
            not_spent: Repeated::default(),
            refusal: None,
            client_refused: None,
            login: None,
            logins: Vec::new(),
        }
    }

    /// A connection with these tokens, as a login or the host's own import brings them at `at`.
    pub fn connected(tokens: T, at: i64) -> Self {
        let mut ledger = Self::unconnected();
        ledger.next_order = 2;
        ledger.renew(1, tokens, at, at);
        ledger
    }

    /// The current generation; 0 before the first tokens.
    pub fn generation(&self) -> i64 {
        self.tokens.as_ref().map_or(0, |held| held.generation)
    }

    /// Writes down a new attempt at `now`, which must be the store's clock from before the save. The first one opens the
    /// window; a last chance opens a new one.
    pub(crate) fn claim(&self, policy: &Policy, holder: u128, now: i64, last_chance: bool) -> (Self, Ticket) {
        let mut next = self.clone();
        let number = next.next_attempt;
        next.next_attempt = number.saturating_add(1);
        next.window = Some(match (next.window, last_chance) {
            (None, false) => Opening {
                at: now,
                last_chances: 0,
            },
            (Some(open), false) => open,
            (before, true) => Opening {
                at: before
                    .filter(|_| !policy.rules.has(Rule::LastChanceWindow))
                    .map_or(now, |open| open.at),
                last_chances: before.map_or(0, |open| open.last_chances).saturating_add(1),
            },
        });
        let attempt = Attempt {
            number,
            holder,
            claimed: now,
            send_by: now.saturating_add(policy.send_within).min(MAX_MS),
            fate: Fate::Open,
        };
        let ticket = Ticket {
            order: next.order,
            generation: next.generation(),
            number,
            holder,
            claimed: attempt.claimed,
            send_by: attempt.send_by,
        };
        next.attempts.push(attempt);
        next.forget_least();
        (next, ticket)
    }

    /// Writes down what was learnt about an attempt, at `now`. Each report changes its own entry and nothing else;
    /// one that is already there changes nothing.
    pub(crate) fn settle(&mut self, policy: &Policy, report: Report<T>, now: i64) {
        let ticket = report.ticket;
        if ticket.order != self.order || ticket.generation != self.generation() {
            return;
        }
        if matches!(self.status, Status::Closed { .. } | Status::Unconnected) {
            return;
        }
        let Some(at) = self.place(&ticket) else {
            // The entry has left the list. Only an answer still matters; it keeps its own number.
            if let Learnt::Answered(tokens) = report.outcome {
                self.admit(&ticket, Fate::Answered(tokens));
            }
            return self.commit_answer(policy, now);
        };
        let Some(entry) = self.attempts.get_mut(at) else { return };
        if matches!(entry.fate, Fate::Answered(_)) {
            return;
        }
        let was_open = entry.fate == Fate::Open;
        let is_late = now > ticket.send_by.saturating_add(policy.silence);
        match report.outcome {
            Learnt::Answered(tokens) if !is_late || policy.rules.has(Rule::LateAnswers) => {
                entry.fate = Fate::Answered(tokens);
            }
            Learnt::Closed { .. } if was_open => entry.fate = Fate::Closed,
            Learnt::Rejected { doubtful } if was_open => entry.fate = Fate::Rejected { doubtful },
            Learnt::NotSpent {
                retry_after, unsent, ..
            } if was_open => {
                entry.fate = Fate::NotSpent;
                if !unsent {
                    self.hold_back(policy, retry_after, now);
                }
            }
            _ => {}
        }
        self.commit_answer(policy, now);
    }

    /// A failure that spent nothing: no further attempt for as long as the provider asks, or for a doubling wait.
    fn hold_back(&mut self, policy: &Policy, retry_after: Option<i64>, now: i64) {
        let wait = doubled(policy.failure_wait, self.not_spent.times, policy.longest_failure_wait);
        let until = now.saturating_add(retry_after.unwrap_or(wait)).min(MAX_MS);
        self.not_before = self.not_before.max(until);
        self.not_spent = Repeated {
            times: self.not_spent.times.saturating_add(1),
            at: now,
        };
    }

    /// Commits the highest answer when no higher attempt can be answered any more, and empties a ledger in which nothing
    /// was spent. Called after every change, so that a stored ledger never needs it.
    fn commit_answer(&mut self, policy: &Policy, now: i64) {
        let gone = matches!(self.status, Status::NeedsReauthorization { .. });
        if gone && !policy.rules.has(Rule::Resurrect) {
            return;
        }
        if let Some(at) = self.highest_answer() {
            let higher = self.attempts.get(at.saturating_add(1)..).unwrap_or_default();
            let lower = self.attempts.get(..at).unwrap_or_default();
            let is_last = higher.iter().all(|attempt| attempt.fate.is_over());
            let renews = match self.attempts.get(at).map(|attempt| &attempt.fate) {
                Some(Fate::Answered(tokens)) => tokens.renews(self.tokens.as_ref().map(|held| &held.tokens)),
                _ => false,
            };
            let is_certain =
                renews || policy.window >= Policy::UNLIMITED || !lower.iter().any(|attempt| attempt.fate.is_unknown());
            if gone || !policy.rules.has(Rule::CommitHighest) || (is_last && is_certain) {
                self.commit(at, now);
            }
        }
        let empties = |attempt: &Attempt<T>| match policy.rules.has(Rule::NotSpentKeepsLedger) {
            true => attempt.fate == Fate::NotSpent,
            false => attempt.fate == Fate::NotSpent || attempt.fate.is_unknown(),
        };
        let none_left = self.attempts.iter().all(empties);
        let reported = self.attempts.last().is_some_and(|last| last.fate == Fate::NotSpent);
        if none_left && reported && !gone {
            self.attempts.clear();
            self.window = None;
        }
    }

    /// Makes the answer at this place the tokens in use.
    fn commit(&mut self, at: usize, now: i64) {
        let Some(attempt) = self.attempts.get(at) else { return };
        let Fate::Answered(tokens) = &attempt.fate else { return };
        let mut tokens = tokens.clone();
        if let Some(held) = &self.tokens {
            tokens.inherit(&held.tokens);
        }
        let claimed = attempt.claimed;
        self.renew(self.order, tokens, claimed, now);
    }

    /// Puts tokens in use that were asked for at `claimed` and are saved at `now`.
    fn renew(&mut self, order: i64, tokens: T, claimed: i64, now: i64) {
        let after = |life: i64| claimed.saturating_add(life).min(MAX_MS);
        let before = self.tokens.take();
        let (idle, hard) = (tokens.idle_life(), tokens.hard_life());
        self.tokens = Some(Held {
            generation: before.as_ref().map_or(1, |held| held.generation.saturating_add(1)),
            born_at: now,
            access_not_after: tokens.access_life().map_or(claimed, after),
            idle_deadline: idle.map(after),
            hard_deadline: hard.map(after).or(before
                .filter(|_| order == self.order)
                .and_then(|held| held.hard_deadline)),
            tokens,
        });
        self.order = order;
        self.attempts.clear();
        self.window = None;
        self.not_spent = Repeated::default();
        self.status = Status::Live;
    }

    /// Commits the highest answer although a higher attempt is unknown: at the end of the window there is nothing better.
    pub(crate) fn promote(&self, now: i64) -> Option<Self> {
        let at = self.highest_answer()?;
        let mut next = self.clone();
        next.commit(at, now);
        Some(next)
    }

    /// Gives the consent up. The attempts stay, for late answers.
    pub(crate) fn give_up(&self, now: i64) -> Self {
        let mut next = self.clone();
        let reason = if self.attempts.iter().any(|attempt| attempt.fate.is_unknown()) {
            ReauthorizationReason::LostRotation
        } else if self.was_idle_too_long() {
            ReauthorizationReason::IdleExpired
        } else {
            ReauthorizationReason::RevokedOrRoleLost
        };
        next.status = Status::NeedsReauthorization { reason, since: now };
        next
    }

    /// Closes the connection for good: no answer to anything sent before reopens it, because the next order is taken.
    ///
    /// The tokens stay until they are revoked and wiped.
    pub(crate) fn close(&self, now: i64) -> Self {
        let mut next = self.clone();
        next.order = next.next_order;
        next.next_order = next.next_order.saturating_add(1);
        next.attempts.clear();
        next.window = None;
        next.status = Status::Closed { since: now };
        next
    }

    fn was_idle_too_long(&self) -> bool {
        let deadline = self.tokens.as_ref().and_then(|held| held.idle_deadline);
        match (deadline, self.first_rejected()) {
            (Some(deadline), Some(rejected)) => rejected.claimed >= deadline,
            _ => false,
        }
    }

    /// The first attempt that was rejected.
    pub(crate) fn first_rejected(&self) -> Option<&Attempt<T>> {
        self.attempts
            .iter()
            .find(|attempt| matches!(attempt.fate, Fate::Rejected { .. }))
    }

    /// Whether an answer waits in its entry.
    pub(crate) fn has_answer(&self) -> bool {
        self.highest_answer().is_some()
    }

    fn highest_answer(&self) -> Option<usize> {
        self.attempts
            .iter()
            .rposition(|attempt| matches!(attempt.fate, Fate::Answered(_)))
    }

    fn place(&self, ticket: &Ticket) -> Option<usize> {
        self.attempts
            .iter()
            .position(|attempt| attempt.number == ticket.number && attempt.holder == ticket.holder)
    }

    /// Puts an attempt back under its own number.
    fn admit(&mut self, ticket: &Ticket, fate: Fate<T>) {
        let at = self.attempts.partition_point(|attempt| attempt.number < ticket.number);
        // INVARIANT: `at` is at most the length, which is where `partition_point` ends.
        self.attempts.insert(
            at,
            Attempt {
                number: ticket.number,
                holder: ticket.holder,
                claimed: ticket.claimed,
                send_by: ticket.send_by,
                fate,
            },
        );
        self.forget_least();
    }

    /// Past the limit, forgets the entry that tells least.
    fn forget_least(&mut self) {
        if self.attempts.len() <= MOST_ATTEMPTS {
            return;
        }
        let highest_answer = self.highest_answer();
        let last = self.attempts.len().saturating_sub(1);
        let worth = |at: usize, attempt: &Attempt<T>| match attempt.fate {
            _ if at == last || Some(at) == highest_answer => 5,
            Fate::Answered(_) => 0,
            Fate::NotSpent => 1,
            // Closed ones before rejected ones: confirmations are counted, and a ledger that is full of what an outage
            // left would otherwise forget each rejection before the next, for ever.
            Fate::Closed => 2,
            Fate::Rejected { .. } => 3,
            Fate::Open => 4,
        };
        let least = self
            .attempts
            .iter()
            .enumerate()
            .min_by_key(|(at, attempt)| worth(*at, attempt))
            .map(|(at, _)| at);
        if let Some(at) = least {
            self.attempts.remove(at);
        }
    }
}
