//! A profile read from JSON, strictly.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::base::endpoint::Endpoint;
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::reader::{Node, Object, Reader};
use crate::base::redirect_uri::RESPONSE_PARAMETERS;
use crate::base::scope;
use crate::provider::environment::Environment;
use crate::provider::grant::Grant;
use crate::provider::profile::{
    AccessLife, AnswerShape, AuthenticationForm, AuthorizeForm, BodyFormat, CallbackShape, Consent, ErrorClass,
    ErrorShape, GrantForm, Hosts, Lifetimes, MutualTls, Profile, RefreshRules, SecretIn, ServiceTokenPer, Window,
};
use crate::provider::template::EndpointTemplate;

pub(crate) const BODIES: [(&str, BodyFormat); 2] = [("form", BodyFormat::Form), ("json", BodyFormat::Json)];
pub(crate) const SECRETS: [(&str, SecretIn); 3] = [
    ("body", SecretIn::Body),
    ("basic", SecretIn::Basic),
    ("basic_raw", SecretIn::BasicRaw),
];
pub(crate) const MUTUAL_TLS: [(&str, MutualTls); 3] = [
    ("none", MutualTls::None),
    ("optional", MutualTls::Optional),
    ("required", MutualTls::Required),
];
pub(crate) const SEPARATORS: [(&str, char); 2] = [(" ", ' '), (",", ',')];
pub(crate) const CLASSES: [(&str, ErrorClass); 6] = [
    ("grant_refused", ErrorClass::GrantRefused),
    ("client_refused", ErrorClass::ClientRefused),
    ("request_refused", ErrorClass::RequestRefused),
    ("throttled", ErrorClass::Throttled),
    ("concurrent_refresh", ErrorClass::ConcurrentRefresh),
    ("unknown", ErrorClass::Unknown),
];
pub(crate) const PER: [(&str, ServiceTokenPer); 2] =
    [("app", ServiceTokenPer::App), ("worker", ServiceTokenPer::Worker)];
const ENVIRONMENTS: [Environment; 2] = [Environment::Production, Environment::Sandbox];

/// Parameters that the protocol itself sets; a profile cannot give them other values.
pub(crate) const RESERVED: [&str; 17] = [
    "response_type",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "client_assertion",
    "client_assertion_type",
    "request",
    "request_uri",
    "response_mode",
];

impl Profile {
    /// Reads a profile of your own.
    ///
    /// # Errors
    /// `invalid_profile` with the path of the field at fault: unknown, missing, of the wrong type, or with an endpoint
    /// that is neither `https` nor on a loopback host.
    pub fn from_json(text: &str) -> Result<Self, OAuthError> {
        read(text)
    }
}

fn read(text: &str) -> Result<Profile, OAuthError> {
    let reader = Reader::new(text, ErrorCode::InvalidProfile)?;
    let root = reader.root().object(&[
        "id",
        "name",
        "environments",
        "grants",
        "body",
        "authentication",
        "authorize",
        "correlation_header",
        "step_up_header",
        "answer",
        "errors",
        "lifetimes",
        "refresh",
        "callback",
        "service_token_per",
        "consent",
    ])?;
    let id = root.required("id").and_then(read_id)?;
    let name = root
        .read("name", |node| node.text().map(ToOwned::to_owned))?
        .unwrap_or_else(|| id.clone());
    let grants = read_grants(root.required("grants")?)?;
    let authentication = root
        .read("authentication", read_authentication)?
        .unwrap_or(AuthenticationForm {
            secret: SecretIn::Basic,
            mutual_tls: MutualTls::None,
        });
    let environments = match root.optional("environments") {
        Some(node) => read_environments(node, &grants, authentication.mutual_tls)?,
        None => Vec::new(),
    };
    let callback = read_callback(root.optional("callback"))?;
    if let Some(hosts) = environments
        .iter()
        .find(|hosts| callback.requires_iss && hosts.issuer.is_none())
    {
        return Err(root.missing(&format!("environments.{}.issuer", hosts.environment.as_str())));
    }
    let authorize = read_authorize(root.optional("authorize"))?;
    check_scopes(&root, &grants, authorize.scope_separator)?;
    Ok(Profile {
        id,
        name,
        environments,
        grants,
        body: root
            .read("body", |node| node.word(&BODIES))?
            .unwrap_or(BodyFormat::Form),
        authentication,
        authorize,
        correlation_header: root.read("correlation_header", read_header_name)?,
        step_up_header: root.read("step_up_header", read_header_name)?,
        answer: read_answer(root.optional("answer"))?,
        errors: read_errors(root.optional("errors"))?,
        lifetimes: read_lifetimes(root.optional("lifetimes"))?,
        refresh: read_refresh(root.optional("refresh"))?,
        callback,
        service_token_per: root
            .read("service_token_per", |node| node.word(&PER))?
            .unwrap_or(ServiceTokenPer::App),
        consent: read_consent(root.optional("consent"))?,
    })
}

