//! A clock that can be moved: real time plus an offset, faster than that, or standing still.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::lock;

/// The clock of all emulated providers, in milliseconds since the Unix epoch. Clones are the same clock.
///
/// It never goes back by itself: after the start it follows the machine's steady clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    begun: Instant,
    begun_ms: i64,
    rate: u32,
    frozen_ms: Option<i64>,
}

impl Inner {
    fn now(&self) -> i64 {
        self.frozen_ms.unwrap_or_else(|| {
            self.begun_ms
                .saturating_add(elapsed_ms(self.begun.elapsed().saturating_mul(self.rate)))
        })
    }
}

fn elapsed_ms(elapsed: Duration) -> i64 {
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

impl Clock {
    pub(crate) fn new() -> Clock {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock(Arc::new(Mutex::new(Inner {
            begun: Instant::now(),
            begun_ms: elapsed_ms(wall),
            rate: 1,
            frozen_ms: None,
        })))
    }

    /// The time now.
    pub fn now(&self) -> i64 {
        lock(&self.0).now()
    }

    /// Moves the clock by `ms`, back if negative, whether it stands still or not.
    pub fn advance(&self, ms: i64) {
        let mut inner = lock(&self.0);
        inner.begun_ms = inner.begun_ms.saturating_add(ms);
        inner.frozen_ms = inner.frozen_ms.map(|at| at.saturating_add(ms));
    }

    /// Lets the clock run so many times as fast as real time, from where it stands.
    pub fn run_at(&self, rate: u32) {
        let mut inner = lock(&self.0);
        inner.begun_ms = inner.now();
        inner.begun = Instant::now();
        inner.rate = rate;
    }

    /// Lets the clock stand still; only [`Clock::advance`] moves it.
    pub fn freeze(&self) {
        let mut inner = lock(&self.0);
        inner.frozen_ms = Some(inner.now());
    }

    /// Lets the clock run again, from where it stands.
    pub fn resume(&self) {
        let mut inner = lock(&self.0);
        if let Some(at) = inner.frozen_ms.take() {
            inner.begun = Instant::now();
            inner.begun_ms = at;
        }
    }
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    weekday: usize,
    seconds: i64,
    millis: i64,
}

/// Days to a date of the proleptic Gregorian calendar, in eras of 400 years that begin on 1 March.
fn civil(ms: i64) -> Civil {
    let days = ms.div_euclid(86_400_000);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
        seconds: ms.div_euclid(1000).rem_euclid(86_400),
        millis: ms.rem_euclid(1000),
    }
}

/// `2025-04-11T03:43:28.148Z` with three to nine fraction digits.
pub(crate) fn rfc3339(ms: i64, digits: usize) -> String {
    let Civil {
        year,
        month,
        day,
        seconds,
        millis,
        ..
    } = civil(ms);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}{:0<1$}Z",
        "",
        digits - 3
    )
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
pub(crate) fn http_date(ms: i64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let Civil {
        year,
        month,
        day,
        weekday,
        seconds,
        ..
    } = civil(ms);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let month = usize::try_from(month - 1)
        .ok()
        .and_then(|month| MONTHS.get(month))
        .unwrap_or(&"Jan");
    format!(
        "{}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT",
        DAYS[weekday % 7]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc3339(951_782_400_007, 3), "2000-02-29T00:00:00.007Z");
        assert_eq!(rfc3339(1_577_881_993_123, 5), "2020-01-01T12:33:13.12300Z");
    }

    #[test]
    fn a_fast_clock_goes_on_from_where_it_stands() {
        let clock = Clock::new();
        let at = clock.now();
        clock.run_at(1000);
        std::thread::sleep(Duration::from_millis(5));
        assert!(clock.now() >= at + 5000);
        assert!(clock.now() < at + 5_000_000);
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::new();
        clock.freeze();
        let at = clock.now();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(clock.now(), at);
        clock.advance(1000);
        assert_eq!(clock.now(), at + 1000);
        clock.resume();
        assert!(clock.now() >= at + 1000);
    }
}
