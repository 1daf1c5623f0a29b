//! Client-credentials tokens for a program of many threads: one renewal at a time, callers wait only when there is none.

use std::string::String;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;
use std::vec::Vec;

use crate::base::error::OAuthError;
use crate::client::configuration::Client;
use crate::drive::host::Host;
use crate::drive::run;
use crate::drive::store::NoStore;
use crate::flow::event::Event;
use crate::flow::outcome::Outcome;
use crate::flow::service_token::{ServiceToken, ServiceTokenCommand};
use crate::flow::service_token_work::ServiceTokenWork;
use crate::message::access_token::AccessToken;

/// Live service tokens.
///
/// Callers wait only while there is no token: a renewal runs on a thread beside them. A clone shares the token. [`ServiceTokens::for_worker`] gives a further worker what the provider wants it to have: the
/// same token, or one of its own.
pub struct ServiceTokens<H> {
    host: Arc<H>,
    on_event: Arc<dyn Fn(Event) + Send + Sync>,
    cell: Arc<Cell>,
}

struct Cell {
    state: Mutex<State>,
    ended: Condvar,
}

struct State {
    token: ServiceToken,
    running: bool,
}

impl<H: Host + Send + Sync + 'static> ServiceTokens<H> {
    /// Service tokens of a client. Without scopes, the profile's default is asked for.
    pub fn new(client: Client, scopes: Vec<String>, host: H) -> Self {
        let cell = Arc::new(Cell::new(ServiceToken::new(client, scopes)));
        Self {
            host: Arc::new(host),
            on_event: Arc::new(|_| ()),
            cell,
        }
    }

    /// Has every event handed to `listener`.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.on_event = Arc::new(listener);
        self
    }

    /// The tokens for a further thread or worker: its own where the profile says one per worker (Wise), else these.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        let mut tokens = self.clone();
        let state = self.cell.lock();
        let (client, scopes) = (state.token.client().clone(), state.token.scopes.clone());
        if client.profile().service_token_per_worker() {
            tokens.cell = Arc::new(Cell::new(ServiceToken::new(client, scopes)));
        }
        tokens
    }

    /// A live token with at least `min_life` left; a fresh one where no token has that much.
    ///
    /// # Errors
    /// What the last attempt ended with, where no token lives.
    pub fn token(&self, min_life: Duration) -> Result<AccessToken, OAuthError> {
        self.ask(min_life, ServiceTokenCommand::Obtain { min_life })
    }

    /// A token in place of one that a resource answered with 401; the one in hand, where it is another already.
    ///
    /// # Errors
    /// As [`ServiceTokens::token`], and `fresh_token_rejected` where the rejected token was issued a moment ago.
    pub fn rejected(&self, token: &AccessToken) -> Result<AccessToken, OAuthError> {
        self.ask(
            Duration::ZERO,
            ServiceTokenCommand::Rejected {
                fingerprint: token.fingerprint(),
            },
        )
    }

    fn ask(&self, min_life: Duration, command: ServiceTokenCommand) -> Result<AccessToken, OAuthError> {
        let obtains = matches!(command, ServiceTokenCommand::Obtain { .. });
        let mut state = self.cell.lock();
        loop {
            let now = self.host.now();
            if let Some(token) = state.token.token(now, min_life).filter(|_| obtains).cloned() {
                if !state.running && state.token.wants_renewal(now) {
                    self.renew(state, command);
                }
                return Ok(token);
            }
            if !state.running {
                break;
            }
            state = self
                .cell
                .ended
                .wait(state)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        let entropy = self.host.entropy()?;
        let work = state.token.work(command, self.host.now(), entropy);
        state.running = true;
        drop(state);
        self.finish(work)
    }

    /// Renews beside the caller, who has a token that serves: entropy or a thread that cannot be had is no outage.
    fn renew(&self, mut state: MutexGuard<'_, State>, command: ServiceTokenCommand) {
        let Ok(entropy) = self.host.entropy() else { return };
        let work = state.token.work(command, self.host.now(), entropy);
        state.running = true;
        drop(state);
        let tokens = self.clone();
        let renewal = thread::Builder::new()
            .name("evergrant renewal".into())
            .spawn(move || tokens.finish(work));
        if renewal.is_err() {
            drop(End(&self.cell));
        }
    }

    /// Runs a work that `running` announces, and takes over what it leaves.
    fn finish(&self, mut work: ServiceTokenWork) -> Result<AccessToken, OAuthError> {
        // Ends the run also where the host's code panics, so that no other caller waits for ever.
        let end = End(&self.cell);
        let result = run(&*self.host, &NoStore, &mut work, |event| (self.on_event)(event));
        self.cell.lock().token = work.service_token().clone();
        drop(end);
        match result? {
            Outcome::ServiceToken(token) => Ok(token),
            // A service token ends with nothing else.
            _ => Err(OAuthError::misuse("this work is not a service token's")),
        }
    }
}

impl<H> Clone for ServiceTokens<H> {
    fn clone(&self) -> Self {
        Self {
            host: self.host.clone(),
            on_event: self.on_event.clone(),
            cell: self.cell.clone(),
        }
    }
}

impl<H> core::fmt::Debug for ServiceTokens<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("ServiceTokens").field(&self.cell.lock().token).finish()
    }
}

impl Cell {
    fn new(token: ServiceToken) -> Self {
        Self {
            state: Mutex::new(State { token, running: false }),
            ended: Condvar::new(),
        }
    }

    /// A value is only ever replaced whole, so a poisoned lock holds a good one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

struct End<'a>(&'a Cell);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.lock().running = false;
        self.0.ended.notify_all();
    }
}
