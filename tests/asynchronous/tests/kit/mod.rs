//! A host and a store whose clock, answers and failures a test decides on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::drive::async_connections::{AsyncConnectionHandle, AsyncConnections};
use evergrant::drive::async_host::{AsyncHost, Task};
use evergrant::drive::async_store::AsyncStore;
use evergrant::drive::host::Exchange;
use evergrant::drive::store::{Loaded, SaveResult};
use evergrant::flow::event::Event;
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::{Save, Send};
use evergrant::flow::stored::Stored;
use evergrant::message::access_token::AccessToken;
use evergrant::message::authorize::{AuthorizationRequest, Login};
use evergrant::message::binding::Binding;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_asynchronous::ReqwestHost;
use evergrant_emulator::{Decision, Emulator, Options, What, consent};
use tokio::sync::watch;

pub const SECOND: i64 = 1_000;
/// A wait that is longer is for an answer, and ends only where the test lets the time pass.
const PATIENCE: i64 = 10 * SECOND;

pub struct Controls {
    moved: watch::Sender<i64>,
    holds: watch::Sender<bool>,
    held: AtomicUsize,
    pub transport_panics: AtomicBool,
    pub store_panics: AtomicBool,
    pub spawn_panics: AtomicBool,
    /// The store takes nothing from the moment on at which the next request leaves.
    pub store_breaks_at_send: AtomicBool,
    pub store_down: AtomicBool,
    rows: Mutex<BTreeMap<String, Stored>>,
    events: Mutex<Vec<(String, Event)>>,
}

impl Controls {
    fn now(&self) -> Now {
        Now::system().later(*self.moved.borrow())
    }

    pub fn hold_answers(&self) {
        self.holds.send_replace(true);
    }

    pub fn release_answers(&self) {
        self.holds.send_replace(false);
    }

    pub async fn until_held(&self, count: usize) {
        until(|| self.held.load(SeqCst) >= count, "an answer to hold").await;
    }

    pub fn events(&self) -> Vec<(String, Event)> {
        self.events.lock().unwrap().clone()
    }

    pub async fn until_event(&self, wanted: impl Fn(&Event) -> bool) {
        until(|| self.events().iter().any(|(_, event)| wanted(event)), "an event").await;
    }
}

/// Waits for something that must come about; no test fails because a machine is slow.
async fn until(wanted: impl Fn() -> bool, what: &str) {
    for _ in 0..6_000 {
        if wanted() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come within thirty seconds");
}

pub struct TestHost {
    http: ReqwestHost,
    controls: Arc<Controls>,
    emulator: Arc<Emulator>,
}

impl AsyncHost for TestHost {
    async fn send(&self, send: &Send) -> Exchange {
        let controls = &self.controls;
        assert!(
            !controls.transport_panics.swap(false, SeqCst),
            "a transport that panics"
        );
        if controls.store_breaks_at_send.swap(false, SeqCst) {
            controls.store_down.store(true, SeqCst);
        }
        let exchange = self.http.send(send).await;
        let mut holds = controls.holds.subscribe();
        if *holds.borrow() {
            controls.held.fetch_add(1, SeqCst);
        }
        holds.wait_for(|holds| !holds).await.unwrap();
        exchange
    }

    fn spawn(&self, task: Task) {
        assert!(
            !self.controls.spawn_panics.swap(false, SeqCst),
            "a runtime that is gone"
        );
        self.http.spawn(task);
    }

    async fn sleep(&self, delay_ms: i64) {
        if delay_ms > PATIENCE {
            let mut moved = self.controls.moved.subscribe();
            let end = *moved.borrow() + delay_ms;
            moved.wait_for(|moved| *moved >= end).await.unwrap();
        } else if self.controls.store_down.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        } else {
            self.emulator.advance(delay_ms);
            self.controls.moved.send_modify(|moved| *moved += delay_ms);
        }
    }

    fn now(&self) -> Now {
        self.controls.now()
    }
}

