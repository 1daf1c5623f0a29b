//! Counts what is under way, and lets nothing more in once it is closed.

use core::future::Future;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

#[derive(Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    closed: bool,
    inside: usize,
    wakers: Vec<Waker>,
}

/// Something that is under way, as long as it is not dropped.
pub(crate) struct Pass(Arc<Gate>);

impl Gate {
    /// `None`: it is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Pass> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        state.inside += 1;
        Some(Pass(self.clone()))
    }

    /// Closes it; ready when nothing is under way any more.
    pub(crate) fn close(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        self.lock().closed = true;
        core::future::poll_fn(move |context| {
            let mut state = self.lock();
            if state.inside == 0 {
                return Poll::Ready(());
            }
            if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                state.wakers.push(context.waker().clone());
            }
            Poll::Pending
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let wakers = {
            let mut state = self.0.lock();
            state.inside = state.inside.saturating_sub(1);
            if state.inside > 0 {
                return;
            }
            core::mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}
