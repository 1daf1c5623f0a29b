//! Logins and adoptions, as far as single ledgers show them; the model shows the rest.

use super::*;
use crate::connection::ledger::{LoginFate, MOST_LOGINS};

const DIGEST: u128 = 77;
const GOAL: Goal = Goal::Finish { digest: DIGEST };

fn told(worker: Worker<Numbered>, what: What<Numbered>, now: i64) -> Worker<Numbered> {
    let (worker, progress) = next(&policy(), worker, Event::new(at(now), what));
    assert_eq!(progress, Progress::NewStep);
    worker
}

fn login(ledger: &Ledger<Numbered>, digest: u128, now: i64) -> (Ledger<Numbered>, Ticket) {
    ledger.claim_login(&policy(), digest, 7, now)
}

fn logins(ledger: &Ledger<Numbered>) -> Vec<(i64, LoginFate)> {
    ledger.logins.iter().map(|login| (login.order, login.fate)).collect()
}

fn unsent() -> Learnt<Numbered> {
    Learnt::NotSpent {
        retry_after: None,
        unsent: true,
        client_refused: false,
    }
}

fn saving(worker: &Worker<Numbered>) -> Ledger<Numbered> {
    match &worker.step {
        Step::Save { ledger, .. } => Ledger::clone(ledger),
        step => panic!("not a save: {step:?}"),
    }
}

#[test]
fn a_first_login_is_written_down_exchanged_and_put_in_use() {
    let absent = What::Loaded {
        ledger: Ledger::unconnected(),
        version: 0,
        store_now: BORN,
    };
    let worker = told(begin(7, GOAL, at(BORN)), absent, BORN);
    assert!(matches!(
        worker.step,
        Step::Save {
            expect: 0,
            claim: Some(_),
            ..
        }
    ));
    let worker = told(worker, What::Saved { store_now: BORN }, BORN + 1);
    let Step::Exchange { ticket, send_by, .. } = worker.step else {
        panic!("it is exchanged");
    };
    assert!(ticket.is_login());
    assert_eq!(send_by, at(BORN + policy().send_within));
    let worker = told(
        worker,
        What::Learnt(Report::new(ticket, Learnt::Answered(Numbered(1)))),
        BORN + 9,
    );
    let ledger = saving(&worker);
    assert_eq!((ledger.status, ledger.order, ledger.generation()), (Status::Live, 1, 1));
    assert_eq!((ledger.login, logins(&ledger)), (Some(DIGEST), Vec::new()));
    let life = ledger.tokens.as_ref().map(|held| held.access_not_after);
    assert_eq!(life, Some(BORN + 5 * MINUTE), "counted from the claim");
    let worker = told(worker, What::Saved { store_now: BORN + 9 }, BORN + 9);
    assert_eq!(worker.step, Step::Done(End::Connected));
    // The same callback once more.
    assert_eq!(decided(GOAL, ledger.clone(), BORN + 99), Step::Done(End::Connected));
    assert_eq!(
        decided(GOAL, ledger.close(BORN + 99), BORN + 99),
        Step::Done(End::LoginLost)
    );
}

#[test]
fn an_exchange_waits_for_requests_that_may_still_arrive() {
    // Without a window nothing can be rescued by repeating it.
    let policy = Policy::for_window(0);
    let told = |worker, what, now| next(&policy, worker, Event::new(at(now), what)).0;
    let (ledger, attempt) = connected().claim(&policy, 7, BORN, false);
    let seen = What::Loaded {
        ledger,
        version: 3,
        store_now: BORN + 1,
    };
    let worker = told(begin(8, GOAL, at(BORN + 1)), seen, BORN + 1);
    let claimed = saving(&worker);
    let dead = attempt.send_by + policy.transit;
    assert_eq!(
        claimed.logins.first().map(|login| login.send_by),
        Some(dead + policy.send_within)
    );
    let worker = told(worker, What::Saved { store_now: BORN + 1 }, BORN + 1);
    let Step::Wait { delay, .. } = worker.step else {
        panic!("it waits: {:?}", worker.step);
    };
    assert_eq!(delay, 1_000, "it looks now and then");
    let almost = told(worker.clone(), What::Woke, dead - 10);
    let seen = What::Loaded {
        ledger: claimed.clone(),
        version: 4,
        store_now: dead - 10,
    };
    assert!(matches!(
        told(almost, seen, dead - 10).step,
        Step::Wait { delay: 11, .. }
    ));
    let worker = told(worker, What::Woke, dead + 1);
    let late = told(
        worker.clone(),
        What::Loaded {
            ledger: claimed.clone(),
            version: 4,
            store_now: dead + 1,
        },
        dead + 1,
    );
    assert!(matches!(late.step, Step::Exchange { .. }));
    // A host that slept meanwhile is too late, and says that nothing was spent.
    let slept = dead + policy.send_within + 1;
    let late = told(
        worker,
        What::Loaded {
            ledger: claimed,
            version: 4,
            store_now: slept,
        },
        slept,
    );
    assert_eq!(logins(&saving(&late)), [(2, LoginFate::NotSpent)]);
}

