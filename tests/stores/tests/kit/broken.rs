//! Stores that are broken in one way.

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use evergrant_stores::conformance::{self, Options, Report, SUITE, Subject};
use evergrant_stores::memory::MemoryStore;
use evergrant_stores::sweep::{Due, Sweep};

pub type Answer = Result<SaveResult, StoreFailure>;

/// A store with one fault.
#[derive(Clone)]
pub struct Broken {
    pub inner: MemoryStore,
    pub load: fn(&MemoryStore, &str) -> Result<Loaded, StoreFailure>,
    pub save: fn(&MemoryStore, &Save) -> Answer,
    pub due: fn(&MemoryStore, i64) -> Result<Vec<Due>, StoreFailure>,
    /// New handles begin with nothing.
    pub forgets: bool,
}

impl Default for Broken {
    fn default() -> Self {
        Self {
            inner: MemoryStore::default(),
            load: |store, key| store.load(key),
            save: |store, save| store.save(save),
            due: |store, until| store.due(until, 10_000),
            forgets: false,
        }
    }
}

impl Store for Broken {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        (self.load)(&self.inner, key)
    }

    fn save(&self, save: &Save) -> Answer {
        (self.save)(&self.inner, save)
    }
}

impl Subject for Broken {
    fn open(&self) -> Result<Box<dyn Store + Send>, String> {
        let mut handle = self.clone();
        if self.forgets {
            handle.inner = MemoryStore::default();
        }
        Ok(Box::new(handle))
    }

    fn due(&self, until: i64) -> Option<Result<Vec<Due>, StoreFailure>> {
        Some((self.due)(&self.inner, until))
    }
}

/// Runs the suite and checks that these cases are among those that found a fault.
pub fn finds(subject: &dyn Subject, cases: &[&str]) -> Report {
    let report = conformance::run(SUITE, subject, Options::default()).unwrap();
    let failed = report.failed();
    for case in cases {
        assert!(failed.contains(case), "not found by '{case}', but by {failed:?}");
    }
    report
}

pub fn with_save(save: fn(&MemoryStore, &Save) -> Answer) -> Broken {
    Broken {
        save,
        ..Broken::default()
    }
}

pub fn with_key(save: &Save, key: String) -> Save {
    let mut save = save.clone();
    save.key = key;
    save
}

pub fn with_record(save: &Save, record: Vec<u8>) -> Save {
    let mut save = save.clone();
    save.record = Stored::new(save.version, record);
    save
}
