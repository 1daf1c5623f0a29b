//! What these tests share.

#![allow(dead_code, reason = "each test binary uses its part")]

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "sealed")))]
compile_error!("these tests need the default features: sqlite, postgres, sealed");

pub mod broken;
pub mod proxy;

use std::io::Write;
use std::path::PathBuf;

use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant_stores::conformance::Subject;
use evergrant_stores::memory::MemoryStore;
use evergrant_stores::postgres::PostgresStore;
use evergrant_stores::sealed::SealedStore;
use evergrant_stores::sealed::keys::KeyRing;
use evergrant_stores::sqlite::SqliteStore;
use evergrant_stores::sweep::{Due, Sweep};

pub struct Memory(pub MemoryStore);

impl Subject for Memory {
    fn open(&self) -> Result<Box<dyn Store + Send>, String> {
        Ok(Box::new(self.0.clone()))
    }

    fn due(&self, until: i64) -> Option<Result<Vec<Due>, StoreFailure>> {
        Some(self.0.due(until, 10_000))
    }
}

pub struct Sqlite(pub PathBuf);

impl Subject for Sqlite {
    fn open(&self) -> Result<Box<dyn Store + Send>, String> {
        let store = SqliteStore::open(&self.0).map_err(|error| error.to_string())?;
        Ok(Box::new(store))
    }

    fn due(&self, until: i64) -> Option<Result<Vec<Due>, StoreFailure>> {
        Some(
            SqliteStore::open(&self.0)
                .map_err(|_| StoreFailure::Down)
                .and_then(|store| store.due(until, 10_000)),
        )
    }
}

pub struct Postgres(pub String);

impl Subject for Postgres {
    fn open(&self) -> Result<Box<dyn Store + Send>, String> {
        let store = PostgresStore::new(&self.0).map_err(|error| error.to_string())?;
        Ok(Box::new(store))
    }

    fn due(&self, until: i64) -> Option<Result<Vec<Due>, StoreFailure>> {
        Some(
            PostgresStore::new(&self.0)
                .map_err(|_| StoreFailure::Down)
                .and_then(|store| store.due(until, 10_000)),
        )
    }
}

/// A subject whose handles seal what the inner one's keep.
pub struct Sealed<S>(pub S);

impl<S: Subject> Subject for Sealed<S> {
    fn open(&self) -> Result<Box<dyn Store + Send>, String> {
        let inner = Boxed(self.0.open()?);
        Ok(Box::new(SealedStore::new(inner, ring(), "sandbox")))
    }

    fn due(&self, until: i64) -> Option<Result<Vec<Due>, StoreFailure>> {
        self.0.due(until)
    }
}

pub struct Boxed(pub Box<dyn Store + Send>);

impl Store for Boxed {
    fn load(&self, key: &str) -> Result<evergrant::drive::store::Loaded, StoreFailure> {
        self.0.load(key)
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        self.0.save(save)
    }
}

/// A ring of one test key, the bytes 00 to 1f.
pub fn ring() -> KeyRing {
    KeyRing::new("test-1", test_key(0)).unwrap()
}

pub fn test_key(first: u8) -> [u8; 32] {
    std::array::from_fn(|at| first + at as u8)
}

pub fn save(key: &str, expect: i64, record: &[u8]) -> Save {
    Save::new(key, expect, None, "live", record.to_vec())
}

/// A key that no other run has used.
pub fn fresh_key(name: &str) -> String {
    let entropy = evergrant::base::entropy::system().unwrap();
    let hex: String = entropy.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}/{name}")
}

pub fn is_saved(result: Result<SaveResult, StoreFailure>) -> bool {
    match result {
        Ok(SaveResult::Saved { .. }) => true,
        Ok(SaveResult::Conflict { .. }) => false,
        Err(failure) => panic!("the store answered {failure:?}"),
    }
}

/// The test's PostgreSQL. Without one the test fails where it must run, and else says so past the capture of output.
pub fn postgres(test: &str) -> Option<String> {
    variable(test, "EVERGRANT_POSTGRES_URL")
}

/// The program that starts and stops it: `start`, `stop`, `crash`.
pub fn postgres_control(test: &str) -> Option<String> {
    variable(test, "EVERGRANT_POSTGRES_CONTROL")
}

fn variable(test: &str, name: &str) -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let value = set(name);
    let must = set("CI").is_some_and(|value| value == "true") || set("EVERGRANT_STORES_RUN").is_some();
    assert!(
        value.is_some() || !must,
        "{test} needs PostgreSQL: {name} is not set; `tests/stores/run` starts one and sets it"
    );
    if value.is_none() {
        let line =
            format!("\nNOT RUN: {test}, because {name} is not set; `tests/stores/run` starts PostgreSQL and runs it\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    value
}
