//! Connections driven by futures, against the emulated Airwallex over real HTTP.

mod kit;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use evergrant::base::error::{Action, ErrorCode};
use evergrant::connection::command::Adoption;
use evergrant::connection::health::HealthState;
use evergrant::drive::finished::Finished;
use evergrant::flow::event::{Event, Recovery};
use evergrant_emulator::fault::{Answer, Effect, Ending, Fault, Point};
use evergrant_emulator::{Decision, What};
use kit::{Bench, SECOND};

const ANY: Duration = Duration::ZERO;
/// More than is left of a token's life of five minutes after two.
const LONG: Duration = Duration::from_secs(200);
const LIFE: i64 = 300 * SECOND;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_cause_one_refresh() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    let first = connection.token(ANY).await.unwrap();
    bench.pass(LIFE);
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { connection.token(ANY).await.unwrap().fingerprint() })
        })
        .collect();
    let mut tokens = BTreeSet::new();
    for caller in callers {
        tokens.insert(caller.await.unwrap());
    }
    assert_eq!(tokens.len(), 1);
    assert!(!tokens.contains(&first.fingerprint()));
    assert_eq!(bench.refreshes(), 1);
    let token = connection.token(ANY).await.unwrap();
    assert_eq!(bench.api_answers(&token).await, 200);
}

