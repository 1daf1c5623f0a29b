//! A worker process: it asks for the tokens of many connections in turn, uses them, reports what a resource rejects, and
//! sweeps over what is due.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evergrant::base::error::{Action, ErrorCode, OAuthError};
use evergrant::drive::connections::Connections;
use evergrant::flow::event::Event;
use serde_json::{Value, json};

use crate::host::ChaosHost;
use crate::kill::{Kill, Point};
use crate::log::Log;
use crate::naive;
use crate::rng::Rng;
use crate::site::Site;
use crate::store::{ChaosStore, Place};
use crate::time::{Clocks, Scale};

/// How many callers one process has.
const CALLERS: u64 = 5;
/// How many sweepers, so that one connection that takes its time does not hold up the others.
const SWEEPERS: u64 = 3;

/// What a worker is told on the first line of its input.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Its name.
    pub who: String,
    /// The folder of the logs.
    pub folder: PathBuf,
    /// Where the records are.
    pub place: Place,
    /// Fast time.
    pub scale: Scale,
    /// What its chance begins with.
    pub seed: u64,
    /// The provider's gates.
    pub sites: Vec<Site>,
    /// When it dies by itself.
    pub dies: Option<(Point, u64)>,
    /// Its store fails now and then.
    pub store_faults: bool,
    /// It refreshes as many programs do: no claim, save afterwards.
    pub naive: bool,
}

impl Orders {
    /// As one line.
    pub fn to_json(&self) -> Value {
        json!({
            "who": self.who,
            "folder": self.folder,
            "place": self.place.to_word(),
            "epoch": self.scale.epoch,
            "rate": self.scale.rate,
            "seed": self.seed,
            "sites": self.sites.iter().map(Site::to_json).collect::<Vec<_>>(),
            "dies": self.dies.map(|(point, times)| json!([point.name(), times])),
            "store_faults": self.store_faults,
            "naive": self.naive,
        })
    }

    /// From one line.
    pub fn from_json(value: &Value) -> Option<Self> {
        let dies = &value["dies"];
        Some(Self {
            who: value["who"].as_str()?.to_owned(),
            folder: value["folder"].as_str()?.into(),
            place: Place::of_word(value["place"].as_str()?),
            scale: Scale {
                epoch: value["epoch"].as_i64()?,
                rate: value["rate"].as_i64()?,
            },
            seed: value["seed"].as_u64()?,
            sites: value["sites"]
                .as_array()?
                .iter()
                .map(Site::from_json)
                .collect::<Option<_>>()?,
            dies: dies[0].as_str().and_then(Point::named).zip(dies[1].as_u64()),
            store_faults: value["store_faults"].as_bool()?,
            naive: value["naive"].as_bool()?,
        })
    }
}

