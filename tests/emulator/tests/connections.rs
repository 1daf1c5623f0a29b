//! Connections driven by threads, against the emulated Airwallex over real HTTP.

mod connections_kit;
#[expect(dead_code, reason = "Airwallex needs no client certificate")]
#[path = "../examples/ureq_host/mod.rs"]
mod ureq_host;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

use connections_kit::{Bench, SECOND, until};
use evergrant::base::error::{Action, ErrorCode, ReauthorizationReason};
use evergrant::connection::command::Adoption;
use evergrant::connection::health::HealthState;
use evergrant::drive::finished::Finished;
use evergrant::flow::event::{Event, Recovery};
use evergrant_emulator::fault::{Answer, Effect, Fault, Point};
use evergrant_emulator::{Decision, What};

/// With no demand on its life.
const ANY: Duration = Duration::ZERO;
/// More than is left of a token's life of five minutes after two.
const LONG: Duration = Duration::from_secs(200);
const LIFE: i64 = 300 * SECOND;

fn is_late(event: &Event) -> bool {
    let late = Some(Recovery::Late);
    matches!(event, Event::RefreshSucceeded { recovery, .. } if *recovery == late)
}

#[test]
fn many_callers_cause_one_refresh() {
    let bench = Bench::new();
    let first = bench.connect("acct_1").token(ANY).unwrap();
    bench.pass(LIFE);
    let tokens: BTreeSet<String> = thread::scope(|scope| {
        let callers: Vec<_> = (0..32)
            .map(|_| scope.spawn(|| bench.connections.connection("acct_1").unwrap().token(ANY).unwrap()))
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap().fingerprint())
            .collect()
    });
    assert_eq!(tokens.len(), 1);
    assert!(!tokens.contains(&first.fingerprint()));
    assert_eq!(bench.refreshes(), 1);
    let token = bench.connections.connection("acct_1").unwrap().token(ANY).unwrap();
    assert_eq!(bench.api_answers(&token), 200);
}

#[test]
fn a_token_that_serves_is_handed_out_while_a_refresh_runs() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let first = connection.token(ANY).unwrap();
    bench.pass(LIFE - 30 * SECOND);
    bench.controls.hold_answers();
    assert_eq!(connection.token(ANY).unwrap().fingerprint(), first.fingerprint());
    bench.controls.until_held(1);
    for _ in 0..20 {
        assert_eq!(
            connection.token(ANY).unwrap().fingerprint(),
            first.fingerprint(),
            "nobody waits for a refresh"
        );
    }
    bench.controls.release_answers();
    until(
        || connection.token(ANY).unwrap().fingerprint() != first.fingerprint(),
        "the new token",
    );
    assert_eq!(bench.refreshes(), 1);
}

#[test]
fn a_refresh_that_fails_beside_a_living_token_is_not_begun_at_every_call() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let first = connection.token(ANY).unwrap();
    bench.pass(LIFE - 30 * SECOND);
    let down = Effect::Answer {
        point: Point::Before,
        answer: Answer::wise_429(25),
    };
    bench
        .emulator
        .airwallex()
        .faults()
        .push(Fault::refresh(down).times(100));
    let failed = |event: &Event| matches!(event, Event::RefreshNotSpent { .. });
    assert_eq!(connection.token(ANY).unwrap().fingerprint(), first.fingerprint());
    bench.controls.until_event(failed);
    // The work may load once more before it ends; after that, nothing is begun until the provider's wish is over.
    let loads = bench.controls.loads.load(SeqCst);
    for _ in 0..100 {
        thread::sleep(Duration::from_millis(1));
        assert_eq!(connection.token(ANY).unwrap().fingerprint(), first.fingerprint());
    }
    assert!(bench.controls.loads.load(SeqCst) <= loads + 3);
}

#[test]
fn what_a_caller_began_ends_without_the_caller() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE - 30 * SECOND);
    bench.controls.hold_answers();
    // The only caller has its token and is gone, and so are all handles.
    connection.token(ANY).unwrap();
    drop(connection);
    bench.controls.until_held(1);
    bench.controls.release_answers();
    bench.connections.close();
    let saved = |event: &Event| matches!(event, Event::RefreshSucceeded { rotated: true, .. });
    assert!(bench.controls.events().iter().any(|(_, event)| saved(event)));
}

