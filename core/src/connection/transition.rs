//! The one table: everything that a worker ever does to a connection.
//!
//! # Theory of operation
//!
//! A **worker** is one piece of work in one process. Any number of them, on any machines, may work on one connection;
//! they meet only in the store, which can compare and swap. A worker goes round one loop: *load* the ledger, *decide*,
//! and do the one thing decided on: *save* a changed ledger, *send* the request of an attempt that is saved, *exchange*
//! the code of a login that is saved, *revoke* tokens that nobody wants, *wait*, or be *done*. After each wait it loads again, so that every decision is made on a ledger that was read a moment ago, with
//! the store's clock from that reading; no decision compares two clocks.
//!
//! What a worker learns about a request goes into its **hand** (a list of reports). The first thing that it does in every
//! round is to write its hand into the ledger. A report leaves the hand only when the ledger shows it, so a conflict, a
//! store that fails, and a save of which nobody knows whether it happened are all treated alike: read, write again.
//!
//! A request leaves only when the attempt was saved by this worker, no report came in between, and the moment `send_by`
//! is not past on either of the host's clocks.
//!
//! Answers are taken in every step, also after the end: [`What::Learnt`] never needs to answer the current step. A `Send`
//! that a late answer replaces before the host has begun it is answered by the host all the same: not spent, because it
//! never left.
//!
//! | step | awaits | and then |
//! | --- | --- | --- |
//! | [`Step::Load`] | `Loaded`, `StoreFailed` | decide |
//! | [`Step::Save`] | `Saved`, `Conflict`, `StoreFailed` | send, where the claim of an attempt was saved; else decide |
//! | [`Step::Send`], [`Step::Exchange`] | `Learnt` of its ticket, `Silent` | write the report; load |
//! | [`Step::Revoke`] | `Revoked` | save the ledger wiped, where it holds those tokens; else load |
//! | [`Step::Wait`] | `Woke` | load |
//! | [`Step::Done`] | nothing | |
//!
//! # The decision
//!
//! In this order, the first that applies:
//!
//! 1. The hand is not empty: save the ledger with its reports ([`Ledger`] commits an answer as soon as no higher attempt
//!    can be answered; that of a login at once). Tokens that came after the connection was closed are revoked.
//! 2. Nothing but to write the hand was asked for: done.
//! 3. A login of which nobody has heard for long: save it lost.
//! 4. The goal is to finish a login, to adopt, or to disconnect: see below.
//! 5. The consent is gone, closed, or was never there: done, after wiping what is too old or was left over.
//! 6. No refresh is wanted and no attempt is unresolved: done.
//! 7. The outcome of a login is not known: wait for it.
//! 8. No attempt is unresolved: claim the first one, when the server's wish for patience is over.
//! 9. The highest attempt is rejected, and that is believed: close.
//! 10. Too early for the next attempt: wait.
//! 11. The window has room for an attempt, or a doubtful rejection is to be confirmed: claim one.
//! 12. Otherwise: close.
//!
//! *Close* waits for silent holders, paces repeated last chances, takes a breath, and then commits the highest answer
//! that waits, or gives the consent up where the highest attempt was rejected, or claims a last chance.
//!
//! *Finish a login*: done, where its outcome is known. Else, where it is not yet written down: wait for the logins before
//! it and for a refresh that is in doubt, then claim it. Once it is claimed: exchange its code when no request of an
//! earlier attempt can arrive any more. Where another work exchanges it: wait for that. Where the exchange ended without
//! a result: claim it once more, or save it lost.
//!
//! *Adopt*: wait for logins and attempts as a login does, then save the ledger with the tokens in use.
//!
//! *Disconnect*: save the ledger closed, revoke, save it wiped.

use alloc::boxed::Box;

use crate::base::time::Now;
use crate::connection::decision::Decision;
use crate::connection::ledger::{Learnt, Ledger, Report, Status, Ticket};
use crate::connection::policy::Policy;
use crate::connection::rules::Rule;
use crate::connection::tokens::TokenSet;
use crate::connection::wanted::once_more;
use crate::connection::{ending, login, refresh};

