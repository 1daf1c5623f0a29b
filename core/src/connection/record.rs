//! The record: everything that is stored about one connection, as one JSON value.
//!
//! The format has a major and a minor version. A minor one only adds members at the top level; a release that does not
//! know them keeps them when it writes, so releases of one major version can share a store. A major one is refused by
//! older releases, with the record untouched.
//!
//! A record holds the ledger, whom it belongs to, and nothing that a host configures: no client secret, no key.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::json::Json;
use crate::connection::ledger::{Ledger, Status};
use crate::message::callback::NamedValue;
use crate::message::pending::Consenter;
use crate::message::token_answer::Tokens;
use crate::provider::environment::Environment;

/// The format that this release writes: major, minor.
pub const FORMAT: (i64, i64) = (1, 0);

/// Everything that is stored about one connection.
///
/// It holds refresh tokens, so it prints redacted.
#[derive(Clone, PartialEq)]
pub struct Record {
    pub(crate) provider: String,
    pub(crate) environment: Environment,
    pub(crate) client_id: String,
    /// Pinned when the connection was made: tokens of one endpoint are never sent to another.
    pub(crate) token_endpoint: String,
    pub(crate) account_ids: Vec<NamedValue>,
    pub(crate) consent: Option<Consent>,
    pub(crate) evidence: Option<LastWords>,
    pub(crate) ledger: Ledger<Tokens>,
    /// The minor version that it was written with, where that is newer than this release's.
    pub(crate) newer_minor: Option<i64>,
    /// Members of a newer minor version, kept as they came.
    pub(crate) unknown: Vec<(String, Json)>,
}

/// One user's consent, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consent {
    /// 128 random bits in base64url.
    pub(crate) id: String,
    /// When, on the store's clock.
    pub(crate) at: i64,
    /// A hash of the login that it came from, so that a repeated callback finds its first outcome.
    pub(crate) login: Option<String>,
    pub(crate) scopes_asked: Vec<String>,
    pub(crate) consented_by: Option<Consenter>,
}

/// What the provider said when it refused the grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastWords {
    pub(crate) status: Option<i64>,
    pub(crate) oauth_error: Option<String>,
}

impl Record {
    /// The id of the provider's profile.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The environment.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The accounts that the consent is for, where the provider named them.
    pub fn account_ids(&self) -> &[NamedValue] {
        &self.account_ids
    }

    /// What the protocol reads of it.
    pub fn ledger(&self) -> &Ledger<Tokens> {
        &self.ledger
    }

    /// The status in a word, for queries over a store: `unconnected`, `live`, `needs_reauthorization`, `closed`.
    pub fn state(&self) -> &'static str {
        status_word(&self.ledger.status)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Record({} {}, {}, redacted)",
            self.provider,
            self.environment.as_str(),
            self.state()
        )
    }
}

pub(crate) fn status_word(status: &Status) -> &'static str {
    match status {
        Status::Unconnected => "unconnected",
        Status::Live => "live",
        Status::NeedsReauthorization { .. } => "needs_reauthorization",
        Status::Closed { .. } => "closed",
    }
}
