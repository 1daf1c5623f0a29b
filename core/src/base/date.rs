//! Dates as servers write them, read into wall-clock milliseconds since 1970-01-01T00:00:00Z.
//!
//! Own code rather than a library: it must run without `std`, it must stay small in a wasm module, and libraries for
//! RFC 3339 refuse the offset `+0000` that real servers write.

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;

/// The last millisecond of the year 9999; nothing here is later.
const LATEST: i64 = 253_402_300_799_999;

/// Numbers from here on are milliseconds: as seconds they would be past the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// Reads a timestamp of RFC 3339, with the liberties that servers take; `None` if it is not one.
///
/// Date and time are separated by `T`, `t` or one space; any number of fraction digits is read, and what is finer than a
/// millisecond is cut off; the offset is `Z`, `z`, `+hh:mm`, `+hhmm` or `+hh` (or with `-`). Without an offset the moment
/// is not known, so there is none. The year is 1970 to 9999. A leap second is the first second of the next day, and is
/// read at the end of a UTC day only.
///
/// ```
/// use evergrant::base::date::parse_timestamp;
///
/// assert_eq!(parse_timestamp("2025-04-11T03:43:28.148Z"), Some(1_744_343_008_148));
/// assert_eq!(parse_timestamp("2026-05-12T00:00:00+0000"), Some(1_778_544_000_000));
/// assert_eq!(parse_timestamp("2026-05-12T00:00:00"), None);
/// ```
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let mut reader = Reader(text.as_bytes());
    let year = reader.number(4)?;
    reader.literal(b"-")?;
    let month = reader.number(2)?;
    reader.literal(b"-")?;
    let day = reader.number(2)?;
    reader.one_of(b"Tt ")?;
    let clock = reader.clock()?;
    let fraction = if reader.literal(b".").is_some() {
        reader.fraction()?
    } else {
        0
    };
    let offset = reader.offset()?;
    reader.end()?;
    moment(year, month, day, clock, fraction, offset)
}

/// Reads a date of an HTTP header in any of its three forms (RFC 9110 section 5.6.7); `None` if it is not one.
///
/// `now_ms` (wall clock) decides the century of the obsolete form with a two-digit year: it is the last such year that is
/// not more than 50 years ahead. The name of the day is not compared with the date. White space around is ignored.
///
/// ```
/// use evergrant::base::date::parse_http_date;
///
/// let now = 1_763_640_000_000;
/// for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
///     assert_eq!(parse_http_date(date, now), Some(784_111_777_000));
/// }
/// ```
pub fn parse_http_date(text: &str, now_ms: i64) -> Option<i64> {
    let text = text.trim_matches([' ', '\t']);
    if let Some((name, rest)) = text.split_once(", ") {
        let mut reader = Reader(rest.as_bytes());
        let day = reader.number(2)?;
        let separator = reader.one_of(b" -")?;
        let month = reader.month()?;
        reader.literal(&[separator])?;
        // IMF-fixdate has the short names, blanks and four digits; the form of RFC 850 the long names, hyphens and two.
        let fixdate = separator == b' ';
        if !DAYS.iter().any(|long| {
            if fixdate {
                short(long) == Some(name)
            } else {
                *long == name
            }
        }) {
            return None;
        }
        let year = reader.number(if fixdate { 4 } else { 2 })?;
        reader.literal(b" ")?;
        let clock = reader.clock()?;
        reader.literal(b" GMT")?;
        reader.end()?;
        if fixdate {
            return moment(year, month, day, clock, 0, 0);
        }
        // 50 years of 365.25 days.
        let limit = now_ms.clamp(0, LATEST).saturating_add(18_262 * DAY + DAY / 2);
        let last = year_of(limit);
        let year = last - (last - year).rem_euclid(100);
        return match moment(year, month, day, clock, 0, 0) {
            Some(time) if time > limit => moment(year - 100, month, day, clock, 0, 0),
            time => time,
        };
    }
    let (name, rest) = text.split_once(' ')?;
    if !DAYS.iter().any(|long| short(long) == Some(name)) {
        return None;
    }
    let mut reader = Reader(rest.as_bytes());
    let month = reader.month()?;
    reader.literal(b" ")?;
    let day = if reader.literal(b" ").is_some() {
        reader.number(1)?
    } else {
        reader.number(2)?
    };
    reader.literal(b" ")?;
    let clock = reader.clock()?;
    reader.literal(b" ")?;
    let year = reader.number(4)?;
    reader.end()?;
    moment(year, month, day, clock, 0, 0)
}

