//! A worker and what it does, may be told, and ends with: the words of the table in [`crate::connection::transition`].

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::base::time::{MAX_MS, Now};
use crate::connection::ledger::{Learnt, Ledger, Report, Ticket};
use crate::connection::tokens::TokenSet;

/// One worker: the state of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Worker<T> {
    /// Its name in the ledger: 128 random bits.
    pub holder: u128,
    /// What it is for.
    pub goal: Goal,
    /// The generation that it found first.
    pub began: Option<i64>,
    /// The ledger as it was last read or written.
    pub seen: Option<Seen<T>>,
    /// What it has learnt and not yet seen in the ledger.
    pub hand: Vec<Report<T>>,
    /// When it began to hold its breath, and over which version.
    pub breath: Option<Breath>,
    /// The login whose claim is saved and whose request has not left, and the moment by which it must.
    pub pledge: Option<(Ticket, Now)>,
    /// Whether it has seen the connection closed that it is to close.
    pub closed: bool,
    /// The tokens to adopt.
    pub adopts: Option<T>,
    /// How much of what chance may add is added, in parts per thousand: workers do not refresh in step.
    pub jitter: i64,
    /// How long ago another connection of the same client last succeeded, in milliseconds when the work began.
    pub others_succeeded: Option<i64>,
    /// When it began.
    pub begun: Now,
    /// What it does now.
    pub step: Step<T>,
}

/// What a worker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Goal {
    /// An access token with so much life left, or a fresh one.
    Obtain {
        /// Milliseconds.
        min_life: i64,
    },
    /// A resource answered 401 to the access token of this generation.
    Unauthorized {
        /// The generation.
        generation: i64,
    },
    /// Somebody says that the consent of this generation is gone: find out.
    Verify {
        /// The generation.
        generation: i64,
    },
    /// Use the refresh token before it is idle for too long.
    KeepAlive,
    /// The host does not want the connection any more.
    Disconnect,
    /// Exchange the authorization code of the login with this hash, and make what comes back the tokens in use.
    Finish {
        /// The hash of its state and code.
        digest: u128,
    },
    /// Make the tokens that the host hands in ([`Worker::adopts`]) those in use.
    Adopt {
        /// A hash of them, so that a repetition changes nothing.
        digest: u128,
    },
    /// Nothing more than to write down what is in the hand.
    Settle,
}

/// A ledger as the store had it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Seen<T> {
    /// The ledger.
    pub ledger: Ledger<T>,
    /// Its version.
    pub version: i64,
    /// The store's clock with the answer.
    pub store_now: i64,
    /// When the store was asked, on the host's clocks.
    pub asked: Now,
}

impl<T> Seen<T> {
    /// The latest that the store's clock may show.
    pub(crate) fn latest(&self, now: Now) -> i64 {
        self.store_now.saturating_add(now.longest_since(self.asked)).min(MAX_MS)
    }
}

/// A short wait before a decision that cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Breath {
    /// Since when.
    pub since: Now,
    /// The version of the ledger over which it is held.
    pub version: i64,
}

/// What a worker does now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Step<T> {
    /// Reads the ledger.
    Load {
        /// When the store was asked.
        asked: Now,
    },
    /// Writes a ledger, if the store still has the expected version.
    Save {
        /// When the store was asked.
        asked: Now,
        /// The version that must be there.
        expect: i64,
        /// The ledger, stored as version `expect` + 1.
        ledger: Box<Ledger<T>>,
        /// The claim in it, and the moment by which its request must leave.
        claim: Option<(Ticket, Now)>,
    },
    /// Sends the request of a saved attempt, and waits for the answer.
    Send {
        /// The attempt.
        ticket: Ticket,
        /// The tokens whose refresh token is spent.
        tokens: T,
        /// Past this moment on either clock it must not leave.
        send_by: Now,
        /// From this moment on the worker does not wait for it any longer; the exchange goes on.
        silent_at: Now,
    },
    /// Exchanges the authorization code of a saved login, and waits for the answer.
    Exchange {
        /// The login.
        ticket: Ticket,
        /// Past this moment on either clock it must not leave.
        send_by: Now,
        /// From this moment on the worker does not wait for it any longer; the exchange goes on.
        silent_at: Now,
    },
    /// Revokes tokens that nobody wants any more. Answered by `Revoked`.
    Revoke {
        /// The tokens.
        tokens: T,
    },
    /// Waits, for so many milliseconds.
    Wait {
        /// Since when.
        since: Now,
        /// How long.
        delay: i64,
    },
    /// The end; late answers are still taken.
    Done(End),
}

/// How a work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum End {
    /// The tokens of the ledger last seen are good.
    Token,
    /// What came late is written down; nothing more was asked for.
    Settled,
    /// The login is finished: its tokens are in use.
    Connected,
    /// Nothing comes of the login; begin another. What was there before is kept.
    LoginLost,
    /// The login was for another account than the connection's, which is kept.
    DifferentAccount,
    /// The user must authorize again; the ledger says why.
    NeedsReauthorization,
    /// The host disconnected.
    Closed,
    /// There was never a consent.
    Unconnected,
    /// A resource rejects an access token that is too young to be replaced; ask again later.
    FreshTokenRejected {
        /// In so many milliseconds.
        delay: i64,
    },
    /// Nothing is lost, but it takes longer than a work may wait.
    RetryAfter {
        /// In so many milliseconds.
        delay: i64,
    },
    /// The store does not answer, and nothing is in the hand.
    StoreUnavailable,
}

/// Something that happened to a worker, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Event<T> {
    /// The host's clocks.
    pub now: Now,
    /// What happened.
    pub what: What<T>,
}

/// What happened to a worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum What<T> {
    /// The ledger was read.
    Loaded {
        /// The ledger.
        ledger: Ledger<T>,
        /// Its version; 0 where there is none.
        version: i64,
        /// The store's clock.
        store_now: i64,
    },
    /// The ledger was written.
    Saved {
        /// The store's clock.
        store_now: i64,
    },
    /// The store has another version than expected.
    Conflict {
        /// What it has.
        ledger: Ledger<T>,
        /// The version of that.
        version: i64,
        /// The store's clock.
        store_now: i64,
    },
    /// The store failed.
    StoreFailed {
        /// Nobody knows whether it acted.
        unknown: bool,
    },
    /// Something was learnt about a request, this worker's current one or an earlier one.
    Learnt(Report<T>),
    /// The host does not wait any longer for the current request; its exchange goes on.
    Silent,
    /// The request to revoke is over, however it ended.
    Revoked,
    /// The wait is over.
    Woke,
}

impl<T> Event<T> {
    /// An event at a moment.
    pub fn new(now: Now, what: What<T>) -> Self {
        Self { now, what }
    }
}

impl<T> Report<T> {
    /// A report about an attempt.
    pub fn new(ticket: Ticket, outcome: Learnt<T>) -> Self {
        Self { ticket, outcome }
    }
}

/// Whether an event gave a worker something else to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The step is another one: it is to be performed.
    NewStep,
    /// The step is the one before: it is still being performed.
    SameStep,
    /// The event does not answer the step; nothing has changed.
    Misplaced,
}

/// A new worker, about to load.
pub fn begin<T: TokenSet>(holder: u128, goal: Goal, now: Now) -> Worker<T> {
    Worker {
        holder,
        goal,
        began: None,
        seen: None,
        hand: Vec::new(),
        breath: None,
        pledge: None,
        closed: false,
        adopts: None,
        jitter: 0,
        others_succeeded: None,
        begun: now,
        step: Step::Load { asked: now },
    }
}
