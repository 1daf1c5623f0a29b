//! A run, written down: what each work was told, and what it showed. The format is in `tests/schedules/README.md`.

use evergrant::base::time::Now;
use evergrant::flow::input::{Input, StoreFailure};
use evergrant::flow::outcome::Outcome;
use evergrant::flow::step::Step;
use evergrant::flow::stored::Stored;
use serde_json::{Value, json};

/// A moment.
pub fn moment(now: Now) -> Value {
    json!({ "wall": now.wall, "steady": now.steady })
}

fn record(stored: &Stored) -> Value {
    serde_json::from_slice(stored.record()).expect("a record is JSON")
}

fn loaded(stored: &Option<Stored>, store_now: i64) -> Value {
    json!({
        "version": stored.as_ref().map_or(0, Stored::version),
        "record": stored.as_ref().map(record),
        "store_now": store_now,
    })
}

/// A step as it is shown.
pub fn step(step: &Step, now: Now) -> Value {
    match step {
        Step::Load { key } => json!({ "type": "load", "key": key }),
        Step::Save(save) => json!({
            "type": "save", "key": save.key, "expect": save.expect, "version": save.version, "due": save.due,
            "state": save.state, "record": record(&save.record),
        }),
        Step::Send(send) => json!({
            "type": "send",
            "method": send.request.method().as_str(),
            "url": send.request.url(),
            "body": send.request.body(),
            "send_within_ms": send.send_by.wall - now.wall,
            "wait_ms": send.wait_ms,
            "timeout_ms": send.timeout_ms,
        }),
        Step::Wait(wait) => json!({ "type": "wait", "delay_ms": wait.delay_ms }),
        Step::Done(result) => match result.as_ref() {
            Ok(outcome) => json!({ "type": "done", "outcome": name(outcome), "access_token": token(outcome) }),
            Err(error) => {
                let action = serde_json::to_value(error.action()).expect("JSON");
                let code = serde_json::to_value(error.code()).expect("JSON");
                json!({ "type": "done", "error": { "code": code, "action": action } })
            }
        },
        Step::Sign(_) => json!({ "type": "sign" }),
    }
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Token(_) => "token",
        Outcome::Kept => "kept",
        Outcome::Connected => "connected",
        Outcome::DifferentAccount => "different_account",
        Outcome::LoginLost => "login_lost",
        Outcome::Disconnected => "disconnected",
        _ => "other",
    }
}

fn token(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Token(token) => Some(token.token().expose()),
        _ => None,
    }
}

/// An input as it is handed in.
pub fn input(input: &Input) -> Value {
    let with = |name: &str, mut members: Value| {
        members["type"] = json!(name);
        members
    };
    match input {
        Input::Loaded { stored, store_now } => with("loaded", loaded(stored, *store_now)),
        Input::Saved { store_now } => json!({ "type": "saved", "store_now": store_now }),
        Input::Conflict { stored, store_now } => with("conflict", loaded(stored, *store_now)),
        Input::StoreFailed(failure) => {
            let how = match failure {
                StoreFailure::Down => "down",
                StoreFailure::Locked => "locked",
                StoreFailure::Unknown => "unknown",
            };
            json!({ "type": "store_failed", "failure": how })
        }
        Input::Answer(answer) => {
            let headers = answer
                .header("Retry-After")
                .map(|value| json!({ "Retry-After": value }));
            json!({
                "type": "answer",
                "status": answer.status(),
                "headers": headers.unwrap_or_else(|| json!({})),
                "body": String::from_utf8_lossy(answer.body()),
            })
        }
        Input::NotSent => json!({ "type": "not_sent" }),
        Input::NoAnswer { over, .. } => json!({ "type": "no_answer", "over": over }),
        Input::Woke => json!({ "type": "woke" }),
        other => unreachable!("no schedule has {other:?}"),
    }
}