/// A number that a server gave as a moment: seconds since 1970, or milliseconds where its magnitude is 10^11 or more.
///
/// The result is in milliseconds, and no further from 1970 than the last millisecond of the year 9999.
///
/// ```
/// use evergrant::base::date::epoch;
///
/// assert_eq!(epoch(1_744_343_008), 1_744_343_008_000);
/// assert_eq!(epoch(1_744_343_008_148), 1_744_343_008_148);
/// ```
pub fn epoch(value: i64) -> i64 {
    let factor = if value.unsigned_abs() >= FIRST_MILLISECONDS.unsigned_abs() {
        1
    } else {
        SECOND
    };
    value.saturating_mul(factor).clamp(-LATEST, LATEST)
}

/// [`epoch`] for a number with a fraction, rounded to the millisecond; `None` for what is not a finite number.
///
/// ```
/// use evergrant::base::date::epoch_fraction;
///
/// assert_eq!(epoch_fraction(1_744_343_008.5), Some(1_744_343_008_500));
/// assert_eq!(epoch_fraction(f64::NAN), None);
/// ```
pub fn epoch_fraction(value: f64) -> Option<i64> {
    if !value.is_finite() {
        return None;
    }
    // Both constants are far below 2^53, and the conversion back saturates.
    let factor = if value.abs() >= FIRST_MILLISECONDS as f64 {
        1.0
    } else {
        SECOND as f64
    };
    let milliseconds = value * factor;
    Some(((milliseconds + 0.5_f64.copysign(milliseconds)) as i64).clamp(-LATEST, LATEST))
}

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

fn short(day: &'static str) -> Option<&'static str> {
    day.get(..3)
}

/// A time of day.
#[derive(Clone, Copy)]
struct Clock {
    /// Seconds since midnight.
    seconds: i64,
    /// Whether it is a second 60.
    leap: bool,
}

/// The moment of a date, a time of day, a fraction in milliseconds and an offset in seconds; `None` where there is no such
/// date, or a leap second elsewhere than at the end of a UTC day.
fn moment(year: i64, month: i64, day: i64, clock: Clock, fraction: i64, offset: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) {
        return None;
    }
    let leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    // Days before the month, and in it.
    let (before, length) = match month {
        1 => (0, 31),
        2 => (31, 28),
        3 => (59, 31),
        4 => (90, 30),
        5 => (120, 31),
        6 => (151, 30),
        7 => (181, 31),
        8 => (212, 31),
        9 => (243, 30),
        10 => (273, 31),
        11 => (304, 30),
        12 => (334, 31),
        _ => return None,
    };
    let length = if leap_year && month == 2 { length + 1 } else { length };
    if !(1..=length).contains(&day) {
        return None;
    }
    let before = if leap_year && month > 2 { before + 1 } else { before };
    let seconds = (days_before(year) + before + day - 1) * 86_400 + clock.seconds - offset;
    if clock.leap && seconds % 86_400 != 0 {
        return None;
    }
    Some(seconds * SECOND + fraction)
}

/// Days from 1970-01-01 to the first day of a year.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    // 719 162 is the same count for 1970.
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

