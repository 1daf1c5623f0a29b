//! Finding the connections that want to be looked at: a query beside the store, which an adapter need not have.

use evergrant::flow::input::StoreFailure;

/// A connection that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its key.
    pub key: String,
    /// When it became due, in milliseconds of the store's clock.
    pub due: i64,
    /// Its status in a word.
    pub state: String,
}

/// A store whose `due` column can be asked.
pub trait Sweep {
    /// The connections that are due at `until` or were before, those that wait longest first, at most `limit`.
    ///
    /// # Errors
    /// How the store failed.
    fn due(&self, until: i64, limit: u32) -> Result<Vec<Due>, StoreFailure>;
}
