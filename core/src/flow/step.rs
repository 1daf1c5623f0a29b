//! What the host must do next.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::error::OAuthError;
use crate::base::http::HttpRequest;
use crate::base::json::MAX_BYTES;
use crate::base::time::Now;
use crate::flow::outcome::Outcome;
use crate::flow::stored::Stored;

pub use crate::client::assertion::{Sign, SignatureAlgorithm, SignatureEncoding};

/// Names one step of one machine; an input says which step it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(i64);

impl StepId {
    /// The id of this number, as [`StepId::number`] gave it.
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> i64 {
        self.0
    }
}

/// What the host must do next. Closed: variety goes into data, so that no host breaks with a later release.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Load the record of this key from the store. Answered by `Loaded` or `StoreFailed`.
    Load {
        /// The key.
        key: String,
    },
    /// Save a record, if the store still has the expected version. Answered by `Saved`, `Conflict` or `StoreFailed`.
    Save(Save),
    /// Send a request. Answered by `Answer`, `NotSent` or `NoAnswer`.
    Send(Send),
    /// Sign some bytes. Answered by `Signed` or `SignFailed`.
    Sign(Sign),
    /// Wait. Answered by `Woke`.
    Wait(Wait),
    /// The end. Answered by nothing, though a late answer to an earlier `Send` is still taken.
    Done(Box<Result<Outcome, OAuthError>>),
}

/// A compare-and-swap: store the record as `version` if the stored version is `expect`, else change nothing.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Save {
    /// The key.
    pub key: String,
    /// The version that must be stored now; 0: none.
    pub expect: i64,
    /// The version to store it as: `expect` + 1.
    pub version: i64,
    /// When the record wants to be looked at, in milliseconds of the store's clock; for the sweeper that keeps idle connections alive.
    pub due: Option<i64>,
    /// The connection's status in a word, for queries.
    pub state: String,
    /// The record.
    pub record: Stored,
}

/// A request, and how to send it. Redirects are not followed, and nothing repeats the request by itself.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Send {
    /// The request, to be sent exactly as it is.
    pub request: HttpRequest,
    /// Past this moment, on either clock, it must not be sent any more: answer `NotSent`.
    pub send_by: Now,
    /// How long to wait for the answer, in milliseconds; then answer `NoAnswer` with `over` false, go on with the next
    /// step, and keep listening until `timeout_ms` is over. Never longer than `timeout_ms`.
    pub wait_ms: i64,
    /// The time for the whole exchange, the body included, in milliseconds.
    pub timeout_ms: i64,
    /// The largest body to read, in bytes; past it answer `NoAnswer` with what was read.
    pub max_body_bytes: i64,
    /// The request needs the host's client certificate (mutual TLS).
    pub client_certificate: bool,
}

/// A request must have left within this many milliseconds of its step.
const SEND_WITHIN: i64 = 3_000;
/// The time for a whole exchange, in milliseconds.
const TIMEOUT: i64 = 30_000;

impl Send {
    /// A request that was built at `now`, to leave within three seconds and to be over within thirty.
    pub fn new(request: HttpRequest, now: Now, client_certificate: bool) -> Self {
        Self {
            request,
            send_by: now.later(SEND_WITHIN),
            wait_ms: TIMEOUT,
            timeout_ms: TIMEOUT,
            max_body_bytes: MAX_BYTES as i64,
            client_certificate,
        }
    }
}

impl Save {
    /// The compare-and-swap that stores a record as version `expect` + 1.
    ///
    /// ```
    /// use evergrant::flow::step::Save;
    ///
    /// let save = Save::new("acct_123", 4, None, "live", b"{}".to_vec());
    /// assert_eq!((save.version, save.record.version()), (5, 5));
    /// ```
    pub fn new(
        key: impl Into<String>,
        expect: i64,
        due: Option<i64>,
        state: impl Into<String>,
        record: Vec<u8>,
    ) -> Self {
        let version = expect.saturating_add(1);
        Self {
            key: key.into(),
            expect,
            version,
            due,
            state: state.into(),
            record: Stored::new(version, record),
        }
    }
}

/// A wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Wait {
    /// How long, in milliseconds; always below 2^31.
    pub delay_ms: i64,
}
