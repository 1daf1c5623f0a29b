//! A host and a store whose clock, answers and failures a test decides on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use evergrant::base::entropy;
use evergrant::base::error::OAuthError;
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::drive::bell::Bell;
use evergrant::drive::connections::{ConnectionHandle, Connections};
use evergrant::drive::host::{Exchange, Host};
use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::event::Event;
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::{Save, Send};
use evergrant::flow::stored::Stored;
use evergrant::message::authorize::{AuthorizationRequest, Login};
use evergrant::message::binding::Binding;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::{Decision, Emulator, Options, What, consent};

use crate::ureq_host::UreqHost;

pub const SECOND: i64 = 1_000;

/// Time as the tests have it: the emulator's, the host's and the store's clock go together.
#[derive(Default)]
struct Time {
    moved: Mutex<i64>,
    moves: Condvar,
}

/// What a test decides, and what it has seen.
#[derive(Default)]
pub struct Controls {
    time: Time,
    /// So many answers of the provider, by number, are held back.
    holds: Mutex<usize>,
    released: Condvar,
    held: AtomicUsize,
    pub transport_panics: AtomicBool,
    pub store_panics: AtomicBool,
    pub entropy_panics: AtomicBool,
    /// The store takes nothing from the moment on at which the next request leaves.
    pub store_breaks_at_send: AtomicBool,
    pub store_down: AtomicBool,
    pub loads: AtomicUsize,
    /// Happens in the next save.
    pub at_next_save: Mutex<Option<Box<dyn FnOnce() + core::marker::Send>>>,
    /// Happens in the next wait of a work.
    pub at_next_wait: Mutex<Option<Box<dyn FnOnce() + core::marker::Send>>>,
    rows: Mutex<BTreeMap<String, Stored>>,
    events: Mutex<Vec<(String, Event)>>,
}

impl Controls {
    fn now(&self) -> Now {
        Now::system().later(*self.time.moved.lock().unwrap())
    }

    fn pass(&self, ms: i64) {
        *self.time.moved.lock().unwrap() += ms;
        self.time.moves.notify_all();
    }

    pub fn hold_answers(&self) {
        *self.holds.lock().unwrap() = usize::MAX;
    }

    pub fn release_answers(&self) {
        self.hold_only(0);
    }

    /// Holds back the first ones alone.
    pub fn hold_only(&self, first: usize) {
        *self.holds.lock().unwrap() = first;
        self.released.notify_all();
    }

    /// Waits until so many answers are held back.
    pub fn until_held(&self, count: usize) {
        until(|| self.held.load(Ordering::SeqCst) >= count, "an answer to hold");
    }

    pub fn events(&self) -> Vec<(String, Event)> {
        self.events.lock().unwrap().clone()
    }

    /// Waits for an event.
    pub fn until_event(&self, wanted: impl Fn(&Event) -> bool) {
        until(|| self.events().iter().any(|(_, event)| wanted(event)), "an event");
    }
}

/// Waits for something that must come about; no test fails because a machine is slow.
pub fn until(wanted: impl Fn() -> bool, what: &str) {
    for _ in 0..6_000 {
        if wanted() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("{what} did not come within thirty seconds");
}

pub struct TestHost {
    http: UreqHost,
    controls: Arc<Controls>,
    emulator: Arc<Emulator>,
}

impl Host for TestHost {
    fn send(&self, send: &Send) -> Exchange {
        let controls = &self.controls;
        assert!(
            !controls.transport_panics.swap(false, Ordering::SeqCst),
            "a transport that panics"
        );
        if controls.store_breaks_at_send.swap(false, Ordering::SeqCst) {
            controls.store_down.store(true, Ordering::SeqCst);
        }
        let exchange = self.http.send(send);
        let mut holds = controls.holds.lock().unwrap();
        if *holds > 0 {
            let number = controls.held.fetch_add(1, Ordering::SeqCst) + 1;
            while number <= *holds {
                holds = controls.released.wait(holds).unwrap();
            }
        }
        exchange
    }

    fn now(&self) -> Now {
        self.controls.now()
    }

    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        assert!(
            !self.controls.entropy_panics.swap(false, Ordering::SeqCst),
            "a random source that panics"
        );
        entropy::system()
    }

    /// Waits do not take their time; but while the store is down, only a little passes.
    fn wait(&self, delay_ms: i64) {
        let happens = self.controls.at_next_wait.lock().unwrap().take();
        if let Some(happens) = happens {
            happens();
        }
        if self.controls.store_down.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        } else {
            self.controls.pass(delay_ms);
            self.emulator.advance(delay_ms);
        }
    }

    /// Nobody waits for an answer in vain unless the test lets the time pass.
    fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) {
        let end = *self.controls.time.moved.lock().unwrap() + delay_ms;
        while !bell.wait(2) {
            if *self.controls.time.moved.lock().unwrap() >= end {
                return;
            }
        }
    }
}

