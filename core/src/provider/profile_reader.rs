//! A profile read from JSON, strictly.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::base::endpoint::Endpoint;
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::header_name::{is_header_name, is_own_header};
use crate::base::reader::{Node, Object, Reader};
use crate::base::redirect_uri::RESPONSE_PARAMETERS;
use crate::base::scope;
use crate::provider::environment::Environment;
use crate::provider::grant::Grant;
use crate::provider::profile::{
    AccessLife, AnswerShape, AuthenticationForm, AuthorizeForm, BodyFormat, CallbackShape, Consent, ErrorClass,
    ErrorShape, GrantForm, Hosts, Lifetimes, MutualTls, Profile, RefreshRules, SecretIn, ServiceTokenPer, Window,
};
use crate::provider::profile_words::{BODIES, CLASSES, MUTUAL_TLS, PER, SECRETS, SEPARATORS};
use crate::provider::reserved::{RESERVED, check_query};
use crate::provider::template::EndpointTemplate;

const ENVIRONMENTS: [Environment; 2] = [Environment::Production, Environment::Sandbox];

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
    let mut profile = cautious(root.required("id").and_then(read_id)?);
    root.fill("name", &mut profile.name, Node::string)?;
    profile.grants = root.required("grants").and_then(read_grants)?;
    root.fill_within("authentication", &mut profile.authentication, read_authentication)?;
    root.fill_within("environments", &mut profile, read_environments)?;
    root.fill_within("callback", &mut profile.callback, read_callback)?;
    let lacks_issuer = |hosts: &&Hosts| profile.callback.requires_iss && hosts.issuer.is_none();
    if let Some(hosts) = profile.environments.iter().find(lacks_issuer) {
        return Err(root.missing(&["environments.", hosts.environment.as_str(), ".issuer"].concat()));
    }
    root.fill_within("authorize", &mut profile.authorize, read_authorize)?;
    check_scopes(&root, &profile.grants, profile.authorize.scope_separator)?;
    root.fill("body", &mut profile.body, |node| node.word(&BODIES))?;
    root.fill("correlation_header", &mut profile.correlation_header, read_header_name)?;
    root.fill("step_up_header", &mut profile.step_up_header, read_header_name)?;
    root.fill_within("answer", &mut profile.answer, read_answer)?;
    root.fill_within("errors", &mut profile.errors, read_errors)?;
    // Error codes are printed.
    let is_token =
        |path: &String| profile.answer.access_token.contains(path) || profile.answer.refresh_token.contains(path);
    if profile.errors.code.iter().any(is_token) {
        return Err(root.fault("errors.code", "must not name a token"));
    }
    root.fill_within("lifetimes", &mut profile.lifetimes, read_lifetimes)?;
    root.fill_within("refresh", &mut profile.refresh, read_refresh)?;
    root.fill("service_token_per", &mut profile.service_token_per, |node| {
        node.word(&PER)
    })?;
    root.fill_within("consent", &mut profile.consent, read_consent)?;
    Ok(profile)
}

