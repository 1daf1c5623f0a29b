//! The client: a profile, an environment, and who the host is there.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::base::endpoint::Endpoint;
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::header_name::{is_header_name, is_own_header};
use crate::base::redirect_uri::RedirectUri;
use crate::base::secret::Secret;
use crate::client::assertion::SignatureAlgorithm;
use crate::client::authentication::Authentication;
use crate::provider::environment::Environment;
use crate::provider::grant::Grant;
use crate::provider::profile::{MutualTls, Profile, SecretIn};
use crate::provider::reserved::check_query;
use crate::provider::template::EndpointTemplate;

/// Who the host is to one provider in one environment.
///
/// ```
/// use evergrant::client::configuration::Client;
/// use evergrant::provider::environment::Environment;
/// use evergrant::provider::profile::Profile;
///
/// let client = Client::builder(Profile::built_in("airwallex")?, Environment::Sandbox, "my-client-id")
///     .client_secret("from-your-vault")
///     .redirect_uri("https://app.example/callback")
///     .build()?;
/// assert_eq!(client.token_endpoint().as_str(), "https://api-demo.airwallex.com/oauth/token");
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Client(Arc<Facts>);

/// What a client is; every machine holds the client, so it is shared and not copied.
#[derive(PartialEq)]
struct Facts {
    profile: Profile,
    environment: Environment,
    client_id: String,
    authentication: Authentication,
    redirect_uri: Option<RedirectUri>,
    headers: Vec<(String, Secret)>,
    authorize: Option<Endpoint>,
    token: Endpoint,
    revocation: Option<Endpoint>,
    issuer: Option<String>,
    mutual_tls: bool,
}

impl Client {
    /// Begins a configuration; [`ClientBuilder::build`] checks it.
    pub fn builder(profile: Profile, environment: Environment, client_id: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            profile,
            environment,
            client_id: client_id.into(),
            client_secret: None,
            next_client_secret: None,
            private_key: None,
            redirect_uri: None,
            headers: Vec::new(),
            variables: Vec::new(),
            authorize: None,
            token: None,
            revocation: None,
            issuer: None,
            mutual_tls: None,
        }
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.0.profile
    }

    /// The environment.
    pub fn environment(&self) -> Environment {
        self.0.environment
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// The redirect URI, where one was given.
    pub fn redirect_uri(&self) -> Option<&RedirectUri> {
        self.0.redirect_uri.as_ref()
    }

    /// The token endpoint that requests go to; with mutual TLS the provider's other host, where it has one.
    pub fn token_endpoint(&self) -> &Endpoint {
        &self.0.token
    }

    /// Whether requests to the token endpoint need the host's client certificate (RFC 8705, Wise).
    pub fn wants_client_certificate(&self) -> bool {
        self.0.mutual_tls
    }

    /// Whether a second client secret is there to fall back on while secrets are rotated.
    pub fn has_next_client_secret(&self) -> bool {
        matches!(&self.0.authentication, Authentication::Secret { next: Some(_), .. })
    }

    /// Where tokens are revoked (RFC 7009), where profile or host names such an endpoint.
    pub fn revocation_endpoint(&self) -> Option<&Endpoint> {
        self.0.revocation.as_ref()
    }

    pub(crate) fn authorize_endpoint(&self) -> Option<&Endpoint> {
        self.0.authorize.as_ref()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    pub(crate) fn authentication(&self) -> &Authentication {
        &self.0.authentication
    }

    pub(crate) fn headers(&self) -> &[(String, Secret)] {
        &self.0.headers
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Client({} {}, client id {:?})",
            self.0.profile.id(),
            self.0.environment.as_str(),
            self.0.client_id
        )
    }
}

/// Collects a client's configuration.
#[derive(Clone)]
pub struct ClientBuilder {
    profile: Profile,
    environment: Environment,
    client_id: String,
    client_secret: Option<Secret>,
    next_client_secret: Option<Secret>,
    private_key: Option<(SignatureAlgorithm, String)>,
    redirect_uri: Option<String>,
    headers: Vec<(String, Secret)>,
    variables: Vec<(String, String)>,
    authorize: Option<String>,
    token: Option<String>,
    revocation: Option<String>,
    issuer: Option<String>,
    mutual_tls: Option<bool>,
}

