//! The core's driver for Rust hosts against the emulated providers, over real HTTP and mutual TLS.

#[path = "../examples/ureq_host/mod.rs"]
mod ureq_host;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use evergrant::base::entropy;
use evergrant::base::error::{Action, ErrorCode, OAuthError};
use evergrant::base::time::Now;
use evergrant::client::configuration::{Client, ClientBuilder};
use evergrant::drive::host::{Exchange, Host};
use evergrant::drive::service_tokens::ServiceTokens;
use evergrant::flow::event::Event;
use evergrant::flow::step::Send;
use evergrant::message::access_token::AccessToken;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::fault::{Answer, Effect, Ending, Fault, Point};
use evergrant_emulator::{Emulator, Options, Provider, What};
use ureq_host::UreqHost;

/// `ureq` with a clock that a test moves, and a wait that does not take its time.
struct TestHost {
    http: UreqHost,
    moved: Arc<AtomicI64>,
    panics: Arc<AtomicBool>,
    without_entropy: Arc<AtomicBool>,
}

impl Host for TestHost {
    fn send(&self, send: &Send) -> Exchange {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "a transport that panics");
        self.http.send(send)
    }

    fn now(&self) -> Now {
        Now::system().later(self.moved.load(Ordering::SeqCst))
    }

    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        match self.without_entropy.load(Ordering::SeqCst) {
            true => Ok([0; 32]),
            false => entropy::system(),
        }
    }

    fn wait(&self, delay_ms: i64) {
        self.moved.fetch_add(delay_ms, Ordering::SeqCst);
    }
}

struct Bench {
    emulator: Emulator,
    moved: Arc<AtomicI64>,
    panics: Arc<AtomicBool>,
    without_entropy: Arc<AtomicBool>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Bench {
    fn new() -> Self {
        let emulator = Emulator::start(Options::default()).unwrap();
        Self {
            emulator,
            moved: Arc::default(),
            panics: Arc::default(),
            without_entropy: Arc::default(),
            events: Arc::default(),
        }
    }

    fn host(&self, http: UreqHost) -> TestHost {
        TestHost {
            http,
            moved: self.moved.clone(),
            panics: self.panics.clone(),
            without_entropy: self.without_entropy.clone(),
        }
    }

    fn ofx_client(&self) -> ClientBuilder {
        let ofx = self.emulator.ofx();
        Client::builder(
            Profile::built_in("ofx_payments").unwrap(),
            Environment::Sandbox,
            ofx.client_id(),
        )
        .token_endpoint(ofx.token_url())
    }

    fn ofx_tokens(&self, client: Client) -> ServiceTokens<TestHost> {
        let events = self.events.clone();
        ServiceTokens::new(client, Vec::new(), self.host(UreqHost::new()))
            .on_event(move |event| events.lock().unwrap().push(event))
    }

    fn ofx(&self) -> ServiceTokens<TestHost> {
        self.ofx_tokens(
            self.ofx_client()
                .client_secret(self.emulator.ofx().client_secret())
                .build()
                .unwrap(),
        )
    }

    fn asked(&self, provider: &Provider) -> usize {
        self.emulator
            .journal()
            .count(provider.dialect().name(), What::ServiceToken)
    }

    /// Asks until another token than this one is served: renewals run beside the caller.
    fn renewed(tokens: &ServiceTokens<TestHost>, old: &AccessToken) -> AccessToken {
        for _ in 0..500 {
            let token = tokens.token(Duration::ZERO).unwrap();
            if token != *old {
                return token;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("no renewal within five seconds");
    }

    /// Waits for an event.
    fn seen(&self, wanted: &Event) -> bool {
        (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            self.events.lock().unwrap().contains(wanted)
        })
    }

    fn pass(&self, ms: i64) {
        self.moved.fetch_add(ms, Ordering::SeqCst);
        self.emulator.advance(ms);
    }
}

#[test]
fn many_callers_cause_one_request() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    let seen: Vec<_> = thread::scope(|scope| {
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let tokens = tokens.for_worker();
                scope.spawn(move || tokens.token(Duration::ZERO).unwrap().fingerprint())
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert!(seen.iter().all(|fingerprint| *fingerprint == seen[0]));
    let ofx = bench.emulator.ofx();
    assert_eq!(bench.asked(&ofx), 1);
    let authorization = tokens.token(Duration::ZERO).unwrap().authorization();
    assert_eq!(
        UreqHost::new()
            .get(&ofx.resource_url(), authorization.expose())
            .unwrap()
            .status(),
        200
    );
}

#[test]
fn a_token_is_renewed_before_its_end_and_not_at_every_call() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    let first = tokens.token(Duration::ZERO).unwrap();
    bench.pass(3_400_000);
    assert_eq!(tokens.token(Duration::ZERO).unwrap(), first);
    bench.pass(3_599_000 - 3_400_000 - 59_000);
    assert_eq!(
        tokens.token(Duration::ZERO).unwrap(),
        first,
        "nobody waits for a renewal"
    );
    let second = Bench::renewed(&tokens, &first);
    assert_eq!(tokens.token(Duration::ZERO).unwrap(), second);
    assert_eq!(bench.asked(&bench.emulator.ofx()), 2);
}

#[test]
fn a_failed_renewal_is_no_outage_while_the_token_lives() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    let first = tokens.token(Duration::ZERO).unwrap();
    bench.pass(3_599_000 - 50_000);
    let down = Fault::token(Effect::Answer {
        point: Point::Before,
        answer: Answer::html(503),
    })
    .times(100);
    bench.emulator.ofx().faults().push(down);
    assert_eq!(tokens.token(Duration::ZERO).unwrap(), first);
    assert!(bench.seen(&Event::ServiceTokenFailed {
        code: ErrorCode::ProviderFault,
        still_serving: true,
    }));

    bench.pass(60_000);
    let error = tokens.token(Duration::ZERO).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ProviderFault);
    assert!(matches!(error.action(), Action::RetryAfter { .. }));

