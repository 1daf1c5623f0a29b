//! Step scripts over `ServiceToken` and its work.

use core::time::Duration;

use evergrant::base::digest::fingerprint;
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::flow::input::{Input, StoreFailure};
use evergrant::flow::machine::Machine;
use evergrant::flow::outcome::Outcome;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::service_token_work::ServiceTokenWork;
use evergrant::flow::step::{SignatureEncoding, Step, StepId};
use serde_json::{Map, Value, json};

use crate::file::Case;
use crate::matching;

type Outcomes = Result<(), String>;

struct Run<'a> {
    token: ServiceToken,
    work: Option<ServiceTokenWork>,
    /// The ids of the steps that the current work has shown, in order.
    shown: Vec<StepId>,
    entropy: [u8; 32],
    secrets: Vec<&'a str>,
}

pub fn run(case: &Case) -> Outcomes {
    let client = Client::from_json(&case.value["client"].to_string()).map_err(|error| format!("client: {error}"))?;
    let scopes = case.value["scopes"].as_array().into_iter().flatten();
    let scopes = scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
    let mut run = Run {
        token: ServiceToken::new(client, scopes),
        work: None,
        shown: Vec::new(),
        entropy: entropy(case.value.get("entropy"))?,
        secrets: case.secrets(),
    };
    for (at, step) in case.value["steps"].as_array().ok_or("no steps")?.iter().enumerate() {
        run.step(step).map_err(|fault| format!("steps[{at}]: {fault}"))?;
    }
    Ok(())
}

impl Run<'_> {
    fn step(&mut self, step: &Value) -> Outcomes {
        let now = now(step)?;
        let expect = step["expect"].as_object().ok_or("expects nothing")?;
        if let Some(command) = step.get("command") {
            let entropy = step
                .get("entropy")
                .map_or(Ok(self.entropy), |text| entropy(Some(text)))?;
            self.work = Some(self.token.work(read_command(command)?, now, entropy));
            self.shown.clear();
            return self.look(expect, now);
        }
        if let Some(given) = step.get("answer") {
            let work = self.work.as_mut().ok_or("no command was given")?;
            let to = match step.get("to").and_then(Value::as_u64) {
                None => work.step().0,
                // A number that was not shown is an id that does not exist.
                Some(at) => usize::try_from(at)
                    .ok()
                    .and_then(|at| self.shown.get(at.checked_sub(1)?).copied())
                    .unwrap_or_else(|| StepId::new(i64::MAX)),
            };
            let before = format!("{:?}", work.step());
            let result = work.answer(to, now, read_input(given)?);
            return match (result, expect.get("misuse")) {
                (Ok(()), None) => self.look(expect, now),
                (Err(error), Some(expected)) => {
                    if before != format!("{:?}", work.step()) {
                        return Err("a refused input changed the step".into());
                    }
                    matching::error(expected, &error, &self.secrets)
                }
                (Ok(()), Some(_)) => Err("expected misuse, but the input was taken".into()),
                (Err(error), None) => Err(format!("refused: {error:?}")),
            };
        }
        if let Some(asked) = step.get("token") {
            let held = self.token.token(now, duration(asked));
            let actual = json!({
                "token": held.map(|token| token.token().expose().to_owned()),
                "authorization": held.map(|token| token.authorization().expose().to_owned()),
                "scopes": held.map(|token| token.scopes().to_vec()),
                "remaining_ms": held.and_then(|token| token.remaining_ms(now)),
                "wants_renewal": self.token.wants_renewal(now),
            });
            let prints = [format!("{:?} {:?}", self.token, held)];
            matching::no_secret(&prints, &self.secrets)?;
            return matching::members(expect, &actual);
        }
        Err("neither command, answer nor token".into())
    }

    /// Compares the current step and takes the value over that the work leaves.
    fn look(&mut self, expect: &Map<String, Value>, now: Now) -> Outcomes {
        let work = self.work.as_mut().ok_or("no command was given")?;
        let (id, step) = work.step();
        if self.shown.last() != Some(&id) {
            self.shown.push(id);
        }
        let prints = [format!("{step:?}"), format!("{work:?}")];
        matching::no_secret(&prints, &self.secrets)?;
        let mut expect = expect.clone();
        if let (Step::Done(result), Some(expected)) = (step, expect.remove("error")) {
            match &**result {
                Err(error) => matching::error(&expected, error, &self.secrets)?,
                Ok(outcome) => return Err(format!("expected an error, got {outcome:?}")),
            }
        }
        let mut actual = describe(step, now);
        if expect.contains_key("events") {
            actual["events"] = serde_json::to_value(work.events()).map_err(|error| error.to_string())?;
            matching::no_secret(&[actual["events"].to_string()], &self.secrets)?;
        }
        self.token = work.service_token().clone();
        matching::members(&expect, &actual)
    }
}

