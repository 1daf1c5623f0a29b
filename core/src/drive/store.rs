//! Where records are kept: a store that can compare and swap.

use std::sync::Arc;

use crate::flow::input::StoreFailure;
use crate::flow::step::Save;
use crate::flow::stored::Stored;

/// A store of records, one per key.
///
/// What it must promise, and what each weakness costs, is in `docs/stores.md`: per key it is linearizable (a primary, never
/// a replica), what it answered survives the failures that the host cares about, and its clock is one clock.
///
/// In memory, for tests: what every store does, whatever is below it.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use evergrant::Now;
/// use evergrant::drive::store::{Loaded, SaveResult, Store};
/// use evergrant::flow::{input::StoreFailure, step::Save, stored::Stored};
///
/// #[derive(Default)]
/// struct Memory(Mutex<HashMap<String, Stored>>);
///
/// impl Store for Memory {
///     fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
///         let stored = self.0.lock().map_err(|_| StoreFailure::Down)?.get(key).cloned();
///         // Milliseconds since 1970, on one clock for all workers: a database's own.
///         Ok(Loaded { stored, store_now: Now::system().wall })
///     }
///
///     fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
///         let mut records = self.0.lock().map_err(|_| StoreFailure::Down)?;
///         let stored = records.get(&save.key).cloned();
///         let store_now = Now::system().wall;
///         if stored.as_ref().map_or(0, Stored::version) != save.expect {
///             return Ok(SaveResult::Conflict { stored, store_now });
///         }
///         records.insert(save.key.clone(), save.record.clone());
///         Ok(SaveResult::Saved { store_now })
///     }
/// }
///
/// let save = Save::new("acct_123", 0, None, "live", b"{}".to_vec());
/// let memory = Memory::default();
/// assert!(matches!(memory.save(&save), Ok(SaveResult::Saved { .. })));
/// assert!(matches!(memory.save(&save), Ok(SaveResult::Conflict { .. })), "only where nothing is stored yet");
/// ```
pub trait Store {
    /// Loads a record.
    ///
    /// # Errors
    /// How the store failed.
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure>;

    /// Stores the record as `save.version` if the stored version is `save.expect` (0: none); else changes nothing.
    ///
    /// # Errors
    /// How the store failed; `Unknown` where it may have acted, which is a legal answer.
    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure>;
}

/// A store that is shared, so that one pool of connections serves several clients.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        (**self).load(key)
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        (**self).save(save)
    }
}

/// The store of machines that keep nothing, such as service tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl Store for NoStore {
    fn load(&self, _key: &str) -> Result<Loaded, StoreFailure> {
        Err(StoreFailure::Down)
    }

    fn save(&self, _save: &Save) -> Result<SaveResult, StoreFailure> {
        Err(StoreFailure::Down)
    }
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The record, where there is one.
    pub stored: Option<Stored>,
    /// The store's clock, in milliseconds since 1970.
    pub store_now: i64,
}

/// What came of a compare-and-swap.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveResult {
    /// It is stored.
    Saved {
        /// The store's clock, in milliseconds since 1970.
        store_now: i64,
    },
    /// The store had another version.
    Conflict {
        /// What it has.
        stored: Option<Stored>,
        /// The store's clock.
        store_now: i64,
    },
}