#[test]
fn a_refresh_that_is_in_doubt_comes_before_a_login() {
    let (ledger, attempt) = claim(connected(), BORN);
    let silent = attempt.send_by + policy().silence;
    let mut worker = begin(8, GOAL, at(BORN + 1));
    worker = see(worker, ledger.clone(), BORN + 1);
    assert!(matches!(&worker.step, Step::Wait { delay: 1_000, .. }));
    worker = told(worker, What::Woke, silent);
    let what = What::Loaded {
        ledger: ledger.clone(),
        version: 3,
        store_now: silent,
    };
    worker = told(worker, what, silent);
    assert!(matches!(&worker.step, Step::Save { claim: Some((ticket, _)), .. } if !ticket.is_login()));
    // But a user does not wait for long.
    let mut impatient = begin(8, GOAL, at(BORN + 1));
    impatient.begun = at(silent - policy().rescue() - 1);
    let claims_login =
        |step: &Step<Numbered>| matches!(step, Step::Save { claim: Some((ticket, _)), .. } if ticket.is_login());
    assert!(claims_login(&see(impatient, ledger, silent).step));
}

#[test]
fn nobody_refreshes_while_a_login_is_unknown() {
    let now = BORN + 5 * MINUTE;
    let (ledger, ticket) = login(&connected(), DIGEST, now);
    let goal = Goal::Obtain { min_life: 0 };
    assert!(matches!(
        decided(goal, ledger.clone(), now),
        Step::Wait { delay: 1_000, .. }
    ));
    let (mut closed, mut unspent, mut refused) = (ledger.clone(), ledger.clone(), ledger.clone());
    settle(&mut closed, ticket, Learnt::Closed { sign: None });
    assert!(matches!(decided(goal, closed.clone(), now), Step::Wait { .. }));
    settle(&mut unspent, ticket, unsent());
    assert!(claims(&decided(goal, unspent, now)));
    settle(&mut refused, ticket, rejected());
    assert_eq!(logins(&refused), [(2, LoginFate::Lost)]);
    assert!(claims(&decided(goal, refused, now)));
    // Nobody finishes it: in the end it does not count.
    let end = now + policy().code_life + policy().patience;
    for ledger in [ledger, closed] {
        let worker = see(begin(8, goal, at(end)), ledger, end);
        let freed = saving(&worker);
        assert_eq!(logins(&freed), [(2, LoginFate::Lost)]);
        // And its late answer still does.
        let mut late = freed.clone();
        settle(&mut late, ticket, Learnt::Answered(Numbered(2)));
        assert_eq!((late.order, late.generation(), late.login), (2, 2, Some(DIGEST)));
        assert!(claims(&decided(goal, freed, end)));
    }
}

