//! The machine for client credentials.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{self, ServiceTokenCommand};
use evergrant::flow::service_token_work;
use evergrant::flow::step::{SignatureEncoding, StepId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::access_token::AccessToken;
use crate::argument::{Text, Texts};
use crate::client::Client;
use crate::clock::{self, Now};
use crate::error::{decoded, raised};
use crate::http::HttpResponse;
use crate::step::Step;

/// A client-credentials token and its renewal, as a plain value. It lives in memory only.
///
/// ``token`` answers without a step. When it gives ``None``, or ``wants_renewal`` says yes, run a work, and take over the
/// value that its ``service_token`` leaves.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct ServiceToken(service_token::ServiceToken);

#[pymethods]
impl ServiceToken {
    /// A service token that has not been obtained yet. Without scopes, the profile's default is asked for.
    #[new]
    #[pyo3(signature = (client, *, scopes = None))]
    fn new(client: &Client, scopes: Option<Texts>) -> Self {
        let scopes = scopes.map(|Texts(scopes)| scopes).unwrap_or_default();
        Self(service_token::ServiceToken::new(client.0.clone(), scopes))
    }

    /// The token, while it lives and has at least ``min_life`` left.
    #[pyo3(signature = (now, *, min_life = None))]
    fn token(&self, now: Now, min_life: Option<Duration>) -> Option<AccessToken> {
        self.0
            .token(now.0, min_life.unwrap_or_default())
            .cloned()
            .map(AccessToken)
    }

    /// Whether it is time to run a work; after a failure, not before the next try is due.
    fn wants_renewal(&self, now: Now) -> bool {
        self.0.wants_renewal(now.0)
    }

    /// A machine that ends with a live token; the one in hand if it will do. At most one runs at a time for one value.
    #[pyo3(signature = (now, entropy, *, min_life = None))]
    fn obtain(&self, now: Now, entropy: &[u8], min_life: Option<Duration>) -> PyResult<ServiceTokenWork> {
        let min_life = min_life.unwrap_or_default();
        self.work(ServiceTokenCommand::Obtain { min_life }, now, entropy)
    }

    /// A machine that replaces the token with this fingerprint, to which a resource answered 401.
    fn rejected(&self, fingerprint: Text<'_>, now: Now, entropy: &[u8]) -> PyResult<ServiceTokenWork> {
        let fingerprint = fingerprint.0.to_owned();
        self.work(ServiceTokenCommand::Rejected { fingerprint }, now, entropy)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

impl ServiceToken {
    fn work(&self, command: ServiceTokenCommand, now: Now, entropy: &[u8]) -> PyResult<ServiceTokenWork> {
        let work = self.0.work(command, now.0, clock::entropy(entropy)?);
        Ok(ServiceTokenWork(Mutex::new(work)))
    }
}

/// The work of obtaining or replacing a service token: a machine that never calls out.
///
/// It shows a step, the host performs it and hands in what came of it. An input that does not answer the current step
/// raises ``MisuseError`` and changes nothing; but ``answer``, ``not_sent`` and ``no_answer`` to an earlier send are
/// always taken, also after the end.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct ServiceTokenWork(Mutex<service_token_work::ServiceTokenWork>);

#[pymethods]
impl ServiceTokenWork {
    /// The current step, as often as asked.
    fn step(&self) -> Step {
        Step::new(self.machine().step())
    }

    /// What happened since the last call.
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let events = self.machine().events();
        events.iter().map(|event| decoded(py, "decode_event", event)).collect()
    }

    /// The service token as this work leaves it: take it over at the end, and again after a late answer.
    fn service_token(&self) -> ServiceToken {
        ServiceToken(self.machine().service_token().clone())
    }

    /// A whole answer came.
    fn answer(&self, id: i64, now: Now, response: HttpResponse) -> PyResult<()> {
        self.input(id, now, Input::Answer(response.0))
    }

    /// The request certainly never left: no connection, or not one byte written.
    fn not_sent(&self, id: i64, now: Now) -> PyResult<()> {
        self.input(id, now, Input::NotSent)
    }

    /// No whole answer came; the provider may have acted.
    ///
    /// ``over``: nothing can come any more, else the host only stopped waiting. ``partial``: what was read.
    #[pyo3(signature = (id, now, *, over, partial = None))]
    fn no_answer(&self, id: i64, now: Now, over: bool, partial: Option<HttpResponse>) -> PyResult<()> {
        let partial = partial.map(|response| response.0);
        self.input(id, now, Input::NoAnswer { over, partial })
    }

    /// The host signed; ``encoding`` is ``raw`` (as JWS wants it) or ``der`` (key management services).
    fn signed(&self, id: i64, now: Now, signature: PyBackedBytes, encoding: Text<'_>) -> PyResult<()> {
        let encoding = match encoding.0 {
            "raw" => SignatureEncoding::Raw,
            "der" => SignatureEncoding::Der,
            _ => return Err(PyValueError::new_err("encoding must be 'raw' or 'der'")),
        };
        let signature = signature.to_vec();
        self.input(id, now, Input::Signed { signature, encoding })
    }

    /// The host could not sign.
    fn sign_failed(&self, id: i64, now: Now) -> PyResult<()> {
        self.input(id, now, Input::SignFailed)
    }

    /// The wait is over.
    fn woke(&self, id: i64, now: Now) -> PyResult<()> {
        self.input(id, now, Input::Woke)
    }

    fn __repr__(&self) -> &'static str {
        "ServiceTokenWork(redacted)"
    }
}

impl ServiceTokenWork {
    fn input(&self, id: i64, now: Now, input: Input) -> PyResult<()> {
        self.machine().answer(StepId::new(id), now.0, input).map_err(raised)
    }

    /// No call of the core panics, so a poisoned lock holds a whole machine.
    fn machine(&self) -> MutexGuard<'_, service_token_work::ServiceTokenWork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
