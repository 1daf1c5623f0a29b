//! Works on many connections of one client: the same for threads and for futures.
//!
//! Callers put jobs into the slot of a connection and wait; a job is carried out by a task of its own, so that a caller who
//! goes away changes nothing. At most one job per slot is carried out. Every exchange is a task of its own too: its work
//! goes on when it has waited long enough, and a late answer is handed in when it comes, also after the end of the job;
//! what is to be done about it is then done beside the next job, as if by another worker.

use core::time::Duration;
use std::boxed::Box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::vec::Vec;

use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::connection::command::{Adoption, Command, Finish};
use crate::connection::health::Health;
use crate::connection::value::Connection;
use crate::drive::finished::Finished;
use crate::drive::gate::{Gate, Pass};
use crate::drive::inbox::Inbox;
use crate::drive::job::{Ended, Job};
use crate::drive::peers::Peers;
use crate::drive::run::Run;
use crate::drive::slot::{Slot, Slots};
use crate::drive::surroundings::Surroundings;
use crate::drive::wake;
use crate::flow::event::Event;
use crate::flow::faults::{store_locked, store_unavailable};
use crate::flow::input::{Input, StoreFailure};
use crate::flow::outcome::Outcome;
use crate::flow::step::{Send as Request, StepId};
use crate::message::access_token::AccessToken;
use crate::message::authorize::{AuthorizationRequest, Login};
use crate::message::callback::NamedValue;

/// What was seen longer ago is read again before it is called healthy.
const STALE: i64 = 60_000;

type Listener = dyn Fn(&str, Event) + Send + Sync;

pub(crate) struct Engine<P> {
    around: P,
    client: Client,
    listener: RwLock<Arc<Listener>>,
    slots: Mutex<Slots>,
    peers: Mutex<Peers>,
    gate: Arc<Gate>,
}

