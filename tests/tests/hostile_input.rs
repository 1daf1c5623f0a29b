//! What must be refused, what must not be lost, and where servers differ: one test for each row of docs/hostile-input.md.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use evergrant::base::endpoint::Endpoint;
use evergrant::base::error::{Action, ErrorCode, OAuthError};
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::redirect_uri::RedirectUri;
use evergrant::base::secret::Secret;
use evergrant::client::assertion::{SignatureAlgorithm, SignatureEncoding};
use evergrant::client::authentication::SecretChoice;
use evergrant::client::configuration::Client;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::step::Step;
use evergrant::message::authorize::{AuthorizationRequest, Login};
use evergrant::message::binding::Binding;
use evergrant::message::callback::{AuthorizationCode, Callback, login_id};
use evergrant::message::oddity::Oddity;
use evergrant::message::pending::Pending;
use evergrant::message::token_answer::{EvidenceKind, Reply, Settled, Tokens, Verdict};
use evergrant::message::token_request::{Prepared, TokenRequest, Unsigned};
use evergrant::message::www_authenticate;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_tests::fuzz::fixtures::{
    CLIENT_SECRET, ISSUER, NOW, base64url, begin, binding, builder, client, entropy, from_base64url, issuer_client,
    parameter, state, verifier,
};

// ---------------------------------------------------------------------------------------------------------------- help

fn judge(client: &Client, login: &Login, callback: &str) -> Result<Callback, OAuthError> {
    client.read_callback(&login.pending, callback, &binding(), NOW)
}

