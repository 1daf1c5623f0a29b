//! The suite is itself tested: each store here is broken in one way, and the suite must find it.

mod kit;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use evergrant_stores::conformance::{self, Options, SUITE, Subject};
use evergrant_stores::memory::MemoryStore;
use evergrant_stores::sweep::{Due, Sweep};
use kit::broken::{Answer, Broken, finds, with_key, with_record, with_save};

#[test]
fn nothing_is_found_in_a_store_that_is_not_broken() {
    let report = conformance::run(SUITE, &Broken::default(), Options::default()).unwrap();
    assert!(report.passed(), "{report}");
}

#[test]
fn the_last_writer_wins() {
    let broken = with_save(|store, save| {
        let mut save = save.clone();
        save.expect = store.load(&save.key)?.stored.map_or(0, |stored| stored.version());
        store.save(&save)
    });
    finds(
        &broken,
        &["first save over a record", "save over an old version", "race of two"],
    );
}

#[test]
fn comparing_and_writing_are_two_steps() {
    let broken = with_save(|store, save| {
        let found = store.load(&save.key)?.stored.map_or(0, |stored| stored.version());
        if found != save.expect {
            return store.save(save);
        }
        thread::sleep(Duration::from_millis(5));
        let mut save = save.clone();
        save.expect = store.load(&save.key)?.stored.map_or(0, |stored| stored.version());
        store.save(&save)
    });
    finds(&broken, &["race for the first save", "race of two", "race of eight"]);
}

#[test]
fn a_save_ahead_of_the_store_is_taken() {
    let broken = with_save(|store, save| {
        let found = store.load(&save.key)?.stored.map_or(0, |stored| stored.version());
        let mut save = save.clone();
        save.expect = if found < save.expect { found } else { save.expect };
        store.save(&save)
    });
    finds(
        &broken,
        &[
            "save over a version that is not there yet",
            "save over a version where nothing is",
        ],
    );
}

#[test]
fn an_update_without_a_row_counts_as_done() {
    let broken = with_save(|store, save| match store.save(save)? {
        SaveResult::Conflict {
            stored: None,
            store_now,
        } => Ok(SaveResult::Saved { store_now }),
        other => Ok(other),
    });
    finds(&broken, &["save over a version where nothing is"]);
}

#[test]
fn a_conflict_does_not_tell_what_is_stored() {
    let broken = with_save(|store, save| match store.save(save)? {
        SaveResult::Conflict { store_now, .. } => Ok(SaveResult::Conflict {
            stored: None,
            store_now,
        }),
        other => Ok(other),
    });
    finds(
        &broken,
        &[
            "first save over a record",
            "a save repeated after an unknown outcome, done",
            "race of two",
        ],
    );
}

#[test]
fn a_conflict_tells_what_was_stored_before() {
    let broken = with_save(|store, save| match store.save(save)? {
        SaveResult::Conflict {
            stored: Some(stored),
            store_now,
        } => Ok(SaveResult::Conflict {
            stored: Some(Stored::new(save.expect, stored.record().to_vec())),
            store_now,
        }),
        other => Ok(other),
    });
    finds(&broken, &["save over an old version", "race of two"]);
}

#[test]
fn a_tombstone_is_removed() {
    let broken = with_save(|store, save| {
        let mut save = save.clone();
        if save.state == "closed" {
            save.version = 0;
            save.record = Stored::new(0, Vec::new());
        }
        store.save(&save)
    });
    let load: fn(&MemoryStore, &str) -> Result<Loaded, StoreFailure> = |store, key| {
        let mut loaded = store.load(key)?;
        loaded.stored = loaded.stored.filter(|stored| stored.version() > 0);
        Ok(loaded)
    };
    finds(&Broken { load, ..broken }, &["versions never start again"]);
}

#[test]
fn an_unchanged_record_is_not_written() {
    let broken = with_save(|store, save| {
        let Loaded { stored, store_now } = store.load(&save.key)?;
        match stored {
            Some(stored) if stored.version() == save.expect && stored.record() == save.record.record() => {
                Ok(SaveResult::Saved { store_now })
            }
            _ => store.save(save),
        }
    });
    finds(&broken, &["the same bytes again"]);
}

#[test]
fn a_repeated_save_is_taken_for_done() {
    let broken = with_save(|store, save| match store.save(save)? {
        SaveResult::Conflict {
            stored: Some(stored),
            store_now,
        } if stored.record() == save.record.record() => Ok(SaveResult::Saved { store_now }),
        other => Ok(other),
    });
    finds(
        &broken,
        &["a save repeated after an unknown outcome, done", "the same bytes again"],
    );
}

#[test]
fn records_are_text_of_limited_length() {
    finds(
        &with_save(|store, save| {
            let trimmed = save.record.record().trim_ascii_end().to_vec();
            store.save(&with_record(save, trimmed))
        }),
        &["zero bytes"],
    );
    finds(
        &with_save(|store, save| {
            let text = String::from_utf8_lossy(save.record.record()).into_owned();
            store.save(&with_record(save, text.into_bytes()))
        }),
        &["every byte", "bytes that are not UTF-8"],
    );
    finds(
        &with_save(|store, save| {
            let cut = save
                .record
                .record()
                .iter()
                .copied()
                .take_while(|byte| *byte != 0)
                .collect();
            store.save(&with_record(save, cut))
        }),
        &["every byte", "zero bytes"],
    );
    finds(
        &with_save(|store, save| {
            let cut = save.record.record().iter().copied().take(65_535).collect();
            store.save(&with_record(save, cut))
        }),
        &["a record of 65536 bytes", "a record of one mebibyte"],
    );
    finds(
        &with_save(|store, save| match save.record.record().len() {
            1_000_000.. => Err(StoreFailure::Down),
            _ => store.save(save),
        }),
        &["a record of one mebibyte"],
    );
}

