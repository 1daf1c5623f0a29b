//! What a work decides that brings a new consent: by exchanging a code, or by taking over tokens.
//!
//! A login is written down before its code leaves, as an attempt is. From then on no refresh begins, and the exchange
//! waits for the requests of those that began before. A code is exchanged a second time only when its sender saw the
//! first exchange end and the request is certainly dead, and never after a later login.

use crate::base::time::Now;
use crate::connection::decision::{Decision, wait_until, watch};
use crate::connection::ledger::{Attempt, Fate, Ledger, Login, LoginFate, Status};
use crate::connection::policy::Policy;
use crate::connection::refresh;
use crate::connection::rules::Rule;
use crate::connection::tokens::TokenSet;
use crate::connection::worker::{End, Seen, Worker};

/// How often a code may be put at risk.
const TRIES: i64 = 2;

/// The next move of a work that finishes the login with this digest.
pub(super) fn finish<T: TokenSet>(
    policy: &Policy,
    worker: &Worker<T>,
    seen: &Seen<T>,
    digest: u128,
    now: Now,
) -> Decision<T> {
    let (ledger, store_now) = (&seen.ledger, seen.store_now);
    if let Some((ticket, send_by)) = worker.pledge {
        return match ledger.claimed_login(&ticket) {
            Some(login) if !now.is_past(send_by) && !is_superseded(policy, ledger, login) => {
                living_attempts(policy, ledger, store_now).unwrap_or(Decision::Exchange { ticket, send_by })
            }
            _ => Decision::Withdraw(ticket),
        };
    }
    if ledger.login == Some(digest) {
        let lives = matches!(ledger.status, Status::Live | Status::NeedsReauthorization { .. });
        return Decision::Done(if lives { End::Connected } else { End::LoginLost });
    }
    let Some(login) = ledger.login_of(digest) else {
        return before_login(policy, ledger, store_now)
            .or_else(|| rescue(policy, worker, seen, now))
            .unwrap_or(Decision::ClaimLogin { digest });
    };
    if login.order < ledger.order && is_superseded(policy, ledger, login) {
        return Decision::Done(End::LoginLost);
    }
    let ready = match login.fate {
        LoginFate::OtherAccount => return Decision::Done(End::DifferentAccount),
        LoginFate::Lost => return Decision::Done(End::LoginLost),
        LoginFate::Open => return await_other(policy, login, digest, store_now),
        LoginFate::NotSpent => ledger.not_before,
        LoginFate::Closed => login.lives_until(policy).saturating_add(1),
    };
    let possible =
        !is_superseded(policy, ledger, login) && login.tries < TRIES && ready.max(store_now) <= login.code_ends(policy);
    // Also where nothing more can be done, nobody else begins anything before the request is dead.
    if (possible || login.fate == LoginFate::Closed)
        && let Some(wait) = wait_until(ready, store_now)
    {
        return wait;
    }
    if possible {
        return Decision::ClaimLogin { digest };
    }
    Decision::save(ledger.lose_login(login.order))
}

/// Waits for the answer of whoever exchanges the same code, as long as the code may live. The exchange stays open: a later
/// answer is still taken, and until then nobody refreshes.
fn await_other<T>(policy: &Policy, login: &Login, digest: u128, store_now: i64) -> Decision<T> {
    let silent_at = login.silent_at(policy).saturating_add(1);
    let (end, then) = match policy.rules.has(Rule::SilentLoginStays) {
        true => (login.code_ends(policy).max(silent_at), Decision::Done(End::LoginLost)),
        false => (silent_at, Decision::ClaimLogin { digest }),
    };
    watch(policy, login.claimed, end, store_now).unwrap_or(then)
}

/// The next move of a work that takes over the tokens in its hand.
pub(super) fn adopt<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, digest: u128) -> Decision<T> {
    let (ledger, store_now) = (&seen.ledger, seen.store_now);
    if ledger.login == Some(digest) && ledger.status == Status::Live {
        return Decision::Done(End::Connected);
    }
    let Some(tokens) = &worker.adopts else {
        return Decision::Done(End::LoginLost);
    };
    if ledger.is_of_another_account(tokens) {
        return Decision::Done(End::DifferentAccount);
    }
    before_login(policy, ledger, store_now)
        .or_else(|| living_attempts(policy, ledger, store_now))
        .unwrap_or_else(|| Decision::save(ledger.adopt(tokens.clone(), digest, store_now)))
}

/// The ledger without the logins that nobody finishes any more, where there are any.
pub(super) fn without_abandoned<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, store_now: i64) -> Option<Ledger<T>> {
    let abandoned = |login: &&Login| ledger.end_of_login(policy, login) <= store_now;
    let login = ledger.unknown_logins().find(abandoned)?;
    Some(ledger.lose_login(login.order))
}

fn is_superseded<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, login: &Login) -> bool {
    policy.rules.has(Rule::SupersededStays) && ledger.is_superseded(login)
}

/// Waits for the logins before a new one: for the answer of one that is open, as long as it may be on its way; and
/// always until no request can arrive any more, because it could kill what comes of the new one.
fn before_login<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, store_now: i64) -> Option<Decision<T>> {
    let ends = |login: &Login| {
        let waits_for_answer = login.fate == LoginFate::Open && login.order > ledger.order;
        let end = if waits_for_answer {
            login.silent_at(policy)
        } else {
            login.lives_until(policy)
        };
        end.saturating_add(1)
    };
    let unknown = ledger.logins.iter().filter(|login| login.fate.is_unknown());
    let last = unknown.max_by_key(|login| ends(login))?;
    watch(policy, last.claimed, ends(last), store_now)
}

/// A refresh token that is at risk comes first, where its window may be over before the login is: once that is written
/// down nobody may repeat the refresh, and where nothing comes of it, the old consent would be lost as well. But only
/// while the code lives, because a user is waiting.
fn rescue<T: TokenSet>(policy: &Policy, worker: &Worker<T>, seen: &Seen<T>, now: Now) -> Option<Decision<T>> {
    let (ledger, store_now) = (&seen.ledger, seen.store_now);
    let open = ledger.window.filter(|_| ledger.status == Status::Live)?;
    let is_refused = |attempt: &Attempt<T>| matches!(attempt.fate, Fate::Rejected { .. });
    let in_doubt = ledger.attempts.last().is_some_and(|highest| !is_refused(highest));
    let last = policy.last_claim(open.at);
    let in_time = store_now <= last && now.longest_since(worker.begun) <= policy.rescue();
    let is_urgent = last < ledger.end_of_next_login(policy, store_now);
    let rescues = policy.rules.has(Rule::RefreshBeforeLogin)
        && in_doubt
        && in_time
        && is_urgent
        && ledger.unknown_logins().next().is_none();
    rescues.then(|| refresh::decide(policy, worker, seen, now))
}

/// Waits until no request of an earlier attempt can arrive any more: where a new code kills the old tokens, the attempt
/// would be taken for a theft.
fn living_attempts<T: TokenSet>(policy: &Policy, ledger: &Ledger<T>, store_now: i64) -> Option<Decision<T>> {
    if !policy.rules.has(Rule::ExchangeAfterAttempts) {
        return None;
    }
    let until = ledger.attempts_live_until(policy)?;
    let last = ledger.attempts.last().map_or(0, |attempt| attempt.claimed);
    watch(policy, last, until.saturating_add(1), store_now)
}
