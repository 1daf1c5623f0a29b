//! The tokens of one answer, named by the pairs of the server's kernel.

use evergrant::connection::tokens::TokenSet;
use evergrant_emulator::kernel::PairId;

use super::client::ACCESS_LIFE;

/// An access token and a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tokens {
    /// The pair whose access token it is.
    pub access: PairId,
    /// The pair whose refresh token it is.
    pub refresh: PairId,
}

impl TokenSet for Tokens {
    fn renews(&self, previous: Option<&Self>) -> bool {
        previous.is_none_or(|previous| previous.refresh != self.refresh)
    }

    fn inherit(&mut self, _previous: &Self) {}

    fn access_life(&self) -> Option<i64> {
        Some(ACCESS_LIFE)
    }

    fn idle_life(&self) -> Option<i64> {
        None
    }

    fn hard_life(&self) -> Option<i64> {
        None
    }

    fn is_of_another_account(&self, _other: &Self) -> bool {
        false
    }

    fn has_secrets(&self) -> bool {
        true
    }

    fn wipe(&mut self) {}
}
