//! What the protocol must know about a set of tokens, and no more.

use alloc::vec::Vec;

use crate::base::time::MAX_MS;
use crate::message::callback::NamedValue;
use crate::message::token_answer::Tokens;

/// What an answer carried, as far as the protocol looks at it.
///
/// The table moves such values about and never looks inside, so it runs unchanged over real tokens and over the small
/// numbers of the proof.
pub trait TokenSet: Clone + PartialEq {
    /// Whether it carries a refresh token, and another one than `previous` had.
    fn renews(&self, previous: Option<&Self>) -> bool;

    /// Whether there is a refresh token at all.
    fn can_refresh(&self) -> bool {
        true
    }

    /// Takes over the refresh token of `previous` where it has none of its own (RFC 6749 section 6).
    fn inherit(&mut self, previous: &Self);

    /// The life of its access token in milliseconds from the claim: `None` where it has no access token, a very large
    /// number for one that never expires.
    fn access_life(&self) -> Option<i64>;

    /// How long its refresh token may lie unused.
    fn idle_life(&self) -> Option<i64>;

    /// How long the consent lives whatever is done.
    fn hard_life(&self) -> Option<i64>;

    /// Whether both name an account, and not the same one.
    fn is_of_another_account(&self, other: &Self) -> bool;

    /// Whether there is anything secret in it.
    fn has_secrets(&self) -> bool;

    /// Drops what is secret in it, and keeps the rest.
    fn wipe(&mut self);
}

impl TokenSet for Tokens {
    fn renews(&self, previous: Option<&Self>) -> bool {
        let before = previous.and_then(|previous| previous.refresh_token.as_ref());
        self.refresh_token.is_some() && self.refresh_token.as_ref() != before
    }

    fn can_refresh(&self) -> bool {
        self.refresh_token.is_some()
    }

    fn inherit(&mut self, previous: &Self) {
        add_accounts(&mut self.account_ids, &previous.account_ids);
        if self.refresh_token.is_none() {
            self.refresh_token.clone_from(&previous.refresh_token);
            self.refresh_idle_ms = self.refresh_idle_ms.or(previous.refresh_idle_ms);
            self.refresh_hard_ms = self.refresh_hard_ms.or(previous.refresh_hard_ms);
        }
    }

    fn access_life(&self) -> Option<i64> {
        self.access_token.as_ref()?;
        Some(self.access_life_ms.unwrap_or(MAX_MS))
    }

    fn idle_life(&self) -> Option<i64> {
        self.refresh_idle_ms
    }

    fn hard_life(&self) -> Option<i64> {
        self.refresh_hard_ms
    }

    fn is_of_another_account(&self, other: &Self) -> bool {
        are_other_accounts(&self.account_ids, &other.account_ids)
    }

    fn has_secrets(&self) -> bool {
        self.access_token.is_some() || self.refresh_token.is_some()
    }

    fn wipe(&mut self) {
        self.access_token = None;
        self.refresh_token = None;
    }
}

/// Whether both name an account, and not the same one.
pub(crate) fn are_other_accounts(these: &[NamedValue], those: &[NamedValue]) -> bool {
    let differs = |this: &NamedValue| {
        let same_name = those.iter().find(|that| that.name == this.name);
        same_name.is_some_and(|that| that.value != this.value)
    };
    these.iter().any(differs)
}

/// Adds the accounts whose names are not there yet.
pub(crate) fn add_accounts(ids: &mut Vec<NamedValue>, more: &[NamedValue]) {
    for id in more {
        if ids.iter().all(|known| known.name != id.name) {
            ids.push(id.clone());
        }
    }
}
