//! What tests over the core's messages need: a client, a whole login, exact requests, judged answers.

#![allow(dead_code, reason = "each test program uses a part of it")]

use evergrant::base::http::{HttpRequest, HttpResponse};
use evergrant::base::secret::Secret;
use evergrant::base::time::Now;
use evergrant::client::authentication::SecretChoice;
use evergrant::client::configuration::{Client, ClientBuilder};
use evergrant::message::authorize::{AuthorizationRequest, Login};
use evergrant::message::binding::Binding;
use evergrant::message::callback::{AuthorizationCode, Callback, NamedValue, Refusal};
use evergrant::message::token_answer::{Reply, Settled, Tokens, Verdict};
use evergrant::message::token_request::{Prepared, TokenRequest};
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use serde_json::Value;

/// 2026-09-21T14:13:20Z
pub const NOW: Now = Now {
    wall: 1_790_000_000_000,
    steady: 5_000,
};
pub const REDIRECT_URI: &str = "https://app.example/callback";
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

pub fn entropy() -> [u8; 32] {
    core::array::from_fn(|at| at as u8)
}

pub fn builder(profile: Profile, environment: Environment) -> ClientBuilder {
    Client::builder(profile, environment, "my-id")
        .client_secret("my-secret")
        .redirect_uri(REDIRECT_URI)
}

pub fn built_in(id: &str, environment: Environment) -> Client {
    builder(Profile::built_in(id).unwrap(), environment).build().unwrap()
}

pub fn session() -> Binding {
    Binding::session("session-7").unwrap()
}

pub fn begin(client: &Client, scopes: &[&str]) -> Login {
    let request = AuthorizationRequest::new(session()).scopes(scopes.iter().copied());
    client.begin(&request, NOW, entropy()).unwrap()
}

/// The value of a parameter as it stands in the URL or form.
pub fn parameter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// URL or form with the values that entropy decides blotted out.
pub fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["state", "code_challenge", "code_verifier"] {
        if let Some(value) = parameter(&text, name) {
            assert_eq!(value.len(), 43, "{name}");
            text = text.replace(&format!("{name}={value}"), &format!("{name}=*"));
        }
    }
    text
}

pub fn callback_url(login: &Login, rest: &str) -> String {
    format!(
        "{REDIRECT_URI}?{rest}&state={}",
        parameter(&login.url, "state").unwrap()
    )
}

pub fn approve(client: &Client, login: &Login, rest: &str) -> AuthorizationCode {
    match client.read_callback(&login.pending, &callback_url(login, rest), &session(), NOW) {
        Ok(Callback::Approved(code)) => *code,
        other => panic!("{other:?}"),
    }
}

pub fn refuse(client: &Client, login: &Login, rest: &str) -> Refusal {
    match client.read_callback(&login.pending, &callback_url(login, rest), &session(), NOW) {
        Ok(Callback::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// A code for an exchange, from a login that went well.
pub fn code(client: &Client) -> AuthorizationCode {
    approve(client, &begin(client, &[]), "code=the-code")
}

pub fn prepare(client: &Client, request: &TokenRequest) -> HttpRequest {
    match client.token_request(request, SecretChoice::Current, NOW, entropy()) {
        Ok(Prepared::Ready(request)) => request,
        other => panic!("{other:?}"),
    }
}

pub fn refresh() -> TokenRequest {
    TokenRequest::refresh_token(&Secret::new("old-refresh"), &[])
}

pub fn service() -> TokenRequest {
    TokenRequest::client_credentials(&[])
}

pub fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut found = request.headers().iter().filter(|header| header.name() == name);
    let value = found.next().map(|header| header.value());
    assert!(found.next().is_none(), "{name} stands twice");
    value
}

/// The request is a POST of a form to this URL, with this body.
pub fn assert_form(request: &HttpRequest, url: &str, body: &str) {
    assert_eq!((request.method().as_str(), request.url()), ("POST", url));
    assert_eq!(
        header(request, "Content-Type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(header(request, "Accept"), Some("application/json"));
    assert_eq!(masked(request.body()), body);
}

/// The request is a POST of JSON to this URL, with these members.
pub fn assert_json(request: &HttpRequest, url: &str, body: &Value) {
    assert_eq!((request.method().as_str(), request.url()), ("POST", url));
    assert_eq!(header(request, "Content-Type"), Some("application/json"));
    assert_eq!(header(request, "Accept"), Some("application/json"));
    let mut sent: Value = serde_json::from_str(request.body()).unwrap();
    if let Some(verifier) = sent.get_mut("code_verifier") {
        assert_eq!(verifier.as_str().unwrap().len(), 43);
        *verifier = "*".into();
    }
    assert_eq!(sent, *body);
}

pub fn settle(client: &Client, request: &TokenRequest, status: u16, body: &str) -> Settled {
    let answer = HttpResponse::new(status, Vec::new(), body.as_bytes().to_vec());
    client.settle(request, Reply::Answer(&answer), NOW)
}

pub fn tokens(settled: Settled) -> Tokens {
    match settled.verdict {
        Verdict::Answered(tokens) => tokens,
        other => panic!("{other:?} {:?}", settled.evidence),
    }
}

pub fn access(tokens: &Tokens) -> Option<&str> {
    tokens.access_token.as_ref().map(Secret::expose)
}

pub fn refreshed(tokens: &Tokens) -> Option<&str> {
    tokens.refresh_token.as_ref().map(Secret::expose)
}

pub fn named(values: &[NamedValue]) -> Vec<(&str, &str)> {
    values
        .iter()
        .map(|value| (value.name.as_str(), value.value.as_str()))
        .collect()
}
