//! What the host must do next.

use std::time::Duration;

use evergrant::flow::outcome::Outcome;
use evergrant::flow::step;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::access_token::AccessToken;
use crate::clock::{self, Now};
use crate::error::exception;
use crate::http::HttpRequest;

/// One step of a machine, as it was when it was asked for.
///
/// ``type`` says which of the attributes of the same name has a value: ``load``, ``save``, ``send``, ``sign``, ``wait``;
/// ``done`` has either ``error`` or what was asked for, such as ``access_token``.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct Step {
    id: step::StepId,
    step: step::Step,
}

impl Step {
    pub(crate) fn new((id, step): (step::StepId, &step::Step)) -> Self {
        Self { id, step: step.clone() }
    }
}

#[pymethods]
impl Step {
    /// Names the step; an input says which step it answers.
    #[getter]
    fn id(&self) -> i64 {
        self.id.number()
    }

    /// ``load``, ``save``, ``send``, ``sign``, ``wait`` or ``done``.
    #[getter(r#type)]
    fn kind(&self) -> &'static str {
        match &self.step {
            step::Step::Load { .. } => "load",
            step::Step::Save(_) => "save",
            step::Step::Send(_) => "send",
            step::Step::Sign(_) => "sign",
            step::Step::Wait(_) => "wait",
            step::Step::Done(_) => "done",
        }
    }

    /// Load the record of this key.
    #[getter]
    fn load(&self) -> Option<&str> {
        match &self.step {
            step::Step::Load { key } => Some(key),
            _ => None,
        }
    }

    /// Save a record, if the store still has the expected version.
    #[getter]
    fn save(&self) -> Option<Save> {
        match &self.step {
            step::Step::Save(save) => Some(Save(save.clone())),
            _ => None,
        }
    }

    /// Send a request.
    #[getter]
    fn send(&self) -> Option<Send> {
        match &self.step {
            step::Step::Send(send) => Some(Send(send.clone())),
            _ => None,
        }
    }

    /// Sign some bytes.
    #[getter]
    fn sign(&self) -> Option<Sign> {
        match &self.step {
            step::Step::Sign(sign) => Some(Sign(sign.clone())),
            _ => None,
        }
    }

    /// Wait so long.
    #[getter]
    fn wait(&self) -> Option<Duration> {
        match &self.step {
            step::Step::Wait(wait) => Some(clock::duration(wait.delay_ms)),
            _ => None,
        }
    }

    /// What a machine ended with, where it ended badly: an exception, not raised.
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.step {
            step::Step::Done(result) => result
                .as_ref()
                .as_ref()
                .err()
                .map(|error| exception(py, error))
                .transpose(),
            _ => Ok(None),
        }
    }

    /// What a machine ended with, where it ended with a token.
    #[getter]
    fn access_token(&self) -> Option<AccessToken> {
        match &self.step {
            step::Step::Done(result) => match result.as_ref() {
                Ok(Outcome::ServiceToken(token) | Outcome::Token(token)) => Some(AccessToken(token.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    fn __repr__(&self) -> String {
        format!("Step({} {})", self.id.number(), self.kind())
    }
}

/// A compare-and-swap: store the record as ``version`` if the stored version is ``expect``, else change nothing.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct Save(step::Save);

#[pymethods]
impl Save {
    /// The key.
    #[getter]
    fn key(&self) -> &str {
        &self.0.key
    }

    /// The version that must be stored now; 0: none.
    #[getter]
    fn expect(&self) -> i64 {
        self.0.expect
    }

    /// The version to store it as.
    #[getter]
    fn version(&self) -> i64 {
        self.0.version
    }

    /// When the record wants to be looked at, in milliseconds of the store's clock.
    #[getter]
    fn due(&self) -> Option<i64> {
        self.0.due
    }

    /// The connection's status in a word.
    #[getter]
    fn state(&self) -> &str {
        &self.0.state
    }

    /// The record. It holds secrets.
    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.record.record())
    }

    fn __repr__(&self) -> String {
        format!("Save({:?} as version {}, redacted)", self.0.key, self.0.version)
    }
}

/// A request, and how to send it: no redirects, and nothing repeats it by itself.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct Send(step::Send);

#[pymethods]
impl Send {
    /// The request, to be sent exactly as it is.
    #[getter]
    fn request(&self) -> HttpRequest {
        HttpRequest(self.0.request.clone())
    }

    /// Past this moment, on either clock, it must not be sent any more: answer ``not_sent``.
    #[getter]
    fn send_by(&self) -> Now {
        Now(self.0.send_by)
    }

    /// How long to wait for the answer; then answer ``no_answer`` with ``over=False``, go on, and keep listening until
    /// ``timeout`` is over.
    #[getter]
    fn wait(&self) -> Duration {
        clock::duration(self.0.wait_ms)
    }

    /// The time for the whole exchange, the body included.
    #[getter]
    fn timeout(&self) -> Duration {
        clock::duration(self.0.timeout_ms)
    }

    /// The largest body to read; past it answer ``no_answer`` with what was read.
    #[getter]
    fn max_body_bytes(&self) -> i64 {
        self.0.max_body_bytes
    }

    /// The request needs the host's client certificate (mutual TLS).
    #[getter]
    fn client_certificate(&self) -> bool {
        self.0.client_certificate
    }

    fn __repr__(&self) -> String {
        format!("Send({:?})", self.0.request)
    }
}

/// What to sign, with which key.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct Sign(step::Sign);

#[pymethods]
impl Sign {
    /// ``ES256``, ``ES384``, ``RS256``, ``PS256`` or ``EdDSA``.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.0.algorithm().as_str()
    }

    /// The host's name for the key.
    #[getter]
    fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// The bytes to sign.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.bytes())
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
