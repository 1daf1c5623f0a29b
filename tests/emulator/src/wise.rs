//! Wise: docs.wise.com, "Authentication & Access", "Linking accounts", "Refresh tokens", "Errors", and the
//! specification of its token API.

use serde_json::{Value, json};

use crate::authorize::{self, Refusal};
use crate::clock::rfc3339;
use crate::credentials::{BasicEncoding, basic, bearer};
use crate::fault::Place;
use crate::http::{Request, Response};
use crate::journal::What;
use crate::lock;
use crate::mint::{Shape, mint};
use crate::params::{Params, form_body};
use crate::provider::{Shared, Surface};
use crate::realm::{Bearer, Exchange, Ticket, Tokens};
use crate::settings::Settings;
use crate::token;

const CONSENT: &str = "/oauth/authorize/consent";

pub(crate) fn place(surface: Surface, request: &Request) -> Option<Place> {
    match (surface, request.path.as_str()) {
        (Surface::Web, "/oauth/authorize/" | "/oauth/authorize" | CONSENT) => Some(Place::Authorize),
        (Surface::Web, _) => None,
        (_, "/oauth/token") => Some(Place::Token),
        (_, "/v2/profiles") => Some(Place::Resource),
        (_, path) if is_statement(path) => Some(Place::Resource),
        _ => None,
    }
}

/// A resource behind strong customer authentication.
fn is_statement(path: &str) -> bool {
    path.starts_with("/v1/profiles/") && path.contains("/balance-statements")
}

pub(crate) fn answer(shared: &Shared, surface: Surface, request: &Request, processing_ms: u64) -> Response {
    let response = match place(surface, request) {
        Some(Place::Token) => token_answer(shared, surface, request, processing_ms).uncached(),
        Some(Place::Resource) => resource(shared, request),
        _ if request.path == CONSENT => return authorize::decide(shared, request),
        _ => return authorize::authorize(shared, request, CONSENT, |params| check(shared, params)),
    };
    // Wise, token API: a UUID of at most 36 characters is echoed; every answer can be traced.
    let response = response.with("x-trace-id", &mint(Shape::Uuid).replace('-', ""));
    match request.header("x-external-correlation-id") {
        Some(id) if id.len() <= 36 => response.with("X-External-Correlation-Id", id),
        _ => response,
    }
}

/// No `response_type` and no `scope` ("Linking accounts"); both are ignored, as is `claim_account_code`.
fn check(shared: &Shared, params: &Params) -> Result<Ticket, Refusal> {
    let (client, redirect_uri) = authorize::known_client(shared, params)?;
    let state = params.get("state").map(str::to_owned);
    Ok(Ticket {
        client,
        redirect_uri,
        state,
        scope: "transfers".to_owned(),
        challenge: None,
    })
}

fn token_answer(shared: &Shared, surface: Surface, request: &Request, processing_ms: u64) -> Response {
    if let Some(refusal) = token::only_post(request) {
        return refusal;
    }
    let settings = lock(&shared.settings).clone();
    if surface != Surface::Mtls && !settings.tokens_without_mtls {
        shared.note(What::RequestRejected, "no client certificate");
        let error = json!({"code": "mtls.required", "message": "A client certificate is required.",
            "path": Value::Null, "arguments": []});
        return Response::json(403, &json!({"errors": [error]}));
    }
    let client = basic(request, BasicEncoding::Raw)
        .filter(|basic| token::authenticates(shared, &basic.id, Some(&basic.secret)) == Some(true));
    let Some(client) = client.map(|basic| basic.id) else {
        shared.note(What::ClientRejected, "no Basic, unknown client or wrong secret");
        return error(401, "invalid_client", "Client authentication failed");
    };
    let params = form_body(request).unwrap_or_default();
    if let Some(name) = params.duplicate() {
        return malformed(shared, &format!("Duplicate {name}"));
    }
    match params.get("grant_type") {
        Some("client_credentials") => service(shared, &settings, &client),
        Some("authorization_code") => exchange(shared, &settings, &client, &params),
        Some("refresh_token") => refresh(shared, &settings, &client, &params, processing_ms),
        Some(_) => {
            shared.note(What::RequestRejected, "unknown grant type");
            error(400, "unsupported_grant_type", "Unsupported grant type")
        }
        None => malformed(shared, "Missing grant type"),
    }
}