#[test]
fn no_bytes_are_no_record() {
    let load: fn(&MemoryStore, &str) -> Result<Loaded, StoreFailure> = |store, key| {
        let mut loaded = store.load(key)?;
        loaded.stored = loaded.stored.filter(|stored| !stored.record().is_empty());
        Ok(loaded)
    };
    finds(
        &Broken {
            load,
            ..Broken::default()
        },
        &["empty record"],
    );
}

/// Keys that are compared in some way that is not byte for byte.
#[test]
fn keys_are_folded() {
    type Fold = fn(&str) -> String;
    struct Folded(MemoryStore, Fold);
    struct Handle(MemoryStore, Fold);
    impl Store for Handle {
        fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
            self.0.load(&(self.1)(key))
        }
        fn save(&self, save: &Save) -> Answer {
            self.0.save(&with_key(save, (self.1)(&save.key)))
        }
    }
    impl Subject for Folded {
        fn open(&self) -> Result<Box<dyn Store + Send>, String> {
            Ok(Box::new(Handle(self.0.clone(), self.1)))
        }
    }
    let folds: [(Fold, &str); 7] = [
        (|key| key.to_lowercase(), "keys that differ in case"),
        (|key| key.replace('é', "e"), "keys that differ in accents"),
        (|key| key.replace("e\u{301}", "é"), "keys in two normal forms"),
        (|key| key.trim_end_matches(' ').to_owned(), "keys that differ in spaces"),
        (|key| key.chars().take(255).collect(), "a key of 512 bytes"),
        (|key| key.chars().filter(char::is_ascii).collect(), "keys beyond ASCII"),
        (
            |key| key.replace(|found: char| found > '\u{ffff}', "?"),
            "keys beyond ASCII",
        ),
    ];
    for (fold, case) in folds {
        let folded = Folded(MemoryStore::default(), fold);
        let report = finds(&folded, &[case]);
        assert!(!report.is_whole(), "a store without a sweep is reported");
    }
}

/// A replica that is behind, and a cache in each handle, show nothing to those that only write.
#[test]
fn loads_come_from_a_cache() {
    #[derive(Clone, Default)]
    struct Cached(MemoryStore, Arc<Mutex<BTreeMap<String, Loaded>>>);
    impl Store for Cached {
        fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
            let mut cache = self.1.lock().unwrap();
            if let Some(loaded) = cache.get(key) {
                return Ok(loaded.clone());
            }
            let loaded = self.0.load(key)?;
            cache.insert(key.to_owned(), loaded.clone());
            Ok(loaded)
        }
        fn save(&self, save: &Save) -> Answer {
            self.1.lock().unwrap().remove(&save.key);
            self.0.save(save)
        }
    }
    impl Subject for Cached {
        fn open(&self) -> Result<Box<dyn Store + Send>, String> {
            Ok(Box::new(Self(self.0.clone(), Arc::default())))
        }
    }
    finds(
        &Cached::default(),
        &["a save seen by the other handle", "absence is not kept in mind"],
    );
}

#[test]
fn nothing_is_kept() {
    let broken = Broken {
        forgets: true,
        ..Broken::default()
    };
    finds(&broken, &["kept over reopening", "a save seen by the other handle"]);
}

/// A store that panics in a race ends the case and not the run.
#[test]
fn a_save_panics() {
    let broken = with_save(|store, save| {
        assert!(
            save.record.record() != b"round 3, contender 1",
            "as wanted by this test"
        );
        store.save(save)
    });
    let report = finds(&broken, &["race of two"]);
    assert!(!report.failed().contains(&"first save"));
}

#[test]
fn the_clock_is_wrong() {
    let clock = |load: fn(&MemoryStore, &str) -> Result<Loaded, StoreFailure>| Broken {
        load,
        ..Broken::default()
    };
    let seconds = clock(|store, key| {
        let mut loaded = store.load(key)?;
        loaded.store_now /= 1_000;
        Ok(loaded)
    });
    finds(&seconds, &["an absent record", "the clock goes on"]);
    let whole_seconds = clock(|store, key| {
        let mut loaded = store.load(key)?;
        loaded.store_now -= loaded.store_now % 1_000;
        Ok(loaded)
    });
    finds(&whole_seconds, &["the clock goes on"]);
    let time_zone = clock(|store, key| {
        let mut loaded = store.load(key)?;
        loaded.store_now += 3_600_000;
        Ok(loaded)
    });
    finds(&time_zone, &["an absent record"]);
    let backwards = clock(|store, key| {
        let mut loaded = store.load(key)?;
        loaded.store_now -= 40;
        Ok(loaded)
    });
    finds(&backwards, &["the clock never goes back"]);
}

#[test]
fn due_is_wrong() {
    let due = |due: fn(&MemoryStore, i64) -> Result<Vec<Due>, StoreFailure>| Broken {
        due,
        ..Broken::default()
    };
    finds(&due(|store, until| store.due(until - 1, 10_000)), &["what is due"]);
    finds(&due(|_, _| Ok(Vec::new())), &["what is due", "due follows the record"]);
    let unordered = due(|store, until| {
        let mut found = store.due(until, 10_000)?;
        found.sort_by(|one, two| one.key.cmp(&two.key));
        Ok(found)
    });
    finds(&unordered, &["what is due"]);
    let kept = with_save(|store, save| {
        let mut save = save.clone();
        save.due = save.due.or(Some(1));
        store.save(&save)
    });
    finds(&kept, &["what is due", "due follows the record"]);
}
