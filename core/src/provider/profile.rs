//! The profile: all that is particular about one provider, so that no code has to be.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::provider::environment::Environment;
use crate::provider::grant::Grant;
use crate::provider::template::EndpointTemplate;

/// What is known about one provider.
///
/// Built-in ones are named by id; others are read from JSON, whose fields `docs/profile.schema.json` describes.
/// What a profile leaves out means the cautious choice: a refresh token is taken to rotate, without a window.
///
/// ```
/// use evergrant::provider::profile::Profile;
///
/// let profile = Profile::built_in("airwallex")?;
/// assert_eq!(profile.id(), "airwallex");
///
/// let error = Profile::from_json(r#"{"id": "acme", "environment": {}}"#).unwrap_err();
/// assert_eq!(error.details().field.as_deref(), Some("environment"));
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Profile {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) environments: Vec<Hosts>,
    pub(crate) grants: Vec<GrantForm>,
    pub(crate) body: BodyFormat,
    pub(crate) authentication: AuthenticationForm,
    pub(crate) authorize: AuthorizeForm,
    /// The header of a token request that names it to the provider's support (Wise).
    pub(crate) correlation_header: Option<String>,
    /// The header by which a resource's 403 asks for more proof of the user (Wise).
    pub(crate) step_up_header: Option<String>,
    pub(crate) answer: AnswerShape,
    pub(crate) errors: ErrorShape,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) refresh: RefreshRules,
    pub(crate) callback: CallbackShape,
    pub(crate) service_token_per: ServiceTokenPer,
    pub(crate) consent: Consent,
}

/// The endpoints of one environment. What is absent must come from the host.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hosts {
    pub(crate) environment: Environment,
    pub(crate) issuer: Option<String>,
    pub(crate) authorize: Option<EndpointTemplate>,
    pub(crate) token: Option<EndpointTemplate>,
    pub(crate) mutual_tls_token: Option<EndpointTemplate>,
    /// Where tokens that nobody wants any more are revoked (RFC 7009).
    pub(crate) revocation: Option<EndpointTemplate>,
}

/// How the token request of one grant differs from RFC 6749.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GrantForm {
    pub(crate) grant: Grant,
    /// `scope` goes into the token request (OFX wants it in every one).
    pub(crate) scope: bool,
    /// Asked for where the host names no scope.
    pub(crate) default_scopes: Vec<String>,
    /// `client_id` goes into the body even where the client authenticates by header (Wise, authorization code).
    pub(crate) client_id_in_body: bool,
    /// Further parameters, always sent.
    pub(crate) parameters: Vec<(String, String)>,
}

/// The encoding of a token request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    Form,
    Json,
}

/// How a client secret is presented.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AuthenticationForm {
    pub(crate) secret: SecretIn,
    pub(crate) mutual_tls: MutualTls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretIn {
    /// `client_id` and `client_secret` in the body (RFC 6749 section 2.3.1, `client_secret_post`).
    Body,
    /// HTTP Basic, id and secret form-encoded first, as RFC 6749 section 2.3.1 says.
    Basic,
    /// HTTP Basic with id and secret as they are, as many servers expect.
    BasicRaw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MutualTls {
    None,
    Optional,
    Required,
}

/// How the authorization request differs from RFC 6749.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AuthorizeForm {
    /// `None`: not sent (Wise).
    pub(crate) response_type: Option<String>,
    /// The parameter's name; `None`: scopes are not sent (Wise).
    pub(crate) scope_parameter: Option<String>,
    pub(crate) scope_separator: char,
    pub(crate) pkce: bool,
    /// Parameters that every authorization request carries.
    pub(crate) parameters: Vec<(String, String)>,
}

/// Where an answer keeps each field: dotted paths, of which the first that leads to something counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnswerShape {
    pub(crate) access_token: Vec<String>,
    pub(crate) refresh_token: Vec<String>,
    pub(crate) token_type: Vec<String>,
    pub(crate) scope: Vec<String>,
    pub(crate) expires_in: Vec<String>,
    pub(crate) expires_at: Vec<String>,
    pub(crate) refresh_expires_in: Vec<String>,
    pub(crate) refresh_expires_at: Vec<String>,
    pub(crate) refresh_hard_expires_in: Vec<String>,
    /// Each leads to one id; all count.
    pub(crate) account_ids: Vec<String>,
}

