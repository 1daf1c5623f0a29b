//! A worker in a process of its own, for the tests of stores: it counts beside others, or saves until it is killed.
//!
//! `store_worker sqlite:<file>|postgres count <key> <0|1> <times>` raises its own of two counters so many times.
//! `store_worker sqlite:<file>|postgres grow <key>` saves one version after the other, and prints each once it is saved.
//! `store_worker sqlite:<file>|postgres hang <key> <record>` saves, and never tells how it ended.
//!
//! PostgreSQL's connection string is in `EVERGRANT_POSTGRES_URL`, where other users of the machine do not see it.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use evergrant_stores::postgres::PostgresStore;
use evergrant_stores::sqlite::SqliteStore;

const USAGE: &str =
    "usage: store_worker sqlite:<file>|postgres count <key> <0|1> <times> | grow <key> | hang <key> <record>";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store_worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (place, command) = arguments.split_first().ok_or(USAGE)?;
    let store: Box<dyn Store> = match place.split_once(':') {
        Some(("sqlite", file)) => Box::new(SqliteStore::open(file.as_ref())?),
        None if *place == "postgres" => Box::new(PostgresStore::new(&std::env::var("EVERGRANT_POSTGRES_URL")?)?),
        _ => return Err(USAGE.into()),
    };
    match command {
        ["count", key, which, times] => count(&*store, key, which.parse::<usize>()? % 2, times.parse()?),
        ["grow", key] => grow(&*store, key),
        ["hang", key, record] => {
            store.save(&save(key, 0, record)).map_err(told)?;
            loop {
                thread::sleep(Duration::from_secs(60));
            }
        }
        _ => Err(USAGE.into()),
    }
}

/// Two counters in one record; a lost update would show in their sum.
fn count(store: &dyn Store, key: &str, which: usize, times: u64) -> Result<(), Box<dyn Error>> {
    let mut stored = store.load(key).map_err(told)?.stored;
    for goal in 1..=times {
        loop {
            let (version, mut counters) = read(stored.as_ref())?;
            // After an unknown outcome the own write is recognised by what it says.
            if counters[which] == goal {
                break;
            }
            counters[which] = goal;
            let record = format!("{} {}", counters[0], counters[1]);
            stored = match store.save(&save(key, version, &record)) {
                Ok(SaveResult::Saved { .. }) => Some(Stored::new(version + 1, record.into_bytes())),
                Ok(SaveResult::Conflict { stored, .. }) => stored,
                Err(StoreFailure::Locked) => return Err(told(StoreFailure::Locked).into()),
                Err(StoreFailure::Down | StoreFailure::Unknown) => {
                    thread::sleep(Duration::from_millis(20));
                    store.load(key).map_err(told)?.stored
                }
            };
        }
    }
    Ok(())
}

fn read(stored: Option<&Stored>) -> Result<(i64, [u64; 2]), Box<dyn Error>> {
    let Some(stored) = stored else { return Ok((0, [0, 0])) };
    let (one, two) = str::from_utf8(stored.record())?
        .split_once(' ')
        .ok_or("not two counters")?;
    Ok((stored.version(), [one.parse()?, two.parse()?]))
}

fn grow(store: &dyn Store, key: &str) -> Result<(), Box<dyn Error>> {
    let stored = store.load(key).map_err(told)?.stored;
    let mut version = stored.map_or(0, |stored| stored.version());
    loop {
        // Long enough that half of it on the drive would be seen.
        let record = format!("{} ", version + 1).repeat(2_000);
        match store.save(&save(key, version, &record)).map_err(told)? {
            SaveResult::Saved { .. } => version += 1,
            SaveResult::Conflict { .. } => return Err("a conflict, and nobody else is there".into()),
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{version}")?;
        out.flush()?;
    }
}

fn save(key: &str, expect: i64, record: &str) -> Save {
    Save::new(key, expect, None, "live", record.as_bytes().to_vec())
}

fn told(failure: StoreFailure) -> String {
    format!("the store answered {failure:?}")
}