/// Authentication & Access: never a refresh token; one per worker, none of which ends another.
fn service(shared: &Shared, settings: &Settings, client: &str) -> Response {
    let access = token::service(shared, client, settings.service_ms, Shape::Jwe);
    Response::json(
        200,
        &json!({
            "access_token": access,
            "token_type": "bearer",
            "expires_in": settings.service_ms / 1000,
            "expires_at": rfc3339(shared.clock.now().saturating_add(settings.service_ms), 3),
            "scope": "transfers",
        }),
    )
}

/// The client id goes into the body too, beside Basic (token API).
fn exchange(shared: &Shared, settings: &Settings, client: &str, params: &Params) -> Response {
    if params.get("client_id") != Some(client) {
        return malformed(shared, "Missing or wrong client_id");
    }
    let Some(code) = params.get("code") else {
        return malformed(shared, "Missing code");
    };
    let Some(redirect_uri) = params.get("redirect_uri") else {
        return malformed(shared, "Missing redirect_uri");
    };
    let given = Exchange {
        client,
        code,
        redirect_uri: Some(redirect_uri),
        verifier: None,
        scope: None,
    };
    match token::exchange(shared, &settings.policy, &given) {
        Ok(tokens) => granted(shared, tokens),
        Err(_) => error(
            settings.exchange_rejection_status,
            "invalid_grant",
            "Invalid user credentials.",
        ),
    }
}

fn refresh(shared: &Shared, settings: &Settings, client: &str, params: &Params, processing_ms: u64) -> Response {
    let Some(presented) = params.get("refresh_token") else {
        return malformed(shared, "Missing refresh_token");
    };
    match token::refresh(shared, client, None, presented, processing_ms) {
        Ok(tokens) => granted(shared, tokens),
        Err(_) => error(
            settings.refresh_rejection_status,
            "invalid_grant",
            "Invalid user credentials.",
        ),
    }
}

/// All fields of a user token (token API).
fn granted(shared: &Shared, tokens: Tokens) -> Response {
    let now = shared.clock.now();
    Response::json(
        200,
        &json!({
            "access_token": tokens.access,
            "token_type": "bearer",
            "refresh_token": tokens.refresh,
            "expires_in": tokens.access_ms / 1000,
            "expires_at": rfc3339(now.saturating_add(tokens.access_ms), 3),
            "refresh_token_expires_in": tokens.refresh_ms / 1000,
            "refresh_token_expires_at": rfc3339(now.saturating_add(tokens.refresh_ms), 3),
            "scope": tokens.consent.scope,
            "created_at": rfc3339(now, 5),
        }),
    )
}

fn resource(shared: &Shared, request: &Request) -> Response {
    let found = token::resource(shared, request);
    match (found, bearer(request)) {
        (Some(_), _) if is_statement(&request.path) => {
            // Wise, "Errors": a challenge, no failure of OAuth.
            let body = json!({"timestamp": rfc3339(shared.clock.now(), 3), "status": 403, "error": "Forbidden",
                "message": "You are forbidden to send this request", "path": request.path});
            Response::json(403, &body)
                .with("x-2fa-approval", &mint(Shape::Uuid))
                .with("x-2fa-approval-result", "REJECTED")
        }
        (Some(Bearer::User { consent, .. }), _) => {
            let number = lock(&shared.directory).number(&consent.account);
            Response::json(200, &json!([{"id": number, "type": "BUSINESS"}]))
        }
        (Some(Bearer::Service { .. }), _) => Response::json(200, &json!([])),
        // The description is the token itself (Wise, "Errors"): clients must not print it.
        (None, Some(token)) => error(401, "invalid_token", token),
        (None, None) => error(
            401,
            "unauthorized",
            "Full authentication is required to access this resource",
        ),
    }
}

fn malformed(shared: &Shared, words: &str) -> Response {
    shared.note(What::RequestRejected, words);
    error(400, "invalid_request", words)
}

fn error(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({"error": error, "error_description": description}))
}
