//! The one table: everything that a worker ever does to a connection.
//!
//! # Theory of operation
//!
//! A **worker** is one piece of work in one process. Any number of them, on any machines, may work on one connection;
//! they meet only in the store, which can compare and swap. A worker goes round one loop: *load* the ledger, *decide*,
//! and do the one thing decided on: *save* a changed ledger, *send* the request of an attempt that is saved, *wait*, or be
//! *done*. After each wait it loads again, so that every decision is made on a ledger that was read a moment ago, with
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
//! | [`Step::Save`] | `Saved`, `Conflict`, `StoreFailed` | send, where a claim was saved; else decide |
//! | [`Step::Send`] | `Learnt` of its ticket, `Silent` | write the report; load |
//! | [`Step::Wait`] | `Woke` | load |
//! | [`Step::Done`] | nothing | |
//!
//! # The decision
//!
//! In this order, the first that applies:
//!
//! 1. The hand is not empty: save the ledger with its reports ([`Ledger`] commits an answer as soon as no higher attempt
//!    can be answered).
//! 2. The host disconnects: save the ledger closed.
//! 3. The consent is gone, closed, or was never there: done.
//! 4. No refresh is wanted and no attempt is unresolved: done.
//! 5. No attempt is unresolved: claim the first one, when the server's wish for patience is over.
//! 6. The highest attempt is rejected, and that is believed: close.
//! 7. Too early for the next attempt: wait.
//! 8. The window has room for an attempt, or a doubtful rejection is to be confirmed: claim one.
//! 9. Otherwise: close.
//!
//! *Close* waits for silent holders, paces repeated last chances, takes a breath, and then commits the highest answer
//! that waits, or gives the consent up where the highest attempt was rejected, or claims a last chance.

use alloc::boxed::Box;

