//! What a work decides that wants tokens by refreshing them: whether, when, and when to give up.

use alloc::boxed::Box;

use crate::base::error::ReauthorizationReason;
use crate::base::time::{MAX_MS, Now};
use crate::connection::decision::{Decision, wait_until, watch};
use crate::connection::ending;
use crate::connection::ledger::{Attempt, Fate, Held, Ledger, Opening, Status};
use crate::connection::policy::{Policy, doubled};
use crate::connection::rules::Rule;
use crate::connection::tokens::TokenSet;
use crate::connection::wanted::{Wanted, once_more, wanted};
use crate::connection::worker::{End, Goal, Seen, Worker};

/// The next move of a work that wants tokens.
pub(super) fn decide<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, now: Now) -> Decision<T> {
    let (ledger, store_now) = (&seen.ledger, seen.store_now);
    match ledger.status {
        Status::Unconnected => return Decision::Done(End::Unconnected),
        Status::Closed { .. } => return ending::closed(policy, worker.goal, ledger),
        Status::NeedsReauthorization { since, .. } => return ending::given_up(policy, ledger, since, store_now),
        Status::Live => {}
    }
    let Some(highest) = ledger.attempts.last() else {
        return match wanted(policy, worker, ledger, store_now) {
            Wanted::No => Decision::Done(End::Token),
            Wanted::NotYet(delay) => Decision::Done(End::FreshTokenRejected { delay }),
            Wanted::Counted => {
                let mut counted = ledger.clone();
                counted.unauthorized = once_more(ledger.unauthorized, store_now, policy.longest_pace);
                Decision::Save(Box::new(counted))
            }
            Wanted::Never => Decision::save(ledger.give_up_for(ReauthorizationReason::NoRefreshToken, store_now)),
            // Answers without a usable access token: one work does not rotate on and on.
            Wanted::Now
                if worker
                    .began
                    .is_some_and(|began| ledger.generation() > began.saturating_add(1)) =>
            {
                let delay = policy.fresh_access;
                Decision::Done(End::RetryAfter { delay })
            }
            Wanted::Now if is_user_gone(policy, worker, seen, now) => Decision::save(leave_user(ledger, store_now)),
            Wanted::Now => behind_logins(policy, ledger, store_now)
                .or_else(|| wait_until(ledger.not_before, store_now))
                .unwrap_or(Decision::Claim { last_chance: false }),
        };
    };
    if let Some(wait) = behind_logins(policy, ledger, store_now) {
        return wait;
    }
    let opening = ledger.window.unwrap_or(Opening {
        at: highest.claimed,
        last_chances: 0,
    });
    if highest.fate == Fate::NotSpent && is_user_gone(policy, worker, seen, now) {
        return close(policy, worker, seen, opening, now);
    }
    let confirms = if is_rejected(policy, ledger) {
        match confirmation(policy, ledger, highest) {
            Some(delay) => Some(highest.send_by.saturating_add(delay)),
            None => return close(policy, worker, seen, opening, now),
        }
    } else {
        None
    };
    let last = policy.last_claim(opening.at);
    let ready = match &highest.fate {
        Fate::Open => highest.send_by.saturating_add(policy.silence),
        Fate::Closed | Fate::Answered(_) => backed_off(policy, ledger, highest, opening),
        Fate::Rejected { .. } => confirms.unwrap_or(0),
        Fate::NotSpent => 0,
    };
    let patience = if policy.rules.has(Rule::CapRetryAfter) && store_now <= last {
        ledger.not_before.min(two_before_last(policy, last))
    } else {
        ledger.not_before
    };
    let since = match highest.fate {
        Fate::Open => highest.claimed,
        // Nobody else does anything before.
        _ => 0,
    };
    if let Some(wait) = watch(policy, since, ready.max(patience), store_now) {
        return wait;
    }
    if confirms.is_some() || store_now <= last || !policy.rules.has(Rule::WindowLimit) {
        return Decision::Claim { last_chance: false };
    }
    close(policy, worker, seen, opening, now)
}

/// The next attempt after one that ended without a result: when the request is certainly dead, and not faster than with
/// doubling waits, but never so late that the window is wasted.
fn backed_off<T>(policy: &Policy, ledger: &Ledger<T>, highest: &Attempt<T>, opening: Opening) -> i64 {
    let dead = if policy.rules.has(Rule::DeadSpacing) {
        // Past it, not at it: at the last moment the request may still be taken.
        highest.send_by.saturating_add(policy.transit).saturating_add(1)
    } else {
        highest.claimed
    };
    let tried = ledger
        .attempts
        .iter()
        .filter(|attempt| attempt.claimed >= opening.at)
        .count();
    let tried = i64::try_from(tried).unwrap_or(MAX_MS).saturating_sub(1);
    let wait = doubled(
        policy.send_within.saturating_add(policy.transit),
        tried,
        policy.longest_pace,
    );
    let latest = before_last(policy, policy.last_claim(opening.at));
    highest.claimed.saturating_add(wait).min(latest).max(dead)
}

/// A moment before the last one of a window, so that a worker that wakes a little late does not miss it.
fn before_last(policy: &Policy, last: i64) -> i64 {
    last.saturating_sub(policy.send_within)
}

/// The last moment from which two attempts still fit, the first of them silent: for as long a provider's wish for patience is
/// obeyed while an attempt is in doubt. One alone could be lost as well.
fn two_before_last(policy: &Policy, last: i64) -> i64 {
    let spacing = policy.send_within.saturating_add(policy.silence);
    before_last(policy, last).saturating_sub(spacing)
}

