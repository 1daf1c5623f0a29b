//! What the exhaustive model does not show: single operations of the ledger, and the goals other than a token.

use alloc::vec::Vec;

use crate::base::error::ReauthorizationReason;
use crate::base::time::Now;
use crate::connection::ledger::{Fate, Learnt, Ledger, MOST_ATTEMPTS, Report, Status, Ticket};
use crate::connection::policy::Policy;
use crate::connection::tokens::TokenSet;
use crate::connection::transition::{End, Event, Goal, Progress, Step, What, Worker, begin, next};

mod endings;
mod logins;

const MINUTE: i64 = 60_000;
const BORN: i64 = 10 * MINUTE;

/// A refresh token as a number: the account's in hundreds, none below; nothing besides: the answer had none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbered(u32);

impl TokenSet for Numbered {
    fn renews(&self, previous: Option<&Self>) -> bool {
        self.0 != 0 && previous != Some(self)
    }

    fn inherit(&mut self, previous: &Self) {
        if self.0 == 0 {
            self.0 = previous.0;
        }
    }

    fn access_life(&self) -> Option<i64> {
        Some(5 * MINUTE)
    }

    fn idle_life(&self) -> Option<i64> {
        Some(60 * MINUTE)
    }

    fn hard_life(&self) -> Option<i64> {
        None
    }

    fn is_of_another_account(&self, other: &Self) -> bool {
        let (own, theirs) = (self.0 / 100, other.0 / 100);
        own != 0 && theirs != 0 && own != theirs
    }

    fn has_secrets(&self) -> bool {
        !self.0.is_multiple_of(100)
    }

    fn wipe(&mut self) {
        self.0 -= self.0 % 100;
    }
}

fn policy() -> Policy {
    Policy::for_window(MINUTE)
}

fn connected() -> Ledger<Numbered> {
    Ledger::connected(Numbered(1), BORN)
}

fn claim(ledger: Ledger<Numbered>, now: i64) -> (Ledger<Numbered>, Ticket) {
    ledger.claim(&policy(), 7, now, false)
}

fn settle(ledger: &mut Ledger<Numbered>, ticket: Ticket, outcome: Learnt<Numbered>) {
    ledger.settle(&policy(), Report::new(ticket, outcome), ticket.claimed + 1);
}

fn rejected() -> Learnt<Numbered> {
    Learnt::Rejected { doubtful: false }
}

fn fates(ledger: &Ledger<Numbered>) -> Vec<&Fate<Numbered>> {
    ledger.attempts.iter().map(|attempt| &attempt.fate).collect()
}

#[test]
fn a_lower_answer_waits_until_the_higher_attempt_is_over() {
    let (ledger, first) = claim(connected(), 100);
    let (mut ledger, second) = claim(ledger, 200);
    settle(&mut ledger, first, Learnt::Answered(Numbered(2)));
    assert_eq!(fates(&ledger), [&Fate::Answered(Numbered(2)), &Fate::Open]);
    let mut committed = ledger.clone();
    settle(&mut committed, second, rejected());
    assert_eq!(
        (committed.generation(), committed.attempts.len(), committed.window),
        (2, 0, None)
    );
    settle(&mut ledger, second, Learnt::Answered(Numbered(3)));
    assert_eq!(ledger.tokens.as_ref().map(|held| &held.tokens), Some(&Numbered(3)));
    assert_eq!(ledger.tokens.map(|held| held.access_not_after), Some(200 + 5 * MINUTE));
}

#[test]
fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let (mut ledger, ticket) = claim(connected(), 100);
    settle(&mut ledger, ticket, Learnt::Answered(Numbered(0)));
    assert_eq!(ledger.tokens.as_ref().map(|held| &held.tokens), Some(&Numbered(1)));
    assert_eq!(ledger.generation(), 2);
    // But not while a lower attempt may have brought another one.
    let (mut ledger, lower) = claim(connected(), 100);
    settle(&mut ledger, lower, Learnt::Closed { sign: None });
    let (mut ledger, higher) = claim(ledger, 200);
    settle(&mut ledger, higher, Learnt::Answered(Numbered(0)));
    assert_eq!(fates(&ledger), [&Fate::Closed, &Fate::Answered(Numbered(0))]);
}

#[test]
fn a_report_is_recognised_and_changes_only_its_own_entry() {
    let (ledger, first) = claim(connected(), 100);
    let (mut ledger, second) = claim(ledger, 200);
    settle(&mut ledger, first, Learnt::Closed { sign: None });
    let before = ledger.clone();
    settle(&mut ledger, first, Learnt::Closed { sign: None });
    settle(&mut ledger, first, rejected());
    let mut foreign = second;
    foreign.holder = 8;
    settle(&mut ledger, foreign, Learnt::Closed { sign: None });
    let mut other = second;
    other.generation = 0;
    settle(&mut ledger, other, Learnt::Answered(Numbered(9)));
    assert_eq!(ledger, before);
    settle(
        &mut ledger,
        second,
        Learnt::NotSpent {
            retry_after: None,
            unsent: true,
            client_refused: false,
        },
    );
    assert_eq!(fates(&ledger), [&Fate::Closed, &Fate::NotSpent]);
    assert!(ledger.window.is_some(), "what is not known about the first stays");
}

