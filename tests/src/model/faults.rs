//! What may go wrong.

/// One thing that goes wrong once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fault {
    /// A worker is gone for ever, with what it had in its hand.
    Crash,
    /// A worker stands still for a while, shorter than the protocol's patience.
    ShortPause,
    /// A worker stands still for longer than the protocol's patience.
    LongPause,
    /// A request never arrives, and its sender does not notice.
    RequestLost,
    /// An answer never arrives, and its sender sees the connection end.
    AnswerLostNoticed,
    /// An answer never arrives, and its sender does not notice.
    AnswerLost,
    /// The sender sees the connection end while the request is still on its way.
    EarlyReset,
    /// A 5xx that was sent before the token was looked at.
    FaultBefore,
    /// A 5xx that was sent after the token was rotated.
    FaultAfter,
    /// A 429 with a long `Retry-After`.
    Throttled,
    /// An `invalid_grant` that is none.
    FalseRejection,
    /// An answer that takes longer than anybody waits.
    SlowAnswer,
    /// The store refuses a write.
    SaveFails,
    /// The store does a write and nobody hears of it.
    UnknownSaved,
    /// The store does not do a write, and nobody hears of that either.
    UnknownNotSaved,
    /// The store does not answer a read.
    LoadFails,
    /// The provider is away for longer than any window.
    Outage,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Crash,
        Self::ShortPause,
        Self::LongPause,
        Self::RequestLost,
        Self::AnswerLostNoticed,
        Self::AnswerLost,
        Self::EarlyReset,
        Self::FaultBefore,
        Self::FaultAfter,
        Self::Throttled,
        Self::FalseRejection,
        Self::SlowAnswer,
        Self::SaveFails,
        Self::UnknownSaved,
        Self::UnknownNotSaved,
        Self::LoadFails,
        Self::Outage,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Crash => "crashes",
            Self::ShortPause => "stands still for a while",
            Self::LongPause => "stands still for long",
            Self::RequestLost => "request is lost, unnoticed",
            Self::AnswerLostNoticed => "answer is lost, its sender sees the connection end",
            Self::AnswerLost => "answer is lost, unnoticed",
            Self::EarlyReset => "sender sees the connection end while the request lives",
            Self::FaultBefore => "is answered with a 5xx, token not looked at",
            Self::FaultAfter => "is answered with a 5xx, token rotated",
            Self::Throttled => "is answered with a 429",
            Self::FalseRejection => "is answered with a false invalid_grant",
            Self::SlowAnswer => "answer is slow",
            Self::SaveFails => "save fails",
            Self::UnknownSaved => "save is done, result unknown",
            Self::UnknownNotSaved => "save is not done, result unknown",
            Self::LoadFails => "load fails",
            Self::Outage => "the provider goes away",
        }
    }
}

/// A set of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultSet(u32);

impl FaultSet {
    /// Every fault.
    pub const ALL: Self = Self((1 << Fault::ALL.len()) - 1);

    /// These faults.
    pub fn of(faults: &[Fault]) -> Self {
        Self(faults.iter().fold(0, |set, fault| set | (1 << *fault as u32)))
    }

    /// All but these.
    pub fn without(self, faults: &[Fault]) -> Self {
        Self(self.0 & !Self::of(faults).0)
    }

    /// Whether the fault is in it.
    pub fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }
}
