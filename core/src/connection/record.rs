//! The record: everything that is stored about one connection, as one JSON value.
//!
//! The format has a major and a minor version. A minor one only adds members at the top level; a release that does not
//! know them keeps them when it writes, so releases of one major version can share a store. A major one is refused by
//! older releases, with the record untouched.
//!
//! A record holds the ledger, whom it belongs to, and nothing that a host configures: no client secret, no key.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::json::Json;
use crate::client::configuration::Client;
use crate::connection::ledger::{Ledger, Status};
use crate::flow::stored::Stored;
use crate::message::callback::NamedValue;
use crate::message::pending::Consenter;
use crate::message::token_answer::{EvidenceKind, Tokens};
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
    pub(crate) consent: Option<Consent>,
    pub(crate) evidence: Option<LastWords>,
    pub(crate) counters: Counters,
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
    pub(crate) scopes_asked: Vec<String>,
    pub(crate) consented_by: Option<Consenter>,
}

/// What the provider said when it refused the grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastWords {
    pub(crate) status: Option<i64>,
    pub(crate) oauth_error: Option<String>,
}

/// What happened so far, for those who look after the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// The last time that tokens came, on the store's clock.
    pub(crate) last_success: Option<i64>,
    /// What went wrong since then.
    pub(crate) last_failure: Option<Failure>,
    /// Requests of which nobody knew how they ended.
    pub(crate) unknown_outcomes: i64,
    /// Tokens that came although an attempt before had failed.
    pub(crate) recovered: i64,
    /// Refusals of the refresh token.
    pub(crate) rejections: i64,
}

/// Failures in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: EvidenceKind,
    pub(crate) words: LastWords,
    /// The first of them, on the store's clock.
    pub(crate) since: i64,
    /// The last of them.
    pub(crate) at: i64,
    pub(crate) times: i64,
}

impl Record {
    /// The record of a connection that was never made.
    pub(crate) fn unconnected(client: &Client) -> Self {
        Self {
            provider: client.profile().id().to_owned(),
            environment: client.environment(),
            client_id: client.client_id().to_owned(),
            token_endpoint: client.token_endpoint().as_str().to_owned(),
            consent: None,
            evidence: None,
            counters: Counters::default(),
            ledger: Ledger::unconnected(),
            newer_minor: None,
            unknown: Vec::new(),
        }
    }

    /// What a store has for this client.
    pub(crate) fn stored(stored: Option<&Stored>, client: &Client) -> Result<Self, OAuthError> {
        let Some(stored) = stored else {
            return Ok(Self::unconnected(client));
        };
        if stored.version() < 1 {
            return Err(OAuthError::configuration(
                ErrorCode::InvalidRecord,
                "a stored record has version 1 or more; the store does not keep the version that it was given",
            )
            .at("version"));
        }
        let text = core::str::from_utf8(stored.record());
        let record = Self::from_json(text.unwrap_or_default())?;
        record.check_client(client)?;
        Ok(record)
    }

    /// Whether the record belongs to this client: tokens of one provider, environment, client and endpoint are never
    /// used with another.
    pub(crate) fn check_client(&self, client: &Client) -> Result<(), OAuthError> {
        let fault = |code, field: &str, message: &str| Err(OAuthError::configuration(code, message).at(field));
        if self.provider != client.profile().id() || self.client_id != client.client_id() {
            return fault(
                ErrorCode::WrongProvider,
                "key",
                "the record under this key belongs to another provider or client; use another key, or the client that made it",
            );
        }
        if self.environment != client.environment() {
            return fault(
                ErrorCode::WrongEnvironment,
                "key",
                "the record under this key was made in another environment; use another store or key",
            );
        }
        if self.token_endpoint != client.token_endpoint().as_str() {
            return fault(
                ErrorCode::InvalidConfiguration,
                "endpoints.token",
                "the connection was made at another token endpoint, and its tokens go nowhere else; restore the endpoint, or connect anew under another key",
            );
        }
        Ok(())
    }

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
        let held = self.ledger.tokens.as_ref();
        held.map(|held| held.tokens.account_ids.as_slice()).unwrap_or_default()
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