#[test]
fn a_code_is_exchanged_again_only_after_its_exchange_ended() {
    let (open, ticket) = login(&connected(), DIGEST, BORN);
    // Another process, the same callback: it waits, and looks now and then.
    assert!(matches!(
        decided(GOAL, open.clone(), BORN + 4_000),
        Step::Wait { delay: 4_000, .. }
    ));
    let over = BORN + policy().code_life;
    assert_eq!(decided(GOAL, open.clone(), over), Step::Done(End::LoginLost));
    let mut closed = open;
    settle(&mut closed, ticket, Learnt::Closed { sign: None });
    let dead = ticket.send_by + policy().transit + 1;
    assert!(matches!(
        decided(GOAL, closed.clone(), dead - 1),
        Step::Wait { delay: 1, .. }
    ));
    let worker = see(begin(8, GOAL, at(dead)), closed.clone(), dead);
    let again = saving(&worker);
    let entry = again.logins.first().copied();
    assert_eq!(
        entry.map(|login| (login.order, login.tries, login.claimed)),
        Some((2, 2, BORN))
    );
    // No third time, and not after the end of the code.
    let mut twice = again;
    let Step::Save {
        claim: Some((second, _)),
        ..
    } = worker.step
    else {
        panic!("a claim")
    };
    twice.settle(&policy(), Report::new(second, Learnt::Closed { sign: None }), dead);
    for (ledger, now) in [(twice, second.send_by + policy().transit + 1), (closed, over + 1)] {
        let worker = see(begin(8, GOAL, at(now)), ledger, now);
        assert_eq!(logins(&saving(&worker)), [(2, LoginFate::Lost)]);
        assert_eq!(
            told(worker, What::Saved { store_now: now }, now).step,
            Step::Done(End::LoginLost)
        );
    }
}

#[test]
fn a_code_that_was_not_looked_at_is_exchanged_as_soon_as_it_may() {
    let (mut ledger, ticket) = login(&connected(), DIGEST, BORN);
    let outcome = Learnt::NotSpent {
        retry_after: Some(9_000),
        unsent: false,
        client_refused: false,
    };
    settle(&mut ledger, ticket, outcome);
    assert_eq!(logins(&ledger), [(2, LoginFate::NotSpent)]);
    assert!(matches!(
        decided(GOAL, ledger.clone(), BORN + 1),
        Step::Wait { delay: 9_000, .. }
    ));
    let worker = see(begin(8, GOAL, at(BORN + 9_001)), ledger.clone(), BORN + 9_001);
    assert_eq!(
        saving(&worker).logins.first().map(|login| (login.tries, login.fate)),
        Some((1, LoginFate::Open))
    );
    ledger.not_before = BORN + policy().code_life + 1;
    let worker = see(begin(8, GOAL, at(BORN + 1)), ledger, BORN + 1);
    assert_eq!(
        logins(&saving(&worker)),
        [(2, LoginFate::Lost)],
        "the code does not live so long"
    );
}

#[test]
fn a_later_login_wins_and_the_earlier_code_is_never_exchanged_again() {
    let (open, first) = login(&connected(), 1, BORN);
    let goal = Goal::Finish { digest: 2 };
    assert!(matches!(decided(goal, open.clone(), BORN + 1), Step::Wait { .. }));
    let silent = first.send_by + policy().silence + 1;
    assert!(matches!(
        decided(goal, open.clone(), silent - 1),
        Step::Wait { delay: 1, .. }
    ));
    let worker = see(begin(8, goal, at(silent)), open, silent);
    let Step::Save {
        ledger,
        claim: Some((second, _)),
        ..
    } = worker.step
    else {
        panic!("a claim")
    };
    let mut both = *ledger;
    assert_eq!(logins(&both), [(2, LoginFate::Open), (3, LoginFate::Open)]);
    let mut closed = both.clone();
    settle(&mut closed, first, Learnt::Closed { sign: None });
    let worker = see(begin(9, Goal::Finish { digest: 1 }, at(silent)), closed, silent);
    assert_eq!(logins(&saving(&worker)), [(2, LoginFate::Lost), (3, LoginFate::Open)]);
    // Each answer is taken in turn; a lower one after a higher one is not.
    let mut higher = both.clone();
    settle(&mut both, first, Learnt::Answered(Numbered(2)));
    assert_eq!(
        (both.order, both.login, logins(&both)),
        (2, Some(1), [(3, LoginFate::Open)].into())
    );
    settle(&mut both, second, Learnt::Answered(Numbered(3)));
    assert_eq!(
        (both.order, both.login, logins(&both)),
        (3, Some(2), [(2, LoginFate::Lost)].into())
    );
    settle(&mut higher, second, Learnt::Answered(Numbered(3)));
    assert_eq!(logins(&higher), [(2, LoginFate::Lost)]);
    let before = higher.clone();
    settle(&mut higher, first, Learnt::Answered(Numbered(2)));
    assert_eq!(higher, before);
    assert_eq!(
        decided(Goal::Finish { digest: 1 }, higher, silent),
        Step::Done(End::LoginLost)
    );
}

