//! What may be decided over a ledger that was read a moment ago.

use alloc::boxed::Box;

use crate::base::time::Now;
use crate::connection::ledger::{Ledger, Ticket};
use crate::connection::policy::Policy;
use crate::connection::worker::End;

/// What to do about a ledger that was read a moment ago.
pub(super) enum Decision<T> {
    Done(End),
    Wait(i64),
    Breathe,
    Save(Box<Ledger<T>>),
    Claim {
        last_chance: bool,
    },
    ClaimLogin {
        digest: u128,
    },
    Exchange {
        ticket: Ticket,
        send_by: Now,
    },
    /// The request of a claimed login is not sent.
    Withdraw(Ticket),
    Revoke(T),
}

impl<T> Decision<T> {
    pub(super) fn save(ledger: Ledger<T>) -> Self {
        Self::Save(Box::new(ledger))
    }
}

/// Waits until a moment, where that is not past.
pub(super) fn wait_until<T>(moment: i64, store_now: i64) -> Option<Decision<T>> {
    let delay = moment.saturating_sub(store_now);
    (delay > 0).then_some(Decision::Wait(delay))
}

/// Waits for what another work does since a moment: until `end` at most, and looks now and then, because it is over in a
/// second as a rule. The looks are as far apart as the wait is old.
pub(super) fn watch<T>(policy: &Policy, since: i64, end: i64, store_now: i64) -> Option<Decision<T>> {
    let look = store_now.saturating_sub(since).max(policy.store_wait);
    wait_until(end.min(store_now.saturating_add(look)), store_now)
}