#[test]
fn a_late_answer_is_taken_after_everybody_gave_up() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE);
    bench.controls.hold_answers();
    let error = thread::scope(|scope| {
        let caller = scope.spawn(|| connection.token(ANY).unwrap_err());
        // Each holder is silent after 17 s; the window of 60 s has room for four attempts.
        for attempt in 1..=4 {
            bench.controls.until_held(attempt);
            bench.pass(17 * SECOND + 1);
        }
        caller.join().unwrap()
    });
    assert!(matches!(error.action(), Action::RetryAfter { .. }), "{error:?}");
    assert_eq!(connection.health().unwrap().state, HealthState::AtRisk);
    assert!(
        !bench.connections.close_within(Duration::from_millis(20)),
        "four exchanges are open"
    );

    bench.controls.release_answers();
    bench.connections.close();
    assert!(bench.controls.events().iter().any(|(_, event)| is_late(event)));
    // It is the late answers' token: the connections are closed, and nothing new is begun.
    let token = connection.token(ANY).unwrap();
    assert_eq!(bench.api_answers(&token), 200);
    assert_eq!(connection.health().unwrap().state, HealthState::Healthy);
}

/// The works of one process do not wait for each other's answers, and yet none spends what the other holds.
#[test]
fn a_late_answer_to_one_work_saves_the_next_from_its_last_chance() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE);
    bench.controls.hold_answers();
    thread::scope(|scope| {
        let caller = scope.spawn(|| connection.token(ANY).unwrap_err());
        for attempt in 1..=4 {
            bench.controls.until_held(attempt);
            bench.pass(17 * SECOND + 1);
        }
        caller.join().unwrap();
    });
    // The window is over and everybody was silent for long: the next work may spend the refresh token, but first it
    // holds its breath, and just then the answers come.
    bench.pass(300 * SECOND);
    let controls = bench.controls.clone();
    *bench.controls.at_next_wait.lock().unwrap() = Some(Box::new(move || {
        controls.release_answers();
        controls.until_event(is_late);
    }));
    let token = connection.token(ANY).unwrap();
    bench.connections.close();
    let last_chance = |event: &Event| matches!(event, Event::RefreshStarted { last_chance: true, .. });
    assert!(!bench.controls.events().iter().any(|(_, event)| last_chance(event)));
    assert!(bench.controls.at_next_wait.lock().unwrap().is_none());
    assert_eq!(bench.journal(What::ReuseDetected), 0);
    assert_eq!(connection.token(ANY).unwrap().fingerprint(), token.fingerprint());
}

/// The work has ended and its caller is not told yet when the late answer is there: the first end is the caller's.
#[test]
fn a_late_answer_takes_no_result_from_a_caller() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE);
    bench.controls.hold_answers();
    thread::scope(|scope| {
        let caller = scope.spawn(|| connection.token(ANY));
        bench.controls.until_held(1);
        bench.pass(17 * SECOND + 1);
        bench.controls.until_held(2);
        // The second answer ends the work, and while it is saved, the first one comes.
        let controls = bench.controls.clone();
        *bench.controls.at_next_save.lock().unwrap() = Some(Box::new(move || {
            controls.release_answers();
            thread::sleep(Duration::from_millis(50));
        }));
        bench.controls.hold_only(1);
        caller.join().unwrap().unwrap();
    });
    bench.connections.close();
}

#[test]
fn a_late_answer_is_taken_beside_the_next_attempt() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE);
    bench.controls.hold_answers();
    thread::scope(|scope| {
        let caller = scope.spawn(|| connection.token(ANY).unwrap());
        bench.controls.until_held(1);
        bench.pass(17 * SECOND + 1);
        bench.controls.until_held(2);
        bench.controls.release_answers();
        caller.join().unwrap();
    });
    bench.connections.close();
    let token = connection.token(ANY).unwrap();
    assert_eq!(bench.api_answers(&token), 200);

    // The tokens that are kept are those that live: the next refresh is accepted.
    bench.pass(LIFE);
    let token = bench
        .another_process()
        .connection("acct_1")
        .unwrap()
        .token(ANY)
        .unwrap();
    assert_eq!(bench.api_answers(&token), 200);
    assert_eq!(bench.journal(What::ReuseDetected), 0);
}

#[test]
fn while_the_store_refuses_new_tokens_nobody_waits_and_nothing_is_lost() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE);
    bench.controls.store_breaks_at_send.store(true, SeqCst);
    let error = connection.token(ANY).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreUnavailable);
    bench
        .controls
        .until_event(|event| matches!(event, Event::PersistFailing));
    // Whatever else is asked for is answered at once.
    assert_eq!(connection.keep_alive().unwrap_err().code(), ErrorCode::StoreUnavailable);
    assert_eq!(connection.token(ANY).unwrap_err().code(), ErrorCode::StoreUnavailable);
    let elsewhere = bench.another_process().connection("acct_1").unwrap();
    assert_eq!(elsewhere.token(ANY).unwrap_err().code(), ErrorCode::StoreUnavailable);
    assert_eq!(elsewhere.health().unwrap_err().code(), ErrorCode::StoreUnavailable);
    assert_eq!(
        connection.health().unwrap().failures_in_a_row,
        0,
        "what was seen is told"
    );

    bench.controls.store_down.store(false, SeqCst);
    bench
        .controls
        .until_event(|event| matches!(event, Event::PersistRecovered));
    let token = connection.token(ANY).unwrap();
    assert_eq!(bench.api_answers(&token), 200);
    assert_eq!(bench.refreshes(), 1);
}

