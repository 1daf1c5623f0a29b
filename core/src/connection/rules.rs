//! Which rules are in force: all of them, except in the proof that each one is needed.

/// One rule that can be switched off, to see what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Rule {
    /// A lower answer waits while a higher attempt may still be answered.
    CommitHighest,
    /// A new attempt waits until the request before it is processed or dead.
    DeadSpacing,
    /// No further attempt outside the window.
    WindowLimit,
    /// A last chance opens a window of its own.
    LastChanceWindow,
    /// While an attempt is open, the end of the window is followed by a long wait.
    Patience,
    /// Before a decision that cannot be taken back, a short wait in which late answers are taken.
    Breath,
    /// Only the highest attempt's rejection counts: the attempts after a lower one may have been answered.
    HighestRejection,
    /// A rejection of a very young refresh token, or by an ambiguous code, is confirmed.
    Confirm,
    /// At the end of the window the highest answer is committed.
    PromoteAtClose,
    /// A time-out ends the waiting, not the exchange.
    TimeoutStaysOpen,
    /// An attempt that was not spent leaves what is not known about the others.
    NotSpentKeepsLedger,
    /// `Retry-After` is capped at the end of the window.
    CapRetryAfter,
    /// An answer is taken whenever it comes.
    LateAnswers,
    /// An answer to a higher attempt replaces the one that was committed at the end of the window.
    Overtake,
    /// A late answer brings back a connection that was given up.
    Resurrect,
    /// A 5xx says nothing about whether the token was spent.
    ServerFaultIsUnknown,
    /// A token is served only after its pair is saved.
    ServeSaved,
    /// No attempt is claimed while the outcome of a login is unknown.
    LoginBeforeRefresh,
    /// A login waits for a refresh that is in doubt, or repeats it.
    RefreshBeforeLogin,
    /// A code is exchanged only when no request of an earlier attempt can arrive any more.
    ExchangeAfterAttempts,
    /// A code whose exchange is silent is not exchanged again.
    SilentLoginStays,
    /// A code is not exchanged after a later login.
    SupersededStays,
}

/// The rules in force. The default is all of them, and nothing else is meant for use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Rules {
    off: u32,
}

impl Rules {
    /// Every rule.
    pub const ALL: Self = Self { off: 0 };

    /// All rules but this one: for the proof only.
    #[doc(hidden)]
    #[must_use]
    pub const fn without(self, rule: Rule) -> Self {
        Self {
            off: self.off | (1 << rule as u32),
        }
    }

    /// Whether the rule is in force.
    pub const fn has(self, rule: Rule) -> bool {
        self.off & (1 << rule as u32) == 0
    }
}
