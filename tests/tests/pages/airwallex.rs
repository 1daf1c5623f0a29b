//! Airwallex: "Existing customers", then "OAuth permissions and user roles".

use evergrant::base::error::{Action, ErrorCode};
use evergrant::base::http::HttpResponse;
use evergrant::client::configuration::Client;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::callback::Callback;
use evergrant::message::oddity::Oddity;
use evergrant::message::pending::{Consenter, Pending};
use evergrant::message::resource::ResourceJudgement;
use evergrant::message::token_answer::{EvidenceKind, Reply, Verdict};
use evergrant::message::token_request::TokenRequest;
use evergrant::provider::environment::Environment::{Production, Sandbox};
use evergrant::provider::profile::Profile;
use serde_json::{Value, json};

use crate::kit::*;
use crate::written;

const AIRWALLEX_TOKEN: &str = "https://api.airwallex.com/oauth/token";

fn airwallex() -> Client {
    built_in("airwallex", Production)
}

#[test]
fn authorization_url() {
    let login = begin(&airwallex(), &["r:awx_action:balances_view", "balance:read"]);
    assert_eq!(
        masked(&login.url),
        "https://airwallex.com/oauth/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &scope=r%3Aawx_action%3Abalances_view%20balance%3Aread\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    // The demo has an authorization host of its own.
    let demo = begin(&built_in("airwallex", Sandbox), &[]);
    assert!(
        demo.url
            .starts_with("https://demo.airwallex.com/oauth/authorize?response_type=code&")
    );
    assert_eq!(parameter(&demo.url, "scope"), None);
}

#[test]
fn more_scopes_need_a_new_authorization() {
    let request = AuthorizationRequest::new(session())
        .beside(["balance:read"])
        .scopes(["transfers:write", "balance:read"]);
    let login = airwallex().begin(&request, NOW, entropy()).unwrap();
    assert_eq!(
        parameter(&login.url, "scope"),
        Some("balance%3Aread%20transfers%3Awrite")
    );
}

#[test]
fn sign_up_parameter() {
    let request = AuthorizationRequest::new(session()).parameter("sign_up", "true");
    let login = airwallex().begin(&request, NOW, entropy()).unwrap();
    assert_eq!(parameter(&login.url, "sign_up"), Some("true"));
}

#[test]
fn answer_names_the_account() {
    let body = r#"{"access_token":"a","token_type":"Bearer","expires_in":300,"refresh_token":"r",
        "account_id":"acct_1","org_id":"org_1"}"#;
    let answered = tokens(settle(&airwallex(), &refresh(), 200, body));
    assert_eq!(
        named(&answered.account_ids),
        [("account_id", "acct_1"), ("org_id", "org_1")]
    );
}

#[test]
fn callback_with_code() {
    let client = airwallex();
    let login = begin(&client, &[]);
    assert_eq!(approve(&client, &login, "code=AUTH_CODE").code().expose(), "AUTH_CODE");
}

/// The page shows a callback without state; without one nobody knows whose it is.
#[test]
fn callback_without_state_is_refused() {
    let client = airwallex();
    let login = begin(&client, &[]);
    let bare = format!("{REDIRECT_URI}?code=AUTH_CODE");
    let error = client
        .read_callback(&login.pending, &bare, &session(), NOW)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::StateMismatch);
}

#[test]
fn callback_with_error() {
    let client = airwallex();
    let refusal = refuse(&client, &begin(&client, &[]), "error=access_denied");
    assert_eq!(refusal.oauth_error, "access_denied");
    assert!(
        refusal.words.contains("Owner, Admin, Finance Admin"),
        "{}",
        refusal.words
    );
    // A code for an error that nobody has documented is a refusal too.
    let refusal = refuse(&client, &begin(&client, &[]), "error=consent_rejected");
    assert_eq!(refusal.oauth_error, "consent_rejected");
}

/// The redirect URI goes out as it was registered, byte for byte, and a callback at another path is not taken.
#[test]
fn redirect_uri_is_exact() {
    let profile = || Profile::built_in("airwallex").unwrap();
    let client = builder(profile(), Production)
        .redirect_uri("https://app.example/Callback/?tenant=7")
        .build()
        .unwrap();
    let login = begin(&client, &[]);
    let sent = "https%3A%2F%2Fapp.example%2FCallback%2F%3Ftenant%3D7";
    assert_eq!(parameter(&login.url, "redirect_uri"), Some(sent));
    let elsewhere = callback_url(&login, "code=c");
    let error = client
        .read_callback(&login.pending, &elsewhere, &session(), NOW)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongRedirectUri);
}

/// A redirect URI that is not on the list ends on an error page, perhaps without a callback: the login ends by itself.
#[test]
fn a_login_without_callback_ends() {
    let client = airwallex();
    let login = begin(&client, &[]);
    let late = NOW.later(2 * HOUR);
    let error = client
        .read_callback(&login.pending, &callback_url(&login, "code=c"), &session(), late)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::PendingExpired);
}

