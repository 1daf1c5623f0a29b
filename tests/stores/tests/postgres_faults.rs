//! PostgreSQL that is stopped, crashed, cut off and locked: what the store answers, and that it recovers.

mod kit;

use std::process::Command;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant_stores::postgres::PostgresStore;
use kit::proxy::{Mode, Proxy};
use postgres::config::Host;
use postgres::{Client, Config, NoTls};

/// One test at a time: they stop the server under each other otherwise.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn control(program: &str, word: &str) {
    let status = Command::new(program).arg(word).status().unwrap();
    assert!(status.success(), "the database did not {word}");
}

/// The same database by way of a proxy, with more words for the connection string.
fn by_way_of(url: &str, port: u16, more: &str) -> PostgresStore {
    let config = Config::from_str(url).unwrap();
    let password = config
        .get_password()
        .map(|password| String::from_utf8(password.to_vec()).unwrap());
    let text = format!(
        "host=127.0.0.1 port={port} user='{}' dbname='{}' password='{}' {more}",
        config.get_user().unwrap_or_default(),
        config.get_dbname().unwrap_or_default(),
        password.unwrap_or_default()
    );
    PostgresStore::new(&text).unwrap()
}

fn place(url: &str) -> (String, u16) {
    let config = Config::from_str(url).unwrap();
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        panic!("a database on a socket")
    };
    (host.clone(), config.get_ports().first().copied().unwrap_or(5432))
}

fn proxied(url: &str) -> (Proxy, PostgresStore) {
    let (host, port) = place(url);
    let proxy = Proxy::start(format!("{host}:{port}"));
    let store = by_way_of(url, proxy.port, "");
    (proxy, store)
}

