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
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

fn moment(value: &Json) -> Option<i64> {
    value
        .as_str()
        .and_then(|text| date::parse_timestamp(text.trim()))
        .or_else(|| number(value).and_then(date::epoch_fraction))
}
