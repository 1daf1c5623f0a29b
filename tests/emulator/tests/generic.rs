//! The generic provider: RFC 6749, 7636, 7009, 8414 and 9207, strictly.

mod common;

use common::*;
use evergrant_emulator::{BasicEncoding, Decision, Emulator, Landing, consent};

fn authorize_url(emulator: &Emulator) -> String {
    format!(
        "{}?response_type=code&client_id=emulated-client&redirect_uri={REDIRECT_ENCODED}&scope=read+write&state=a+b%26\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        emulator.generic().authorize_url()
    )
}

fn token(emulator: &Emulator, params: &[(&str, &str)]) -> Reply {
    let authorization = basic("emulated-client", "emulated-secret");
    let headers = [FORM, ("Authorization", &*authorization)];
    send("POST", &emulator.generic().token_url(), &headers, &encode(params))
}

fn exchange(emulator: &Emulator, code: &str, verifier: &str) -> Reply {
    let code = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier),
    ];
    token(emulator, &code)
}

fn code(emulator: &Emulator) -> String {
    param(
        &consent(&authorize_url(emulator), Decision::ALLOW)
            .unwrap()
            .callback()
            .unwrap(),
        "code",
    )
    .unwrap()
}

#[test]
fn the_happy_path() {
    let emulator = start();
    let callback = consent(&authorize_url(&emulator), Decision::ALLOW)
        .unwrap()
        .callback()
        .unwrap();
    assert_eq!(param(&callback, "iss"), emulator.generic().issuer());
    assert_eq!(param(&callback, "state").as_deref(), Some("a b&"));
    let first = exchange(&emulator, &param(&callback, "code").unwrap(), VERIFIER);
    assert_eq!((first.status, first.text("scope")), (200, "read write".into()));
    let resource = emulator.generic().resource_url();
    assert_eq!(get_with(&resource, &first.text("access_token")).json()["user"], "owner");
    let narrow = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*first.text("refresh_token")),
        ("scope", "read"),
    ];
    let second = token(&emulator, &narrow);
    assert_eq!((second.status, second.text("scope")), (200, "read".into()));
    let wide = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*second.text("refresh_token")),
        ("scope", "read admin"),
    ];
    assert_eq!(token(&emulator, &wide).text("error"), "invalid_scope");
    // Reuse kills, without a window.
    assert_eq!(token(&emulator, &narrow).text("error"), "invalid_grant");
    assert_eq!(get_with(&resource, &second.text("access_token")).status, 401);
}

#[test]
fn authorize_demands_pkce() {
    let emulator = start();
    let error = |url: &str| param(&consent(url, Decision::ALLOW).unwrap().callback().unwrap(), "error").unwrap();
    let url = authorize_url(&emulator);
    assert_eq!(error(url.split("&code_challenge").next().unwrap()), "invalid_request");
    assert_eq!(error(&url.replace("S256", "plain")), "invalid_request");
    assert_eq!(
        error(&url.replace("response_type=code", "response_type=token")),
        "unsupported_response_type"
    );
    let landing = consent(&url.replace("app.example", "evil.example"), Decision::ALLOW).unwrap();
    assert!(matches!(landing, Landing::Page { status: 400, .. }));
    let refused = consent(&url, Decision::Refuse).unwrap().callback().unwrap();
    assert_eq!(param(&refused, "error").as_deref(), Some("access_denied"));
    assert_eq!(param(&refused, "iss"), emulator.generic().issuer());
    emulator
        .generic()
        .configure(|settings| settings.issuer_in_callback = false);
    assert_eq!(
        param(&consent(&url, Decision::Refuse).unwrap().callback().unwrap(), "iss"),
        None
    );
}