#[test]
fn another_account_keeps_the_consent_that_was_there() {
    let mut kept = connected();
    if let Some(held) = &mut kept.tokens {
        held.tokens = Numbered(101);
    }
    let (mut ledger, ticket) = login(&kept, DIGEST, BORN);
    settle(&mut ledger, ticket, Learnt::Answered(Numbered(201)));
    assert_eq!((ledger.order, ledger.tokens.as_ref()), (1, kept.tokens.as_ref()));
    assert_eq!(decided(GOAL, ledger, BORN), Step::Done(End::DifferentAccount));
    // The same account, or one that is not named, is the same connection; a closed one may be another.
    for (ledger, tokens) in [(&kept, 102), (&kept, 2), (&kept.close(BORN).wipe(), 201)] {
        let (mut ledger, ticket) = login(ledger, DIGEST, BORN);
        settle(&mut ledger, ticket, Learnt::Answered(Numbered(tokens)));
        assert_eq!((ledger.order, ledger.status), (ticket.order, Status::Live));
    }
    let mut worker = begin(8, Goal::Adopt { digest: DIGEST }, at(BORN));
    worker.adopts = Some(Numbered(201));
    assert_eq!(see(worker, kept, BORN).step, Step::Done(End::DifferentAccount));
}

#[test]
fn tokens_are_adopted_once() {
    let goal = Goal::Adopt { digest: DIGEST };
    let adopting = |ledger, now| {
        let mut worker = begin(8, goal, at(now));
        worker.adopts = Some(Numbered(9));
        see(worker, ledger, now)
    };
    let worker = adopting(connected(), BORN);
    let adopted = saving(&worker);
    assert_eq!((adopted.order, adopted.generation(), adopted.next_order), (2, 2, 3));
    assert_eq!(adopted.tokens.as_ref().map(|held| &held.tokens), Some(&Numbered(9)));
    let worker = told(worker, What::Saved { store_now: BORN }, BORN);
    assert_eq!(worker.step, Step::Done(End::Connected));
    assert_eq!(adopting(adopted, BORN).step, Step::Done(End::Connected));
    // Behind a login, and behind requests that may still arrive.
    let (open, _) = login(&connected(), 1, BORN);
    assert!(matches!(adopting(open, BORN).step, Step::Wait { .. }));
    let (attempted, _) = claim(connected(), BORN);
    assert!(matches!(
        adopting(attempted, BORN).step,
        Step::Wait { delay: 1_000, .. }
    ));
}

#[test]
fn a_disconnection_ends_logins_and_the_next_one_waits_for_their_requests() {
    let (open, ticket) = login(&connected(), 1, BORN);
    let mut closed = open.close(BORN);
    let before = closed.clone();
    settle(&mut closed, ticket, Learnt::Answered(Numbered(2)));
    assert_eq!(closed, before);
    assert_eq!(
        decided(Goal::Finish { digest: 1 }, closed.clone(), BORN),
        Step::Done(End::LoginLost)
    );
    let dead = ticket.send_by + policy().transit + 1;
    assert!(matches!(
        decided(GOAL, closed.clone(), dead - 1),
        Step::Wait { delay: 1, .. }
    ));
    assert!(claims(&decided(GOAL, closed, dead)));
}

#[test]
fn a_full_list_forgets_first_what_is_over() {
    let mut ledger = connected();
    let mut tickets = Vec::new();
    for digest in 1..=MOST_LOGINS as u128 {
        let (claimed, ticket) = login(&ledger, digest, BORN);
        ledger = claimed;
        tickets.push(ticket);
    }
    let lost = tickets.get(2).copied().expect("three");
    settle(&mut ledger, lost, rejected());
    let (ledger, _) = login(&ledger, 9, BORN);
    let orders: Vec<_> = ledger.logins.iter().map(|login| login.order).collect();
    assert_eq!(orders, [2, 3, 5, 6]);
    let (ledger, _) = login(&ledger, 10, BORN);
    let orders: Vec<_> = ledger.logins.iter().map(|login| login.order).collect();
    assert_eq!(orders, [3, 5, 6, 7]);
}
