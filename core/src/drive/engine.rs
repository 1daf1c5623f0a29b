//! Works on many connections of one client: the same for threads and for futures.
//!
//! Callers put jobs into the slot of a connection and wait; a job is carried out by a task of its own, so that a caller who
//! goes away changes nothing. At most one job per slot is carried out. Every exchange is a task of its own too: its work
//! goes on when it has waited long enough, and a late answer is handed in when it comes, also after the end of the job;
//! what is to be done about it is then done beside the next job, as if by another worker.

use std::boxed::Box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::vec::Vec;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::connection::health::Health;
use crate::connection::value::Connection;
use crate::drive::gate::Gate;
use crate::drive::inbox::Inbox;
use crate::drive::peers::Peers;
use crate::drive::slot::{Slot, Slots};
use crate::drive::surroundings::Surroundings;
use crate::drive::wake;
use crate::flow::event::Event;
use crate::flow::faults::{store_locked, store_unavailable};
use crate::flow::input::{Input, StoreFailure};
use crate::flow::step::{Send as Request, StepId};
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