#[test]
fn code_exchange() {
    let client = airwallex();
    let request = prepare(&client, &TokenRequest::authorization_code(&code(&client)));
    assert_json(
        &request,
        AIRWALLEX_TOKEN,
        &json!({
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": REDIRECT_URI,
            "code_verifier": "*",
            "client_id": "my-id",
            "client_secret": "my-secret",
        }),
    );
    assert_eq!(header(&request, "Authorization"), None);
    let demo = prepare(&built_in("airwallex", Sandbox), &refresh());
    assert_eq!(demo.url(), "https://api-demo.airwallex.com/oauth/token");
}

/// The pending login keeps the redirect URI, so that a configuration changed in between does not break the exchange.
#[test]
fn exchange_repeats_the_redirect_uri() {
    let client = airwallex();
    let login = begin(&client, &[]);
    let stored = Pending::parse(login.pending.expose().expose()).unwrap();
    assert_eq!(stored, login.pending);
    let code = approve(&client, &login, "code=c");
    assert_eq!(code.redirect_uri(), REDIRECT_URI);
    let body: Value = serde_json::from_str(prepare(&client, &TokenRequest::authorization_code(&code)).body()).unwrap();
    assert_eq!(body["redirect_uri"], REDIRECT_URI);
}

#[test]
fn answer() {
    let client = airwallex();
    let exchange = TokenRequest::authorization_code(&code(&client));
    let body = r#"{"access_token":"a","refresh_token":"r","expires_in":300,"token_type":"Bearer","scope":"balance:read",
        "refresh_token_expires_in":7776000}"#;
    let settled = settle(&client, &exchange, 200, body);
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!((access(&answered), refreshed(&answered)), (Some("a"), Some("r")));
    assert_eq!(answered.scopes, ["balance:read"]);
    assert_eq!(answered.access_life_ms, Some(5 * MINUTE));
    // What the answer says counts, even where it is more than the page says.
    assert_eq!(answered.refresh_idle_ms, Some(90 * DAY));
}

/// Where an answer is silent: 60 days, never the 90 of a newer page; 5 minutes.
#[test]
fn lives() {
    let client = airwallex();
    let settled = settle(
        &client,
        &refresh(),
        200,
        r#"{"access_token":"a","refresh_token":"r","token_type":"Bearer"}"#,
    );
    assert_eq!(settled.evidence.oddities, [Oddity::MissingLife]);
    let answered = tokens(settled);
    assert_eq!(answered.refresh_idle_ms, Some(60 * DAY));
    // Counted from the sending of the request.
    let token = answered.in_use(NOW).unwrap();
    assert_eq!(token.remaining_ms(NOW), Some(5 * MINUTE));
    assert_eq!(token.remaining_ms(NOW.later(5 * MINUTE)), Some(0));
}

#[test]
fn tokens_are_not_printed() {
    let client = airwallex();
    let exchange = TokenRequest::authorization_code(&code(&client));
    let request = prepare(&client, &exchange);
    let settled = settle(
        &client,
        &exchange,
        200,
        r#"{"access_token":"t0ken-a","refresh_token":"t0ken-r"}"#,
    );
    let print = format!(
        "{client:?} {exchange:?} {request:?} {settled:?} {:?}",
        begin(&client, &[]).pending
    );
    for secret in ["my-secret", "the-code", "t0ken"] {
        assert!(!print.contains(secret), "{print}");
    }
}

#[test]
fn bearer_header() {
    let body = r#"{"access_token":"AccessToken","token_type":"bearer","expires_in":300,"refresh_token":"r"}"#;
    let token = tokens(settle(&airwallex(), &refresh(), 200, body)).in_use(NOW).unwrap();
    assert_eq!(token.authorization().expose(), "Bearer AccessToken");
}

#[test]
fn refresh_request() {
    assert_json(
        &prepare(&airwallex(), &refresh()),
        AIRWALLEX_TOKEN,
        &json!({
            "grant_type": "refresh_token",
            "refresh_token": "old-refresh",
            "client_id": "my-id",
            "client_secret": "my-secret",
        }),
    );
}

#[test]
fn refresh_answer_brings_a_new_pair() {
    let body = r#"{"access_token":"a2","refresh_token":"r2","expires_in":300,"token_type":"Bearer"}"#;
    let answered = tokens(settle(&airwallex(), &refresh(), 200, body));
    assert_eq!((access(&answered), refreshed(&answered)), (Some("a2"), Some("r2")));
}

/// The one page that gives a number is the base of the profile.
#[test]
fn window_is_a_minute() {
    assert_eq!(
        written("airwallex")["refresh"]["window"],
        json!({ "type": "seconds", "seconds": 60 })
    );
}

