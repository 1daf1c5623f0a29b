//! OFX with its products: payments.developer.ofx.com, "Introduction", and the pages of the other products.

use serde_json::json;

use crate::authorize::{self, Refusal};
use crate::fault::Place;
use crate::http::{Request, Response};
use crate::journal::What;
use crate::kernel::{Invalid, Policy};
use crate::lock;
use crate::mint::Shape;
use crate::params::{Params, form_body};
use crate::provider::Shared;
use crate::realm::{CodeRefusal, Exchange, RefreshRefusal, Ticket, Tokens};
use crate::settings::{ErrorShape, Settings};
use crate::token;

const AUTHORIZE: &str = "/v1/oauth/authorize";
const CONSENT: &str = "/v1/oauth/authorize/consent";

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// One product: same host, rules of its own (the developer sites of Payments, Rates, AISP and PISP).
struct Product {
    scope: &'static str,
    /// With client credentials.
    service: bool,
    /// With a user's consent.
    user: bool,
    access_ms: i64,
    refresh_ms: i64,
    /// AISP: `refresh_token_expires_in` in answers, a refresh token even with client credentials.
    open_banking: bool,
}

const PRODUCTS: [Product; 5] = [
    Product {
        scope: "payments",
        service: true,
        user: true,
        access_ms: 3_599_000,
        refresh_ms: 30 * DAY,
        open_banking: false,
    },
    Product {
        scope: "ofxrates",
        service: true,
        user: false,
        access_ms: 3_599_000,
        refresh_ms: 0,
        open_banking: false,
    },
    Product {
        scope: "accounts",
        service: true,
        user: false,
        access_ms: 30 * MINUTE,
        refresh_ms: 90 * DAY,
        open_banking: true,
    },
    Product {
        scope: "gca-aisp",
        service: false,
        user: true,
        access_ms: 30 * MINUTE,
        refresh_ms: 90 * DAY,
        open_banking: true,
    },
    Product {
        scope: "pisp",
        service: true,
        user: true,
        access_ms: 2 * MINUTE,
        refresh_ms: 6 * MINUTE,
        open_banking: false,
    },
];

fn product(scope: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.scope == scope)
}

pub(crate) fn place(request: &Request) -> Option<Place> {
    match request.path.as_str() {
        AUTHORIZE | CONSENT => Some(Place::Authorize),
        "/v1/oauth/token" => Some(Place::Token),
        "/v1/payments/beneficiaries" => Some(Place::Resource),
        _ => None,
    }
}

pub(crate) fn answer(shared: &Shared, request: &Request, processing_ms: u64) -> Response {
    match place(request) {
        Some(Place::Token) => token_answer(shared, request, processing_ms).uncached(),
        Some(Place::Resource) => beneficiaries(shared, request),
        _ if request.path == CONSENT => authorize::decide(shared, request),
        _ => authorize::authorize(shared, request, CONSENT, |params| check(shared, params)),
    }
}

/// "The service will only redirect to URIs beginning with https"; native apps may use a custom scheme. Loopback is
/// taken too, or nothing here could be tried without certificates.
pub(crate) fn may_redirect_to(redirect_uri: &str) -> bool {
    match redirect_uri.split_once("://") {
        Some(("http", rest)) => {
            let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
            rest.starts_with("[::1]") || matches!(host, "127.0.0.1" | "localhost")
        }
        Some((scheme, rest)) => !scheme.is_empty() && !rest.is_empty(),
        None => false,
    }
}

