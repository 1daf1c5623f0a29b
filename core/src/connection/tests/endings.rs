//! How a consent ends: disconnected, revoked and wiped, given up, forgotten.

use super::*;
use crate::connection::ledger::Streak;

fn revoking() -> Policy {
    let mut policy = policy();
    policy.revokes = true;
    policy
}

fn told(policy: &Policy, worker: Worker<Numbered>, what: What<Numbered>, now: i64) -> Worker<Numbered> {
    let (worker, progress) = next(policy, worker, Event::new(at(now), what));
    assert_eq!(progress, Progress::NewStep);
    worker
}

fn loaded(ledger: Ledger<Numbered>, version: i64, now: i64) -> What<Numbered> {
    What::Loaded {
        ledger,
        version,
        store_now: now,
    }
}

/// The ledger that is being saved.
fn saving(worker: &Worker<Numbered>) -> Ledger<Numbered> {
    match &worker.step {
        Step::Save { ledger, .. } => Ledger::clone(ledger),
        step => panic!("not a save: {step:?}"),
    }
}

#[test]
fn disconnecting_is_final_and_wipes() {
    let (ledger, ticket) = claim(connected(), BORN);
    let worker = see(begin(7, Goal::Disconnect, at(BORN)), ledger, BORN);
    let mut closed = saving(&worker);
    assert_eq!((closed.status, closed.order), (Status::Closed { since: BORN }, 2));
    assert!(!closed.has_secrets());
    assert_eq!(closed.generation(), 1, "the generation is kept");
    let before = closed.clone();
    settle(&mut closed, ticket, Learnt::Answered(Numbered(2)));
    assert_eq!(closed, before);
    assert_eq!(decided(Goal::Disconnect, closed, BORN), Step::Done(End::Closed));
}

#[test]
fn what_can_be_revoked_is_revoked_and_then_wiped() {
    let policy = revoking();
    let worker = begin(7, Goal::Disconnect, at(BORN));
    let worker = told(&policy, worker, loaded(connected(), 3, BORN), BORN);
    let closed = saving(&worker);
    assert!(
        closed.has_secrets(),
        "a crash in between must not lose what is to be revoked"
    );
    let worker = told(&policy, worker, What::Saved { store_now: BORN }, BORN);
    let tokens = Numbered(1);
    assert_eq!(worker.step, Step::Revoke { tokens });
    let worker = told(&policy, worker, What::Revoked, BORN);
    assert!(!saving(&worker).has_secrets());
    let worker = told(&policy, worker, What::Saved { store_now: BORN }, BORN);
    assert_eq!(worker.step, Step::Done(End::Closed));
    // Another work goes on where that one ended too early; those that want a token do not.
    for (goal, revokes) in [
        (Goal::Disconnect, true),
        (Goal::KeepAlive, true),
        (Goal::Obtain { min_life: 0 }, false),
    ] {
        let worker = told(&policy, begin(8, goal, at(BORN)), loaded(closed.clone(), 4, BORN), BORN);
        assert_eq!(matches!(worker.step, Step::Revoke { .. }), revokes, "{goal:?}");
    }
}

#[test]
fn a_disconnection_does_not_close_the_consent_that_came_after_it() {
    let policy = revoking();
    let worker = begin(7, Goal::Disconnect, at(BORN));
    let worker = told(&policy, worker, loaded(connected(), 3, BORN), BORN);
    let closed = saving(&worker);
    let worker = told(&policy, worker, What::Saved { store_now: BORN }, BORN);
    let worker = told(&policy, worker, What::Revoked, BORN);
    let again = closed.adopt(Numbered(5), 9, BORN);
    let conflict = What::Conflict {
        ledger: again,
        version: 5,
        store_now: BORN,
    };
    assert_eq!(told(&policy, worker, conflict, BORN).step, Step::Done(End::Closed));
}

#[test]
fn an_answer_that_waits_is_what_a_disconnection_revokes() {
    let (ledger, first) = claim(connected(), 100);
    let (mut ledger, _) = claim(ledger, 200);
    settle(&mut ledger, first, Learnt::Answered(Numbered(2)));
    let closed = ledger.close(300);
    assert_eq!(closed.tokens.as_ref().map(|held| &held.tokens), Some(&Numbered(2)));
    assert_eq!(fates(&closed), [&Fate::Open], "a login waits for what may still arrive");
}

#[test]
fn tokens_that_come_after_the_end_are_revoked() {
    let policy = revoking();
    let (ledger, ticket) = claim(connected(), BORN);
    let closed = ledger.close(BORN).wipe();
    let mut worker = begin(7, Goal::Settle, at(BORN));
    worker.hand.push(Report::new(ticket, Learnt::Answered(Numbered(2))));
    let worker = told(&policy, worker, loaded(closed.clone(), 3, BORN), BORN);
    assert_eq!(worker.step, Step::Revoke { tokens: Numbered(2) });
    let worker = told(&policy, worker, What::Revoked, BORN);
    let worker = told(&policy, worker, loaded(closed, 3, BORN), BORN);
    assert_eq!(worker.step, Step::Done(End::Closed));
}

