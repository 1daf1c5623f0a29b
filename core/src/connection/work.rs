//! The machine around the table: it does one thing to a connection, in HTTP and JSON.
//!
//! The table ([`crate::connection::transition`]) decides; this shell reads and writes records, builds requests, judges
//! answers, and loses nothing on the way. Every answer to a request that it ever put on the table is judged, whenever it
//! comes.

mod replies;
mod requests;
mod store;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::base::digest::{first_128, sha256_parts};
use crate::base::entropy::Entropy;
use crate::base::error::OAuthError;
use crate::base::time::{Now, millis};
use crate::client::configuration::Client;
use crate::connection::chronicle::Note;
use crate::connection::command::{ClientHealth, Command};
use crate::connection::due;
use crate::connection::ends::{self, Faults};
use crate::connection::ledger::{Learnt, Report, Ticket};
use crate::connection::newcomer::Newcomer;
use crate::connection::policy::Policy;
use crate::connection::record::Record;
use crate::connection::transition::{self, Event as Happening, Goal, Progress, Step as Wish, What, Worker};
use crate::connection::value::Connection;
use crate::flow::event::Event;
use crate::flow::input::Input;
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::step::{Step, StepId, Wait};
use crate::message::callback::{AuthorizationCode, Callback};
use crate::message::token_answer::{Reply, Tokens};
use crate::message::token_request::{TokenRequest, Unsigned};

/// The provider refuses the client for so many other connections: then it is the client that is wrong.
const FAILING: u32 = 2;
/// So many claims that came too late to be sent are no coincidence: the work ends instead of trying for ever.
const MOST_LATE: u32 = 3;
/// Hosts wait with timers of 31 bits.
const LONGEST_WAIT: i64 = i32::MAX as i64;

/// A machine that does one thing to a connection: a [`Machine`].
///
/// Run it to its `Done`, and go on with [`Work::connection`]. Late answers may be handed in after that, and put new steps
/// on the table; take the connection again when they are done. At most one work runs per connection and process.
///
/// Dropped half-way it loses nothing but what is on its way to it: the record tells the next work where to go on.
///
/// ```
/// use evergrant::base::http::HttpResponse;
/// use evergrant::base::time::Now;
/// use evergrant::connection::command::{Adoption, ClientHealth, Command};
/// use evergrant::flow::{input::Input, machine::Machine, step::Step, stored::Stored};
/// # use core::time::Duration;
/// # use evergrant::client::configuration::Client;
/// # use evergrant::provider::{environment::Environment, profile::Profile};
/// # let client = Client::builder(Profile::built_in("airwallex")?, Environment::Sandbox, "id").client_secret("s").build()?;
/// # let now = Now { wall: 1_790_000_000_000, steady: 0 };
/// # let entropy: [u8; 32] = core::array::from_fn(|at| at as u8);
/// let connection = client.connection("acct_123")?;
/// let adoption = Adoption::new("from-elsewhere").access_token("live", Duration::from_secs(290));
/// let mut work = client.work(&connection, Command::Adopt(Box::new(adoption)), ClientHealth::default(), now, entropy);
/// let (id, step) = work.step();
/// assert!(matches!(step, Step::Load { key } if key == "acct_123"));
/// work.answer(id, now, Input::Loaded { stored: None, store_now: now.wall })?;
/// let (id, step) = work.step();
/// assert!(matches!(step, Step::Save(save) if save.expect == 0 && save.version == 1));
/// work.answer(id, now, Input::Saved { store_now: now.wall })?;
/// assert!(matches!(work.step().1, Step::Done(result) if result.is_ok()));
/// assert!(work.connection().token(now, Duration::ZERO).is_some());
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
pub struct Work {
    connection: Connection,
    policy: Policy,
    entropy: Zeroizing<[u8; 32]>,
    /// `None` before the first record is read.
    resolves: Option<Resolves>,
    worker: Worker<Tokens>,
    /// The record behind what the worker has seen.
    base: Option<Record>,
    /// The record that is being saved.
    saving: Option<Record>,
    /// What was learnt and is not in a saved record yet, and how much of it is in the one being saved.
    notes: Vec<Note>,
    noted: usize,
    /// Who consented, and to what, where this work brings a consent.
    newcomer: Option<Newcomer>,
    code: Option<Box<AuthorizationCode>>,
    /// Every request that was put on the table.
    sends: Vec<Sent>,
    /// A request that waits for its signature.
    unsigned: Option<(Unsigned, Outgoing)>,
    tried_other_secret: bool,
    /// What the last request that brought no tokens ended with.
    error: Option<OAuthError>,
    store_error: Option<OAuthError>,
    holding: bool,
    /// The last save was one of which nobody knows.
    doubted: bool,
    /// Conflicts in a row.
    conflicts: u32,
    /// Claims that were too late to be sent.
    late: u32,
    /// Requests that were not waited for any longer.
    silences: u32,
    warned: bool,
    /// What it ended with, first: what comes late changes the connection, not that.
    ended: Option<Result<Outcome, OAuthError>>,
    step: Step,
    number: i64,
    events: Vec<Event>,
}

