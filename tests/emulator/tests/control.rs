//! The control surface, the program, and the server underneath.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::*;
use serde_json::{Value, json};

struct Control(String);

impl Control {
    fn get(&self, path: &str) -> Value {
        let reply = send("GET", &format!("{}{path}", self.0), &[], "");
        assert_eq!(reply.status, 200, "{path}");
        reply.json()
    }

    fn post(&self, path: &str, body: Value) -> Reply {
        post_json(&format!("{}{path}", self.0), &body)
    }

    fn ok(&self, path: &str, body: Value) -> Value {
        let reply = self.post(path, body);
        assert_eq!(reply.status, 200, "{path}: {}", reply.json());
        reply.json()
    }
}

/// A whole life over JSON alone, as a test in another language would do it.
fn drive(control: &Control) {
    let airwallex = control.get("/providers")["airwallex"].clone();
    let text = |name: &str| airwallex[name].as_str().unwrap().to_owned();
    let redirect = airwallex["redirect_uris"][0].as_str().unwrap();
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", &text("client_id")),
        ("redirect_uri", redirect),
        ("scope", "a"),
        ("state", "s"),
    ]);
    let url = format!("{}?{query}", text("authorize_url"));
    let connect = || {
        let callback = control.ok(
            "/consent",
            json!({"authorize_url": url, "user": "admin", "account": "acct_2"}),
        );
        let code = param(callback["callback"].as_str().unwrap(), "code").unwrap();
        let body = json!({"grant_type": "authorization_code", "client_id": text("client_id"),
            "client_secret": text("client_secret"), "code": code, "redirect_uri": redirect});
        post_json(&text("token_url"), &body).text("refresh_token")
    };
    let refresh = |token: &str| {
        let body = json!({"grant_type": "refresh_token", "client_id": text("client_id"),
            "client_secret": text("client_secret"), "refresh_token": token});
        post_json(&text("token_url"), &body)
    };
    control.ok("/clock", json!({"frozen": true}));
    let before = control.get("/clock")["now_ms"].as_i64().unwrap();
    let token = connect();
    control.ok(
        "/faults",
        json!({"provider": "airwallex", "grant_type": "refresh_token", "effect": {"type": "gateway_429"}}),
    );
    assert_eq!(refresh(&token).status, 429);
    control.ok(
        "/faults",
        json!({"provider": "airwallex", "effect": {"type": "patch", "set": {"expires_in": "300"}, "remove": ["scope"]}}),
    );
    let next = refresh(&token);
    assert_eq!(next.json()["expires_in"], "300");
    assert_eq!(control.ok("/advance", json!({"ms": 60_000}))["now_ms"], before + 60_000);
    assert_eq!(refresh(&token).text("error"), "invalid_grant");
    let whats: Vec<Value> = control
        .get("/journal?provider=airwallex")
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["what"].clone())
        .collect();
    assert_eq!(
        whats,
        [
            "allowed",
            "code_exchanged",
            "fault",
            "fault",
            "refreshed",
            "reuse_detected"
        ]
    );

    let settings =
        json!({"provider": "airwallex", "policy": {"variant": "siblings", "window_ms": 5, "reuse": "harmless"}});
    let changed = control.ok("/settings", settings);
    assert_eq!(
        (&changed["policy"]["retry"], &changed["policy"]["access_ms"]),
        (&json!("sibling"), &json!(300_000))
    );
    assert_eq!(control.get("/settings?provider=airwallex"), changed);
    let token = connect();
    control.ok(
        "/users/lose_role",
        json!({"provider": "airwallex", "user": "admin", "account": "acct_2"}),
    );
    assert_eq!(refresh(&token).text("error"), "invalid_grant");
    let refused = control.ok(
        "/consent",
        json!({"authorize_url": url, "user": "admin", "account": "acct_2"}),
    );
    assert_eq!(
        param(refused["callback"].as_str().unwrap(), "error").as_deref(),
        Some("access_denied")
    );
    control.ok(
        "/users/put",
        json!({"provider": "airwallex", "user": "admin", "account": "acct_2", "role": "admin"}),
    );
    for (path, body) in [
        (
            "/accounts/disconnect",
            json!({"provider": "airwallex", "account": "acct_2"}),
        ),
        ("/users/delete", json!({"provider": "airwallex", "user": "owner"})),
        ("/accounts/close", json!({"provider": "airwallex", "account": "acct_2"})),
    ] {
        if path != "/users/delete" {
            let token = connect();
            control.ok(path, body);
            assert_eq!(refresh(&token).text("error"), "invalid_grant", "{path}");
        } else {
            control.ok(path, body);
        }
    }
    let page = control.ok(
        "/consent",
        json!({"authorize_url": url.replace("client_id=", "client_id=x"), "decision": "refuse"}),
    );
    assert_eq!(page["page"]["status"], 400);
    control.ok("/reset", json!({}));
    assert_eq!(control.get("/journal"), json!([]));
    assert_ne!(control.get("/settings?provider=airwallex"), changed);
    assert_eq!(refresh(&connect()).status, 200);
}

