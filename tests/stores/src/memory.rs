//! Records in memory, shared by all clones: for tests, and for programs whose connections may die with the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;

use crate::clock::host_now;
use crate::sweep::{Due, Sweep};

/// A store in memory. A clone is another handle on the same records.
///
/// It keeps R1 and R3 within the process, and nothing of R2: what it holds ends with the process.
///
/// ```
/// use evergrant::drive::store::Store;
/// use evergrant_stores::memory::MemoryStore;
///
/// let store = MemoryStore::default();
/// assert!(store.load("acct_123").is_ok_and(|loaded| loaded.stored.is_none()));
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
}

struct Row {
    stored: Stored,
    due: Option<i64>,
    state: String,
}

impl MemoryStore {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        // Every change is one insertion, so a map that a panicking thread left behind is whole.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        let rows = self.rows();
        Ok(Loaded {
            stored: rows.get(key).map(|row| row.stored.clone()),
            store_now: host_now(),
        })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let mut rows = self.rows();
        let store_now = host_now();
        let stored = rows.get(&save.key).map(|row| &row.stored);
        if stored.map_or(0, Stored::version) != save.expect {
            return Ok(SaveResult::Conflict {
                stored: stored.cloned(),
                store_now,
            });
        }
        let row = Row {
            stored: Stored::new(save.version, save.record.record().to_vec()),
            due: save.due,
            state: save.state.clone(),
        };
        rows.insert(save.key.clone(), row);
        Ok(SaveResult::Saved { store_now })
    }
}

impl Sweep for MemoryStore {
    fn due(&self, until: i64, limit: u32) -> Result<Vec<Due>, StoreFailure> {
        let mut found: Vec<Due> = self
            .rows()
            .iter()
            .filter_map(|(key, row)| {
                let due = row.due.filter(|due| *due <= until)?;
                Some(Due {
                    key: key.clone(),
                    due,
                    state: row.state.clone(),
                })
            })
            .collect();
        found.sort_by_key(|found| found.due);
        found.truncate(limit as usize);
        Ok(found)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} records, redacted)", self.rows().len())
    }
}
