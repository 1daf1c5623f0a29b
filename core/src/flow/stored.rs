//! A record as the store keeps it.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// The bytes of a record, opaque to the store. They hold refresh tokens, so they print redacted and are wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    version: i64,
    record: Zeroizing<Vec<u8>>,
}

impl Stored {
    /// A record as it was loaded, with the version under which the store keeps it (1 or more).
    pub fn new(version: i64, record: Vec<u8>) -> Self {
        Self {
            version,
            record: Zeroizing::new(record),
        }
    }

    /// The version.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The bytes; they hold secrets.
    pub fn record(&self) -> &[u8] {
        &self.record
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored(version {}, redacted)", self.version)
    }
}
