//! An authorization code: one use, a life, and what a second use does.

use super::policy::{Policy, Reuse, lives};

/// One authorization code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Code {
    issued_at: i64,
    spent: bool,
}

/// What became of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CodeVerdict {
    /// A grant is issued; the code is spent.
    Granted,
    /// Its life is over.
    Expired,
    /// It was exchanged before; the grant it was exchanged for stays.
    Reused,
    /// It was exchanged before; the caller kills the grant it was exchanged for (RFC 6749 section 4.1.2).
    ReusedKill,
}

impl Code {
    /// A code issued at `now`.
    pub const fn new(policy: &Policy, now: i64) -> Code {
        Code {
            issued_at: if policy.code_ms > 0 { now } else { 0 },
            spent: false,
        }
    }

    /// Exchanges it.
    pub const fn redeem(&mut self, policy: &Policy, now: i64) -> CodeVerdict {
        if self.spent {
            return match policy.code_reuse {
                Reuse::Kills => CodeVerdict::ReusedKill,
                Reuse::Harmless => CodeVerdict::Reused,
            };
        }
        if !lives(self.issued_at, policy.code_ms, now) {
            return CodeVerdict::Expired;
        }
        self.spent = true;
        CodeVerdict::Granted
    }
}
