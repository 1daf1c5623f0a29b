//! The authorization request: a URL to send the user's browser to (RFC 6749 section 4.1.1).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::entropy::Entropy;
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::percent::{self, QueryEncoding};
use crate::base::scope;
use crate::base::secret::Secret;
use crate::base::time::{MAX_MS, Now};
use crate::client::authentication::Authentication;
use crate::client::configuration::Client;
use crate::message::binding::Binding;
use crate::message::pending::{self, Consenter, Pending};
use crate::message::pkce;
use crate::provider::grant::Grant;
use crate::provider::reserved::RESERVED;

/// How long a user may take to sign in and consent, in milliseconds, where the host does not say.
const USUAL_LIFE: i64 = 60 * 60 * 1_000;

/// What to ask the user for.
#[derive(Clone, PartialEq)]
pub struct AuthorizationRequest {
    scopes: Vec<String>,
    granted: Vec<String>,
    parameters: Vec<(String, Secret)>,
    binding: Binding,
    consenter: Option<Consenter>,
    key: Option<String>,
    life: i64,
}

impl AuthorizationRequest {
    /// A request that belongs to this user session.
    pub fn new(binding: Binding) -> Self {
        Self {
            scopes: Vec::new(),
            granted: Vec::new(),
            parameters: Vec::new(),
            binding,
            consenter: None,
            key: None,
            life: USUAL_LIFE,
        }
    }

    /// The scopes to ask for; where none is named, the profile's default.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The scopes that the connection has already, which are asked for again beside the new ones: a new consent replaces
    /// the old, so what is not asked for again is lost.
    pub fn beside(mut self, granted: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.granted = granted.into_iter().map(Into::into).collect();
        self
    }

    /// A further parameter of the provider's own, such as `sign_up`, `claim_account_code` or `consent_id`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Who is about to consent.
    pub fn consenter(mut self, consenter: Consenter) -> Self {
        self.consenter = Some(consenter);
        self
    }

    /// The key of the connection that the login is for, kept with the pending login: under another key it is not finished.
    ///
    /// Without it nothing keeps a reloaded page from finishing the same login under a second key, which would send its code
    /// again and so end what the first exchange gave (RFC 6749 section 4.1.2).
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// How long the user may take, in milliseconds; an hour where the host does not say.
    pub fn life_ms(mut self, life: i64) -> Self {
        self.life = life;
        self
    }
}

// The values of extra parameters are the host's own, and may be secret (`claim_account_code`).
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AuthorizationRequest(scopes {:?}, {} parameters redacted)",
            self.scopes,
            self.parameters.len()
        )
    }
}

/// A login that was begun.
#[derive(Clone, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Login {
    /// Where to send the user's browser.
    pub url: String,
    /// What to keep until the callback comes.
    pub pending: Pending,
    /// The key to keep it under; [`crate::message::callback::login_id`] finds it again from the callback.
    pub id: String,
}

// The URL carries the state.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({}, redacted)", self.id)
    }
}

