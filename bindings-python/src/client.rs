//! The client, and the beginning of a login.

use std::time::Duration;

use evergrant::client::configuration;
use evergrant::message::authorize::{self, AuthorizationRequest};
use evergrant::message::binding;
use evergrant::message::pending::{self, Consenter};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::argument::{Map, Text, Texts};
use crate::clock::{self, Now};
use crate::error::raised;

/// Who the host is to one provider in one environment.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct Client(pub(crate) configuration::Client);

#[pymethods]
impl Client {
    /// Read a configuration from JSON.
    ///
    /// It has ``profile`` (an id, or a profile in full), ``environment``, ``client_id``, and where wanted
    /// ``client_secret``, ``next_client_secret``, ``private_key``, ``redirect_uri``, ``headers``, ``variables``,
    /// ``endpoints`` and ``mutual_tls``.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn from_json(text: Text<'_>) -> PyResult<Self> {
        configuration::Client::from_json(text.0).map(Self).map_err(raised)
    }

    /// The provider's id.
    #[getter]
    fn provider(&self) -> &str {
        self.0.profile().id()
    }

    /// ``production`` or ``sandbox``.
    #[getter]
    fn environment(&self) -> &'static str {
        self.0.environment().as_str()
    }

    /// The client id.
    #[getter]
    fn client_id(&self) -> &str {
        self.0.client_id()
    }

    /// Begin a login, without sending anything.
    ///
    /// Send the browser to the login's ``url``, and keep its ``pending`` under its ``id`` until the callback comes.
    ///
    /// ``entropy`` is 32 fresh bytes of ``os.urandom``. ``binding`` identifies the signed-in user's session at the host.
    /// ``scopes`` are those to ask for (without any, the profile's default), ``beside`` those the connection has already:
    /// a new consent replaces the old one, so they are asked for again. ``parameters`` are further ones of the provider's
    /// own, ``consenter`` and ``role`` say who is about to consent, and ``life`` how long the user may take (an hour).
    #[pyo3(signature = (
        now, entropy, *, binding, scopes = None, beside = None, parameters = None, consenter = None, role = None,
        life = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn begin(
        &self,
        now: Now,
        entropy: &[u8],
        binding: GivenBinding<'_>,
        scopes: Option<Texts>,
        beside: Option<Texts>,
        parameters: Option<Map>,
        consenter: Option<Text<'_>>,
        role: Option<Text<'_>>,
        life: Option<Duration>,
    ) -> PyResult<Login> {
        let mut request = AuthorizationRequest::new(binding.resolve()?)
            .scopes(scopes.map(|Texts(scopes)| scopes).unwrap_or_default())
            .beside(beside.map(|Texts(beside)| beside).unwrap_or_default());
        for (name, value) in parameters.into_iter().flat_map(|Map(parameters)| parameters) {
            request = request.parameter(name, value);
        }
        if let Some(Text(user)) = consenter {
            request = request.consenter(Consenter {
                user: user.to_owned(),
                role: role.map(|Text(role)| role.to_owned()),
            });
        }
        if let Some(life) = life {
            request = request.life_ms(clock::millis(life)?);
        }
        self.0
            .begin(&request, now.0, clock::entropy(entropy)?)
            .map(Login)
            .map_err(raised)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// What ties a login to the user's session at the host, so that nobody finishes a login that somebody else began.
#[pyclass(module = "evergrant", frozen, from_py_object)]
#[derive(Clone)]
pub(crate) struct Binding(binding::Binding);

#[pymethods]
impl Binding {
    /// Tie the login to a session: pass what identifies the signed-in user's session. A plain ``str`` means the same.
    #[staticmethod]
    #[pyo3(signature = (session, /))]
    fn session(session: Text<'_>) -> PyResult<Self> {
        binding::Binding::session(session.0).map(Self).map_err(raised)
    }

    /// Tie the login to nothing but the pending login itself.
    #[staticmethod]
    fn no_session() -> Self {
        Self(binding::Binding::no_session())
    }

    fn __repr__(&self) -> &'static str {
        "Binding(…)"
    }
}

/// A session's name, or a binding.
enum GivenBinding<'a> {
    Session(Text<'a>),
    Binding(Binding),
}

impl<'a> FromPyObject<'a, '_> for GivenBinding<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, '_, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return object.extract().map(Self::Session);
        }
        object
            .extract()
            .map(Self::Binding)
            .map_err(|_| PyTypeError::new_err("must be a str or a Binding"))
    }
}

impl GivenBinding<'_> {
    fn resolve(self) -> PyResult<binding::Binding> {
        match self {
            Self::Session(Text(session)) => binding::Binding::session(session).map_err(raised),
            Self::Binding(Binding(binding)) => Ok(binding),
        }
    }
}

/// A login that was begun.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct Login(authorize::Login);

#[pymethods]
impl Login {
    /// Where to send the user's browser.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }

    /// The key under which to keep the pending login.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// What to keep until the callback comes.
    #[getter]
    fn pending(&self) -> Pending {
        Pending(self.0.pending.clone())
    }

    fn __repr__(&self) -> String {
        format!("Login({:?})", self.0.id)
    }
}

/// A pending login: opaque, and as secret as a password.
#[pyclass(module = "evergrant", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Pending(pending::Pending);

#[pymethods]
impl Pending {
    /// Read back what ``expose`` gave, in any process and any language.
    #[staticmethod]
    #[pyo3(signature = (stored, /))]
    fn parse(stored: Text<'_>) -> PyResult<Self> {
        pending::Pending::parse(stored.0).map(Self).map_err(raised)
    }

    /// The text to store.
    fn expose(&self) -> String {
        self.0.expose().expose().to_owned()
    }

    /// The key under which to keep it; it tells nothing of it.
    #[getter]
    fn id(&self) -> String {
        self.0.id()
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
