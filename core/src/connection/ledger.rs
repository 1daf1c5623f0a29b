//! The ledger of one connection: what is stored about its tokens and about every attempt to renew them.
//!
//! One attempt is one request that may have spent the refresh token. It is written down before the request leaves, and
//! its fate is its own: what is learnt about one attempt never changes what is known, or not known, about another. All
//! rules read this ledger; no flag anywhere sums it up. Every function here is pure.
//!
//! All times are the store's clock, in milliseconds.

use alloc::vec::Vec;

use crate::base::error::ReauthorizationReason;
use crate::base::time::MAX_MS;
use crate::connection::tokens::TokenSet;

/// The most attempts that are kept; past them the one that tells least is forgotten.
pub const MOST_ATTEMPTS: usize = 8;

/// The most logins that are kept, likewise.
pub const MOST_LOGINS: usize = 4;

/// What is stored about one connection, as far as the protocol reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Ledger<T> {
    /// Whether it lives.
    pub status: Status,
    /// The order of the consent that the tokens come from; 0 before the first one.
    pub order: i64,
    /// The tokens in use.
    pub tokens: Option<Held<T>>,
    /// When the old refresh token was first put at risk; `None` while nothing is at risk.
    pub window: Option<Opening>,
    /// No attempt before this moment: a server asked for patience. It outlives the attempts.
    pub not_before: i64,
    /// The attempts on the current refresh token, by ascending number.
    pub attempts: Vec<Attempt<T>>,
    /// The number of the next attempt; none is ever used twice.
    pub next_attempt: i64,
    /// The order of the next consent; none is ever used twice.
    pub next_order: i64,
    /// Refreshes that a resource's 401 caused, and when the last of them was.
    pub unauthorized: Repeated,
    /// Failures in a row that spent nothing, and when the last of them was.
    pub not_spent: Repeated,
    /// A refusal that no rule knows, and how often it came in a row.
    pub refusal: Option<Streak>,
    /// Refusals of the client, in a row.
    pub client_refused: Option<Streak>,
    /// The login that the consent in use came from, as a hash of its state and code.
    pub login: Option<u128>,
    /// Logins that are not in use, by ascending order.
    pub logins: Vec<Login>,
}

/// The same thing, several times in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Streak {
    /// A hash of what it was.
    pub sign: u64,
    /// How often.
    pub times: i64,
    /// The first time.
    pub since: i64,
    /// The last time.
    pub last: i64,
}

/// One login that may have spent its authorization code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Login {
    /// The order of the consent that may come of it.
    pub order: i64,
    /// A hash of its state and code, so that a repeated callback finds it again.
    pub digest: u128,
    /// Who exchanges its code: 128 random bits of one work.
    pub holder: u128,
    /// The store's clock before the first claim.
    pub claimed: i64,
    /// The exchange leaves before this moment, or not at all.
    pub send_by: i64,
    /// How often the code was put at risk.
    pub tries: i64,
    /// How it ended.
    pub fate: LoginFate,
}

/// How a login ended that is not in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum LoginFate {
    /// Nobody has said; its holder may have the answer.
    Open,
    /// The exchange is over at its sender, and nobody knows whether the server acted.
    Closed,
    /// The code was certainly not looked at.
    NotSpent,
    /// Nothing comes of it any more: refused, superseded by a later login, or silent for too long.
    Lost,
    /// Its answer was for another account than the connection's.
    OtherAccount,
}

/// Something that happened several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Repeated {
    /// How often.
    pub times: i64,
    /// The last time.
    pub at: i64,
}

/// Whether a connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Status {
    /// There was never a consent.
    Unconnected,
    /// There is a consent, and for all that is known it is good.
    Live,
    /// The consent is gone, and only a user can give a new one. A late answer may still bring it back.
    NeedsReauthorization {
        /// Why.
        reason: ReauthorizationReason,
        /// Since when.
        since: i64,
    },
    /// The host disconnected. Final for its consent.
    Closed {
        /// Since when.
        since: i64,
    },
}

/// The tokens in use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Held<T> {
    /// Counts the sets of tokens; it never decreases.
    pub generation: i64,
    /// The tokens themselves.
    pub tokens: T,
    /// When they were saved.
    pub born_at: i64,
    /// Until when the access token is good, counted from the claim of the attempt that brought it.
    pub access_not_after: i64,
    /// Until when the refresh token may lie unused, where that is known.
    pub idle_deadline: Option<i64>,
    /// When the consent ends whatever is done, where that is known.
    pub hard_deadline: Option<i64>,
}

/// A window in which the old refresh token still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Opening {
    /// The store's clock before the first claim: the server cannot have rotated earlier.
    pub at: i64,
    /// How many last chances there were; each opened a window of its own.
    pub last_chances: i64,
}

