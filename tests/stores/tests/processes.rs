//! Stores shared by processes, and processes that are killed.

mod kit;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::stored::Stored;
use evergrant_stores::conformance::Subject;
use kit::{Postgres, Sqlite};

const WORKER: &str = env!("CARGO_BIN_EXE_store_worker");

/// A worker that is killed when the test ends.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn worker(place: &str, arguments: &[&str]) -> Worker {
    let mut command = Command::new(WORKER);
    command.arg(place).args(arguments).stdout(Stdio::piped());
    Worker(command.spawn().unwrap())
}

/// Two processes raise two counters in one record: no update is lost, and every save is a version.
fn no_update_is_lost(place: &str, store: &dyn Store, times: i64) {
    let key = kit::fresh_key("count");
    let mut workers = ["0", "1"].map(|which| worker(place, &["count", &key, which, &times.to_string()]));
    for worker in &mut workers {
        assert!(worker.0.wait().unwrap().success());
    }
    let stored = store.load(&key).unwrap().stored.unwrap();
    assert_eq!(stored.record(), format!("{times} {times}").as_bytes());
    assert_eq!(stored.version(), 2 * times);
}

/// A process saves and is killed before it tells anyone: the record is there, and who repeats the save recognises it.
fn killed_between_save_and_answer(place: &str, store: &dyn Store) {
    let key = kit::fresh_key("hang");
    let begun = Instant::now();
    let mut worker = worker(place, &["hang", &key, "attempt of the killed"]);
    while store.load(&key).unwrap().stored.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the worker does not save");
        thread::sleep(Duration::from_millis(1));
    }
    worker.0.kill().unwrap();
    worker.0.wait().unwrap();
    match store.save(&kit::save(&key, 0, b"attempt of the killed")).unwrap() {
        SaveResult::Conflict {
            stored: Some(stored), ..
        } => {
            assert_eq!(
                (stored.version(), stored.record()),
                (1, b"attempt of the killed".as_slice())
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(kit::is_saved(store.save(&kit::save(&key, 1, b"settled by another"))));
}

/// A process that saves one version after the other is killed at any moment: every version that it told of is there or
/// followed by one more, whole; and the next process goes on from it.
fn killed_at_any_moment(place: &str, subject: &dyn Subject, rounds: u64) {
    let key = kit::fresh_key("grow");
    let (mut last, mut silent) = (0, 0);
    for round in 0..rounds {
        let mut worker = worker(place, &["grow", &key]);
        let lines = BufReader::new(worker.0.stdout.take().unwrap()).lines();
        let reader = thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .filter_map(|line| line.parse::<i64>().ok())
                .last()
        });
        // From before the first save to well within the stream of them.
        thread::sleep(Duration::from_millis(10 + round * 37 % 190));
        worker.0.kill().unwrap();
        worker.0.wait().unwrap();
        let told = reader.join().unwrap().unwrap_or(last);
        let stored = settled(subject, &key);
        let version = stored.as_ref().map_or(0, Stored::version);
        assert!(
            version == told || version == told + 1,
            "told of {told}, found {version}"
        );
        if let Some(stored) = stored {
            assert!(
                stored.record() == format!("{version} ").repeat(2_000).as_bytes(),
                "a torn record"
            );
        }
        silent += i64::from(version > told);
        last = version;
    }
    assert!(last > 0);
    println!("{rounds} kills, {last} versions, {silent} saved and not told");
}

/// What is stored once it changes no more: a server may still be at what the killed process sent.
fn settled(subject: &dyn Subject, key: &str) -> Option<Stored> {
    let store = subject.open().unwrap();
    let mut last = store.load(key).unwrap().stored;
    loop {
        thread::sleep(Duration::from_millis(50));
        let stored = store.load(key).unwrap().stored;
        if stored == last {
            return stored;
        }
        last = stored;
    }
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.db");
    let place = format!("sqlite:{}", path.display());
    let subject = Sqlite(path);
    // The workers make the file, both at once.
    let first = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let path = first.path().join(round.to_string());
        let place = format!("sqlite:{}", path.display());
        let mut workers = ["0", "1"].map(|which| worker(&place, &["count", "a", which, "3"]));
        assert!(workers.iter_mut().all(|worker| worker.0.wait().unwrap().success()));
    }
    let store = subject.open().unwrap();
    no_update_is_lost(&place, &*store, 150);
    killed_between_save_and_answer(&place, &*store);
    killed_at_any_moment(&place, &subject, 25);
}

#[test]
fn postgres() {
    let Some(url) = kit::postgres("processes over PostgreSQL") else {
        return;
    };
    let subject = Postgres(url);
    let store = subject.open().unwrap();
    no_update_is_lost("postgres", &*store, 150);
    killed_between_save_and_answer("postgres", &*store);
    killed_at_any_moment("postgres", &subject, 25);
}
