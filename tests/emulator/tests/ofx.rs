//! OFX over real HTTP: products, `scope` everywhere, Apigee's errors.

mod common;

use common::*;
use evergrant_emulator::{Decision, ErrorShape, consent};

const MINUTE: i64 = 60_000;

#[test]
fn the_happy_path() {
    let emulator = start();
    let ofx = Ofx(emulator.ofx());
    let tokens = ofx.exchange(&ofx.code(&ofx.url("payments")), "payments");
    assert_eq!(tokens.status, 200);
    let body = tokens.json();
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(body["token_type"], "Bearer");
    assert!(body.get("scope").is_none() && body.get("refresh_token_expires_in").is_none());
    assert_eq!(tokens.text("access_token").len(), 28);
    assert_eq!(
        get_with(&ofx.0.resource_url(), &tokens.text("access_token")).status,
        200
    );
    let next = ofx.refresh(&tokens.text("refresh_token"), "payments");
    assert_eq!(next.status, 200);
    // No window: the old token is dead at once, and that alone.
    let old = ofx.refresh(&tokens.text("refresh_token"), "payments");
    assert_eq!(
        (old.status, old.text("ErrorCode"), old.text("Error")),
        (400, "invalid_request".into(), "Invalid Refresh Token".into())
    );
    let token = ofx
        .refresh(&next.text("refresh_token"), "payments")
        .text("refresh_token");
    emulator.advance(30 * 24 * 60 * MINUTE);
    assert_eq!(ofx.refresh(&token, "payments").text("Error"), "Refresh Token expired");
}

#[test]
fn scope_is_required_everywhere() {
    let emulator = start();
    let ofx = Ofx(emulator.ofx());
    let code = ofx.code(&ofx.url("payments"));
    assert_eq!(ofx.exchange(&code, "").text("Error"), "Required param : scope");
    assert_eq!(ofx.exchange(&code, "pisp").text("ErrorCode"), "invalid_scope");
    let token = ofx.exchange(&code, "payments").text("refresh_token");
    assert_eq!(ofx.refresh(&token, "").status, 400);
    assert_eq!(ofx.refresh(&token, "pisp").text("ErrorCode"), "invalid_scope");
    assert_eq!(ofx.refresh(&token, "nonsense").text("ErrorCode"), "invalid_scope");
    assert_eq!(ofx.refresh(&token, "payments").status, 200);
    assert_eq!(ofx.token(&[("grant_type", "client_credentials")]).status, 400);
}

#[test]
fn client_credentials_per_product() {
    let emulator = start();
    let ofx = Ofx(emulator.ofx());
    let service = |scope| ofx.token(&[("grant_type", "client_credentials"), ("scope", scope)]);
    for (scope, life) in [("payments", 3599), ("ofxrates", 3599), ("pisp", 120)] {
        let token = service(scope);
        assert_eq!(token.json()["expires_in"], life);
        assert!(token.json().get("refresh_token").is_none());
        assert!(token.text("access_token").len() > 300);
        assert_eq!(get_with(&ofx.0.resource_url(), &token.text("access_token")).status, 200);
    }
    let accounts = service("accounts");
    assert_eq!(accounts.json()["expires_in"], 1800);
    assert_eq!(accounts.json()["refresh_token_expires_in"], 90 * 24 * 3600);
    assert_eq!(ofx.refresh(&accounts.text("refresh_token"), "accounts").status, 200);
    assert_eq!(service("gca-aisp").text("ErrorCode"), "invalid_scope");
}