#[test]
fn while_the_store_refuses_new_tokens_the_previous_one_serves() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let first = connection.token(ANY).unwrap().fingerprint();
    bench.pass(120 * SECOND);
    bench.controls.store_breaks_at_send.store(true, SeqCst);
    assert_eq!(connection.token(LONG).unwrap().fingerprint(), first);
    assert_eq!(connection.token(LONG).unwrap().fingerprint(), first);
    bench.controls.store_down.store(false, SeqCst);
    bench
        .controls
        .until_event(|event| matches!(event, Event::PersistRecovered));
    until(
        || connection.token(LONG).unwrap().fingerprint() != first,
        "the new token",
    );
    assert_eq!(bench.refreshes(), 1);
}

#[test]
fn to_close_is_to_wait_for_what_is_under_way() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let first = connection.token(ANY).unwrap();
    bench.pass(LIFE - 30 * SECOND);
    bench.controls.hold_answers();
    assert_eq!(connection.token(ANY).unwrap().fingerprint(), first.fingerprint());
    bench.controls.until_held(1);
    assert!(!bench.connections.close_within(Duration::from_millis(20)));
    let error = connection.keep_alive().unwrap_err();
    assert_eq!(
        (error.code(), error.action()),
        (ErrorCode::UnexpectedInput, &Action::Misuse)
    );
    bench.controls.release_answers();
    bench.connections.close();
    assert_ne!(
        connection.token(ANY).unwrap().fingerprint(),
        first.fingerprint(),
        "the new token was saved"
    );
    bench.pass(LIFE);
    assert_eq!(connection.token(ANY).unwrap_err().action(), &Action::Misuse);
}

#[test]
fn code_that_panics_is_a_failure_and_no_end() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    bench.pass(LIFE);
    bench.controls.transport_panics.store(true, SeqCst);
    // The outcome is unknown, so another attempt follows when the first is certainly dead.
    let token = connection.token(ANY).unwrap();
    assert_eq!(bench.api_answers(&token), 200);

    bench.pass(LIFE);
    bench.controls.store_panics.store(true, SeqCst);
    assert_eq!(
        connection.token(ANY).unwrap_err().code(),
        ErrorCode::StoreUnavailable,
        "a load that panics"
    );
    bench.controls.entropy_panics.store(true, SeqCst);
    let error = connection.token(ANY).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OutcomeUnknown);
    assert!(matches!(error.action(), Action::RetryAfter { .. }));
    connection.token(ANY).unwrap();
    bench.connections.close();
}

#[test]
fn a_listener_that_panics_disturbs_nobody() {
    let bench = Bench::new();
    let connections = bench
        .another_process()
        .on_event(|_, event| panic!("a listener that panics at {event:?}"));
    bench.connect("acct_1");
    bench.pass(LIFE);
    assert!(connections.connection("acct_1").unwrap().token(ANY).is_ok());
}

#[test]
fn two_processes_cause_one_refresh() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let other = bench.another_process().connection("acct_1").unwrap();
    assert_eq!(
        other.health().unwrap().state,
        HealthState::Healthy,
        "it is read from the store"
    );
    bench.pass(LIFE);
    let token = connection.token(ANY).unwrap();
    assert_eq!(other.token(ANY).unwrap().fingerprint(), token.fingerprint());
    assert_eq!(bench.refreshes(), 1);
}

#[test]
fn commands_are_carried_out_one_after_another() {
    let bench = Bench::new();
    let (login, callback) = bench.log_in(Decision::ALLOW);
    bench.controls.hold_answers();
    let connection = bench.connections.connection("acct_1").unwrap();
    thread::scope(|scope| {
        let finish = || {
            bench
                .connections
                .finish(&login.pending, callback.clone(), &Bench::binding(), "acct_1")
                .unwrap()
        };
        let finisher = scope.spawn(finish);
        bench.controls.until_held(1);
        // They wait for the login, and what it brings serves them.
        let callers: Vec<_> = (0..4).map(|_| scope.spawn(|| connection.token(ANY).unwrap())).collect();
        let again = scope.spawn(finish);
        let keeper = scope.spawn(|| connection.keep_alive().unwrap());
        bench.controls.release_answers();
        assert!(matches!(finisher.join().unwrap(), Finished::Connected(_)));
        assert!(matches!(again.join().unwrap(), Finished::Connected(_)));
        keeper.join().unwrap();
        for caller in callers {
            assert_eq!(bench.api_answers(&caller.join().unwrap()), 200);
        }
    });
    assert_eq!((bench.journal(What::CodeExchanged), bench.refreshes()), (1, 0));
}

