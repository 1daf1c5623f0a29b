//! Airwallex over real HTTP: the happy path, the refusals, roles, and the endings.

mod common;

use common::*;
use evergrant_emulator::{Decision, Landing, Role, What, consent};
use serde_json::json;

const MINUTE: i64 = 60_000;

#[test]
fn the_happy_path() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let callback = consent(&airwallex.url(), Decision::ALLOW).unwrap().callback().unwrap();
    assert!(callback.starts_with("https://app.example/callback?code="), "{callback}");
    assert_eq!(param(&callback, "state").as_deref(), Some("xyz"));
    let first = airwallex.exchange(&param(&callback, "code").unwrap());
    assert_eq!(first.status, 200);
    assert_eq!(first.header("cache-control").as_deref(), Some("no-store"));
    let body = first.json();
    assert_eq!(body["expires_in"], 300);
    assert_eq!(body["refresh_token_expires_in"], 60 * 24 * 3600);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["scope"], "balance:read");
    let resource = airwallex.0.resource_url();
    assert_eq!(get_with(&resource, &first.text("access_token")).json()["id"], "acct_1");
    emulator.advance(5 * MINUTE);
    let expired = get_with(&format!("{resource}/"), &first.text("access_token"));
    assert_eq!((expired.status, expired.text("code")), (401, "unauthorized".to_owned()));
    let second = airwallex.refresh(&first.text("refresh_token"));
    assert_eq!(second.status, 200);
    assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
    assert_eq!(get_with(&resource, &second.text("access_token")).status, 200);
    assert_eq!(emulator.journal().count("airwallex", What::Refreshed), 1);
}

#[test]
fn an_old_refresh_token_outside_the_minute_kills_the_connection() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    emulator.clock().freeze();
    let old = airwallex.connect();
    let fresh = airwallex.refresh(&old);
    emulator.advance(MINUTE);
    let reused = airwallex.refresh(&old);
    assert_eq!(reused.status, 400);
    assert_eq!(reused.text("error"), "invalid_grant");
    assert_eq!(reused.text("error_description"), "invalid or expired refresh token");
    assert_eq!(
        airwallex.refresh(&fresh.text("refresh_token")).text("error"),
        "invalid_grant"
    );
    assert_eq!(
        get_with(&airwallex.0.resource_url(), &fresh.text("access_token")).status,
        401
    );
    assert_eq!(emulator.journal().count("airwallex", What::ReuseDetected), 1);
    assert_eq!(airwallex.0.live_grants(), 0);
}

#[test]
fn refresh_tokens_end_after_sixty_days() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let token = airwallex.connect();
    emulator.advance(60 * 24 * 60 * MINUTE);
    let late = airwallex.refresh(&token);
    assert_eq!(late.text("error_description"), "OAuth 2.0 Parameter: refresh_token");
    assert_eq!(late.status, 400);
}

#[test]
fn authorize_refusals() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let base = airwallex.0.authorize_url();
    let page = |url: String| match consent(&url, Decision::ALLOW).unwrap() {
        Landing::Page { status, .. } => Some(status),
        Landing::Callback(_) => None,
    };
    let redirect = format!("redirect_uri={REDIRECT_ENCODED}");
    assert_eq!(
        page(format!("{base}?response_type=code&client_id=other&{redirect}&scope=a")),
        Some(400)
    );
    assert_eq!(page(airwallex.url().replace("app.example", "evil.example")), Some(400));
    assert_eq!(
        page(format!("{}&client_id=emulated-client", airwallex.url())),
        Some(400)
    );
    let error = |url: String| param(&consent(&url, Decision::ALLOW).unwrap().callback().unwrap(), "error").unwrap();
    let client = format!("client_id=emulated-client&{redirect}&state=s");
    assert_eq!(
        error(format!("{base}?response_type=token&{client}&scope=a")),
        "unsupported_response_type"
    );
    assert_eq!(error(format!("{base}?response_type=code&{client}")), "invalid_scope");
    assert_eq!(
        error(format!(
            "{}&code_challenge={CHALLENGE}&code_challenge_method=plain",
            airwallex.url()
        )),
        "invalid_request"
    );
    assert_eq!(page(format!("{}&sign_up=true", airwallex.url())), None);
    let refused = consent(&airwallex.url(), Decision::Refuse).unwrap().callback().unwrap();
    assert_eq!(refused, "https://app.example/callback?error=access_denied&state=xyz");
}