pub use crate::connection::worker::{Breath, End, Event, Goal, Progress, Seen, Step, What, Worker, begin};

/// The table: what a worker does when something happens to it.
pub fn next<T: TokenSet>(policy: &Policy, mut worker: Worker<T>, event: Event<T>) -> (Worker<T>, Progress) {
    let now = event.now;
    let step = core::mem::replace(&mut worker.step, Step::Load { asked: now });
    match (step, event.what) {
        (
            Step::Load { asked },
            What::Loaded {
                ledger,
                version,
                store_now,
            },
        )
        | (
            Step::Save { asked, .. },
            What::Conflict {
                ledger,
                version,
                store_now,
            },
        ) => worker.has_seen(ledger, version, store_now, asked).decide(policy, now),

        // Nothing was read. An answer in the hand is held until the store can take it.
        (Step::Load { .. }, What::StoreFailed { .. }) => worker.without_store(policy, now),

        (
            Step::Save {
                asked,
                expect,
                ledger,
                claim,
            },
            What::Saved { store_now },
        ) => {
            let worker = worker.has_seen(*ledger, expect.saturating_add(1), store_now, asked);
            match claim {
                Some((ticket, send_by)) if !ticket.is_login() => worker.send(policy, ticket, send_by, now),
                Some(pledge) => worker.promise(pledge).decide(policy, now),
                None => worker.decide(policy, now),
            }
        }

        // It may be saved or not. What is in the hand is recognised when it is met again; a claim of which nobody knows
        // is never sent.
        (Step::Save { claim, .. }, What::StoreFailed { unknown: true }) => {
            if let Some((ticket, _)) = claim {
                worker.hand.push(unsent(ticket));
            }
            worker.load(now)
        }
        (Step::Save { .. }, What::StoreFailed { unknown: false }) => worker.without_store(policy, now),

        (Step::Send { .. } | Step::Exchange { .. } | Step::Wait { .. }, What::Learnt(report)) => {
            worker.hand.push(report);
            worker.write_hand(policy, now)
        }
        (Step::Send { ticket, .. } | Step::Exchange { ticket, .. }, What::Silent) => {
            if !policy.rules.has(Rule::TimeoutStaysOpen) {
                worker.hand.push(Report::new(ticket, Learnt::Closed { sign: None }));
            }
            worker.load(now)
        }

        (Step::Wait { .. }, What::Woke) => worker.load(now),

        (Step::Revoke { tokens }, What::Revoked) => worker.forget(&tokens, now),

        // The host is busy with an earlier wish; the report goes into the next round.
        (step @ (Step::Load { .. } | Step::Save { .. } | Step::Revoke { .. }), What::Learnt(report)) => {
            worker.hand.push(report);
            worker.step = step;
            (worker, Progress::SameStep)
        }

        // After the end nothing is wanted any more, but an answer may be the only live one.
        (Step::Done(end), What::Learnt(report)) => {
            worker.goal = Goal::Settle;
            worker.hand.push(report);
            let (worker, progress) = worker.write_hand(policy, now);
            match worker.step {
                Step::Load { .. } => worker.done(end),
                _ => (worker, progress),
            }
        }

        (step, _) => {
            worker.step = step;
            (worker, Progress::Misplaced)
        }
    }
}

/// A request that never left.
fn unsent<T>(ticket: Ticket) -> Report<T> {
    let outcome = Learnt::NotSpent {
        retry_after: None,
        unsent: true,
        client_refused: false,
    };
    Report::new(ticket, outcome)
}

impl<T: TokenSet> Worker<T> {
    fn has_seen(mut self, ledger: Ledger<T>, version: i64, store_now: i64, asked: Now) -> Self {
        self.began = self.began.or(Some(ledger.generation()));
        self.closed |= self.goal == Goal::Disconnect && matches!(ledger.status, Status::Closed { .. });
        self.seen = Some(Seen {
            ledger,
            version,
            store_now,
            asked,
        });
        self
    }

    fn load(mut self, now: Now) -> (Self, Progress) {
        self.step = Step::Load { asked: now };
        (self, Progress::NewStep)
    }