#[test]
fn who_waited_for_a_login_needs_no_work_of_its_own() {
    let bench = Bench::new();
    let (login, callback) = bench.log_in(Decision::ALLOW);
    bench.controls.hold_answers();
    let connection = bench.connections.connection("acct_1").unwrap();
    thread::scope(|scope| {
        let (binding, connections) = (Bench::binding(), &bench.connections);
        let finisher = scope.spawn(move || {
            connections
                .finish(&login.pending, callback, &binding, "acct_1")
                .unwrap()
        });
        bench.controls.until_held(1);
        let loads = bench.controls.loads.load(SeqCst);
        let caller = scope.spawn(|| connection.token(ANY).unwrap());
        // Its thread is running, or it will find the token at once: the same for what is asserted.
        bench.controls.release_answers();
        finisher.join().unwrap();
        caller.join().unwrap();
        bench.connections.close();
        assert_eq!(bench.controls.loads.load(SeqCst), loads);
    });
}

#[test]
fn a_token_that_many_report_as_rejected_is_replaced_once() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let first = connection.token(ANY).unwrap();
    bench.pass(120 * SECOND);
    let tokens: BTreeSet<String> = thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| connection.rejected(&first).unwrap().fingerprint()))
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert_eq!(tokens.len(), 1);
    assert_eq!(bench.refreshes(), 1);
    let second = connection.token(ANY).unwrap();
    assert_eq!(connection.rejected(&first).unwrap().fingerprint(), second.fingerprint());
    assert_eq!(
        connection.rejected(&second).unwrap_err().code(),
        ErrorCode::FreshTokenRejected
    );
}

#[test]
fn a_login_ends_in_one_of_four_ways() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    let token = connection.token(ANY).unwrap();
    let (login, callback) = bench.log_in(Decision::Refuse);
    let refused = bench
        .connections
        .finish(&login.pending, callback, &Bench::binding(), "acct_1")
        .unwrap();
    assert!(matches!(refused, Finished::Refused(_)));
    assert_eq!(
        connection.token(ANY).unwrap().fingerprint(),
        token.fingerprint(),
        "the connection is as it was"
    );

    let (login, callback) = bench.log_in(Decision::ALLOW);
    let other_session = evergrant::message::binding::Binding::session("another").unwrap();
    let error = bench
        .connections
        .finish(&login.pending, callback.clone(), &other_session, "acct_1")
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongUserSession);
    let again = || {
        bench
            .connections
            .finish(&login.pending, callback.clone(), &Bench::binding(), "acct_1")
    };
    assert!(matches!(again().unwrap(), Finished::Connected(_)));
    assert!(matches!(again().unwrap(), Finished::Connected(_)), "as often as asked");
    assert_ne!(connection.token(ANY).unwrap().fingerprint(), token.fingerprint());
    assert_eq!(bench.journal(What::CodeReused), 0);
}

#[test]
fn a_connection_is_closed_for_good() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    connection.disconnect().unwrap();
    connection.disconnect().unwrap();
    assert_eq!(connection.token(ANY).unwrap_err().code(), ErrorCode::Disconnected);
    assert_eq!(connection.health().unwrap().state, HealthState::Disconnected);
    bench.connect("acct_1");
    assert!(connection.token(ANY).is_ok(), "until the next login");
    let nobody = bench.connections.connection("nobody").unwrap();
    assert_eq!(nobody.health().unwrap().state, HealthState::NotConnected);
    assert_eq!(nobody.token(ANY).unwrap_err().code(), ErrorCode::NotConnected);
    assert_eq!(
        bench.connections.connection("").unwrap_err().code(),
        ErrorCode::InvalidParameter
    );
}

#[test]
fn tokens_from_elsewhere_are_taken_over() {
    let bench = Bench::new();
    let first = bench.connect("acct_1");
    let token = first.token(ANY).unwrap();
    let adoption = Adoption::new("elsewhere").access_token(token.token().clone(), Duration::from_secs(200));
    let adopted = bench
        .connections
        .adopt("acct_2", adoption)
        .unwrap()
        .connection()
        .unwrap();
    assert_eq!(adopted.key(), "acct_2");
    assert_eq!(bench.api_answers(&adopted.token(ANY).unwrap()), 200);
}

