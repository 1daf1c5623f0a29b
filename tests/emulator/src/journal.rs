//! What happened, in order. Never a token, a code or a secret.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::lock;

/// What an [`Entry`] tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum What {
    /// An authorize request was refused, on a page or by redirect.
    AuthorizeRefused,
    /// A user allowed the client.
    Allowed,
    /// A user refused the client, or may not consent.
    Refused,
    /// A code was exchanged; a grant began.
    CodeExchanged,
    /// A code exchange was refused.
    CodeRejected,
    /// A code was exchanged for the second time.
    CodeReused,
    /// A refresh was answered with tokens; the detail says how.
    Refreshed,
    /// A refresh was refused; the detail says why.
    RefreshRejected,
    /// An old refresh token was presented outside its grace and killed the grant.
    ReuseDetected,
    /// A second refresh with the same token at the same time was refused.
    ConcurrentRefused,
    /// A grant ended; the detail says why.
    GrantEnded,
    /// A service token was issued (client credentials).
    ServiceToken,
    /// A client failed to authenticate.
    ClientRejected,
    /// A token request was malformed.
    RequestRejected,
    /// A protected resource was served.
    ResourceServed,
    /// A protected resource was refused.
    ResourceRejected,
    /// A fault was injected; the detail says which.
    Fault,
    /// The state was changed from outside; the detail says how.
    Changed,
}

impl What {
    /// The name used in JSON, in snake_case.
    pub const fn name(self) -> &'static str {
        match self {
            What::AuthorizeRefused => "authorize_refused",
            What::Allowed => "allowed",
            What::Refused => "refused",
            What::CodeExchanged => "code_exchanged",
            What::CodeRejected => "code_rejected",
            What::CodeReused => "code_reused",
            What::Refreshed => "refreshed",
            What::RefreshRejected => "refresh_rejected",
            What::ReuseDetected => "reuse_detected",
            What::ConcurrentRefused => "concurrent_refused",
            What::GrantEnded => "grant_ended",
            What::ServiceToken => "service_token",
            What::ClientRejected => "client_rejected",
            What::RequestRejected => "request_rejected",
            What::ResourceServed => "resource_served",
            What::ResourceRejected => "resource_rejected",
            What::Fault => "fault",
            What::Changed => "changed",
        }
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When, by the emulated clock.
    pub at_ms: i64,
    /// At which provider.
    pub provider: &'static str,
    /// What.
    pub what: What,
    /// The account concerned, where there is one.
    pub account: Option<String>,
    /// The grant concerned, numbered per provider from 0.
    pub grant: Option<usize>,
    /// The pair of tokens concerned, numbered per grant from 0.
    pub pair: Option<u32>,
    /// More, in words.
    pub detail: String,
}

impl Entry {
    /// The entry as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "at_ms": self.at_ms,
            "provider": self.provider,
            "what": self.what.name(),
            "account": self.account,
            "grant": self.grant,
            "pair": self.pair,
            "detail": self.detail,
        })
    }
}

/// The list of what happened at all providers. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Vec<Entry>>>);

impl Journal {
    /// Everything so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        lock(&self.0).clone()
    }

    /// How often something happened at a provider (`airwallex`, `ofx`, `wise`, `generic`).
    pub fn count(&self, provider: &str, what: What) -> usize {
        lock(&self.0)
            .iter()
            .filter(|entry| entry.provider == provider && entry.what == what)
            .count()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(crate) fn push(&self, entry: Entry) {
        lock(&self.0).push(entry);
    }
}