#[test]
fn open_banking_products() {
    let emulator = start();
    let ofx = Ofx(emulator.ofx());
    let callback = consent(&ofx.url("gca-aisp"), Decision::ALLOW)
        .unwrap()
        .callback()
        .unwrap();
    assert_eq!(
        param(&callback, "error").as_deref(),
        Some("invalid_request"),
        "consent_id is required"
    );
    let tokens = ofx.exchange(&ofx.code(&format!("{}&consent_id=c1", ofx.url("gca-aisp"))), "gca-aisp");
    assert_eq!(
        (
            tokens.json()["expires_in"].clone(),
            tokens.json()["refresh_token_expires_in"].clone()
        ),
        (1800.into(), (90 * 24 * 3600).into())
    );
    let quick = ofx.exchange(&ofx.code(&ofx.url("pisp")), "pisp");
    assert_eq!(quick.json()["expires_in"], 120);
    emulator.advance(6 * MINUTE);
    assert_eq!(
        ofx.refresh(&quick.text("refresh_token"), "pisp").text("Error"),
        "Refresh Token expired"
    );
    assert_eq!(ofx.refresh(&tokens.text("refresh_token"), "gca-aisp").status, 200);
}

#[test]
fn refusals() {
    let emulator = start();
    let ofx = Ofx(emulator.ofx());
    let refused = consent(&ofx.url("payments"), Decision::Refuse)
        .unwrap()
        .callback()
        .unwrap();
    assert_eq!(refused, "https://app.example/callback?error=access_denied&state=xyz");
    assert!(ofx.0.register_redirect_uri("http://app.example/callback").is_err());
    assert!(ofx.0.register_redirect_uri("demoapp://redirect").is_ok());
    assert!(ofx.0.register_redirect_uri("http://127.0.0.1:9/callback").is_ok());
    let url = ofx.0.token_url();
    assert_eq!(send("GET", &url, &[], "").status, 405);
    let json = r#"{"grant_type":"client_credentials","client_id":"emulated-client","client_secret":"emulated-secret","scope":"payments"}"#;
    assert_eq!(
        send("POST", &url, &[("Content-Type", "application/json")], json).status,
        400
    );
    // Credentials belong into the body.
    let header = [FORM, ("Authorization", &*basic("emulated-client", "emulated-secret"))];
    assert_eq!(
        send("POST", &url, &header, "grant_type=client_credentials&scope=payments").status,
        401
    );
    let twice = [
        ("grant_type", "client_credentials"),
        ("scope", "payments"),
        ("scope", "payments"),
    ];
    assert_eq!(ofx.token(&twice).status, 400);
    assert_eq!(
        ofx.token(&[("grant_type", "password"), ("scope", "payments")])
            .text("ErrorCode"),
        "unsupported_grant_type"
    );
    let code = ofx.code(&ofx.url("payments"));
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "exampleapp://callback"),
        ("scope", "payments"),
    ];
    assert_eq!(ofx.token(&elsewhere).status, 400);
    // The doubled ampersand of the documents' own example is harmless.
    let typo = format!(
        "grant_type=authorization_code&client_id=emulated-client&code={code}&redirect_uri={REDIRECT_ENCODED}&client_secret=emulated-secret&&scope=payments"
    );
    assert_eq!(send("POST", &url, &[FORM], &typo).status, 200);
    assert_eq!(
        ofx.exchange(&code, "payments").text("Error"),
        "Invalid Authorization Code"
    );
}

#[test]
fn errors_in_each_shape() {
    let emulator = start();
    let ofx = Ofx(emulator.ofx());
    let wrong_id = || {
        post_form(
            &ofx.0.token_url(),
            &[
                ("grant_type", "client_credentials"),
                ("client_id", "who"),
                ("scope", "payments"),
            ],
        )
    };
    let first = wrong_id();
    assert_eq!(
        (first.status, first.text("ErrorCode"), first.text("Error")),
        (401, "invalid_request".into(), "Invalid client id : who".into())
    );
    ofx.0.configure(|settings| settings.error_shape = ErrorShape::Fault);
    assert_eq!(
        wrong_id().json()["fault"]["detail"]["errorcode"],
        "oauth.v2.InvalidClientIdentifier"
    );
    ofx.0.configure(|settings| settings.error_shape = ErrorShape::Rfc6749);
    assert_eq!(wrong_id().text("error"), "invalid_client");
    assert_eq!(ofx.refresh("made-up", "payments").text("error"), "invalid_grant");
    assert_eq!(get_with(&ofx.0.resource_url(), "made-up").status, 401);
}
