//! What a worker is told about a provider, as text between processes, and what it makes of it.

use evergrant::base::error::OAuthError;
use evergrant::client::configuration::Client;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use serde_json::{Value, json};

/// One provider behind its gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name, and the first part of its keys.
    pub name: String,
    /// The id of a built-in profile, or a profile as JSON.
    pub profile: String,
    /// Where browsers go.
    pub authorize: String,
    /// Where token requests go: the gate.
    pub token: String,
    /// A protected resource: the gate.
    pub resource: String,
    /// The issuer, where there is one.
    pub issuer: Option<String>,
    /// The client's id.
    pub client_id: String,
    /// The client's secret at the emulated provider.
    pub client_secret: String,
    /// What to ask for.
    pub scope: String,
    /// The life of an access token.
    pub access_ms: i64,
    /// The life of a refresh token.
    pub refresh_ms: i64,
    /// How long the old refresh token works after a rotation; 0: not at all.
    pub window_ms: i64,
    /// How many connections there are.
    pub connections: usize,
}

/// Where users are sent back to.
pub const REDIRECT: &str = "https://app.example/callback";

impl Site {
    /// The keys of its connections.
    pub fn keys(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.connections).map(|number| format!("{}/{number:03}", self.name))
    }

    /// As text.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name, "profile": self.profile, "authorize": self.authorize, "token": self.token,
            "resource": self.resource, "issuer": self.issuer, "client_id": self.client_id,
            "client_secret": self.client_secret, "scope": self.scope, "access_ms": self.access_ms, "refresh_ms": self.refresh_ms,
            "window_ms": self.window_ms, "connections": self.connections,
        })
    }

    /// From text.
    pub fn from_json(value: &Value) -> Option<Self> {
        let word = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let number = |name: &str| value.get(name)?.as_i64();
        Some(Self {
            name: word("name")?,
            profile: word("profile")?,
            authorize: word("authorize")?,
            token: word("token")?,
            resource: word("resource")?,
            issuer: word("issuer"),
            client_id: word("client_id")?,
            client_secret: word("client_secret")?,
            scope: word("scope")?,
            access_ms: number("access_ms")?,
            refresh_ms: number("refresh_ms")?,
            window_ms: number("window_ms")?,
            connections: usize::try_from(number("connections")?).ok()?,
        })
    }

    /// The client of evergrant.
    ///
    /// # Errors
    /// Where the configuration does not fit.
    pub fn client(&self) -> Result<Client, OAuthError> {
        let profile = if self.profile.starts_with('{') {
            Profile::from_json(&self.profile)?
        } else {
            Profile::built_in(&self.profile)?
        };
        let mut client = Client::builder(profile, Environment::Sandbox, self.client_id.as_str())
            .client_secret(self.client_secret.as_str())
            .redirect_uri(REDIRECT)
            .authorize_endpoint(self.authorize.as_str())
            .token_endpoint(self.token.as_str());
        if let Some(issuer) = &self.issuer {
            client = client.issuer(issuer.as_str());
        }
        client.build()
    }

    /// The most life that can be asked of an access token; who asks for it refreshes all the time.
    pub fn eager_ms(&self) -> i64 {
        self.access_ms - (self.access_ms / 5).min(60_000)
    }
}