    /// The claim of a login is saved; its request leaves once those of earlier attempts have arrived or died.
    fn promise(mut self, pledge: (Ticket, Now)) -> Self {
        self.pledge = Some(pledge);
        self
    }

    /// Tokens are revoked: where the ledger holds them, it holds them no longer.
    fn forget(self, tokens: &T, now: Now) -> (Self, Progress) {
        let is_closed = |ledger: &&Ledger<T>| matches!(ledger.status, Status::Closed { .. });
        let ledger = self.seen.as_ref().map(|seen| &seen.ledger).filter(is_closed);
        let held = |ledger: &&Ledger<T>| ledger.tokens.as_ref().is_some_and(|held| held.tokens == *tokens);
        match ledger.filter(held).map(Ledger::wipe) {
            Some(ledger) => self.save(ledger, None, now),
            None => self.load(now),
        }
    }

    fn wait(mut self, policy: &Policy, delay: i64, now: Now) -> (Self, Progress) {
        if delay > policy.longest_wait {
            return self.done(End::RetryAfter { delay });
        }
        self.step = Step::Wait { since: now, delay };
        (self, Progress::NewStep)
    }

    fn done(mut self, end: End) -> (Self, Progress) {
        self.breath = None;
        self.pledge = None;
        self.step = Step::Done(end);
        (self, Progress::NewStep)
    }

    fn save(mut self, ledger: Ledger<T>, claim: Option<(Ticket, Now)>, now: Now) -> (Self, Progress) {
        let expect = self.seen.as_ref().map_or(0, |seen| seen.version);
        self.breath = None;
        self.step = Step::Save {
            asked: now,
            expect,
            ledger: Box::new(ledger),
            claim,
        };
        (self, Progress::NewStep)
    }

    /// The store does not answer.
    fn without_store(mut self, policy: &Policy, now: Now) -> (Self, Progress) {
        let holds_answer = |report: &Report<T>| matches!(report.outcome, Learnt::Answered(_));
        if self.hand.iter().any(holds_answer) {
            if !policy.rules.has(Rule::ServeSaved) {
                return self.done(End::Token);
            }
            self.step = Step::Wait {
                since: now,
                delay: policy.store_wait,
            };
            return (self, Progress::NewStep);
        }
        // The rest of the hand only saves time: an attempt that nobody reports is open.
        self.hand.clear();
        self.done(End::StoreUnavailable)
    }

    /// A claim is saved: its request leaves, unless something was learnt meanwhile or it is too late.
    fn send(mut self, policy: &Policy, ticket: Ticket, send_by: Now, now: Now) -> (Self, Progress) {
        let tokens = self.seen.as_ref().and_then(|seen| seen.ledger.tokens.as_ref());
        match tokens {
            Some(held) if self.hand.is_empty() && !now.is_past(send_by) => {
                self.step = Step::Send {
                    ticket,
                    tokens: held.tokens.clone(),
                    send_by,
                    silent_at: send_by.later(policy.silence),
                };
                (self, Progress::NewStep)
            }
            _ => {
                self.hand.push(unsent(ticket));
                self.decide(policy, now)
            }
        }
    }

    /// The ledger last seen with the hand written into it, where that makes a difference.
    fn with_hand(&self, policy: &Policy, now: Now) -> Option<Ledger<T>> {
        let seen = self.seen.as_ref()?;
        let at = seen.latest(now);
        let mut ledger = seen.ledger.clone();
        for report in &self.hand {
            ledger.settle(policy, report.clone(), at);
        }
        (ledger != seen.ledger).then_some(ledger)
    }

    /// Writes the hand at once, over what was seen last; the store says if that was too old.
    fn write_hand(mut self, policy: &Policy, now: Now) -> (Self, Progress) {
        match self.with_hand(policy, now) {
            Some(ledger) => self.save(ledger, None, now),
            None => match self.unwanted(policy) {
                Some(tokens) => self.revoke(tokens),
                None => {
                    // What makes no difference to an older ledger makes none to a later one.
                    if self.seen.is_some() {
                        self.hand.clear();
                    }
                    self.load(now)
                }
            },
        }
    }