fn conflict_record(result: Result<SaveResult, StoreFailure>) -> Vec<u8> {
    match result {
        Ok(SaveResult::Conflict {
            stored: Some(stored), ..
        }) => stored.record().to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stopped_and_started() {
    let test = "PostgreSQL stopped and started";
    let (Some(url), Some(program)) = (kit::postgres(test), kit::postgres_control(test)) else {
        return;
    };
    let _alone = alone();
    let store = PostgresStore::new(&url).unwrap();
    let key = kit::fresh_key("stop");
    assert!(kit::is_saved(store.save(&kit::save(&key, 0, b"one"))));
    for version in 1..4 {
        control(&program, "stop");
        // The dead connection is met before the save leaves, so all of this certainly did nothing.
        assert_eq!(store.save(&kit::save(&key, version, b"lost")), Err(StoreFailure::Down));
        assert_eq!(store.load(&key), Err(StoreFailure::Down));
        control(&program, "start");
        assert_eq!(store.load(&key).unwrap().stored.unwrap().version(), version);
        assert!(kit::is_saved(store.save(&kit::save(&key, version, b"next"))));
    }
}

/// The server's processes are killed while saves are under way: what was answered is there, and nothing half.
#[test]
fn crashed_under_load() {
    let test = "PostgreSQL crashed under load";
    let (Some(url), Some(program)) = (kit::postgres(test), kit::postgres_control(test)) else {
        return;
    };
    let _alone = alone();
    let end = AtomicBool::new(false);
    let (saved, unknown, down) = thread::scope(|scope| {
        let writer = scope.spawn(|| write(&url, &end));
        for _ in 0..4 {
            thread::sleep(Duration::from_millis(400));
            control(&program, "crash");
            thread::sleep(Duration::from_millis(100));
            control(&program, "start");
        }
        thread::sleep(Duration::from_millis(400));
        end.store(true, Ordering::SeqCst);
        writer.join().unwrap()
    });
    println!("{saved} saved, {unknown} unknown, {down} down");
    assert!(saved > 10 && unknown + down > 0);
}

fn write(url: &str, end: &AtomicBool) -> (i64, u32, u32) {
    let store = PostgresStore::new(url).unwrap();
    let key = kit::fresh_key("crash");
    let record = |version: i64| format!("{version} ").repeat(500).into_bytes();
    let (mut version, mut unknown, mut down) = (0, 0, 0);
    while !end.load(Ordering::SeqCst) {
        match store.save(&kit::save(&key, version, &record(version + 1))) {
            Ok(SaveResult::Saved { .. }) => version += 1,
            Ok(SaveResult::Conflict { .. }) => panic!("a conflict, and nobody else is there"),
            Err(StoreFailure::Locked) => panic!("nothing is sealed"),
            Err(failure) => {
                unknown += u32::from(failure == StoreFailure::Unknown);
                down += u32::from(failure == StoreFailure::Down);
                let stored = loop {
                    match store.load(&key) {
                        Ok(loaded) => break loaded.stored,
                        Err(failure) => assert_eq!(failure, StoreFailure::Down),
                    }
                    thread::sleep(Duration::from_millis(20));
                };
                let found = stored.as_ref().map_or(0, |stored| stored.version());
                let possible = found == version || (found == version + 1 && failure == StoreFailure::Unknown);
                assert!(
                    possible,
                    "{version} was answered as saved, then {failure:?}; found {found}"
                );
                if let Some(stored) = stored {
                    assert!(stored.record() == record(found), "a torn record");
                }
                version = found;
            }
        }
    }
    (version, unknown, down)
}

#[test]
fn the_answer_to_a_save_is_lost() {
    let Some(url) = kit::postgres("the answer of PostgreSQL is lost") else {
        return;
    };
    let _alone = alone();
    let (proxy, store) = proxied(&url);
    let key = kit::fresh_key("answer");
    assert!(kit::is_saved(store.save(&kit::save(&key, 0, b"one"))));
    for (expect, marker) in [(1, "second-marker"), (2, "third-marker")] {
        let save = kit::save(&key, expect, marker.as_bytes());
        proxy.set(Mode::CutAfter(marker.into()));
        assert_eq!(store.save(&save), Err(StoreFailure::Unknown));
        proxy.set(Mode::Forward);
        // It was done; whoever repeats it is told of his own bytes.
        assert_eq!(conflict_record(store.save(&save)), marker.as_bytes());
        assert_eq!(store.load(&key).unwrap().stored.unwrap().version(), expect + 1);
    }
}

#[test]
fn a_save_is_lost_on_its_way() {
    let Some(url) = kit::postgres("a save is lost on its way to PostgreSQL") else {
        return;
    };
    let _alone = alone();
    let (proxy, store) = proxied(&url);
    let key = kit::fresh_key("way");
    for expect in 0..2 {
        let save = kit::save(&key, expect, b"the-marker");
        proxy.set(Mode::CutBefore(b"the-marker".to_vec()));
        assert_eq!(store.save(&save), Err(StoreFailure::Unknown), "this end cannot know");
        proxy.set(Mode::Forward);
        assert!(kit::is_saved(store.save(&save)), "it was not done");
    }
}

#[test]
fn a_connection_that_died_idle_costs_nothing() {
    let Some(url) = kit::postgres("connections to PostgreSQL die idle") else {
        return;
    };
    let _alone = alone();
    let (proxy, store) = proxied(&url);
    let key = kit::fresh_key("idle");
    for version in 0..5 {
        assert!(kit::is_saved(store.save(&kit::save(&key, version, b"x"))));
        proxy.drop_all();
        if version % 2 == 0 {
            assert_eq!(store.load(&key).unwrap().stored.unwrap().version(), version + 1);
            proxy.drop_all();
        }
    }
    proxy.set(Mode::Refuse);
    proxy.drop_all();
    assert_eq!(store.load(&key), Err(StoreFailure::Down));
    assert_eq!(store.save(&kit::save(&key, 5, b"x")), Err(StoreFailure::Down));
    proxy.set(Mode::Forward);
    assert!(kit::is_saved(store.save(&kit::save(&key, 5, b"x"))));
}

/// A row that someone keeps locked ends the statement by the server's time-out: certainly nothing was done.
#[test]
fn a_row_is_locked_for_too_long() {
    let Some(url) = kit::postgres("a row of PostgreSQL is locked") else {
        return;
    };
    let _alone = alone();
    let store = PostgresStore::new(&url).unwrap();
    let key = kit::fresh_key("locked");
    assert!(kit::is_saved(store.save(&kit::save(&key, 0, b"one"))));
    let mut other = Client::connect(&url, NoTls).unwrap();
    let mut transaction = other.transaction().unwrap();
    transaction
        .execute("select 1 from evergrant_connection where key = $1 for update", &[&key])
        .unwrap();
    let begun = Instant::now();
    assert_eq!(store.save(&kit::save(&key, 1, b"two")), Err(StoreFailure::Down));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(
        store.load(&key).unwrap().stored.unwrap().version(),
        1,
        "readers do not wait"
    );
    transaction.rollback().unwrap();
    assert!(kit::is_saved(store.save(&kit::save(&key, 1, b"two"))));
}

/// A server that only reads, as a replica does, is not asked at all: what it has may be old.
#[test]
fn a_server_that_only_reads_is_refused() {
    let Some(url) = kit::postgres("PostgreSQL that only reads") else {
        return;
    };
    let _alone = alone();
    let (_, port) = place(&url);
    let store = by_way_of(&url, port, "options='-c default_transaction_read_only=on'");
    assert_eq!(store.load("a"), Err(StoreFailure::Down));
    assert_eq!(store.save(&kit::save("a", 0, b"x")), Err(StoreFailure::Down));
}

/// Whatever isolation the database was set to: a save that waited for its rival is told of a conflict, and of what won.
#[test]
fn another_isolation_does_not_matter() {
    let Some(url) = kit::postgres("isolation of PostgreSQL") else {
        return;
    };
    let _alone = alone();
    let (_, port) = place(&url);
    for isolation in ["repeatable\\\\ read", "serializable"] {
        let options = format!("options='-c default_transaction_isolation={isolation}'");
        let store = by_way_of(&url, port, &options);
        let key = kit::fresh_key("isolation");
        assert!(kit::is_saved(store.save(&kit::save(&key, 0, b"one"))));
        let mut rival = Client::connect(&url, NoTls).unwrap();
        let mut transaction = rival.transaction().unwrap();
        let update = "update evergrant_connection set version = 2, record = 'rival' where key = $1";
        assert_eq!(transaction.execute(update, &[&key]).unwrap(), 1);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| store.save(&kit::save(&key, 1, b"mine")));
            thread::sleep(Duration::from_millis(300));
            assert!(!waiting.is_finished());
            transaction.commit().unwrap();
            assert_eq!(conflict_record(waiting.join().unwrap()), b"rival");
        });
    }
}