/// What cannot be said before a record is read: which generation is meant.
#[derive(Clone)]
enum Resolves {
    Rejected(String),
    Signal,
}

/// What a request is for, and how long it may take.
#[derive(Clone)]
struct Outgoing {
    /// `None`: a revocation.
    spends: Option<(Ticket, TokenRequest)>,
    send_by: Now,
    wait: i64,
}

struct Sent {
    id: StepId,
    outgoing: Outgoing,
    settled: bool,
}

impl Client {
    /// A machine that carries out a command on a connection. `entropy`: 32 fresh bytes of the operating system.
    pub fn work(
        &self,
        connection: &Connection,
        command: Command,
        health: ClientHealth,
        now: Now,
        entropy: [u8; 32],
    ) -> Work {
        Work::begin(connection, command, health, now, entropy)
    }
}

impl Work {
    fn begin(connection: &Connection, command: Command, health: ClientHealth, now: Now, bytes: [u8; 32]) -> Self {
        let mut work = Self {
            policy: *connection.policy(),
            connection: connection.clone(),
            entropy: Zeroizing::new(bytes),
            resolves: None,
            worker: transition::begin(0, Goal::Settle, now),
            base: None,
            saving: None,
            notes: Vec::new(),
            noted: 0,
            newcomer: None,
            code: None,
            sends: Vec::new(),
            unsigned: None,
            tried_other_secret: false,
            error: None,
            store_error: None,
            holding: false,
            doubted: false,
            conflicts: 0,
            late: 0,
            silences: 0,
            warned: false,
            ended: None,
            step: Step::Wait(Wait { delay_ms: 0 }),
            number: 0,
            events: Vec::new(),
        };
        match work.start(command, health, now) {
            Ok(None) => work.show(now),
            Ok(Some(outcome)) => work.finish(Ok(outcome)),
            Err(error) => work.finish(Err(error)),
        }
        work
    }