#[test]
fn a_hint_is_verified() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    connection.signal().unwrap();
    assert_eq!(bench.refreshes(), 1);
    let rejected = Effect::Answer {
        point: Point::Before,
        answer: Answer::json(400, &serde_json::json!({"error": "invalid_grant"})),
    };
    bench
        .emulator
        .airwallex()
        .faults()
        .push(Fault::refresh(rejected).times(10));
    bench.pass(120 * SECOND);
    let error = match connection.signal() {
        // The rejection is confirmed, which takes longer than one call waits.
        Err(error) if matches!(error.action(), Action::RetryAfter { .. }) => {
            bench.pass(31 * SECOND);
            connection.signal().unwrap_err()
        }
        other => other.unwrap_err(),
    };
    assert!(matches!(error.action(), Action::Reauthorize { .. }), "{error:?}");
    let health = connection.health().unwrap();
    assert_eq!(health.state, HealthState::NeedsReauthorization);
    assert_eq!(
        connection.token(ANY).unwrap_err().code(),
        ErrorCode::ReauthorizationRequired
    );
}

#[test]
fn a_client_refused_for_one_connection_alone_means_that_its_user_is_gone() {
    let bench = Bench::new();
    let (one, other) = (bench.connect("acct_1"), bench.connect("acct_2"));
    let refusal = || {
        let answer = Answer::json(401, &serde_json::json!({"error": "invalid_client"}));
        let point = Point::Before;
        Fault::refresh(Effect::Answer { point, answer })
    };
    let faults = bench.emulator.airwallex().faults();
    let mut last = None;
    for _ in 0..8 {
        bench.pass(LIFE + 900 * SECOND);
        // Others succeed in between: it is not the client.
        other.token(ANY).unwrap();
        faults.push(refusal());
        let error = one.token(ANY).unwrap_err();
        faults.clear();
        last = Some(error.action().clone());
        if matches!(error.action(), Action::Reauthorize { .. }) {
            break;
        }
        assert_eq!(error.action(), &Action::FixConfiguration);
    }
    let Some(Action::Reauthorize { reason, .. }) = last else {
        panic!("{last:?}")
    };
    assert_eq!(reason, ReauthorizationReason::AuthorizingUserGone);
    assert!(other.token(ANY).is_ok());
}

#[test]
fn a_client_refused_for_all_connections_is_misconfigured() {
    let bench = Bench::new();
    let (one, other) = (bench.connect("acct_1"), bench.connect("acct_2"));
    let answer = Answer::json(401, &serde_json::json!({"error": "invalid_client"}));
    let point = Point::Before;
    let refusal = Fault::refresh(Effect::Answer { point, answer }).times(100);
    bench.emulator.airwallex().faults().push(refusal);
    for _ in 0..8 {
        bench.pass(LIFE + 900 * SECOND);
        for connection in [&one, &other] {
            assert_eq!(connection.token(ANY).unwrap_err().action(), &Action::FixConfiguration);
        }
    }
    bench.emulator.airwallex().faults().clear();
    bench.pass(3_600 * SECOND);
    one.token(ANY).unwrap();
    other.token(ANY).unwrap();
}

#[test]
fn events_name_their_connection() {
    let bench = Bench::new();
    let connections = [bench.connect("acct_1"), bench.connect("acct_2")];
    bench.pass(LIFE);
    for connection in &connections {
        connection.token(ANY).unwrap();
    }
    for key in ["acct_1", "acct_2"] {
        let events = bench.controls.events();
        let of_key: Vec<_> = events
            .iter()
            .filter(|(of, _)| of == key)
            .map(|(_, event)| event)
            .collect();
        assert!(matches!(of_key[0], Event::Connected { again: false }), "{of_key:?}");
        let refreshed = |event: &&&Event| matches!(event, Event::RefreshSucceeded { recovery: None, .. });
        assert_eq!(of_key.iter().filter(refreshed).count(), 1);
    }
}

#[test]
fn values_are_shared_between_threads_and_print_no_secret() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let bench = Bench::new();
    let connection = bench.connect("acct_1");
    shared(&bench.connections);
    shared(&connection);
    let token = connection.token(ANY).unwrap();
    let print = format!("{:?} {connection:?}", Arc::new(bench.connections.clone()));
    assert!(
        !print.contains(token.token().expose()) && print.contains("acct_1"),
        "{print}"
    );
}
