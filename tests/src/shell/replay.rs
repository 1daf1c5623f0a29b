//! Replays a written schedule through the public machine: what every binding does in its own language.

use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::connection::command::{Adoption, ClientHealth, Command, Finish};
use evergrant::connection::work::Work;
use evergrant::flow::input::{Input, StoreFailure};
use evergrant::flow::machine::Machine;
use evergrant::flow::step::StepId;
use evergrant::flow::stored::Stored;
use evergrant::message::binding::Binding;
use evergrant::message::pending::Pending;
use serde_json::Value;
use std::time::Duration;

use super::schedule;

/// Replays a schedule.
///
/// # Errors
/// The first step that is not the one written down.
pub fn replay(file: &Value) -> Result<(), String> {
    let client = Client::from_json(&file["client"].to_string()).map_err(|error| error.to_string())?;
    let connection = client
        .connection(text(&file["key"])?)
        .map_err(|error| error.to_string())?;
    let mut works: Vec<(Work, Value)> = Vec::new();
    // The step that was on the table after each entry.
    let mut tables: Vec<StepId> = Vec::new();
    let steps = file["steps"].as_array().ok_or("no steps")?;
    for (at, entry) in steps.iter().enumerate() {
        let fault = |fault: String| format!("steps[{at}]: {fault}");
        let now = moment(&entry["now"])?;
        let number = usize::try_from(whole(&entry["work"])?).map_err(|error| error.to_string())?;
        if let Some(wanted) = entry.get("command") {
            let command = command(wanted).map_err(fault)?;
            let work = client.work(
                &connection,
                command,
                ClientHealth::default(),
                now,
                bytes(&entry["entropy"])?,
            );
            if number != works.len() {
                return Err(fault("works begin in their order".to_owned()));
            }
            tables.push(work.step().0);
            let shown = schedule::step(work.step().1, now);
            works.push((work, shown));
            continue;
        }
        let (work, shown) = works.get_mut(number).ok_or_else(|| fault("no such work".to_owned()))?;
        let (current, step) = work.step();
        let is_shown = schedule::step(step, now);
        // How long a request may wait counts from when it was shown, which is not when it is answered.
        if without_time(&is_shown) != without_time(&entry["shown"]) {
            return Err(fault(format!("shown: {is_shown}")));
        }
        let id = match entry.get("answers") {
            Some(place) => {
                let place = usize::try_from(whole(place)?).map_err(|error| error.to_string())?;
                let before = place.checked_sub(1).and_then(|place| tables.get(place));
                *before.ok_or_else(|| fault("answers nothing".to_owned()))?
            }
            None => current,
        };
        let input = input(&entry["input"]).map_err(fault)?;
        work.answer(id, now, input).map_err(|error| fault(error.to_string()))?;
        tables.push(work.step().0);
        *shown = schedule::step(work.step().1, now);
    }
    let last: Vec<&Value> = works.iter().map(|(_, shown)| shown).collect();
    let expected: Vec<&Value> = file["last_shown"].as_array().ok_or("no last_shown")?.iter().collect();
    if last != expected {
        return Err(format!("at the end: {last:?}"));
    }
    Ok(())
}

fn without_time(step: &Value) -> Value {
    let mut step = step.clone();
    if let Some(members) = step.as_object_mut() {
        members.remove("send_within_ms");
    }
    step
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("no text: {value}"))
}

fn whole(value: &Value) -> Result<i64, String> {
    value.as_i64().ok_or_else(|| format!("no number: {value}"))
}

fn moment(value: &Value) -> Result<Now, String> {
    Ok(Now {
        wall: whole(&value["wall"])?,
        steady: whole(&value["steady"])?,
    })
}

fn bytes(value: &Value) -> Result<[u8; 32], String> {
    let text = text(value)?;
    let byte = |at: usize| {
        let digits = text.get(2 * at..2 * at + 2);
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
    };
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| "no 32 bytes in hexadecimal".to_owned())
}

fn life(value: &Value) -> Result<Duration, String> {
    let millis = u64::try_from(whole(value)?).map_err(|error| error.to_string())?;
    Ok(Duration::from_millis(millis))
}

fn command(value: &Value) -> Result<Command, String> {
    Ok(match text(&value["type"])? {
        "obtain" => Command::Obtain {
            min_life: life(&value["min_life_ms"])?,
        },
        "rejected" => Command::Rejected {
            fingerprint: text(&value["fingerprint"])?.to_owned(),
        },
        "signal" => Command::Signal,
        "keep_alive" => Command::KeepAlive,
        "disconnect" => Command::Disconnect,
        "finish" => {
            let pending = Pending::parse(text(&value["pending"])?).map_err(|error| error.to_string())?;
            let binding = Binding::session(text(&value["session"])?).map_err(|error| error.to_string())?;
            Command::Finish(Box::new(Finish::callback(pending, text(&value["callback"])?, binding)))
        }
        "adopt" => {
            let mut adoption = Adoption::new(text(&value["refresh_token"])?)
                .access_token(text(&value["access_token"])?, life(&value["access_life_ms"])?);
            for account in value["account_ids"].as_array().into_iter().flatten() {
                adoption = adoption.account_id(text(&account["name"])?, text(&account["value"])?);
            }
            Command::Adopt(Box::new(adoption))
        }
        other => return Err(format!("no command: {other}")),
    })
}

fn stored(value: &Value) -> Result<Option<Stored>, String> {
    if value["record"].is_null() {
        return Ok(None);
    }
    let record = value["record"].to_string().into_bytes();
    Ok(Some(Stored::new(whole(&value["version"])?, record)))
}

fn input(value: &Value) -> Result<Input, String> {
    Ok(match text(&value["type"])? {
        "loaded" => Input::Loaded {
            stored: stored(value)?,
            store_now: whole(&value["store_now"])?,
        },
        "conflict" => Input::Conflict {
            stored: stored(value)?,
            store_now: whole(&value["store_now"])?,
        },
        "saved" => Input::Saved {
            store_now: whole(&value["store_now"])?,
        },
        "store_failed" => Input::StoreFailed(match text(&value["failure"])? {
            "down" => StoreFailure::Down,
            "locked" => StoreFailure::Locked,
            _ => StoreFailure::Unknown,
        }),
        "answer" => {
            let status = u16::try_from(whole(&value["status"])?).map_err(|error| error.to_string())?;
            let headers = value["headers"].as_object().into_iter().flatten();
            let headers = headers.filter_map(|(name, value)| Some(ResponseHeader::new(name.as_str(), value.as_str()?)));
            let body = text(&value["body"])?.as_bytes().to_vec();
            Input::Answer(HttpResponse::new(status, headers.collect(), body))
        }
        "not_sent" => Input::NotSent,
        "no_answer" => Input::NoAnswer {
            over: value["over"].as_bool().unwrap_or(true),
            partial: None,
        },
        "woke" => Input::Woke,
        other => return Err(format!("no input: {other}")),
    })
}