pub struct TestStore(Arc<Controls>);

impl TestStore {
    fn check(&self) -> Result<(), StoreFailure> {
        assert!(
            !self.0.store_panics.swap(false, Ordering::SeqCst),
            "a store that panics"
        );
        if self.0.store_down.load(Ordering::SeqCst) {
            return Err(StoreFailure::Down);
        }
        Ok(())
    }
}

impl Store for TestStore {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        Ok(Loaded {
            stored: self.0.rows.lock().unwrap().get(key).cloned(),
            store_now: self.0.now().wall,
        })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let happens = self.0.at_next_save.lock().unwrap().take();
        if let Some(happens) = happens {
            happens();
        }
        self.check()?;
        let mut rows = self.0.rows.lock().unwrap();
        let store_now = self.0.now().wall;
        let stored = rows.get(&save.key);
        if stored.map_or(0, Stored::version) != save.expect {
            let stored = stored.cloned();
            return Ok(SaveResult::Conflict { stored, store_now });
        }
        rows.insert(save.key.clone(), save.record.clone());
        Ok(SaveResult::Saved { store_now })
    }
}

pub type Handle = ConnectionHandle<TestHost, TestStore>;

/// One process against the emulated Airwallex.
pub struct Bench {
    pub emulator: Arc<Emulator>,
    pub controls: Arc<Controls>,
    pub client: Client,
    pub connections: Connections<TestHost, TestStore>,
}

impl Bench {
    pub fn new() -> Self {
        let emulator = Arc::new(Emulator::start(Options::default()).unwrap());
        let airwallex = emulator.airwallex();
        let client = Client::builder(
            Profile::built_in("airwallex").unwrap(),
            Environment::Sandbox,
            airwallex.client_id(),
        )
        .client_secret(airwallex.client_secret())
        .redirect_uri("https://app.example/callback")
        .authorize_endpoint(airwallex.authorize_url())
        .token_endpoint(airwallex.token_url())
        .build()
        .unwrap();
        let controls = Arc::<Controls>::default();
        let connections = process(&emulator, &controls, &client);
        Self {
            emulator,
            controls,
            client,
            connections,
        }
    }

    /// Another process with the same store and the same clock.
    pub fn another_process(&self) -> Connections<TestHost, TestStore> {
        process(&self.emulator, &self.controls, &self.client)
    }

    pub fn binding() -> Binding {
        Binding::session("session-7").unwrap()
    }

    pub fn begin(&self) -> Login {
        let request = AuthorizationRequest::new(Self::binding()).scopes(["balance:read"]);
        self.connections.begin(&request).unwrap()
    }

    /// A login, and the callback that the user's browser is sent to.
    pub fn log_in(&self, decision: Decision<'_>) -> (Login, String) {
        let login = self.begin();
        let callback = consent(&login.url, decision).unwrap().callback().unwrap();
        (login, callback)
    }

    /// A new connection with fresh tokens.
    pub fn connect(&self, key: &str) -> Handle {
        let (login, callback) = self.log_in(Decision::ALLOW);
        let finished = self
            .connections
            .finish(&login.pending, callback, &Self::binding(), key)
            .unwrap();
        finished.connection().expect("connected")
    }

    /// Lets time pass on all clocks.
    pub fn pass(&self, ms: i64) {
        self.emulator.advance(ms);
        self.controls.pass(ms);
    }

    /// How often the provider rotated tokens.
    pub fn refreshes(&self) -> usize {
        self.journal(What::Refreshed)
    }

    pub fn journal(&self, what: What) -> usize {
        self.emulator.journal().count("airwallex", what)
    }

    pub fn api_answers(&self, token: &evergrant::message::access_token::AccessToken) -> u16 {
        let url = self.emulator.airwallex().resource_url();
        let answer = UreqHost::new().get(&url, token.authorization().expose()).unwrap();
        answer.status()
    }
}

fn process(emulator: &Arc<Emulator>, controls: &Arc<Controls>, client: &Client) -> Connections<TestHost, TestStore> {
    let host = TestHost {
        http: UreqHost::new(),
        controls: controls.clone(),
        emulator: emulator.clone(),
    };
    let heard = controls.clone();
    Connections::new(client.clone(), TestStore(controls.clone()), host)
        .on_event(move |key, event| heard.events.lock().unwrap().push((key.to_owned(), event)))
}