#[test]
fn only_three_roles_may_consent() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    airwallex.0.put_user("nobody", "acct_9", Role::Viewer);
    for (user, account, allowed) in [
        ("owner", "acct_1", true),
        ("admin", "acct_2", true),
        ("finance_admin", "acct_1", true),
        ("viewer", "acct_1", false),
        ("nobody", "acct_9", false),
        ("stranger", "acct_1", false),
    ] {
        let landing = consent(&airwallex.url(), Decision::Allow { user, account }).unwrap();
        assert_eq!(param(&landing.callback().unwrap(), "code").is_some(), allowed, "{user}");
    }
}

#[test]
fn pkce_is_enforced_when_used() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let url = format!(
        "{}&code_challenge={CHALLENGE}&code_challenge_method=S256",
        airwallex.url()
    );
    let code = param(&consent(&url, Decision::ALLOW).unwrap().callback().unwrap(), "code").unwrap();
    let exchange = |verifier: Option<&str>| {
        let mut body = json!({"grant_type": "authorization_code", "client_id": "emulated-client",
            "client_secret": "emulated-secret", "code": code, "redirect_uri": REDIRECT});
        if let Some(verifier) = verifier {
            body["code_verifier"] = json!(verifier);
        }
        post_json(&airwallex.0.token_url(), &body)
    };
    assert_eq!(
        exchange(None).text("error_description"),
        "OAuth 2.0 Parameter: code_verifier"
    );
    assert_eq!(
        exchange(Some(&VERIFIER.replace('d', "e"))).text("error"),
        "invalid_grant"
    );
    assert_eq!(exchange(Some(VERIFIER)).status, 200);
}

#[test]
fn a_code_is_for_one_use_by_one_client_at_one_uri() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    airwallex
        .0
        .register_client("second-client", &["second-secret"], &[REDIRECT]);
    let code = airwallex.code(Decision::ALLOW);
    let other = |field: &str, value: &str| {
        let mut body = json!({"grant_type": "authorization_code", "client_id": "emulated-client",
            "client_secret": "emulated-secret", "code": code, "redirect_uri": REDIRECT});
        body[field] = json!(value);
        if field == "client_id" {
            body["client_secret"] = json!("second-secret");
        }
        post_json(&airwallex.0.token_url(), &body).text("error_description")
    };
    assert_eq!(
        other("redirect_uri", "http://127.0.0.1:8080/callback"),
        "OAuth 2.0 Parameter: redirect_uri"
    );
    assert_eq!(other("client_id", "second-client"), "OAuth 2.0 Parameter: code");
    assert_eq!(other("code", "made-up"), "OAuth 2.0 Parameter: code");
    let tokens = airwallex.exchange(&code);
    assert_eq!(tokens.status, 200);
    assert_eq!(airwallex.exchange(&code).text("error"), "invalid_grant");
    // RFC 6749 section 4.1.2: what was issued from it is dead.
    assert_eq!(
        get_with(&airwallex.0.resource_url(), &tokens.text("access_token")).status,
        401
    );
    assert_eq!(
        airwallex.refresh(&tokens.text("refresh_token")).text("error"),
        "invalid_grant"
    );
    let late = airwallex.code(Decision::ALLOW);
    emulator.advance(MINUTE);
    assert_eq!(
        airwallex.exchange(&late).text("error_description"),
        "OAuth 2.0 Parameter: code"
    );
}

