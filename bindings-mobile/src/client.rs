//! The client, and the beginning of a login.

use std::sync::Arc;

use evergrant::client::configuration;
use evergrant::message::callback::NamedValue;
use evergrant::message::pending::Consenter;
use evergrant::message::{authorize, binding, pending};

use crate::clock::{self, Now};
use crate::error::OAuthError;

/// Who the host is to one provider in one environment.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Client(pub(crate) configuration::Client);

#[uniffi::export]
impl Client {
    /// Reads a configuration: `profile` (an id, or a profile in full), `environment`, `client_id`, and where wanted
    /// `client_secret`, `next_client_secret`, `private_key`, `redirect_uri`, `headers`, `variables`, `endpoints` and
    /// `mutual_tls`.
    #[uniffi::constructor]
    pub fn from_json(json: String) -> Result<Self, OAuthError> {
        Ok(Self(configuration::Client::from_json(&json)?))
    }

    /// The provider's id.
    pub fn provider(&self) -> String {
        self.0.profile().id().to_owned()
    }

    /// `production` or `sandbox`.
    pub fn environment(&self) -> String {
        self.0.environment().as_str().to_owned()
    }

    /// The client id.
    pub fn client_id(&self) -> String {
        self.0.client_id().to_owned()
    }

    /// Begins a login, without sending anything.
    ///
    /// Send the browser to the login's `url`, and keep its `pending` under its `id` until the callback comes. `entropy`
    /// is 32 fresh bytes of the operating system's random source.
    pub fn begin(&self, request: AuthorizationRequest, now: Now, entropy: Vec<u8>) -> Result<Login, OAuthError> {
        let login = self.0.begin(&request.into(), now.into(), clock::entropy(&entropy))?;
        Ok(Login {
            url: login.url,
            id: login.id,
            pending: Arc::new(Pending(login.pending)),
        })
    }
}

/// What a login asks for.
#[derive(Debug, uniffi::Record)]
pub struct AuthorizationRequest {
    /// What ties the login to the user's session at the host.
    pub binding: Arc<Binding>,
    /// The scopes to ask for; where none is named, the profile's default.
    #[uniffi(default = [])]
    pub scopes: Vec<String>,
    /// The scopes that the connection has already: a new consent replaces the old one, so they are asked for again.
    #[uniffi(default = [])]
    pub beside: Vec<String>,
    /// Further parameters of the provider's own.
    #[uniffi(default = [])]
    pub parameters: Vec<NamedValue>,
    /// The user who is about to consent, in the host's own words.
    #[uniffi(default = None)]
    pub consenter: Option<String>,
    /// That user's role at the provider, where the host knows it.
    #[uniffi(default = None)]
    pub role: Option<String>,
    /// How long the user may take, in milliseconds; an hour where it is not said.
    #[uniffi(default = None)]
    pub life_ms: Option<i64>,
}

impl From<AuthorizationRequest> for authorize::AuthorizationRequest {
    fn from(given: AuthorizationRequest) -> Self {
        let mut request = Self::new(given.binding.0.clone())
            .scopes(given.scopes)
            .beside(given.beside);
        for NamedValue { name, value } in given.parameters {
            request = request.parameter(name, value);
        }
        if let Some(user) = given.consenter {
            request = request.consenter(Consenter { user, role: given.role });
        }
        match given.life_ms {
            Some(life) => request.life_ms(life),
            None => request,
        }
    }
}

/// What ties a login to the user's session at the host, so that nobody finishes a login that somebody else began.
#[derive(uniffi::Object)]
pub struct Binding(binding::Binding);

impl std::fmt::Debug for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Binding(redacted)")
    }
}

#[uniffi::export]
impl Binding {
    /// Ties the login to a session: pass what identifies the signed-in user's session.
    #[uniffi::constructor]
    pub fn session(session: String) -> Result<Self, OAuthError> {
        Ok(Self(binding::Binding::session(&session)?))
    }

    /// Ties the login to nothing but the pending login itself.
    #[uniffi::constructor]
    pub fn no_session() -> Self {
        Self(binding::Binding::no_session())
    }
}

/// A login that was begun.
#[derive(Debug, uniffi::Record)]
pub struct Login {
    /// Where to send the user's browser.
    pub url: String,
    /// The key under which to keep the pending login.
    pub id: String,
    /// What to keep until the callback comes.
    pub pending: Arc<Pending>,
}

/// A pending login: opaque, and as secret as a password.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Pending(pending::Pending);

#[uniffi::export]
impl Pending {
    /// Reads back what `expose` gave, in any process and any language.
    #[uniffi::constructor]
    pub fn parse(stored: String) -> Result<Self, OAuthError> {
        Ok(Self(pending::Pending::parse(&stored)?))
    }

    /// The text to store.
    pub fn expose(&self) -> String {
        self.0.expose().expose().to_owned()
    }

    /// The key under which to keep it; it tells nothing of it.
    pub fn id(&self) -> String {
        self.0.id()
    }
}

crate::print::as_the_core_does!(Client, Pending);