/// After a network failure nobody knows whether the token was rotated, and that is what is said: no verdict, no deletion.
#[test]
fn network_failure_decides_nothing() {
    let client = airwallex();
    let settled = client.settle(&refresh(), Reply::NoAnswer(None), NOW);
    assert_eq!(
        (settled.verdict, settled.evidence.kind),
        (Verdict::Unknown, EvidenceKind::NoAnswer)
    );
    let settled = client.settle(&refresh(), Reply::NotSent, NOW);
    assert_eq!(
        (settled.verdict, settled.evidence.kind),
        (Verdict::NotSpent, EvidenceKind::NotSent)
    );
    for status in [500, 502, 503, 504] {
        let settled = settle(&client, &refresh(), status, r#"{"error":"invalid_grant"}"#);
        assert_eq!(settled.verdict, Verdict::Unknown, "{status}");
    }
}

/// A second refresh beside the first, and a rate limit: nothing was spent, in either of the two shapes.
#[test]
fn too_many_requests_spends_nothing() {
    for body in [
        r#"{"error":"too_many_requests","error_description":"Concurrent token refresh is not allowed."}"#,
        r#"{"code":"too_many_requests","message":"Rate Limit Exceeded.","trace_id":"t","details":{}}"#,
    ] {
        let settled = settle(&airwallex(), &refresh(), 429, body);
        assert_eq!(settled.verdict, Verdict::NotSpent, "{body}");
        let error = settled.error().unwrap();
        assert_eq!(error.code(), ErrorCode::Throttled);
        assert!(matches!(error.action(), Action::RetryAfter { .. }));
    }
}

/// Token, consent, account and role are checked at each refresh, and each failure looks the same.
#[test]
fn refused_refresh() {
    for description in ["OAuth 2.0 Parameter: refresh_token", "invalid or expired refresh token"] {
        let body = format!(r#"{{"error":"invalid_grant","error_description":"{description}"}}"#);
        let settled = settle(&airwallex(), &refresh(), 400, &body);
        assert_eq!(
            (&settled.verdict, settled.evidence.kind),
            (&Verdict::Rejected, EvidenceKind::GrantRefused)
        );
        // One answer is no proof: whether the user has to come back, only a connection says.
        assert_eq!(settled.error().unwrap().action(), &Action::GiveUp);
    }
}

#[test]
fn expired_access_token() {
    let answer = HttpResponse::new(
        401,
        Vec::new(),
        br#"{"code":"unauthorized","source":"","message":"m"}"#.to_vec(),
    );
    assert_eq!(
        airwallex().judge_resource(&answer),
        ResourceJudgement::TokenDead { oauth_error: None }
    );
}

// "OAuth permissions and user roles"

#[test]
fn roles_may_consent() {
    assert_eq!(
        Profile::built_in("airwallex").unwrap().consent_roles(),
        ["Owner", "Admin", "Finance Admin"]
    );
}

/// Consent belongs to a person, so who that is goes with the login, also through storage.
#[test]
fn consenter_is_kept() {
    let client = airwallex();
    let consenter = Consenter {
        user: "jane@customer.example".into(),
        role: Some("Finance Admin".into()),
    };
    let request = AuthorizationRequest::new(session()).consenter(consenter.clone());
    let login = client.begin(&request, NOW, entropy()).unwrap();
    let stored = Pending::parse(login.pending.expose().expose()).unwrap();
    let Ok(Callback::Approved(code)) = client.read_callback(&stored, &callback_url(&login, "code=c"), &session(), NOW)
    else {
        panic!("not approved");
    };
    assert_eq!(code.consenter(), Some(&consenter));
}

/// A deleted user: "authentication errors", which may look like a wrong client secret. It must not end the grant, nor
/// count as spent.
#[test]
fn authentication_error_is_no_dead_grant() {
    for (status, body, verdict, kind) in [
        (
            401,
            r#"{"code":"unauthorized","message":"m"}"#,
            Verdict::Unknown,
            EvidenceKind::Unauthorized,
        ),
        (
            401,
            r#"{"error":"invalid_client"}"#,
            Verdict::NotSpent,
            EvidenceKind::ClientRefused,
        ),
        (401, "", Verdict::Unknown, EvidenceKind::Unauthorized),
    ] {
        let settled = settle(&airwallex(), &refresh(), status, body);
        assert_eq!((settled.verdict, settled.evidence.kind), (verdict, kind), "{body}");
    }
}

#[test]
fn reconnect_words() {
    let words = Profile::built_in("airwallex").unwrap().reconnect_words();
    let at = |part: &str| words.find(part).unwrap_or_else(|| panic!("{part} is not in: {words}"));
    // Disconnecting comes before authorizing again.
    assert!(at("Settings > Connections") < at("disconnect") && at("disconnect") < at("authorize it again"));
    for role in ["Owner", "Admin", "Finance Admin"] {
        at(role);
    }
}
