//! Every store against the suite.

mod kit;

use evergrant_stores::conformance::{self, Options, SUITE, Subject};
use kit::{Memory, Postgres, Sealed, Sqlite};

fn passes(subject: &dyn Subject) {
    let report = conformance::run(SUITE, subject, Options::default()).unwrap();
    assert!(report.passed() && report.is_whole(), "{report}");
    assert!(report.cases.len() >= 40);
}

#[test]
fn memory() {
    passes(&Memory(Default::default()));
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    passes(&Sqlite(folder.path().join("connections.db")));
}

#[test]
fn postgres() {
    if let Some(url) = kit::postgres("conformance of PostgreSQL") {
        passes(&Postgres(url));
    }
}

#[test]
fn sealed_memory() {
    passes(&Sealed(Memory(Default::default())));
}

#[test]
fn sealed_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    passes(&Sealed(Sqlite(folder.path().join("connections.db"))));
}

#[test]
fn sealed_postgres() {
    if let Some(url) = kit::postgres("conformance of PostgreSQL with sealed records") {
        passes(&Sealed(Postgres(url)));
    }
}

/// A store that already holds the records of earlier runs passes as well.
#[test]
fn twice_over_the_same_records() {
    let memory = Memory(Default::default());
    passes(&memory);
    passes(&memory);
}

/// A store that takes less says so, and the report names what was left out.
#[test]
fn smaller_records_only() {
    let options = Options {
        largest_record: 400_000,
        ..Options::default()
    };
    let report = conformance::run(SUITE, &Memory(Default::default()), options).unwrap();
    assert!(report.passed() && !report.is_whole());
    assert!(
        report.to_string().contains("LEFT OUT of a record of one mebibyte"),
        "{report}"
    );
}

/// A script that is wrong in any way is refused, so that no runner passes by not understanding a step.
#[test]
fn a_wrong_script_is_refused() {
    let script =
        |step: &str| format!(r#"{{"format":1,"description":"","cases":[{{"name":"a","why":"b","steps":[{step}]}}]}}"#);
    let run = |script: &str| conformance::run(script, &Memory(Default::default()), Options::default());
    assert!(run(&script(r#"{"do":"load","key":"a","then":{"loaded":null}}"#)).is_ok_and(|report| report.passed()));
    for (step, fault) in [
        (r#"{"do":"lod","key":"a"}"#, "none of the steps"),
        (r#"{"do":"load","key":"a"}"#, "then is missing"),
        (
            r#"{"do":"load","key":"a","then":{"loaded":null},"than":1}"#,
            "than is not known",
        ),
        (
            r#"{"do":"load","by":2,"key":"a","then":{"loaded":null}}"#,
            "neither 0 nor 1",
        ),
        (r#"{"do":"load","key":1,"then":{"loaded":null}}"#, "not an object"),
        (
            r#"{"do":"load","key":"a","then":{"loaded":{"version":1,"record":"=="}}}"#,
            "not base64url",
        ),
        (
            r#"{"do":"save","key":"a","expect":0,"version":2,"due":null,"state":"live","record":"","then":"saved"}"#,
            "does not follow",
        ),
        (
            r#"{"do":"save","key":"a","expect":0,"version":1,"due":null,"state":"live","record":"","then":"done"}"#,
            "not an object",
        ),
    ] {
        let refused = run(&script(step)).unwrap_err();
        assert!(refused.contains(fault), "{refused}");
    }
    assert!(
        run(r#"{"format":2,"description":"","cases":[]}"#)
            .unwrap_err()
            .contains("another format")
    );
}

#[cfg(unix)]
#[test]
fn a_new_sqlite_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.db");
    let store = evergrant_stores::sqlite::SqliteStore::open(&path).unwrap();
    assert!(kit::is_saved(evergrant::drive::store::Store::save(
        &store,
        &kit::save("a", 0, b"one")
    )));
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
}

#[test]
fn sqlite_says_why_it_cannot_open() {
    let folder = tempfile::tempdir().unwrap();
    let missing = evergrant_stores::sqlite::SqliteStore::open(&folder.path().join("none/connections.db"));
    assert!(missing.unwrap_err().to_string().contains("cannot be written"));
    let other = folder.path().join("other");
    std::fs::write(
        &other,
        "this is no database, and long enough to be seen as none".repeat(40),
    )
    .unwrap();
    assert!(evergrant_stores::sqlite::SqliteStore::open(&other).is_err());
}

/// Records, connection strings and keys never show.
#[test]
fn nothing_prints_a_secret() {
    let memory = evergrant_stores::memory::MemoryStore::default();
    let folder = tempfile::tempdir().unwrap();
    let sqlite = evergrant_stores::sqlite::SqliteStore::open(&folder.path().join("connections.db")).unwrap();
    let save = kit::save("a", 0, b"hush-hush");
    for store in [&memory as &dyn evergrant::drive::store::Store, &sqlite] {
        store.save(&save).unwrap();
        let loaded = format!("{:?}", store.load("a").unwrap());
        assert!(loaded.contains("redacted") && !loaded.contains("hush") && !loaded.contains("104, 117"));
    }
    let postgres = evergrant_stores::postgres::PostgresStore::new("host=127.0.0.1 password=hush-hush").unwrap();
    let wrong = evergrant_stores::postgres::PostgresStore::new("hosst=127.0.0.1 password=hush-hush").unwrap_err();
    let printed = format!("{memory:?} {sqlite:?} {postgres:?} {wrong:?} {wrong} {save:?}");
    assert!(!printed.contains("hush") && !printed.contains("104, 117"), "{printed}");
}