/// One request that may have spent the refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Attempt<T> {
    /// Its number within the connection.
    pub number: i64,
    /// Who sends it: 128 random bits of one work.
    pub holder: u128,
    /// The store's clock before the claim.
    pub claimed: i64,
    /// It leaves before this moment, or not at all.
    pub send_by: i64,
    /// How it ended.
    pub fate: Fate<T>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Fate<T> {
    /// Nobody has said; its holder may have the answer.
    Open,
    /// The exchange is over at its sender, and nobody knows whether the server acted.
    Closed,
    /// The refresh token was certainly not looked at.
    NotSpent,
    /// The server refused the refresh token.
    Rejected {
        /// The code it used also means other things with this provider.
        doubtful: bool,
    },
    /// Tokens came; they wait until no higher attempt can be answered any more.
    Answered(T),
}

impl<T> Fate<T> {
    /// Whether the server may have acted without anybody knowing how.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Open | Self::Closed)
    }

    /// Whether nothing can come of it any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::NotSpent | Self::Rejected { .. })
    }
}

/// What a worker learnt about one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Report<T> {
    /// What was sent.
    pub ticket: Ticket,
    /// What became of it.
    pub outcome: Learnt<T>,
}

/// Which attempt a request belongs to: it travels with the request and comes back with whatever came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Ticket {
    /// The order of the consent.
    pub order: i64,
    /// The generation of the refresh token that was sent; 0 where it was the code of a login.
    pub generation: i64,
    /// The attempt's number, or which try of the login it is.
    pub number: i64,
    /// Its holder.
    pub holder: u128,
    /// When it was claimed.
    pub claimed: i64,
    /// Until when it may be sent, on the store's clock.
    pub send_by: i64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Learnt<T> {
    /// The exchange is over, and nobody knows whether the server acted.
    Closed {
        /// A hash of a refusal (4xx) that no rule knows; the same one again and again is a verdict in the end.
        sign: Option<u64>,
    },
    /// The credential was certainly not looked at.
    NotSpent {
        /// How long the provider asks to wait.
        retry_after: Option<i64>,
        /// It never left this process, so there is nothing to wait for.
        unsent: bool,
        /// The provider refused the client.
        client_refused: bool,
    },
    /// The server refused the refresh token.
    Rejected {
        /// The code it used also means other things with this provider.
        doubtful: bool,
    },
    /// Tokens came.
    Answered(T),
}

impl<T: TokenSet> Held<T> {
    /// When the request was claimed that brought them; `None` where their life is too long to tell.
    pub(crate) fn asked_at(&self) -> Option<i64> {
        let life = self.tokens.access_life().unwrap_or(0);
        // INVARIANT: the end is counted from the claim, and capped.
        (self.access_not_after < MAX_MS).then(|| self.access_not_after.saturating_sub(life))
    }
}

impl Ticket {
    /// Whether the request exchanges the code of a login.
    pub fn is_login(&self) -> bool {
        self.generation == 0
    }
}

impl<T: TokenSet> Ledger<T> {
    /// A connection that was never connected.
    pub fn unconnected() -> Self {
        Self {
            status: Status::Unconnected,
            order: 0,
            tokens: None,
            window: None,
            not_before: 0,
            attempts: Vec::new(),
            next_attempt: 1,
            next_order: 1,
            unauthorized: Repeated::default(),
            not_spent: Repeated::default(),
            refusal: None,
            client_refused: None,
            login: None,
            logins: Vec::new(),
        }
    }

    /// A connection with these tokens, as a login or the host's own import brings them at `at`.
    pub fn connected(tokens: T, at: i64) -> Self {
        let mut ledger = Self::unconnected();
        ledger.next_order = 2;
        ledger.renew(1, tokens, at, at);
        ledger
    }

    /// The current generation; 0 before the first tokens.
    pub fn generation(&self) -> i64 {
        self.tokens.as_ref().map_or(0, |held| held.generation)
    }

    /// Puts tokens in use that were asked for at `claimed` and are saved at `now`.
    pub(crate) fn renew(&mut self, order: i64, tokens: T, claimed: i64, now: i64) {
        let after = |life: i64| claimed.saturating_add(life).min(MAX_MS);
        let before = self.tokens.take();
        let (idle, hard) = (tokens.idle_life(), tokens.hard_life());
        let same_consent = before.as_ref().filter(|_| order == self.order);
        let known = same_consent.and_then(|held| held.hard_deadline);
        self.tokens = Some(Held {
            generation: before.as_ref().map_or(1, |held| held.generation.saturating_add(1)),
            born_at: now,
            access_not_after: tokens.access_life().map_or(claimed, after),
            idle_deadline: idle.map(after),
            // Within one consent it never moves away: a profile's fallback counts from the consent, not from each answer.
            hard_deadline: match (hard.map(after), known) {
                (Some(told), Some(known)) => Some(told.min(known)),
                (told, known) => told.or(known),
            },
            tokens,
        });
        self.order = order;
        self.attempts.clear();
        self.window = None;
        self.not_spent = Repeated::default();
        self.refusal = None;
        self.client_refused = None;
        self.status = Status::Live;
    }
}
