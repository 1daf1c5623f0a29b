//! Fast time: one clock that runs so many times as fast as the machine's, the same in every process.
//!
//! Protocol, providers, workers and stores all live in it, so that an access token of five minutes passes in seconds. A
//! number of milliseconds is fast time everywhere in this crate; a `Duration` is real time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use evergrant::base::time::Now;

/// From real time to fast time, in every process of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The moment at which both times show the same, in milliseconds since 1970.
    pub epoch: i64,
    /// How many times as fast.
    pub rate: i64,
}

impl Scale {
    /// Fast time that begins now.
    pub fn begin(rate: i64) -> Self {
        Self {
            epoch: micros().div_euclid(1000),
            rate,
        }
    }

    /// A real moment of some clock of this machine, in milliseconds, as fast time.
    pub fn fast(self, real: i64) -> i64 {
        self.epoch + (real - self.epoch) * self.rate
    }

    /// Now, in fast time.
    pub fn now(self) -> i64 {
        self.epoch + (micros() - self.epoch * 1000) * self.rate / 1000
    }

    /// How long so many milliseconds of fast time really take.
    pub fn real(self, ms: i64) -> Duration {
        Duration::from_micros(u64::try_from(ms.max(0).saturating_mul(1000) / self.rate).unwrap_or(0))
    }
}

/// This machine's wall clock, in microseconds since 1970.
fn micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The clocks of one process: a wall clock that can be stepped, and a steady one.
///
/// The steady clock goes on while the process is stopped by a signal, as on a server; machines that sleep are the
/// model's.
#[derive(Debug)]
pub struct Clocks {
    scale: Scale,
    offset: AtomicI64,
}

impl Clocks {
    /// Clocks that nobody has stepped.
    pub fn new(scale: Scale) -> Self {
        origin();
        Self {
            scale,
            offset: AtomicI64::new(0),
        }
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        let steady = i64::try_from(origin().elapsed().as_micros()).unwrap_or(i64::MAX);
        Now {
            wall: self.scale.now() + self.offset.load(Ordering::SeqCst),
            steady: steady * self.scale.rate / 1000,
        }
    }

    /// Somebody sets the wall clock.
    pub fn step(&self, ms: i64) {
        self.offset.fetch_add(ms, Ordering::SeqCst);
    }

    /// A moment on both clocks as true fast time, as its steady side tells it.
    pub fn truth(&self, moment: Now) -> i64 {
        self.scale.now() + moment.steady - self.now().steady
    }
}

fn origin() -> &'static Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    ORIGIN.get_or_init(Instant::now)
}