/// Runs until the input ends or says `stop`.
///
/// # Errors
/// In words, where it cannot begin or does not come to its end.
pub fn run(input: impl BufRead + Send + 'static) -> Result<(), String> {
    let mut lines = input.lines().map_while(Result::ok);
    let first = lines.next().ok_or("no orders")?;
    let orders = serde_json::from_str(&first).ok().as_ref().and_then(Orders::from_json);
    let orders = orders.ok_or("orders that cannot be read")?;
    let log = Arc::new(Log::open(&orders.folder, &orders.who, orders.scale).map_err(|error| error.to_string())?);
    log.say(
        "begins",
        "",
        json!({"dies": orders.dies.map(|(point, _)| point.name())}),
    );
    let kill = Arc::new(Kill::at(
        orders.dies,
        orders.sites.iter().any(|site| site.window_ms == 0),
    ));
    let chance = |purpose: &str| Rng::of(orders.seed, &format!("{} {purpose}", orders.who));
    let faults = orders.store_faults.then(|| chance("store"));
    let clocks = Arc::new(Clocks::new(orders.scale));
    let host = Arc::new(ChaosHost {
        who: orders.who.clone(),
        scale: orders.scale,
        clocks: clocks.clone(),
        kill: kill.clone(),
        log: log.clone(),
    });
    let store = open(&orders, &log, &kill, faults)?;
    let stops = Arc::new(AtomicBool::new(false));
    let works: Arc<dyn Works> = if orders.naive {
        Arc::new(naive::Naive::new(&orders.sites, store.clone(), host.clone()))
    } else {
        Arc::new(Kept::new(&orders, &store, &host)?)
    };
    let mut threads = Vec::new();
    for number in 0..CALLERS {
        let (orders, works, stops) = (orders.clone(), works.clone(), stops.clone());
        let rng = Rng::of(orders.seed, &format!("{} caller {number}", orders.who));
        threads.push(std::thread::spawn(move || {
            call(&orders, &*works, &stops, rng);
        }));
    }
    for number in 0..SWEEPERS {
        let (scale, works, stops, store) = (orders.scale, works.clone(), stops.clone(), store.clone());
        threads.push(std::thread::spawn(move || {
            while !stops.load(Ordering::SeqCst) {
                let due = store.due(1_000).unwrap_or_default();
                for due in due.iter().filter(|due| share(&due.key) == number) {
                    works.keep_alive(&due.key);
                }
                std::thread::sleep(scale.real(2_000));
            }
        }));
    }
    {
        let (scale, log, stops, store) = (orders.scale, log.clone(), stops.clone(), store.clone());
        threads.push(std::thread::spawn(move || pulse(scale, &log, &stops, &store)));
    }
    for line in lines {
        let (word, more) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "step" => {
                let ms = more.parse().unwrap_or(0);
                clocks.step(ms);
                log.say("wall_clock_stepped", "", json!({"ms": ms}));
            }
            "calm" => {
                kill.disarm();
                store.calm();
            }
            "stop" => break,
            _ => {}
        }
    }
    stops.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().map_err(|_| "a caller panicked")?;
    }
    let closed = works.close();
    log.say("ends", "", json!({"closed": closed}));
    if closed {
        Ok(())
    } else {
        Err("works under way did not end".to_owned())
    }
}

/// Writes down that this process reaches its store, as long as it does. A machine that is too busy, a store that stalls: to
/// be slow is a fault like any other, and has to be counted.
fn pulse(scale: Scale, log: &Log, stops: &AtomicBool, store: &ChaosStore) {
    while !stops.load(Ordering::SeqCst) {
        if store.answers() {
            log.say("able", "", json!({}));
        }
        std::thread::sleep(scale.real(1_000));
    }
}

/// Which sweeper looks after a key.
fn share(key: &str) -> u64 {
    u64::from(key.bytes().fold(0_u8, u8::wrapping_add)) % SWEEPERS
}

/// The database may be down just now.
fn open(orders: &Orders, log: &Arc<Log>, kill: &Arc<Kill>, faults: Option<Rng>) -> Result<Arc<ChaosStore>, String> {
    let mut tries = 0;
    loop {
        let opened = ChaosStore::open(&orders.place, orders.scale, log.clone(), kill.clone(), faults.clone());
        match opened {
            Ok(store) => return Ok(Arc::new(store)),
            Err(words) if tries > 20 => return Err(words),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
        tries += 1;
    }
}

/// What is asked of a program that keeps connections.
pub trait Works: Send + Sync {
    /// An access token with so much life, used at the resource; what the resource rejects is reported.
    fn use_token(&self, site: usize, key: &str, min_life: Duration, calls: bool);
    /// Whatever is due.
    fn keep_alive(&self, key: &str);
    /// Waits for all that is under way; whether it ended.
    fn close(&self) -> bool;
}

/// One caller.
fn call(orders: &Orders, works: &dyn Works, stops: &AtomicBool, mut rng: Rng) {
    let all: Vec<(usize, String)> = orders
        .sites
        .iter()
        .enumerate()
        .flat_map(|(site, told)| told.keys().map(move |key| (site, key)))
        .collect();
    while !stops.load(Ordering::SeqCst) {
        let at = usize::try_from(rng.below(all.len() as u64)).unwrap_or(0);
        let (site, key) = &all[at];
        let told = &orders.sites[*site];
        let min_life = match habit(key) {
            // Whoever asks for a fresh one all the time refreshes every minute.
            Habit::Eager => told.eager_ms(),
            Habit::Ordinary => 0,
            Habit::Idle if rng.permille(950) => continue,
            Habit::Idle => 0,
        };
        let min_life = Duration::from_millis(u64::try_from(min_life).unwrap_or(0));
        works.use_token(*site, key, min_life, rng.permille(300));
        std::thread::sleep(orders.scale.real(rng.between(50, 300)));
    }
}

/// How a connection is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// By someone who wants nearly the whole life of a token.
    Eager,
    /// By someone who takes what there is.
    Ordinary,
    /// Hardly ever: the sweeper keeps it.
    Idle,
}

