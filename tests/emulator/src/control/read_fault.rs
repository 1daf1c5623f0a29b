//! Faults from JSON.

use serde_json::Value;

use super::Result;
use super::fields::{Fields, one_of};
use crate::fault::{Answer, Effect, Ending, Fault, Patch, Place, Point};

const PLACES: [(&str, Place); 4] = [
    ("token", Place::Token),
    ("resource", Place::Resource),
    ("authorize", Place::Authorize),
    ("any", Place::Any),
];
const POINTS: [(&str, Point); 3] = [
    ("before", Point::Before),
    ("processing", Point::Processing),
    ("after", Point::After),
];
const ENDINGS: [(&str, Ending); 2] = [("close", Ending::Close), ("reset", Ending::Reset)];

/// `{place, grant_type, skip, times, effect}`: all but the effect may be left out.
pub(super) fn fault(fields: &mut Fields<'_>) -> Result<Fault> {
    let effect = fields.needs("effect", Some)?;
    let mut fault = Fault::token(effect_of(effect)?);
    fields.put("place", &mut fault.place, one_of(&PLACES))?;
    fault.grant_type = fields.may("grant_type", |value| value.as_str().map(str::to_owned))?;
    fields.put("skip", &mut fault.skip, small)?;
    fields.put("times", &mut fault.times, small)?;
    Ok(fault)
}

fn small(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

fn status(value: &Value) -> Option<u16> {
    value
        .as_u64()
        .and_then(|number| u16::try_from(number).ok())
        .filter(|status| (100..1000).contains(status))
}

/// `{type: drop | delay | truncate | answer | html | empty | gateway_429 | concurrent_429 | wise_429 | patch, …}`.
fn effect_of(value: &Value) -> Result<Effect> {
    let mut fields = Fields::new(value)?;
    let kind = fields.text("type")?;
    let mut point = Point::Before;
    if !matches!(kind.as_str(), "truncate" | "patch") {
        fields.put("point", &mut point, one_of(&POINTS))?;
    }
    let effect = match kind.as_str() {
        "drop" => {
            let mut ending = Ending::Close;
            fields.put("ending", &mut ending, one_of(&ENDINGS))?;
            Effect::Drop { point, ending }
        }
        "delay" => Effect::Delay {
            point,
            ms: fields.needs("ms", Value::as_u64)?,
        },
        "truncate" => Effect::Truncate {
            keep: fields.needs("keep", |value| value.as_u64().and_then(|keep| keep.try_into().ok()))?,
        },
        "answer" => Effect::Answer {
            point,
            answer: answer(&mut fields)?,
        },
        "html" => Effect::Answer {
            point,
            answer: Answer::html(fields.needs("status", status)?),
        },
        "empty" => Effect::Answer {
            point,
            answer: Answer::empty(fields.needs("status", status)?),
        },
        "gateway_429" => Effect::Answer {
            point,
            answer: Answer::gateway_429(),
        },
        "concurrent_429" => Effect::Answer {
            point,
            answer: Answer::concurrent_429(),
        },
        "wise_429" => {
            let mut seconds = 1;
            fields.put("retry_after_s", &mut seconds, small)?;
            Effect::Answer {
                point,
                answer: Answer::wise_429(seconds),
            }
        }
        "patch" => {
            let mut patch = Patch {
                remove: fields.texts("remove")?,
                ..Patch::default()
            };
            fields.put("set", &mut patch.set, |value| value.as_object().cloned())?;
            fields.put("bom", &mut patch.bom, Value::as_bool)?;
            patch.status = fields.may("status", status)?;
            Effect::Patch(patch)
        }
        _ => return Err(
            "effect.type: drop, delay, truncate, answer, html, empty, gateway_429, concurrent_429, wise_429 or patch"
                .to_owned(),
        ),
    };
    fields.done()?;
    Ok(effect)
}

/// `{status, headers, body}`: a body that is no string is sent as JSON.
fn answer(fields: &mut Fields<'_>) -> Result<Answer> {
    let status = fields.needs("status", status)?;
    let mut answer = match fields.may("body", Some)? {
        None => Answer::empty(status),
        Some(Value::String(text)) => Answer {
            body: text.clone().into_bytes(),
            ..Answer::empty(status)
        },
        Some(value) => Answer::json(status, value),
    };
    if let Some(headers) = fields.may("headers", Value::as_object)? {
        for (name, value) in headers {
            let value = value
                .as_str()
                .ok_or_else(|| format!("headers.{name}: must be a string"))?;
            answer.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            answer.headers.push((name.clone(), value.to_owned()));
        }
    }
    Ok(answer)
}
