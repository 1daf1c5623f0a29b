//! What the host must do next.

use std::sync::Arc;

use evergrant::flow::outcome::Outcome;
use evergrant::flow::step;

use crate::access_token::AccessToken;
use crate::clock::Now;
use crate::error::OAuthError;
use crate::http::HttpRequest;

/// One step of a machine, as it was when it was asked for: `kind` says which of the other accessors has a value.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Step {
    id: step::StepId,
    step: step::Step,
}

impl Step {
    pub(crate) fn new((id, step): (step::StepId, &step::Step)) -> Self {
        Self { id, step: step.clone() }
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Step({} {:?})", self.id.number(), self.kind())
    }
}

/// What kind of step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum StepKind {
    /// Load the record of a key from the store.
    Load,
    /// Save a record, if the store still has the expected version.
    Save,
    /// Send a request.
    Send,
    /// Sign some bytes.
    Sign,
    /// Wait.
    Wait,
    /// The end.
    Done,
}

#[uniffi::export]
impl Step {
    /// Names the step; an input says which step it answers.
    pub fn id(&self) -> i64 {
        self.id.number()
    }

    /// What kind of step it is.
    pub fn kind(&self) -> StepKind {
        match &self.step {
            step::Step::Load { .. } => StepKind::Load,
            step::Step::Save(_) => StepKind::Save,
            step::Step::Send(_) => StepKind::Send,
            step::Step::Sign(_) => StepKind::Sign,
            step::Step::Wait(_) => StepKind::Wait,
            step::Step::Done(_) => StepKind::Done,
        }
    }

    /// Load the record of this key.
    pub fn load(&self) -> Option<String> {
        match &self.step {
            step::Step::Load { key } => Some(key.clone()),
            _ => None,
        }
    }

    /// Save a record, if the store still has the expected version.
    pub fn save(&self) -> Option<Arc<Save>> {
        match &self.step {
            step::Step::Save(save) => Some(Arc::new(Save(save.clone()))),
            _ => None,
        }
    }

    /// Send a request.
    pub fn send(&self) -> Option<Send> {
        match &self.step {
            step::Step::Send(send) => Some(Send {
                request: Arc::new(HttpRequest(send.request.clone())),
                send_by: send.send_by.into(),
                wait_ms: send.wait_ms,
                timeout_ms: send.timeout_ms,
                max_body_bytes: send.max_body_bytes,
                client_certificate: send.client_certificate,
            }),
            _ => None,
        }
    }

    /// Sign some bytes.
    pub fn sign(&self) -> Option<Arc<Sign>> {
        match &self.step {
            step::Step::Sign(sign) => Some(Arc::new(Sign(sign.clone()))),
            _ => None,
        }
    }

    /// Wait so many milliseconds.
    pub fn wait_ms(&self) -> Option<i64> {
        match &self.step {
            step::Step::Wait(wait) => Some(wait.delay_ms),
            _ => None,
        }
    }

    /// What a machine ended with: throws where it ended badly, and gives nothing where it has not ended.
    pub fn access_token(&self) -> Result<Option<Arc<AccessToken>>, OAuthError> {
        match &self.step {
            step::Step::Done(result) => match result.as_ref() {
                Ok(Outcome::ServiceToken(token) | Outcome::Token(token)) => {
                    Ok(Some(Arc::new(AccessToken(token.clone()))))
                }
                Ok(_) => Ok(None),
                Err(error) => Err(error.clone().into()),
            },
            _ => Ok(None),
        }
    }
}

/// A request, and how to send it: no redirects, and nothing repeats it by itself.
#[derive(Debug, uniffi::Record)]
pub struct Send {
    /// The request, to be sent exactly as it is.
    pub request: Arc<HttpRequest>,
    /// Past this moment, on either clock, it must not be sent any more: answer `not_sent`.
    pub send_by: Now,
    /// How long to wait for the answer, in milliseconds; then answer `no_answer` with `over` false, go on, and keep
    /// listening until `timeout_ms` is over.
    pub wait_ms: i64,
    /// The time for the whole exchange, the body included, in milliseconds.
    pub timeout_ms: i64,
    /// The largest body to read, in bytes; past it answer `no_answer` with what was read.
    pub max_body_bytes: i64,
    /// The request needs the host's client certificate (mutual TLS).
    pub client_certificate: bool,
}

/// A compare-and-swap: store the record as `version` if the stored version is `expect`, else change nothing.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Save(step::Save);

#[uniffi::export]
impl Save {
    /// The key.
    pub fn key(&self) -> String {
        self.0.key.clone()
    }

    /// The version that must be stored now; 0: none.
    pub fn expect(&self) -> i64 {
        self.0.expect
    }

    /// The version to store it as.
    pub fn version(&self) -> i64 {
        self.0.version
    }

    /// When the record wants to be looked at, in milliseconds of the store's clock.
    pub fn due(&self) -> Option<i64> {
        self.0.due
    }

    /// The connection's status in a word.
    pub fn state(&self) -> String {
        self.0.state.clone()
    }

    /// The record. It holds secrets.
    pub fn record(&self) -> Vec<u8> {
        self.0.record.record().to_vec()
    }
}

/// What to sign, with which key.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Sign(step::Sign);

#[uniffi::export]
impl Sign {
    /// `ES256`, `ES384`, `RS256`, `PS256` or `EdDSA`.
    pub fn algorithm(&self) -> String {
        self.0.algorithm().as_str().to_owned()
    }

    /// The host's name for the key.
    pub fn key_id(&self) -> String {
        self.0.key_id().to_owned()
    }

    /// The bytes to sign.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.bytes().to_vec()
    }
}

crate::print::as_the_core_does!(Save, Sign);
