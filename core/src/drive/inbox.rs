//! Where the exchanges of one work hand in what came of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::drive::bell::Bell;
use crate::flow::input::Input;
use crate::flow::step::StepId;

/// The inbox of one work.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) bell: Bell,
    post: Mutex<Post>,
}

#[derive(Default)]
struct Post {
    /// Exchanges that are not over.
    open: usize,
    messages: Vec<(StepId, Input)>,
}

impl Inbox {
    /// An exchange begins.
    pub(crate) fn expect(self: &Arc<Self>, id: StepId) -> Reply {
        self.lock().open += 1;
        Reply {
            inbox: self.clone(),
            id,
            // Until it has begun, certainly nothing was sent.
            input: Some(Input::NotSent),
        }
    }

    /// What has come.
    pub(crate) fn take(&self) -> Vec<(StepId, Input)> {
        self.bell.silence();
        core::mem::take(&mut self.lock().messages)
    }

    /// Whether every exchange is over and nothing lies here.
    pub(crate) fn is_done(&self) -> bool {
        let post = self.lock();
        post.open == 0 && post.messages.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reply of one exchange: handed in when it is dropped, so that an exchange whose code panics has one too.
pub(crate) struct Reply {
    inbox: Arc<Inbox>,
    id: StepId,
    input: Option<Input>,
}

impl Reply {
    /// From here on the request may have left.
    pub(crate) fn begin(&mut self) {
        self.input = Some(Input::NoAnswer {
            over: true,
            partial: None,
        });
    }

    /// The exchange is over.
    pub(crate) fn give(mut self, input: Input) {
        self.input = Some(input);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(input) = self.input.take() {
            let mut post = self.inbox.lock();
            post.open = post.open.saturating_sub(1);
            post.messages.push((self.id, input));
        }
        self.inbox.bell.ring();
    }
}
