//! Tokens as small numbers.

use evergrant::connection::tokens::TokenSet;
use evergrant_emulator::kernel::PairId;

/// The life of an access token in the model, in milliseconds: Airwallex's.
pub const ACCESS_LIFE: i64 = 300_000;

/// The tokens of one answer, named by the pairs of the server's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The pair whose access token it is.
    pub access: PairId,
    /// The pair whose refresh token it is.
    pub refresh: PairId,
}

impl Pair {
    /// Both tokens of one pair.
    pub const fn whole(pair: PairId) -> Self {
        Self {
            access: pair,
            refresh: pair,
        }
    }
}

impl TokenSet for Pair {
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
