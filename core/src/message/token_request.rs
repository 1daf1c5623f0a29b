//! The token request: what is posted to the token endpoint (RFC 6749 sections 4.1.3, 4.4.2 and 6).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::entropy::Entropy;
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::http::HttpRequest;
use crate::base::json::Json;
use crate::base::percent;
use crate::base::scope;
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::client::assertion::{self, Sign, SignatureEncoding};
use crate::client::authentication::{self, Authentication, Credentials, SecretChoice};
use crate::client::configuration::Client;
use crate::message::callback::AuthorizationCode;
use crate::message::pending::Origin;
use crate::provider::grant::Grant;
use crate::provider::profile::BodyFormat;

/// The `client_assertion_type` of a signed assertion (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is handed in for tokens.
///
/// Built by pure functions, so nothing here knows whether the credential was spent before: a caller that sends such a
/// request by itself takes on what `docs/protocol.md` says of one-use credentials.
#[derive(Clone, PartialEq)]
pub struct TokenRequest {
    grant: Grant,
    credential: Vec<(&'static str, Secret)>,
    scopes: Vec<String>,
    /// Where the credential comes from, where that is known: it goes nowhere else.
    origin: Option<Origin>,
}

impl TokenRequest {
    /// Exchanges an authorization code (RFC 6749 section 4.1.3).
    pub fn authorization_code(code: &AuthorizationCode) -> Self {
        Self {
            origin: Some(code.origin().clone()),
            ..Self::code_exchange(code.code(), code.redirect_uri(), code.verifier(), code.scopes())
        }
    }

    /// Exchanges a code whose parts are known one by one.
    pub(crate) fn code_exchange(
        code: &Secret,
        redirect_uri: &str,
        verifier: Option<&Secret>,
        scopes: &[String],
    ) -> Self {
        let mut credential = Vec::from([("code", code.clone()), ("redirect_uri", Secret::new(redirect_uri))]);
        if let Some(verifier) = verifier {
            credential.push(("code_verifier", verifier.clone()));
        }
        Self {
            grant: Grant::AuthorizationCode,
            credential,
            scopes: scopes.to_vec(),
            origin: None,
        }
    }

    /// Refreshes with a refresh token (RFC 6749 section 6). `scopes` are those of the consent; they are sent only where
    /// the profile wants them (OFX), since a narrower or other scope changes what the answer is good for.
    pub fn refresh_token(refresh_token: &Secret, scopes: &[String]) -> Self {
        Self {
            grant: Grant::RefreshToken,
            credential: Vec::from([("refresh_token", refresh_token.clone())]),
            scopes: scopes.to_vec(),
            origin: None,
        }
    }

    /// Asks with the client's own credentials (RFC 6749 section 4.4.2).
    pub fn client_credentials(scopes: &[String]) -> Self {
        Self {
            grant: Grant::ClientCredentials,
            credential: Vec::new(),
            scopes: scopes.to_vec(),
            origin: None,
        }
    }

    /// The grant.
    pub fn grant(&self) -> Grant {
        self.grant
    }

    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The one-use credentials in the request.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let secret = |(name, _): &&(&'static str, Secret)| *name != "redirect_uri";
        self.credential.iter().filter(secret).map(|(_, value)| value)
    }

    pub(crate) fn sent_refresh_token(&self) -> Option<&Secret> {
        self.credential
            .iter()
            .find(|(name, _)| *name == "refresh_token")
            .map(|(_, token)| token)
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenRequest({}, redacted)", self.grant.as_str())
    }
}

/// A token request that is ready to be sent, or waits for a signature.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Prepared {
    /// Send it.
    Ready(HttpRequest),
    /// Sign first.
    Unsigned(Unsigned),
}

/// A token request that lacks the signature of its assertion.
#[derive(Clone, PartialEq)]
pub struct Unsigned {
    draft: Draft,
    sign: Sign,
}

impl Unsigned {
    /// What to sign.
    pub fn sign(&self) -> &Sign {
        &self.sign
    }

    /// The request, signed.
    ///
    /// # Errors
    /// `invalid_signature` where the octets are no signature of the algorithm.
    pub fn complete(self, signature: &[u8], encoding: SignatureEncoding) -> Result<HttpRequest, OAuthError> {
        let assertion = assertion::complete(&self.sign, signature, encoding)?;
        let mut draft = self.draft;
        draft
            .parameters
            .push(("client_assertion_type".to_owned(), JWT_BEARER.into()));
        draft.parameters.push(("client_assertion".to_owned(), assertion));
        Ok(draft.request())
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unsigned({:?})", self.sign)
    }
}

/// A request whose body is not encoded yet.
#[derive(Clone, PartialEq)]
pub(crate) struct Draft {
    url: String,
    headers: Vec<(String, Secret)>,
    parameters: Vec<(String, Secret)>,
    body: BodyFormat,
}

impl Draft {
    pub(crate) fn prepared(self, sign: Option<Sign>) -> Prepared {
        match sign {
            Some(sign) => Prepared::Unsigned(Unsigned { draft: self, sign }),
            None => Prepared::Ready(self.request()),
        }
    }