impl Client {
    /// Begins a login, without I/O.
    ///
    /// The URL carries state and PKCE challenge; the pending login carries what answers them. `entropy` is 32 fresh bytes
    /// of the operating system's random source.
    ///
    /// # Errors
    /// `unsupported_grant`, `missing_endpoint` (also for a client without redirect URI), `weak_entropy`, and
    /// `invalid_parameter` or `reserved_parameter` with the field at fault.
    ///
    /// ```
    /// use evergrant::base::time::Now;
    /// use evergrant::client::configuration::Client;
    /// use evergrant::message::authorize::AuthorizationRequest;
    /// use evergrant::message::binding::Binding;
    /// use evergrant::provider::{environment::Environment, profile::Profile};
    ///
    /// let client = Client::builder(Profile::built_in("airwallex")?, Environment::Sandbox, "my-client-id")
    ///     .client_secret("from-your-vault")
    ///     .redirect_uri("https://app.example/callback")
    ///     .build()?;
    /// let request = AuthorizationRequest::new(Binding::session("session-7")?).scopes(["balance:read"]);
    /// # let entropy: [u8; 32] = core::array::from_fn(|at| at as u8);
    /// # let now = Now { wall: 1_790_000_000_000, steady: 0 };
    /// let login = client.begin(&request, now, entropy)?;
    /// assert!(login.url.starts_with("https://demo.airwallex.com/oauth/authorize?response_type=code&client_id="));
    /// # Ok::<(), evergrant::base::error::OAuthError>(())
    /// ```
    pub fn begin(&self, request: &AuthorizationRequest, now: Now, entropy: [u8; 32]) -> Result<Login, OAuthError> {
        let entropy = Entropy::new(entropy)?;
        let profile = self.profile();
        let Some(grant) = profile.grant(Grant::AuthorizationCode) else {
            return Err(OAuthError::configuration(
                ErrorCode::UnsupportedGrant,
                "the profile has no authorization code grant",
            ));
        };
        let endpoint = self
            .authorize_endpoint()
            .ok_or_else(|| missing("endpoints.authorize"))?;
        let redirect_uri = self.redirect_uri().ok_or_else(|| missing("redirect_uri"))?.as_str();
        let authorize = &profile.authorize;
        let mut taken = endpoint.query_names()?;
        taken.extend(authorize.parameters.iter().map(|(name, _)| name.clone()));
        taken.extend(authorize.scope_parameter.clone());
        check_extra(&request.parameters, &taken)?;
        if !(1..=MAX_MS).contains(&request.life) {
            return Err(argument("the life of a login must be 1 millisecond or more").at("life_ms"));
        }
        let scopes = wanted_scopes(request, &grant.default_scopes);

        let state = entropy.token("state");
        // INVARIANT: a public client always has PKCE; the builder refuses one where the profile switches it off.
        let wants_pkce = profile.authorize.pkce || *self.authentication() == Authentication::None;
        let verifier = wants_pkce.then(|| entropy.token("verifier"));

        let mut query: Vec<(&str, String)> = Vec::new();
        if let Some(response_type) = &profile.authorize.response_type {
            query.push(("response_type", response_type.clone()));
        }
        query.push(("client_id", self.client_id().to_owned()));
        query.push(("redirect_uri", redirect_uri.to_owned()));
        let joined = scope::join(&scopes, profile.authorize.scope_separator)?;
        if let Some(parameter) = profile
            .authorize
            .scope_parameter
            .as_deref()
            .filter(|_| !joined.is_empty())
        {
            query.push((parameter, joined));
        }
        query.push(("state", state.expose().to_owned()));
        if let Some(verifier) = &verifier {
            query.push(("code_challenge", pkce::challenge(verifier.expose())?));
            query.push(("code_challenge_method", "S256".to_owned()));
        }
        for (name, value) in &profile.authorize.parameters {
            query.push((name, value.clone()));
        }
        for (name, value) in &request.parameters {
            query.push((name, value.expose().to_owned()));
        }

        let mut url = endpoint.as_str().to_owned();
        url.push(if endpoint.query().is_some() { '&' } else { '?' });
        let pairs = query.iter().map(|(name, value)| (*name, value.as_str()));
        url.push_str(&percent::query_encode(pairs, QueryEncoding::Percent20));

        let pending = Pending {
            provider: profile.id().to_owned(),
            environment: self.environment(),
            client_id: self.client_id().to_owned(),
            state,
            verifier,
            issuer: self.issuer().map(ToOwned::to_owned),
            redirect_uri: redirect_uri.to_owned(),
            binding: request.binding.clone(),
            scopes,
            consenter: request.consenter.clone(),
            key: request.key.clone(),
            begun_at: now.wall.clamp(0, MAX_MS),
            life: request.life,
        };
        if pending.expose().expose().len() > pending::LONGEST {
            return Err(argument("the scopes and names of this login are longer than 32 KiB together").at("scopes"));
        }
        Ok(Login {
            url,
            id: pending.id(),
            pending,
        })
    }
}

/// Those the connection has, then the new ones, each once.
fn wanted_scopes(request: &AuthorizationRequest, usual: &[String]) -> Vec<String> {
    let asked = if request.scopes.is_empty() && request.granted.is_empty() {
        usual
    } else {
        &request.scopes
    };
    let mut scopes: Vec<String> = Vec::new();
    for scope in request.granted.iter().chain(asked) {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}

/// Extra parameters must not say again, or otherwise, what the request or the endpoint itself says.
fn check_extra(extra: &[(String, Secret)], taken: &[String]) -> Result<(), OAuthError> {
    for (at, (name, _)) in extra.iter().enumerate() {
        let field = || {
            let mut field = String::from("parameters.");
            field.push_str(name);
            field
        };
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(argument("a parameter must have a name without control characters").at("parameters"));
        }
        if RESERVED.contains(&name.as_str()) || taken.contains(name) {
            return Err(OAuthError::argument(
                ErrorCode::ReservedParameter,
                "this parameter is set by the request itself; it cannot be given as an extra one",
            )
            .at(field()));
        }
        if extra.iter().skip(at + 1).any(|(other, _)| other == name) {
            return Err(OAuthError::argument(
                ErrorCode::DuplicateParameter,
                "this parameter is given twice; a request may have it once (RFC 6749 section 3.1)",
            )
            .at(field()));
        }
    }
    Ok(())
}

fn argument(message: &str) -> OAuthError {
    OAuthError::argument(ErrorCode::InvalidParameter, message)
}

fn missing(field: &str) -> OAuthError {
    OAuthError::configuration(
        ErrorCode::MissingEndpoint,
        "a login needs this; set it when the client is built",
    )
    .at(field)
}