impl<P: Surroundings> Engine<P> {
    pub(crate) fn new(client: Client, around: P) -> Self {
        Self {
            around,
            client,
            listener: RwLock::new(Arc::new(|_: &str, _| ())),
            slots: Mutex::default(),
            peers: Mutex::default(),
            gate: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn around(&self) -> &P {
        &self.around
    }

    pub(crate) fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    pub(crate) fn listen(&self, listener: Arc<Listener>) {
        *self.listener.write().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    pub(crate) fn begin(&self, request: &AuthorizationRequest) -> Result<Login, OAuthError> {
        self.client.begin(request, self.around.now(), self.around.entropy()?)
    }

    pub(crate) fn slot(&self, key: &str) -> Result<Arc<Slot>, OAuthError> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(key, || self.client.connection(key))
    }

    pub(crate) async fn token(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        min_life: Duration,
    ) -> Result<AccessToken, OAuthError> {
        let now = self.around.now();
        let (token, wants_work) = {
            let state = slot.lock();
            let quiet = state.quiet.is_some_and(|until| !now.is_past(until));
            let wants_work = state.running.is_none() && !quiet && state.connection.wants_work(now);
            (state.token(now, min_life), wants_work)
        };
        if let Some(token) = token {
            if wants_work {
                // Nobody waits for it, so that it cannot be begun is no outage.
                let _ = self.put(slot, Command::obtain());
            }
            return Ok(token);
        }
        let asked = self.ask(slot, Command::Obtain { min_life }).await;
        self.or_living(slot, asked)
    }

    pub(crate) async fn rejected(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        token: &AccessToken,
    ) -> Result<AccessToken, OAuthError> {
        let command = Command::Rejected {
            fingerprint: token.fingerprint(),
        };
        match self.ask(slot, command).await? {
            Outcome::Token(token) => Ok(token),
            _ => Err(odd()),
        }
    }

    /// The previous token, as long as it lives, where only the store stands in the way of another one.
    fn or_living(&self, slot: &Slot, asked: Ended) -> Result<AccessToken, OAuthError> {
        match asked {
            Ok(Outcome::Token(token)) => Ok(token),
            Ok(_) => Err(odd()),
            Err(error) if error.code() == ErrorCode::StoreUnavailable => {
                slot.lock().token(self.around.now(), Duration::ZERO).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Has a command carried out that ends with nothing worth telling.
    pub(crate) async fn carry_out(self: &Arc<Self>, slot: &Arc<Slot>, command: Command) -> Result<(), OAuthError> {
        self.ask(slot, command).await.map(drop)
    }

    pub(crate) async fn finish(self: &Arc<Self>, slot: &Arc<Slot>, finish: Finish) -> Result<Finished<()>, OAuthError> {
        self.ask(slot, Command::Finish(Box::new(finish)))
            .await
            .and_then(Finished::of)
    }

    pub(crate) async fn adopt(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        adoption: Adoption,
    ) -> Result<Finished<()>, OAuthError> {
        self.ask(slot, Command::Adopt(Box::new(adoption)))
            .await
            .and_then(Finished::of)
    }

    pub(crate) async fn health(&self, slot: &Slot) -> Result<Health, OAuthError> {
        let asked = self.around.now();
        let (connection, known) = {
            let state = slot.lock();
            let fresh = state.seen.is_some_and(|seen| asked.longest_since(seen) < STALE);
            if fresh {
                return Ok(state.connection.health(asked));
            }
            (state.connection.clone(), state.seen.is_some())
        };
        match self.read(&connection, asked).await {
            Ok(read) => slot.lock().take(read, asked),
            // What was seen is still the best that is known.
            Err(error) if known && matches!(error.code(), ErrorCode::StoreUnavailable | ErrorCode::StoreLocked) => (),
            Err(error) => return Err(error),
        }
        Ok(slot.lock().connection.health(self.around.now()))
    }

    /// The accounts of the connection, as far as it was seen.
    pub(crate) fn account_ids(&self, slot: &Slot) -> Vec<NamedValue> {
        slot.lock().connection.account_ids().to_vec()
    }

    /// The connection as the store has it now.
    async fn read(&self, connection: &Connection, asked: Now) -> Result<Connection, OAuthError> {
        let (stored, store_now) = match self.around.load(connection.key()).await {
            Input::Loaded { stored, store_now } => (stored, store_now),
            Input::StoreFailed(StoreFailure::Locked) => return Err(store_locked()),
            _ => return Err(store_unavailable()),
        };
        connection.read(stored.as_ref(), store_now, asked)
    }

    async fn ask(self: &Arc<Self>, slot: &Arc<Slot>, command: Command) -> Ended {
        if let Some(outcome) = slot.lock().served(&command, self.around.now()) {
            return Ok(outcome);
        }
        self.put(slot, command)?.wait().await
    }

    /// Puts a job into a slot, or finds one that will do, and has it carried out when it is its turn.
    fn put(self: &Arc<Self>, slot: &Arc<Slot>, command: Command) -> Result<Arc<Job>, OAuthError> {
        let mut state = slot.lock();
        if state.holding {
            return Err(store_unavailable());
        }
        if let Some(job) = state.shared(&command) {
            return Ok(job);
        }
        let pass = self.gate.enter().ok_or_else(closed)?;
        let job = Job::new(command);
        if state.running.is_some() {
            state.queue.push_back((job.clone(), pass));
        } else {
            state.running = Some(job.clone());
            drop(state);
            self.start(slot.clone(), job.clone(), pass);
        }
        Ok(job)
    }

    pub(crate) fn start(self: &Arc<Self>, slot: Arc<Slot>, job: Arc<Job>, pass: Pass) {
        let run = Run::new(self.clone(), slot, job, pass);
        self.around.spawn(Box::pin(run.perform()));
    }

    /// Sends beside the work; the reply comes into its inbox.
    pub(crate) fn exchange(self: &Arc<Self>, inbox: &Arc<Inbox>, id: StepId, send: Request) {
        let mut reply = inbox.expect(id);
        let engine = self.clone();
        self.around.spawn(Box::pin(async move {
            if engine.around.now().is_past(send.send_by) {
                return;
            }
            reply.begin();
            let input = engine.around.send(&send).await;
            reply.give(input);
        }));
    }

    pub(crate) fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, key: &str, event: Event) {
        let listener = self.listener.read().unwrap_or_else(PoisonError::into_inner).clone();
        wake::call(|| listener(key, event));
    }
}

impl<P> core::fmt::Debug for Engine<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let known = self.slots.lock().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "{} of {:?}", known, self.client)
    }
}

/// The host's code panicked, or the runtime or the operating system does not run the task.
pub(crate) fn broken_off() -> OAuthError {
    OAuthError::new(
        Party::Host,
        ErrorCode::OutcomeUnknown,
        Action::RetryAfter { delay_ms: 1_000 },
        "the work was broken off: the host's code panicked, or there is no thread or runtime to run it; the record tells the next one where to go on",
    )
}

fn closed() -> OAuthError {
    OAuthError::misuse("these connections are closed; nothing new is begun")
}

/// A work never ends with the outcome of another command.
pub(crate) fn odd() -> OAuthError {
    OAuthError::misuse("this outcome belongs to another command")
}