/// Introduction, access code flow, step 1.
fn check(shared: &Shared, params: &Params) -> Result<Ticket, Refusal> {
    let (client, redirect_uri) = authorize::known_client(shared, params)?;
    if !may_redirect_to(&redirect_uri) {
        return Err(Refusal::Page("The redirect URI must begin with https."));
    }
    let state = params.get("state").map(str::to_owned);
    let refuse = |error| Refusal::Redirect {
        redirect_uri: redirect_uri.clone(),
        state: state.clone(),
        error,
    };
    if params.get("response_type") != Some("code") {
        return Err(refuse("unsupported_response_type"));
    }
    if state.is_none() {
        return Err(refuse("invalid_request"));
    }
    let product = params.get("scope").and_then(product).filter(|product| product.user);
    let product = product.ok_or_else(|| refuse("invalid_scope"))?;
    if product.scope == "gca-aisp" && params.get("consent_id").is_none() {
        return Err(refuse("invalid_request"));
    }
    // PKCE is not mentioned in the documents: a challenge is not looked at.
    Ok(Ticket {
        client,
        redirect_uri,
        state,
        scope: product.scope.to_owned(),
        challenge: None,
    })
}

fn token_answer(shared: &Shared, request: &Request, processing_ms: u64) -> Response {
    if let Some(refusal) = token::only_post(request) {
        return refusal;
    }
    let settings = lock(&shared.settings).clone();
    let Some(params) = form_body(request) else {
        return missing(shared, &settings, "grant_type");
    };
    if let Some(name) = params.duplicate() {
        return missing(shared, &settings, &format!("{name} (given twice)"));
    }
    let id = params.get("client_id").unwrap_or_default();
    match token::authenticates(shared, id, params.get("client_secret")) {
        Some(true) => {}
        Some(false) => {
            shared.note(What::ClientRejected, "wrong secret");
            return worded(
                &settings,
                401,
                "invalid_client",
                "invalid_client",
                "Client credentials are invalid",
            );
        }
        None => {
            shared.note(What::ClientRejected, "unknown client");
            // Apigee words a wrong client id as invalid_request, with 401 (Apigee, "OAuth HTTP status code reference").
            let words = format!("Invalid client id : {id}");
            return worded(&settings, 401, "invalid_request", "InvalidClientIdentifier", &words);
        }
    }
    let Some(grant_type) = params.get("grant_type") else {
        return missing(shared, &settings, "grant_type");
    };
    let Some(scope) = params.get("scope") else {
        return missing(shared, &settings, "scope");
    };
    let Some(product) = product(scope) else {
        return wrong_scope(shared, &settings);
    };
    match grant_type {
        "client_credentials" => service(shared, &settings, id, product),
        "authorization_code" => exchange(shared, &settings, id, product, &params),
        "refresh_token" => refresh(shared, &settings, id, product, &params, processing_ms),
        _ => {
            shared.note(What::RequestRejected, "unknown grant type");
            worded(
                &settings,
                400,
                "unsupported_grant_type",
                "UnsupportedGrantType",
                "Unsupported grant type",
            )
        }
    }
}

fn policy(settings: &Settings, product: &Product) -> Policy {
    settings.policy.lives(product.access_ms, product.refresh_ms)
}

fn service(shared: &Shared, settings: &Settings, client: &str, product: &Product) -> Response {
    if !product.service {
        return wrong_scope(shared, settings);
    }
    if product.open_banking {
        return granted(
            product,
            token::begin(shared, &policy(settings, product), client, product.scope),
        );
    }
    let access = token::service(shared, client, product.access_ms, Shape::Url(247));
    let body = json!({"access_token": access, "expires_in": product.access_ms / 1000, "token_type": "Bearer"});
    Response::json(200, &body)
}

/// Introduction, access code flow, step 2: `scope` is required here, beyond RFC 6749.
fn exchange(shared: &Shared, settings: &Settings, client: &str, product: &Product, params: &Params) -> Response {
    let Some(code) = params.get("code") else {
        return missing(shared, settings, "code");
    };
    let Some(redirect_uri) = params.get("redirect_uri") else {
        return missing(shared, settings, "redirect_uri");
    };
    let scope = Some(product.scope);
    let given = Exchange {
        client,
        code,
        redirect_uri: Some(redirect_uri),
        verifier: None,
        scope,
    };
    match token::exchange(shared, &policy(settings, product), &given) {
        Ok(tokens) => granted(product, tokens),
        Err(CodeRefusal::WrongScope) => wrong_scope(shared, settings),
        Err(CodeRefusal::WrongRedirectUri) => worded(
            settings,
            400,
            "invalid_request",
            "InvalidRedirectUri",
            "Invalid redirection uri",
        ),
        Err(_) => worded(
            settings,
            400,
            "invalid_request",
            "InvalidAuthorizationCode",
            "Invalid Authorization Code",
        ),
    }
}

