//! OFX: "Introduction", and what differs between its products.

use evergrant::base::error::ErrorCode;
use evergrant::client::configuration::Client;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::token_answer::{EvidenceKind, Verdict};
use evergrant::message::token_request::TokenRequest;
use evergrant::provider::environment::Environment::{Production, Sandbox};
use evergrant::provider::grant::Grant;
use evergrant::provider::profile::Profile;
use serde_json::json;

use crate::kit::*;
use crate::written;

const OFX_TOKEN: &str = "https://sandbox.api.ofx.com/v1/oauth/token";

fn ofx() -> Client {
    built_in("ofx_payments", Sandbox)
}

#[test]
fn endpoints() {
    for id in ["ofx_payments", "ofx_rates", "ofx_aisp", "ofx_pisp"] {
        let client = built_in(id, Sandbox);
        assert_eq!(client.token_endpoint().as_str(), OFX_TOKEN, "{id}");
        let url = begin(&client, &[]).url;
        assert!(
            url.starts_with("https://sandbox.api.ofx.com/v1/oauth/authorize?"),
            "{id}"
        );
        // No page names production: the host has to.
        let error = builder(Profile::built_in(id).unwrap(), Production).build().unwrap_err();
        assert_eq!(error.code(), ErrorCode::MissingEndpoint, "{id}");
    }
    let live = builder(Profile::built_in("ofx_payments").unwrap(), Production)
        .authorize_endpoint("https://ofx.example/v1/oauth/authorize")
        .token_endpoint("https://ofx.example/v1/oauth/token")
        .build()
        .unwrap();
    assert_eq!(prepare(&live, &refresh()).url(), "https://ofx.example/v1/oauth/token");
}

#[test]
fn client_credentials_request() {
    let request = prepare(&ofx(), &service());
    assert_form(
        &request,
        OFX_TOKEN,
        "grant_type=client_credentials&scope=payments&client_id=my-id&client_secret=my-secret",
    );
    assert_eq!(header(&request, "Authorization"), None);
}

/// Each product has a scope of its own.
#[test]
fn scope_per_product() {
    for (id, service_scope, login_scope) in [
        ("ofx_payments", "payments", "payments"),
        ("ofx_rates", "ofxrates", "ofxrates"),
        ("ofx_aisp", "accounts", "gca-aisp"),
        ("ofx_pisp", "pisp", "pisp"),
    ] {
        let client = built_in(id, Sandbox);
        assert_eq!(
            parameter(prepare(&client, &service()).body(), "scope"),
            Some(service_scope)
        );
        assert_eq!(parameter(&begin(&client, &[]).url, "scope"), Some(login_scope));
        let exchange = prepare(&client, &TokenRequest::authorization_code(&code(&client)));
        assert_eq!(parameter(exchange.body(), "scope"), Some(login_scope));
        if client.profile().offers(Grant::RefreshToken) {
            assert_eq!(
                parameter(prepare(&client, &refresh()).body(), "scope"),
                Some(login_scope)
            );
        }
    }
}

#[test]
fn client_credentials_answer() {
    let long = format!("gAAAAH_{}", "x-y_Z9".repeat(54));
    let body = format!(r#"{{"access_token":"{long}","expires_in":3599,"token_type":"Bearer"}}"#);
    let settled = settle(&ofx(), &service(), 200, &body);
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!((access(&answered), refreshed(&answered)), (Some(long.as_str()), None));
    assert_eq!(answered.access_life_ms, Some(3_599 * SECOND));
    assert_eq!(answered.scopes, ["payments"]);
    assert_eq!(answered.refresh_idle_ms, None);
}

#[test]
fn redirect_uris() {
    let with = |uri: &str| {
        builder(Profile::built_in("ofx_payments").unwrap(), Sandbox)
            .redirect_uri(uri)
            .build()
    };
    for uri in [
        "https://your.example/cb",
        "demoapp://redirect",
        "http://127.0.0.1:8080/cb",
    ] {
        assert!(with(uri).is_ok(), "{uri}");
    }
    for uri in [
        "http://your.example/cb",
        "//your.example/cb",
        "your.example/cb",
        "javascript:alert(1)",
    ] {
        assert_eq!(with(uri).unwrap_err().code(), ErrorCode::InvalidEndpoint, "{uri}");
    }
}

#[test]
fn authorization_url() {
    assert_eq!(
        masked(&begin(&ofx(), &[]).url),
        "https://sandbox.api.ofx.com/v1/oauth/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=payments\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
}

#[test]
fn consent_id_of_open_banking() {
    let request = AuthorizationRequest::new(session()).parameter("consent_id", "c-1");
    let login = built_in("ofx_aisp", Sandbox).begin(&request, NOW, entropy()).unwrap();
    assert_eq!(parameter(&login.url, "consent_id"), Some("c-1"));
}

#[test]
fn state_is_random_and_verified() {
    let client = ofx();
    let login = begin(&client, &[]);
    let mut other = entropy();
    other[0] ^= 1;
    let request = AuthorizationRequest::new(session());
    let second = client.begin(&request, NOW, other).unwrap();
    assert_ne!(parameter(&login.url, "state"), parameter(&second.url, "state"));
    let foreign = callback_url(&second, "code=AUTH_CODE_HERE");
    let error = client
        .read_callback(&login.pending, &foreign, &session(), NOW)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::StateMismatch);
}

#[test]
fn callback_with_code() {
    let client = ofx();
    let login = begin(&client, &[]);
    assert_eq!(
        approve(&client, &login, "code=AUTH_CODE_HERE").code().expose(),
        "AUTH_CODE_HERE"
    );
}

#[test]
fn callback_with_refusal() {
    let client = ofx();
    let login = begin(&client, &[]);
    assert_eq!(
        refuse(&client, &login, "error=access_denied").oauth_error,
        "access_denied"
    );
    // The refusal carries the state too, and is not believed without.
    let forged = format!("{REDIRECT_URI}?error=access_denied&state=1234zyx");
    let error = client
        .read_callback(&login.pending, &forged, &session(), NOW)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::StateMismatch);
}

