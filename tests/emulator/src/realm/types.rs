//! What goes into a realm and comes out of it.

use crate::assertion::Key;
use crate::kernel::{Invalid, Issue, PairId};
use crate::mint::Shape;

/// A registered client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// More than one while a secret is being replaced; none for a public client.
    pub(crate) secrets: Vec<String>,
    pub(crate) redirect_uris: Vec<String>,
    /// For client assertions.
    pub(crate) keys: Vec<Key>,
}

impl Client {
    /// Whether it has nothing to authenticate with.
    pub(crate) fn is_public(&self) -> bool {
        self.secrets.is_empty() && self.keys.is_empty()
    }
}

/// An authorize request that waits for the user.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) scope: String,
    pub(crate) challenge: Option<String>,
}

/// Who allowed what.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) account: String,
    pub(crate) scope: String,
}

/// The shapes of the tokens that a realm issues.
#[derive(Clone, Copy)]
pub(crate) struct Shapes {
    pub(crate) access: Shape,
    pub(crate) refresh: Shape,
    pub(crate) code: Shape,
}

/// Tokens to be worded by a dialect.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) consent: Consent,
    pub(crate) grant: usize,
    pub(crate) pair: PairId,
    pub(crate) how: Issue,
    /// What is left of the access token's life, in milliseconds.
    pub(crate) access_ms: i64,
    /// What is left of the refresh token's life, in milliseconds.
    pub(crate) refresh_ms: i64,
    /// The older grants that a code exchange ended.
    pub(crate) superseded: Vec<usize>,
}

/// Why a code was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CodeRefusal {
    Unknown,
    WrongClient,
    Expired,
    Reused { killed: Option<usize> },
    WrongRedirectUri,
    WrongScope,
    WrongVerifier,
}

/// Why a refresh was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RefreshRefusal {
    Invalid(Invalid),
    WrongClient,
    WrongScope,
    Killed,
    Concurrent,
}

/// Whom an access token stands for.
#[derive(Clone, Debug)]
pub(crate) enum Bearer {
    User {
        consent: Consent,
        grant: usize,
        pair: PairId,
    },
    Service {
        client: String,
    },
}

/// What a code exchange brought.
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: Option<&'a str>,
    /// Where the dialect wants it, it must be the one of the authorize request.
    pub(crate) scope: Option<&'a str>,
}