use crate::base::time::{MAX_MS, Now};
use crate::connection::ledger::{Attempt, Fate, Learnt, Ledger, Opening, Repeated, Report, Status, Ticket};
use crate::connection::policy::{Policy, doubled};
use crate::connection::rules::Rule;
use crate::connection::tokens::TokenSet;

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
                Some((ticket, send_by)) => worker.send(policy, ticket, send_by, now),
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

        (Step::Send { .. }, What::Learnt(report)) => {
            worker.hand.push(report);
            worker.write_hand(policy, now)
        }
        (Step::Send { ticket, .. }, What::Silent) => {
            if !policy.rules.has(Rule::TimeoutStaysOpen) {
                worker.hand.push(Report::new(ticket, Learnt::Closed { sign: None }));
            }
            worker.load(now)
        }

        (Step::Wait { .. }, What::Woke) => worker.load(now),
        (Step::Wait { .. }, What::Learnt(report)) => {
            worker.hand.push(report);
            worker.write_hand(policy, now)
        }

        // The store is busy with an earlier wish; the report goes into the next round.
        (step @ (Step::Load { .. } | Step::Save { .. }), What::Learnt(report)) => {
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

    fn wait(mut self, policy: &Policy, delay: i64, now: Now) -> (Self, Progress) {
        if delay > policy.longest_wait {
            return self.done(End::RetryAfter { delay });
        }
        self.step = Step::Wait { since: now, delay };
        (self, Progress::NewStep)
    }

    fn done(mut self, end: End) -> (Self, Progress) {
        self.breath = None;
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
            None => {
                // What makes no difference to an older ledger makes none to a later one.
                if self.seen.is_some() {
                    self.hand.clear();
                }
                self.load(now)
            }
        }
    }

    /// The decision, over a ledger that was read or written a moment ago.
    fn decide(mut self, policy: &Policy, now: Now) -> (Self, Progress) {
        if !self.hand.is_empty() {
            if let Some(ledger) = self.with_hand(policy, now) {
                return self.save(ledger, None, now);
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
            Decision::Save(ledger) => self.save(ledger, None, now),
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
enum Decision<T> {
    Done(End),
    Wait(i64),
    Breathe,
    Save(Ledger<T>),
    Claim { last_chance: bool },
}

fn decide<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, now: Now) -> Decision<T> {
    let ledger = &seen.ledger;
    if worker.goal == Goal::Disconnect && !matches!(ledger.status, Status::Closed { .. }) {
        return Decision::Save(ledger.close(seen.store_now));
    }
    match ledger.status {
        Status::Unconnected => return Decision::Done(End::Unconnected),
        Status::Closed { .. } => return Decision::Done(End::Closed),
        Status::NeedsReauthorization { .. } => return Decision::Done(End::NeedsReauthorization),
        Status::Live => {}
    }
    let Some(highest) = ledger.attempts.last() else {
        return match wanted(policy, worker.goal, ledger, seen.store_now) {
            Wanted::No if worker.goal == Goal::Settle => Decision::Done(End::Settled),
            Wanted::No => Decision::Done(End::Token),
            Wanted::NotYet(delay) => Decision::Done(End::FreshTokenRejected { delay }),
            // Answers without a usable access token: one work does not rotate on and on.
            Wanted::Now
                if worker
                    .began
                    .is_some_and(|began| ledger.generation() > began.saturating_add(1)) =>
            {
                let delay = policy.fresh_access;
                Decision::Done(End::RetryAfter { delay })
            }
            Wanted::Now => {
                wait_until(ledger.not_before, seen.store_now).unwrap_or(Decision::Claim { last_chance: false })
            }
        };
    };
    if worker.goal == Goal::Settle {
        return Decision::Done(End::Settled);
    }
    let opening = ledger.window.unwrap_or(Opening {
        at: highest.claimed,
        last_chances: 0,
    });
    let confirms = if is_rejected(ledger) {
        match confirmation(policy, ledger, highest) {
            Some(delay) => Some(highest.send_by.saturating_add(delay)),
            None => return close(policy, worker, seen, opening, now),
        }
    } else {
        None
    };
    let last = policy.last_claim(opening.at);
    let ready = match &highest.fate {
        Fate::Open => highest.send_by.saturating_add(policy.silence),
        Fate::Closed | Fate::Answered(_) => backed_off(policy, ledger, highest, opening),
        Fate::Rejected { .. } => confirms.unwrap_or(0),
        Fate::NotSpent => 0,
    };
    let patience = if policy.rules.has(Rule::CapRetryAfter) && seen.store_now <= last {
        ledger.not_before.min(before_last(policy, last))
    } else {
        ledger.not_before
    };
    if let Some(wait) = wait_until(ready.max(patience), seen.store_now) {
        return wait;
    }
    if confirms.is_some() || seen.store_now <= last || !policy.rules.has(Rule::WindowLimit) {
        return Decision::Claim { last_chance: false };
    }
    close(policy, worker, seen, opening, now)
}

/// The next attempt after one that ended without a result: when the request is certainly dead, and not faster than with
/// doubling waits, but never so late that the window is wasted.
fn backed_off<T>(policy: &Policy, ledger: &Ledger<T>, highest: &Attempt<T>, opening: Opening) -> i64 {
    let dead = if policy.rules.has(Rule::DeadSpacing) {
        // Past it, not at it: at the last moment the request may still be taken.
        highest.send_by.saturating_add(policy.transit).saturating_add(1)
    } else {
        highest.claimed
    };
    let tried = ledger
        .attempts
        .iter()
        .filter(|attempt| attempt.claimed >= opening.at)
        .count();
    let tried = i64::try_from(tried).unwrap_or(MAX_MS).saturating_sub(1);
    let wait = doubled(
        policy.send_within.saturating_add(policy.transit),
        tried,
        policy.longest_pace,
    );
    let latest = before_last(policy, policy.last_claim(opening.at));
    highest.claimed.saturating_add(wait).min(latest).max(dead)
}

/// A moment before the last one of a window, so that a worker that wakes a little late does not miss it.
fn before_last(policy: &Policy, last: i64) -> i64 {
    last.saturating_sub(policy.send_within)
}

/// Whether the highest attempt was rejected. A lower one's rejection proves nothing: the attempts after it may have been
/// answered.
fn is_rejected<T>(ledger: &Ledger<T>) -> bool {
    let highest = ledger.attempts.last();
    highest.is_some_and(|highest| matches!(highest.fate, Fate::Rejected { .. }))
}

/// How long to wait before the next confirmation of a rejection; `None` when it is believed.
fn confirmation<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, highest: &Attempt<T>) -> Option<i64> {
    if !policy.rules.has(Rule::Confirm) {
        return None;
    }
    let doubtful = |attempt: &Attempt<T>| attempt.fate == Fate::Rejected { doubtful: true };
    let first = ledger.first_rejected().unwrap_or(highest);
    let is_young = ledger
        .tokens
        .as_ref()
        .is_some_and(|held| first.claimed.saturating_sub(held.born_at) < policy.fresh);
    if !is_young && !ledger.attempts.iter().any(doubtful) {
        return None;
    }
    let rejected = |attempt: &&Attempt<T>| matches!(attempt.fate, Fate::Rejected { .. });
    let times = ledger.attempts.iter().filter(rejected).count();
    policy.confirmations.get(times.saturating_sub(1)).copied()
}

/// No further attempt is allowed in this window, or the highest was rejected and that is believed.
fn close<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, opening: Opening, now: Now) -> Decision<T> {
    let ledger = &seen.ledger;
    let store_now = seen.store_now;
    let is_rejected = is_rejected(ledger);
    if policy.rules.has(Rule::Patience)
        && let Some(wait) = wait_until(end_of_patience(policy, ledger, opening), store_now)
    {
        return wait;
    }
    if !is_rejected && opening.last_chances > 0 && !ledger.has_answer() {
        let pace = doubled(policy.pace, opening.last_chances.saturating_sub(1), policy.longest_pace);
        if let Some(wait) = wait_until(policy.window_end(opening.at).saturating_add(pace), store_now) {
            return wait;
        }
    }
    // It keeps a process that wakes up from spending again what its own socket already answers.
    let limit = policy.transit.saturating_mul(2);
    let breathed = worker
        .breath
        .is_some_and(|breath| breath.version == seen.version && now.longest_since(breath.since) <= limit);
    if policy.rules.has(Rule::Breath) && !breathed {
        return Decision::Breathe;
    }
    let promoted = ledger
        .promote(store_now)
        .filter(|_| policy.rules.has(Rule::PromoteAtClose));
    match promoted {
        Some(ledger) => Decision::Save(ledger),
        None if is_rejected => Decision::Save(ledger.give_up(store_now)),
        None => Decision::Claim { last_chance: true },
    }
}