#[test]
fn code_exchange() {
    let client = ofx();
    let login = begin(&client, &[]);
    let code = approve(&client, &login, "code=your_auth_code");
    assert_form(
        &prepare(&client, &TokenRequest::authorization_code(&code)),
        OFX_TOKEN,
        "grant_type=authorization_code&code=your_auth_code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &code_verifier=*&scope=payments&client_id=my-id&client_secret=my-secret",
    );
}

#[test]
fn answer() {
    let client = ofx();
    let body = r#"{"access_token":"Q0NEficYFme0pexJvCq0B1m1b5GM","expires_in":3599,"token_type":"Bearer",
        "refresh_token":"4S9dpU3HzEzrAA6AWH2dWxepYxmPfoUG"}"#;
    // The answer to a refresh is the same as the first one.
    for request in [TokenRequest::authorization_code(&code(&client)), refresh()] {
        let settled = settle(&client, &request, 200, body);
        assert_eq!(settled.evidence.oddities, []);
        let answered = tokens(settled);
        assert_eq!(access(&answered), Some("Q0NEficYFme0pexJvCq0B1m1b5GM"));
        assert_eq!(refreshed(&answered), Some("4S9dpU3HzEzrAA6AWH2dWxepYxmPfoUG"));
        assert_eq!(answered.access_life_ms, Some(3_599 * SECOND));
        assert_eq!(answered.refresh_idle_ms, Some(30 * DAY));
    }
}

#[test]
fn refresh_request() {
    assert_form(
        &prepare(&ofx(), &refresh()),
        OFX_TOKEN,
        "grant_type=refresh_token&refresh_token=old-refresh&scope=payments&client_id=my-id&client_secret=my-secret",
    );
}

/// "Always the most recent": it rotates, and no page speaks of a window, so there is none.
#[test]
fn rotates_without_a_window() {
    for id in Profile::built_in_ids().filter(|id| id.starts_with("ofx_")) {
        assert_eq!(written(id)["refresh"]["window"], json!({ "type": "none" }), "{id}");
    }
}

#[test]
fn lives_per_product() {
    for (id, access, idle) in [
        ("ofx_payments", 3_599, Some(30 * 86_400)),
        ("ofx_rates", 3_599, None),
        ("ofx_aisp", 30 * 60, Some(90 * 86_400)),
        ("ofx_pisp", 2 * 60, Some(6 * 60)),
    ] {
        let lives = &written(id)["lifetimes"];
        assert_eq!(lives["access_seconds"], access, "{id}");
        assert_eq!(lives["refresh_idle_seconds"].as_i64(), idle, "{id}");
    }
}

/// OFX documents no errors; those of the gateway that its wording points to are read, and end nothing by mistake.
#[test]
fn errors_in_each_shape() {
    for (status, body, verdict, kind) in [
        (
            400,
            r#"{"error":"invalid_grant"}"#,
            Verdict::Rejected,
            EvidenceKind::GrantRefused,
        ),
        (
            400,
            r#"{"ErrorCode":"invalid_request","Error":"Invalid Authorization Code"}"#,
            Verdict::Unknown,
            EvidenceKind::OtherError,
        ),
        (
            401,
            r#"{"ErrorCode":"invalid_request","Error":"Invalid client id : x"}"#,
            Verdict::Unknown,
            EvidenceKind::Unauthorized,
        ),
        (
            401,
            r#"{"fault":{"faultstring":"f","detail":{"errorcode":"oauth.v2.InvalidClientIdentifier"}}}"#,
            Verdict::NotSpent,
            EvidenceKind::ClientRefused,
        ),
    ] {
        let settled = settle(&ofx(), &refresh(), status, body);
        assert_eq!((settled.verdict, settled.evidence.kind), (verdict, kind), "{body}");
    }
}
