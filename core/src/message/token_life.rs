//! How long tokens live, as answers say it: in seconds, as text, as a date, or not at all.

use alloc::string::String;

use crate::base::date;
use crate::base::json::Json;
use crate::message::harvest::Fields;

/// The times of an answer.
pub(crate) struct Lives<'r, 'b> {
    pub(crate) fields: &'r Fields<'b>,
    /// The answer's own clock, or the host's where the answer shows none.
    pub(crate) date: i64,
}

pub(crate) enum Life {
    Missing,
    Unreadable,
    Millis(i64),
}

impl Lives<'_, '_> {
    /// `expires_in` wins over `expires_at`, because it needs no clock.
    pub(crate) fn life(&self, expires_in: &[String], expires_at: &[String]) -> Life {
        let relative = self.fields.first(expires_in);
        if let Some(millis) = relative.as_ref().and_then(number).map(|seconds| seconds * 1_000.0)
            && millis >= 1.0
        {
            // Saturates: a float cast never overflows.
            return Life::Millis(millis as i64);
        }
        let absolute = self.fields.first(expires_at);
        if let Some(millis) = absolute
            .as_ref()
            .and_then(moment)
            .map(|end| end.saturating_sub(self.date))
            && millis > 0
        {
            return Life::Millis(millis);
        }
        if relative.is_none() && absolute.is_none() {
            Life::Missing
        } else {
            Life::Unreadable
        }
    }
}

/// A finite number, also one written as text (`"3600"`, as Apigee and PayPal send it).
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => Some(number.as_f64()),
        Json::String(text) => decimal(text.trim()),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// A decimal number, in any way that programs write one. Exact up to fifteen digits, which no life exceeds: the tables of
/// `str::parse`, which is exact for all, are 16 KB of wasm.
fn decimal(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] | rest => (1.0, rest),
    };
    let (mut value, mut exponent, mut digits, mut point) = (0.0_f64, 0_i32, false, false);
    let mut rest = unsigned;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'0'..=b'9' => {
                digits = true;
                // What is finer than sixteen digits changes nothing.
                if !point || value < 9e14 {
                    value = value * 10.0 + f64::from(byte - b'0');
                    exponent -= i32::from(point);
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' => {
                let written: i32 = core::str::from_utf8(tail).ok()?.parse().ok()?;
                exponent = exponent.saturating_add(written);
                break;
            }
            _ => return None,
        }
    }
    let power = (0..exponent.unsigned_abs().min(400)).fold(1.0_f64, |power, _| power * 10.0);
    let value = if exponent < 0 { value / power } else { value * power };
    Some(sign * value).filter(|_| digits)
}

fn moment(value: &Json) -> Option<i64> {
    value
        .as_str()
        .and_then(|text| date::parse_timestamp(text.trim()))
        .or_else(|| number(value).and_then(date::epoch_fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0",
            "3600",
            "3600.0",
            "3599.5",
            "-1",
            "+3600",
            "03600",
            "3600.",
            ".5",
            "-.5",
            "1e3",
            "1E3",
            "1e+3",
            "36e-1",
            "0.1",
            "1234567.891",
            "99999999999999",
            "1763640000.123",
            "1763640000123",
            "4.000000000000000000000",
            "-0",
            "9007199254740991",
            "1e22",
            "5e-7",
        ] {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            ".",
            "-.",
            "e",
            "e3",
            ".e3",
            "1e",
            "1e+",
            "1e1.5",
            "1.2.3",
            "1,5",
            "1 0",
            "0x10",
            "--1",
            "+-1",
            "12s",
            "1_000",
            "\u{ff11}",
            "3600e9999999999",
        ] {
            assert_eq!(
                decimal(text),
                text.parse().ok().filter(|number: &f64| number.is_finite()),
                "{text}"
            );
        }
        for text in ["inf", "-infinity", "nan", "1e999", "-1e999"] {
            let number: f64 = text.parse().unwrap();
            assert!(
                !number.is_finite() && !decimal(text).is_some_and(f64::is_finite),
                "{text}"
            );
        }
        assert_eq!(decimal("1e-999"), Some(0.0));
        assert_eq!(decimal("123456789.123456789123456789"), Some(123_456_789.123_456_7));
        assert!(decimal(&"9".repeat(400)).is_some_and(f64::is_infinite));
        assert!(decimal(&format!("3600.{}", "0".repeat(400))).is_some_and(|number| number == 3600.0));
    }
}
