//! Clients and logins that the properties are tried on.

use std::sync::OnceLock;

use evergrant::base::time::Now;
use evergrant::client::configuration::{Client, ClientBuilder};
use evergrant::message::authorize::{AuthorizationRequest, Login};
use evergrant::message::binding::Binding;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;

/// The moment at which everything here happens.
pub const NOW: Now = Now {
    wall: 1_790_000_000_000,
    steady: 5_000,
};
/// The redirect URI of every client.
pub const REDIRECT: &str = "https://app.example/callback?tenant=7";
/// The issuer of [`issuer_client`].
pub const ISSUER: &str = "https://as.example/tenant/1";
/// The client secret of every client; no print may hold it.
pub const CLIENT_SECRET: &str = "Client+Secret/0123456789==";
/// The one that will replace it.
pub const NEXT_SECRET: &str = "Next+Secret/9876543210==";
/// The session that every login is bound to.
pub const SESSION: &str = "session-of-the-user";

/// 32 different bytes.
pub fn entropy(seed: u8) -> [u8; 32] {
    core::array::from_fn(|at| u8::try_from(at).unwrap_or(0).wrapping_mul(7).wrapping_add(seed))
}

/// base64url without padding, written anew so that core's is not judged by itself.
pub fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[((word >> (18 - 6 * at)) & 63) as usize]));
        }
    }
    out
}

/// A builder with a profile's sandbox, or made-up endpoints where the profile has none.
pub fn builder(profile: &str) -> ClientBuilder {
    let builder = Client::builder(
        Profile::built_in(profile).expect("a built-in profile"),
        Environment::Sandbox,
        "client-id",
    )
    .redirect_uri(REDIRECT);
    if profile == "generic" {
        builder
            .authorize_endpoint("https://as.example/authorize?audience=api")
            .token_endpoint("https://as.example/token")
    } else {
        builder
    }
}

/// A confidential client of a built-in profile.
pub fn client(profile: &str) -> Client {
    builder(profile)
        .client_secret(CLIENT_SECRET)
        .build()
        .expect("a client of a built-in profile")
}

/// A client whose issuer always sends `iss`.
pub fn issuer_client() -> Client {
    let profile = r#"{"id": "with_issuer",
        "environments": {"sandbox": {"issuer": "https://as.example/tenant/1",
            "authorize": "https://as.example/authorize", "token": "https://as.example/token"}},
        "grants": {"authorization_code": {}, "refresh_token": {}},
        "callback": {"requires_iss": true, "keep": ["account"], "account_ids": ["account"]}}"#;
    Client::builder(
        Profile::from_json(profile).expect("a profile"),
        Environment::Sandbox,
        "client-id",
    )
    .client_secret(CLIENT_SECRET)
    .redirect_uri(REDIRECT)
    .build()
    .expect("a client with an issuer")
}

/// A client whose answers have every field elsewhere than usual.
pub fn nested_client() -> Client {
    let profile = r#"{"id": "nested",
        "environments": {"sandbox": {"authorize": "https://as.example/authorize", "token": "https://as.example/token"}},
        "grants": {"authorization_code": {}, "refresh_token": {}},
        "answer": {"access_token": "data.access", "refresh_token": "data.refresh", "scope": "data.scopes",
            "expires_in": "data.0", "account_ids": ["data.team.id"]},
        "errors": {"code": ["fault.code", "error"], "description": ["fault.text"],
            "classes": {"slow_down": "throttled", "busy": "concurrent_refresh", "no_client": "client_refused"}}}"#;
    Client::builder(
        Profile::from_json(profile).expect("a profile"),
        Environment::Sandbox,
        "client-id",
    )
    .redirect_uri(REDIRECT)
    .build()
    .expect("a client with nested fields")
}

/// One client of every kind.
pub fn clients() -> &'static [Client] {
    static CLIENTS: OnceLock<Vec<Client>> = OnceLock::new();
    CLIENTS.get_or_init(|| {
        let mut clients: Vec<Client> = ["airwallex", "wise", "ofx_payments", "generic"].map(client).into();
        clients.push(issuer_client());
        clients.push(nested_client());
        clients
    })
}

/// The binding of every login.
pub fn binding() -> Binding {
    Binding::session(SESSION).expect("a session that is not empty")
}

/// A login that was begun.
pub fn begin(client: &Client, seed: u8) -> Login {
    let request = AuthorizationRequest::new(binding());
    client.begin(&request, NOW, entropy(seed)).expect("a login")
}

/// A login of each of [`clients`], begun at [`NOW`].
pub fn logins() -> &'static [Login] {
    static LOGINS: OnceLock<Vec<Login>> = OnceLock::new();
    LOGINS.get_or_init(|| clients().iter().map(|client| begin(client, 3)).collect())
}

/// The value of a parameter in a login's URL.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).expect("a login has a URL");
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// The state of a login.
pub fn state(login: &Login) -> String {
    parameter(&login.url, "state").expect("every login has a state")
}

/// The verifier inside a pending login; no print may hold it.
pub fn verifier(login: &Login) -> String {
    let text = login.pending.expose();
    let payload = text.expose().rsplit('.').next().unwrap_or_default().to_owned();
    let tree: serde_json::Value = serde_json::from_slice(&from_base64url(&payload)).expect("a pending login is JSON");
    tree["verifier"].as_str().unwrap_or_default().to_owned()
}

/// The bytes of base64url, read leniently.
pub fn from_base64url(text: &str) -> Vec<u8> {
    let (mut word, mut bits, mut out) = (0_u32, 0_u32, Vec::new());
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => continue,
        };
        word = ((word << 6) | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(((word >> bits) & 0xff) as u8);
        }
    }
    out
}