pub struct TestStore(Arc<Controls>);

impl TestStore {
    async fn reach(&self) -> Result<(), StoreFailure> {
        tokio::task::yield_now().await;
        assert!(!self.0.store_panics.swap(false, SeqCst), "a store that panics");
        if self.0.store_down.load(SeqCst) {
            return Err(StoreFailure::Down);
        }
        Ok(())
    }
}

impl AsyncStore for TestStore {
    async fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        self.reach().await?;
        Ok(Loaded {
            stored: self.0.rows.lock().unwrap().get(key).cloned(),
            store_now: self.0.now().wall,
        })
    }

    async fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        self.reach().await?;
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

pub type Handle = AsyncConnectionHandle<TestHost, TestStore>;

/// One process against the emulated Airwallex.
pub struct Bench {
    pub emulator: Arc<Emulator>,
    pub controls: Arc<Controls>,
    pub http: ReqwestHost,
    client: Client,
    pub connections: AsyncConnections<TestHost, TestStore>,
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
        let controls = Arc::new(Controls {
            moved: watch::Sender::new(0),
            holds: watch::Sender::new(false),
            held: AtomicUsize::default(),
            transport_panics: AtomicBool::default(),
            store_panics: AtomicBool::default(),
            spawn_panics: AtomicBool::default(),
            store_breaks_at_send: AtomicBool::default(),
            store_down: AtomicBool::default(),
            rows: Mutex::default(),
            events: Mutex::default(),
        });
        let http = ReqwestHost::new().unwrap();
        let connections = process(&emulator, &controls, &client, &http);
        Self {
            emulator,
            controls,
            http,
            client,
            connections,
        }
    }

    /// Another process with the same store and the same clock.
    pub fn another_process(&self) -> AsyncConnections<TestHost, TestStore> {
        process(&self.emulator, &self.controls, &self.client, &self.http)
    }

    pub fn binding() -> Binding {
        Binding::session("session-7").unwrap()
    }

    /// A login, and the callback that the user's browser is sent to.
    pub async fn log_in(&self, decision: Decision<'static>) -> (Login, String) {
        let request = AuthorizationRequest::new(Self::binding()).scopes(["balance:read"]);
        let login = self.connections.begin(&request).unwrap();
        let url = login.url.clone();
        let landing = tokio::task::spawn_blocking(move || consent(&url, decision)).await;
        (login, landing.unwrap().unwrap().callback().unwrap())
    }

    /// A new connection with fresh tokens.
    pub async fn connect(&self, key: &str) -> Handle {
        let (login, callback) = self.log_in(Decision::ALLOW).await;
        let finished = self
            .connections
            .finish(&login.pending, callback, &Self::binding(), key)
            .await;
        finished.unwrap().connection().expect("connected")
    }

    /// Lets time pass on all clocks.
    pub fn pass(&self, ms: i64) {
        self.emulator.advance(ms);
        self.controls.moved.send_modify(|moved| *moved += ms);
    }

    /// How often the provider rotated tokens.
    pub fn refreshes(&self) -> usize {
        self.journal(What::Refreshed)
    }

    pub fn journal(&self, what: What) -> usize {
        self.emulator.journal().count("airwallex", what)
    }

    pub async fn api_answers(&self, token: &AccessToken) -> u16 {
        let url = self.emulator.airwallex().resource_url();
        self.http.get(&url, token.authorization().expose()).await.unwrap()
    }
}

fn process(
    emulator: &Arc<Emulator>,
    controls: &Arc<Controls>,
    client: &Client,
    http: &ReqwestHost,
) -> AsyncConnections<TestHost, TestStore> {
    let host = TestHost {
        http: http.clone(),
        controls: controls.clone(),
        emulator: emulator.clone(),
    };
    let heard = controls.clone();
    AsyncConnections::new(client.clone(), TestStore(controls.clone()), host)
        .on_event(move |key, event| heard.events.lock().unwrap().push((key.to_owned(), event)))
}
