//! The header `Retry-After`: how long a server asks to wait.

use crate::base::date::parse_http_date;

/// The longest delay that is believed: 24 hours, in milliseconds.
pub const LONGEST_DELAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Reads a `Retry-After` value into a delay in milliseconds, from 0 to 24 hours (RFC 9110 section 10.2.3).
///
/// The value is a number of seconds, for which a fraction is tolerated (`1.5`) and rounded up to the millisecond, or an
/// HTTP date. A date is read against `date`, the answer's own `Date` header, where that can be read: the server's clock is
/// then compared with itself. Otherwise it is read against `now_wall_ms`, the host's wall clock. A date in the past is no
/// delay; more than 24 hours are 24 hours, because a mistake there must not take a connection away for weeks. Anything else,
/// negative numbers too, is `None`.
///
/// ```
/// use evergrant::base::retry_after::parse_retry_after;
///
/// let now = 1_763_640_000_000;
/// assert_eq!(parse_retry_after("120", None, now), Some(120_000));
/// let (retry, date) = ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:58:59 GMT");
/// assert_eq!(parse_retry_after(retry, Some(date), now), Some(60_000));
/// assert_eq!(parse_retry_after("soon", None, now), None);
/// ```
pub fn parse_retry_after(value: &str, date: Option<&str>, now_wall_ms: i64) -> Option<i64> {
    let value = value.trim_matches([' ', '\t']);
    if let Some(delay) = seconds(value) {
        return Some(delay);
    }
    let from = date
        .and_then(|date| parse_http_date(date, now_wall_ms))
        .unwrap_or(now_wall_ms);
    let until = parse_http_date(value, from)?;
    Some(until.saturating_sub(from).clamp(0, LONGEST_DELAY_MS))
}

/// A decimal number of seconds, in milliseconds.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    // Digits that do not fit into an integer are more than 24 hours too.
    let whole = whole
        .parse()
        .map_or(LONGEST_DELAY_MS, |seconds: i64| seconds.saturating_mul(1_000));
    let (mut milliseconds, mut unit, mut finer) = (0_i64, 100, 0);
    for digit in fraction.bytes().map(|byte| i64::from(byte & 0x0f)) {
        milliseconds += digit * unit;
        if unit == 0 && digit > 0 {
            finer = 1;
        }
        unit /= 10;
    }
    Some(whole.saturating_add(milliseconds + finer).min(LONGEST_DELAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_763_640_000_000; // 2025-11-20T12:00:00Z

    #[test]
    fn seconds_are_read() {
        for (value, expected) in [
            ("120", 120_000),
            ("0", 0),
            ("1", 1_000),
            ("007", 7_000),
            (" 5", 5_000),
            ("5\t ", 5_000),
            ("1.5", 1_500),
            ("0.25", 250),
            ("2.0", 2_000),
            ("0.001", 1),
            ("0.0001", 1),
            ("0.0000", 0),
            ("1.23456", 1_235),
            ("86400", LONGEST_DELAY_MS),
            ("86400.1", LONGEST_DELAY_MS),
            ("86401", LONGEST_DELAY_MS),
            ("9223372036854775807", LONGEST_DELAY_MS),
            ("99999999999999999999999999999999999999", LONGEST_DELAY_MS),
        ] {
            assert_eq!(parse_retry_after(value, None, NOW), Some(expected), "{value}");
            let date = Some("Fri, 31 Dec 1999 23:59:59 GMT");
            assert_eq!(parse_retry_after(value, date, i64::MAX), Some(expected), "{value}");
        }
    }

    #[test]
    fn dates_are_read_against_the_same_clock() {
        let at = |date, now| parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", date, now);
        assert_eq!(at(Some("Fri, 31 Dec 1999 23:59:57 GMT"), NOW), Some(2_000));
        assert_eq!(at(Some("Friday, 31-Dec-99 23:59:57 GMT"), NOW), Some(2_000));
        assert_eq!(at(Some("Fri Dec 31 23:59:57 1999"), 0), Some(2_000));
        assert_eq!(at(Some("Fri, 31 Dec 1999 23:59:59 GMT"), NOW), Some(0));
        assert_eq!(at(Some("Sat, 01 Jan 2000 00:00:00 GMT"), 0), Some(0));
        assert_eq!(at(Some("Wed, 29 Dec 1999 00:00:00 GMT"), NOW), Some(LONGEST_DELAY_MS));
        // The century too is the server's.
        let (retry, date) = ("Friday, 31-Dec-99 23:59:59 GMT", Some("Fri, 31 Dec 1999 23:59:57 GMT"));
        assert_eq!(parse_retry_after(retry, date, 3_500_000_000_000), Some(2_000));
        // Without a readable Date: the host's clock.
        for date in [None, Some(""), Some("now"), Some("Fri, 32 Dec 1999 23:59:57 GMT")] {
            assert_eq!(at(date, 946_684_798_999), Some(1), "{date:?}");
            assert_eq!(at(date, NOW), Some(0));
            assert_eq!(at(date, 0), Some(LONGEST_DELAY_MS));
            assert_eq!(at(date, i64::MIN), Some(LONGEST_DELAY_MS));
            assert_eq!(at(date, i64::MAX), Some(0));
        }
        assert_eq!(
            parse_retry_after(" Thu, 20 Nov 2025 12:00:30 GMT ", None, NOW),
            Some(30_000)
        );
        assert_eq!(
            parse_retry_after("Thursday, 20-Nov-25 12:00:30 GMT", None, NOW),
            Some(30_000)
        );
        assert_eq!(parse_retry_after("Thu Nov 20 12:00:30 2025", None, NOW), Some(30_000));
    }

    #[test]
    fn anything_else_is_refused() {
        for value in [
            "",
            " ",
            "-1",
            "+1",
            "-0",
            "--",
            ".",
            "1.",
            ".5",
            "1.5.5",
            "1,5",
            "1e3",
            "0x10",
            "1 2",
            "120, 120",
            "120s",
            "120 seconds",
            "PT1M",
            "NaN",
            "inf",
            "null",
            "\u{661}",
            "1\u{a0}",
            "\u{a0}1",
            "soon",
            "2025-11-20T12:00:30Z",
            "Thu, 20 Nov 2025 12:00:30",
            "Thu, 31 Nov 2025 12:00:30 GMT",
        ] {
            assert_eq!(parse_retry_after(value, None, NOW), None, "{value}");
            assert_eq!(
                parse_retry_after(value, Some("Fri, 31 Dec 1999 23:59:59 GMT"), NOW),
                None,
                "{value}"
            );
        }
    }
}