/// A database that was told not to wait for its drive waits for it here: what was answered survives the crash.
#[test]
fn commits_wait_for_the_drive() {
    let test = "PostgreSQL crashed after a save";
    let (Some(url), Some(program)) = (kit::postgres(test), kit::postgres_control(test)) else {
        return;
    };
    let _alone = alone();
    let (_, port) = place(&url);
    let store = by_way_of(&url, port, "options='-c synchronous_commit=off'");
    let key = kit::fresh_key("drive");
    assert!(kit::is_saved(store.save(&kit::save(&key, 0, b"x"))));
    for version in 1..5 {
        assert!(kit::is_saved(store.save(&kit::save(&key, version, b"x"))));
        control(&program, "crash");
        control(&program, "start");
        assert_eq!(store.load(&key).unwrap().stored.unwrap().version(), version + 1);
    }
}

/// The queries of `docs/stores.md` that hosts run beside the store.
#[test]
fn the_documented_queries_work() {
    let Some(url) = kit::postgres("the documented queries of PostgreSQL") else {
        return;
    };
    let _alone = alone();
    use evergrant_stores::sealed::SealedStore;
    let store = PostgresStore::new(&url).unwrap();
    let key = kit::fresh_key("query");
    let mut save = kit::save(&key, 0, b"one");
    save.due = Some(1_000);
    let sealed = SealedStore::new(PostgresStore::new(&url).unwrap(), kit::ring(), "sandbox");
    assert!(kit::is_saved(sealed.save(&save)));
    let docs = include_str!("../../../docs/stores.md");
    let query = |title: &str| {
        let after = docs.split_once(&format!("-- {title}\n")).unwrap().1;
        after.split_once("```").unwrap().0.to_owned()
    };
    let mut client = Client::connect(&url, NoTls).unwrap();
    let kids = client.query(&query("PostgreSQL: records by key id"), &[]).unwrap();
    assert!(
        kids.iter()
            .any(|row| row.get::<_, Option<String>>(0).as_deref() == Some("test-1"))
    );
    let due = client.query(&query("PostgreSQL: what is due"), &[&1_000_i32]).unwrap();
    assert!(due.iter().any(|row| row.get::<_, String>(0) == key));
    // Who picks a connection keeps the others from it for a while, and changes no version.
    let pick = query("PostgreSQL: pick what is due");
    let picked = client.query(&pick, &[&1_000_i32]).unwrap();
    assert!(picked.iter().any(|row| row.get::<_, String>(0) == key));
    let again = client.query(&pick, &[&1_000_i32]).unwrap();
    assert!(!again.iter().any(|row| row.get::<_, String>(0) == key));
    assert!(kit::is_saved(sealed.save(&kit::save(&key, 1, b"two"))));
    drop(store);
}