fn habit(key: &str) -> Habit {
    match key.bytes().last().unwrap_or(0) % 5 {
        0 => Habit::Idle,
        1 | 2 => Habit::Ordinary,
        _ => Habit::Eager,
    }
}

type Own = Connections<Arc<ChaosHost>, Arc<ChaosStore>>;

/// Connections that evergrant keeps.
struct Kept {
    sites: Vec<(Site, Own)>,
    host: Arc<ChaosHost>,
    log: Arc<Log>,
    said: Mutex<BTreeSet<String>>,
}

impl Kept {
    fn new(orders: &Orders, store: &Arc<ChaosStore>, host: &Arc<ChaosHost>) -> Result<Self, String> {
        let mut sites = Vec::new();
        for site in &orders.sites {
            let client = site.client().map_err(|error| error.details().message.clone())?;
            let log = host.log.clone();
            let connections = Connections::new(client, store.clone(), host.clone()).on_event(move |key, event| {
                note(&log, key, &event);
            });
            sites.push((site.clone(), connections));
        }
        Ok(Self {
            sites,
            host: host.clone(),
            log: host.log.clone(),
            said: Mutex::default(),
        })
    }

    /// Errors that end a matter are worth a line for each connection; the rest is asked for again.
    fn told(&self, key: &str, error: &OAuthError) {
        let code = error.code();
        let waits = matches!(error.action(), Action::RetryAfter { .. });
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if (code == ErrorCode::ReauthorizationRequired || !waits) && said.insert(key.to_owned()) {
            self.log.say("told", key, json!({"code": format!("{code:?}")}));
        }
    }
}

impl Works for Kept {
    fn use_token(&self, site: usize, key: &str, min_life: Duration, calls: bool) {
        let (told, connections) = &self.sites[site];
        let Ok(connection) = connections.connection(key) else {
            return;
        };
        let token = match connection.token(min_life) {
            Ok(token) => token,
            Err(error) => return self.told(key, &error),
        };
        if calls && self.host.get(&told.resource, token.authorization().expose()) == 401 {
            self.log.say("rejected_by_resource", key, json!({}));
            if let Err(error) = connection.rejected(&token) {
                self.told(key, &error);
            }
        }
    }

    fn keep_alive(&self, key: &str) {
        let site = self
            .sites
            .iter()
            .find(|(site, _)| key.starts_with(&format!("{}/", site.name)));
        let Some((_, connections)) = site else { return };
        if let Ok(connection) = connections.connection(key)
            && let Err(error) = connection.keep_alive()
        {
            self.told(key, &error);
        }
    }

    fn close(&self) -> bool {
        let patience = Duration::from_secs(20);
        self.sites
            .iter()
            .all(|(_, connections)| connections.close_within(patience))
    }
}

/// The events that tell how a connection fared.
fn note(log: &Log, key: &str, event: &Event) {
    let (what, more) = match event {
        Event::RefreshSucceeded { attempt, recovery, .. } => (
            "succeeds",
            json!({"attempt": attempt, "recovery": recovery.map(|recovery| format!("{recovery:?}").to_lowercase())}),
        ),
        Event::RefreshRejected { attempt, .. } => ("is_refused", json!({"attempt": attempt})),
        Event::RefreshUnknown { attempt, kind, .. } => (
            "knows_nothing",
            json!({"attempt": attempt, "kind": format!("{kind:?}")}),
        ),
        Event::RefreshNotSpent { attempt, kind, .. } => (
            "spent_nothing",
            json!({"attempt": attempt, "kind": format!("{kind:?}")}),
        ),
        Event::PersistFailing => ("holds", json!({})),
        Event::PersistRecovered => ("holds_no_longer", json!({})),
        Event::ReauthorizationNeeded { reason, .. } => ("gives_up", json!({"reason": format!("{reason:?}")})),
        _ => return,
    };
    log.say(what, key, more);
}
