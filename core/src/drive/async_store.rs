//! Where records are kept, asynchronously.

use core::future::Future;
use std::sync::Arc;

use crate::drive::store::{Loaded, SaveResult, Store};
use crate::flow::input::StoreFailure;
use crate::flow::step::Save;

/// A store of records, one per key: [`Store`] in futures, with the same promises.
///
/// Write both as `async fn`.
pub trait AsyncStore: Send + Sync + 'static {
    /// Loads a record.
    ///
    /// # Errors
    /// How the store failed.
    fn load(&self, key: &str) -> impl Future<Output = Result<Loaded, StoreFailure>> + Send;

    /// Stores the record as `save.version` if the stored version is `save.expect` (0: none); else changes nothing.
    ///
    /// # Errors
    /// How the store failed; `Unknown` where it may have acted, which is a legal answer.
    fn save(&self, save: &Save) -> impl Future<Output = Result<SaveResult, StoreFailure>> + Send;
}

/// A store that is shared, so that one pool of connections serves several clients.
impl<S: AsyncStore> AsyncStore for Arc<S> {
    fn load(&self, key: &str) -> impl Future<Output = Result<Loaded, StoreFailure>> + Send {
        (**self).load(key)
    }

    fn save(&self, save: &Save) -> impl Future<Output = Result<SaveResult, StoreFailure>> + Send {
        (**self).save(save)
    }
}

/// A [`Store`] that never makes anybody wait (one in memory), called where the future is polled.
///
/// A store that does wait blocks a thread of the runtime in this way.
#[derive(Clone, Debug, Default)]
pub struct InPlace<S>(pub S);

impl<S: Store + Send + Sync + 'static> AsyncStore for InPlace<S> {
    async fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        self.0.load(key)
    }

    async fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        self.0.save(save)
    }
}
