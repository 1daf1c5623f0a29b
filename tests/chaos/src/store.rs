//! The shared store as one worker sees it: in fast time, with a log of every claim, and with faults.
//!
//! The clock of a record is still the one clock of its database: it is only read as fast time. So this shows that the
//! protocol keeps its windows by that clock; it shows nothing about the statement that asks the database for the time, which
//! the conformance suite of the stores does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant_stores::postgres::PostgresStore;
use evergrant_stores::sqlite::SqliteStore;
use evergrant_stores::sweep::{Due, Sweep};
use serde_json::{Value, json};

use crate::kill::{Kill, Point};
use crate::log::Log;
use crate::rng::Rng;
use crate::time::Scale;

/// How many connections to the database one process has.
const HANDLES: usize = 3;

/// Where the records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    Sqlite(PathBuf),
    /// In the PostgreSQL of the environment variable `EVERGRANT_POSTGRES_URL`, where other users of the machine do not see
    /// its password.
    Postgres,
}

trait Shared: Store + Sweep + Send + Sync {}
impl<S: Store + Sweep + Send + Sync> Shared for S {}

impl Place {
    /// As a word for another process.
    pub fn to_word(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres => "postgres".to_owned(),
        }
    }

    /// The place of that word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "postgres" => Self::Postgres,
            path => Self::Sqlite(path.into()),
        }
    }

    /// In the printed summary.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    fn open(&self) -> Result<Box<dyn Shared>, String> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(SqliteStore::open(path).map_err(|error| error.to_string())?),
            Self::Postgres => {
                let url = std::env::var("EVERGRANT_POSTGRES_URL");
                let url = url.map_err(|_| "EVERGRANT_POSTGRES_URL is not set".to_owned())?;
                Box::new(PostgresStore::new(&url).map_err(|error| error.to_string())?)
            }
        })
    }
}

/// The store of one process.
pub struct ChaosStore {
    handles: Vec<Box<dyn Shared>>,
    scale: Scale,
    log: Arc<Log>,
    kill: Arc<Kill>,
    faults: Option<Mutex<Rng>>,
    quiet: AtomicBool,
    /// What this process claimed and has not settled, by key.
    open: Mutex<BTreeMap<String, Claim>>,
}

/// A claim, as its record tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim {
    generation: i64,
    attempt: i64,
    /// The how-manieth attempt of its refresh it is.
    place: usize,
}

/// What a save does to the attempts of a record.
#[derive(Default)]
struct Change {
    /// The claim that it makes, for the log.
    claim: Option<Value>,
    /// It settles this process's own claim.
    settles: bool,
    /// It takes an answer into use although a later attempt may have been answered too: this generation begins with it.
    promotes: Option<i64>,
    /// How many attempts the refresh had.
    attempts: usize,
    /// What they spend.
    refresh_token: String,
}

impl ChaosStore {
    /// The store of a process; with `faults` it also fails and forgets to tell.
    ///
    /// # Errors
    /// In words, where the place cannot be opened.
    pub fn open(
        place: &Place,
        scale: Scale,
        log: Arc<Log>,
        kill: Arc<Kill>,
        faults: Option<Rng>,
    ) -> Result<Self, String> {
        Ok(Self {
            handles: (0..HANDLES).map(|_| place.open()).collect::<Result<_, _>>()?,
            scale,
            log,
            kill,
            faults: faults.map(Mutex::new),
            quiet: AtomicBool::new(false),
            open: Mutex::default(),
        })
    }

    /// Does not fail by itself any more.
    pub fn calm(&self) {
        self.quiet.store(true, Ordering::SeqCst);
    }

    /// What is due now.
    ///
    /// # Errors
    /// As the store.
    pub fn due(&self, limit: u32) -> Result<Vec<Due>, StoreFailure> {
        self.handle("sweep").due(self.scale.now(), limit)
    }

    /// Whether every handle answers just now.
    pub fn answers(&self) -> bool {
        self.handles.iter().all(|handle| handle.load("nobody").is_ok())
    }

    fn handle(&self, key: &str) -> &dyn Shared {
        let at = key.bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        &*self.handles[at % self.handles.len()]
    }

    fn strikes(&self, permille: u64) -> bool {
        let faults = self.faults.as_ref().filter(|_| !self.quiet.load(Ordering::SeqCst));
        faults.is_some_and(|faults| faults.lock().is_ok_and(|mut faults| faults.permille(permille)))
    }

