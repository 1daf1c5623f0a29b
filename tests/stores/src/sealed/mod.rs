//! Records sealed before any store sees them (AES-256-GCM), with keys that the host holds.

pub mod envelope;
pub mod keys;

use std::fmt;

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;

use crate::sealed::envelope::{NONCE, Refusal};
use crate::sealed::keys::KeyRing;
use crate::sweep::{Due, Sweep};

/// A store whose records are sealed: opened with whatever key they name, written with the newest.
///
/// Key, version, `due` and `state` stay readable, because the store compares and queries them.
///
/// ```
/// use evergrant_stores::memory::MemoryStore;
/// use evergrant_stores::sealed::SealedStore;
/// use evergrant_stores::sealed::keys::KeyRing;
///
/// let mut key = [0; 32]; // from a key service, never from the source
/// getrandom::fill(&mut key)?;
/// let store = SealedStore::new(MemoryStore::default(), KeyRing::new("2026-11", key)?, "production");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SealedStore<S> {
    inner: S,
    ring: KeyRing,
    environment: String,
}

impl<S> SealedStore<S> {
    /// A wrapper around `inner` for the records of one environment, such as `sandbox` or `production`.
    pub fn new(inner: S, ring: KeyRing, environment: &str) -> Self {
        Self {
            inner,
            ring,
            environment: environment.to_owned(),
        }
    }

    fn open(&self, key: &str, stored: Option<Stored>) -> Result<Option<Stored>, StoreFailure> {
        let Some(stored) = stored else { return Ok(None) };
        let record = envelope::open(&self.ring, &self.environment, key, stored.record()).map_err(locked)?;
        Ok(Some(Stored::new(stored.version(), record)))
    }
}

/// Whatever is wrong with an envelope: there is a record, and it cannot be opened here. Never *absent*, which would invite
/// a new consent over it.
fn locked(_: Refusal) -> StoreFailure {
    StoreFailure::Locked
}

impl<S: Store> Store for SealedStore<S> {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        let Loaded { stored, store_now } = self.inner.load(key)?;
        let stored = self.open(key, stored)?;
        Ok(Loaded { stored, store_now })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let mut nonce = [0; NONCE];
        // Without randomness nothing may be sealed, and nothing was sent to the store.
        getrandom::fill(&mut nonce).map_err(|_| StoreFailure::Down)?;
        let mut sealed = save.clone();
        let record = envelope::seal(&self.ring, &self.environment, &save.key, nonce, save.record.record());
        sealed.record = Stored::new(save.version, record.ok_or(StoreFailure::Down)?);
        match self.inner.save(&sealed)? {
            SaveResult::Conflict { stored, store_now } => {
                let stored = self.open(&save.key, stored)?;
                Ok(SaveResult::Conflict { stored, store_now })
            }
            saved => Ok(saved),
        }
    }
}

impl<S: Sweep> Sweep for SealedStore<S> {
    fn due(&self, until: i64, limit: u32) -> Result<Vec<Due>, StoreFailure> {
        self.inner.due(until, limit)
    }
}

impl<S> fmt::Debug for SealedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedStore")
            .field("ring", &self.ring)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}
