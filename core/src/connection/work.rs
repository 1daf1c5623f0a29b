//! The machine around the table: it does one thing to a connection, in HTTP and JSON.
//!
//! The table ([`crate::connection::transition`]) decides; this shell reads and writes records, builds requests, judges
//! answers, and loses nothing on the way. Every answer to a request that it ever put on the table is judged, whenever it
//! comes.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::base::date;
use crate::base::digest::{fingerprint, first_128, sha256_parts};
use crate::base::entropy::Entropy;
use crate::base::error::OAuthError;
use crate::base::http::{HttpRequest, HttpResponse};
use crate::base::time::{MAX_MS, Now, millis};
use crate::client::assertion::SignatureEncoding;
use crate::client::configuration::Client;
use crate::connection::chronicle::{Note, Noted, compose, deadlines, happened};
use crate::connection::command::{ClientHealth, Command};
use crate::connection::due;
use crate::connection::ends::{self, Faults};
use crate::connection::ledger::{Learnt, Ledger, Report, Status, Ticket};
use crate::connection::newcomer::Newcomer;
use crate::connection::policy::Policy;
use crate::connection::record::Record;
use crate::connection::transition::{self, Event as Happening, Goal, Progress, Step as Wish, What, Worker};
use crate::connection::value::Connection;
use crate::flow::event::Event;
use crate::flow::faults::{signing_failed, store_locked, store_unavailable};
use crate::flow::input::{Input, StoreFailure};
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::step::{Save, Send, Step, StepId, Wait};
use crate::flow::stored::Stored;
use crate::message::callback::{AuthorizationCode, Callback, NamedValue};
use crate::message::token_answer::{EvidenceKind, Reply, Settled, Tokens, Verdict};
use crate::message::token_request::{Prepared, TokenRequest, Unsigned};