    fn request(&self) -> HttpRequest {
        let (content_type, body) = match self.body {
            BodyFormat::Form => {
                let pairs = self
                    .parameters
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.expose()));
                (
                    "application/x-www-form-urlencoded",
                    Secret::new(percent::form_encode(pairs)),
                )
            }
            BodyFormat::Json => {
                let member = |(name, value): &(String, Secret)| (name.clone(), Json::string(value.expose()));
                let mut body = Json::Object(self.parameters.iter().map(member).collect()).print();
                ("application/json", Secret::new(core::mem::take(&mut *body)))
            }
        };
        let request = HttpRequest::post(&self.url)
            .header("Content-Type", content_type)
            .header("Accept", "application/json");
        let headers = self.headers.iter();
        headers
            .fold(request, |request, (name, value)| request.header(name, value.clone()))
            .with_body(body)
    }
}

impl Client {
    /// Builds a token request, without I/O.
    ///
    /// `now` dates an assertion; `entropy` (32 fresh bytes) names it, and the provider's correlation header where the
    /// profile has one. `choice` says which client secret, while one replaces the other.
    ///
    /// # Errors
    /// `unsupported_grant` where the profile does not offer the grant; `invalid_configuration` where the grant needs
    /// credentials that the client has not, or the second secret of a client that has one; `wrong_provider` or
    /// `wrong_environment` for a code of another client's login; `weak_entropy`;
    /// `invalid_parameter` for malformed scopes.
    pub fn token_request(
        &self,
        request: &TokenRequest,
        choice: SecretChoice,
        now: Now,
        entropy: [u8; 32],
    ) -> Result<Prepared, OAuthError> {
        let entropy = Entropy::new(entropy)?;
        if let Some(origin) = &request.origin {
            self.check_origin(origin)?;
        }
        let profile = self.profile();
        let Some(form) = profile.grant(request.grant) else {
            return Err(OAuthError::configuration(
                ErrorCode::UnsupportedGrant,
                "the provider does not offer this grant; the profile lists those it offers",
            )
            .at(request.grant.as_str()));
        };
        let (credentials, sign) = self.credentials(request.grant, choice, now, &entropy)?;

        let mut parameters: Vec<(String, Secret)> = Vec::new();
        let mut set = |name: &str, value: Secret| parameters.push((name.to_owned(), value));
        set("grant_type", request.grant.as_str().into());
        for (name, value) in &request.credential {
            set(name, value.clone());
        }
        if form.scope {
            let scopes = if request.scopes.is_empty() {
                &form.default_scopes
            } else {
                &request.scopes
            };
            let joined = scope::join(scopes, profile.authorize.scope_separator)?;
            if !joined.is_empty() {
                set("scope", joined.into());
            }
        }
        let in_body = credentials.parameters.iter().any(|(name, _)| *name == "client_id");
        // A client that sends no secret names itself in the body (RFC 6749 section 4.1.3).
        if !in_body && (form.client_id_in_body || (credentials.authorization.is_none() && sign.is_none())) {
            set("client_id", self.client_id().into());
        }
        for (name, value) in &credentials.parameters {
            set(name, value.clone());
        }
        for (name, value) in &form.parameters {
            set(name, value.as_str().into());
        }

        let url = self.token_endpoint().as_str().to_owned();
        let draft = self.draft(url, profile.body, parameters, credentials.authorization, &entropy);
        Ok(draft.prepared(sign))
    }

    /// A request with the client's own headers.
    pub(crate) fn draft(
        &self,
        url: String,
        body: BodyFormat,
        parameters: Vec<(String, Secret)>,
        authorization: Option<Secret>,
        entropy: &Entropy,
    ) -> Draft {
        let mut headers: Vec<(String, Secret)> = self.headers().to_vec();
        if let Some(authorization) = authorization {
            headers.push(("Authorization".to_owned(), authorization));
        }
        if let Some(name) = &self.profile().correlation_header
            && !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            headers.push((name.clone(), entropy.uuid("correlation").into()));
        }
        Draft {
            url,
            headers,
            parameters,
            body,
        }
    }

    pub(crate) fn credentials(
        &self,
        grant: Grant,
        choice: SecretChoice,
        now: Now,
        entropy: &Entropy,
    ) -> Result<(Credentials, Option<Sign>), OAuthError> {
        let fault = |message: &str| OAuthError::configuration(ErrorCode::InvalidConfiguration, message);
        match (self.authentication(), choice) {
            (Authentication::Secret { current, .. }, SecretChoice::Current) => {
                let place = self.profile().authentication.secret;
                Ok((authentication::secret(self.client_id(), current, place), None))
            }
            (Authentication::Secret { next: Some(next), .. }, SecretChoice::Next) => {
                let place = self.profile().authentication.secret;
                Ok((authentication::secret(self.client_id(), next, place), None))
            }
            (_, SecretChoice::Next) => Err(fault("the client has no second secret").at("next_client_secret")),
            (Authentication::PrivateKey { algorithm, key_id }, SecretChoice::Current) => {
                // The issuer where there is one, else the endpoint that the host configured; never what a server names.
                let audience = self.issuer().unwrap_or(self.token_endpoint().as_str());
                let id = entropy.id("assertion");
                let sign = assertion::sign(*algorithm, key_id, self.client_id(), audience, &id, now);
                Ok((Credentials::default(), Some(sign)))
            }
            // RFC 6749 section 4.4: confidential clients only. A client certificate makes one (RFC 8705 section 2).
            (Authentication::None, SecretChoice::Current)
                if grant == Grant::ClientCredentials && !self.wants_client_certificate() =>
            {
                Err(fault("the client credentials grant needs a client secret or a private key").at("client_secret"))
            }
            (Authentication::None, SecretChoice::Current) => Ok((Credentials::default(), None)),
        }
    }
}
