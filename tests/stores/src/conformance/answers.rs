//! Judging one answer: the record, and the clock. Faults never show a record.

use evergrant::flow::stored::Stored;

use crate::clock::host_now;
use crate::conformance::Options;
use crate::conformance::script::Record;

/// Compares what a store gave with what it should have given.
pub(crate) fn same(found: Option<&Stored>, wanted: Option<&Record>) -> Result<(), String> {
    match (found, wanted) {
        (None, None) => Ok(()),
        (None, Some(wanted)) => Err(format!("found no record, expected version {}", wanted.version)),
        (Some(found), None) => Err(format!("found version {}, expected no record", found.version())),
        (Some(found), Some(wanted)) if found.version() != wanted.version => Err(format!(
            "found version {}, expected version {}",
            found.version(),
            wanted.version
        )),
        (Some(found), Some(wanted)) if found.record() != wanted.record => Err(format!(
            "found other bytes than were saved as version {} ({} bytes, expected {})",
            wanted.version,
            found.record().len(),
            wanted.record.len()
        )),
        _ => Ok(()),
    }
}

/// What the answers of one case have shown of the store's clock.
pub(crate) struct Clock {
    options: Options,
    last: i64,
}

impl Clock {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, last: 0 }
    }

    /// Takes the time of an answer that came after all those before.
    pub(crate) fn see(&mut self, store_now: i64) -> Result<(), String> {
        let away = store_now.saturating_sub(host_now());
        if away.abs() > self.options.clock_tolerance_ms {
            return Err(format!(
                "the store's clock is {away} ms from this machine's; it must count milliseconds since 1970"
            ));
        }
        if store_now < self.last {
            return Err(format!("the store's clock went back by {} ms", self.last - store_now));
        }
        self.last = store_now;
        Ok(())
    }

    pub(crate) fn last(&self) -> i64 {
        self.last
    }
}