/// Introduction, "Using Refresh Token".
fn refresh(
    shared: &Shared,
    settings: &Settings,
    client: &str,
    product: &Product,
    params: &Params,
    processing_ms: u64,
) -> Response {
    let Some(presented) = params.get("refresh_token") else {
        return missing(shared, settings, "refresh_token");
    };
    match token::refresh(shared, client, Some(product.scope), presented, processing_ms) {
        Ok(tokens) => granted(product, tokens),
        Err(RefreshRefusal::WrongScope) => wrong_scope(shared, settings),
        Err(RefreshRefusal::Invalid(Invalid::Expired)) => worded(
            settings,
            400,
            "invalid_request",
            "RefreshTokenExpired",
            "Refresh Token expired",
        ),
        Err(_) => worded(
            settings,
            400,
            "invalid_request",
            "InvalidRefreshToken",
            "Invalid Refresh Token",
        ),
    }
}

/// No `scope` in the answer (Introduction, step 2).
fn granted(product: &Product, tokens: Tokens) -> Response {
    let mut body = json!({
        "access_token": tokens.access,
        "expires_in": tokens.access_ms / 1000,
        "token_type": "Bearer",
        "refresh_token": tokens.refresh,
    });
    if product.open_banking {
        body["refresh_token_expires_in"] = json!(tokens.refresh_ms / 1000);
    }
    Response::json(200, &body)
}

fn beneficiaries(shared: &Shared, request: &Request) -> Response {
    match token::resource(shared, request) {
        Some(_) => Response::json(200, &json!({"beneficiaries": [{"id": "emulated-beneficiary"}]})),
        None => {
            let settings = Settings {
                error_shape: ErrorShape::Fault,
                ..lock(&shared.settings).clone()
            };
            worded(
                &settings,
                401,
                "invalid_token",
                "InvalidAccessToken",
                "Invalid Access Token",
            )
        }
    }
}

fn missing(shared: &Shared, settings: &Settings, parameter: &str) -> Response {
    shared.note(What::RequestRejected, format!("missing or unreadable: {parameter}"));
    worded(
        settings,
        400,
        "invalid_request",
        "MissingParameter",
        &format!("Required param : {parameter}"),
    )
}

fn wrong_scope(shared: &Shared, settings: &Settings) -> Response {
    shared.note(What::RequestRejected, "wrong scope");
    worded(settings, 400, "invalid_scope", "InvalidScope", "Invalid scope")
}

/// An error in the chosen shape. The token errors of OFX are not documented; these are Apigee's
/// ("OAuth HTTP status code reference").
fn worded(settings: &Settings, status: u16, code: &str, fault: &str, words: &str) -> Response {
    let body = match settings.error_shape {
        ErrorShape::ErrorCode => json!({"ErrorCode": code, "Error": words}),
        ErrorShape::Fault => {
            json!({"fault": {"faultstring": words, "detail": {"errorcode": format!("oauth.v2.{fault}")}}})
        }
        ErrorShape::Rfc6749 => {
            let error = match fault {
                "InvalidClientIdentifier" => "invalid_client",
                "InvalidAuthorizationCode" | "InvalidRedirectUri" | "InvalidRefreshToken" | "RefreshTokenExpired" => {
                    "invalid_grant"
                }
                _ => code,
            };
            json!({"error": error, "error_description": words})
        }
    };
    Response::json(status, &body)
}
