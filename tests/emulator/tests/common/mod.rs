//! A tiny raw client: what arrives is seen as it arrives.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use evergrant_emulator::{Decision, Emulator, Options, Provider, consent};
use serde_json::Value;

pub const REDIRECT: &str = "https://app.example/callback";
pub const REDIRECT_ENCODED: &str = "https%3A%2F%2Fapp.example%2Fcallback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub fn start() -> Emulator {
    Emulator::start(Options::default()).expect("loopback")
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    }

    pub fn promised(&self) -> usize {
        self.header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0)
    }
}

pub fn parse(bytes: &[u8]) -> io::Result<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Ok(Reply {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    })
}

pub fn request_bytes(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> (String, Vec<u8>) {
    let rest = url.split_once("://").expect("a URL").1;
    let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let target = if target.is_empty() { "/" } else { target };
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    (host.to_owned(), text.into_bytes())
}

pub fn try_send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
    let (host, bytes) = request_bytes(method, url, headers, body);
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(&bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer)
}

pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    try_send(method, url, headers, body).expect("an answer")
}

pub fn post_json(url: &str, body: &Value) -> Reply {
    send("POST", url, &[("Content-Type", "application/json")], &body.to_string())
}

pub fn encode(params: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish()
}

pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

pub fn post_form(url: &str, params: &[(&str, &str)]) -> Reply {
    send("POST", url, &[FORM], &encode(params))
}

pub fn get_with(url: &str, token: &str) -> Reply {
    send("GET", url, &[("Authorization", &format!("Bearer {token}"))], "")
}

/// A parameter of a callback URL.
pub fn param(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Airwallex for short.
pub struct Airwallex(pub Provider);

impl Airwallex {
    pub fn url(&self) -> String {
        format!(
            "{}?response_type=code&client_id=emulated-client&redirect_uri={REDIRECT_ENCODED}&scope=balance%3Aread&state=xyz",
            self.0.authorize_url()
        )
    }

    pub fn code(&self, decision: Decision<'_>) -> String {
        let callback = consent(&self.url(), decision)
            .expect("a browser")
            .callback()
            .expect("a callback");
        param(&callback, "code").expect("a code")
    }

    pub fn exchange(&self, code: &str) -> Reply {
        post_json(
            &self.0.token_url(),
            &serde_json::json!({"grant_type": "authorization_code", "client_id": "emulated-client",
                "client_secret": "emulated-secret", "code": code, "redirect_uri": REDIRECT}),
        )
    }

    pub fn refresh_body(token: &str) -> Value {
        serde_json::json!({"grant_type": "refresh_token", "client_id": "emulated-client",
            "client_secret": "emulated-secret", "refresh_token": token})
    }

    pub fn refresh(&self, token: &str) -> Reply {
        post_json(&self.0.token_url(), &Airwallex::refresh_body(token))
    }

    /// The refresh token of a new connection.
    pub fn connect(&self) -> String {
        self.exchange(&self.code(Decision::ALLOW)).text("refresh_token")
    }
}

/// OFX for short.
pub struct Ofx(pub Provider);

impl Ofx {
    pub fn url(&self, scope: &str) -> String {
        format!(
            "{}?response_type=code&client_id=emulated-client&redirect_uri={REDIRECT_ENCODED}&scope={scope}&state=xyz",
            self.0.authorize_url()
        )
    }

    pub fn code(&self, url: &str) -> String {
        let callback = consent(url, Decision::ALLOW)
            .expect("a browser")
            .callback()
            .expect("a callback");
        param(&callback, "code").expect("a code")
    }

    /// A token request with the credentials and these parameters, where an empty one is left out.
    pub fn token(&self, params: &[(&str, &str)]) -> Reply {
        let credentials = [("client_id", "emulated-client"), ("client_secret", "emulated-secret")];
        let all: Vec<_> = credentials
            .iter()
            .chain(params)
            .copied()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        post_form(&self.0.token_url(), &all)
    }

    pub fn exchange(&self, code: &str, scope: &str) -> Reply {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
        ])
    }

    pub fn refresh(&self, token: &str, scope: &str) -> Reply {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ])
    }
}

/// HTTP Basic, its two parts as they are given.
pub fn basic(id: &str, secret: &str) -> String {
    use base64ct::{Base64, Encoding};
    format!("Basic {}", Base64::encode_string(format!("{id}:{secret}").as_bytes()))
}