/// How long a silent holder may still bring the answer, counted from the end of the window: at least as long as
/// [`Policy::patience`], and while the access token lives, because nobody needs another one before.
fn end_of_patience<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, opening: Opening) -> i64 {
    let open = ledger.attempts.iter().filter(|attempt| attempt.fate == Fate::Open);
    let Some(silent) = open.map(|attempt| attempt.send_by.saturating_add(policy.silence)).max() else {
        return 0;
    };
    let lives_until = ledger.tokens.as_ref().map_or(0, |held| held.access_not_after);
    let end = if policy.window >= Policy::UNLIMITED {
        silent
    } else {
        policy.window_end(opening.at).max(silent)
    };
    end.saturating_add(policy.patience).max(lives_until)
}

/// Whether a refresh is wanted where no attempt is unresolved.
enum Wanted {
    No,
    Now,
    /// A resource rejects a token that is too young to be replaced.
    NotYet(i64),
}

fn wanted<T: TokenSet>(policy: &Policy, goal: Goal, ledger: &Ledger<T>, store_now: i64) -> Wanted {
    let Some(held) = &ledger.tokens else { return Wanted::No };
    let when = |wanted: bool| if wanted { Wanted::Now } else { Wanted::No };
    match goal {
        Goal::Disconnect | Goal::Settle | Goal::Finish { .. } | Goal::Adopt { .. } => Wanted::No,
        Goal::Obtain { min_life } => {
            let life = held.tokens.access_life().unwrap_or(0);
            let ahead = policy.ahead.min(life / 5);
            // More than a token's whole life is satisfied by a fresh one.
            let needed = min_life.max(ahead).min(life.saturating_sub(ahead)).max(1);
            when(held.access_not_after.saturating_sub(store_now) < needed)
        }
        Goal::Verify { generation } => when(held.generation <= generation),
        Goal::KeepAlive => when(held.idle_deadline.is_some_and(|deadline| {
            let half = deadline.saturating_sub(held.born_at) / 2;
            store_now >= held.born_at.saturating_add(half)
        })),
        Goal::Unauthorized { generation } => {
            if held.generation > generation {
                return Wanted::No;
            }
            let Repeated { times, at } = ledger.unauthorized;
            let spacing = doubled(
                policy.unauthorized_spacing,
                times.saturating_sub(1),
                policy.longest_pace,
            );
            let spaced = if times > 0 { at.saturating_add(spacing) } else { 0 };
            let aged = held.born_at.saturating_add(policy.fresh_access);
            match spaced.max(aged).saturating_sub(store_now) {
                delay if delay > 0 && times > 0 => Wanted::NotYet(delay),
                _ => Wanted::Now,
            }
        }
    }
}

/// A refresh that a 401 caused: one more, unless the last was long ago.
fn once_more(before: Repeated, now: i64, longest: i64) -> Repeated {
    let recent = now.saturating_sub(before.at) < longest;
    Repeated {
        times: if recent { before.times.saturating_add(1) } else { 1 },
        at: now,
    }
}

fn wait_until<T>(moment: i64, store_now: i64) -> Option<Decision<T>> {
    let delay = moment.saturating_sub(store_now);
    (delay > 0).then_some(Decision::Wait(delay))
}