#[test]
fn token_requests_are_json_by_post_with_both_credentials() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let (url, token) = (airwallex.0.token_url(), airwallex.connect());
    assert_eq!(send("GET", &url, &[], "").status, 405);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "emulated-client"),
        ("client_secret", "emulated-secret"),
        ("refresh_token", &token),
    ];
    assert_eq!(post_form(&url, &form).text("error"), "invalid_request");
    let mut body = Airwallex::refresh_body(&token);
    body["client_secret"] = json!("wrong");
    let wrong = post_json(&url, &body);
    assert_eq!((wrong.status, wrong.text("error")), (401, "invalid_client".to_owned()));
    body = Airwallex::refresh_body(&token);
    body["grant_type"] = json!("password");
    assert_eq!(post_json(&url, &body).text("error"), "unsupported_grant_type");
    assert_eq!(
        send("POST", &url, &[("Content-Type", "application/json")], "{").status,
        400
    );
    airwallex.0.configure(|settings| settings.form_and_basic = true);
    let by_form = post_form(&url, &form);
    assert_eq!(by_form.status, 200);
    let basic = [
        FORM,
        ("Authorization", "Basic ZW11bGF0ZWQtY2xpZW50OmVtdWxhdGVkLXNlY3JldA=="),
    ];
    let body = encode(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &by_form.text("refresh_token")),
    ]);
    assert_eq!(send("POST", &format!("{url}/"), &basic, &body).status, 200);
}

#[test]
fn endings() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let connect = |user, account| {
        let tokens = airwallex.exchange(&airwallex.code(Decision::Allow { user, account }));
        (tokens.text("access_token"), tokens.text("refresh_token"))
    };
    let served = |access: &str| get_with(&airwallex.0.resource_url(), access).status == 200;

    let (access, refresh) = connect("owner", "acct_1");
    airwallex.0.lose_role("owner", "acct_1");
    assert!(served(&access));
    let lost = airwallex.refresh(&refresh);
    assert_eq!((lost.status, lost.text("error")), (400, "invalid_grant".to_owned()));
    airwallex.0.put_user("owner", "acct_1", Role::Owner);
    assert_eq!(
        airwallex.refresh(&refresh).text("error"),
        "invalid_grant",
        "a consent once lost stays lost"
    );

    let (_, refresh) = connect("admin", "acct_1");
    airwallex.0.delete_user("admin");
    let deleted = airwallex.refresh(&refresh);
    assert_eq!(
        (deleted.status, deleted.text("error")),
        (401, "invalid_client".to_owned())
    );
    airwallex
        .0
        .configure(|settings| settings.deleted_user_as_api_error = true);
    assert_eq!(airwallex.refresh(&refresh).text("code"), "unauthorized");

    let (access, refresh) = connect("owner", "acct_2");
    airwallex.0.disconnect("acct_2");
    assert!(!served(&access));
    assert_eq!(airwallex.refresh(&refresh).text("error"), "invalid_grant");

    let (access, refresh) = connect("owner", "acct_2");
    airwallex.0.close_account("acct_2");
    assert!(!served(&access));
    assert_eq!(airwallex.refresh(&refresh).text("error"), "invalid_grant");
    let closed = consent(
        &airwallex.url(),
        Decision::Allow {
            user: "owner",
            account: "acct_2",
        },
    )
    .unwrap();
    assert_eq!(
        param(&closed.callback().unwrap(), "error").as_deref(),
        Some("access_denied")
    );
}

#[test]
fn the_journal_holds_no_token() {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let code = airwallex.code(Decision::ALLOW);
    let tokens = airwallex.exchange(&code);
    airwallex.refresh(&tokens.text("refresh_token"));
    let journal = format!("{:?}", emulator.journal().entries());
    for secret in [
        code,
        tokens.text("access_token"),
        tokens.text("refresh_token"),
        "emulated-secret".to_owned(),
    ] {
        assert!(!secret.is_empty() && !journal.contains(&secret));
    }
}