#[tokio::test]
async fn a_runtime_of_one_thread_will_do() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    bench.pass(LIFE);
    let token = connection.token(ANY).await.unwrap();
    assert_eq!(bench.api_answers(&token).await, 200);
    bench.connections.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_serves_is_handed_out_while_a_refresh_runs() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    let first = connection.token(ANY).await.unwrap();
    bench.pass(LIFE - 30 * SECOND);
    bench.controls.hold_answers();
    assert_eq!(connection.token(ANY).await.unwrap().fingerprint(), first.fingerprint());
    bench.controls.until_held(1).await;
    for _ in 0..20 {
        assert_eq!(
            connection.token(ANY).await.unwrap(),
            first,
            "nobody waits for a refresh"
        );
    }
    assert!(!bench.connections.close_within(ANY).await);
    bench.controls.release_answers();
    bench.connections.close().await;
    assert_ne!(connection.token(ANY).await.unwrap().fingerprint(), first.fingerprint());
    assert_eq!(bench.refreshes(), 1);
    bench.pass(LIFE);
    assert_eq!(connection.token(ANY).await.unwrap_err().action(), &Action::Misuse);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_are_cancelled_change_nothing() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    bench.pass(LIFE);
    bench.controls.hold_answers();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { connection.token(ANY).await.unwrap() })
        })
        .collect();
    bench.controls.until_held(1).await;
    // The one that began it is among those that are gone.
    for caller in callers.iter().take(15) {
        caller.abort();
    }
    bench.controls.release_answers();
    let mut whole = 0;
    for caller in callers {
        match caller.await {
            Ok(token) => {
                whole += 1;
                assert_eq!(bench.api_answers(&token).await, 200);
            }
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert_eq!((whole, bench.refreshes()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_whose_caller_is_gone_is_finished() {
    let bench = Bench::new();
    let (login, callback) = bench.log_in(Decision::ALLOW).await;
    bench.controls.hold_answers();
    let (connections, pending, url) = (bench.connections.clone(), login.pending.clone(), callback.clone());
    let caller = tokio::spawn(async move { connections.finish(&pending, url, &Bench::binding(), "acct_1").await });
    bench.controls.until_held(1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    bench.controls.release_answers();
    let connection = bench.connections.connection("acct_1").unwrap();
    assert_eq!(bench.api_answers(&connection.token(ANY).await.unwrap()).await, 200);
    let binding = Bench::binding();
    let again = bench.connections.finish(&login.pending, callback, &binding, "acct_1");
    assert!(matches!(again.await.unwrap(), Finished::Connected(_)));
    assert_eq!(
        (bench.journal(What::CodeExchanged), bench.journal(What::CodeReused)),
        (1, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_is_taken_after_everybody_gave_up() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    bench.pass(LIFE);
    bench.controls.hold_answers();
    let asked = connection.clone();
    let caller = tokio::spawn(async move { asked.token(ANY).await.unwrap_err() });
    // Each holder is silent after 17 s; the window of 60 s has room for four attempts.
    for attempt in 1..=4 {
        bench.controls.until_held(attempt).await;
        bench.pass(17 * SECOND + 1);
    }
    let error = caller.await.unwrap();
    assert!(matches!(error.action(), Action::RetryAfter { .. }), "{error:?}");
    bench.controls.release_answers();
    let late = |event: &Event| {
        let recovery = Some(Recovery::Late);
        matches!(event, Event::RefreshSucceeded { recovery: found, .. } if *found == recovery)
    };
    bench.controls.until_event(late).await;
    bench.connections.close().await;
    let token = connection.token(ANY).await.unwrap();
    assert_eq!(bench.api_answers(&token).await, 200);
    assert_eq!(connection.health().await.unwrap().state, HealthState::Healthy);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_costs_nothing() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    bench.pass(LIFE);
    let (point, ending) = (Point::After, Ending::Reset);
    bench
        .emulator
        .airwallex()
        .faults()
        .push(Fault::refresh(Effect::Drop { point, ending }));
    let token = connection.token(ANY).await.unwrap();
    assert_eq!(bench.api_answers(&token).await, 200);
    let recovered = |event: &Event| {
        let recovery = Some(Recovery::InWindow);
        matches!(event, Event::RefreshSucceeded { recovery: found, .. } if *found == recovery)
    };
    assert!(
        bench
            .controls
            .events()
            .iter()
            .any(|(key, event)| key == "acct_1" && recovered(event))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_refuses_new_tokens_nobody_waits_and_nothing_is_lost() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    let first = connection.token(ANY).await.unwrap().fingerprint();
    bench.pass(120 * SECOND);
    bench.controls.store_breaks_at_send.store(true, SeqCst);
    assert_eq!(
        connection.token(LONG).await.unwrap().fingerprint(),
        first,
        "the previous one serves while it lives"
    );
    bench.pass(LIFE);
    assert_eq!(
        connection.token(ANY).await.unwrap_err().code(),
        ErrorCode::StoreUnavailable
    );
    assert_eq!(
        connection.signal().await.unwrap_err().code(),
        ErrorCode::StoreUnavailable
    );
    assert!(!bench.connections.clone().close_within(ANY).await);
    bench.controls.store_down.store(false, SeqCst);
    bench.connections.close().await;
    let refreshed = |event: &Event| matches!(event, Event::PersistRecovered);
    assert!(bench.controls.events().iter().any(|(_, event)| refreshed(event)));
    let another = bench.another_process();
    let token = another.connection("acct_1").unwrap().token(ANY).await.unwrap();
    assert_eq!(bench.api_answers(&token).await, 200);
    assert_eq!(bench.journal(What::ReuseDetected), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_panics_is_a_failure_and_no_end() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    bench.pass(LIFE);
    bench.controls.transport_panics.store(true, SeqCst);
    let token = connection.token(ANY).await.unwrap();
    assert_eq!(bench.api_answers(&token).await, 200);
    bench.pass(LIFE);
    bench.controls.store_panics.store(true, SeqCst);
    assert_eq!(
        connection.token(ANY).await.unwrap_err().code(),
        ErrorCode::StoreUnavailable
    );
    bench.controls.spawn_panics.store(true, SeqCst);
    assert_eq!(
        connection.token(ANY).await.unwrap_err().code(),
        ErrorCode::OutcomeUnknown
    );
    connection.token(ANY).await.unwrap();
    bench.connections.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_carried_out_one_after_another() {
    let bench = Bench::new();
    let (login, callback) = bench.log_in(Decision::ALLOW).await;
    bench.controls.hold_answers();
    let connection = bench.connections.connection("acct_1").unwrap();
    let binding = Bench::binding();
    let finish = || {
        bench
            .connections
            .finish(&login.pending, callback.clone(), &binding, "acct_1")
    };
    let release = async {
        bench.controls.until_held(1).await;
        bench.controls.release_answers();
    };
    let (one, other, kept, token, ()) = tokio::join!(
        finish(),
        finish(),
        connection.keep_alive(),
        connection.token(ANY),
        release
    );
    assert!(matches!(one.unwrap(), Finished::Connected(_)) && matches!(other.unwrap(), Finished::Connected(_)));
    kept.unwrap();
    assert_eq!(bench.api_answers(&token.unwrap()).await, 200);
    assert_eq!((bench.journal(What::CodeExchanged), bench.refreshes()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_commands_as_with_threads() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    let first = connection.token(ANY).await.unwrap();
    bench.pass(120 * SECOND);
    let (one, other) = tokio::join!(connection.rejected(&first), connection.rejected(&first));
    assert_eq!(one.unwrap().fingerprint(), other.unwrap().fingerprint());
    assert_eq!(bench.refreshes(), 1);
    connection.signal().await.unwrap();
    connection.keep_alive().await.unwrap();

    let adoption = Adoption::new("elsewhere").access_token("live", Duration::from_secs(200));
    let adopted = bench.connections.adopt("acct_2", adoption).await.unwrap();
    let adopted = adopted.connection().unwrap();
    assert_eq!(adopted.token(ANY).await.unwrap().token().expose(), "live");
    adopted.disconnect().await.unwrap();
    assert_eq!(adopted.token(ANY).await.unwrap_err().code(), ErrorCode::Disconnected);

    let (login, callback) = bench.log_in(Decision::Refuse).await;
    let binding = Bench::binding();
    let refused = bench.connections.finish(&login.pending, callback, &binding, "acct_1");
    assert!(matches!(refused.await.unwrap(), Finished::Refused(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_in_trouble_holds_up_no_other() {
    let bench = Bench::new();
    let (one, other) = (bench.connect("acct_1").await, bench.connect("acct_2").await);
    bench.pass(LIFE);
    let answer = Answer::json(401, &serde_json::json!({"error": "invalid_client"}));
    let point = Point::Before;
    bench
        .emulator
        .airwallex()
        .faults()
        .push(Fault::refresh(Effect::Answer { point, answer }));
    assert_eq!(one.token(ANY).await.unwrap_err().action(), &Action::FixConfiguration);
    other.token(ANY).await.unwrap();
    let refused = |(key, event): &(String, Event)| key == "acct_1" && matches!(event, Event::ClientRefused { .. });
    assert!(bench.controls.events().iter().any(refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_ends_wedges_nobody() {
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    bench.pass(LIFE);
    bench.controls.spawn_panics.store(true, SeqCst);
    let (one, other) = tokio::join!(connection.token(ANY), connection.keep_alive());
    assert_eq!(one.unwrap_err().code(), ErrorCode::OutcomeUnknown);
    other.unwrap();
    connection.token(ANY).await.unwrap();
    assert_eq!(bench.refreshes(), 1);
}

/// Every future may be sent to another thread, and so may the values.
#[tokio::test]
async fn futures_can_be_sent() {
    fn sent<F: Future + Send>(future: F) {
        drop(future);
    }
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let bench = Bench::new();
    let connection = bench.connect("acct_1").await;
    let token = connection.token(ANY).await.unwrap();
    let (login, callback) = bench.log_in(Decision::ALLOW).await;
    let (binding, connections) = (Bench::binding(), &bench.connections);
    shared(connections);
    shared(&connection);
    sent(connections.finish(&login.pending, callback.clone(), &binding, "acct_2"));
    sent(connections.finish_typed_code(&login.pending, "code", &binding, "acct_2"));
    sent(connections.adopt("acct_2", Adoption::new("token")));
    sent(connections.close());
    sent(connections.close_within(ANY));
    sent(connection.token(ANY));
    sent(connection.rejected(&token));
    sent(connection.health());
    sent(connection.keep_alive());
    sent(connection.signal());
    sent(connection.disconnect());
    // None of them was polled, so nothing was begun.
    assert_eq!(bench.journal(What::CodeExchanged), 1);
    assert_eq!(connection.token(ANY).await.unwrap().fingerprint(), token.fingerprint());
    let print = format!("{:?} {connection:?}", Arc::new(connections.clone()));
    assert!(
        !print.contains(token.token().expose()) && print.contains("acct_1"),
        "{print}"
    );
}
