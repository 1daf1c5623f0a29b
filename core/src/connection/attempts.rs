//! What is done to the attempts of a ledger: claimed, settled, committed, given up.

use crate::base::error::ReauthorizationReason;
use crate::base::time::MAX_MS;
use crate::connection::ledger::{
    Attempt, Fate, Held, Learnt, Ledger, MOST_ATTEMPTS, Opening, Repeated, Report, Status, Streak, Ticket,
};
use crate::connection::policy::{Policy, doubled};
use crate::connection::rules::Rule;
use crate::connection::tokens::TokenSet;

impl<T: TokenSet> Ledger<T> {
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
        if ticket.is_login() {
            return self.settle_login(policy, report, now);
        }
        if ticket.order != self.order {
            return;
        }
        if ticket.generation != self.generation() {
            return self.overtake(policy, report, now);
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
        let is_late = now > ticket.send_by.saturating_add(policy.silence);
        match report.outcome {
            Learnt::Answered(tokens) => {
                if !is_late || policy.rules.has(Rule::LateAnswers) {
                    entry.fate = Fate::Answered(tokens);
                }
            }
            _ if entry.fate != Fate::Open => {}
            outcome => self.settle_open(policy, at, outcome, now),
        }
        self.commit_answer(policy, now);
    }

    /// At the end of a window the best answer known is committed, although a higher attempt may have been answered. Where
    /// that answer comes after all, it is the later one, and a server may have killed the other for it.
    fn overtake(&mut self, policy: &Policy, report: Report<T>, now: i64) {
        let ticket = report.ticket;
        let follows = ticket.generation.saturating_add(1) == self.generation();
        let asked_at = self.tokens.as_ref().and_then(Held::asked_at);
        let is_later = asked_at.is_some_and(|asked_at| asked_at < ticket.claimed);
        let counts = matches!(self.status, Status::Live | Status::NeedsReauthorization { .. });
        if let Learnt::Answered(mut tokens) = report.outcome
            && let Some(held) = &self.tokens
            && (follows && is_later && counts && policy.rules.has(Rule::Overtake))
        {
            tokens.inherit(&held.tokens);
            self.renew(self.order, tokens, ticket.claimed, now);
        }
    }

    /// Writes down what ended the open attempt at this place without tokens.
    fn settle_open(&mut self, policy: &Policy, at: usize, outcome: Learnt<T>, now: i64) {
        let fate = match outcome {
            Learnt::Closed { sign: None } => Fate::Closed,
            Learnt::Closed { sign: Some(sign) } => {
                self.client_refused = None;
                let refusal = once_more(self.refusal, sign, now);
                self.refusal = Some(refusal);
                // The same words again and again are a verdict, also where no rule knows them.
                let over = now.saturating_sub(refusal.since);
                if refusal.times >= policy.refusals && over >= policy.refusals_over {
                    Fate::Rejected { doubtful: false }
                } else {
                    Fate::Closed
                }
            }
            Learnt::Rejected { doubtful } => {
                self.client_refused = None;
                Fate::Rejected { doubtful }
            }
            Learnt::NotSpent { unsent: true, .. } => Fate::NotSpent,
            Learnt::NotSpent {
                retry_after,
                client_refused,
                ..
            } => {
                self.client_refused = client_refused.then(|| once_more(self.client_refused, 0, now));
                self.hold_back(policy, retry_after, now);
                Fate::NotSpent
            }
            Learnt::Answered(_) => return,
        };
        if let Some(entry) = self.attempts.get_mut(at) {
            entry.fate = fate;
        }
    }

    /// A failure that spent nothing: no further attempt for as long as the provider asks, or for a doubling wait.
    pub(crate) fn hold_back(&mut self, policy: &Policy, retry_after: Option<i64>, now: i64) {
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

    /// Commits the highest answer although a higher attempt is unknown: at the end of the window there is nothing better.
    pub(crate) fn promote(&self, now: i64) -> Option<Self> {
        let at = self.highest_answer()?;
        let mut next = self.clone();
        next.commit(at, now);
        Some(next)
    }

    /// Gives the consent up. The attempts stay, for late answers.
    pub(crate) fn give_up(&self, now: i64) -> Self {
        let reason = if self.attempts.iter().any(|attempt| attempt.fate.is_unknown()) {
            ReauthorizationReason::LostRotation
        } else if self.was_idle_too_long() {
            ReauthorizationReason::IdleExpired
        } else {
            ReauthorizationReason::RevokedOrRoleLost
        };
        self.give_up_for(reason, now)
    }

    /// Gives the consent up for a reason that the attempts do not tell.
    pub(crate) fn give_up_for(&self, reason: ReauthorizationReason, now: i64) -> Self {
        let mut next = self.clone();
        next.status = Status::NeedsReauthorization { reason, since: now };
        next
    }

    /// Closes the connection for good: no answer to anything sent before reopens it, because the next order is taken.
    ///
    /// The tokens stay until they are revoked and wiped: the best ones known. Requests that may still arrive stay too,
    /// because the next login waits for them.
    pub(crate) fn close(&self, now: i64) -> Self {
        let mut next = self.promote(now).unwrap_or_else(|| self.clone());
        let unknown = self.attempts.iter().filter(|attempt| attempt.fate.is_unknown());
        next.attempts = unknown.cloned().collect();
        next.order = next.next_order;
        next.next_order = next.next_order.saturating_add(1);
        next.window = None;
        next.status = Status::Closed { since: now };
        next
    }

    /// Whether anything secret is in it.
    pub(crate) fn has_secrets(&self) -> bool {
        let held = self.tokens.as_ref().is_some_and(|held| held.tokens.has_secrets());
        held || self.has_answer()
    }

    /// Drops everything secret. The generation and the accounts stay.
    pub(crate) fn wipe(&self) -> Self {
        let mut next = self.clone();
        if let Some(held) = &mut next.tokens {
            held.tokens.wipe();
        }
        next.attempts
            .retain(|attempt| !matches!(attempt.fate, Fate::Answered(_)));
        next
    }

    /// Until when a request of an earlier attempt may still arrive.
    pub(crate) fn attempts_live_until(&self, policy: &Policy) -> Option<i64> {
        let unknown = self.attempts.iter().filter(|attempt| attempt.fate.is_unknown());
        unknown
            .map(|attempt| attempt.send_by.saturating_add(policy.transit))
            .max()
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

/// One more of the same, or the first of another.
fn once_more(before: Option<Streak>, sign: u64, now: i64) -> Streak {
    match before.filter(|before| before.sign == sign) {
        Some(before) => Streak {
            times: before.times.saturating_add(1),
            last: now,
            ..before
        },
        None => Streak {
            sign,
            times: 1,
            since: now,
            last: now,
        },
    }
}
