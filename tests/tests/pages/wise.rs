//! Wise: "Authentication & Access", then what other pages say about user tokens.

use std::time::Duration;

use evergrant::base::error::ErrorCode;
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::outcome::Outcome;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::step::{Send, Step};
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::oddity::Oddity;
use evergrant::message::resource::ResourceJudgement;
use evergrant::message::token_answer::{EvidenceKind, Reply, Verdict};
use evergrant::message::token_request::TokenRequest;
use evergrant::provider::environment::Environment::{Production, Sandbox};
use evergrant::provider::profile::Profile;

use crate::kit::*;

const WISE_MUTUAL_TLS: &str = "https://api-mtls.wise-sandbox.com/oauth/token";
const WISE_ANSWER: &str = r#"{"access_token":"w1","token_type":"bearer","expires_in":43199,"scope":"transfers"}"#;

fn wise() -> Client {
    built_in("wise", Sandbox)
}

fn obtain(min_life: Duration) -> ServiceTokenCommand {
    ServiceTokenCommand::Obtain { min_life }
}

/// Runs a work up to its request.
fn sent(work: &impl Machine) -> Send {
    match work.step().1 {
        Step::Send(send) => send.clone(),
        other => panic!("{other:?}"),
    }
}

/// Obtains a service token; `token` is what the answer says.
fn obtained(service: &ServiceToken, token: &str, at: Now) -> ServiceToken {
    let mut work = service.work(obtain(Duration::ZERO), at, entropy());
    let (id, step) = work.step();
    // Nothing is loaded and nothing saved.
    assert!(matches!(step, Step::Send(_)), "{step:?}");
    let body = WISE_ANSWER.replace("w1", token).into_bytes();
    work.answer(id, at, Input::Answer(HttpResponse::new(200, Vec::new(), body)))
        .unwrap();
    match work.step().1 {
        Step::Done(result) => assert!(matches!(**result, Ok(Outcome::ServiceToken(_))), "{result:?}"),
        other => panic!("{other:?}"),
    }
    work.service_token().clone()
}

#[test]
fn environments_are_separate() {
    let production = built_in("wise", Production);
    assert_eq!(
        production.token_endpoint().as_str(),
        "https://api-mtls.transferwise.com/oauth/token"
    );
    assert_eq!(wise().token_endpoint().as_str(), WISE_MUTUAL_TLS);
    // A login of the one is not finished with the credentials of the other.
    let login = begin(&wise(), &[]);
    let error = production
        .read_callback(&login.pending, &callback_url(&login, "code=c"), &session(), NOW)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongEnvironment);
}

#[test]
fn mutual_tls_is_the_rule() {
    let client = wise();
    assert!(client.wants_client_certificate());
    let service = ServiceToken::new(client, Vec::new());
    let send = sent(&service.work(obtain(Duration::ZERO), NOW, entropy()));
    assert!(send.client_certificate);
    assert_eq!(send.request.url(), WISE_MUTUAL_TLS);
    // The page's own example uses the plain host; who must, says so.
    let plain = builder(Profile::built_in("wise").unwrap(), Sandbox)
        .mutual_tls(false)
        .build()
        .unwrap();
    assert!(!plain.wants_client_certificate());
    assert_eq!(
        plain.token_endpoint().as_str(),
        "https://api.wise-sandbox.com/oauth/token"
    );
}

#[test]
fn client_credentials_request() {
    let request = prepare(&wise(), &service());
    assert_form(&request, WISE_MUTUAL_TLS, "grant_type=client_credentials");
    assert_eq!(header(&request, "Authorization"), Some("Basic bXktaWQ6bXktc2VjcmV0"));
}

/// Id and secret go into HTTP Basic as they are, as `curl -u` sends them.
#[test]
fn basic_is_not_form_encoded() {
    let client = Client::builder(Profile::built_in("wise").unwrap(), Sandbox, "id/1")
        .client_secret("s+%:é")
        .build()
        .unwrap();
    // base64 of id/1:s+%:é
    assert_eq!(
        header(&prepare(&client, &service()), "Authorization"),
        Some("Basic aWQvMTpzKyU6w6k=")
    );
}

#[test]
fn token_object() {
    let settled = settle(&wise(), &service(), 200, WISE_ANSWER);
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!((access(&answered), refreshed(&answered)), (Some("w1"), None));
    assert_eq!(answered.scopes, ["transfers"]);
    // Neither size nor format of the token is assumed.
    let opaque = format!("eyJ{}.a.b.c.d", "x".repeat(6_000));
    let body = WISE_ANSWER.replace("w1", &opaque);
    assert_eq!(
        access(&tokens(settle(&wise(), &service(), 200, &body))),
        Some(opaque.as_str())
    );
}