    fn read(&self, save: &Save) -> Change {
        let Ok(record) = serde_json::from_slice::<Value>(save.record.record()) else {
            return Change::default();
        };
        let generation = record["tokens"]["generation"].as_i64().unwrap_or(0);
        let empty = Vec::new();
        let attempts = record["attempts"].as_array().unwrap_or(&empty);
        let fate = |attempt: &Value| attempt["fate"]["type"].as_str().unwrap_or_default().to_owned();
        let known = self.claims().get(&save.key).copied();
        let before = self.before(&save.key);
        let renews = generation > before["tokens"]["generation"].as_i64().unwrap_or(generation);
        let same_consent = before["order"] == record["order"];
        let settles = known.is_some_and(|known| {
            let entry = attempts
                .iter()
                .find(|attempt| attempt["number"] == json!(known.attempt));
            generation != known.generation || entry.is_none_or(|entry| fate(entry) != "open")
        });
        let last = attempts.last().filter(|last| fate(last) == "open");
        let number = last.and_then(|last| last["number"].as_i64()).unwrap_or(0);
        // Numbers are never used twice, and a claim is always the newest: only the first save with it makes it.
        let is_claim = last.is_some()
            && number + 1 == record["next_attempt"].as_i64().unwrap_or(0)
            && before["next_attempt"].as_i64().unwrap_or(0) <= number;
        let claim = is_claim.then(|| {
            let rejected = attempts.iter().any(|attempt| fate(attempt) == "rejected");
            json!({
                "generation": generation,
                "attempt": number,
                "last_chances": record["window"]["last_chances"].as_i64().unwrap_or(0),
                "confirms": rejected,
                "opened_at": record["window"]["opened_at"],
            })
        });
        Change {
            promotes: (renews && same_consent && is_promotion(&before)).then_some(generation),
            claim,
            settles,
            // A ledger that was emptied was settled by the claim that this process knows.
            attempts: attempts
                .len()
                .max(known.filter(|_| settles).map_or(0, |known| known.place)),
            refresh_token: record["tokens"]["answer"]["refresh_token"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    fn claims(&self) -> MutexGuard<'_, BTreeMap<String, Claim>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record that a save replaces.
    fn before(&self, key: &str) -> Value {
        let stored = self.handle(key).load(key).ok().and_then(|loaded| loaded.stored);
        let before = stored.and_then(|stored| serde_json::from_slice(stored.record()).ok());
        before.unwrap_or_default()
    }
}

impl Store for ChaosStore {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        if self.strikes(5) {
            self.log.say("store_fault", key, json!({"kind": "load failed"}));
            return Err(StoreFailure::Down);
        }
        let loaded = self.handle(key).load(key)?;
        Ok(Loaded {
            store_now: self.scale.fast(loaded.store_now),
            ..loaded
        })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let Change {
            claim,
            settles,
            promotes,
            attempts,
            refresh_token,
        } = self.read(save);
        if settles {
            self.kill.pass(Point::BeforeCommit, &save.key, attempts, &self.log);
        }
        let failed = if self.strikes(5) {
            Some((StoreFailure::Down, "save failed"))
        } else if self.strikes(5) {
            Some((StoreFailure::Unknown, "save unknown, not done"))
        } else {
            None
        };
        if let Some((failure, kind)) = failed {
            self.log.say("store_fault", &save.key, json!({"kind": kind}));
            return Err(failure);
        }
        let result = self.handle(&save.key).save(save);
        let saved = matches!(result, Ok(SaveResult::Saved { .. }));
        if let Some(generation) = promotes.filter(|_| saved) {
            self.log.say("promotes", &save.key, json!({"generation": generation}));
        }
        if let Some(mut claim) = claim {
            claim["saved"] = json!(saved);
            if saved {
                let number = |name: &str| claim[name].as_i64().unwrap_or(0);
                let own = Claim {
                    generation: number("generation"),
                    attempt: number("attempt"),
                    place: attempts,
                };
                self.claims().insert(save.key.clone(), own);
                self.kill.claimed(&refresh_token, &save.key, attempts);
            }
            self.log.say("claims", &save.key, claim);
            if saved {
                self.kill.pass(Point::ClaimSaved, &save.key, attempts, &self.log);
            }
        } else if settles {
            self.log
                .say("settles", &save.key, json!({"saved": saved, "state": save.state}));
            if saved {
                self.claims().remove(&save.key);
                self.kill.settled(&save.key);
                self.kill.pass(Point::Committed, &save.key, attempts, &self.log);
            }
        }
        if saved && self.strikes(8) {
            self.log
                .say("store_fault", &save.key, json!({"kind": "save unknown, done"}));
            return Err(StoreFailure::Unknown);
        }
        Ok(match result? {
            SaveResult::Saved { store_now } => SaveResult::Saved {
                store_now: self.scale.fast(store_now),
            },
            SaveResult::Conflict { stored, store_now } => SaveResult::Conflict {
                stored,
                store_now: self.scale.fast(store_now),
            },
        })
    }
}

/// Whether the best answer of a record waits behind an attempt of which nobody knows.
fn is_promotion(before: &Value) -> bool {
    let empty = Vec::new();
    let attempts = before["attempts"].as_array().unwrap_or(&empty);
    let mut fates = attempts
        .iter()
        .rev()
        .map(|attempt| attempt["fate"]["type"].as_str().unwrap_or_default());
    let is_unknown = |fate: &str| matches!(fate, "open" | "closed");
    let mut unknown = false;
    fates.any(|fate| {
        unknown |= is_unknown(fate);
        fate == "answered"
    }) && unknown
}