#[test]
fn what_was_given_up_is_forgotten_after_a_day() {
    let (mut ledger, ticket) = claim(connected(), 100);
    settle(&mut ledger, ticket, rejected());
    let ledger = ledger.give_up(200);
    let end = 200 + policy().remembrance;
    let goal = Goal::Obtain { min_life: 0 };
    assert_eq!(
        decided(goal, ledger.clone(), end),
        Step::Done(End::NeedsReauthorization)
    );
    let worker = see(begin(7, goal, at(end + 1)), ledger, end + 1);
    let wiped = saving(&worker);
    assert!(!wiped.has_secrets());
    assert_eq!(decided(goal, wiped, end + 2), Step::Done(End::NeedsReauthorization));
}

/// A claim at `now`, and how it ends.
fn one_more(ledger: Ledger<Numbered>, now: i64, outcome: Learnt<Numbered>) -> Ledger<Numbered> {
    let (mut ledger, ticket) = ledger.claim(&policy(), 7, now, false);
    ledger.settle(&policy(), Report::new(ticket, outcome), now);
    ledger
}

#[test]
fn the_same_unknown_refusal_again_and_again_is_a_verdict() {
    let refused = |sign| Learnt::Closed { sign: Some(sign) };
    let hour = policy().refusals_over;
    let twice = one_more(one_more(connected(), BORN, refused(1)), BORN + 1, refused(1));
    assert_eq!(fates(&twice), [&Fate::Closed, &Fate::Closed]);
    let early = one_more(twice.clone(), BORN + hour - 1, refused(1));
    assert_eq!(fates(&early).last(), Some(&&Fate::Closed));
    let late = one_more(twice.clone(), BORN + hour, refused(1));
    assert_eq!(fates(&late).last(), Some(&&Fate::Rejected { doubtful: false }));
    // Another one begins anew; a silence in between changes nothing.
    let other = one_more(twice.clone(), BORN + hour, refused(2));
    assert_eq!(fates(&other).last(), Some(&&Fate::Closed));
    let silence = one_more(twice, BORN + 2, Learnt::Closed { sign: None });
    let late = one_more(silence, BORN + hour, refused(1));
    assert_eq!(fates(&late).last(), Some(&&Fate::Rejected { doubtful: false }));
}

fn client_refused() -> Learnt<Numbered> {
    Learnt::NotSpent {
        retry_after: None,
        unsent: false,
        client_refused: true,
    }
}

#[test]
fn a_client_that_is_refused_only_here_has_lost_its_user() {
    let mut ledger = connected();
    for times in 1..=3 {
        ledger = one_more(ledger, BORN + times * MINUTE, client_refused());
        let streak = Streak {
            sign: 0,
            times,
            since: BORN + MINUTE,
            last: BORN + times * MINUTE,
        };
        assert_eq!(ledger.client_refused, Some(streak));
    }
    let now = BORN + 20 * MINUTE;
    let decided = |others_succeeded| {
        let mut worker = begin(7, Goal::Obtain { min_life: 0 }, at(now));
        worker.others_succeeded = others_succeeded;
        see(worker, ledger.clone(), now)
    };
    let gone = saving(&decided(Some(19 * MINUTE - 1)));
    let reason = ReauthorizationReason::AuthorizingUserGone;
    assert_eq!(gone.status, Status::NeedsReauthorization { reason, since: now });
    // Nobody succeeded since: the client itself may be wrong, and no user is asked for anything.
    assert!(claims(&decided(Some(19 * MINUTE)).step));
    // Another one succeeded, but this one was not tried after that: the client may have been mended.
    assert!(claims(&decided(Some(17 * MINUTE)).step));
    assert!(claims(&decided(Some(1)).step));
    assert!(claims(&decided(None).step));
}

#[test]
fn any_other_answer_ends_the_streak_of_a_refused_client() {
    let ledger = one_more(connected(), BORN, client_refused());
    let (mut unsent, ticket) = ledger.claim(&policy(), 7, BORN, false);
    let outcome = Learnt::NotSpent {
        retry_after: None,
        unsent: true,
        client_refused: false,
    };
    settle(&mut unsent, ticket, outcome);
    assert!(unsent.client_refused.is_some(), "nobody was asked");
    for outcome in [
        rejected(),
        Learnt::Closed { sign: Some(1) },
        Learnt::Answered(Numbered(2)),
    ] {
        assert_eq!(one_more(ledger.clone(), BORN, outcome).client_refused, None);
    }
}

#[test]
fn chance_spreads_refreshes_and_never_asks_for_more_than_a_life() {
    let jittered = |goal, now| {
        let mut worker = begin(7, goal, at(now));
        worker.jitter = 1_000;
        claims(&see(worker, connected(), now).step)
    };
    // A tenth of five minutes earlier than a fifth.
    let goal = Goal::Obtain { min_life: 0 };
    assert!(!jittered(goal, BORN + 3 * MINUTE + 30_000));
    assert!(jittered(goal, BORN + 3 * MINUTE + 30_001));
    let whole = Goal::Obtain { min_life: 60 * MINUTE };
    assert!(!jittered(whole, BORN + MINUTE), "a fresh token is enough");
    // An eighth of an hour earlier than half of it.
    let due = BORN + 30 * MINUTE - 450_000;
    assert!(!jittered(Goal::KeepAlive, due - 1));
    assert!(jittered(Goal::KeepAlive, due));
}