    fn start(&mut self, command: Command, health: ClientHealth, now: Now) -> Result<Option<Outcome>, OAuthError> {
        let entropy = Entropy::new(*self.entropy)?;
        let client = self.connection.client().clone();
        let mut adopts = None;
        let goal = match command {
            Command::Obtain { min_life } => Goal::Obtain {
                min_life: millis(min_life),
            },
            Command::Rejected { fingerprint } => {
                self.resolves = Some(Resolves::Rejected(fingerprint));
                Goal::Obtain { min_life: 0 }
            }
            Command::Signal => {
                self.resolves = Some(Resolves::Signal);
                Goal::KeepAlive
            }
            Command::KeepAlive => Goal::KeepAlive,
            Command::Disconnect => Goal::Disconnect,
            Command::Finish(finish) => match finish.read(&client, self.connection.key(), now)? {
                Callback::Refused(refusal) => return Ok(Some(Outcome::Refused(refusal))),
                Callback::Approved(code) => {
                    let (login, text) = finish.parts(&code);
                    let digest = hash(&[b"evergrant code", login.as_bytes(), text.as_bytes()]);
                    self.newcomer = Some(Newcomer {
                        consent_id: entropy.id("consent"),
                        scopes_asked: code.scopes().to_vec(),
                        consenter: code.consenter().cloned(),
                    });
                    self.code = Some(code);
                    Goal::Finish { digest }
                }
            },
            Command::Adopt(adoption) => {
                adoption.check(&client)?;
                let digest = hash(&[b"evergrant adoption", adoption.refresh_token().expose().as_bytes()]);
                self.newcomer = Some(Newcomer {
                    consent_id: entropy.id("consent"),
                    scopes_asked: adoption.asked().to_vec(),
                    consenter: adoption.consenter.clone(),
                });
                adopts = Some(adoption.tokens(&client));
                Goal::Adopt { digest }
            }
        };
        self.worker = transition::begin(entropy.number("holder"), goal, now);
        self.worker.adopts = adopts;
        // Workers must not refresh in step; connections that lie unused are spread alike on every machine.
        self.worker.jitter = match goal {
            Goal::KeepAlive => due::jitter(self.connection.key()),
            _ => entropy.below("refresh", 1_000),
        };
        self.worker.others_succeeded = health.last_success.map(millis);
        if health.failing >= FAILING {
            // The client itself is refused: its connections ask less often, each still now and then.
            self.policy.failure_wait = self.policy.longest_failure_wait;
        }
        Ok(None)
    }

    /// The connection as this work leaves it: take it once the step is `Done`, and again after a late answer.
    pub fn connection(&self) -> Connection {
        let (Some(base), Some(seen)) = (&self.base, &self.worker.seen) else {
            return self.connection.clone();
        };
        self.connection.with_record(base.clone(), seen.store_now, seen.asked)
    }

    /// Whether tokens are held that the store does not take. Callers that wait may be told `store_unavailable`; the work
    /// itself must be run on, because these tokens may be the only live ones.
    pub fn is_holding(&self) -> bool {
        self.holding
    }

    /// Runs the table, and shows what it wishes.
    fn tell(&mut self, now: Now, what: What<Tokens>) {
        let worker = core::mem::replace(&mut self.worker, transition::begin(0, Goal::Settle, now));
        let (worker, progress) = transition::next(&self.policy, worker, Happening::new(now, what));
        self.worker = worker;
        if progress == Progress::NewStep {
            self.show(now);
        }
        if self.holding && !self.has_answer_in_hand() {
            self.holding = false;
            self.events.push(Event::PersistRecovered);
        }
    }

    fn has_answer_in_hand(&self) -> bool {
        let is_answer = |report: &Report<Tokens>| matches!(report.outcome, Learnt::Answered(_));
        self.worker.hand.iter().any(is_answer)
    }

    /// Ends the work for its caller: what is in the hand is still written down, and late answers are still taken.
    fn end_early(&mut self, error: OAuthError) {
        self.ended.get_or_insert(Err(error));
        self.worker.goal = Goal::Settle;
    }

    /// A claim was saved, or its request signed or begun, too late to leave.
    fn too_late(&mut self, error: OAuthError) {
        self.late = self.late.saturating_add(1);
        if self.late >= MOST_LATE {
            self.end_early(error);
        }
    }

    /// The store did not do what was wished.
    fn failed(&mut self, now: Now, unknown: bool) {
        self.tell(now, What::StoreFailed { unknown });
        if self.has_answer_in_hand() && !core::mem::replace(&mut self.holding, true) {
            self.events.push(Event::PersistFailing);
        }
    }

