//! What callers ask of a connection: answered from memory, by a work that is under way, or by one of its own.

use core::time::Duration;
use std::boxed::Box;
use std::sync::Arc;

use crate::base::error::{ErrorCode, OAuthError};
use crate::connection::command::{Adoption, Command, Finish};
use crate::drive::engine::Engine;
use crate::drive::finished::{Finished, odd};
use crate::drive::job::{Ended, Job};
use crate::drive::run;
use crate::drive::slot::Slot;
use crate::drive::surroundings::Surroundings;
use crate::flow::faults::store_unavailable;
use crate::flow::outcome::Outcome;
use crate::message::access_token::AccessToken;

impl<P: Surroundings> Engine<P> {
    pub(crate) async fn token(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        min_life: Duration,
    ) -> Result<AccessToken, OAuthError> {
        let now = self.around().now();
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
                slot.lock().token(self.around().now(), Duration::ZERO).ok_or(error)
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

    async fn ask(self: &Arc<Self>, slot: &Arc<Slot>, command: Command) -> Ended {
        if let Some(outcome) = slot.lock().served(&command, self.around().now()) {
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
        let pass = self.gate().enter().ok_or_else(closed)?;
        let job = Job::new(command);
        if state.running.is_some() {
            state.queue.push_back((job.clone(), pass));
        } else {
            state.running = Some(job.clone());
            drop(state);
            run::start(self, slot.clone(), job.clone(), pass);
        }
        Ok(job)
    }
}

fn closed() -> OAuthError {
    OAuthError::misuse("these connections are closed; nothing new is begun")
}
