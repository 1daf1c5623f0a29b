//! Tokens as small numbers.

use evergrant::connection::tokens::TokenSet;
use evergrant_emulator::kernel::PairId;

/// The life of an access token in the model, in milliseconds: Airwallex's.
pub const ACCESS_LIFE: i64 = 300_000;

/// A token that was wiped.
const WIPED: PairId = PairId(u32::MAX);

/// The tokens of one answer, named by the pairs of the server's kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// Which of the provider's grants they belong to.
    pub grant: u8,
    /// The account that they are for.
    pub account: u8,
    /// The pair whose access token it is.
    pub access: PairId,
    /// The pair whose refresh token it is.
    pub refresh: PairId,
}

impl Pair {
    /// Both tokens of the first pair of a grant.
    pub const fn first(grant: u8, account: u8) -> Self {
        Self {
            grant,
            account,
            access: PairId::FIRST,
            refresh: PairId::FIRST,
        }
    }
}

impl TokenSet for Pair {
    fn renews(&self, previous: Option<&Self>) -> bool {
        previous.is_none_or(|previous| (previous.grant, previous.refresh) != (self.grant, self.refresh))
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

    fn is_of_another_account(&self, other: &Self) -> bool {
        self.account != other.account
    }

    fn has_secrets(&self) -> bool {
        self.refresh != WIPED
    }

    fn wipe(&mut self) {
        (self.access, self.refresh) = (WIPED, WIPED);
    }
}