    /// Takes tokens out of the hand that nobody wants: they came after the connection was closed.
    fn unwanted(&mut self, policy: &Policy) -> Option<T> {
        let seen = self.seen.as_ref()?;
        if !policy.revokes || !matches!(seen.ledger.status, Status::Closed { .. }) {
            return None;
        }
        let has_tokens = |report: &Report<T>| matches!(report.outcome, Learnt::Answered(_));
        let at = self.hand.iter().position(has_tokens)?;
        match self.hand.remove(at).outcome {
            Learnt::Answered(tokens) => Some(tokens),
            _ => None,
        }
    }

    fn revoke(mut self, tokens: T) -> (Self, Progress) {
        self.step = Step::Revoke { tokens };
        (self, Progress::NewStep)
    }

    /// The decision, over a ledger that was read or written a moment ago.
    fn decide(mut self, policy: &Policy, now: Now) -> (Self, Progress) {
        if !self.hand.is_empty() {
            if let Some(ledger) = self.with_hand(policy, now) {
                return self.save(ledger, None, now);
            }
            if let Some(tokens) = self.unwanted(policy) {
                return self.revoke(tokens);
            }
            self.hand.clear();
        }
        let Some(seen) = &self.seen else {
            return self.load(now);
        };
        let decision = decide(policy, &self, seen, now);
        match decision {
            Decision::Done(end) => self.done(end),
            Decision::Wait(delay) => self.wait(policy, delay, now),
            Decision::Save(ledger) => self.save(*ledger, None, now),
            Decision::Withdraw(ticket) => {
                self.pledge = None;
                self.hand.push(unsent(ticket));
                self.decide(policy, now)
            }
            Decision::Exchange { ticket, send_by } => {
                self.pledge = None;
                self.step = Step::Exchange {
                    ticket,
                    send_by,
                    silent_at: send_by.later(policy.silence),
                };
                (self, Progress::NewStep)
            }
            Decision::Revoke(tokens) => self.revoke(tokens),
            Decision::ClaimLogin { digest } => {
                let (ledger, ticket) = seen.ledger.claim_login(policy, digest, self.holder, seen.store_now);
                let send_by = seen.asked.later(ticket.send_by.saturating_sub(seen.store_now));
                self.save(ledger, Some((ticket, send_by)), now)
            }
            Decision::Breathe => {
                let version = seen.version;
                let (mut worker, progress) = self.wait(policy, policy.transit, now);
                worker.breath = Some(Breath { since: now, version });
                (worker, progress)
            }
            Decision::Claim { last_chance } => {
                let send_by = seen.asked.later(policy.send_within);
                let (mut ledger, ticket) = seen.ledger.claim(policy, self.holder, seen.store_now, last_chance);
                if matches!(self.goal, Goal::Unauthorized { .. }) && seen.ledger.attempts.is_empty() {
                    ledger.unauthorized = once_more(ledger.unauthorized, seen.store_now, policy.longest_pace);
                }
                self.save(ledger, Some((ticket, send_by)), now)
            }
        }
    }
}

/// What to do about a ledger that was read a moment ago.
fn decide<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, now: Now) -> Decision<T> {
    if worker.goal != Goal::Settle
        && let Some(ledger) = login::without_abandoned(policy, &seen.ledger, seen.store_now)
    {
        return Decision::save(ledger);
    }
    match worker.goal {
        Goal::Settle => Decision::Done(match seen.ledger.status {
            Status::Unconnected => End::Unconnected,
            Status::Closed { .. } => End::Closed,
            Status::NeedsReauthorization { .. } => End::NeedsReauthorization,
            Status::Live => End::Settled,
        }),
        Goal::Disconnect => ending::disconnect(policy, worker, seen),
        Goal::Finish { digest } => login::finish(policy, worker, seen, digest, now),
        Goal::Adopt { digest } => login::adopt(policy, worker, seen, digest),
        Goal::Obtain { .. } | Goal::Unauthorized { .. } | Goal::Verify { .. } | Goal::KeepAlive => {
            refresh::decide(policy, worker, seen, now)
        }
    }
}