    /// Puts on the table what the worker wishes.
    fn show(&mut self, now: Now) {
        // A request that was still waiting for its signature is replaced: it never left.
        let replaced = self.unsigned.take();
        match self.worker.step.clone() {
            Wish::Load { .. } => {
                self.put(Step::Load {
                    key: String::from(self.connection.key()),
                });
            }
            Wish::Save { expect, ledger, .. } => self.show_save(expect, &ledger, now),
            Wish::Send {
                ticket,
                tokens,
                send_by,
                silent_at,
            } => self.refresh(ticket, &tokens, send_by, silent_at, now),
            Wish::Exchange {
                ticket,
                send_by,
                silent_at,
            } => self.exchange(ticket, send_by, silent_at, now),
            Wish::Revoke { tokens } => self.revoke(&tokens, now),
            Wish::Wait { delay, .. } => {
                self.put(Step::Wait(Wait {
                    delay_ms: delay.clamp(0, LONGEST_WAIT),
                }));
            }
            Wish::Done(end) => {
                let faults = Faults {
                    request: self.error.as_ref(),
                    store: self.store_error.as_ref(),
                };
                let result = ends::result(&self.connection(), self.worker.goal, end, now, &faults);
                self.finish(result);
            }
        }
        if let Some((ticket, _)) = replaced.and_then(|(_, outgoing)| outgoing.spends) {
            self.tell(now, What::Learnt(never_left(ticket)));
        }
    }

    fn put(&mut self, step: Step) -> StepId {
        self.number = self.number.saturating_add(1);
        self.step = step;
        StepId::new(self.number)
    }

    fn finish(&mut self, result: Result<Outcome, OAuthError>) {
        let first = self.ended.get_or_insert(result).clone();
        self.put(Step::Done(Box::new(first)));
    }
}

impl Machine for Work {
    fn step(&self) -> (StepId, &Step) {
        (StepId::new(self.number), &self.step)
    }

    fn answer(&mut self, id: StepId, now: Now, input: Input) -> Result<(), OAuthError> {
        let is_current = StepId::new(self.number) == id;
        let is_send = self.sends.iter().any(|sent| sent.id == id);
        match (&self.step, input) {
            // What came of a Send, also of an earlier one and after Done: an answer is never refused.
            (_, Input::Answer(answer)) if is_send => self.reply(id, now, Reply::Answer(&answer), true),
            (_, Input::NotSent) if is_send => self.reply(id, now, Reply::NotSent, true),
            (_, Input::NoAnswer { over, partial }) if is_send => {
                self.reply(id, now, Reply::NoAnswer(partial.as_ref()), over);
            }
            (Step::Load { .. }, Input::Loaded { stored, store_now }) if is_current => {
                self.loaded(now, stored.as_ref(), store_now, false);
            }
            (Step::Save(_), Input::Conflict { stored, store_now }) if is_current => {
                self.loaded(now, stored.as_ref(), store_now, true);
            }
            (Step::Save(_), Input::Saved { store_now }) if is_current => self.saved(now, store_now),
            (Step::Load { .. } | Step::Save(_), Input::StoreFailed(failure)) if is_current => {
                self.store_failed(now, failure);
            }
            (Step::Sign(_), Input::Signed { signature, encoding }) if is_current => {
                self.sign(now, Some((&signature, encoding)));
            }
            (Step::Sign(_), Input::SignFailed) if is_current => self.sign(now, None),
            (Step::Wait(_), Input::Woke) if is_current => self.tell(now, What::Woke),
            (_, input) => return Err(input.unexpected()),
        }
        Ok(())
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Work({:?}, step {}, {:?})",
            self.connection.key(),
            self.number,
            self.step
        )
    }
}

fn never_left(ticket: Ticket) -> Report<Tokens> {
    let outcome = Learnt::NotSpent {
        retry_after: None,
        unsent: true,
        client_refused: false,
    };
    Report::new(ticket, outcome)
}

fn hash(parts: &[&[u8]]) -> u128 {
    first_128(&sha256_parts(parts))
}