#[test]
fn a_ledger_in_which_nothing_was_spent_is_emptied() {
    let (mut ledger, ticket) = claim(connected(), 100);
    let outcome = Learnt::NotSpent {
        retry_after: Some(9_000),
        unsent: false,
        client_refused: false,
    };
    settle(&mut ledger, ticket, outcome);
    assert_eq!(
        (ledger.attempts.len(), ledger.window, ledger.not_before),
        (0, None, 9_101)
    );
    assert_eq!(ledger.next_attempt, 2, "no number is used twice");
}

#[test]
fn a_late_answer_resurrects() {
    let (ledger, first) = claim(connected(), 100);
    let (mut ledger, second) = claim(ledger, 200);
    settle(&mut ledger, second, rejected());
    let mut ledger = ledger.give_up(300);
    let reason = ReauthorizationReason::LostRotation;
    assert_eq!(ledger.status, Status::NeedsReauthorization { reason, since: 300 });
    settle(&mut ledger, first, Learnt::Answered(Numbered(2)));
    assert_eq!((ledger.status, ledger.generation()), (Status::Live, 2));
}

#[test]
fn a_higher_answer_that_comes_after_the_end_of_the_window_replaces_the_lower_one() {
    let (ledger, first) = claim(connected(), 100);
    let (mut ledger, second) = claim(ledger, 200);
    settle(&mut ledger, first, Learnt::Answered(Numbered(2)));
    let mut promoted = ledger.promote(300).expect("an answer");
    assert_eq!(promoted.generation(), 2);
    settle(&mut promoted, second, Learnt::Answered(Numbered(3)));
    assert_eq!(promoted.generation(), 3);
    assert_eq!(promoted.tokens.as_ref().map(|held| &held.tokens), Some(&Numbered(3)));
    // Not the other way round, and not again.
    let before = promoted.clone();
    settle(&mut promoted, first, Learnt::Answered(Numbered(2)));
    settle(&mut promoted, second, Learnt::Answered(Numbered(3)));
    assert_eq!(promoted, before);
}

#[test]
fn an_answer_whose_entry_was_forgotten_keeps_its_number() {
    let (mut ledger, first) = claim(connected(), 100);
    for attempt in 1..=MOST_ATTEMPTS as i64 {
        let (claimed, ticket) = claim(ledger, 100 + attempt);
        ledger = claimed;
        if attempt < MOST_ATTEMPTS as i64 {
            settle(&mut ledger, ticket, Learnt::Closed { sign: None });
        }
    }
    assert_eq!(ledger.attempts.len(), MOST_ATTEMPTS);
    ledger.attempts.retain(|attempt| attempt.number != first.number);
    settle(&mut ledger, first, Learnt::Answered(Numbered(2)));
    assert_eq!(
        ledger.attempts.first().map(|attempt| attempt.number),
        Some(first.number)
    );
    assert_eq!(ledger.generation(), 1, "a higher attempt is still open");
}

#[test]
fn a_full_ledger_does_not_forget_the_rejections_that_are_counted() {
    let mut ledger = connected();
    for attempt in 0..MOST_ATTEMPTS as i64 {
        let (claimed, ticket) = claim(ledger, 100 + attempt);
        ledger = claimed;
        settle(&mut ledger, ticket, Learnt::Closed { sign: None });
    }
    for attempt in 0..3 {
        let (claimed, ticket) = claim(ledger, 200 + attempt);
        ledger = claimed;
        settle(&mut ledger, ticket, Learnt::Rejected { doubtful: true });
    }
    let count = fates(&ledger)
        .iter()
        .filter(|fate| matches!(fate, Fate::Rejected { .. }))
        .count();
    assert_eq!((ledger.attempts.len(), count), (MOST_ATTEMPTS, 3));
}

/// What a worker does with this goal when it first sees the ledger at `now`.
fn decided(goal: Goal, ledger: Ledger<Numbered>, now: i64) -> Step<Numbered> {
    see(begin(7, goal, at(now)), ledger, now).step
}

fn see(worker: Worker<Numbered>, ledger: Ledger<Numbered>, now: i64) -> Worker<Numbered> {
    let what = What::Loaded {
        ledger,
        version: 3,
        store_now: now,
    };
    let (worker, progress) = next(&policy(), worker, Event::new(at(now), what));
    assert_eq!(progress, Progress::NewStep);
    worker
}

