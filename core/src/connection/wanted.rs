//! When tokens are wanted other than those in use.

use crate::connection::ledger::{Held, Ledger, Repeated};
use crate::connection::policy::{Policy, doubled};
use crate::connection::tokens::TokenSet;
use crate::connection::worker::{Goal, Worker};

/// Whether a refresh is wanted where no attempt is unresolved.
pub(super) enum Wanted {
    No,
    Now,
    /// A resource rejects a token that is too young to be replaced.
    NotYet(i64),
    /// There is no refresh token, and a resource rejects an access token that should live: that is counted.
    Counted,
    /// There is no refresh token, and the access token is over, or rejected for long.
    Never,
}

pub(super) fn wanted<T: TokenSet>(policy: &Policy, worker: &Worker<T>, ledger: &Ledger<T>, store_now: i64) -> Wanted {
    let Some(held) = &ledger.tokens else { return Wanted::No };
    let when = |wanted: bool| if wanted { Wanted::Now } else { Wanted::No };
    if !held.tokens.can_refresh() {
        return irreplaceable(policy, worker.goal, ledger, held, store_now);
    }
    match worker.goal {
        Goal::Disconnect | Goal::Settle | Goal::Finish { .. } | Goal::Adopt { .. } => Wanted::No,
        Goal::Obtain { min_life } => {
            let life = held.tokens.access_life().unwrap_or(0);
            let spread = share(life / 10, worker.jitter);
            let ahead = policy.ahead_of(life).saturating_add(spread);
            let needed = policy.needed(min_life.max(ahead), life);
            when(held.access_not_after.saturating_sub(store_now) < needed)
        }
        Goal::Verify { generation } => when(held.generation <= generation),
        Goal::KeepAlive => when(held.idle_deadline.is_some_and(|deadline| {
            let idle = deadline.saturating_sub(held.born_at);
            let due = (idle / 2).saturating_sub(share(idle / 8, worker.jitter));
            store_now >= held.born_at.saturating_add(due)
        })),
        Goal::Unauthorized { generation } => {
            if held.generation > generation {
                return Wanted::No;
            }
            let times = ledger.unauthorized.times;
            let spaced = spaced(policy, ledger.unauthorized);
            let aged = held.born_at.saturating_add(policy.fresh_access);
            match spaced.max(aged).saturating_sub(store_now) {
                delay if delay > 0 && times > 0 => Wanted::NotYet(delay),
                _ => Wanted::Now,
            }
        }
    }
}

/// An access token that cannot be renewed. One 401 is no proof that it is dead: a wrong host answers so as well.
fn irreplaceable<T>(policy: &Policy, goal: Goal, ledger: &Ledger<T>, held: &Held<T>, store_now: i64) -> Wanted {
    let is_over = held.access_not_after <= store_now;
    match goal {
        Goal::Obtain { .. } if is_over => Wanted::Never,
        Goal::Unauthorized { generation } if held.generation <= generation => {
            let wait = spaced(policy, ledger.unauthorized).saturating_sub(store_now);
            match ledger.unauthorized.times {
                _ if is_over => Wanted::Never,
                _ if wait > 0 => Wanted::NotYet(wait),
                times if times >= policy.refusals => Wanted::Never,
                _ => Wanted::Counted,
            }
        }
        _ => Wanted::No,
    }
}

/// The moment from which a 401 may lead to something again.
fn spaced(policy: &Policy, Repeated { times, at }: Repeated) -> i64 {
    let spacing = doubled(
        policy.unauthorized_spacing,
        times.saturating_sub(1),
        policy.longest_pace,
    );
    if times > 0 { at.saturating_add(spacing) } else { 0 }
}

/// So many parts per thousand of a length.
pub(super) fn share(length: i64, per_mille: i64) -> i64 {
    length / 1_000 * per_mille.clamp(0, 1_000)
}

/// A refresh that a 401 caused: one more, unless the last was long ago.
pub(super) fn once_more(before: Repeated, now: i64, longest: i64) -> Repeated {
    let recent = now.saturating_sub(before.at) < longest;
    Repeated {
        times: if recent { before.times.saturating_add(1) } else { 1 },
        at: now,
    }
}
