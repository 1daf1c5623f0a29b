//! The words of the kernel: what is presented to it, and what it says.

/// The number of a pair within its grant, in the order of issue; the first is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PairId(pub u32);

impl PairId {
    /// The pair that a grant begins with.
    pub const FIRST: PairId = PairId(0);
    pub(super) const NONE: PairId = PairId(u32::MAX);
}

/// Why a grant ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// An old refresh token was presented.
    Reuse,
    /// Its code was exchanged twice.
    CodeReuse,
    /// The user logged in again.
    Superseded,
    /// The user disconnected the client.
    Disconnected,
    /// The consenting user lost the role that consent needs.
    RoleLost,
    /// The consenting user was deleted.
    UserDeleted,
    /// The account was closed.
    AccountClosed,
    /// The client revoked it (RFC 7009).
    Revoked,
}

/// Whether a grant still gives tokens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Life {
    /// It does.
    Live,
    /// Its refresh tokens are dead, its access tokens live to their end.
    Ending(Reason),
    /// Everything issued from it is dead.
    Dead(Reason),
}

/// How a refresh was answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Issue {
    /// A new pair; the refresh token presented is now retired.
    Rotated,
    /// A new access token; the refresh token stays the same.
    Kept,
    /// The pair that the first use was answered with, once more.
    Repeated,
    /// Another pair beside those that the refresh token presented was answered with before.
    Sibling,
    /// Another pair; what was issued since the refresh token presented is dead.
    Newest,
}

/// Why a refresh token was refused without harm to the grant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Invalid {
    /// It was never issued.
    Unknown,
    /// Its life is over.
    Expired,
    /// It is old, and reuse is harmless here.
    Retired,
    /// The grant has ended.
    Ended(Reason),
}

/// What became of a refresh.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefreshVerdict {
    /// Tokens: the access token of one pair and the refresh token of another (the same one, except where nothing
    /// rotates).
    Issued {
        /// The pair whose access token is in the answer.
        access: PairId,
        /// The pair whose refresh token is in the answer.
        refresh: PairId,
        /// How.
        how: Issue,
    },
    /// Refused; the grant is as it was.
    Invalid(Invalid),
    /// An old token: the grant is dead from now on.
    KilledByReuse,
    /// Another refresh with the same token is being worked on.
    Concurrent,
}

/// What became of a request with an access token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AccessVerdict {
    /// Served.
    Live,
    /// Its life is over.
    Expired,
    /// It was killed before its end, never issued, or is over and forgotten.
    Killed,
}