fn at(moment: i64) -> Now {
    Now {
        wall: moment,
        steady: moment,
    }
}

fn claims(step: &Step<Numbered>) -> bool {
    matches!(
        step,
        Step::Save {
            claim: Some(_),
            expect: 3,
            ..
        }
    )
}

#[test]
fn a_token_is_refreshed_before_its_end_and_not_at_every_call() {
    let goal = Goal::Obtain { min_life: 0 };
    // A fifth of five minutes ahead.
    assert_eq!(decided(goal, connected(), BORN + 4 * MINUTE), Step::Done(End::Token));
    assert!(claims(&decided(goal, connected(), BORN + 4 * MINUTE + 1)));
    // More than a whole life is satisfied by a fresh token.
    let goal = Goal::Obtain { min_life: 60 * MINUTE };
    assert_eq!(decided(goal, connected(), BORN + MINUTE), Step::Done(End::Token));
    assert!(claims(&decided(goal, connected(), BORN + MINUTE + 1)));
}

#[test]
fn idle_tokens_are_kept_alive_at_half_their_idle_life() {
    assert_eq!(
        decided(Goal::KeepAlive, connected(), BORN + 30 * MINUTE - 1),
        Step::Done(End::Token)
    );
    assert!(claims(&decided(Goal::KeepAlive, connected(), BORN + 30 * MINUTE)));
}

#[test]
fn refreshes_after_a_401_are_spaced() {
    let goal = Goal::Unauthorized { generation: 1 };
    let Step::Save {
        ledger,
        claim: Some((ticket, _)),
        ..
    } = decided(goal, connected(), BORN + 1)
    else {
        panic!("the first 401 refreshes at once");
    };
    let mut ledger = *ledger;
    settle(&mut ledger, ticket, Learnt::Answered(Numbered(2)));
    // The token that was rejected is not the one in use any more.
    assert_eq!(decided(goal, ledger.clone(), BORN + 2), Step::Done(End::Token));
    let again = Goal::Unauthorized { generation: 2 };
    let delay = ledger.tokens.as_ref().map_or(0, |held| held.born_at) + MINUTE - (BORN + 5);
    assert_eq!(
        decided(again, ledger.clone(), BORN + 5),
        Step::Done(End::FreshTokenRejected { delay })
    );
    assert!(claims(&decided(again, ledger, BORN + 2 * MINUTE)));
}

#[test]
fn a_long_wait_ends_the_work_instead() {
    let mut ledger = connected();
    ledger.not_before = BORN + 10 * MINUTE;
    let goal = Goal::Verify { generation: 1 };
    let end = End::RetryAfter { delay: 9 * MINUTE };
    assert_eq!(decided(goal, ledger.clone(), BORN + MINUTE), Step::Done(end));
    ledger.not_before = BORN + MINUTE + 5;
    assert!(matches!(
        decided(goal, ledger, BORN + MINUTE),
        Step::Wait { delay: 5, .. }
    ));
}

#[test]
fn a_server_that_never_gives_an_access_token_is_not_asked_on_and_on() {
    let mut worker = begin(7, Goal::Obtain { min_life: 0 }, at(BORN));
    worker.began = Some(1);
    let mut ledger = connected();
    if let Some(held) = &mut ledger.tokens {
        held.generation = 3;
        held.access_not_after = 0;
    }
    let delay = policy().fresh_access;
    assert_eq!(see(worker, ledger, BORN).step, Step::Done(End::RetryAfter { delay }));
}

#[test]
fn what_is_over_is_over() {
    for (status, end) in [
        (Status::Closed { since: 1 }, End::Closed),
        (Status::Unconnected, End::Unconnected),
    ] {
        let mut ledger = connected();
        ledger.status = status;
        let goal = Goal::Obtain { min_life: 0 };
        assert_eq!(decided(goal, ledger, BORN), Step::Done(end));
    }
}

#[test]
fn an_event_out_of_place_changes_nothing() {
    let worker: Worker<Numbered> = begin(7, Goal::KeepAlive, at(1));
    for what in [What::Woke, What::Silent, What::Saved { store_now: 5 }] {
        let (after, progress) = next(&policy(), worker.clone(), Event::new(at(2), what));
        assert_eq!((after, progress), (worker.clone(), Progress::Misplaced));
    }
}

#[test]
fn a_claim_that_was_saved_too_slowly_is_never_sent() {
    let worker = see(begin(7, Goal::Verify { generation: 1 }, at(BORN)), connected(), BORN);
    let late = BORN + policy().send_within + 1;
    let (worker, _) = next(&policy(), worker, Event::new(at(late), What::Saved { store_now: late }));
    let Step::Save {
        ledger, claim: None, ..
    } = worker.step
    else {
        panic!("it writes down that nothing was spent");
    };
    assert_eq!((ledger.attempts.len(), ledger.window), (0, None));
}
