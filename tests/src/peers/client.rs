//! What the world asks of a client, whichever policy it follows.

use std::fmt::Debug;
use std::hash::Hash;

use evergrant::base::time::Now;
use evergrant_emulator::kernel::PairId;

use super::world::World;

/// How long an access token lives, in milliseconds: Airwallex's.
pub const ACCESS_LIFE: i64 = 300_000;

/// How long before the end of the access token everybody wants a new one.
pub const AHEAD: i64 = 60_000;

/// A policy for keeping one connection: what is stored, and what a process does.
pub trait Client: Sized + Clone + Eq + Hash + Debug {
    /// What the store holds.
    type Record: Clone + Eq + Hash + Debug;
    /// What a process knows.
    type Mind: Clone + Eq + Hash + Debug;
    /// What a process writes on a request, to know its answer by.
    type Tag: Clone + Eq + Hash + Debug;

    /// Whether a process that sent a request wishes for nothing else before the answer, or its lateness.
    const WAITS: bool = true;

    /// The record of a connection that got this pair at `born`.
    fn connected(&self, pair: PairId, born: i64) -> Self::Record;

    /// A process wants an access token; `holder` is a number that nobody else has.
    fn begin(&self, holder: u32, now: Now) -> Self::Mind;

    /// What a process wants to do now. All but a free client want one thing.
    fn wishes(&self, world: &World<Self>, process: usize) -> Vec<Wish<Self>>;

    /// Something happened to a process. `under_way`: its wish was begun. Says whether it wants another thing now.
    fn tell(&self, mind: &mut Self::Mind, under_way: bool, now: Now, heard: Heard<Self>) -> bool;

    /// The refresh tokens that a process has and has not saved yet.
    fn in_hand(&self, mind: &Self::Mind) -> Vec<PairId>;

    /// The refresh tokens that the store has.
    fn kept(&self, record: &Self::Record) -> Vec<PairId>;

    /// Whether the record says that the user must authorize again.
    fn asks_user(&self, record: &Self::Record) -> bool;

    /// How long a lock is held; `None` where it is held until its holder lets it go or dies.
    fn lock_life(&self) -> Option<i64> {
        None
    }
}

/// One thing that a process wants to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wish<C: Client> {
    /// Take the lock; it waits until the lock is free.
    Lock,
    /// Let the lock go, if it still has it.
    Unlock,
    /// Read the record.
    Load,
    /// Write the record; with a version, only over that one.
    Save(C::Record, Option<i64>),
    /// Send a refresh token.
    Send {
        /// The refresh token.
        refresh: PairId,
        /// How the answer is known.
        tag: C::Tag,
        /// Past this moment it does not leave.
        by: Option<Now>,
        /// From this moment on nobody waits for the answer.
        silent_at: i64,
        /// Then the exchange ends, and an answer finds nobody.
        hangs_up: bool,
    },
    /// Wait until then.
    Wait(i64),
    /// Done.
    Done(Done),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// With an access token that is good until then.
    Token(i64),
    /// The user must authorize again.
    Gone,
    /// With a failure; it is asked again after so many milliseconds.
    Again(i64),
}

/// Something that happens to a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Heard<C: Client> {
    /// It has the lock.
    Locked,
    /// It does not have the lock any more.
    Unlocked,
    /// The record, its version, the clock.
    Loaded(C::Record, i64, i64),
    /// The record is written; the clock.
    Saved(i64),
    /// The store has another version.
    Conflict(C::Record, i64, i64),
    /// The store failed; `true`: nobody knows whether it acted.
    StoreFailed(bool),
    /// It was too late to send.
    Unsent(C::Tag),
    /// What came of a request.
    Answer(C::Tag, Outcome),
    /// The answer is late.
    Silent,
    /// The wait is over.
    Woke,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Tokens.
    Tokens {
        /// The pair whose access token it is.
        access: PairId,
        /// The pair whose refresh token it is.
        refresh: PairId,
    },
    /// `invalid_grant`.
    Rejected,
    /// A 429 with its `Retry-After`.
    Throttled(i64),
    /// A 5xx, or a connection that ended.
    Unknown,
}
