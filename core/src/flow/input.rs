//! What the host hands in.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::error::OAuthError;
use crate::base::http::HttpResponse;
use crate::client::assertion::SignatureEncoding;
use crate::flow::stored::Stored;

/// The answer to a step. Closed, like [`crate::flow::step::Step`].
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The store answered a `Load`.
    Loaded {
        /// The record, where there is one.
        stored: Option<Stored>,
        /// The store's clock, in milliseconds since 1970.
        store_now: i64,
    },
    /// The store did a `Save`.
    Saved {
        /// The store's clock.
        store_now: i64,
    },
    /// The store has another version than the `Save` expected.
    Conflict {
        /// What it has.
        stored: Option<Stored>,
        /// The store's clock.
        store_now: i64,
    },
    /// The store failed.
    StoreFailed(StoreFailure),
    /// A whole answer came.
    Answer(HttpResponse),
    /// The request certainly never left: no connection, or not one byte written.
    NotSent,
    /// No whole answer; the provider may have acted.
    NoAnswer {
        /// The exchange is over at this end: nothing can come any more. `false`: the host only stopped waiting.
        over: bool,
        /// Status, headers and the part of the body that was read.
        partial: Option<HttpResponse>,
    },
    /// The host signed.
    Signed {
        /// The signature's octets.
        signature: Vec<u8>,
        /// Their form.
        encoding: SignatureEncoding,
    },
    /// The host could not sign.
    SignFailed,
    /// The wait is over.
    Woke,
}

/// How a store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreFailure {
    /// It did not answer, and certainly did nothing.
    Down,
    /// It holds the record, but the key that opens it is missing.
    Locked,
    /// Nobody knows whether it acted.
    Unknown,
}

impl Input {
    /// This input does not answer the step that it was handed in for.
    pub(crate) fn unexpected(&self) -> OAuthError {
        let mut message = String::from("this input does not answer the step of this id: ");
        message.push_str(self.name());
        OAuthError::misuse(message)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Loaded { .. } => "loaded",
            Self::Saved { .. } => "saved",
            Self::Conflict { .. } => "conflict",
            Self::StoreFailed(_) => "store failed",
            Self::Answer(_) => "answer",
            Self::NotSent => "not sent",
            Self::NoAnswer { .. } => "no answer",
            Self::Signed { .. } => "signed",
            Self::SignFailed => "sign failed",
            Self::Woke => "woke",
        }
    }
}