/// Where an error answer keeps code and description, and what its codes mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorShape {
    /// Paths of the code; the first that is there counts.
    pub(crate) code: Vec<String>,
    pub(crate) description: Vec<String>,
    /// By code, or by `path=code` for a code at one of its places only (Airwallex).
    pub(crate) classes: Vec<(String, ErrorClass)>,
    /// The description may hold a token and is not kept (Wise).
    pub(crate) description_may_hold_token: bool,
}

/// What an error code says about the credential that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorClass {
    /// The grant is dead: revoked, expired, used.
    GrantRefused,
    /// The grant is dead, or the provider asks to slow down: the code means both (Entra ID), so it is confirmed.
    GrantDoubted,
    /// The client is not accepted; the grant was not looked at.
    ClientRefused,
    /// The request is not accepted before the grant is looked at.
    RequestRefused,
    /// Too many requests; the grant was not looked at.
    Throttled,
    /// Another refresh of the same token is under way (Airwallex).
    ConcurrentRefresh,
    /// Says nothing about whether the grant was used.
    Unknown,
}

/// Lives in milliseconds, used where an answer is silent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lifetimes {
    pub(crate) access: AccessLife,
    pub(crate) refresh_idle: Option<i64>,
    pub(crate) refresh_hard: Option<i64>,
    pub(crate) code: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessLife {
    Unknown,
    Never,
    Millis(i64),
}

/// What a refresh does to the tokens before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RefreshRules {
    pub(crate) window: Window,
    /// The previous access token dies with the refresh (Wise).
    pub(crate) invalidates_access_token: bool,
}

/// How long the old refresh token still works after a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Window {
    /// Not at all, or nobody knows.
    None,
    /// For this many milliseconds.
    Millis(i64),
    /// Until the successor is used, or for ever because the token does not rotate.
    Unlimited,
}

/// What the callback carries beside code and state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallbackShape {
    /// Parameters to keep, compared without case.
    pub(crate) keep: Vec<String>,
    /// Which of them name the account.
    pub(crate) account_ids: Vec<String>,
    /// The issuer always sends `iss` (RFC 9207), so its absence is an error.
    pub(crate) requires_iss: bool,
    /// The user may type the code by hand.
    pub(crate) typed_code: bool,
}

/// Who shares one client-credentials token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceTokenPer {
    App,
    Worker,
}

/// Who may consent, and what to tell them when the consent is gone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Consent {
    pub(crate) roles: Vec<String>,
    pub(crate) reconnect: Option<String>,
}

impl Profile {
    /// The id under which records and pending logins remember the provider.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The provider's name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the provider offers this grant.
    pub fn offers(&self, grant: Grant) -> bool {
        self.grant(grant).is_some()
    }

    /// Whether each worker needs a service token of its own (Wise), instead of one for the whole app.
    pub fn service_token_per_worker(&self) -> bool {
        self.service_token_per == ServiceTokenPer::Worker
    }

    /// The roles whose holders may consent, where the provider names them (Airwallex: Owner, Admin, Finance Admin).
    pub fn consent_roles(&self) -> &[String] {
        &self.consent.roles
    }

    /// Words for a user whose consent is gone: who may renew it, and where.
    pub fn reconnect_words(&self) -> String {
        match &self.consent.reconnect {
            Some(words) => words.clone(),
            None => {
                let mut words = String::from("authorize this application at ");
                words.push_str(&self.name);
                words.push_str(" again");
                words
            }
        }
    }

    /// The names of the variables in the profile's hosts (Shopify: `shop`); the client gives their values.
    pub fn variables(&self) -> Vec<&str> {
        crate::provider::template::variables(self.environments.iter().flat_map(|hosts| {
            [
                &hosts.authorize,
                &hosts.token,
                &hosts.mutual_tls_token,
                &hosts.revocation,
            ]
            .into_iter()
            .flatten()
        }))
    }

    pub(crate) fn grant(&self, grant: Grant) -> Option<&GrantForm> {
        self.grants.iter().find(|form| form.grant == grant)
    }

    pub(crate) fn hosts(&self, environment: Environment) -> Option<&Hosts> {
        self.environments.iter().find(|hosts| hosts.environment == environment)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({})", self.id)
    }
}