    bench.emulator.ofx().faults().clear();
    bench.pass(600_000);
    assert_ne!(tokens.token(Duration::ZERO).unwrap(), first);
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    bench.emulator.ofx().faults().push(Fault::token(Effect::Drop {
        point: Point::After,
        ending: Ending::Reset,
    }));
    assert!(tokens.token(Duration::ZERO).is_ok());
    assert_eq!(bench.asked(&bench.emulator.ofx()), 2);
}

#[test]
fn each_wise_worker_has_a_token_of_its_own() {
    let bench = Bench::new();
    let wise = bench.emulator.wise();
    let client = Client::builder(
        Profile::built_in("wise").unwrap(),
        Environment::Sandbox,
        wise.client_id(),
    )
    .client_secret(wise.client_secret())
    .token_endpoint(wise.token_url())
    .build()
    .unwrap();
    let pem = bench.emulator.certificates();
    let http = UreqHost::with_client_certificate(&pem.client_pem, &pem.client_key_pem, &pem.authority_pem).unwrap();
    let tokens = ServiceTokens::new(client.clone(), Vec::new(), bench.host(http));
    let one = tokens.token(Duration::ZERO).unwrap();
    let other = tokens.for_worker().token(Duration::ZERO).unwrap();
    assert_ne!(one, other);
    assert_eq!(tokens.clone().token(Duration::ZERO).unwrap(), one);

    // Without the certificate the host does not even hear the request.
    let bare = ServiceTokens::new(client, Vec::new(), bench.host(UreqHost::new()));
    let error = bare.token(Duration::ZERO).unwrap_err();
    assert!(matches!(error.action(), Action::RetryAfter { .. }), "{error:?}");
}

#[test]
fn the_second_secret_is_tried_once_and_remembered() {
    let bench = Bench::new();
    let ofx = bench.emulator.ofx();
    let right = ofx.client_secret();
    let tokens = bench.ofx_tokens(
        bench
            .ofx_client()
            .client_secret("retired")
            .next_client_secret(right)
            .build()
            .unwrap(),
    );
    // Apigee's way of refusing a client says nothing that RFC 6749 knows; a 401 is enough.
    tokens.token(Duration::ZERO).unwrap();
    let refused = || bench.emulator.journal().count("ofx", What::ClientRejected);
    assert_eq!(refused(), 1);
    bench.pass(3_599_000);
    tokens.token(Duration::ZERO).unwrap();
    assert_eq!(refused(), 1, "the secret that works is remembered");
    let events = bench.events.lock().unwrap().clone();
    assert!(events.iter().any(|event| matches!(
        event,
        Event::ServiceTokenObtained {
            with_next_secret: true,
            ..
        }
    )));
}

