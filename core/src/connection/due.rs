//! When a record wants to be looked at, though nobody asks for a token.

use crate::base::digest::sha256_parts;
use crate::base::time::MAX_MS;
use crate::connection::ledger::{LoginFate, Status};
use crate::connection::policy::Policy;
use crate::connection::record::Record;
use crate::connection::tokens::TokenSet;
use crate::connection::wanted::share;

const DAY: i64 = 86_400_000;

impl Record {
    /// The moment of the store's clock at which a sweeper should run `KeepAlive`; `None`: never.
    ///
    /// A refresh token that may not lie unused is used after half of that time, spread by a hash of the key so that
    /// connections of one day do not come due together. What is unresolved, or left half done, is due at once.
    pub(crate) fn due(&self, policy: &Policy, key: &str) -> Option<i64> {
        let ledger = &self.ledger;
        let held = ledger.tokens.as_ref();
        let has_secrets = held.is_some_and(|held| held.tokens.has_secrets());
        let after = |moment: i64, wait: i64| moment.saturating_add(wait).min(MAX_MS);
        match ledger.status {
            Status::Unconnected => None,
            Status::Closed { since } => Some(since).filter(|_| has_secrets),
            Status::NeedsReauthorization { since, .. } => {
                Some(after(since, policy.remembrance)).filter(|_| has_secrets)
            }
            Status::Live => {
                let attempts = ledger.attempts.iter().map(|attempt| attempt.send_by);
                let waits = |fate| matches!(fate, LoginFate::Open | LoginFate::Closed);
                let logins = ledger.logins.iter().filter(|login| waits(login.fate));
                let unresolved = attempts.chain(logins.map(|login| login.send_by)).max();
                let unresolved = unresolved.map(|send_by| after(send_by, policy.silence));
                let idle = held.and_then(|held| {
                    let life = held.idle_deadline?.saturating_sub(held.born_at).max(0);
                    Some(
                        held.born_at
                            .saturating_add(life / 2)
                            .saturating_sub(share(life / 8, jitter(key))),
                    )
                });
                [unresolved, idle].into_iter().flatten().min()
            }
        }
    }

    /// An eighth of the idle life is left, which keep-alive should never let come about.
    pub(crate) fn idle_end_is_near(&self, now: i64) -> bool {
        let Some(held) = &self.ledger.tokens else { return false };
        held.idle_deadline.is_some_and(|end| {
            let life = end.saturating_sub(held.born_at);
            end.saturating_sub(now) < life / 8
        })
    }

    /// Two weeks are left, or a tenth of a consent that lives less long.
    pub(crate) fn hard_end_is_near(&self, now: i64) -> bool {
        let given = self.consent.as_ref().map_or(0, |consent| consent.at);
        let end = self.ledger.tokens.as_ref().and_then(|held| held.hard_deadline);
        end.is_some_and(|end| {
            let life = end.saturating_sub(given);
            end.saturating_sub(now) < (14 * DAY).min(life / 10)
        })
    }
}

/// The jitter of a key, in parts per thousand: always the same for one key.
pub(crate) fn jitter(key: &str) -> i64 {
    let hash = sha256_parts(&[b"evergrant spread", key.as_bytes()]);
    let [first, second, ..] = hash;
    i64::from(u16::from_be_bytes([first, second])) * 1_000 / 65_536
}
