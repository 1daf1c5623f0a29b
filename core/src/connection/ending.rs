//! What is done with a consent that is over: closed, revoked, wiped.

use crate::connection::decision::Decision;
use crate::connection::ledger::{Ledger, Status};
use crate::connection::policy::Policy;
use crate::connection::tokens::TokenSet;
use crate::connection::worker::{End, Goal, Seen, Worker};

/// The host disconnects. Each step leaves a ledger from which the next work goes on.
pub(super) fn disconnect<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>) -> Decision<T> {
    match seen.ledger.status {
        Status::Closed { .. } => closed(policy, worker.goal, &seen.ledger),
        // A login came after the closing: that consent is another one.
        _ if worker.closed => Decision::Done(End::Closed),
        _ => {
            let closed = seen.ledger.close(seen.store_now);
            Decision::save(if policy.revokes { closed } else { closed.wipe() })
        }
    }
}

/// The connection is closed; whoever has time for it revokes and wipes what is left.
pub(super) fn closed<T: TokenSet>(policy: &Policy, goal: Goal, ledger: &Ledger<T>) -> Decision<T> {
    let held = ledger.tokens.as_ref().filter(|held| held.tokens.has_secrets());
    match held {
        Some(held) if matches!(goal, Goal::Disconnect | Goal::KeepAlive) => match policy.revokes {
            true => Decision::Revoke(held.tokens.clone()),
            false => Decision::save(ledger.wipe()),
        },
        _ => Decision::Done(End::Closed),
    }
}

/// The consent is gone: its secrets are kept for a late answer, but not for ever.
pub(super) fn given_up<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, since: i64, store_now: i64) -> Decision<T> {
    let is_old = store_now.saturating_sub(since) > policy.remembrance;
    if is_old && ledger.has_secrets() {
        return Decision::save(ledger.wipe());
    }
    Decision::Done(End::NeedsReauthorization)
}
