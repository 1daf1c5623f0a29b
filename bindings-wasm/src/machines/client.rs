//! The client, and the beginning of a login.

use alloc::string::String;
use alloc::vec::Vec;

use evergrant::client::configuration;
use evergrant::message::pending::{Consenter, Pending};
use evergrant::message::{authorize, binding};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::json::{Fallible, thrown, to_json};
use crate::machines::numbers::{entropy, integer, now};

/// Who the host is to one provider.
#[wasm_bindgen]
pub struct Client(pub(crate) configuration::Client);

#[derive(Serialize)]
struct ClientFacts<'a> {
    provider: &'a str,
    environment: &'a str,
    client_id: &'a str,
}

#[derive(Serialize)]
struct Begun<'a> {
    url: &'a str,
    id: &'a str,
    pending: &'a str,
}

#[wasm_bindgen]
impl Client {
    /// Reads a configuration.
    #[wasm_bindgen(js_name = fromJson)]
    pub fn from_json(json: &str) -> Fallible<Self> {
        configuration::Client::from_json(json).map(Self).map_err(thrown)
    }

    /// What may be told of it, as JSON.
    pub fn facts(&self) -> String {
        to_json(&ClientFacts {
            provider: self.0.profile().id(),
            environment: self.0.environment().as_str(),
            client_id: self.0.client_id(),
        })
    }

    /// Begins a login; the answer is JSON, and holds the pending login's secret text.
    pub fn begin(&self, request: AuthorizationRequest, wall: f64, steady: f64, random: &[u8]) -> Fallible<String> {
        let login = self
            .0
            .begin(&request.into(), now(wall, steady), entropy(random))
            .map_err(thrown)?;
        Ok(to_json(&Begun {
            url: &login.url,
            id: &login.id,
            pending: login.pending.expose().expose(),
        }))
    }
}

/// The key under which to keep a pending login, from its text.
#[wasm_bindgen(js_name = pendingId)]
pub fn pending_id(text: &str) -> Fallible<String> {
    Pending::parse(text).map(|pending| pending.id()).map_err(thrown)
}

/// What ties a login to the user's session at the host.
#[wasm_bindgen]
pub struct Binding(binding::Binding);

#[wasm_bindgen]
impl Binding {
    /// Ties the login to a session.
    pub fn session(session: &str) -> Fallible<Self> {
        binding::Binding::session(session).map(Self).map_err(thrown)
    }

    /// Ties the login to nothing.
    #[wasm_bindgen(js_name = noSession)]
    pub fn no_session() -> Self {
        Self(binding::Binding::no_session())
    }
}

/// What a login asks for, put together piece by piece.
#[wasm_bindgen]
pub struct AuthorizationRequest {
    binding: binding::Binding,
    scopes: Vec<String>,
    granted: Vec<String>,
    parameters: Vec<(String, String)>,
    consenter: Option<Consenter>,
    life_ms: Option<i64>,
}

#[wasm_bindgen]
impl AuthorizationRequest {
    /// A request that is tied to this session, and asks for nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(binding: &Binding) -> Self {
        Self {
            binding: binding.0.clone(),
            scopes: Vec::new(),
            granted: Vec::new(),
            parameters: Vec::new(),
            consenter: None,
            life_ms: None,
        }
    }

    /// Asks for a scope.
    pub fn scope(&mut self, scope: String) {
        self.scopes.push(scope);
    }

    /// Names a scope that the connection has already.
    pub fn beside(&mut self, scope: String) {
        self.granted.push(scope);
    }

    /// Adds a parameter of the provider's own.
    pub fn parameter(&mut self, name: String, value: String) {
        self.parameters.push((name, value));
    }

    /// Says who is about to consent.
    pub fn consenter(&mut self, user: String, role: Option<String>) {
        self.consenter = Some(Consenter { user, role });
    }

    /// Says how long the user may take.
    #[wasm_bindgen(js_name = lifeMs)]
    pub fn life_ms(&mut self, life: f64) {
        self.life_ms = Some(integer(life));
    }
}

impl From<AuthorizationRequest> for authorize::AuthorizationRequest {
    fn from(given: AuthorizationRequest) -> Self {
        let mut request = Self::new(given.binding).scopes(given.scopes).beside(given.granted);
        for (name, value) in given.parameters {
            request = request.parameter(name, value);
        }
        if let Some(consenter) = given.consenter {
            request = request.consenter(consenter);
        }
        match given.life_ms {
            Some(life) => request.life_ms(life),
            None => request,
        }
    }
}