#[test]
fn a_whole_life_by_json() {
    let emulator = start();
    drive(&Control(emulator.control_url().to_owned()));
}

#[test]
fn mistakes_are_named() {
    let emulator = start();
    let control = Control(emulator.control_url().to_owned());
    let wrong = |path: &str, body: Value| {
        let reply = control.post(path, body);
        assert_eq!(reply.status, 400, "{path}");
        reply.text("error")
    };
    assert!(wrong("/advance", json!({})).starts_with("ms: missing"));
    assert!(wrong("/advance", json!({"ms": 1, "sm": 2})).starts_with("sm: not known"));
    assert!(wrong("/faults", json!({"provider": "who", "effect": {}})).starts_with("provider:"));
    assert!(wrong("/faults", json!({"provider": "ofx", "effect": {"type": "x"}})).starts_with("effect.type:"));
    assert!(wrong("/settings", json!({"provider": "ofx", "policy": {"grace": "x"}})).starts_with("grace:"));
    assert!(
        wrong(
            "/redirect_uris",
            json!({"provider": "ofx", "redirect_uri": "http://a.example/"})
        )
        .contains("https")
    );
    assert!(wrong("/consent", json!({"authorize_url": "http://127.0.0.1:1/"})).starts_with("authorize_url:"));
    assert_eq!(control.post("/nothing", json!({})).status, 404);
    assert!(control.get("/").as_array().unwrap().len() > 15);
    let wise = &control.get("/providers")["wise"];
    assert!(wise["client_key_pem"].as_str().unwrap().contains("PRIVATE KEY"));
    assert!(wise["token_url"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    control.ok(
        "/clients",
        json!({"provider": "generic", "client_id": "c", "client_secrets": ["s"], "redirect_uris": []}),
    );
    let token = [
        ("grant_type", "client_credentials"),
        ("client_id", "c"),
        ("client_secret", "s"),
    ];
    assert_eq!(post_form(&emulator.generic().token_url(), &token).status, 200);
}

#[test]
fn the_program_prints_one_line_and_ends_with_its_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_evergrant-emulator"))
        .args(["--client-id", "my-client"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let described: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(described["providers"]["ofx"]["client_id"], "my-client");
    drive(&Control(described["control_url"].as_str().unwrap().to_owned()));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn everything_stops_when_dropped() {
    let emulator = start();
    let address = emulator.control_url().strip_prefix("http://").unwrap().to_owned();
    let mut idle = TcpStream::connect(&address).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(idle.read(&mut [0; 16]).unwrap() > 0);
    drop(emulator);
    // The end arrives, and not the time-out.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
}

#[test]
fn connections_are_kept_alive_and_limits_hold() {
    let emulator = start();
    let address = emulator.control_url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let one = b"GET /clock HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let last = b"GET /clock HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".as_slice();
    stream.write_all(&[one, one, last].concat()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    let raw = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        parse(&answer).map(|reply| reply.status).unwrap_or(0)
    };
    assert_eq!(raw(b"nonsense\r\n\r\n"), 400);
    assert_eq!(raw(b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n"), 413);
    assert_eq!(raw(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), 400);
    assert_eq!(raw(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
}
