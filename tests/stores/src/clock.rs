//! The clock of stores that have none of their own.

use std::time::{SystemTime, UNIX_EPOCH};

/// This machine's wall clock, in milliseconds since 1970.
pub(crate) fn host_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