/// The year of a moment that is not before 1970.
fn year_of(time: i64) -> i64 {
    let days = time / DAY;
    // Never too early, because no year is shorter than 365 days; a few years too late after centuries of leap days.
    let mut year = 1970 + days / 365;
    while days_before(year) > days {
        year -= 1;
    }
    year
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    fn one_of(&mut self, choice: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        choice.contains(first).then_some(*first)
    }

    fn digit(&mut self) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        if !first.is_ascii_digit() {
            return None;
        }
        self.0 = rest;
        Some(i64::from(first & 0x0f))
    }

    /// A number of exactly so many digits, at most four.
    fn number(&mut self, digits: u8) -> Option<i64> {
        let mut value = 0;
        for _ in 0..digits {
            value = value * 10 + self.digit()?;
        }
        Some(value)
    }

    fn month(&mut self) -> Option<i64> {
        let (index, name) = MONTHS.iter().enumerate().find(|(_, name)| self.0.starts_with(name))?;
        self.literal(name)?;
        i64::try_from(index).ok()?.checked_add(1)
    }

    fn clock(&mut self) -> Option<Clock> {
        let hour = self.number(2)?;
        self.literal(b":")?;
        let minute = self.number(2)?;
        self.literal(b":")?;
        let second = self.number(2)?;
        let valid = hour <= 23 && minute <= 59 && second <= 60;
        valid.then_some(Clock {
            seconds: (hour * 60 + minute) * 60 + second,
            leap: second == 60,
        })
    }

    /// Milliseconds from one or more digits.
    fn fraction(&mut self) -> Option<i64> {
        let (mut value, mut unit) = (self.digit()? * 100, 10);
        while let Some(digit) = self.digit() {
            value += digit * unit;
            unit /= 10;
        }
        Some(value)
    }

    /// Seconds east of Greenwich.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2)?;
        let minutes = if self.0.is_empty() {
            0
        } else {
            // The colon is optional.
            let _ = self.literal(b":");
            self.number(2)?
        };
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    const NOW: i64 = 1_763_640_000_000; // 2025-11-20T12:00:00Z

    #[test]
    fn timestamps() {
        for (text, expected) in [
            // RFC 3339 section 5.8.
            ("1985-04-12T23:20:50.52Z", 482_196_050_520),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000),
            ("1990-12-31T23:59:60Z", 662_688_000_000),
            ("1990-12-31T15:59:60-08:00", 662_688_000_000),
            // Wise.
            ("2025-04-11T03:43:28.148Z", 1_744_343_008_148),
            ("2045-03-12T13:49:23.552Z", 2_372_939_363_552),
            ("2020-01-01T12:33:33.12345Z", 1_577_882_013_123),
            ("2026-05-12T00:00:00+0000", 1_778_544_000_000),
            ("2026-05-12T00:00:00+00:00", 1_778_544_000_000),
            ("2026-05-12T00:00:00-00:00", 1_778_544_000_000),
            ("2026-05-12T00:00:00+00", 1_778_544_000_000),
            ("2026-05-12T05:30:00+05:30", 1_778_544_000_000),
            ("2026-05-12T05:30:00+0530", 1_778_544_000_000),
            ("2026-05-11T19:00:00-05", 1_778_544_000_000),
            ("2026-05-12t00:00:00z", 1_778_544_000_000),
            ("2026-05-12 00:00:00Z", 1_778_544_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1970-01-01T00:00:00.0009Z", 0),
            ("1970-01-01T00:00:00.9999999999999999999999999Z", 999),
            ("1970-01-01T00:00:00+01:00", -3_600_000),
            ("1970-01-01T00:00:00.5-01:00", 3_600_500),
            ("9999-12-31T23:59:59.999Z", LATEST),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("2024-12-31T00:00:00Z", 1_735_603_200_000),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000),
            ("2016-12-31T23:59:60.5Z", 1_483_228_800_500),
            ("2017-01-01T05:29:60+05:30", 1_483_228_800_000),
        ] {
            assert_eq!(parse_timestamp(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_timestamps() {
        for text in [
            "",
            "2026",
            "2026-05-12",
            "2026-05-12T00:00:00",
            "2026-05-12T00:00:00.5",
            "2026-05-12T00:00Z",
            "2026-05-12T00:00:00.Z",
            "2026-05-12T00:00:00,5Z",
            "2026-05-12T00:00:00.5.5Z",
            "2026-05-12T00:00:00.+00:00",
            "2026-05-12T00:00:00 Z",
            "2026-05-12T00:00:00ZZ",
            "2026-05-12T00:00:00Z ",
            " 2026-05-12T00:00:00Z",
            "2026-05-12  00:00:00Z",
            "2026-05-12_00:00:00Z",
            "20260512T000000Z",
            "26-05-12T00:00:00Z",
            "02026-05-12T00:00:00Z",
            "+2026-05-12T00:00:00Z",
            "-2026-05-12T00:00:00Z",
            "2026-5-12T00:00:00Z",
            "2026-05-1T00:00:00Z",
            "2026/05/12T00:00:00Z",
            "2026-00-12T00:00:00Z",
            "2026-13-12T00:00:00Z",
            "2026-05-00T00:00:00Z",
            "2026-05-32T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "2026-05-12T24:00:00Z",
            "2026-05-12T00:60:00Z",
            "2026-05-12T00:00:61Z",
            "2026-05-12T00:00:60Z",
            "2026-05-12T23:58:60Z",
            "2026-05-12T23:59:60+01:00",
            "2026-05-12T00:00:00+24:00",
            "2026-05-12T00:00:00+00:60",
            "2026-05-12T00:00:00+0",
            "2026-05-12T00:00:00+000",
            "2026-05-12T00:00:00+00:",
            "2026-05-12T00:00:00+00:0",
            "2026-05-12T00:00:00+00:00:00",
            "2026-05-12T00:00:00\u{2212}00:00",
            "2026-05-12T00:00:00 UTC",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "\u{662}026-05-12T00:00:00Z",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "1778544000",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = 0;
        for year in 1970..=9999 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let clock = Clock {
                        seconds: 0,
                        leap: false,
                    };
                    if let Some(time) = moment(year, month, day, clock, 0, 0) {
                        assert_eq!(time, expected);
                        expected += DAY;
                    }
                }
            }
            assert_eq!((year_of(expected - 1), year_of(expected)), (year, year + 1));
        }
        assert_eq!(expected - 1, LATEST);
    }

    #[test]
    fn http_dates() {
        for (text, expected) in [
            // RFC 9110 section 5.6.7.
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777_000),
            ("Sun Nov  6 08:49:37 1994", 784_111_777_000),
            // RFC 9110 section 10.2.3.
            ("Fri, 31 Dec 1999 23:59:59 GMT", 946_684_799_000),
            ("Mon Nov 16 08:49:37 1994", 784_975_777_000),
            // The wrong day.
            ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
            (" \tSun, 06 Nov 1994 08:49:37 GMT\t ", 784_111_777_000),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800_000),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", LATEST - 999),
            ("Thursday, 20-Nov-25 12:00:00 GMT", NOW),
            ("Friday, 31-Dec-49 00:00:00 GMT", 2_524_521_600_000),
        ] {
            assert_eq!(parse_http_date(text, NOW), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_http_dates() {
        for text in [
            "",
            ",",
            ", ",
            "Sun",
            "Sun, ",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Xyz, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06-Nov 94 08:49:37 GMT",
            "Sun, 06 Nov-1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 November 1994 08:49:37 GMT",
            "Sun, 06 11 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2100 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 ",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37.5 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Thu, 06 Nov 1969 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov 06 08:49:37 94",
            "Sun Nov  06 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT",
            "Sunday Nov  6 08:49:37 1994",
            "Sun  Nov  6 08:49:37 1994",
            "1994-11-06T08:49:37Z",
            "784111777",
        ] {
            assert_eq!(parse_http_date(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn two_digit_years() {
        let at = |date: &str| parse_timestamp(date).unwrap();
        for (now, year, expected) in [
            ("2025-11-20T12:00:00Z", 25, 2025),
            ("2025-11-20T12:00:00Z", 26, 2026),
            ("2025-11-20T12:00:00Z", 75, 2075),
            ("2025-11-20T12:00:00Z", 76, 1976),
            ("2025-11-20T12:00:00Z", 99, 1999),
            ("2025-11-20T12:00:00Z", 0, 2000),
            // 06 November is not more than 50 years after 20 November, but is after 05 November.
            ("2025-11-05T00:00:00Z", 75, 1975),
            ("2099-12-31T00:00:00Z", 0, 2100),
            ("2099-12-31T00:00:00Z", 99, 2099),
            ("2099-12-31T00:00:00Z", 50, 2050),
            ("1994-11-06T00:00:00Z", 94, 1994),
            ("1994-11-06T00:00:00Z", 0, 2000),
        ] {
            let text = format!("Sunday, 06-Nov-{year:02} 08:49:37 GMT");
            let expected = at(&format!("{expected}-11-06T08:49:37Z"));
            assert_eq!(parse_http_date(&text, at(now)), Some(expected), "{now} {text}");
        }
        // Years that do not exist, and clocks that make no sense.
        assert_eq!(parse_http_date("Sunday, 06-Nov-60 08:49:37 GMT", 0), None);
        assert_eq!(
            parse_http_date("Sunday, 29-Feb-00 08:49:37 GMT", at("2099-12-31T00:00:00Z")),
            None
        );
        for now in [i64::MIN, -1, 0, LATEST, i64::MAX] {
            let _ = parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now);
        }
        assert_eq!(
            parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", i64::MIN),
            Some(784_111_777_000)
        );
    }

    #[test]
    fn numbers() {
        for (value, expected) in [
            (0, 0),
            (1, 1_000),
            (-1, -1_000),
            (1_744_343_008, 1_744_343_008_000),
            (1_744_343_008_148, 1_744_343_008_148),
            (99_999_999_999, 99_999_999_999_000),
            (100_000_000_000, 100_000_000_000),
            (-99_999_999_999, -99_999_999_999_000),
            (-100_000_000_000, -100_000_000_000),
            (i64::MAX, LATEST),
            (i64::MIN, -LATEST),
        ] {
            assert_eq!(epoch(value), expected, "{value}");
            assert_eq!(epoch_fraction(value as f64), Some(expected), "{value}");
        }
        for (value, expected) in [
            (1_744_343_008.148, Some(1_744_343_008_148)),
            (1_744_343_008.147_6, Some(1_744_343_008_148)),
            (0.9999, Some(1_000)),
            (-0.5, Some(-500)),
            (-0.0, Some(0)),
            (1_744_343_008_148.4, Some(1_744_343_008_148)),
            (1e300, Some(LATEST)),
            (-1e300, Some(-LATEST)),
            (5e-324, Some(0)),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (f64::NEG_INFINITY, None),
        ] {
            assert_eq!(epoch_fraction(value), expected, "{value}");
        }
    }

    #[test]
    fn long_input_is_no_trouble() {
        let long: String = "9".repeat(100_000);
        assert_eq!(
            parse_timestamp(&format!("2026-05-12T00:00:00.{long}Z")),
            Some(1_778_544_000_999)
        );
        assert_eq!(parse_timestamp(&long), None);
        assert_eq!(parse_http_date(&long, NOW), None);
    }
}
