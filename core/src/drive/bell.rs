//! What wakes a work that waits: an answer came.

use core::task::{Context, Poll, Waker};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rings when an answer came for a work that waits.
///
/// Only a host with a clock of its own meets it, in [`crate::drive::host::Host::wait_or_bell`].
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<State>,
    rings: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    waker: Option<Waker>,
}

impl Bell {
    /// Waits until it rings, at most that many milliseconds; whether it has rung.
    pub fn wait(&self, delay_ms: i64) -> bool {
        let limit = Duration::from_millis(u64::try_from(delay_ms).unwrap_or(0));
        let waited = self.rings.wait_timeout_while(self.lock(), limit, |state| !state.rung);
        waited.unwrap_or_else(PoisonError::into_inner).0.rung
    }

    /// Whether it has rung.
    pub fn is_rung(&self) -> bool {
        self.lock().rung
    }

    pub(crate) fn ring(&self) {
        let waker = {
            let mut state = self.lock();
            state.rung = true;
            state.waker.take()
        };
        self.rings.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn silence(&self) {
        self.lock().rung = false;
    }

    /// Ready once it has rung. One task at a time.
    pub(crate) fn poll_rung(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.rung {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
