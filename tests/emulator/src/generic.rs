//! A strict authorization server: RFC 6749, 7636 (S256 only, always), 7009, 8414, 9207.

use serde_json::json;

use crate::authorize::{self, Refusal};
use crate::credentials::basic;
use crate::fault::Place;
use crate::http::{Request, Response};
use crate::journal::What;
use crate::lock;
use crate::mint::Shape;
use crate::params::{Params, form_body};
use crate::provider::Shared;
use crate::realm::{Bearer, Client, Exchange, RefreshRefusal, Ticket, Tokens};
use crate::{assertion, token};

const CONSENT: &str = "/authorize/consent";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const REVOKE: &str = "/revoke";

pub(crate) fn place(request: &Request) -> Option<Place> {
    match request.path.as_str() {
        "/authorize" | CONSENT => Some(Place::Authorize),
        "/token" => Some(Place::Token),
        "/resource" => Some(Place::Resource),
        METADATA | REVOKE => Some(Place::Any),
        _ => None,
    }
}

pub(crate) fn answer(shared: &Shared, request: &Request, processing_ms: u64) -> Response {
    match request.path.as_str() {
        "/token" => token_answer(shared, request, processing_ms)
            .unwrap_or_else(|refusal| refusal)
            .uncached(),
        "/resource" => resource(shared, request),
        REVOKE => revoke(shared, request).unwrap_or_else(|refusal| refusal),
        METADATA => metadata(shared),
        CONSENT => authorize::decide(shared, request),
        _ => authorize::authorize(shared, request, CONSENT, |params| check(shared, params)),
    }
}

fn check(shared: &Shared, params: &Params) -> Result<Ticket, Refusal> {
    let (client, redirect_uri) = authorize::known_client(shared, params)?;
    let state = params.get("state").map(str::to_owned);
    let refuse = |error| Refusal::Redirect {
        redirect_uri: redirect_uri.clone(),
        state: state.clone(),
        error,
    };
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(refuse("unsupported_response_type")),
        None => return Err(refuse("invalid_request")),
    }
    let challenge = authorize::challenge(params)
        .ok()
        .flatten()
        .ok_or_else(|| refuse("invalid_request"))?;
    let scope = params.get("scope").unwrap_or("basic").to_owned();
    Ok(Ticket {
        client,
        redirect_uri,
        state,
        scope,
        challenge: Some(challenge),
    })
}

/// Who sends the request, and its parameters.
///
/// Basic, `client_secret` in the body, a client assertion (RFC 7523), or nothing for a public client: exactly one (RFC
/// 6749 section 2.3).
fn authenticated(shared: &Shared, request: &Request) -> Result<(String, Params), Response> {
    if let Some(refusal) = token::only_post(request) {
        return Err(refusal);
    }
    let Some(params) = form_body(request) else {
        return Err(malformed(shared, "the body is no form"));
    };
    if let Some(name) = params.duplicate() {
        return Err(malformed(shared, &format!("{name} is given twice")));
    }
    let header = request.header("authorization").is_some();
    if assertion::is_given(&params) {
        if header || params.get("client_secret").is_some() {
            return Err(malformed(shared, "more than one way to authenticate"));
        }
        return match assertion::client(shared, &params) {
            Ok(id) => Ok((id, params)),
            Err(words) => {
                shared.note(What::ClientRejected, words);
                Err(error(401, "invalid_client", words))
            }
        };
    }
    let encoding = lock(&shared.settings).basic;
    let (id, secret) = match (header, params.get("client_secret")) {
        (true, Some(_)) => return Err(malformed(shared, "more than one way to authenticate")),
        (true, None) => {
            let Some(basic) = basic(request, encoding) else {
                return Err(not_authenticated(shared, header));
            };
            if params.get("client_id").is_some_and(|id| id != basic.id) {
                return Err(malformed(shared, "two client ids"));
            }
            (basic.id, Some(basic.secret))
        }
        (false, secret) => (
            params.get("client_id").unwrap_or_default().to_owned(),
            secret.map(str::to_owned),
        ),
    };
    match token::authenticates(shared, &id, secret.as_deref()) {
        Some(true) => Ok((id, params)),
        _ => Err(not_authenticated(shared, header)),
    }
}

fn token_answer(shared: &Shared, request: &Request, processing_ms: u64) -> Result<Response, Response> {
    let (client, params) = authenticated(shared, request)?;
    match params.get("grant_type") {
        Some("authorization_code") => exchange(shared, &client, &params),
        Some("refresh_token") => refresh(shared, &client, &params, processing_ms),
        Some("client_credentials") => service(shared, &client, &params),
        Some(_) => {
            shared.note(What::RequestRejected, "unknown grant type");
            Err(error(400, "unsupported_grant_type", "this grant type is not supported"))
        }
        None => Err(malformed(shared, "grant_type is missing")),
    }
}