#[test]
fn service_token_lives_twelve_hours() {
    let silent = r#"{"access_token":"w1","token_type":"bearer"}"#;
    assert_eq!(
        tokens(settle(&wise(), &service(), 200, silent)).access_life_ms,
        Some(12 * HOUR)
    );
}

/// Held in memory, and printed by nobody: no step asks the host to store it.
#[test]
fn service_token_is_not_persisted() {
    let service = obtained(&ServiceToken::new(wise(), Vec::new()), "w-secret", NOW);
    assert!(!format!("{service:?}").contains("w-secret"));
}

#[test]
fn service_token_is_fetched_again_when_it_expires() {
    let service = obtained(&ServiceToken::new(wise(), Vec::new()), "w1", NOW);
    let over = NOW.later(12 * HOUR);
    assert!(service.token(over, Duration::ZERO).is_none());
    let again = obtained(&service, "w2", over);
    assert_eq!(again.token(over, Duration::ZERO).unwrap().token().expose(), "w2");
    // A resource may find out first.
    let fingerprint = again.token(over, Duration::ZERO).unwrap().fingerprint();
    let later = over.later(HOUR);
    let work = again.work(ServiceTokenCommand::Rejected { fingerprint }, later, entropy());
    assert_eq!(sent(&work).request.url(), WISE_MUTUAL_TLS);
}

/// Credentials may be rotated: the old secret, then the new one, within one work.
#[test]
fn credentials_may_be_rotated() {
    let client = builder(Profile::built_in("wise").unwrap(), Sandbox)
        .next_client_secret("next-secret")
        .build()
        .unwrap();
    let service = ServiceToken::new(client, Vec::new());
    let mut work = service.work(obtain(Duration::ZERO), NOW, entropy());
    let (id, _) = work.step();
    let refused = br#"{"error":"invalid_client","error_description":"Client authentication failed"}"#.to_vec();
    work.answer(id, NOW, Input::Answer(HttpResponse::new(401, Vec::new(), refused)))
        .unwrap();
    let send = sent(&work);
    // base64 of my-id:next-secret
    assert_eq!(
        header(&send.request, "Authorization"),
        Some("Basic bXktaWQ6bmV4dC1zZWNyZXQ=")
    );
}

#[test]
fn one_token_per_worker() {
    assert!(Profile::built_in("wise").unwrap().service_token_per_worker());
    assert!(!Profile::built_in("ofx_payments").unwrap().service_token_per_worker());
    // Two values do not know of each other.
    let first = ServiceToken::new(wise(), Vec::new());
    let second = first.clone();
    let first = obtained(&first, "w1", NOW);
    assert!(first.token(NOW, Duration::ZERO).is_some() && second.token(NOW, Duration::ZERO).is_none());
}

/// First strategy: a task says how long it takes, and gets a token that lives as long.
#[test]
fn a_task_ends_within_the_life() {
    let service = obtained(&ServiceToken::new(wise(), Vec::new()), "w1", NOW);
    let task = Duration::from_secs(2 * 3_600);
    assert!(service.token(NOW.later(9 * HOUR), task).is_some());
    assert!(service.token(NOW.later(11 * HOUR), task).is_none());
    let work = service.work(obtain(task), NOW.later(11 * HOUR), entropy());
    assert_eq!(sent(&work).request.url(), WISE_MUTUAL_TLS);
}

/// Second strategy: a new token before the old one ends, which is served meanwhile.
#[test]
fn a_new_token_before_the_old_one_ends() {
    let service = obtained(&ServiceToken::new(wise(), Vec::new()), "w1", NOW);
    assert!(!service.wants_renewal(NOW.later(11 * HOUR)));
    let near = NOW.later(43_199 * SECOND - 30 * SECOND);
    assert!(service.wants_renewal(near));
    assert!(service.token(near, Duration::ZERO).is_some());
    assert_eq!(
        sent(&service.work(obtain(Duration::ZERO), near, entropy()))
            .request
            .url(),
        WISE_MUTUAL_TLS
    );
}

/// Service tokens have no refresh token; should one come, it is dropped.
#[test]
fn service_tokens_have_no_refresh_token() {
    let body = r#"{"access_token":"w1","token_type":"bearer","expires_in":43199,"refresh_token":"odd"}"#;
    let settled = settle(&wise(), &service(), 200, body);
    assert_eq!(settled.evidence.oddities, [Oddity::DroppedRefreshToken]);
    assert_eq!(refreshed(&tokens(settled)), None);
}

// Beyond that page: what Wise's other pages say about user tokens.

