//! Airwallex: "Existing customers", "OAuth permissions and user roles", "Troubleshooting OAuth errors".

use serde_json::{Value, json};

use crate::authorize::{self, Refusal};
use crate::credentials::{BasicEncoding, basic};
use crate::fault::Place;
use crate::http::{Request, Response};
use crate::journal::What;
use crate::kernel::{Invalid, Reason};
use crate::lock;
use crate::params::{Params, form_body, json_body};
use crate::provider::{Shared, Surface};
use crate::realm::{Bearer, CodeRefusal, Exchange, RefreshRefusal, Ticket, Tokens};
use crate::settings::Settings;
use crate::token;

const AUTHORIZE: &str = "/oauth/authorize";
const CONSENT: &str = "/oauth/authorize/consent";

pub(crate) fn place(surface: Surface, request: &Request) -> Option<Place> {
    match (surface, request.path.as_str()) {
        (Surface::Web, AUTHORIZE | CONSENT) => Some(Place::Authorize),
        // The prose writes a trailing slash, the examples do not (Existing customers).
        (Surface::Api, "/oauth/token" | "/oauth/token/") => Some(Place::Token),
        (Surface::Api, "/api/v1/account" | "/api/v1/account/") => Some(Place::Resource),
        _ => None,
    }
}

pub(crate) fn answer(shared: &Shared, surface: Surface, request: &Request, processing_ms: u64) -> Response {
    match place(surface, request) {
        Some(Place::Token) => token_answer(shared, request, processing_ms).uncached(),
        Some(Place::Resource) => account(shared, request),
        _ if request.path == CONSENT => authorize::decide(shared, request),
        _ => authorize::authorize(shared, request, CONSENT, |params| check(shared, params)),
    }
}

/// Existing customers, step 1. `sign_up=true` is accepted and changes nothing here.
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
    let scope = params.get("scope").ok_or_else(|| refuse("invalid_scope"))?.to_owned();
    let challenge = authorize::challenge(params).map_err(|()| refuse("invalid_request"))?;
    Ok(Ticket {
        client,
        redirect_uri,
        state,
        scope,
        challenge,
    })
}

fn token_answer(shared: &Shared, request: &Request, processing_ms: u64) -> Response {
    if let Some(refusal) = token::only_post(request) {
        return refusal;
    }
    let settings = lock(&shared.settings).clone();
    let params = json_body(request).or_else(|| {
        if settings.form_and_basic {
            form_body(request)
        } else {
            None
        }
    });
    let Some(params) = params.filter(|params| params.duplicate().is_none()) else {
        return malformed(shared, "grant_type");
    };
    let from_header = if settings.form_and_basic {
        basic(request, BasicEncoding::Form)
    } else {
        None
    };
    let (id, secret) = match &from_header {
        Some(basic) => (Some(basic.id.as_str()), Some(basic.secret.as_str())),
        None => (params.get("client_id"), params.get("client_secret")),
    };
    let Some(client) = id.filter(|id| token::authenticates(shared, id, secret) == Some(true)) else {
        shared.note(What::ClientRejected, "unknown client or wrong secret");
        return error(401, "invalid_client", "Client authentication failed");
    };
    match params.get("grant_type") {
        Some("authorization_code") => exchange(shared, &settings, client, &params),
        Some("refresh_token") => refresh(shared, &settings, client, &params, processing_ms),
        Some(_) => {
            shared.note(What::RequestRejected, "unknown grant type");
            error(400, "unsupported_grant_type", "OAuth 2.0 Parameter: grant_type")
        }
        None => malformed(shared, "grant_type"),
    }
}

/// Existing customers, step 2.
fn exchange(shared: &Shared, settings: &Settings, client: &str, params: &Params) -> Response {
    let Some(code) = params.get("code") else {
        return malformed(shared, "code");
    };
    let redirect_uri = params.get("redirect_uri");
    let given = Exchange {
        client,
        code,
        redirect_uri,
        verifier: params.get("code_verifier"),
        scope: None,
    };
    match token::exchange(shared, &settings.policy, &given) {
        Ok(tokens) => granted(settings, tokens),
        Err(CodeRefusal::WrongRedirectUri) => error(400, "invalid_grant", "OAuth 2.0 Parameter: redirect_uri"),
        Err(CodeRefusal::WrongVerifier) => error(400, "invalid_grant", "OAuth 2.0 Parameter: code_verifier"),
        Err(_) => error(400, "invalid_grant", "OAuth 2.0 Parameter: code"),
    }
}

/// Existing customers, step 3; the checks of "Token validation and permissions".
fn refresh(shared: &Shared, settings: &Settings, client: &str, params: &Params, processing_ms: u64) -> Response {
    let Some(presented) = params.get("refresh_token") else {
        return malformed(shared, "refresh_token");
    };
    match token::refresh(shared, client, None, presented, processing_ms) {
        Ok(tokens) => granted(settings, tokens),
        Err(RefreshRefusal::Concurrent) => error(429, "too_many_requests", "Concurrent token refresh is not allowed."),
        // "Token refresh requests will fail with authentication errors", not promised to be invalid_grant.
        Err(RefreshRefusal::Invalid(Invalid::Ended(Reason::UserDeleted))) if settings.deleted_user_as_api_error => {
            unauthorized()
        }
        Err(RefreshRefusal::Invalid(Invalid::Ended(Reason::UserDeleted))) => {
            error(401, "invalid_client", "Client authentication failed")
        }
        Err(RefreshRefusal::Killed | RefreshRefusal::Invalid(Invalid::Ended(_))) => {
            error(400, "invalid_grant", "invalid or expired refresh token")
        }
        Err(_) => error(400, "invalid_grant", "OAuth 2.0 Parameter: refresh_token"),
    }
}

fn granted(settings: &Settings, tokens: Tokens) -> Response {
    let mut body = json!({
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "token_type": "Bearer",
        "expires_in": tokens.access_ms / 1000,
        "scope": tokens.consent.scope,
    });
    if settings.refresh_life_in_answer {
        body["refresh_token_expires_in"] = json!(tokens.refresh_ms / 1000);
    }
    if settings.account_in_answer {
        body["account_id"] = json!(tokens.consent.account);
    }
    Response::json(200, &body)
}

fn account(shared: &Shared, request: &Request) -> Response {
    match token::resource(shared, request) {
        Some(Bearer::User { consent, .. }) => Response::json(
            200,
            &json!({"id": consent.account, "status": "ACTIVE", "nickname": "emulated"}),
        ),
        _ => unauthorized(),
    }
}

/// The error of the API, not of OAuth (Airwallex API, "Errors").
fn unauthorized() -> Response {
    Response::json(
        401,
        &json!({"code": "unauthorized", "source": "", "message": "Unauthorized", "details": Value::Null}),
    )
}

fn malformed(shared: &Shared, parameter: &str) -> Response {
    shared.note(
        What::RequestRejected,
        format!("missing, duplicate or unreadable: {parameter}"),
    );
    error(400, "invalid_request", &format!("OAuth 2.0 Parameter: {parameter}"))
}

fn error(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({"error": error, "error_description": description}))
}