impl ClientBuilder {
    /// The client secret. How it is presented (body, Basic, encoding) the profile knows.
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// The secret that will replace the current one: tried once per work when the current one is refused.
    pub fn next_client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.next_client_secret = Some(secret.into());
        self
    }

    /// Authenticates by assertions that the host signs (`private_key_jwt`); `key_id` names the key to host and provider.
    pub fn private_key(mut self, algorithm: SignatureAlgorithm, key_id: impl Into<String>) -> Self {
        self.private_key = Some((algorithm, key_id.into()));
        self
    }

    /// Where the provider sends the user back, exactly as registered.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// A header for every request to the token endpoint, such as `User-Agent`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The value of a variable in the profile's hosts (Shopify: `shop`): one DNS label.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Replaces the profile's authorization endpoint.
    pub fn authorize_endpoint(mut self, url: impl Into<String>) -> Self {
        self.authorize = Some(url.into());
        self
    }

    /// Replaces the profile's token endpoint (with mutual TLS: that one).
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token = Some(url.into());
        self
    }

    /// Replaces the profile's revocation endpoint (RFC 7009).
    pub fn revocation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.revocation = Some(url.into());
        self
    }

    /// Replaces the profile's issuer, against which `iss` in a callback is compared (RFC 9207).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Whether to use mutual TLS where the profile knows both ways; without this call, as the profile says.
    pub fn mutual_tls(mut self, mutual_tls: bool) -> Self {
        self.mutual_tls = Some(mutual_tls);
        self
    }

    /// Checks the configuration as a whole.
    ///
    /// # Errors
    /// `invalid_configuration`, `invalid_endpoint` or `missing_endpoint`, with the field at fault: a client id that is
    /// empty or has control characters, a secret that cannot be presented as the profile says, a public client where
    /// the profile has PKCE switched off, an endpoint that neither profile nor host gives.
    pub fn build(self) -> Result<Client, OAuthError> {
        check_text("client_id", &self.client_id)?;
        let authentication = self.authentication()?;
        let mutual_tls = self.uses_mutual_tls()?;
        for (name, value) in &self.headers {
            check_header(name, value)?;
        }
        if let Some((name, _)) = self
            .variables
            .iter()
            .find(|(name, _)| !self.profile.variables().contains(&name.as_str()))
        {
            let mut field = String::from("variables.");
            field.push_str(name);
            return Err(fault("the profile's hosts have no such variable").at(field));
        }
        let hosts = self.profile.hosts(self.environment);
        let known = hosts.and_then(|hosts| {
            if mutual_tls {
                hosts.mutual_tls_token.as_ref()
            } else {
                hosts.token.as_ref()
            }
        });
        let token = self
            .endpoint("endpoints.token", self.token.as_deref(), known)?
            .ok_or_else(|| self.missing("endpoints.token"))?;
        let known = hosts.and_then(|hosts| hosts.authorize.as_ref());
        let authorize = self.endpoint("endpoints.authorize", self.authorize.as_deref(), known)?;
        if let Some(endpoint) = &authorize {
            check_query(endpoint).map_err(|error| error.at("endpoints.authorize"))?;
        }
        let known = hosts.and_then(|hosts| hosts.revocation.as_ref());
        let revocation = self.endpoint("endpoints.revocation", self.revocation.as_deref(), known)?;
        let issuer = match self.issuer.as_deref() {
            Some(issuer) => Some(
                Endpoint::parse_issuer(issuer)
                    .map_err(|e| e.at("endpoints.issuer"))?
                    .as_str()
                    .to_owned(),
            ),
            None => hosts.and_then(|hosts| hosts.issuer.clone()),
        };
        if self.profile.callback.requires_iss && issuer.is_none() {
            return Err(self.missing("endpoints.issuer"));
        }
        if authorize.is_none() && self.redirect_uri.is_some() && self.profile.offers(Grant::AuthorizationCode) {
            return Err(self.missing("endpoints.authorize"));
        }
        let redirect_uri = match self.redirect_uri.as_deref() {
            Some(uri) => Some(RedirectUri::parse(uri).map_err(|error| error.at("redirect_uri"))?),
            None => None,
        };
        Ok(Client(Arc::new(Facts {
            profile: self.profile,
            environment: self.environment,
            client_id: self.client_id,
            authentication,
            redirect_uri,
            headers: self.headers,
            authorize,
            token,
            revocation,
            issuer,
            mutual_tls,
        })))
    }

    fn authentication(&self) -> Result<Authentication, OAuthError> {
        match (&self.client_secret, &self.next_client_secret, &self.private_key) {
            (Some(_), _, Some(_)) => Err(fault("give a client secret or a private key, not both").at("private_key")),
            (None, Some(_), _) => Err(fault("goes with client_secret only").at("next_client_secret")),
            (None, None, Some((algorithm, key_id))) => {
                check_text("private_key.key_id", key_id)?;
                Ok(Authentication::PrivateKey {
                    algorithm: *algorithm,
                    key_id: key_id.clone(),
                })
            }
            (None, None, None) if !self.profile.authorize.pkce => {
                Err(fault("a public client must use PKCE, which this profile has switched off").at("client_secret"))
            }
            (None, None, None) => Ok(Authentication::None),
            (Some(current), next, None) => {
                check_text("client_secret", current.expose())?;
                if let Some(next) = next {
                    check_text("next_client_secret", next.expose())?;
                }
                if self.profile.authentication.secret == SecretIn::BasicRaw && self.client_id.contains(':') {
                    return Err(
                        fault("a client id with a colon cannot be sent in HTTP Basic unencoded").at("client_id")
                    );
                }
                Ok(Authentication::Secret {
                    current: current.clone(),
                    next: next.clone(),
                })
            }
        }
    }

    fn uses_mutual_tls(&self) -> Result<bool, OAuthError> {
        match (self.profile.authentication.mutual_tls, self.mutual_tls) {
            (MutualTls::None, Some(true)) => Err(fault("the profile knows no mutual TLS endpoint").at("mutual_tls")),
            (MutualTls::None, _) | (MutualTls::Optional, None) => Ok(false),
            (MutualTls::Required, None) => Ok(true),
            (MutualTls::Optional | MutualTls::Required, Some(wanted)) => Ok(wanted),
        }
    }

    fn endpoint(
        &self,
        field: &str,
        given: Option<&str>,
        known: Option<&EndpointTemplate>,
    ) -> Result<Option<Endpoint>, OAuthError> {
        match (given, known) {
            (Some(url), _) => Endpoint::parse(url).map(Some).map_err(|error| error.at(field)),
            (None, Some(template)) => template.resolve(&self.variables).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn missing(&self, field: &str) -> OAuthError {
        OAuthError::configuration(
            ErrorCode::MissingEndpoint,
            "neither the profile nor the host gives this endpoint; set it, the provider's own documents name it",
        )
        .at(field)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientBuilder({} {})", self.profile.id(), self.environment.as_str())
    }
}

fn fault(message: &str) -> OAuthError {
    OAuthError::configuration(ErrorCode::InvalidConfiguration, message)
}

/// Text that goes into headers and bodies: not empty, no control characters (RFC 6749 appendix A).
fn check_text(field: &str, text: &str) -> Result<(), OAuthError> {
    if text.is_empty() || text.len() > 4_096 || text.chars().any(char::is_control) {
        return Err(fault("must be 1 to 4096 bytes without control characters").at(field));
    }
    Ok(())
}

fn check_header(name: &str, value: &Secret) -> Result<(), OAuthError> {
    let message = if !is_header_name(name) {
        "is not the name of an HTTP header"
    } else if is_own_header(name) {
        "is a header that the request itself sets"
    } else if value.expose().bytes().any(|byte| !matches!(byte, b' '..=b'~')) {
        "must have a value of printable ASCII"
    } else {
        return Ok(());
    };
    let mut field = String::from("headers.");
    field.extend(name.chars().filter(char::is_ascii_graphic).take(64));
    Err(fault(message).at(field))
}
