//! Where the example keeps its records: in memory, with the clock of the stage. What a store must promise, and stores for
//! real programs, are in `docs/stores.md`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use evergrant_emulator::Clock;

/// Records in memory. Clones are the same store, as the workers of a program share one database.
#[derive(Clone)]
pub struct MemoryStore {
    clock: Clock,
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
}

struct Row {
    stored: Stored,
    due: Option<i64>,
}

impl MemoryStore {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            rows: Arc::default(),
        }
    }

    /// The keys of the connections that want to be looked at, for a sweeper.
    pub fn due(&self) -> Vec<String> {
        let now = self.clock.now();
        let rows = self.rows();
        let due = rows.iter().filter(|(_, row)| row.due.is_some_and(|due| due <= now));
        due.map(|(key, _)| key.clone()).collect()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        // Every change is one insertion, so what a panic left behind is whole.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        Ok(Loaded {
            stored: self.rows().get(key).map(|row| row.stored.clone()),
            store_now: self.clock.now(),
        })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let mut rows = self.rows();
        let store_now = self.clock.now();
        let stored = rows.get(&save.key).map(|row| &row.stored);
        if stored.map_or(0, Stored::version) != save.expect {
            return Ok(SaveResult::Conflict {
                stored: stored.cloned(),
                store_now,
            });
        }
        let row = Row {
            stored: save.record.clone(),
            due: save.due,
        };
        rows.insert(save.key.clone(), row);
        Ok(SaveResult::Saved { store_now })
    }
}
