//! One command that waits its turn or is carried out, and who waits for what comes of it.

use core::future::Future;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::base::error::OAuthError;
use crate::connection::command::Command;
use crate::flow::outcome::Outcome;

pub(crate) type Ended = Result<Outcome, OAuthError>;

pub(crate) struct Job {
    pub(crate) command: Command,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ended: Option<Ended>,
    wakers: Vec<Waker>,
}

impl Job {
    pub(crate) fn new(command: Command) -> Arc<Self> {
        Arc::new(Self {
            command,
            state: Mutex::default(),
        })
    }

    /// Tells everybody who waits, once. Later words about it are not heard.
    pub(crate) fn end(&self, ended: Ended) {
        let wakers = {
            let mut state = self.lock();
            state.ended.get_or_insert(ended);
            core::mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// What comes of it. Whoever stops waiting changes nothing.
    pub(crate) fn wait(self: Arc<Self>) -> impl Future<Output = Ended> + Send {
        core::future::poll_fn(move |context| {
            let mut state = self.lock();
            if let Some(ended) = &state.ended {
                return Poll::Ready(ended.clone());
            }
            if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                state.wakers.push(context.waker().clone());
            }
            Poll::Pending
        })
    }

    /// Whether who asks for `command` may have what comes of this one, that is carried out already.
    pub(crate) fn answers(&self, command: &Command) -> bool {
        match (&self.command, command) {
            (Command::Obtain { min_life: has }, Command::Obtain { min_life: wanted }) => has >= wanted,
            (Command::Rejected { fingerprint: one }, Command::Rejected { fingerprint: other }) => one == other,
            (Command::KeepAlive, Command::KeepAlive) | (Command::Disconnect, Command::Disconnect) => true,
            _ => false,
        }
    }

    /// The same, where this one has not begun: what it will find, nobody has seen yet.
    pub(crate) fn will_answer(&self, command: &Command) -> bool {
        self.answers(command) || matches!((&self.command, command), (Command::Signal, Command::Signal))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