fn approve(client: &Client, login: &Login, more: &str) -> AuthorizationCode {
    let callback = format!("/callback?tenant=7&code=c0de&state={}{more}", state(login));
    match judge(client, login, &callback) {
        Ok(Callback::Approved(code)) => *code,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused<T>(result: Result<T, OAuthError>, code: ErrorCode) -> OAuthError {
    let Err(error) = result else {
        panic!("{code:?} was expected")
    };
    assert_eq!(error.code(), code, "{error}");
    error
}

fn refresh(scopes: &[&str]) -> TokenRequest {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    TokenRequest::refresh_token(&Secret::new("old-refresh-token"), &scopes)
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let headers = headers
        .iter()
        .map(|(name, value)| ResponseHeader::new(*name, *value))
        .collect();
    HttpResponse::new(status, headers, body.as_bytes().to_vec())
}

fn settle(profile: &str, status: u16, body: &str) -> Settled {
    client(profile).settle(&refresh(&["a", "b"]), Reply::Answer(&answer(status, &[], body)), NOW)
}

#[track_caller]
fn tokens(settled: &Settled) -> &Tokens {
    let Verdict::Answered(tokens) = &settled.verdict else {
        panic!("lost: {settled:?}")
    };
    assert!(settled.error().is_none());
    assert_eq!(
        tokens.refresh_token,
        Some(Secret::new("new-refresh-token")),
        "lost: {settled:?}"
    );
    tokens
}

/// An answer with the new refresh token and these members, each a comma behind it.
fn good(members: &str) -> String {
    format!(r#"{{{members}"access_token":"new-access-token","refresh_token":"new-refresh-token"}}"#)
}

fn prepared(client: &Client, request: &TokenRequest) -> evergrant::base::http::HttpRequest {
    match client.token_request(request, SecretChoice::Current, NOW, entropy(2)) {
        Ok(Prepared::Ready(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn unsigned(algorithm: SignatureAlgorithm, issuer: Option<&str>) -> Unsigned {
    let builder = builder("generic").private_key(algorithm, "key-1");
    let builder = match issuer {
        Some(issuer) => builder.issuer(issuer),
        None => builder,
    };
    let client = builder.build().unwrap();
    match client.token_request(
        &TokenRequest::client_credentials(&[]),
        SecretChoice::Current,
        NOW,
        entropy(2),
    ) {
        Ok(Prepared::Unsigned(unsigned)) => unsigned,
        other => panic!("{other:?}"),
    }
}

// --------------------------------------------------------------------------------------------- what must be refused

#[test]
fn mix_up() {
    let client = issuer_client();
    let login = begin(&client, 1);
    let state = state(&login);
    let iss = |iss: &str| format!("/callback?tenant=7&code=c&state={state}&iss={iss}");
    refused(
        judge(&client, &login, &iss("https%3A%2F%2Fevil.example")),
        ErrorCode::IssuerMismatch,
    );
    // On refusals too.
    let refusal = format!("/callback?tenant=7&error=access_denied&state={state}&iss=https%3A%2F%2Fevil.example");
    refused(judge(&client, &login, &refusal), ErrorCode::IssuerMismatch);
    assert!(judge(&client, &login, &iss(ISSUER)).is_ok());
    // Where the issuer does not say that it sends `iss`, one that comes is compared all the same.
    let quiet = builder("generic").client_secret("s").issuer(ISSUER).build().unwrap();
    let login = begin(&quiet, 1);
    let callback = |more: &str| format!("/callback?tenant=7&code=c&state={}{more}", crate::state(&login));
    refused(
        judge(&quiet, &login, &callback("&iss=https%3A%2F%2Fevil.example")),
        ErrorCode::IssuerMismatch,
    );
    assert!(judge(&quiet, &login, &callback("")).is_ok());
}

#[test]
fn checks_not_bound_to_the_provider() {
    let (airwallex, generic) = (client("airwallex"), client("generic"));
    let login = begin(&airwallex, 1);
    let callback = format!("/callback?tenant=7&code=c&state={}", state(&login));
    assert!(judge(&airwallex, &login, &callback).is_ok());
    refused(judge(&generic, &login, &callback), ErrorCode::WrongProvider);
    let other = Client::builder(
        Profile::built_in("airwallex").unwrap(),
        Environment::Sandbox,
        "another-client",
    )
    .redirect_uri("https://app.example/callback?tenant=7")
    .build()
    .unwrap();
    refused(judge(&other, &login, &callback), ErrorCode::WrongProvider);
    let production = Client::builder(
        Profile::built_in("airwallex").unwrap(),
        Environment::Production,
        "client-id",
    )
    .redirect_uri("https://app.example/callback?tenant=7")
    .build()
    .unwrap();
    refused(judge(&production, &login, &callback), ErrorCode::WrongEnvironment);
    refused(
        judge(&airwallex, &login, &callback.replace("/callback", "/other")),
        ErrorCode::WrongRedirectUri,
    );
    refused(
        judge(&airwallex, &login, &callback.replace("tenant=7", "tenant=8")),
        ErrorCode::WrongRedirectUri,
    );
}

#[test]
fn account_linking_by_another_user() {
    refused(Binding::session(""), ErrorCode::InvalidParameter);
    let wise = client("wise");
    let login = begin(&wise, 1);
    let callback = format!("/callback?tenant=7&code=c&state={}", state(&login));
    for other in [Binding::session("session-of-another").unwrap(), Binding::no_session()] {
        refused(
            wise.read_callback(&login.pending, &callback, &other, NOW),
            ErrorCode::WrongUserSession,
        );
        refused(
            wise.read_typed_code(&login.pending, "c", &other, NOW),
            ErrorCode::WrongUserSession,
        );
    }
    assert!(wise.read_typed_code(&login.pending, "c", &binding(), NOW).is_ok());
    // A typed code is bound by nothing else, so a login without a session never takes one; nor does a provider without them.
    let free = wise
        .begin(&AuthorizationRequest::new(Binding::no_session()), NOW, entropy(1))
        .unwrap();
    refused(
        wise.read_typed_code(&free.pending, "c", &Binding::no_session(), NOW),
        ErrorCode::WrongUserSession,
    );
    let airwallex = client("airwallex");
    let login = begin(&airwallex, 1);
    refused(
        airwallex.read_typed_code(&login.pending, "c", &binding(), NOW),
        ErrorCode::TypedCodeNotAllowed,
    );
    refused(
        judge(&airwallex, &login, "/callback?tenant=7&code=c"),
        ErrorCode::StateMismatch,
    );
    refused(
        judge(&airwallex, &login, "/callback?tenant=7&code=c&state="),
        ErrorCode::StateMismatch,
    );
}

#[test]
fn verifier_mixed_between_parallel_attempts() {
    let client = client("airwallex");
    let (one, two) = (begin(&client, 1), begin(&client, 2));
    assert!(one.id != two.id && state(&one) != state(&two) && verifier(&one) != verifier(&two));
    for (own, other) in [(&one, &two), (&two, &one)] {
        assert_eq!(approve(&client, own, "").verifier().unwrap().expose(), verifier(own));
        let callback = format!("/callback?tenant=7&code=c&state={}", state(own));
        assert_eq!(login_id(&callback).unwrap(), own.id);
        refused(judge(&client, other, &callback), ErrorCode::StateMismatch);
    }
}

#[test]
fn pkce_missing_or_downgraded() {
    for profile in ["airwallex", "wise", "ofx_payments", "generic"] {
        for client in [client(profile), builder(profile).build().unwrap()] {
            let login = begin(&client, 1);
            assert_eq!(parameter(&login.url, "code_challenge_method").as_deref(), Some("S256"));
            assert_ne!(parameter(&login.url, "code_challenge"), Some(verifier(&login)));
            let request = prepared(
                &client,
                &TokenRequest::authorization_code(&approve(&client, &login, "")),
            );
            assert!(request.body().contains(&verifier(&login)));
            for name in [
                "code_challenge",
                "code_challenge_method",
                "code_verifier",
                "state",
                "redirect_uri",
            ] {
                let request = AuthorizationRequest::new(binding()).parameter(name, "plain");
                refused(client.begin(&request, NOW, entropy(1)), ErrorCode::ReservedParameter);
            }
        }
    }
    // A profile may switch it off for a confidential client only.
    let profile = |authorize: &str| {
        Profile::from_json(&format!(
            r#"{{"id":"acme","environments":{{"sandbox":{{"authorize":"https://a.example/a","token":"https://a.example/t"}}}},
                "grants":{{"authorization_code":{{}}}},"authorize":{authorize}}}"#
        ))
    };
    let off = profile(r#"{"pkce":false}"#).unwrap();
    let builder =
        Client::builder(off, Environment::Sandbox, "id").redirect_uri("https://app.example/callback?tenant=7");
    refused(builder.clone().build(), ErrorCode::InvalidConfiguration);
    assert!(builder.client_secret("s").build().is_ok());
    refused(profile(r#"{"pkce":"plain"}"#), ErrorCode::InvalidProfile);
    refused(
        profile(r#"{"parameters":{"code_challenge_method":"plain"}}"#),
        ErrorCode::InvalidProfile,
    );
}

#[test]
fn command_injection_by_an_endpoint() {
    for odd in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://a.example/authorize",
        "https://a.example/`touch x`",
        "https://a.example/$(touch x)",
        "https://a.example/a|b",
        "https://a.example/\"&calc.exe",
        "a:https://a.example/",
        "https://user@a.example/",
        "https://a.example\\@b.example/",
        "//a.example/authorize",
        "",
    ] {
        refused(Endpoint::parse(odd), ErrorCode::InvalidEndpoint);
        let error = refused(
            builder("generic").authorize_endpoint(odd).build(),
            ErrorCode::InvalidEndpoint,
        );
        assert_eq!(error.details().field.as_deref(), Some("endpoints.authorize"));
        refused(
            builder("generic").token_endpoint(odd).build(),
            ErrorCode::InvalidEndpoint,
        );
        refused(builder("generic").redirect_uri(odd).build(), ErrorCode::InvalidEndpoint);
    }
    assert!(RedirectUri::parse("https://app.example/`x`").is_err());
}

#[test]
fn issuer_confusion() {
    for (expected, other) in [
        ("https://as.example", "https://as.example/"),
        ("https://as.example/tenant", "https://as.example/Tenant"),
        ("https://as.example/a", "https://as.example:443/a"),
        ("https://as.example/%7Ea", "https://as.example/~a"),
    ] {
        let client = builder("generic").client_secret("s").issuer(expected).build().unwrap();
        let login = begin(&client, 1);
        let callback = |iss: &str| {
            format!(
                "/callback?tenant=7&code=c&state={}&iss={}",
                state(&login),
                iss.replace('%', "%25")
            )
        };
        assert!(judge(&client, &login, &callback(expected)).is_ok());
        refused(judge(&client, &login, &callback(other)), ErrorCode::IssuerMismatch);
    }
}

#[test]
fn iss_stripped_by_the_own_proxy() {
    let client = issuer_client();
    let login = begin(&client, 1);
    let callback = format!("/callback?tenant=7&code=c&state={}", state(&login));
    let error = refused(judge(&client, &login, &callback), ErrorCode::IssuerMissing);
    assert!(
        error.to_string().contains("iss") && error.to_string().contains("proxy"),
        "{error}"
    );
}

#[test]
fn audience_injection() {
    let part = |unsigned: &Unsigned, at: usize| -> serde_json::Value {
        let text = String::from_utf8(unsigned.sign().bytes().to_vec()).unwrap();
        serde_json::from_slice(&from_base64url(text.split('.').nth(at).unwrap())).unwrap()
    };
    let with_issuer = unsigned(SignatureAlgorithm::Es256, Some(ISSUER));
    assert_eq!(part(&with_issuer, 1)["aud"], ISSUER);
    let without = unsigned(SignatureAlgorithm::Es256, None);
    assert_eq!(part(&without, 1)["aud"], "https://as.example/token");
    assert_eq!(part(&without, 0)["typ"], "client-authentication+jwt");
    assert_eq!(part(&without, 0)["alg"], "ES256");
    let claims = part(&without, 1);
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 60);
    assert_eq!(claims["iat"], NOW.wall / 1_000);
    assert!(claims["jti"].as_str().unwrap().len() >= 22);
}

#[test]
fn psychic_signature() {
    let der = |r: &[u8], s: &[u8]| {
        let integer = |octets: &[u8]| [&[2, octets.len() as u8], octets].concat();
        let content = [integer(r), integer(s)].concat();
        [&[0x30, content.len() as u8], content.as_slice()].concat()
    };
    let complete = |signature: &[u8], encoding| {
        unsigned(SignatureAlgorithm::Es256, None)
            .complete(signature, encoding)
            .map(|request| request.body().len())
    };
    let (one, zero) = ([7_u8; 32], [0_u8; 32]);
    assert!(complete(&[one, one].concat(), SignatureEncoding::Raw).is_ok());
    assert!(complete(&der(&one, &one), SignatureEncoding::Der).is_ok());
    let negative = [&[0x80], &[1_u8; 31][..]].concat();
    for (signature, encoding) in [
        ([zero, zero].concat(), SignatureEncoding::Raw),
        ([one, zero].concat(), SignatureEncoding::Raw),
        ([zero, one].concat(), SignatureEncoding::Raw),
        (vec![7; 63], SignatureEncoding::Raw),
        (vec![7; 65], SignatureEncoding::Raw),
        (Vec::new(), SignatureEncoding::Raw),
        (der(&[0], &one), SignatureEncoding::Der),
        (der(&one, &[0]), SignatureEncoding::Der),
        (der(&one, &[]), SignatureEncoding::Der),
        (der(&negative, &one), SignatureEncoding::Der),
        (der(&[&[0], &one[..]].concat(), &one), SignatureEncoding::Der),
        (der(&[7; 33], &one), SignatureEncoding::Der),
        ([der(&one, &one), vec![0]].concat(), SignatureEncoding::Der),
        ([one, one].concat(), SignatureEncoding::Der),
        (Vec::new(), SignatureEncoding::Der),
    ] {
        refused(complete(&signature, encoding), ErrorCode::InvalidSignature);
    }
    for algorithm in [
        SignatureAlgorithm::EdDsa,
        SignatureAlgorithm::Rs256,
        SignatureAlgorithm::Ps256,
    ] {
        for octets in [vec![], vec![0; 64], vec![0; 256], vec![7; 63], vec![7; 2_000]] {
            refused(
                unsigned(algorithm, None).complete(&octets, SignatureEncoding::Raw),
                ErrorCode::InvalidSignature,
            );
        }
        refused(
            unsigned(algorithm, None).complete(&[7; 64], SignatureEncoding::Der),
            ErrorCode::InvalidSignature,
        );
    }
}

#[test]
fn oversized_or_many_dot_tokens() {
    let long = "a.".repeat(2_000_000);
    let client = client("wise");
    let login = begin(&client, 1);
    let started = Instant::now();
    refused(Pending::parse(&long), ErrorCode::InvalidPending);
    refused(
        Pending::parse(&format!("evergrant-login-1.{long}")),
        ErrorCode::InvalidPending,
    );
    refused(
        judge(&client, &login, &format!("?code={long}")),
        ErrorCode::InvalidCallback,
    );
    refused(login_id(&format!("?state={long}")), ErrorCode::InvalidCallback);
    refused(
        client.read_typed_code(&login.pending, &long, &binding(), NOW),
        ErrorCode::InvalidCallback,
    );
    refused(Endpoint::parse(&format!("https://{long}")), ErrorCode::InvalidEndpoint);
    refused(Profile::from_json(&format!("\"{long}\"")), ErrorCode::InvalidProfile);
    assert_eq!(www_authenticate::parse([long.as_str()]).len(), 0);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn deep_json() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [30, 5_000, 200_000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for text in [text.clone(), open.repeat(depth), format!("{{\"id\":{text}}}")] {
                refused(Profile::from_json(&text), ErrorCode::InvalidProfile);
                refused(Client::from_json(&text), ErrorCode::InvalidConfiguration);
                let payload = base64url(text.as_bytes());
                refused(
                    Pending::parse(&format!("evergrant-login-1.{payload}")),
                    ErrorCode::InvalidPending,
                );
                // In an answer it hides no token that stands whole.
                let body = good(&format!("\"x\":{text},"));
                tokens(&settle("airwallex", 200, &body));
            }
        }
    }
}

#[test]
fn duplicate_parameters_and_members() {
    let client = client("wise");
    let login = begin(&client, 1);
    let state = state(&login);
    for twice in [
        "code=d",
        "c%6Fde=d",
        "state=x",
        "error=x&error=x",
        "iss=a&iss=b",
        "profileId=1&profileID=2",
    ] {
        let callback = format!("/callback?tenant=7&code=c&state={state}&{twice}");
        refused(judge(&client, &login, &callback), ErrorCode::DuplicateParameter);
    }
    // `;` separates nothing.
    assert!(
        judge(
            &client,
            &login,
            &format!("/callback?tenant=7&code=c&state={state}&x=1;code=d")
        )
        .is_ok()
    );
    for text in [
        r#"{"id":"a","id":"b","grants":{"refresh_token":{}}}"#,
        r#"{"id":"a","i\u0064":"b","grants":{"refresh_token":{}}}"#,
    ] {
        let error = refused(Profile::from_json(text), ErrorCode::InvalidProfile);
        assert_eq!(error.details().field.as_deref(), Some("id"));
    }
    let twice = AuthorizationRequest::new(binding())
        .parameter("a", "1")
        .parameter("a", "2");
    refused(client.begin(&twice, NOW, entropy(1)), ErrorCode::DuplicateParameter);
}

#[test]
fn control_characters() {
    for odd in ["a\r\nX: y", "a\nb", "a\0", "a\u{7f}", "\u{85}"] {
        refused(
            builder("wise").client_secret(odd).build(),
            ErrorCode::InvalidConfiguration,
        );
        refused(
            builder("wise").header("X-Own", odd).build(),
            ErrorCode::InvalidConfiguration,
        );
        refused(
            builder("wise").header(odd, "x").build(),
            ErrorCode::InvalidConfiguration,
        );
        refused(
            Client::builder(Profile::built_in("wise").unwrap(), Environment::Sandbox, odd).build(),
            ErrorCode::InvalidConfiguration,
        );
        refused(
            Endpoint::parse(&format!("https://a.example/{odd}")),
            ErrorCode::InvalidEndpoint,
        );
        let scopes = AuthorizationRequest::new(binding()).scopes([odd]);
        refused(
            client("airwallex").begin(&scopes, NOW, entropy(1)),
            ErrorCode::InvalidParameter,
        );
        let name = AuthorizationRequest::new(binding()).parameter(odd, "x");
        refused(
            client("airwallex").begin(&name, NOW, entropy(1)),
            ErrorCode::InvalidParameter,
        );
    }
    let client = client("airwallex");
    let login = begin(&client, 1);
    for odd in ["%0d%0aX:y", "%00", "%C3%A9", "%7F"] {
        let callback = format!("/callback?tenant=7&code=c{odd}&state={}", state(&login));
        refused(judge(&client, &login, &callback), ErrorCode::InvalidCallback);
    }
    // An access token with such characters counts as none; the refresh token beside it is kept.
    let settled = settle(
        "airwallex",
        200,
        r#"{"access_token":"a\r\nX: y","refresh_token":"new-refresh-token"}"#,
    );
    assert_eq!(tokens(&settled).access_token, None);
    assert!(settled.evidence.oddities.contains(&Oddity::UnusableAccessToken));
}

#[test]
fn malformed_percent_encoding() {
    let client = client("airwallex");
    let login = begin(&client, 1);
    for odd in ["%", "%2", "%zz", "%u0041", "%ff", "%C3", "%ED%A0%80"] {
        for callback in [
            format!("/callback?tenant=7&code=c&state={}&x={odd}", state(&login)),
            format!("/callback?tenant=7&code=c{odd}&state={}", state(&login)),
            format!("{odd}=1&tenant=7&code=c&state={}", state(&login)),
        ] {
            refused(judge(&client, &login, &callback), ErrorCode::InvalidCallback);
            refused(login_id(&callback), ErrorCode::InvalidCallback);
        }
    }
}

/// What took the square of its input's length would take minutes at the megabyte that is the limit; here a quarter of it.
#[test]
fn time_is_linear() {
    let length = 1 << 18;
    let fill = |piece: &str| piece.repeat(length / piece.len());
    let numbered = |form: fn(usize) -> String, count: usize| (0..count).map(form).collect::<String>();
    let pieces = [
        "[",
        ":",
        "[::::::]",
        "\"",
        "\\\"",
        "\"refresh_token\":",
        "\"refresh_token\":\"",
        "a=\"",
        ",",
        " ",
        "%41",
        "&",
        "=",
        "\"error\":1,",
        "-",
        "1",
        "{\"a\":",
    ];
    let mut texts: Vec<String> = pieces.iter().map(|piece| fill(piece)).collect();
    texts.push(format!(
        "{{{}\"x\":1}}",
        numbered(|at| format!("\"refresh_token\":\"{at}\","), 9_500)
    ));
    texts.push(numbered(|at| format!("\"refresh_token\":\"{at}\","), 9_500));
    texts.push(numbered(|at| format!("\"access_token\":{at},"), 12_000));
    texts.push(format!("{{{}\"id\":1}}", numbered(|at| format!("\"{at}\":1,"), 24_000)));
    texts.push(format!("{{\"scope\":\"{}\"}}", fill("a b ")));
    texts.push(numbered(|at| format!("a{at}=\"b\", "), 20_000));
    let client = client("generic");
    let login = begin(&client, 1);
    let mut slow = Vec::new();
    for text in &texts {
        let mut timed = |what: &str, call: &dyn Fn()| {
            let started = Instant::now();
            call();
            if started.elapsed() > Duration::from_millis(1_500) {
                let start: String = text.chars().take(30).collect();
                slow.push(format!("{what} took {:?} for {start}", started.elapsed()));
            }
        };
        let headers = vec![ResponseHeader::new("WWW-Authenticate", text.as_str())];
        let response = HttpResponse::new(200, headers, text.as_bytes().to_vec());
        timed("settle", &|| {
            drop(client.settle(&refresh(&["a"]), Reply::Answer(&response), NOW))
        });
        timed("resource", &|| drop(client.judge_resource(&response)));
        timed("callback", &|| drop((judge(&client, &login, text), login_id(text))));
        timed("url", &|| drop((Endpoint::parse(text), RedirectUri::parse(text))));
        let payload = format!("evergrant-login-1.{}", base64url(text.as_bytes()));
        timed("pending", &|| drop((Pending::parse(text), Pending::parse(&payload))));
        timed("profile", &|| drop((Profile::from_json(text), Client::from_json(text))));
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn scope_widening() {
    for scope in [
        "",
        r#""scope":null,"#,
        r#""scope":"","#,
        r#""scope":"  ","#,
        r#""scope":["a","b","admin"],"#,
    ] {
        let settled = settle("generic", 200, &good(scope));
        assert_eq!(tokens(&settled).scopes, ["a", "b"], "{scope}");
    }
    let settled = settle("generic", 200, &good(r#""scope":"a admin","#));
    assert_eq!(tokens(&settled).scopes, ["a", "admin"]);
    assert!(
        settled.evidence.oddities.contains(&Oddity::WiderScope)
            && settled.evidence.oddities.contains(&Oddity::NarrowerScope)
    );
}

#[test]
fn token_leaks_in_logs() {
    let client = client("airwallex");
    let login = begin(&client, 1);
    let (state, verifier) = (state(&login), verifier(&login));
    let code = approve(&client, &login, "");
    let request = prepared(&client, &TokenRequest::authorization_code(&code));
    let settled = settle(
        "airwallex",
        400,
        r#"{"error":"invalid_grant","error_description":"bad token old-refresh-token","x":"leaked-value"}"#,
    );
    let error = settled.error().unwrap();
    let callback = format!("/other?code=c0de-in-callback&state={state}");
    let refusal = judge(&client, &login, &callback).unwrap_err();
    let tokens = settle("airwallex", 200, &good(""));
    let prints = format!(
        "{client:?} {:?} {:?} {code:?} {request:?} {:?} {settled:?} {error} {error:?} {refusal} {refusal:?} {tokens:?} {}",
        login.pending,
        TokenRequest::authorization_code(&code),
        request.headers(),
        serde_json::to_string(error.details()).unwrap()
    );
    for secret in [
        CLIENT_SECRET,
        &state,
        &verifier,
        "c0de",
        "old-refresh-token",
        "new-refresh-token",
        "new-access-token",
        "leaked-value",
    ] {
        assert!(!prints.contains(secret), "{secret} in {prints}");
    }
    assert_eq!(error.description(), Some("bad token old-refresh-token"));
    // Wise puts the token itself there, so nothing is kept.
    let wise = settle(
        "wise",
        401,
        r#"{"error":"invalid_grant","error_description":"old-refresh-token"}"#,
    );
    assert_eq!((wise.verdict, wise.description), (Verdict::Rejected, None));
}

/// A server that shows the request again must not have its credential taken for an error code.
#[test]
fn an_echoed_credential_is_no_error_code() {
    let client = client("airwallex");
    let code = approve(&client, &begin(&client, 1), "");
    let body = r#"{"grant_type":"authorization_code","code":"c0de","redirect_uri":"x"}"#;
    let settled = client.settle(
        &TokenRequest::authorization_code(&code),
        Reply::Answer(&answer(400, &[], body)),
        NOW,
    );
    let error = settled.error().unwrap();
    let print = format!(
        "{settled:?} {error} {error:?} {}",
        serde_json::to_string(&settled.evidence).unwrap()
    );
    assert!(!print.contains("c0de"), "{print}");
}

#[test]
fn redirected_token_request() {
    for status in [301, 302, 303, 307, 308] {
        let response = answer(status, &[("Location", "https://evil.example/token")], "");
        let settled = client("airwallex").settle(&refresh(&[]), Reply::Answer(&response), NOW);
        assert_eq!(
            (&settled.verdict, settled.evidence.kind),
            (&Verdict::Unknown, EvidenceKind::Redirected)
        );
        let error = settled.error().unwrap();
        assert_eq!(error.action(), &Action::FixConfiguration);
        assert!(!format!("{error:?}").contains("evil.example"));
    }
    // A send always goes to the client's own endpoint.
    let work = ServiceToken::new(client("wise"), Vec::new()).work(
        ServiceTokenCommand::Obtain {
            min_life: Duration::ZERO,
        },
        NOW,
        entropy(1),
    );
    let (_, Step::Send(send)) = work.step() else {
        panic!("a send")
    };
    assert_eq!(send.request.url(), client("wise").token_endpoint().as_str());
}

#[test]
fn reflected_error_text() {
    let client = client("airwallex");
    let login = begin(&client, 1);
    let markup = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%0A%1b[31m";
    let callback = format!(
        "/callback?tenant=7&state={}&error={markup}&error_description={markup}&error_uri=javascript%3Aalert(1)",
        state(&login)
    );
    let Ok(Callback::Refused(refusal)) = judge(&client, &login, &callback) else {
        panic!("a refusal")
    };
    assert!(
        !refusal.words.contains("script") && !refusal.oauth_error.contains(['"', '\n', '\u{1b}']),
        "{refusal:?}"
    );
    assert!(!format!("{refusal:?}").contains("javascript"));
    let body = serde_json::json!({"error": "<b>\u{1b}[31m\"\\\n\u{202e}".repeat(40), "error_description": "<script>"});
    let settled = settle("airwallex", 400, &body.to_string());
    let error = settled.error().unwrap();
    let shown = error.to_string();
    assert!(
        shown.len() < 300 && !shown.contains(['\u{1b}', '\n', '"', '\u{202e}']) && !shown.contains("script"),
        "{shown}"
    );
    assert_eq!(error.description(), Some("<script>"));
}

#[test]
fn homographs() {
    for odd in [
        "https://\u{430}pple.example/",
        "https://a\u{3002}example/",
        "https://A.example/",
        "https://\u{212a}.example/",
        "https://a.example/\u{fe0f}",
    ] {
        refused(Endpoint::parse(odd), ErrorCode::InvalidEndpoint);
        refused(RedirectUri::parse(odd), ErrorCode::InvalidEndpoint);
    }
    // ASCII only: the Kelvin sign is no k, and the dotless i no i.
    let redirect = RedirectUri::parse("kiosk.example:/cb").unwrap();
    assert!(redirect.matches("KIOSK.example:/cb?code=1"));
    assert!(
        !redirect.matches("\u{212a}iosk.example:/cb?code=1") && !redirect.matches("k\u{131}osk.example:/cb?code=1")
    );
    assert!(
        !www_authenticate::parse(["\u{212a}x a=1"])
            .iter()
            .any(|challenge| challenge.is("kx"))
    );
    let client = client("airwallex");
    let login = begin(&client, 1);
    let callback = format!("/callback?tenant=7&\u{441}ode=evil&code=c&state={}", state(&login));
    assert!(matches!(judge(&client, &login, &callback), Ok(Callback::Approved(code)) if code.code().expose() == "c"));
}

#[test]
fn weak_host_entropy() {
    let client = client("wise");
    let request = AuthorizationRequest::new(binding());
    for byte in [0, 7, 255] {
        refused(client.begin(&request, NOW, [byte; 32]), ErrorCode::WeakEntropy);
        let request = TokenRequest::client_credentials(&[]);
        refused(
            client.token_request(&request, SecretChoice::Current, NOW, [byte; 32]),
            ErrorCode::WeakEntropy,
        );
        let work = ServiceToken::new(client.clone(), Vec::new()).work(
            ServiceTokenCommand::Obtain {
                min_life: Duration::ZERO,
            },
            NOW,
            [byte; 32],
        );
        assert!(
            matches!(work.step().1, Step::Done(result) if result.as_ref().as_ref().is_err_and(|error| error.code() == ErrorCode::WeakEntropy))
        );
    }
    let input = |entropy: &str| {
        format!(
            r#"{{"client":{{"profile":"wise","environment":"sandbox","client_id":"id","redirect_uri":"https://a.example/"}},"binding":null,"now":{{"wall":1}},"entropy":"{entropy}"}}"#
        )
    };
    for short in [
        String::new(),
        base64url(&[1, 2, 3]),
        base64url(&entropy(1)[..31]),
        base64url(&[entropy(1).as_slice(), &[1]].concat()),
    ] {
        refused(
            evergrant::messages::call("begin", &input(&short)),
            ErrorCode::InvalidJson,
        );
    }
    assert!(evergrant::messages::call("begin", &input(&base64url(&entropy(1)))).is_ok());
}

// --------------------------------------------------------------------------------- what must not lose a connection

#[test]
fn answer_with_scope_null() {
    assert_eq!(
        tokens(&settle("airwallex", 200, &good(r#""scope":null,"#))).scopes,
        ["a", "b"]
    );
}

#[test]
fn answer_with_expires_in_null() {
    let settled = settle("airwallex", 200, &good(r#""expires_in":null,"#));
    assert_eq!(tokens(&settled).access_life_ms, Some(300_000));
    assert!(settled.evidence.oddities.contains(&Oddity::UnreadableLife));
}

#[test]
fn answer_without_token_type() {
    let settled = settle("airwallex", 200, &good(""));
    assert!(tokens(&settled).access_token.is_some());
    assert!(settled.evidence.oddities.contains(&Oddity::MissingTokenType));
}

#[test]
fn answer_with_a_wider_scope() {
    let settled = settle("airwallex", 200, &good(r#""scope":"a b c","#));
    assert_eq!(tokens(&settled).scopes, ["a", "b", "c"]);
    assert!(settled.evidence.oddities.contains(&Oddity::WiderScope));
}

#[test]
fn answer_with_a_bad_id_token() {
    for id_token in ["\"x\"", "null", "{}", "\"eyJhbGciOiJub25lIn0.e30.\""] {
        tokens(&settle("airwallex", 200, &good(&format!("\"id_token\":{id_token},"))));
    }
}

#[test]
fn answer_with_a_short_life() {
    let settled = settle("airwallex", 200, &good(r#""expires_in":1,"#));
    assert_eq!(tokens(&settled).access_life_ms, Some(1_000));
    // And where the caller wished for more than any token has, a fresh one is enough.
    let mut work = ServiceToken::new(client("wise"), Vec::new()).work(
        ServiceTokenCommand::Obtain {
            min_life: Duration::from_secs(3_600),
        },
        NOW,
        entropy(1),
    );
    let body = r#"{"access_token":"t","expires_in":60}"#;
    work.answer(
        work.step().0,
        NOW,
        evergrant::flow::input::Input::Answer(answer(200, &[], body)),
    )
    .unwrap();
    assert!(matches!(work.step().1, Step::Done(result) if result.is_ok()));
    assert!(work.service_token().token(NOW, Duration::from_secs(3_600)).is_some());
}

#[test]
fn answer_503_after_the_rotation() {
    for status in [429, 500, 502, 503] {
        let settled = settle("airwallex", status, &good(""));
        tokens(&settled);
        assert!(settled.evidence.oddities.contains(&Oddity::UnexpectedStatus));
        // Without tokens nobody knows, and it is never a rejection, whatever the body says.
        let settled = settle("airwallex", status, r#"{"error":"invalid_grant"}"#);
        assert!(!matches!(settled.verdict, Verdict::Rejected), "{status}");
    }
}

#[test]
fn answer_200_with_an_error_body() {
    let settled = settle("airwallex", 200, &good(r#""error":"temporarily_unavailable","#));
    tokens(&settled);
    assert!(settled.evidence.oddities.contains(&Oddity::ErrorBesideTokens));
    assert_eq!(
        settle("airwallex", 200, r#"{"error":"server_error"}"#).verdict,
        Verdict::Unknown
    );
    assert_eq!(
        settle("airwallex", 200, r#"{"ok":false,"error":"invalid_grant"}"#).verdict,
        Verdict::Rejected
    );
}

#[test]
fn answer_200_that_is_empty() {
    for body in ["", "{}", "null", "[]", "\n", "<html></html>"] {
        let settled = settle("airwallex", 200, body);
        assert_eq!(
            (settled.verdict, settled.evidence.kind),
            (Verdict::Unknown, EvidenceKind::Unreadable),
            "{body}"
        );
    }
}

#[test]
fn answer_cut_off_behind_the_refresh_token() {
    let body = r#"{"refresh_token":"new-refresh-token","access_token":"new-access-token","expires_in":300}"#;
    let whole = body.find(",\"access").unwrap();
    for end in 0..body.len() {
        let partial = answer(200, &[], &body[..end]);
        for reply in [Reply::Answer(&partial), Reply::NoAnswer(Some(&partial))] {
            let settled = client("airwallex").settle(&refresh(&[]), reply, NOW);
            if end >= whole {
                tokens(&settled);
            } else {
                assert_eq!(
                    settled.verdict,
                    Verdict::Unknown,
                    "a piece was taken from {}",
                    &body[..end]
                );
            }
        }
    }
}

#[test]
fn answer_with_expires_in_as_text() {
    let settled = settle("airwallex", 200, &good(r#""expires_in":"3600","#));
    assert_eq!(tokens(&settled).access_life_ms, Some(3_600_000));
}

#[test]
fn answer_201() {
    for status in [201, 202, 203] {
        assert!(
            !settle("airwallex", status, &good(""))
                .evidence
                .oddities
                .contains(&Oddity::UnexpectedStatus)
        );
        tokens(&settle("airwallex", status, &good("")));
    }
}

#[test]
fn answer_with_bearer_in_lower_case() {
    for kind in ["bearer", "BEARER", "Bearer", "bEARER"] {
        let settled = settle(
            "airwallex",
            200,
            &good(&format!("\"token_type\":\"{kind}\",\"expires_in\":1,")),
        );
        tokens(&settled);
        assert_eq!(settled.evidence.oddities, []);
        let token = tokens(&settled).in_use(NOW).unwrap();
        assert_eq!(token.authorization().expose(), "Bearer new-access-token");
    }
}

#[test]
fn answer_without_scope() {
    assert_eq!(tokens(&settle("airwallex", 200, &good(""))).scopes, ["a", "b"]);
}

#[test]
fn answer_with_dates_without_a_colon() {
    let response = answer(
        200,
        &[("Date", "Mon, 11 May 2026 23:00:00 GMT")],
        &good(r#""expires_at":"2026-05-12T00:00:00+0000","#),
    );
    let settled = client("airwallex").settle(&refresh(&[]), Reply::Answer(&response), NOW);
    assert_eq!(tokens(&settled).access_life_ms, Some(3_600_000));
}

/// A link in a damaged answer, with a parameter named like a field, does not make a form of it.
#[test]
fn answer_that_is_damaged_and_holds_a_link() {
    for link in [
        "https://a.example/?a=1&error=2",
        "https://a.example/?a=1&access_token=2&b",
        "&refresh_token=",
    ] {
        let body = good(&format!("\"link\":\"{link}\","));
        tokens(&settle("airwallex", 200, body.strip_suffix('}').unwrap()));
        tokens(&settle("airwallex", 200, &body.replace("\"link\"", ",\"link\"")));
    }
}

/// The last value of a form that was cut off may be a piece of the token: it is none.
#[test]
fn answer_as_a_form_that_is_cut_off() {
    let form = "access_token=new-access-token&refresh_token=new-refresh-token&scope=a";
    for end in 0..form.len() {
        let partial = answer(200, &[], &form[..end]);
        let settled = client("generic").settle(&refresh(&[]), Reply::NoAnswer(Some(&partial)), NOW);
        if let Verdict::Answered(tokens) = &settled.verdict {
            let whole = |token: &Option<Secret>, text: &str| token.as_ref().is_none_or(|token| token.expose() == text);
            assert!(
                whole(&tokens.refresh_token, "new-refresh-token"),
                "a piece was taken from {}",
                &form[..end]
            );
            assert!(
                whole(&tokens.access_token, "new-access-token"),
                "a piece was taken from {}",
                &form[..end]
            );
        }
    }
    tokens(&client("generic").settle(&refresh(&[]), Reply::Answer(&answer(200, &[], form)), NOW));
}

/// Damage elsewhere in a form does not lose the token that stands whole in it.
#[test]
fn answer_as_a_form_that_is_damaged() {
    for damage in ["&scope=50%", "&name=%ff", "&x=%zz"] {
        let form = format!("access_token=new-access-token&refresh_token=new-refresh-token{damage}");
        tokens(&settle("generic", 200, &form));
    }
}

// ------------------------------------------------------------------------------------------- where servers differ

fn basic(profile: &str, secret: &str) -> String {
    let builder = if profile == "wise" {
        builder("wise")
    } else {
        builder("generic")
    };
    let client = builder.client_secret(secret).build().unwrap();
    let request = prepared(&client, &TokenRequest::client_credentials(&[]));
    let value = request
        .headers()
        .iter()
        .find(|header| header.name() == "Authorization")
        .unwrap()
        .value()
        .to_owned();
    let text = value
        .strip_prefix("Basic ")
        .unwrap()
        .replace('+', "-")
        .replace('/', "_");
    String::from_utf8(from_base64url(&text)).unwrap()
}

#[test]
fn switch_secret_in_basic() {
    assert_eq!(basic("generic", "a+b/c=="), "client-id:a%2Bb%2Fc%3D%3D");
    assert_eq!(basic("wise", "a+b/c=="), "client-id:a+b/c==");
}

#[test]
fn switch_state_echoed() {
    let client = client("generic");
    let login = begin(&client, 1);
    // The state itself has no space; a redirect URI's own parameter and a kept one may.
    assert!(
        state(&login)
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    );
    let redirect = RedirectUri::parse("https://app.example/cb?own=a%20b").unwrap();
    assert!(redirect.matches("/cb?own=a+b&code=1") && redirect.matches("/cb?own=a%20b&code=1"));
    for space in ["+", "%20"] {
        let callback = format!("/callback?tenant=7&code=a{space}b&state={}", state(&login));
        assert!(
            matches!(judge(&client, &login, &callback), Ok(Callback::Approved(code)) if code.code().expose() == "a b")
        );
    }
}

#[test]
fn switch_old_refresh_token() {
    assert_eq!(
        settle("generic", 400, r#"{"error":"invalid_grant"}"#).verdict,
        Verdict::Rejected
    );
    let silent = settle("generic", 400, "");
    assert_eq!(
        (silent.verdict, silent.evidence.kind),
        (Verdict::Unknown, EvidenceKind::Unreadable)
    );
}

#[test]
fn switch_wrong_client_secret() {
    let challenge = answer(401, &[("WWW-Authenticate", "Bearer error=\"invalid_token\"")], "");
    let silent = answer(403, &[], "");
    let client = client("generic");
    let kind = |response: &HttpResponse| client.settle(&refresh(&[]), Reply::Answer(response), NOW).evidence.kind;
    assert_eq!(
        kind(&answer(401, &[], r#"{"error":"invalid_client"}"#)),
        EvidenceKind::ClientRefused
    );
    assert_eq!(kind(&challenge), EvidenceKind::Unauthorized);
    assert_eq!(kind(&silent), EvidenceKind::Unreadable);
    // None of them is a verdict on the refresh token.
    for response in [&challenge, &silent, &answer(401, &[], r#"{"error":"invalid_client"}"#)] {
        let settled = client.settle(&refresh(&[]), Reply::Answer(response), NOW);
        assert_ne!(settled.verdict, Verdict::Rejected);
    }
}

#[test]
fn switch_iss_in_the_callback() {
    // Sent to a client that knows no issuer: kept as data.
    let plain = client("generic");
    let login = begin(&plain, 1);
    assert_eq!(
        approve(&plain, &login, "&iss=https%3A%2F%2Fx.example").issuer(),
        Some("https://x.example")
    );
    assert_eq!(approve(&plain, &login, "").issuer(), None);
    // Sent, and stripped on the way, to one that knows it must come.
    let strict = issuer_client();
    let login = begin(&strict, 1);
    assert_eq!(
        approve(&strict, &login, "&iss=https%3A%2F%2Fas.example%2Ftenant%2F1").issuer(),
        Some(ISSUER)
    );
    let stripped = format!("/callback?tenant=7&code=c&state={}", state(&login));
    refused(judge(&strict, &login, &stripped), ErrorCode::IssuerMissing);
}

// -------------------------------------------------------------------------------------------------------- the table

/// Every row of docs/hostile-input.md names a test here, or the feature it comes with;
/// and every test here stands in a row.
#[test]
fn the_table_is_held() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(tests.join("../docs/hostile-input.md")).unwrap();
    let source = fs::read_to_string(tests.join("tests/hostile_input.rs")).unwrap();
    let functions: Vec<&str> = source
        .split("#[test]\nfn ")
        .skip(1)
        .filter_map(|rest| rest.split('(').next())
        .filter(|name| *name != "the_table_is_held")
        .collect();
    let mut named: Vec<&str> = Vec::new();
    let (mut rows, mut later) = (0, 0);
    for row in text
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("| ---"))
    {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        if last == "test" {
            continue;
        }
        rows += 1;
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        let comes = last.contains("*comes with ");
        later += usize::from(comes);
        assert!(comes || !names.is_empty(), "no test in {row}");
        for name in names {
            assert!(functions.contains(&name), "there is no test {name}: {row}");
            named.push(name);
        }
    }
    assert!(rows >= 55 && later >= 8, "{rows} rows, {later} later");
    for function in functions {
        assert!(
            named.contains(&function),
            "{function} stands in no row of docs/hostile-input.md"
        );
    }
}