/// How long a host keeps an exchange open, in milliseconds: an answer is worth waiting for long after nobody waits.
const EXCHANGE: i64 = 120_000;
/// How long a disconnection waits for the provider to hear of it, in milliseconds.
const REVOCATION: i64 = 10_000;
/// The provider refuses the client for so many other connections: then it is the client that is wrong.
const FAILING: u32 = 2;
/// So many conflicts in a row, or claims that came too late, are no coincidence: the work ends instead of trying for ever.
const MOST_CONFLICTS: u32 = 10;
const MOST_LATE: u32 = 3;
/// A caller does not wait for ever for a provider that does not answer: after two silences and a minute the work ends. The
/// exchanges go on, and the next work finds the attempts in the record.
const MOST_SILENCES: u32 = 2;
const PATIENCE: i64 = 60_000;
/// Hosts wait with timers of 31 bits.
const LONGEST_WAIT: i64 = i32::MAX as i64;
/// A difference between the provider's clock and this machine's that is worth a word.
const CLOCK_OFFSET: i64 = 60_000;

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
            Command::Finish(finish) => match finish.read(&client, now)? {
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

    fn show_save(&mut self, expect: i64, ledger: &Ledger<Tokens>, now: Now) {
        let client = self.connection.client();
        let base = self.base.clone().unwrap_or_else(|| Record::unconnected(client));
        let at = self.worker.seen.as_ref().map_or(0, |seen| seen.latest(now));
        let record = compose(&base, ledger, &self.notes, self.newcomer.as_ref(), at);
        self.noted = self.notes.len();
        let due = record.due(&self.policy, self.connection.key());
        let bytes = record.to_json().expose().as_bytes().to_vec();
        let save = Save::new(self.connection.key(), expect, due, record.state(), bytes);
        self.saving = Some(record);
        self.put(Step::Save(save));
    }

    fn refresh(&mut self, ticket: Ticket, tokens: &Tokens, send_by: Now, silent_at: Now, now: Now) {
        let window = self.worker.seen.as_ref().and_then(|seen| seen.ledger.window);
        self.events.push(Event::RefreshStarted {
            attempt: ticket.number,
            last_chance: window.is_some_and(|window| window.last_chances > 0),
        });
        let Some(refresh_token) = &tokens.refresh_token else {
            return self.unbuilt(ticket, ends::no_refresh_token(), now);
        };
        let scopes = self.base.as_ref().and_then(|base| base.consent.as_ref());
        let scopes = scopes
            .map(|consent| consent.scopes_asked.as_slice())
            .unwrap_or_default();
        let request = TokenRequest::refresh_token(refresh_token, scopes);
        self.prepare(ticket, request, send_by, silent_at, now);
    }

    fn exchange(&mut self, ticket: Ticket, send_by: Now, silent_at: Now, now: Now) {
        match &self.code {
            Some(code) => {
                let request = TokenRequest::authorization_code(code);
                self.prepare(ticket, request, send_by, silent_at, now);
            }
            // Only a work that has the code is told to exchange it.
            None => self.tell(now, What::Learnt(never_left(ticket))),
        }
    }

    /// Tells the provider that tokens are not wanted any more; what cannot be told is left to end by itself.
    fn revoke(&mut self, tokens: &Tokens, now: Now) {
        let client = self.connection.client().clone();
        let prepared = Entropy::new(*self.entropy).and_then(|entropy| {
            let fresh = entropy.child(self.number);
            client.revocation_request(tokens, self.connection.choice, now, fresh)
        });
        let outgoing = Outgoing {
            spends: None,
            send_by: now.later(self.policy.send_within),
            wait: REVOCATION,
        };
        match prepared {
            Ok(Some(Prepared::Ready(request))) => self.put_request(request, outgoing, now),
            Ok(Some(Prepared::Unsigned(unsigned))) => {
                let step = Step::Sign(unsigned.sign().clone());
                self.unsigned = Some((unsigned, outgoing));
                self.put(step);
            }
            Ok(None) | Err(_) => self.tell(now, What::Revoked),
        }
    }

    fn prepare(&mut self, ticket: Ticket, request: TokenRequest, send_by: Now, silent_at: Now, now: Now) {
        let wait = silent_at.wall.saturating_sub(now.wall).clamp(1, EXCHANGE);
        let client = self.connection.client().clone();
        // Every request has an assertion id and a correlation id of its own.
        let prepared = Entropy::new(*self.entropy).and_then(|entropy| {
            let fresh = entropy.child(self.number);
            client.token_request(&request, self.connection.choice, now, fresh)
        });
        let outgoing = Outgoing {
            spends: Some((ticket, request)),
            send_by,
            wait,
        };
        match prepared {
            Ok(Prepared::Ready(request)) => self.put_request(request, outgoing, now),
            Ok(Prepared::Unsigned(unsigned)) => {
                let step = Step::Sign(unsigned.sign().clone());
                self.unsigned = Some((unsigned, outgoing));
                self.put(step);
            }
            Err(error) => self.unbuilt(ticket, error, now),
        }
    }

    fn put_request(&mut self, request: HttpRequest, outgoing: Outgoing, now: Now) {
        let mut send = Send::new(request, now, self.connection.client().wants_client_certificate());
        send.send_by = outgoing.send_by;
        send.wait_ms = outgoing.wait;
        send.timeout_ms = EXCHANGE;
        let id = self.put(Step::Send(send));
        self.sends.push(Sent {
            id,
            outgoing,
            settled: false,
        });
    }

    /// The request could not even be built: nothing was spent, and trying again at once would fare no better.
    fn unbuilt(&mut self, ticket: Ticket, error: OAuthError, now: Now) {
        let at = self.worker.seen.as_ref().map_or(0, |seen| seen.latest(now));
        self.notes.push(Note::unbuilt(at, &ticket));
        if !ticket.is_login() {
            self.events.push(Event::RefreshNotSpent {
                attempt: ticket.number,
                kind: EvidenceKind::NotBuilt,
                retry_after_ms: None,
            });
        }
        self.error = Some(error);
        self.policy.longest_wait = 0;
        let outcome = Learnt::NotSpent {
            retry_after: None,
            unsent: false,
            client_refused: false,
        };
        self.tell(now, What::Learnt(Report::new(ticket, outcome)));
    }

    fn sign(&mut self, now: Now, signature: Option<(&[u8], SignatureEncoding)>) {
        let Some((unsigned, outgoing)) = self.unsigned.take() else {
            return;
        };
        let ticket = outgoing.spends.as_ref().map(|(ticket, _)| *ticket);
        let signed = match signature {
            Some((signature, encoding)) => unsigned.complete(signature, encoding),
            None => Err(signing_failed()),
        };
        match (signed, ticket) {
            (Ok(_), Some(ticket)) if now.is_past(outgoing.send_by) => {
                self.too_late(signing_failed());
                self.tell(now, What::Learnt(never_left(ticket)));
            }
            (Ok(request), _) => self.put_request(request, outgoing, now),
            (Err(error), Some(ticket)) => self.unbuilt(ticket, error, now),
            (Err(_), None) => self.tell(now, What::Revoked),
        }
    }

    fn loaded(&mut self, now: Now, stored: Option<&Stored>, store_now: i64, conflict: bool) {
        let store_now = store_now.clamp(0, MAX_MS);
        let version = stored.map_or(0, Stored::version);
        let record = match Record::stored(stored, self.connection.client()) {
            Ok(record) => record,
            // As if the store had failed; what belongs to another client is never touched.
            Err(error) => {
                self.store_error = Some(error);
                return self.failed(now, false);
            }
        };
        if self.saving.as_ref() == Some(&record) {
            // A save of which nobody knew whether it was done: it was.
            self.chronicle();
        }
        self.conflicts = if conflict {
            self.conflicts.saturating_add(1)
        } else {
            self.conflicts
        };
        if self.conflicts >= MOST_CONFLICTS {
            // A store that compares with something else than what it shows, such as a replica.
            self.conflicts = 0;
            self.store_error = Some(store_unavailable());
            return self.failed(now, false);
        }
        self.look(&record, store_now);
        let nothing_at_stake = self.sends.is_empty() && self.worker.hand.is_empty() && self.worker.pledge.is_none();
        if nothing_at_stake && self.is_other_account(&record) {
            return self.finish(Ok(Outcome::DifferentAccount));
        }
        let ledger = record.ledger.clone();
        self.base = Some(record);
        self.tell(
            now,
            if conflict {
                What::Conflict {
                    ledger,
                    version,
                    store_now,
                }
            } else {
                What::Loaded {
                    ledger,
                    version,
                    store_now,
                }
            },
        );
    }

    /// What a freshly read record tells before the table sees it.
    fn look(&mut self, record: &Record, store_now: i64) {
        let ledger = &record.ledger;
        let known = self.base.as_ref().or(self.connection.record());
        let before = known.map_or(0, |known| known.ledger.generation());
        let same_consent = known.is_some_and(|known| known.ledger.order == ledger.order);
        if same_consent && before > 0 && ledger.generation() > before {
            self.events.push(Event::SiblingRefreshed {
                generation: ledger.generation(),
            });
        }
        if !core::mem::replace(&mut self.warned, true) {
            self.events.extend(deadlines(record, store_now));
        }
        let Some(held) = &ledger.tokens else { return };
        let generation = held.generation;
        match self.resolves.take() {
            Some(Resolves::Rejected(rejected)) => {
                let in_use = held.tokens.access_token.as_ref();
                let is_it = in_use.is_some_and(|token| fingerprint(token.expose()) == rejected);
                if is_it {
                    self.worker.goal = Goal::Unauthorized { generation };
                }
            }
            Some(Resolves::Signal) => self.worker.goal = Goal::Verify { generation },
            None => {}
        }
    }

    /// The callback names another account than the connection has: nothing needs to be spent to know.
    fn is_other_account(&self, record: &Record) -> bool {
        let Some(code) = &self.code else { return false };
        let closed = matches!(record.ledger.status, Status::Closed { .. });
        let differs = |own: &NamedValue| {
            let same_name = record.account_ids().iter().find(|known| known.name == own.name);
            same_name.is_some_and(|known| known.value != own.value)
        };
        !closed && code.account_ids().iter().any(differs)
    }

    /// What was being saved is saved.
    fn chronicle(&mut self) {
        let Some(record) = self.saving.take() else { return };
        let base = self.base.take();
        let round = Noted {
            notes: self.notes.get(..self.noted).unwrap_or_default(),
            ended: self.ended.is_some(),
        };
        self.events.extend(happened(base.as_ref(), &record, &round));
        self.base = Some(record);
        self.notes.drain(..self.noted.min(self.notes.len()));
        self.noted = 0;
    }

    fn saved(&mut self, now: Now, store_now: i64) {
        self.chronicle();
        self.doubted = false;
        self.conflicts = 0;
        if let Wish::Save {
            claim: Some((_, send_by)),
            ..
        } = &self.worker.step
            && now.is_past(*send_by)
        {
            self.too_late(ends::too_slow());
        }
        let store_now = store_now.clamp(0, MAX_MS);
        self.tell(now, What::Saved { store_now });
    }

    fn store_failed(&mut self, now: Now, failure: StoreFailure) {
        self.store_error = Some(match failure {
            StoreFailure::Locked => store_locked(),
            StoreFailure::Down | StoreFailure::Unknown => store_unavailable(),
        });
        let is_save = matches!(self.step, Step::Save(_));
        // Once it is read back; a second doubt in a row is a store that does not write.
        let unknown = is_save && failure == StoreFailure::Unknown && !core::mem::replace(&mut self.doubted, true);
        self.failed(now, unknown);
    }

    /// What came of a request, in time or late; a second word about one that is over is ignored.
    fn reply(&mut self, id: StepId, now: Now, reply: Reply<'_>, over: bool) {
        let is_current = StepId::new(self.number) == id;
        let Some(sent) = self.sends.iter_mut().find(|sent| sent.id == id && !sent.settled) else {
            return;
        };
        sent.settled = over;
        // Too late to leave, or replaced before it could: nothing is wrong with the way, so there is nothing to wait for.
        let unsent = matches!(reply, Reply::NotSent) && (!is_current || now.is_past(sent.outgoing.send_by));
        let Some((ticket, request)) = sent.outgoing.spends.clone() else {
            if is_current {
                self.tell(now, What::Revoked);
            }
            return;
        };
        if let Reply::Answer(answer) = reply {
            self.compare_clocks(answer, now);
        }
        if unsent {
            if is_current {
                self.too_late(ends::begun_too_late());
            }
            return self.tell(now, What::Learnt(never_left(ticket)));
        }
        let settled = self.connection.client().settle(&request, reply, now);
        if !over && !matches!(settled.verdict, Verdict::Answered(_)) {
            // The host only stopped waiting. Nothing is known, and the exchange goes on.
            if is_current {
                self.error = settled.error();
                self.silences = self.silences.saturating_add(1);
                if self.silences >= MOST_SILENCES && now.longest_since(self.worker.begun) >= PATIENCE {
                    self.end_early(ends::unresolved(1_000));
                }
                self.tell(now, What::Silent);
            }
            return;
        }
        let report = self.judge(ticket, settled, now);
        let is_answer = matches!(report.outcome, Learnt::Answered(_));
        self.tell(now, What::Learnt(report));
        let is_taken = matches!(self.step, Step::Save(_) | Step::Send(_) | Step::Sign(_)) || self.has_answer_in_hand();
        if is_answer && !is_taken {
            // Nothing was written: it belongs to a consent that is not in use any more.
            self.notes.pop();
            self.events.push(Event::AnswerIgnored { order: ticket.order });
        }
    }

    /// The verdict on an answer, as the table reads it.
    fn judge(&mut self, ticket: Ticket, settled: Settled, now: Now) -> Report<Tokens> {
        let at = self.worker.seen.as_ref().map_or(0, |seen| seen.latest(now));
        self.notes.push(Note::of(&settled, at, &ticket));
        self.say(&ticket, &settled);
        let error = settled.error();
        if error.is_some() {
            self.error = error;
        }
        let evidence = &settled.evidence;
        let refused = matches!(evidence.kind, EvidenceKind::ClientRefused);
        let mut retry_after = evidence.retry_after_ms;
        if refused && !self.tried_other_secret && self.connection.client().has_next_client_secret() {
            // While secrets are rotated: the other one, once per work, and at once.
            self.tried_other_secret = true;
            self.connection.choice = self.connection.choice.other();
            retry_after = Some(0);
        } else if refused || evidence.kind == EvidenceKind::RequestRefused {
            // Waiting does not mend a configuration.
            self.policy.longest_wait = 0;
        }
        let outcome = match settled.verdict {
            Verdict::Answered(tokens) => Learnt::Answered(self.complete(&ticket, tokens)),
            Verdict::NotSpent => Learnt::NotSpent {
                retry_after,
                unsent: false,
                client_refused: refused,
            },
            Verdict::Rejected => Learnt::Rejected {
                doubtful: evidence.kind == EvidenceKind::GrantDoubted,
            },
            Verdict::Unknown => Learnt::Closed { sign: sign(&settled) },
        };
        Report::new(ticket, outcome)
    }

    /// The accounts that the callback named belong to the tokens.
    fn complete(&self, ticket: &Ticket, mut tokens: Tokens) -> Tokens {
        if let Some(code) = self.code.as_ref().filter(|_| ticket.is_login()) {
            for id in code.account_ids() {
                if tokens.account_ids.iter().all(|known| known.name != id.name) {
                    tokens.account_ids.push(id.clone());
                }
            }
        }
        tokens
    }

    fn say(&mut self, ticket: &Ticket, settled: &Settled) {
        let evidence = &settled.evidence;
        let attempt = ticket.number;
        let oauth_error = evidence.oauth_error.clone();
        let kind = evidence.kind;
        for oddity in &evidence.oddities {
            self.events.push(Event::AnswerOddity { oddity: *oddity });
        }
        if kind == EvidenceKind::ClientRefused {
            self.events.push(Event::ClientRefused {
                oauth_error: oauth_error.clone(),
            });
        }
        let event = match settled.verdict {
            Verdict::Answered(_) => return,
            _ if ticket.is_login() => Event::LoginFailed { kind, oauth_error },
            Verdict::NotSpent => Event::RefreshNotSpent {
                attempt,
                kind,
                retry_after_ms: evidence.retry_after_ms,
            },
            Verdict::Unknown => Event::RefreshUnknown {
                attempt,
                kind,
                status: evidence.status,
            },
            Verdict::Rejected => Event::RefreshRejected { attempt, oauth_error },
        };
        self.events.push(event);
    }

    fn compare_clocks(&mut self, answer: &HttpResponse, now: Now) {
        let date = answer
            .header("Date")
            .and_then(|value| date::parse_http_date(value, now.wall));
        let offset = date.map_or(0, |date| date.saturating_sub(now.wall));
        if offset.saturating_abs() > CLOCK_OFFSET {
            self.events.push(Event::ClockOffset { offset_ms: offset });
        }
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

/// A refusal that no rule knows, as a number that is the same for the same refusal.
fn sign(settled: &Settled) -> Option<u64> {
    let evidence = &settled.evidence;
    let unknown = matches!(
        evidence.kind,
        EvidenceKind::OtherError | EvidenceKind::Unauthorized | EvidenceKind::Unreadable
    );
    let status = evidence
        .status
        .filter(|status| unknown && (400..500).contains(status))?;
    let code = evidence.oauth_error.as_deref().unwrap_or_default();
    let number = hash(&[b"evergrant refusal", &status.to_be_bytes(), code.as_bytes()]);
    u64::try_from(number >> 64).ok()
}