/// Whether the highest attempt was rejected. A lower one's rejection proves nothing: the attempts after it may have been
/// answered.
fn is_rejected<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>) -> bool {
    if !policy.rules.has(Rule::HighestRejection) {
        return ledger.first_rejected().is_some();
    }
    let highest = ledger.attempts.last();
    highest.is_some_and(|highest| matches!(highest.fate, Fate::Rejected { .. }))
}

/// How long to wait before the next confirmation of a rejection; `None` when it is believed.
fn confirmation<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, highest: &Attempt<T>) -> Option<i64> {
    if !policy.rules.has(Rule::Confirm) {
        return None;
    }
    let doubtful = |attempt: &Attempt<T>| attempt.fate == Fate::Rejected { doubtful: true };
    let first = ledger.first_rejected().unwrap_or(highest);
    let is_young = ledger
        .tokens
        .as_ref()
        .is_some_and(|held| first.claimed.saturating_sub(held.born_at) < policy.fresh);
    if !is_young && !ledger.attempts.iter().any(doubtful) {
        return None;
    }
    let rejected = |attempt: &&Attempt<T>| matches!(attempt.fate, Fate::Rejected { .. });
    let times = ledger.attempts.iter().filter(rejected).count();
    policy.confirmations.get(times.saturating_sub(1)).copied()
}

/// No further attempt is allowed in this window, or the highest was rejected and that is believed.
fn close<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, opening: Opening, now: Now) -> Decision<T> {
    let ledger = &seen.ledger;
    let store_now = seen.store_now;
    let user_gone = is_user_gone(policy, worker, seen, now);
    let is_rejected = is_rejected(policy, ledger) || user_gone;
    if policy.rules.has(Rule::Patience)
        && let Some(wait) = wait_until(end_of_patience(policy, worker.goal, ledger, opening), store_now)
    {
        return wait;
    }
    if !is_rejected && opening.last_chances > 0 && !ledger.has_answer() {
        let pace = doubled(policy.pace, opening.last_chances.saturating_sub(1), policy.longest_pace);
        if let Some(wait) = wait_until(policy.window_end(opening.at).saturating_add(pace), store_now) {
            return wait;
        }
    }
    // It keeps a process that wakes up from spending again what its own socket already answers.
    let limit = policy.transit.saturating_mul(2);
    let breathed = worker
        .breath
        .is_some_and(|breath| breath.version == seen.version && now.longest_since(breath.since) <= limit);
    if policy.rules.has(Rule::Breath) && !breathed {
        return Decision::Breathe;
    }
    let promoted = ledger
        .promote(store_now)
        .filter(|_| policy.rules.has(Rule::PromoteAtClose));
    match promoted {
        Some(ledger) => Decision::save(ledger),
        None if user_gone => Decision::save(leave_user(ledger, store_now)),
        None if is_rejected => Decision::save(ledger.give_up(store_now)),
        None => Decision::Claim { last_chance: true },
    }
}

/// How long a silent holder may still bring the answer, counted from the end of the window: at least as long as
/// [`Policy::patience`], and while the access token lives, because nobody needs another one before.
fn end_of_patience<T: TokenSet>(policy: &Policy, goal: Goal, ledger: &Ledger<T>, opening: Opening) -> i64 {
    let open = ledger.attempts.iter().filter(|attempt| attempt.fate == Fate::Open);
    let Some(silent) = open.map(|attempt| attempt.send_by.saturating_add(policy.silence)).max() else {
        return 0;
    };
    // Where a resource rejects the access token, or the consent itself is in doubt, that life is worth nothing.
    let worthless = |held: &Held<T>| match goal {
        Goal::Unauthorized { generation } | Goal::Verify { generation } => held.generation <= generation,
        _ => false,
    };
    let held = ledger.tokens.as_ref().filter(|held| !worthless(held));
    let lives_until = held.map_or(0, |held| held.access_not_after);
    let end = if policy.window >= Policy::UNLIMITED {
        silent
    } else {
        policy.window_end(opening.at).max(silent)
    };
    let most = end.saturating_add(policy.remembrance);
    end.saturating_add(policy.patience).max(lives_until.min(most))
}

/// While a code may be at risk, no refresh token is: where a new code kills the old tokens, the refresh would be taken
/// for a theft, or its refusal for the end.
fn behind_logins<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, store_now: i64) -> Option<Decision<T>> {
    if !policy.rules.has(Rule::LoginBeforeRefresh) {
        return None;
    }
    let login = ledger.unknown_logins().last()?;
    watch(policy, login.claimed, ledger.end_of_login(policy, login), store_now)
}

/// Whether only this connection's client authentication is refused, again and again, and once more after another connection
/// of the same client has succeeded: then it is not the client, but the user who consented. A success after the last
/// refusal proves nothing: the client may have been mended in between.
fn is_user_gone<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, now: Now) -> bool {
    let (Some(refused), Some(ago)) = (seen.ledger.client_refused, worker.others_succeeded) else {
        return false;
    };
    // INVARIANT: two lengths of time are compared, not two clocks.
    let since_success = ago.saturating_add(now.longest_since(worker.begun));
    let ago = |moment: i64| seen.store_now.saturating_sub(moment);
    refused.times >= policy.refusals && since_success < ago(refused.since) && since_success > ago(refused.last)
}

fn leave_user<T: TokenSet>(ledger: &Ledger<T>, store_now: i64) -> Ledger<T> {
    ledger.give_up_for(ReauthorizationReason::AuthorizingUserGone, store_now)
}