fn read_id(node: &Node<'_>) -> Result<String, OAuthError> {
    let id = node.text()?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if id.len() <= 64 && id.bytes().all(fits) && id.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) {
        Ok(id.to_owned())
    } else {
        Err(node.fault("must be lower-case letters, digits and underscores, beginning with a letter, at most 64"))
    }
}

fn read_header_name(node: &Node<'_>) -> Result<String, OAuthError> {
    let name = node.text()?;
    if !is_header_name(name) {
        Err(node.fault("must be the name of an HTTP header"))
    } else if is_own_header(name) {
        Err(node.fault("is a header that the request itself sets"))
    } else {
        Ok(name.to_owned())
    }
}

/// Headers that say what the core or the transport has to say.
const OWN_HEADERS: [&str; 10] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
];

pub(crate) fn is_own_header(name: &str) -> bool {
    OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// RFC 9110 section 5.6.2: `token`.
pub(crate) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn read_environments(node: &Node<'_>, grants: &[GrantForm], mutual_tls: MutualTls) -> Result<Vec<Hosts>, OAuthError> {
    let object = node.object(&["production", "sandbox"])?;
    let mut environments = Vec::new();
    for environment in ENVIRONMENTS {
        let Some(node) = object.optional(environment.as_str()) else {
            continue;
        };
        let members = node.object(&["issuer", "authorize", "token", "mutual_tls_token"])?;
        let hosts = Hosts {
            environment,
            issuer: members.read("issuer", read_issuer)?,
            authorize: members.read("authorize", read_authorize_endpoint)?,
            token: members.read("token", read_endpoint)?,
            mutual_tls_token: members.read("mutual_tls_token", read_endpoint)?,
        };
        if hosts.authorize.is_none() && grants.iter().any(|form| form.grant == Grant::AuthorizationCode) {
            return Err(members.missing("authorize"));
        }
        match mutual_tls {
            MutualTls::Required if hosts.mutual_tls_token.is_none() => return Err(members.missing("mutual_tls_token")),
            MutualTls::None | MutualTls::Optional if hosts.token.is_none() => return Err(members.missing("token")),
            _ => {}
        }
        environments.push(hosts);
    }
    Ok(environments)
}

fn read_endpoint(node: &Node<'_>) -> Result<EndpointTemplate, OAuthError> {
    EndpointTemplate::parse(node.text()?).map_err(|error| node.relocate(&error))
}

fn read_issuer(node: &Node<'_>) -> Result<String, OAuthError> {
    let issuer = node.text()?;
    Endpoint::parse_issuer(issuer).map_err(|error| node.relocate(&error))?;
    Ok(issuer.to_owned())
}

fn read_authorize_endpoint(node: &Node<'_>) -> Result<EndpointTemplate, OAuthError> {
    let template = read_endpoint(node)?;
    check_query(&template.sample()?).map_err(|error| node.relocate(&error))?;
    Ok(template)
}

/// An authorization endpoint may have a query of its own (RFC 6749 section 3.1), but not one that says what the request
/// says: a parameter must not stand twice.
pub(crate) fn check_query(endpoint: &Endpoint) -> Result<(), OAuthError> {
    if endpoint
        .query_names()?
        .iter()
        .any(|name| RESERVED.contains(&name.as_str()))
    {
        return Err(OAuthError::configuration(
            ErrorCode::InvalidEndpoint,
            "the query of the authorization endpoint has a parameter that the protocol itself sets; remove it there",
        ));
    }
    Ok(())
}

fn read_grants(node: &Node<'_>) -> Result<Vec<GrantForm>, OAuthError> {
    let object = node.object(&Grant::ALL.map(Grant::as_str))?;
    let mut grants = Vec::new();
    for grant in Grant::ALL {
        let Some(node) = object.optional(grant.as_str()) else {
            continue;
        };
        let members = node.object(&["scope", "default_scopes", "client_id_in_body", "parameters"])?;
        grants.push(GrantForm {
            grant,
            scope: members
                .read("scope", Node::bool)?
                .unwrap_or(grant == Grant::ClientCredentials),
            default_scopes: members.read("default_scopes", Node::texts)?.unwrap_or_default(),
            client_id_in_body: members.read("client_id_in_body", Node::bool)?.unwrap_or(false),
            parameters: members.read("parameters", read_parameters)?.unwrap_or_default(),
        });
    }
    if grants.is_empty() {
        Err(node.fault("must name at least one grant"))
    } else {
        Ok(grants)
    }
}

/// A default scope that no request could carry would fail at the first login, far from the profile.
fn check_scopes(root: &Object<'_>, grants: &[GrantForm], separator: char) -> Result<(), OAuthError> {
    let unfit = |form: &&GrantForm| scope::join(&form.default_scopes, separator).is_err();
    match grants.iter().find(unfit) {
        Some(form) => Err(root.fault(
            &format!("grants.{}.default_scopes", form.grant.as_str()),
            "each must be one word without spaces, quotes, backslashes and the separator",
        )),
        None => Ok(()),
    }
}

fn read_parameters(node: &Node<'_>) -> Result<Vec<(String, String)>, OAuthError> {
    let mut parameters = Vec::new();
    for (name, value) in node.members()? {
        if name.is_empty() || RESERVED.contains(&name) {
            return Err(value.fault("is a parameter that the protocol itself sets"));
        }
        parameters.push((name.to_owned(), value.str()?.to_owned()));
    }
    Ok(parameters)
}

fn read_authentication(node: &Node<'_>) -> Result<AuthenticationForm, OAuthError> {
    let members = node.object(&["secret", "mutual_tls"])?;
    Ok(AuthenticationForm {
        secret: members
            .read("secret", |node| node.word(&SECRETS))?
            .unwrap_or(SecretIn::Basic),
        mutual_tls: members
            .read("mutual_tls", |node| node.word(&MUTUAL_TLS))?
            .unwrap_or(MutualTls::None),
    })
}

/// A text, or null for *not sent*; `usual` where the profile is silent.
fn read_sent(object: &Object<'_>, name: &str, usual: &str) -> Result<Option<String>, OAuthError> {
    match object.optional(name) {
        None => Ok(Some(usual.to_owned())),
        Some(node) if node.is_null() => Ok(None),
        Some(node) => node.text().map(|text| Some(text.to_owned())),
    }
}

fn read_authorize(node: Option<&Node<'_>>) -> Result<AuthorizeForm, OAuthError> {
    const FIELDS: [&str; 5] = [
        "response_type",
        "scope_parameter",
        "scope_separator",
        "pkce",
        "parameters",
    ];
    let Some(node) = node else {
        return Ok(AuthorizeForm {
            response_type: Some("code".to_owned()),
            scope_parameter: Some("scope".to_owned()),
            scope_separator: ' ',
            pkce: true,
            parameters: Vec::new(),
        });
    };
    let members = node.object(&FIELDS)?;
    let scope_parameter = read_sent(&members, "scope_parameter", "scope")?;
    let parameters = members.read("parameters", read_parameters)?.unwrap_or_default();
    if let Some(name) = scope_parameter.as_deref() {
        if name != "scope" && RESERVED.contains(&name) {
            return Err(members.fault("scope_parameter", "is a parameter that the protocol itself sets"));
        }
        if parameters.iter().any(|(known, _)| known == name) {
            return Err(members.fault(
                &format!("parameters.{name}"),
                "is the parameter that carries the scopes",
            ));
        }
    }
    Ok(AuthorizeForm {
        response_type: read_sent(&members, "response_type", "code")?,
        scope_parameter,
        scope_separator: members
            .read("scope_separator", |node| node.word(&SEPARATORS))?
            .unwrap_or(' '),
        pkce: members.read("pkce", Node::bool)?.unwrap_or(true),
        parameters,
    })
}

fn read_path(node: &Node<'_>) -> Result<String, OAuthError> {
    let path = node.text()?;
    if path.split('.').any(str::is_empty) {
        return Err(node.fault("must be a path such as access_token or authed_user.access_token"));
    }
    Ok(path.to_owned())
}

fn read_paths(node: &Node<'_>) -> Result<Vec<String>, OAuthError> {
    node.items()?.iter().map(read_path).collect()
}

/// One path, or several of which the first that leads to something counts.
fn read_places(node: &Node<'_>) -> Result<Vec<String>, OAuthError> {
    if node.json().as_str().is_some() {
        return Ok(vec![read_path(node)?]);
    }
    let paths = node
        .items()
        .map_err(|_| node.fault("must be a path, or a list of paths"))?;
    if paths.is_empty() {
        return Err(node.fault("must name at least one path"));
    }
    paths.iter().map(read_path).collect()
}

fn read_answer(node: Option<&Node<'_>>) -> Result<AnswerShape, OAuthError> {
    const FIELDS: [&str; 10] = [
        "access_token",
        "refresh_token",
        "token_type",
        "scope",
        "expires_in",
        "expires_at",
        "refresh_expires_in",
        "refresh_expires_at",
        "refresh_hard_expires_in",
        "account_ids",
    ];
    let members = node.map(|node| node.object(&FIELDS)).transpose()?;
    let path = |name: &str, usual: &str| match &members {
        Some(members) => Ok(members
            .read(name, read_places)?
            .unwrap_or_else(|| vec![usual.to_owned()])),
        None => Ok(vec![usual.to_owned()]),
    };
    let (access_token, refresh_token) = (
        path("access_token", "access_token")?,
        path("refresh_token", "refresh_token")?,
    );
    let account_ids = match &members {
        Some(members) => members.read("account_ids", read_paths)?.unwrap_or_default(),
        None => Vec::new(),
    };
    if let Some(members) = &members {
        if access_token.iter().any(|path| refresh_token.contains(path)) {
            return Err(members.fault("refresh_token", "is where the access token stands"));
        }
        // Account ids are printed.
        if account_ids
            .iter()
            .any(|path| access_token.contains(path) || refresh_token.contains(path))
        {
            return Err(members.fault("account_ids", "must not name a token"));
        }
    }
    Ok(AnswerShape {
        access_token,
        refresh_token,
        token_type: path("token_type", "token_type")?,
        scope: path("scope", "scope")?,
        expires_in: path("expires_in", "expires_in")?,
        expires_at: path("expires_at", "expires_at")?,
        refresh_expires_in: path("refresh_expires_in", "refresh_token_expires_in")?,
        refresh_expires_at: path("refresh_expires_at", "refresh_token_expires_at")?,
        refresh_hard_expires_in: path("refresh_hard_expires_in", "authorization_expires_in")?,
        account_ids,
    })
}

/// What the reader of error answers keeps of a code; any other is never met.
fn is_error_code(code: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    (1..=64).contains(&code.len()) && code.bytes().all(fits)
}

fn read_errors(node: Option<&Node<'_>>) -> Result<ErrorShape, OAuthError> {
    const FIELDS: [&str; 4] = ["code", "description", "classes", "description_may_hold_token"];
    let members = node.map(|node| node.object(&FIELDS)).transpose()?;
    let mut shape = ErrorShape {
        code: vec!["error".to_owned()],
        description: vec!["error_description".to_owned()],
        classes: Vec::new(),
        description_may_hold_token: false,
    };
    let Some(members) = members else { return Ok(shape) };
    if let Some(paths) = members.read("code", read_paths)? {
        shape.code = paths;
    }
    if let Some(paths) = members.read("description", read_paths)? {
        shape.description = paths;
    }
    if let Some(classes) = members.optional("classes") {
        for (code, class) in classes.members()? {
            if !is_error_code(code) {
                return Err(class.fault("is no error code: 1 to 64 visible characters, without quotes and backslashes"));
            }
            shape.classes.push((code.to_owned(), class.word(&CLASSES)?));
        }
    }
    shape.description_may_hold_token = members.read("description_may_hold_token", Node::bool)?.unwrap_or(false);
    Ok(shape)
}

/// Seconds in the document, milliseconds in memory; a century at most.
fn read_seconds(node: &Node<'_>) -> Result<i64, OAuthError> {
    const CENTURY: i64 = 100 * 366 * 86_400;
    match node.whole(1)? {
        seconds if seconds <= CENTURY => Ok(seconds.saturating_mul(1_000)),
        _ => Err(node.fault("must be seconds, at most a century")),
    }
}

fn read_lifetimes(node: Option<&Node<'_>>) -> Result<Lifetimes, OAuthError> {
    const FIELDS: [&str; 5] = [
        "access_seconds",
        "access_never_expires",
        "refresh_idle_seconds",
        "refresh_hard_seconds",
        "code_seconds",
    ];
    let Some(node) = node else {
        return Ok(Lifetimes {
            access: AccessLife::Unknown,
            refresh_idle: None,
            refresh_hard: None,
            code: None,
        });
    };
    let members = node.object(&FIELDS)?;
    let seconds = members.read("access_seconds", read_seconds)?;
    let never = members.read("access_never_expires", Node::bool)?.unwrap_or(false);
    let access = match (seconds, never) {
        (None, false) => AccessLife::Unknown,
        (Some(millis), false) => AccessLife::Millis(millis),
        (None, true) => AccessLife::Never,
        (Some(_), true) => return Err(node.fault("has both access_seconds and access_never_expires; keep one")),
    };
    Ok(Lifetimes {
        access,
        refresh_idle: members.read("refresh_idle_seconds", read_seconds)?,
        refresh_hard: members.read("refresh_hard_seconds", read_seconds)?,
        code: members.read("code_seconds", read_seconds)?,
    })
}

fn read_refresh(node: Option<&Node<'_>>) -> Result<RefreshRules, OAuthError> {
    let Some(node) = node else {
        return Ok(RefreshRules {
            window: Window::None,
            invalidates_access_token: false,
        });
    };
    let members = node.object(&["window", "invalidates_access_token"])?;
    Ok(RefreshRules {
        window: members.read("window", read_window)?.unwrap_or(Window::None),
        invalidates_access_token: members.read("invalidates_access_token", Node::bool)?.unwrap_or(false),
    })
}

fn read_window(node: &Node<'_>) -> Result<Window, OAuthError> {
    let members = node.object(&["type", "seconds"])?;
    let kind = members
        .required("type")?
        .word(&[("none", 0), ("seconds", 1), ("unlimited", 2)])?;
    match (kind, members.optional("seconds")) {
        (0, None) => Ok(Window::None),
        (2, None) => Ok(Window::Unlimited),
        (1, Some(seconds)) => read_seconds(seconds).map(Window::Millis),
        (1, None) => Err(members.missing("seconds")),
        (_, Some(seconds)) => Err(seconds.fault("goes with the type seconds only")),
        _ => Err(node.fault("is not a window")),
    }
}

fn read_callback(node: Option<&Node<'_>>) -> Result<CallbackShape, OAuthError> {
    let Some(node) = node else {
        return Ok(CallbackShape {
            keep: Vec::new(),
            account_ids: Vec::new(),
            requires_iss: false,
            typed_code: false,
        });
    };
    let members = node.object(&["keep", "account_ids", "requires_iss", "typed_code"])?;
    let shape = CallbackShape {
        keep: members.read("keep", Node::texts)?.unwrap_or_default(),
        account_ids: members.read("account_ids", Node::texts)?.unwrap_or_default(),
        requires_iss: members.read("requires_iss", Node::bool)?.unwrap_or(false),
        typed_code: members.read("typed_code", Node::bool)?.unwrap_or(false),
    };
    for (at, name) in shape.keep.iter().enumerate() {
        // What is kept is printed; a code must not be.
        let again = |other: &String| other.eq_ignore_ascii_case(name);
        if RESPONSE_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(members.fault(&format!("keep[{at}]"), "is a parameter that the protocol itself reads"));
        }
        if shape.keep.iter().take(at).any(again) {
            return Err(members.fault(&format!("keep[{at}]"), "stands twice; names are compared without case"));
        }
    }
    match shape.account_ids.iter().find(|name| !shape.keep.contains(name)) {
        Some(name) => Err(members.fault("account_ids", format!("names {name}, which keep does not keep"))),
        None => Ok(shape),
    }
}

fn read_consent(node: Option<&Node<'_>>) -> Result<Consent, OAuthError> {
    let Some(node) = node else {
        return Ok(Consent {
            roles: Vec::new(),
            reconnect: None,
        });
    };
    let members = node.object(&["roles", "reconnect"])?;
    Ok(Consent {
        roles: members.read("roles", Node::texts)?.unwrap_or_default(),
        reconnect: members.read("reconnect", |node| node.text().map(ToOwned::to_owned))?,
    })
}