#[test]
fn authorization_url_has_neither_response_type_nor_scope() {
    let request = AuthorizationRequest::new(session())
        .scopes(["transfers"])
        .parameter("claim_account_code", "c-1");
    let login = wise().begin(&request, NOW, entropy()).unwrap();
    assert_eq!(
        masked(&login.url),
        "https://wise-sandbox.com/oauth/authorize/?client_id=my-id&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &state=*&code_challenge=*&code_challenge_method=S256&claim_account_code=c-1"
    );
}

#[test]
fn profile_id_is_kept_in_either_spelling() {
    let client = wise();
    for name in ["profileId", "profileID"] {
        let login = begin(&client, &[]);
        let code = approve(&client, &login, &format!("code=ABCDEF&{name}=30000000"));
        assert_eq!(named(code.account_ids()), [("profileId", "30000000")]);
    }
}

#[test]
fn user_token_requests() {
    let client = wise();
    let exchange = prepare(&client, &TokenRequest::authorization_code(&code(&client)));
    assert_form(
        &exchange,
        WISE_MUTUAL_TLS,
        "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &code_verifier=*&client_id=my-id",
    );
    assert_eq!(header(&exchange, "Authorization"), Some("Basic bXktaWQ6bXktc2VjcmV0"));
    assert_eq!(header(&exchange, "X-External-Correlation-Id").map(str::len), Some(36));
    let refreshing = prepare(&client, &refresh());
    assert_form(
        &refreshing,
        WISE_MUTUAL_TLS,
        "grant_type=refresh_token&refresh_token=old-refresh",
    );
}

#[test]
fn user_token_answer() {
    let body = r#"{"access_token":"a","token_type":"bearer","refresh_token":"r","expires_in":43199,
        "expires_at":"2026-09-22T02:13:19.148Z","refresh_token_expires_in":628639555,
        "refresh_token_expires_at":"2046-08-22T13:49:23.552Z","scope":"transfers","created_at":"2026-09-21T14:13:20.12345Z"}"#;
    let answered = tokens(settle(&wise(), &refresh(), 200, body));
    assert_eq!(answered.access_life_ms, Some(43_199 * SECOND));
    // Past 32 bits of milliseconds.
    assert_eq!(answered.refresh_idle_ms, Some(628_639_555_000));
}

#[test]
fn a_code_may_be_typed() {
    let client = wise();
    let login = begin(&client, &[]);
    let code = client
        .read_typed_code(&login.pending, " ABCDEF ", &session(), NOW)
        .unwrap();
    assert_eq!(code.code().expose(), "ABCDEF");
}

/// `invalid_grant` comes with 401 or 400: the code counts, not the status.
#[test]
fn errors_are_told_by_code() {
    let grant = r#"{"error":"invalid_grant","error_description":"Invalid user credentials."}"#;
    for status in [400, 401] {
        assert_eq!(settle(&wise(), &refresh(), status, grant).verdict, Verdict::Rejected);
    }
    let client = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
    assert_eq!(
        settle(&wise(), &refresh(), 401, client).evidence.kind,
        EvidenceKind::ClientRefused
    );
    let headers = vec![
        ResponseHeader::new("Retry-After", "7"),
        ResponseHeader::new("X-Rate-Limited-By", "x"),
    ];
    let answer = HttpResponse::new(429, headers, b"{}".to_vec());
    let reply = Reply::Answer(&answer);
    let settled = wise().settle(&refresh(), reply, NOW);
    assert_eq!(
        (settled.verdict, settled.evidence.retry_after_ms),
        (Verdict::NotSpent, Some(7 * SECOND))
    );
}

/// Wise puts the access token into `error_description`.
#[test]
fn words_of_errors_are_not_kept() {
    let body = r#"{"error":"invalid_token","error_description":"945fdc16-56cb-4d5e"}"#;
    let settled = settle(&wise(), &refresh(), 401, body);
    assert_eq!(settled.description, None);
    assert!(!format!("{settled:?}").contains("945fdc16"));
}

#[test]
fn step_up_is_no_dead_token() {
    let headers = vec![ResponseHeader::new("x-2fa-approval", "be2f2c65")];
    let judgement = wise().judge_resource(&HttpResponse::new(403, headers, Vec::new()));
    assert_eq!(
        judgement,
        ResourceJudgement::StepUp {
            oauth_error: None,
            acr_values: None,
            max_age_seconds: None
        }
    );
    let denied = wise().judge_resource(&HttpResponse::new(403, Vec::new(), Vec::new()));
    assert_eq!(denied, ResourceJudgement::NotOurs { status: 403 });
}