#[test]
fn wrong_credentials_are_said_once_and_not_hammered() {
    let bench = Bench::new();
    let tokens = bench.ofx_tokens(bench.ofx_client().client_secret("wrong").build().unwrap());
    for _ in 0..5 {
        let error = tokens.token(Duration::ZERO).unwrap_err();
        assert_eq!(
            (error.code(), error.action()),
            (ErrorCode::InvalidClient, &Action::FixConfiguration)
        );
    }
    assert_eq!(bench.emulator.journal().count("ofx", What::ClientRejected), 1);
}

#[test]
fn a_rejected_token_is_replaced_once() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    let first = tokens.token(Duration::ZERO).unwrap();
    bench.pass(120_000);
    let second = tokens.rejected(&first).unwrap();
    assert_ne!(second, first);
    assert_eq!(
        tokens.rejected(&first).unwrap(),
        second,
        "somebody else has replaced it already"
    );
    let error = tokens.rejected(&second).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FreshTokenRejected);
    assert_eq!(bench.asked(&bench.emulator.ofx()), 2);
}

#[test]
fn a_transport_that_panics_blocks_nobody() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    bench.panics.store(true, Ordering::SeqCst);
    assert!(catch_unwind(AssertUnwindSafe(|| tokens.token(Duration::ZERO))).is_err());
    assert!(tokens.token(Duration::ZERO).is_ok());
}

#[test]
fn nobody_listening_is_not_sent() {
    let bench = Bench::new();
    let client = bench
        .ofx_client()
        .client_secret("any")
        .token_endpoint("http://127.0.0.1:1/token")
        .build()
        .unwrap();
    let error = bench.ofx_tokens(client).token(Duration::ZERO).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotSent);
}

#[test]
fn nobody_waits_for_a_renewal_that_hangs() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    let first = tokens.token(Duration::ZERO).unwrap();
    bench.pass(3_599_000 - 40_000);
    bench.emulator.ofx().faults().push(Fault::token(Effect::Delay {
        point: Point::Before,
        ms: 1_500,
    }));
    let begun = std::time::Instant::now();
    assert_eq!(tokens.token(Duration::ZERO).unwrap(), first);
    assert!(begun.elapsed() < Duration::from_millis(1_000));
    Bench::renewed(&tokens, &first);
}

#[test]
fn one_host_serves_two_clients() {
    let bench = Bench::new();
    let host = Arc::new(bench.host(UreqHost::new()));
    let client = bench
        .ofx_client()
        .client_secret(bench.emulator.ofx().client_secret())
        .build()
        .unwrap();
    let one = ServiceTokens::new(client.clone(), Vec::new(), host.clone());
    let other = ServiceTokens::new(client, Vec::new(), host);
    assert_ne!(one.token(Duration::ZERO).unwrap(), other.token(Duration::ZERO).unwrap());
}

#[test]
fn entropy_that_is_none_is_no_outage_while_a_token_lives() {
    let bench = Bench::new();
    let tokens = bench.ofx();
    let first = tokens.token(Duration::ZERO).unwrap();
    bench.without_entropy.store(true, Ordering::SeqCst);
    bench.pass(3_599_000 - 40_000);
    assert_eq!(tokens.token(Duration::ZERO).unwrap(), first);
    let failed = Event::ServiceTokenFailed {
        code: ErrorCode::WeakEntropy,
        still_serving: true,
    };
    assert!(bench.seen(&failed));
    assert_eq!(tokens.token(Duration::ZERO).unwrap(), first);
    bench.pass(60_000);
    assert_eq!(tokens.token(Duration::ZERO).unwrap_err().code(), ErrorCode::WeakEntropy);
}