fn exchange(shared: &Shared, client: &str, params: &Params) -> Result<Response, Response> {
    let code = params.get("code").ok_or_else(|| malformed(shared, "code is missing"))?;
    let verifier = params
        .get("code_verifier")
        .ok_or_else(|| malformed(shared, "code_verifier is missing"))?;
    let given = Exchange {
        client,
        code,
        redirect_uri: params.get("redirect_uri"),
        verifier: Some(verifier),
        scope: None,
    };
    let policy = lock(&shared.settings).policy;
    match token::exchange(shared, &policy, &given) {
        Ok(tokens) => Ok(granted(tokens, None)),
        Err(_) => Err(error(400, "invalid_grant", "the code is not valid for this request")),
    }
}

fn refresh(shared: &Shared, client: &str, params: &Params, processing_ms: u64) -> Result<Response, Response> {
    let presented = params
        .get("refresh_token")
        .ok_or_else(|| malformed(shared, "refresh_token is missing"))?;
    let wanted = params.get("scope");
    if let Some(wanted) = wanted {
        // RFC 6749 section 6: never more than was granted.
        let granted = lock(&shared.realm)
            .scope_of_refresh(presented)
            .unwrap_or_default()
            .to_owned();
        if !wanted
            .split(' ')
            .all(|scope| granted.split(' ').any(|known| known == scope))
        {
            return Err(error(400, "invalid_scope", "this is more than was granted"));
        }
    }
    match token::refresh(shared, client, None, presented, processing_ms) {
        Ok(tokens) => Ok(granted(tokens, wanted)),
        Err(RefreshRefusal::Concurrent) => Err(error(429, "temporarily_unavailable", "the token is being worked on")),
        Err(_) => Err(error(400, "invalid_grant", "the refresh token is not valid")),
    }
}

fn service(shared: &Shared, client: &str, params: &Params) -> Result<Response, Response> {
    let public = lock(&shared.realm).client(client).is_none_or(Client::is_public);
    if public {
        // RFC 6749 section 4.4: only confidential clients.
        return Err(error(400, "unauthorized_client", "a public client has no credentials"));
    }
    let life_ms = lock(&shared.settings).service_ms;
    let access = token::service(shared, client, life_ms, Shape::Url(32));
    let scope = params.get("scope").unwrap_or("basic");
    let body = json!({"access_token": access, "token_type": "Bearer", "expires_in": life_ms / 1000, "scope": scope});
    Ok(Response::json(200, &body))
}

fn granted(tokens: Tokens, scope: Option<&str>) -> Response {
    let body = json!({
        "access_token": tokens.access,
        "token_type": "Bearer",
        "expires_in": tokens.access_ms / 1000,
        "refresh_token": tokens.refresh,
        "scope": scope.unwrap_or(&tokens.consent.scope),
    });
    Response::json(200, &body)
}

/// RFC 7009: 200 for any token, known or not.
fn revoke(shared: &Shared, request: &Request) -> Result<Response, Response> {
    let (client, params) = authenticated(shared, request)?;
    let presented = params
        .get("token")
        .ok_or_else(|| malformed(shared, "token is missing"))?;
    let ended = lock(&shared.realm).revoke(&client, presented);
    if let Some(grant) = ended {
        shared.note_about(What::GrantEnded, None, Some(grant), None, "Revoked");
    }
    Ok(Response {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    })
}

fn resource(shared: &Shared, request: &Request) -> Response {
    match token::resource(shared, request) {
        Some(Bearer::User { consent, .. }) => {
            Response::json(200, &json!({"user": consent.user, "account": consent.account}))
        }
        Some(Bearer::Service { client }) => Response::json(200, &json!({"client": client})),
        // RFC 6750 section 3.1: no error code where no token was given.
        None if request.header("authorization").is_none() => {
            Response::json(401, &json!({})).with("WWW-Authenticate", "Bearer")
        }
        None => Response::json(401, &json!({})).with("WWW-Authenticate", "Bearer error=\"invalid_token\""),
    }
}

fn metadata(shared: &Shared) -> Response {
    let issuer = shared.urls().api;
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "revocation_endpoint": format!("{issuer}{REVOKE}"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": lock(&shared.settings).issuer_in_callback,
    });
    Response::json(200, &body)
}

fn not_authenticated(shared: &Shared, by_header: bool) -> Response {
    shared.note(What::ClientRejected, "the client is not authenticated");
    let response = error(401, "invalid_client", "the client is not authenticated");
    // RFC 6749 section 5.2: in the scheme that the client tried.
    if by_header {
        response.with("WWW-Authenticate", "Basic realm=\"emulated\"")
    } else {
        response
    }
}

fn malformed(shared: &Shared, words: &str) -> Response {
    shared.note(What::RequestRejected, words);
    error(400, "invalid_request", words)
}

fn error(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({"error": error, "error_description": description}))
}
