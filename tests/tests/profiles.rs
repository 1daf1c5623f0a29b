//! Providers that nobody wrote code for: what their profiles say is enough.

mod kit;

use evergrant::base::error::ErrorCode;
use evergrant::client::configuration::Client;
use evergrant::message::oddity::Oddity;
use evergrant::message::token_answer::{EvidenceKind, Verdict};
use evergrant::message::token_request::TokenRequest;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use kit::*;
use serde_json::{Value, json};

fn profile(id: &str) -> Profile {
    let path = format!("{}/profiles/{id}.json", env!("CARGO_MANIFEST_DIR"));
    Profile::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn client(id: &str) -> Client {
    builder(profile(id), Environment::Production).build().unwrap()
}

fn window(id: &str) -> Value {
    let written: Value = serde_json::from_str(&profile(id).to_json()).unwrap();
    written["refresh"]["window"].clone()
}

/// Verdict and evidence of an error answer to a refresh.
fn judge(client: &Client, status: u16, body: &str) -> (Verdict, EvidenceKind) {
    let settled = settle(client, &refresh(), status, body);
    (settled.verdict, settled.evidence.kind)
}

#[test]
fn every_profile_has_its_id_as_file_name() {
    let folder = format!("{}/profiles", env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if stem != "example" {
            assert_eq!(profile(stem).id(), stem);
        }
        seen += 1;
    }
    assert!(seen >= 8);
}

#[test]
fn xero() {
    let client = client("xero");
    let login = begin(&client, &["offline_access", "accounting.transactions"]);
    assert_eq!(
        masked(&login.url),
        "https://login.xero.com/identity/connect/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=offline_access%20accounting.transactions\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    let exchange = TokenRequest::authorization_code(&approve(&client, &login, "code=the-code"));
    let token = "https://identity.xero.com/connect/token";
    let request = prepare(&client, &exchange);
    assert_form(
        &request,
        token,
        "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&code_verifier=*",
    );
    // base64 of my-id:my-secret
    assert_eq!(header(&request, "Authorization"), Some("Basic bXktaWQ6bXktc2VjcmV0"));
    assert_form(
        &prepare(&client, &refresh()),
        token,
        "grant_type=refresh_token&refresh_token=old-refresh",
    );
    // Its custom connections: a token of the client's own, by Basic alone.
    let own = TokenRequest::client_credentials(&["accounting.transactions".into()]);
    assert_form(
        &prepare(&client, &own),
        token,
        "grant_type=client_credentials&scope=accounting.transactions",
    );

    let answer = r#"{"id_token":"i","access_token":"a","expires_in":1800,"token_type":"Bearer","refresh_token":"r",
        "scope":"offline_access accounting.transactions"}"#;
    let settled = settle(&client, &exchange, 200, answer);
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!((access(&answered), refreshed(&answered)), (Some("a"), Some("r")));
    assert_eq!(answered.access_life_ms, Some(30 * MINUTE));
    assert_eq!(answered.refresh_idle_ms, Some(60 * DAY));

    assert_eq!(
        judge(&client, 400, r#"{"error":"invalid_grant"}"#),
        (Verdict::Rejected, EvidenceKind::GrantRefused)
    );
    assert_eq!(
        judge(&client, 400, r#"{"error":"invalid_client"}"#),
        (Verdict::NotSpent, EvidenceKind::ClientRefused)
    );
    assert_eq!(window("xero"), json!({ "type": "seconds", "seconds": 1800 }));
}

#[test]
fn quickbooks() {
    let client = client("quickbooks");
    let login = begin(&client, &[]);
    assert_eq!(
        masked(&login.url),
        "https://appcenter.intuit.com/connect/oauth2?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=com.intuit.quickbooks.accounting\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    let code = approve(&client, &login, "code=the-code&realmId=4620816365");
    assert_eq!(named(code.kept()), [("realmId", "4620816365")]);
    assert_eq!(named(code.account_ids()), [("realmId", "4620816365")]);
    let exchange = TokenRequest::authorization_code(&code);
    let token = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer";
    let request = prepare(&client, &exchange);
    assert_form(
        &request,
        token,
        "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&code_verifier=*",
    );
    assert_eq!(header(&request, "Authorization"), Some("Basic bXktaWQ6bXktc2VjcmV0"));
    assert_form(
        &prepare(&client, &refresh()),
        token,
        "grant_type=refresh_token&refresh_token=old-refresh",
    );

    // Lives under names of its own; the hard end only for those who asked for the field.
    let answer = |hard: &str| {
        format!(
            r#"{{"token_type":"bearer","expires_in":3600,"refresh_token":"r","x_refresh_token_expires_in":8726400,
            "access_token":"a"{hard}}}"#
        )
    };
    let settled = settle(&client, &refresh(), 200, &answer(""));
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!(answered.access_life_ms, Some(HOUR));
    assert_eq!(answered.refresh_idle_ms, Some(101 * DAY));
    assert_eq!(answered.refresh_hard_ms, Some(5 * 365 * DAY));
    let told = answer(r#","x_refresh_token_hard_expires_in":86400"#);
    assert_eq!(
        tokens(settle(&client, &refresh(), 200, &told)).refresh_hard_ms,
        Some(DAY)
    );

    assert_eq!(
        judge(
            &client,
            400,
            r#"{"error":"invalid_grant","error_description":"Incorrect Token type or clientID"}"#
        ),
        (Verdict::Rejected, EvidenceKind::GrantRefused)
    );
    assert_eq!(
        judge(&client, 401, r#"{"error":"invalid_client"}"#),
        (Verdict::NotSpent, EvidenceKind::ClientRefused)
    );
    assert_eq!(window("quickbooks"), json!({ "type": "none" }));

    // Two realms in one callback: tampered with.
    let twice = callback_url(&login, "code=the-code&realmId=1&realmid=2");
    let error = client
        .read_callback(&login.pending, &twice, &session(), NOW)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::DuplicateParameter);
}

#[test]
fn shopify() {
    let client = builder(profile("shopify"), Environment::Production)
        .variable("shop", "my-shop")
        .build()
        .unwrap();
    let login = begin(&client, &["read_orders", "write_products"]);
    assert_eq!(
        masked(&login.url),
        "https://my-shop.myshopify.com/admin/oauth/authorize?client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=read_orders%2Cwrite_products&state=*"
    );
    let code = approve(
        &client,
        &login,
        "code=the-code&hmac=0f&host=aG9zdA&shop=my-shop.myshopify.com&timestamp=1790000000",
    );
    assert_eq!(named(code.kept()), [("shop", "my-shop.myshopify.com")]);
    assert_eq!(named(code.account_ids()), [("shop", "my-shop.myshopify.com")]);
    let exchange = TokenRequest::authorization_code(&code);
    let token = "https://my-shop.myshopify.com/admin/oauth/access_token";
    assert_json(
        &prepare(&client, &exchange),
        token,
        &json!({
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": REDIRECT_URI,
            "client_id": "my-id",
            "client_secret": "my-secret",
            "expiring": "1",
        }),
    );
    assert_json(
        &prepare(&client, &refresh()),
        token,
        &json!({
            "grant_type": "refresh_token",
            "refresh_token": "old-refresh",
            "client_id": "my-id",
            "client_secret": "my-secret",
        }),
    );

    let settled = settle(
        &client,
        &exchange,
        200,
        r#"{"access_token":"shpat_a","scope":"read_orders,write_products","expires_in":3600,
            "refresh_token":"shprt_r","refresh_token_expires_in":7776000}"#,
    );
    assert_eq!(settled.evidence.oddities, [Oddity::MissingTokenType]);
    let answered = tokens(settled);
    assert_eq!(
        (access(&answered), refreshed(&answered)),
        (Some("shpat_a"), Some("shprt_r"))
    );
    assert_eq!(answered.scopes, ["read_orders", "write_products"]);
    assert_eq!(answered.access_life_ms, Some(HOUR));
    assert_eq!(answered.refresh_idle_ms, Some(90 * DAY));
    assert_eq!(window("shopify"), json!({ "type": "unlimited" }));

    assert_eq!(
        judge(&client, 400, r#"{"error":"invalid_grant"}"#),
        (Verdict::Rejected, EvidenceKind::GrantRefused)
    );
    // An HTML page of a shop that is gone.
    assert_eq!(
        judge(&client, 404, "<html>Not Found</html>"),
        (Verdict::Unknown, EvidenceKind::Unreadable)
    );
}

/// The variable is one label of the host, whatever a user types or a callback brings.
#[test]
fn a_shop_cannot_lead_to_another_host() {
    for shop in [
        "",
        "a.b",
        "evil.com/",
        "evil.com",
        "a/b",
        "a#",
        "a?",
        "a@b",
        "a:443",
        "-a",
        "a-",
        "A",
        "a b",
        "%61",
        "ä",
        "{shop}",
        "my-shop.myshopify.com",
    ] {
        let error = builder(profile("shopify"), Environment::Production)
            .variable("shop", shop)
            .build()
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidConfiguration, "{shop}");
        assert_eq!(error.details().field.as_deref(), Some("variables.shop"), "{shop}");
    }
    let missing = builder(profile("shopify"), Environment::Production)
        .build()
        .unwrap_err();
    assert_eq!(missing.details().field.as_deref(), Some("variables.shop"));
    let unknown = builder(profile("shopify"), Environment::Production)
        .variable("shop", "a")
        .variable("store", "b")
        .build()
        .unwrap_err();
    assert_eq!(unknown.details().field.as_deref(), Some("variables.store"));
}

/// Without PKCE a client needs a secret.
#[test]
fn a_public_client_is_refused_where_pkce_is_off() {
    for id in ["shopify", "square"] {
        let error = Client::builder(profile(id), Environment::Production, "my-id")
            .variable("shop", "a")
            .build()
            .unwrap_err();
        assert_eq!(error.details().field.as_deref(), Some("client_secret"), "{id}");
    }
}

#[test]
fn square() {
    let client = client("square");
    let login = begin(&client, &[]);
    // A space between the scopes, written %20: to a form decoder the same as the + of Square's examples.
    assert_eq!(
        masked(&login.url),
        "https://connect.squareup.com/oauth2/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=MERCHANT_PROFILE_READ%20PAYMENTS_READ\
         &state=*&session=false"
    );
    let exchange = TokenRequest::authorization_code(&approve(&client, &login, "code=sq0cgp-c&response_type=code"));
    let token = "https://connect.squareup.com/oauth2/token";
    assert_json(
        &prepare(&client, &exchange),
        token,
        &json!({
            "grant_type": "authorization_code",
            "code": "sq0cgp-c",
            "redirect_uri": REDIRECT_URI,
            "client_id": "my-id",
            "client_secret": "my-secret",
        }),
    );
    assert_json(
        &prepare(&client, &refresh()),
        token,
        &json!({
            "grant_type": "refresh_token",
            "refresh_token": "old-refresh",
            "client_id": "my-id",
            "client_secret": "my-secret",
        }),
    );

    // No expires_in, only a moment; the refresh token stays the same.
    let answer = r#"{"access_token":"EAAA","token_type":"bearer","expires_at":"2026-10-21T14:13:20Z",
        "merchant_id":"MLEFT","refresh_token":"old-refresh","short_lived":false}"#;
    let settled = settle(&client, &refresh(), 200, answer);
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!(answered.access_life_ms, Some(30 * DAY));
    assert_eq!(
        (access(&answered), refreshed(&answered)),
        (Some("EAAA"), Some("old-refresh"))
    );
    assert_eq!(named(&answered.account_ids), [("merchant_id", "MLEFT")]);
    assert_eq!(answered.refresh_idle_ms, None);
    assert_eq!(window("square"), json!({ "type": "unlimited" }));

    // message and type; what the types mean for the grant is documented nowhere, so they end nothing.
    let settled = settle(
        &client,
        &refresh(),
        401,
        r#"{"message":"Not Authorized","type":"service.not_authorized"}"#,
    );
    assert_eq!(settled.evidence.oauth_error.as_deref(), Some("service.not_authorized"));
    assert_eq!(settled.evidence.kind, EvidenceKind::Unauthorized);
    assert_eq!(settled.verdict, Verdict::Unknown);
    let error = settled.error().unwrap();
    assert_eq!(
        (error.code(), error.description()),
        (ErrorCode::InvalidClient, Some("Not Authorized"))
    );
    assert_eq!(
        judge(&client, 429, r#"{"message":"slow","type":"rate_limited"}"#),
        (Verdict::NotSpent, EvidenceKind::Throttled)
    );
    let sandbox = builder(profile("square"), Environment::Sandbox).build().unwrap();
    assert_eq!(
        sandbox.token_endpoint().as_str(),
        "https://connect.squareupsandbox.com/oauth2/token"
    );
}

#[test]
fn stripe_connect() {
    let client = client("stripe_connect");
    let login = begin(&client, &[]);
    assert_eq!(
        masked(&login.url),
        "https://connect.stripe.com/oauth/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=read_write\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    let exchange = TokenRequest::authorization_code(&approve(&client, &login, "scope=read_write&code=ac_1"));
    let token = "https://connect.stripe.com/oauth/token";
    assert_form(
        &prepare(&client, &exchange),
        token,
        "grant_type=authorization_code&code=ac_1&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&code_verifier=*\
         &client_id=my-id&client_secret=my-secret",
    );
    let answer = r#"{"access_token":"sk_live_a","livemode":true,"refresh_token":"rt_r","token_type":"bearer",
        "stripe_publishable_key":"pk_live_p","stripe_user_id":"acct_1","scope":"read_write"}"#;
    let settled = settle(&client, &exchange, 200, answer);
    // No life in the answer is as it should be: only the profile may say that a token never expires.
    assert_eq!(settled.evidence.oddities, []);
    let answered = tokens(settled);
    assert_eq!(answered.access_life_ms, None);
    assert_eq!(named(&answered.account_ids), [("stripe_user_id", "acct_1")]);
    let token = answered.in_use(NOW).unwrap();
    assert_eq!(token.remaining_ms(NOW.later(10_000 * DAY)), None);
    // Should an answer name a life all the same, it counts.
    let short = r#"{"access_token":"a","token_type":"bearer","expires_in":3600}"#;
    assert_eq!(
        tokens(settle(&client, &exchange, 200, short)).access_life_ms,
        Some(HOUR)
    );

    assert_eq!(
        judge(
            &client,
            400,
            r#"{"error":"invalid_grant","error_description":"This authorization code has already been used."}"#
        ),
        (Verdict::Rejected, EvidenceKind::GrantRefused)
    );
    assert_eq!(
        judge(&client, 401, r#"{"error":"invalid_client"}"#),
        (Verdict::NotSpent, EvidenceKind::ClientRefused)
    );
    assert_eq!(window("stripe_connect"), json!({ "type": "none" }));
}

/// Bot tokens, with token rotation switched on.
#[test]
fn slack() {
    let client = client("slack");
    let login = begin(&client, &["chat:write", "channels:read"]);
    assert_eq!(
        masked(&login.url),
        "https://slack.com/oauth/v2/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=chat%3Awrite%2Cchannels%3Aread\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    let exchange = TokenRequest::authorization_code(&approve(&client, &login, "code=the-code"));
    let token = "https://slack.com/api/oauth.v2.access";
    assert_form(
        &prepare(&client, &exchange),
        token,
        "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&code_verifier=*\
         &client_id=my-id&client_secret=my-secret",
    );
    assert_form(
        &prepare(&client, &refresh()),
        token,
        "grant_type=refresh_token&refresh_token=old-refresh&client_id=my-id&client_secret=my-secret",
    );
    let answer = r#"{"ok":true,"access_token":"xoxe.xoxb-1","token_type":"bot","scope":"chat:write,channels:read",
        "bot_user_id":"U0K","app_id":"A0K","expires_in":43200,"refresh_token":"xoxe-1-r",
        "team":{"name":"Team","id":"T9T"},"enterprise":null,"authed_user":{"id":"U1"}}"#;
    for request in [&exchange, &refresh()] {
        let settled = settle(&client, request, 200, answer);
        assert_eq!(settled.evidence.oddities, [Oddity::UnknownTokenType]);
        let answered = tokens(settled);
        assert_eq!(
            (access(&answered), refreshed(&answered)),
            (Some("xoxe.xoxb-1"), Some("xoxe-1-r"))
        );
        assert_eq!(answered.scopes, ["chat:write", "channels:read"]);
        assert_eq!(answered.access_life_ms, Some(12 * HOUR));
        assert_eq!(
            named(&answered.account_ids),
            [("team.id", "T9T"), ("bot_user_id", "U0K")]
        );
    }
    // Errors come with 200.
    for (code, verdict, kind) in [
        ("invalid_refresh_token", Verdict::Rejected, EvidenceKind::GrantRefused),
        ("invalid_code", Verdict::Rejected, EvidenceKind::GrantRefused),
        ("code_already_used", Verdict::Rejected, EvidenceKind::GrantRefused),
        ("bad_client_secret", Verdict::NotSpent, EvidenceKind::ClientRefused),
        ("invalid_client_id", Verdict::NotSpent, EvidenceKind::ClientRefused),
        ("ratelimited", Verdict::NotSpent, EvidenceKind::Throttled),
        ("internal_error", Verdict::Unknown, EvidenceKind::OtherError),
        ("fatal_error", Verdict::Unknown, EvidenceKind::OtherError),
    ] {
        let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
        assert_eq!(judge(&client, 200, &body), (verdict, kind), "{code}");
    }
    // A refresh token is for one use.
    assert_eq!(window("slack"), json!({ "type": "none" }));
}

/// User tokens: nested in the first answer, at the top level after a refresh, asked for by a parameter of their own.
#[test]
fn slack_user() {
    let client = client("slack_user");
    let login = begin(&client, &["search:read", "users:read"]);
    assert_eq!(
        masked(&login.url),
        "https://slack.com/oauth/v2/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&user_scope=search%3Aread%2Cusers%3Aread\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    let exchange = TokenRequest::authorization_code(&approve(&client, &login, "code=the-code"));
    // The bot's token beside it is not taken for the user's.
    let answer = r#"{"ok":true,"access_token":"xoxb-bot","token_type":"bot","scope":"commands","team":{"id":"T9T"},
        "authed_user":{"id":"U1","scope":"search:read,users:read","access_token":"xoxp-user","token_type":"user"}}"#;
    let settled = settle(&client, &exchange, 200, answer);
    assert_eq!(settled.evidence.oddities, [Oddity::UnknownTokenType]);
    let answered = tokens(settled);
    assert_eq!((access(&answered), refreshed(&answered)), (Some("xoxp-user"), None));
    assert_eq!(answered.access_life_ms, None);
    assert_eq!(
        named(&answered.account_ids),
        [("team.id", "T9T"), ("authed_user.id", "U1")]
    );
    // With rotation on, life and refresh token are nested too.
    let rotating = r#"{"ok":true,"authed_user":{"id":"U1","access_token":"xoxe.xoxp-1","token_type":"user",
        "refresh_token":"xoxe-1-r","expires_in":43200}}"#;
    let answered = tokens(settle(&client, &exchange, 200, rotating));
    assert_eq!(
        (access(&answered), refreshed(&answered)),
        (Some("xoxe.xoxp-1"), Some("xoxe-1-r"))
    );
    assert_eq!(answered.access_life_ms, Some(12 * HOUR));
    // A refresh answers at the top level.
    let refreshed_answer = r#"{"ok":true,"access_token":"xoxe.xoxp-2","token_type":"user","refresh_token":"xoxe-2-r",
        "expires_in":43200,"scope":"search:read"}"#;
    let answered = tokens(settle(&client, &refresh(), 200, refreshed_answer));
    assert_eq!(
        (access(&answered), refreshed(&answered)),
        (Some("xoxe.xoxp-2"), Some("xoxe-2-r"))
    );
    let settled = settle(&client, &exchange, 200, r#"{"ok":false,"error":"invalid_code"}"#);
    assert_eq!(settled.verdict, Verdict::Rejected);
}

/// Oddities of providers that paths and fallbacks express, each in one profile of a few lines.
#[test]
fn quirks_that_need_no_code() {
    let with = |rest: &str| {
        let text = format!(
            r#"{{"id":"q","grants":{{"refresh_token":{{}}}},
            "environments":{{"production":{{"token":"https://q.example/token"}}}},{rest}}}"#
        );
        builder(Profile::from_json(&text).unwrap(), Environment::Production)
            .build()
            .unwrap()
    };
    let life = |client: &Client, body: &str| tokens(settle(client, &refresh(), 200, body)).access_life_ms;

    // Clover: a moment since 1970. Braintree: nested, in camel case. Seconds and milliseconds are told apart.
    let clover = with(r#""answer":{"expires_at":"access_token_expiration"}"#);
    assert_eq!(
        life(&clover, r#"{"access_token":"a","access_token_expiration":1790000600}"#),
        Some(10 * MINUTE)
    );
    let braintree = with(r#""answer":{"access_token":"credentials.accessToken","expires_at":"credentials.expiresAt"}"#);
    let body = r#"{"credentials":{"accessToken":"a","expiresAt":"2026-09-21T14:23:20+0000"}}"#;
    assert_eq!(life(&braintree, body), Some(10 * MINUTE));
    // An old style of answer: a form, with `expires`.
    let form = with(r#""answer":{"expires_in":"expires"}"#);
    assert_eq!(life(&form, "access_token=a&expires=600"), Some(10 * MINUTE));
    // Lives as text, and one of zero, for which the profile's is taken.
    let plain = with(r#""lifetimes":{"access_seconds":3600}"#);
    assert_eq!(
        life(&plain, r#"{"access_token":"a","expires_in":"600"}"#),
        Some(10 * MINUTE)
    );
    assert_eq!(
        life(&plain, r#"{"access_token":"a","expires_in":0,"scope":null}"#),
        Some(HOUR)
    );
    // Errors in a list.
    let fitbit = with(r#""errors":{"code":["errors.0.errorType"],"description":["errors.0.message"]}"#);
    let body = r#"{"errors":[{"errorType":"invalid_grant","message":"m"}],"success":false}"#;
    assert_eq!(
        judge(&fitbit, 400, body),
        (Verdict::Rejected, EvidenceKind::GrantRefused)
    );
    // Smartcar: as Airwallex.
    let smartcar = with(r#""refresh":{"window":{"type":"seconds","seconds":60}}"#);
    assert!(
        smartcar
            .profile()
            .to_json()
            .contains(r#""window":{"type":"seconds","seconds":60}"#)
    );
}

/// The example of `docs/profiles.md` is the file, and does what the text says.
#[test]
fn the_example_of_the_docs() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let docs = std::fs::read_to_string(format!("{root}/docs/profiles.md")).unwrap();
    let shown = docs.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let file = std::fs::read_to_string(format!("{root}/tests/profiles/example.json")).unwrap();
    assert_eq!(shown, file);

    let client = client("example");
    let login = begin(&client, &[]);
    assert_eq!(
        masked(&login.url),
        "https://login.acmepay.example/oauth2/authorize?response_type=code&client_id=my-id\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=payments%3Aread\
         &state=*&code_challenge=*&code_challenge_method=S256"
    );
    let code = approve(&client, &login, "code=the-code&merchant=m-7");
    assert_eq!(named(code.account_ids()), [("merchant", "m-7")]);
    assert_form(
        &prepare(&client, &TokenRequest::authorization_code(&code)),
        "https://api.acmepay.example/oauth2/token",
        "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&code_verifier=*\
         &client_id=my-id&client_secret=my-secret",
    );
    let answer = r#"{"access_token":"a","token_type":"Bearer","refresh_token":"r","merchant":{"id":7}}"#;
    let answered = tokens(settle(&client, &refresh(), 200, answer));
    assert_eq!(answered.access_life_ms, Some(15 * MINUTE));
    assert_eq!(answered.refresh_idle_ms, Some(30 * DAY));
    assert_eq!(named(&answered.account_ids), [("merchant.id", "7")]);
    assert_eq!(
        judge(&client, 400, r#"{"error":"token_expired"}"#),
        (Verdict::Rejected, EvidenceKind::GrantRefused)
    );
    assert!(
        client
            .profile()
            .reconnect_words()
            .starts_with("an administrator must open Apps")
    );
}

/// Each mistake that the docs show gives the error that the docs show.
#[test]
fn the_mistakes_of_the_docs() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/profiles.md")).unwrap();
    let section = docs.split("## Mistakes").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut shown = 0;
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('`').collect();
        let (mistake, words) = (cells[1], cells[3]);
        let text = match mistake.starts_with('{') {
            true => mistake.to_owned(),
            false => format!(r#"{{"id":"acme","grants":{{"refresh_token":{{}}}},{mistake}}}"#),
        };
        let error = Profile::from_json(&text).unwrap_err();
        assert_eq!(error.to_string(), words, "{text}");
        shown += 1;
    }
    assert!(shown >= 10, "{shown}");
}
