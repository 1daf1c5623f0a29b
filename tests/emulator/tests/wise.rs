//! Wise: mutual TLS, Basic, service tokens, user tokens, and the oddities of its answers.

mod common;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use common::*;
use evergrant_emulator::{Certificates, Decision, Emulator, Landing, consent};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const MINUTE: i64 = 60_000;

fn tls(certificates: &Certificates, with_client: bool) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificates.authority_pem.as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(if with_client {
        let chain = vec![CertificateDer::from_pem_slice(certificates.client_pem.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(certificates.client_key_pem.as_bytes()).unwrap();
        builder.with_client_auth_cert(chain, key).unwrap()
    } else {
        builder.with_no_client_auth()
    })
}

fn send_tls(
    emulator: &Emulator,
    with_client: bool,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Reply> {
    let (host, bytes) = request_bytes("POST", url, headers, body);
    let tcp = TcpStream::connect(host)?;
    tcp.set_read_timeout(Some(Duration::from_secs(5)))?;
    let config = tls(emulator.certificates(), with_client);
    let session = ClientConnection::new(config, ServerName::try_from("127.0.0.1").unwrap()).unwrap();
    let mut stream = StreamOwned::new(session, tcp);
    stream.write_all(&bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer)
}

fn token(emulator: &Emulator, params: &[(&str, &str)]) -> Reply {
    let authorization = basic("emulated-client", "emulated-secret");
    let headers = [FORM, ("Authorization", &*authorization)];
    send_tls(emulator, true, &emulator.wise().token_url(), &headers, &encode(params)).unwrap()
}

fn authorize_url(emulator: &Emulator) -> String {
    format!(
        "{}?client_id=emulated-client&redirect_uri={REDIRECT_ENCODED}&state=xyz",
        emulator.wise().authorize_url()
    )
}

fn connect(emulator: &Emulator) -> Reply {
    let callback = consent(&authorize_url(emulator), Decision::ALLOW)
        .unwrap()
        .callback()
        .unwrap();
    let code = param(&callback, "code").unwrap();
    token(
        emulator,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", "emulated-client"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
        ],
    )
}

fn refresh(emulator: &Emulator, presented: &str) -> Reply {
    token(
        emulator,
        &[("grant_type", "refresh_token"), ("refresh_token", presented)],
    )
}

#[test]
fn the_mutual_tls_host_wants_a_client_certificate() {
    let emulator = start();
    let url = emulator.wise().token_url();
    assert!(url.starts_with("https://"));
    let authorization = basic("emulated-client", "emulated-secret");
    let headers = [FORM, ("Authorization", &*authorization)];
    let body = "grant_type=client_credentials";
    assert!(send_tls(&emulator, false, &url, &headers, body).is_err());
    assert_eq!(send_tls(&emulator, true, &url, &headers, body).unwrap().status, 200);
    // A certificate of another start is of another authority.
    let other = start();
    let (host, bytes) = request_bytes("POST", &url, &headers, body);
    let tcp = TcpStream::connect(host).unwrap();
    let session = ClientConnection::new(
        tls(other.certificates(), true),
        ServerName::try_from("127.0.0.1").unwrap(),
    );
    assert!(StreamOwned::new(session.unwrap(), tcp).write_all(&bytes).is_err());
    let plain = format!("{}/oauth/token", emulator.wise().api_url());
    let refused = send("POST", &plain, &headers, body);
    assert_eq!(
        (refused.status, refused.json()["errors"][0]["code"].clone()),
        (403, "mtls.required".into())
    );
    emulator
        .wise()
        .configure(|settings| settings.tokens_without_mtls = true);
    assert_eq!(send("POST", &plain, &headers, body).status, 200);
}

#[test]
fn service_tokens_are_independent_and_cannot_be_refreshed() {
    let emulator = start();
    let one = token(&emulator, &[("grant_type", "client_credentials")]);
    let two = token(&emulator, &[("grant_type", "client_credentials")]);
    let body = one.json();
    assert_eq!(body["expires_in"], 43_199);
    assert_eq!(body["token_type"], "bearer");
    assert!(body.get("refresh_token").is_none() && body["expires_at"].as_str().unwrap().ends_with('Z'));
    let resource = emulator.wise().resource_url();
    for reply in [&one, &two] {
        assert_eq!(get_with(&resource, &reply.text("access_token")).status, 200);
    }
    emulator.advance(43_199_000);
    assert_eq!(get_with(&resource, &one.text("access_token")).status, 401);
    emulator
        .wise()
        .configure(|settings| settings.service_token_replaces = true);
    let three = token(&emulator, &[("grant_type", "client_credentials")]);
    assert_eq!(get_with(&resource, &three.text("access_token")).status, 200);
    token(&emulator, &[("grant_type", "client_credentials")]);
    assert_eq!(get_with(&resource, &three.text("access_token")).status, 401);
}

#[test]
fn user_tokens() {
    let emulator = start();
    let callback = consent(
        &format!("{}&claim_account_code=c", authorize_url(&emulator)),
        Decision::ALLOW,
    )
    .unwrap();
    assert_eq!(
        param(&callback.callback().unwrap(), "profileId").as_deref(),
        Some("30000000")
    );
    let first = connect(&emulator);
    let body = first.json();
    assert_eq!(body["expires_in"], 43_199);
    assert_eq!(body["refresh_token_expires_in"], 628_639_555);
    assert_eq!(body["scope"], "transfers");
    let created = body["created_at"].as_str().unwrap();
    assert_eq!(created.split_once('.').unwrap().1.len(), "12345Z".len(), "{created}");
    assert!(body["refresh_token_expires_at"].as_str().unwrap() > body["expires_at"].as_str().unwrap());
    let resource = emulator.wise().resource_url();
    assert_eq!(
        get_with(&resource, &first.text("access_token")).json()[0]["id"],
        30_000_000
    );
    let second = refresh(&emulator, &first.text("refresh_token"));
    // A refresh kills the previous access token at once, and the description of the error is that token.
    let dead = get_with(&resource, &first.text("access_token"));
    assert_eq!(
        (dead.status, dead.text("error"), dead.text("error_description")),
        (401, "invalid_token".into(), first.text("access_token"))
    );
    assert_eq!(get_with(&resource, &second.text("access_token")).status, 200);
    let rejected = refresh(&emulator, &first.text("refresh_token"));
    assert_eq!((rejected.status, rejected.text("error")), (400, "invalid_grant".into()));
    // Another login kills the refresh token, while the last access token lives on.
    connect(&emulator);
    assert_eq!(get_with(&resource, &second.text("access_token")).status, 200);
    assert_eq!(
        refresh(&emulator, &second.text("refresh_token")).text("error"),
        "invalid_grant"
    );
}

#[test]
fn refusals() {
    let emulator = start();
    let page = consent(&authorize_url(&emulator), Decision::Refuse).unwrap();
    assert!(matches!(page, Landing::Page { status: 403, .. }));
    emulator.wise().configure(|settings| settings.refusal_redirects = true);
    let callback = consent(&authorize_url(&emulator), Decision::Refuse)
        .unwrap()
        .callback()
        .unwrap();
    assert_eq!(param(&callback, "error").as_deref(), Some("access_denied"));
    assert!(param(&callback, "error_description").is_some());
    let url = emulator.wise().token_url();
    let post = |authorization: &str, body: &str| {
        let headers = [FORM, ("Authorization", authorization)];
        send_tls(&emulator, true, &url, &headers, body).unwrap()
    };
    let wrong = post(&basic("emulated-client", "wrong"), "grant_type=client_credentials");
    assert_eq!((wrong.status, wrong.text("error")), (401, "invalid_client".into()));
    let good = basic("emulated-client", "emulated-secret");
    let missing = post(&good, "a=b");
    assert_eq!(
        (missing.status, missing.text("error_description")),
        (400, "Missing grant type".into())
    );
    assert_eq!(
        post(&good, "grant_type=password").text("error"),
        "unsupported_grant_type"
    );
    assert_eq!(
        post(&good, "grant_type=client_credentials&grant_type=client_credentials").status,
        400
    );
    // Basic alone is not enough for the code grant.
    let callback = consent(&authorize_url(&emulator), Decision::ALLOW)
        .unwrap()
        .callback()
        .unwrap();
    let body = format!(
        "grant_type=authorization_code&code={}&redirect_uri={REDIRECT_ENCODED}",
        param(&callback, "code").unwrap()
    );
    assert_eq!(post(&good, &body).text("error"), "invalid_request");
    let used = post(&good, &format!("{body}x&client_id=emulated-client"));
    assert_eq!((used.status, used.text("error")), (401, "invalid_grant".into()));
    assert_eq!(post(&good, &format!("{body}&client_id=emulated-client")).status, 200);
    let late = consent(&authorize_url(&emulator), Decision::ALLOW)
        .unwrap()
        .callback()
        .unwrap();
    emulator.advance(30 * MINUTE);
    let code = param(&late, "code").unwrap();
    let body =
        format!("grant_type=authorization_code&client_id=emulated-client&code={code}&redirect_uri={REDIRECT_ENCODED}");
    assert_eq!(post(&good, &body).text("error"), "invalid_grant");
}

#[test]
fn headers_and_the_challenge() {
    let emulator = start();
    let access = token(&emulator, &[("grant_type", "client_credentials")]).text("access_token");
    let url = format!(
        "{}/v1/profiles/1/balance-statements/1/statement.json",
        emulator.wise().api_url()
    );
    let id = "3f2b1d6e-0000-4000-8000-000000000000";
    let authorization = format!("Bearer {access}");
    let reply = send(
        "GET",
        &url,
        &[("Authorization", &authorization), ("X-External-Correlation-Id", id)],
        "",
    );
    assert_eq!(reply.status, 403);
    assert_eq!(reply.header("x-2fa-approval-result").as_deref(), Some("REJECTED"));
    assert_eq!(reply.header("x-external-correlation-id").as_deref(), Some(id));
    assert!(reply.header("x-trace-id").is_some());
    let long = send(
        "GET",
        &url,
        &[
            ("Authorization", &authorization),
            ("X-External-Correlation-Id", &id.repeat(2)),
        ],
        "",
    );
    assert_eq!(long.header("x-external-correlation-id"), None);
}
