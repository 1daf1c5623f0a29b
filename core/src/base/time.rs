//! Time as the host tells it: two clocks, in milliseconds.

use core::time::Duration;

/// The largest number that every language behind a binding holds exactly: 2^53 - 1.
pub(crate) const MAX_MS: i64 = (1 << 53) - 1;

/// The moment at which the host calls, on both of its clocks, in milliseconds.
///
/// `wall` counts from 1970-01-01T00:00:00Z and may be stepped by an administrator; `steady` counts from anywhere, never
/// goes back, and may stand still while the machine sleeps. Deadlines are judged by whichever clock went further, waits
/// by whichever went less far, so that neither a stepped nor a sleeping clock can mislead.
///
/// ```
/// use evergrant::base::time::Now;
///
/// let now = Now { wall: 1_790_000_000_000, steady: 5_000 };
/// assert_eq!(now.later(1_000), Now { wall: 1_790_000_001_000, steady: 6_000 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub wall: i64,
    /// Milliseconds on a clock that never goes back.
    pub steady: i64,
}

impl Now {
    /// This machine's clocks.
    #[cfg(feature = "std")]
    pub fn system() -> Self {
        use std::sync::OnceLock;
        use std::time::{Instant, SystemTime, UNIX_EPOCH};

        // An origin for the steady clock, which std tells only as differences. A constant of the process, not a state.
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let steady = ORIGIN.get_or_init(Instant::now).elapsed();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self {
            wall: millis(wall),
            steady: millis(steady),
        }
    }

    /// This moment and `ms` milliseconds more, on both clocks.
    pub fn later(self, ms: i64) -> Self {
        Self {
            wall: clamp(self.wall.saturating_add(ms)),
            steady: clamp(self.steady.saturating_add(ms)),
        }
    }

    /// Milliseconds since `earlier` on the clock that went further: for *is it too late?*
    pub fn longest_since(self, earlier: Self) -> i64 {
        self.wall
            .saturating_sub(earlier.wall)
            .max(self.steady.saturating_sub(earlier.steady))
            .max(0)
    }

    /// Milliseconds since `earlier` on the clock that went less far: for *was it long enough?*
    pub fn shortest_since(self, earlier: Self) -> i64 {
        self.wall
            .saturating_sub(earlier.wall)
            .min(self.steady.saturating_sub(earlier.steady))
            .max(0)
    }

    /// Whether `deadline` is past on either clock.
    pub fn is_past(self, deadline: Self) -> bool {
        self.wall > deadline.wall || self.steady > deadline.steady
    }
}

/// A duration in whole milliseconds, at most 2^53 - 1.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(MAX_MS).min(MAX_MS)
}

fn clamp(ms: i64) -> i64 {
    ms.clamp(-MAX_MS, MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stepped_or_sleeping_clock_cannot_mislead() {
        let start = Now {
            wall: 1_000_000,
            steady: 1_000,
        };
        let wall_stepped_back = Now {
            wall: 900_000,
            steady: 6_000,
        };
        assert_eq!(wall_stepped_back.longest_since(start), 5_000);
        assert_eq!(wall_stepped_back.shortest_since(start), 0);
        let slept = Now {
            wall: 1_600_000,
            steady: 1_010,
        };
        assert_eq!(slept.longest_since(start), 600_000);
        assert_eq!(slept.shortest_since(start), 10);
        assert!(slept.is_past(start.later(3_000)));
        assert!(!start.is_past(start));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let far = Now {
            wall: i64::MAX,
            steady: i64::MIN,
        };
        assert_eq!(
            far.later(i64::MAX),
            Now {
                wall: MAX_MS,
                steady: -1
            }
        );
        assert!(
            far.longest_since(Now {
                wall: i64::MIN,
                steady: 0
            }) > 0
        );
        assert_eq!(millis(Duration::MAX), MAX_MS);
    }
}
