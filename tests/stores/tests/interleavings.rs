//! Random loads and saves over several handles agree with a map; and what threads see of one another is one history.

mod kit;

use std::collections::BTreeMap;
use std::thread;

use evergrant::drive::store::{Loaded, SaveResult};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::stored::Stored;
use evergrant_stores::conformance::Subject;
use kit::{Memory, Postgres, Sealed, Sqlite};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const HANDLES: usize = 3;
const KEYS: usize = 3;

#[derive(Clone, Debug)]
enum Act {
    Load {
        by: usize,
        key: usize,
    },
    /// Builds on the version that this handle last saw, or on one that is so much higher or lower.
    Save {
        by: usize,
        key: usize,
        off: i64,
        record: Vec<u8>,
    },
    Reopen {
        by: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (by, key) = (0..HANDLES, 0..KEYS);
    let record = proptest::collection::vec(any::<u8>(), 0..40);
    let off = prop_oneof![6 => Just(0), 1 => Just(-1), 1 => Just(1), 1 => -3..3_i64];
    prop_oneof![
        4 => (by.clone(), key.clone()).prop_map(|(by, key)| Act::Load { by, key }),
        8 => (by.clone(), key, off, record).prop_map(|(by, key, off, record)| Act::Save { by, key, off, record }),
        1 => by.prop_map(|by| Act::Reopen { by }),
    ]
}

fn same(found: Option<&Stored>, model: Option<&Stored>) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.map(Stored::version), model.map(Stored::version));
    prop_assert_eq!(found.map(Stored::record), model.map(Stored::record));
    Ok(())
}

fn agrees(subject: &dyn Subject, acts: &[Act]) -> Result<(), TestCaseError> {
    let keys: Vec<String> = (0..KEYS).map(|key| kit::fresh_key(&key.to_string())).collect();
    let open = || subject.open().map_err(TestCaseError::fail);
    let mut handles = (0..HANDLES).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
    let mut model = BTreeMap::<usize, Stored>::new();
    let mut seen = [[0_i64; KEYS]; HANDLES];
    let answered = |failure: StoreFailure| TestCaseError::fail(format!("the store answered {failure:?}"));
    for act in acts {
        match act {
            Act::Load { by, key } => {
                let Loaded { stored, .. } = handles[*by].load(&keys[*key]).map_err(answered)?;
                same(stored.as_ref(), model.get(key))?;
                seen[*by][*key] = stored.map_or(0, |stored| stored.version());
            }
            Act::Save { by, key, off, record } => {
                let expect = (seen[*by][*key] + off).max(0);
                let save = kit::save(&keys[*key], expect, record);
                let may = model.get(key).map_or(0, Stored::version) == expect;
                match handles[*by].save(&save).map_err(answered)? {
                    SaveResult::Saved { .. } => {
                        prop_assert!(may, "saved over another version");
                        seen[*by][*key] = save.version;
                        model.insert(*key, save.record);
                    }
                    SaveResult::Conflict { stored, .. } => {
                        prop_assert!(!may, "a conflict with the version that is there");
                        same(stored.as_ref(), model.get(key))?;
                        seen[*by][*key] = stored.map_or(0, |stored| stored.version());
                    }
                }
            }
            Act::Reopen { by } => handles[*by] = open()?,
        }
    }
    for (at, key) in keys.iter().enumerate() {
        same(handles[0].load(key).map_err(answered)?.stored.as_ref(), model.get(&at))?;
    }
    Ok(())
}

fn check(subject: &dyn Subject, cases: u32) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let acts = proptest::collection::vec(act(), 1..60);
    TestRunner::new(config)
        .run(&acts, |acts| agrees(subject, &acts))
        .unwrap();
    one_history(subject);
}

/// Threads that load and save as they like: of each version there is one, made by one save, and nobody sees time go back.
fn one_history(subject: &dyn Subject) {
    const ROUNDS: usize = 60;
    let key = kit::fresh_key("history");
    let work = |number: usize| {
        let handle = subject.open().unwrap();
        let (mut saved, mut seen) = (BTreeMap::new(), BTreeMap::new());
        let (mut last, mut clock) = (0, 0);
        let mut see = |stored: Option<&Stored>, store_now: i64| {
            let version = stored.map_or(0, Stored::version);
            assert!(version >= last, "an older version after a newer one");
            assert!(store_now >= clock, "the clock went back");
            (last, clock) = (version, store_now);
            if let Some(stored) = stored {
                seen.insert(version, stored.record().to_vec());
            }
            version
        };
        for round in 0..ROUNDS {
            let Loaded { stored, store_now } = handle.load(&key).unwrap();
            let expect = see(stored.as_ref(), store_now);
            let record = format!("thread {number}, round {round}").into_bytes();
            match handle.save(&kit::save(&key, expect, &record)) {
                Ok(SaveResult::Saved { store_now }) => {
                    saved.insert(expect + 1, record.clone());
                    see(Some(&Stored::new(expect + 1, record)), store_now);
                }
                Ok(SaveResult::Conflict { stored, store_now }) => {
                    assert_ne!(see(stored.as_ref(), store_now), expect);
                }
                Err(failure) => assert_eq!(failure, StoreFailure::Down, "only a busy store, and it did nothing"),
            }
        }
        (saved, seen)
    };
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|number| scope.spawn(move || work(number))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    let mut history = BTreeMap::new();
    for (version, record) in all.iter().flat_map(|(saved, _)| saved) {
        assert!(
            history.insert(*version, record.clone()).is_none(),
            "version {version} was saved twice"
        );
    }
    let versions: Vec<i64> = history.keys().copied().collect();
    let expected: Vec<i64> = (1..=history.len() as i64).collect();
    assert_eq!(versions, expected, "no version is left out");
    for (version, record) in all.iter().flat_map(|(_, seen)| seen) {
        assert!(
            history.get(version) == Some(record),
            "version {version} was seen with other bytes than were saved"
        );
    }
    assert!(history.len() >= ROUNDS, "someone always goes on");
}

#[test]
fn memory() {
    check(&Memory(Default::default()), 200);
}

#[test]
fn sealed_memory() {
    check(&Sealed(Memory(Default::default())), 100);
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    check(&Sqlite(folder.path().join("connections.db")), 25);
}

#[test]
fn postgres() {
    if let Some(url) = kit::postgres("random interleavings over PostgreSQL") {
        check(&Postgres(url), 25);
    }
}
