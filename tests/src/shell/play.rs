//! Plays a run of the model again through the public machine.

use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::connection::command::ClientHealth;
use evergrant::connection::ledger::{Learnt, Report, Status, Ticket};
use evergrant::connection::record::Record;
use evergrant::connection::transition::{End, Step as Wish, What};
use evergrant::connection::work::Work;
use evergrant::flow::input::{Input, StoreFailure};
use evergrant::flow::machine::Machine;
use evergrant::flow::outcome::Outcome;
use evergrant::flow::step::{Step, StepId};
use evergrant::flow::stored::Stored;
use serde_json::{Value, json};

use super::mirror::{self, Digests};
use super::{client, schedule};
use crate::model::heard::Told;
use crate::model::pair::Pair;
use crate::model::scenario::Scenario;
use crate::model::world::World;

/// The key of every connection here.
pub const KEY: &str = "acct_1";

/// 32 bytes for one work.
pub fn entropy(number: u128) -> [u8; 32] {
    let mut bytes = [0x5a; 32];
    bytes[..16].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// A run through the machine: the store that it leaves, and everything that was said.
pub struct Played {
    client: Client,
    configuration: Value,
    first: Value,
    stored: Option<Stored>,
    digests: Digests,
    works: Vec<Worked>,
    steps: Vec<Value>,
    /// The machine ended a work for its caller that the table would go on with: a provider that stays silent, a store that
    /// does not write. What is told after that is not played.
    pub ended_early: bool,
}

/// One work beside one worker of the model.
struct Worked {
    holder: u128,
    begun: Now,
    work: Work,
    shown: Value,
    /// The requests that it put on the table, and where that stands in the schedule.
    sends: Vec<(Ticket, StepId, usize)>,
}

impl Played {
    /// Plays what the workers of a run were told. Every step of every work must be the worker's.
    ///
    /// # Errors
    /// The first difference.
    pub fn of(scenario: &Scenario, start: &World, told: &[Told]) -> Result<Self, String> {
        let configuration = client::configuration(scenario);
        let client = Client::from_json(&configuration.to_string()).map_err(|error| error.to_string())?;
        let first = mirror::first_record(&start.store.ledger);
        let mut played = Self {
            client,
            configuration,
            stored: first
                .as_ref()
                .map(|record| Stored::new(start.store.version, record.to_string().into_bytes())),
            first: first.map_or(
                Value::Null,
                |record| json!({ "version": start.store.version, "record": record }),
            ),
            digests: Digests::default(),
            works: Vec::new(),
            steps: Vec::new(),
            ended_early: false,
        };
        for (at, told) in told.iter().enumerate() {
            if played.ended_early {
                break;
            }
            played
                .tell(told)
                .map_err(|fault| format!("at {at}, {:?}: {fault}", told.what))?;
        }
        Ok(played)
    }

    fn tell(&mut self, told: &Told) -> Result<(), String> {
        let at = self.work_of(told);
        let (id, input) = self.input(at, told)?;
        let store_before = self.stored.clone();
        let worked = &mut self.works[at];
        let (current, step) = worked.work.step();
        let place = worked
            .sends
            .iter()
            .find(|(_, send, _)| *send == id)
            .map(|(.., place)| *place);
        let mut said = json!({
            "work": at,
            "now": schedule::moment(told.now),
            "shown": schedule::step(step, told.now),
            "input": schedule::input(&input),
        });
        if id != current {
            said["answers"] = json!(place.ok_or("an answer to nothing")?);
        }
        let saved = match (step, &input) {
            (Step::Save(save), Input::Saved { .. }) => Some(save.record.clone()),
            // Nobody knows, but it was done.
            (Step::Save(save), Input::StoreFailed(StoreFailure::Unknown))
                if told.version == save.version && store_before.as_ref().map_or(0, Stored::version) == save.expect =>
            {
                Some(save.record.clone())
            }
            _ => None,
        };
        worked
            .work
            .answer(id, told.now, input)
            .map_err(|error| error.to_string())?;
        worked.work.events();
        if saved.is_some() {
            self.stored = saved;
        }
        self.steps.push(said);
        let place = self.steps.len();
        let worked = &mut self.works[at];
        let (id, step) = worked.work.step();
        if let (Wish::Send { ticket, .. } | Wish::Exchange { ticket, .. }, Step::Send(_)) = (&told.then, step)
            && !worked.sends.iter().any(|(_, known, _)| *known == id)
        {
            worked.sends.push((*ticket, id, place));
        }
        worked.shown = schedule::step(step, told.now);
        self.compare(at, told)
    }

    /// The work that stands for a worker; it begins when it is first told something.
    fn work_of(&mut self, told: &Told) -> usize {
        let known = |worked: &Worked| (worked.holder, worked.begun) == (told.holder, told.begun);
        if let Some(at) = self.works.iter().position(known) {
            return at;
        }
        let (command, shown) = client::command(&self.client, told.goal, told.adopts, told.begun);
        let connection = self.client.connection(KEY).expect("a key");
        let bytes = entropy(told.holder + 1_000 * self.works.len() as u128);
        let work = self
            .client
            .work(&connection, command, ClientHealth::default(), told.begun, bytes);
        let number = self.works.len();
        self.steps.push(json!({
            "work": number,
            "now": schedule::moment(told.begun),
            "command": shown,
            "entropy": bytes.map(|byte| format!("{byte:02x}")).concat(),
        }));
        self.works.push(Worked {
            holder: told.holder,
            begun: told.begun,
            work,
            shown: Value::Null,
            sends: Vec::new(),
        });
        number
    }

    /// What the model told, as a host would.
    fn input(&mut self, at: usize, told: &Told) -> Result<(StepId, Input), String> {
        let stored = self.stored.clone();
        let version = stored.as_ref().map_or(0, Stored::version);
        let worked = &self.works[at];
        let (current, step) = worked.work.step();
        let input = match &told.what {
            What::Loaded {
                ledger,
                version: told_version,
                store_now,
            }
            | What::Conflict {
                ledger,
                version: told_version,
                store_now,
            } => {
                if *told_version != version {
                    return Err(format!("the store has version {version}, not {told_version}"));
                }
                if let Some(stored) = &stored {
                    let record = read(stored)?;
                    mirror::compare(&mut self.digests, ledger, record.ledger())?;
                }
                let store_now = *store_now;
                match told.what {
                    What::Loaded { .. } => Input::Loaded { stored, store_now },
                    _ => Input::Conflict { stored, store_now },
                }
            }
            What::Saved { store_now } => {
                let Step::Save(save) = step else {
                    return Err(format!("no save is shown but {step:?}"));
                };
                if save.expect != version {
                    return Err(format!("expects version {}, where {version} is stored", save.expect));
                }
                Input::Saved { store_now: *store_now }
            }
            What::StoreFailed { unknown: true } => Input::StoreFailed(StoreFailure::Unknown),
            What::StoreFailed { unknown: false } => Input::StoreFailed(StoreFailure::Down),
            What::Silent => Input::NoAnswer {
                over: false,
                partial: None,
            },
            What::Woke => Input::Woke,
            What::Revoked => answer(200, None, ""),
            What::Learnt(report) => {
                let sent = worked.sends.iter().find(|(ticket, ..)| *ticket == report.ticket);
                let (_, id, _) = sent.ok_or("a report on what was never sent")?;
                return Ok((*id, learnt(report)));
            }
            other => return Err(format!("nothing stands for {other:?}")),
        };
        Ok((current, input))
    }

    /// Whether the work does what the worker does.
    fn compare(&mut self, at: usize, told: &Told) -> Result<(), String> {
        let (_, step) = self.works[at].work.step();
        if !told.ended_before && !matches!(told.then, Wish::Done(_)) && gives_up_waiting(&told.what, step) {
            self.ended_early = true;
            return Ok(());
        }
        let same = match (&told.then, step) {
            (Wish::Load { .. }, Step::Load { key }) => key == KEY,
            (Wish::Save { expect, ledger, .. }, Step::Save(save)) => {
                let record = read(&save.record)?;
                mirror::compare(&mut self.digests, ledger, record.ledger())?;
                *expect == save.expect
            }
            (
                Wish::Send {
                    tokens,
                    send_by,
                    silent_at,
                    ..
                },
                Step::Send(send),
            ) => {
                let spends = format!("refresh_token={}&", mirror::refresh_text(*tokens));
                let body = format!("{}&", send.request.body());
                body.contains(&spends)
                    && send.send_by == *send_by
                    && send.wait_ms == (silent_at.wall - told.now.wall).clamp(1, send.timeout_ms)
            }
            (Wish::Exchange { send_by, .. }, Step::Send(send)) => {
                send.request.body().contains("code=code-") && send.send_by == *send_by
            }
            (Wish::Revoke { .. }, Step::Send(send)) => send.request.url().ends_with("/revoke"),
            (Wish::Wait { delay, .. }, Step::Wait(wait)) => *delay == wait.delay_ms,
            // The first end counts; what comes late changes the connection only.
            (Wish::Done(end), Step::Done(result)) => told.ended_before || ends_alike(*end, result.as_ref()),
            _ => false,
        };
        if same {
            return Ok(());
        }
        Err(format!("the table wishes {:?}, the work shows {step:?}", told.then))
    }

    /// The run, written down.
    pub fn schedule(&self, name: &str, why: &str) -> Value {
        let works = self.works.iter().map(|worked| &worked.shown);
        json!({
            "name": name,
            "why": why,
            "client": self.configuration,
            "key": KEY,
            "stored": self.first,
            "steps": self.steps,
            "last_shown": works.collect::<Vec<_>>(),
        })
    }

    /// What the store holds at the end.
    pub fn status(&self) -> Option<Status> {
        let stored = self.stored.as_ref()?;
        read(stored).ok().map(|record| record.ledger().status)
    }
}

fn read(stored: &Stored) -> Result<Record, String> {
    let text = std::str::from_utf8(stored.record()).map_err(|error| error.to_string())?;
    Record::from_json(text).map_err(|error| error.to_string())
}

fn answer(status: u16, retry_after: Option<i64>, body: &str) -> Input {
    let seconds = retry_after.map(|millis| (millis / 1_000).to_string());
    let headers = seconds.map(|seconds| ResponseHeader::new("Retry-After", seconds.as_str()));
    Input::Answer(HttpResponse::new(
        status,
        headers.into_iter().collect(),
        body.as_bytes().to_vec(),
    ))
}

/// What stands for a report. An end without a result is by turns a 5xx, an answer that breaks off, and silence.
fn learnt(report: &Report<Pair>) -> Input {
    match &report.outcome {
        Learnt::Answered(pair) => answer(200, None, &mirror::body(*pair)),
        Learnt::Rejected { .. } => answer(400, None, r#"{"error":"invalid_grant"}"#),
        Learnt::NotSpent { unsent: true, .. } => Input::NotSent,
        Learnt::NotSpent { retry_after, .. } => answer(429, *retry_after, ""),
        Learnt::Closed { .. } => match report.ticket.number % 3 {
            0 => answer(502, None, "<html>bad gateway</html>"),
            1 => Input::NoAnswer {
                over: true,
                partial: None,
            },
            _ => answer(500, None, r#"{"error":"server_error"}"#),
        },
        other => unreachable!("no report says {other:?}"),
    }
}

/// What the machine adds to the table: nobody waits for ever for what does not come.
fn gives_up_waiting(what: &What<Pair>, step: &Step) -> bool {
    let Step::Done(result) = step else { return false };
    let retries =
        |error: &evergrant::OAuthError| matches!(error.action(), evergrant::base::error::Action::RetryAfter { .. });
    result.as_ref().as_ref().is_err_and(retries) && matches!(what, What::StoreFailed { unknown: true } | What::Silent)
}

fn ends_alike(end: End, result: &Result<Outcome, evergrant::OAuthError>) -> bool {
    use evergrant::base::error::{Action, ErrorCode};

    let fails_with = |code| result.as_ref().is_err_and(|error| error.code() == code);
    let retries = result
        .as_ref()
        .is_err_and(|error| matches!(error.action(), Action::RetryAfter { .. }));
    match end {
        // A process that slept while the store answered cannot tell how old the answer is.
        End::Token => {
            matches!(result, Ok(Outcome::Token(_) | Outcome::Kept)) || fails_with(ErrorCode::StoreUnavailable)
        }
        End::Settled => matches!(result, Ok(Outcome::Kept)),
        End::Connected => matches!(result, Ok(Outcome::Connected)),
        End::LoginLost => matches!(result, Ok(Outcome::LoginLost)),
        End::DifferentAccount => matches!(result, Ok(Outcome::DifferentAccount)),
        End::NeedsReauthorization => fails_with(ErrorCode::ReauthorizationRequired),
        End::Closed => {
            matches!(result, Ok(Outcome::Disconnected | Outcome::Kept | Outcome::LoginLost))
                || fails_with(ErrorCode::Disconnected)
        }
        End::Unconnected => fails_with(ErrorCode::NotConnected),
        End::StoreUnavailable => fails_with(ErrorCode::StoreUnavailable),
        End::FreshTokenRejected { .. } | End::RetryAfter { .. } => retries,
        _ => false,
    }
}