fn describe(step: &Step, now: Now) -> Value {
    match step {
        Step::Send(send) => json!({
            "step": "send",
            "method": send.request.method().as_str(),
            "url": send.request.url(),
            "headers": send.request.headers().iter()
                .map(|header| json!({ "name": header.name(), "value": header.value() }))
                .collect::<Vec<Value>>(),
            "body": send.request.body(),
            "client_certificate": send.client_certificate,
            "send_within_ms": send.send_by.wall - now.wall,
            "timeout_ms": send.timeout_ms,
            "max_body_bytes": send.max_body_bytes,
        }),
        Step::Sign(sign) => json!({
            "step": "sign",
            "algorithm": sign.algorithm().as_str(),
            "key_id": sign.key_id(),
            "input": String::from_utf8_lossy(sign.bytes()),
        }),
        Step::Wait(wait) => json!({ "step": "wait", "delay_ms": wait.delay_ms }),
        Step::Done(result) => match &**result {
            Ok(Outcome::ServiceToken(token)) => json!({
                "step": "done",
                "token": token.token().expose(),
                "scopes": token.scopes(),
                "remaining_ms": token.remaining_ms(now),
            }),
            Ok(other) => json!({ "step": "done", "outcome": format!("{other:?}") }),
            Err(error) => json!({ "step": "done", "failed": error.details() }),
        },
        Step::Load { .. } => json!({ "step": "load" }),
        Step::Save(_) => json!({ "step": "save" }),
    }
}

fn read_command(command: &Value) -> Result<ServiceTokenCommand, String> {
    match command["type"].as_str() {
        Some("obtain") => Ok(ServiceTokenCommand::Obtain {
            min_life: duration(command),
        }),
        Some("rejected") => Ok(ServiceTokenCommand::Rejected {
            fingerprint: fingerprint(command["token"].as_str().ok_or("which token was rejected?")?),
        }),
        _ => Err("an unknown command".into()),
    }
}

fn read_input(given: &Value) -> Result<Input, String> {
    let failure = match given["failure"].as_str() {
        Some("locked") => StoreFailure::Locked,
        Some("unknown") => StoreFailure::Unknown,
        _ => StoreFailure::Down,
    };
    Ok(match given["type"].as_str() {
        Some("answer") => Input::Answer(response(given)?),
        Some("not_sent") => Input::NotSent,
        Some("no_answer") => Input::NoAnswer {
            over: given["over"].as_bool().ok_or("is it over?")?,
            partial: given.get("partial").map(response).transpose()?,
        },
        Some("signed") => Input::Signed {
            signature: base64url(given["octets"].as_str().ok_or("no octets")?)?,
            encoding: match given["encoding"].as_str() {
                Some("raw") => SignatureEncoding::Raw,
                Some("der") => SignatureEncoding::Der,
                _ => return Err("an unknown encoding".into()),
            },
        },
        Some("sign_failed") => Input::SignFailed,
        Some("woke") => Input::Woke,
        Some("loaded") => Input::Loaded {
            stored: None,
            store_now: 0,
        },
        Some("saved") => Input::Saved { store_now: 0 },
        Some("conflict") => Input::Conflict {
            stored: None,
            store_now: 0,
        },
        Some("store_failed") => Input::StoreFailed(failure),
        _ => return Err("an unknown input".into()),
    })
}

fn response(given: &Value) -> Result<HttpResponse, String> {
    let status = given["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let text = |header: &Value, name: &str| header[name].as_str().map(str::to_owned);
    let headers = given["headers"].as_array().into_iter().flatten();
    let headers = headers
        .filter_map(|header| Some(ResponseHeader::new(text(header, "name")?, text(header, "value")?)))
        .collect();
    let body = given["body"].as_str().unwrap_or_default().as_bytes().to_vec();
    Ok(HttpResponse::new(status.ok_or("no status")?, headers, body))
}

fn now(step: &Value) -> Result<Now, String> {
    let clock = |name: &str| step["now"][name].as_i64().ok_or("no now");
    Ok(Now {
        wall: clock("wall")?,
        steady: clock("steady")?,
    })
}

fn duration(value: &Value) -> Duration {
    Duration::from_millis(value["min_life_ms"].as_u64().unwrap_or(0))
}

fn entropy(text: Option<&Value>) -> Result<[u8; 32], String> {
    let bytes = base64url(text.and_then(Value::as_str).ok_or("no entropy")?)?;
    bytes.try_into().map_err(|_| "entropy is 32 bytes".into())
}

/// base64url without padding.
fn base64url(text: &str) -> Result<Vec<u8>, String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held, mut out) = (0_u32, 0_u32, Vec::new());
    for byte in text.bytes() {
        let value = ALPHABET
            .iter()
            .position(|known| *known == byte)
            .ok_or("not base64url")?;
        bits = (bits << 6) | u32::try_from(value).map_err(|error| error.to_string())?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Ok(out)
}