#[test]
fn exchanges_are_strict() {
    let emulator = start();
    let issued = code(&emulator);
    assert_eq!(exchange(&emulator, &issued, "").text("error"), "invalid_request");
    assert_eq!(
        exchange(&emulator, &issued, &VERIFIER.replace('d', "e")).text("error"),
        "invalid_grant"
    );
    let without_uri = [
        ("grant_type", "authorization_code"),
        ("code", &*issued),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(token(&emulator, &without_uri).text("error"), "invalid_grant");
    let tokens = exchange(&emulator, &issued, VERIFIER);
    assert_eq!(tokens.status, 200);
    assert_eq!(exchange(&emulator, &issued, VERIFIER).text("error"), "invalid_grant");
    assert_eq!(
        get_with(&emulator.generic().resource_url(), &tokens.text("access_token")).status,
        401
    );
    assert_eq!(
        token(&emulator, &[("grant_type", "password")]).text("error"),
        "unsupported_grant_type"
    );
    assert_eq!(token(&emulator, &[("scope", "read")]).text("error"), "invalid_request");
    let url = emulator.generic().token_url();
    assert_eq!(send("GET", &url, &[], "").status, 405);
    let header = ("Authorization", &*basic("emulated-client", "emulated-secret"));
    assert_eq!(
        send("POST", &url, &[("Content-Type", "application/json"), header], "{}").status,
        400
    );
    let twice = "grant_type=client_credentials&grant_type=client_credentials";
    assert_eq!(
        send("POST", &url, &[FORM, header], twice).text("error"),
        "invalid_request"
    );
}

#[test]
fn basic_is_form_encoded_first_or_raw() {
    let emulator = start();
    let (secret, encoded) = ("a+b/c==", "a%2Bb%2Fc%3D%3D");
    emulator
        .generic()
        .register_client("id with space", &["old-secret", secret], &[REDIRECT]);
    let ask = |id: &str, secret: &str| {
        let authorization = basic(id, secret);
        let headers = [FORM, ("Authorization", &*authorization)];
        send(
            "POST",
            &emulator.generic().token_url(),
            &headers,
            "grant_type=client_credentials",
        )
    };
    assert_eq!(ask("id+with+space", encoded).status, 200);
    assert_eq!(ask("id+with+space", "old-secret").status, 200);
    let raw = ask("id with space", secret);
    assert_eq!((raw.status, raw.text("error")), (401, "invalid_client".into()));
    assert_eq!(
        raw.header("www-authenticate").as_deref(),
        Some("Basic realm=\"emulated\"")
    );
    emulator
        .generic()
        .configure(|settings| settings.basic = BasicEncoding::Raw);
    assert_eq!(ask("id with space", secret).status, 200);
    assert_eq!(ask("id+with+space", encoded).status, 401);
}

#[test]
fn one_way_to_authenticate() {
    let emulator = start();
    let url = emulator.generic().token_url();
    let header = ("Authorization", &*basic("emulated-client", "emulated-secret"));
    let body = "grant_type=client_credentials&client_id=emulated-client&client_secret=emulated-secret";
    assert_eq!(send("POST", &url, &[FORM], body).status, 200);
    assert_eq!(
        send("POST", &url, &[FORM, header], body).text("error"),
        "invalid_request"
    );
    assert_eq!(
        send(
            "POST",
            &url,
            &[FORM],
            "grant_type=client_credentials&client_id=emulated-client"
        )
        .status,
        401
    );
    emulator.generic().register_client("public", &[], &[REDIRECT]);
    let public = send("POST", &url, &[FORM], "grant_type=client_credentials&client_id=public");
    assert_eq!(public.text("error"), "unauthorized_client");
    let callback = consent(
        &authorize_url(&emulator).replace("emulated-client", "public"),
        Decision::ALLOW,
    )
    .unwrap();
    let code = param(&callback.callback().unwrap(), "code").unwrap();
    let params = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_id", "public"),
    ];
    assert_eq!(post_form(&url, &params).status, 200);
}

#[test]
fn revocation_and_metadata() {
    let emulator = start();
    let tokens = exchange(&emulator, &code(&emulator), VERIFIER);
    let issuer = emulator.generic().issuer().unwrap();
    let metadata = send(
        "GET",
        &format!("{issuer}/.well-known/oauth-authorization-server"),
        &[],
        "",
    )
    .json();
    assert_eq!(metadata["issuer"], issuer.as_str());
    assert_eq!(metadata["token_endpoint"], emulator.generic().token_url().as_str());
    let header = ("Authorization", &*basic("emulated-client", "emulated-secret"));
    let revoke = |token: &str| {
        send(
            "POST",
            metadata["revocation_endpoint"].as_str().unwrap(),
            &[FORM, header],
            &encode(&[("token", token)]),
        )
        .status
    };
    assert_eq!(revoke("made-up"), 200);
    assert_eq!(revoke(&tokens.text("refresh_token")), 200);
    assert_eq!(
        get_with(&emulator.generic().resource_url(), &tokens.text("access_token")).status,
        401
    );
    assert_eq!(emulator.generic().live_grants(), 0);
}