/// What a profile means that says nothing but its id: what the RFCs say, and the cautious reading where they are silent.
fn cautious(id: String) -> Profile {
    let only = |path: &str| vec![path.to_owned()];
    Profile {
        name: id.clone(),
        id,
        environments: Vec::new(),
        grants: Vec::new(),
        body: BodyFormat::Form,
        authentication: AuthenticationForm {
            secret: SecretIn::Basic,
            mutual_tls: MutualTls::None,
        },
        authorize: AuthorizeForm {
            response_type: Some("code".to_owned()),
            scope_parameter: Some("scope".to_owned()),
            scope_separator: ' ',
            pkce: true,
            parameters: Vec::new(),
        },
        correlation_header: None,
        step_up_header: None,
        answer: AnswerShape {
            access_token: only("access_token"),
            refresh_token: only("refresh_token"),
            token_type: only("token_type"),
            scope: only("scope"),
            expires_in: only("expires_in"),
            expires_at: only("expires_at"),
            refresh_expires_in: only("refresh_token_expires_in"),
            refresh_expires_at: only("refresh_token_expires_at"),
            refresh_hard_expires_in: only("authorization_expires_in"),
            account_ids: Vec::new(),
        },
        errors: ErrorShape {
            code: only("error"),
            description: only("error_description"),
            classes: Vec::new(),
            description_may_hold_token: false,
        },
        lifetimes: Lifetimes {
            access: AccessLife::Unknown,
            refresh_idle: None,
            refresh_hard: None,
            code: None,
        },
        refresh: RefreshRules {
            window: Window::None,
            invalidates_access_token: false,
        },
        callback: CallbackShape {
            keep: Vec::new(),
            account_ids: Vec::new(),
            requires_iss: false,
            typed_code: false,
        },
        service_token_per: ServiceTokenPer::App,
        consent: Consent {
            roles: Vec::new(),
            reconnect: None,
        },
    }
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

fn read_header_name(node: &Node<'_>) -> Result<Option<String>, OAuthError> {
    let name = node.text()?;
    if !is_header_name(name) {
        Err(node.fault("must be the name of an HTTP header"))
    } else if is_own_header(name) {
        Err(node.fault("is a header that the request itself sets"))
    } else {
        Ok(Some(name.to_owned()))
    }
}

fn read_environments(node: &Node<'_>, profile: &mut Profile) -> Result<(), OAuthError> {
    let object = node.object(&["production", "sandbox"])?;
    let needs_authorize = profile.offers(Grant::AuthorizationCode);
    for environment in ENVIRONMENTS {
        let Some(node) = object.optional(environment.as_str()) else {
            continue;
        };
        let members = node.object(&["issuer", "authorize", "token", "mutual_tls_token", "revocation"])?;
        let mut hosts = Hosts {
            environment,
            issuer: None,
            authorize: None,
            token: None,
            mutual_tls_token: None,
            revocation: None,
        };
        members.fill("issuer", &mut hosts.issuer, read_issuer)?;
        members.fill("authorize", &mut hosts.authorize, read_authorize_endpoint)?;
        members.fill("token", &mut hosts.token, read_endpoint)?;
        members.fill("mutual_tls_token", &mut hosts.mutual_tls_token, read_endpoint)?;
        members.fill("revocation", &mut hosts.revocation, read_endpoint)?;
        if hosts.authorize.is_none() && needs_authorize {
            return Err(members.missing("authorize"));
        }
        match profile.authentication.mutual_tls {
            MutualTls::Required if hosts.mutual_tls_token.is_none() => return Err(members.missing("mutual_tls_token")),
            MutualTls::None | MutualTls::Optional if hosts.token.is_none() => return Err(members.missing("token")),
            _ => {}
        }
        profile.environments.push(hosts);
    }
    Ok(())
}

fn read_template(node: &Node<'_>) -> Result<EndpointTemplate, OAuthError> {
    EndpointTemplate::parse(node.text()?).map_err(|error| node.relocate(&error))
}

fn read_endpoint(node: &Node<'_>) -> Result<Option<EndpointTemplate>, OAuthError> {
    read_template(node).map(Some)
}

fn read_issuer(node: &Node<'_>) -> Result<Option<String>, OAuthError> {
    let issuer = node.text()?;
    Endpoint::parse_issuer(issuer).map_err(|error| node.relocate(&error))?;
    Ok(Some(issuer.to_owned()))
}

fn read_authorize_endpoint(node: &Node<'_>) -> Result<Option<EndpointTemplate>, OAuthError> {
    let template = read_template(node)?;
    check_query(&template.sample()?).map_err(|error| node.relocate(&error))?;
    Ok(Some(template))
}

fn read_grants(node: &Node<'_>) -> Result<Vec<GrantForm>, OAuthError> {
    let object = node.object(&Grant::ALL.map(Grant::as_str))?;
    let mut grants = Vec::new();
    for grant in Grant::ALL {
        let Some(node) = object.optional(grant.as_str()) else {
            continue;
        };
        let members = node.object(&["scope", "default_scopes", "client_id_in_body", "parameters"])?;
        let mut form = GrantForm {
            grant,
            scope: grant == Grant::ClientCredentials,
            default_scopes: Vec::new(),
            client_id_in_body: false,
            parameters: Vec::new(),
        };
        members.fill("scope", &mut form.scope, Node::bool)?;
        members.fill("default_scopes", &mut form.default_scopes, Node::texts)?;
        members.fill("client_id_in_body", &mut form.client_id_in_body, Node::bool)?;
        members.fill("parameters", &mut form.parameters, read_parameters)?;
        grants.push(form);
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
            &["grants.", form.grant.as_str(), ".default_scopes"].concat(),
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

fn read_authentication(node: &Node<'_>, form: &mut AuthenticationForm) -> Result<(), OAuthError> {
    let members = node.object(&["secret", "mutual_tls"])?;
    members.fill("secret", &mut form.secret, |node| node.word(&SECRETS))?;
    members.fill("mutual_tls", &mut form.mutual_tls, |node| node.word(&MUTUAL_TLS))
}

/// A text, or null for *not sent*.
fn read_sent(node: &Node<'_>) -> Result<Option<String>, OAuthError> {
    if node.is_null() {
        Ok(None)
    } else {
        node.string().map(Some)
    }
}

fn read_authorize(node: &Node<'_>, form: &mut AuthorizeForm) -> Result<(), OAuthError> {
    let members = node.object(&[
        "response_type",
        "scope_parameter",
        "scope_separator",
        "pkce",
        "parameters",
    ])?;
    members.fill("scope_parameter", &mut form.scope_parameter, read_sent)?;
    members.fill("parameters", &mut form.parameters, read_parameters)?;
    if let Some(name) = form.scope_parameter.as_deref() {
        if name != "scope" && RESERVED.contains(&name) {
            return Err(members.fault("scope_parameter", "is a parameter that the protocol itself sets"));
        }
        if form.parameters.iter().any(|(known, _)| known == name) {
            return Err(members.fault(
                &["parameters.", name].concat(),
                "is the parameter that carries the scopes",
            ));
        }
    }
    members.fill("response_type", &mut form.response_type, read_sent)?;
    members.fill("scope_separator", &mut form.scope_separator, |node| {
        node.word(&SEPARATORS)
    })?;
    members.fill("pkce", &mut form.pkce, Node::bool)
}

fn read_path(node: &Node<'_>) -> Result<String, OAuthError> {
    let path = node.text()?;
    if path.split('.').any(str::is_empty) {
        return Err(node.fault("must be a path such as access_token or authed_user.access_token"));
    }
    Ok(path.to_owned())
}

fn read_paths(node: &Node<'_>) -> Result<Vec<String>, OAuthError> {
    node.list(read_path)
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
    node.list(read_path)
}

fn read_answer(node: &Node<'_>, shape: &mut AnswerShape) -> Result<(), OAuthError> {
    let members = node.object(&[
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
    ])?;
    members.fill("access_token", &mut shape.access_token, read_places)?;
    members.fill("refresh_token", &mut shape.refresh_token, read_places)?;
    members.fill("account_ids", &mut shape.account_ids, read_paths)?;
    if shape.access_token.iter().any(|path| shape.refresh_token.contains(path)) {
        return Err(members.fault("refresh_token", "is where the access token stands"));
    }
    // Account ids are printed.
    let is_token = |path: &String| shape.access_token.contains(path) || shape.refresh_token.contains(path);
    if shape.account_ids.iter().any(is_token) {
        return Err(members.fault("account_ids", "must not name a token"));
    }
    for (name, places) in [
        ("token_type", &mut shape.token_type),
        ("scope", &mut shape.scope),
        ("expires_in", &mut shape.expires_in),
        ("expires_at", &mut shape.expires_at),
        ("refresh_expires_in", &mut shape.refresh_expires_in),
        ("refresh_expires_at", &mut shape.refresh_expires_at),
        ("refresh_hard_expires_in", &mut shape.refresh_hard_expires_in),
    ] {
        members.fill(name, places, read_places)?;
    }
    Ok(())
}

/// What the reader of error answers keeps of a code; any other is never met.
fn is_error_code(code: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    (1..=64).contains(&code.len()) && code.bytes().all(fits)
}

fn read_errors(node: &Node<'_>, shape: &mut ErrorShape) -> Result<(), OAuthError> {
    let members = node.object(&["code", "description", "classes", "description_may_hold_token"])?;
    members.fill("code", &mut shape.code, read_paths)?;
    members.fill("description", &mut shape.description, read_paths)?;
    members.fill("classes", &mut shape.classes, read_classes)?;
    let may_hold_token = &mut shape.description_may_hold_token;
    members.fill("description_may_hold_token", may_hold_token, Node::bool)
}

fn read_classes(node: &Node<'_>) -> Result<Vec<(String, ErrorClass)>, OAuthError> {
    let mut classes = Vec::new();
    for (code, class) in node.members()? {
        if !is_error_code(code) {
            return Err(class.fault("is no error code: 1 to 64 visible characters, without quotes and backslashes"));
        }
        classes.push((code.to_owned(), class.word(&CLASSES)?));
    }
    Ok(classes)
}

/// Seconds in the document, milliseconds in memory; a century at most.
fn read_seconds(node: &Node<'_>) -> Result<i64, OAuthError> {
    const CENTURY: i64 = 100 * 366 * 86_400;
    match node.whole(1)? {
        seconds if seconds <= CENTURY => Ok(seconds.saturating_mul(1_000)),
        _ => Err(node.fault("must be seconds, at most a century")),
    }
}

/// The same for a place that may be empty.
fn read_some_seconds(node: &Node<'_>) -> Result<Option<i64>, OAuthError> {
    read_seconds(node).map(Some)
}

fn read_lifetimes(node: &Node<'_>, lifetimes: &mut Lifetimes) -> Result<(), OAuthError> {
    let members = node.object(&[
        "access_seconds",
        "access_never_expires",
        "refresh_idle_seconds",
        "refresh_hard_seconds",
        "code_seconds",
    ])?;
    let access = members.read("access_seconds", read_seconds)?;
    let never = members.read("access_never_expires", Node::bool)?.unwrap_or(false);
    lifetimes.access = match (access, never) {
        (None, false) => AccessLife::Unknown,
        (Some(millis), false) => AccessLife::Millis(millis),
        (None, true) => AccessLife::Never,
        (Some(_), true) => return Err(node.fault("has both access_seconds and access_never_expires; keep one")),
    };
    members.fill("refresh_idle_seconds", &mut lifetimes.refresh_idle, read_some_seconds)?;
    members.fill("refresh_hard_seconds", &mut lifetimes.refresh_hard, read_some_seconds)?;
    members.fill("code_seconds", &mut lifetimes.code, read_some_seconds)
}

fn read_refresh(node: &Node<'_>, rules: &mut RefreshRules) -> Result<(), OAuthError> {
    let members = node.object(&["window", "invalidates_access_token"])?;
    members.fill("window", &mut rules.window, read_window)?;
    let invalidates = &mut rules.invalidates_access_token;
    members.fill("invalidates_access_token", invalidates, Node::bool)
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

fn read_callback(node: &Node<'_>, shape: &mut CallbackShape) -> Result<(), OAuthError> {
    let members = node.object(&["keep", "account_ids", "requires_iss", "typed_code"])?;
    members.fill("keep", &mut shape.keep, Node::texts)?;
    members.fill("account_ids", &mut shape.account_ids, Node::texts)?;
    members.fill("requires_iss", &mut shape.requires_iss, Node::bool)?;
    members.fill("typed_code", &mut shape.typed_code, Node::bool)?;
    for (at, name) in shape.keep.iter().enumerate() {
        // What is kept is printed; a code must not be.
        let again = |other: &String| other.eq_ignore_ascii_case(name);
        let message = if RESPONSE_PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            "is a parameter that the protocol itself reads"
        } else if shape.keep.iter().take(at).any(again) {
            "stands twice; names are compared without case"
        } else {
            continue;
        };
        return Err(members.required("keep")?.item_fault(at, message));
    }
    match shape.account_ids.iter().find(|name| !shape.keep.contains(name)) {
        Some(name) => Err(members.fault("account_ids", ["names ", name, ", which keep does not keep"].concat())),
        None => Ok(()),
    }
}

fn read_consent(node: &Node<'_>, consent: &mut Consent) -> Result<(), OAuthError> {
    let members = node.object(&["roles", "reconnect"])?;
    members.fill("roles", &mut consent.roles, Node::texts)?;
    members.fill("reconnect", &mut consent.reconnect, |node| node.string().map(Some))
}
