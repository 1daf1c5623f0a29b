//! A login from its begin to its callback: what was begun is read back, and nothing else is taken for it.

use evergrant::base::error::ErrorCode;
use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant::message::callback::{Callback, login_id};
use evergrant::message::pending::{Consenter, Pending};
use evergrant_tests::fuzz::callback::{pairs, values};
use evergrant_tests::fuzz::fixtures::{
    ISSUER, NOW, REDIRECT, base64url, begin, binding, client, clients, entropy, issuer_client, parameter, state,
    verifier,
};
use evergrant_tests::fuzz::mutation::cases;
use proptest::prelude::*;

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Names that the protocol has, so that no extra parameter can have them.
const TAKEN: [&str; 9] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "tenant",
    "account",
    "profileid",
];

fn extra() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair =
        (".{1,6}", ".{0,8}").prop_filter("free", |(name, _)| !TAKEN.contains(&name.to_ascii_lowercase().as_str()));
    proptest::collection::vec(pair, 0..5)
}

/// RFC 6749 appendix A.11.
fn code() -> impl Strategy<Value = String> {
    "[ -~]{1,40}"
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn approved(client: &Client, pending: &Pending, callback: &str) -> Option<String> {
    match client.read_callback(pending, callback, &binding(), NOW) {
        Ok(Callback::Approved(code)) => Some(code.code().expose().to_owned()),
        _ => None,
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// What the provider sends back in its own spelling is read back, with every parameter it adds.
    #[test]
    fn a_callback_is_read_back(at in 0_usize..6, seed in any::<u8>(), code in code(), extra in extra(), order in any::<bool>(), form in 0..4) {
        let client = &clients()[at];
        let login = begin(client, seed);
        let state = state(&login);
        let mut sent: Vec<(&str, &str)> = extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        sent.extend([("tenant", "7"), ("code", code.as_str()), ("state", state.as_str())]);
        if client.profile().id() == "with_issuer" {
            sent.extend([("iss", ISSUER), ("account", "acct 1")]);
        }
        if order {
            sent.reverse();
        }
        let mut query = query(&sent);
        if form & 1 == 1 {
            query = query.replace('+', "%20");
        }
        let callback = match form {
            0 => format!("https://app.example/callback?{query}"),
            1 => format!("http://10.0.0.1:8080/callback?{query}#fragment"),
            2 => format!("/callback?{query}"),
            _ => format!("?{query}"),
        };
        let judged = client.read_callback(&login.pending, &callback, &binding(), NOW);
        let Ok(Callback::Approved(read)) = judged else { panic!("{callback}: {judged:?}") };
        assert_eq!(read.code().expose(), code.as_str());
        assert_eq!(read.redirect_uri(), REDIRECT);
        let verifier = verifier(&login);
        assert_eq!(read.verifier().map(|text| text.expose()), Some(verifier.as_str()));
        assert_eq!(login_id(&callback).unwrap(), login.id.clone());
        // The challenge in the URL is the verifier's: by another road, the low door.
        let challenge = evergrant::message::pkce::challenge(&verifier).unwrap();
        assert_eq!(parameter(&login.url, "code_challenge"), Some(challenge));
        assert_eq!(parameter(&login.url, "code_challenge_method").as_deref(), Some("S256"));
        if client.profile().id() == "with_issuer" {
            assert_eq!(read.account_ids().iter().map(|id| id.value.as_str()).collect::<Vec<_>>(), ["acct 1"]);
        }
        // Another session, another login of the same client, and another client: never.
        let other = Binding::session("another").unwrap();
        assert_eq!(client.read_callback(&login.pending, &callback, &other, NOW).unwrap_err().code(), ErrorCode::WrongUserSession);
        assert_eq!(client.read_callback(&login.pending, &callback, &Binding::no_session(), NOW).unwrap_err().code(), ErrorCode::WrongUserSession);
        let later = begin(client, seed.wrapping_add(1));
        assert_eq!(client.read_callback(&later.pending, &callback, &binding(), NOW).unwrap_err().code(), ErrorCode::StateMismatch);
        let stranger = &clients()[(at + 1) % clients().len()];
        assert_eq!(stranger.read_callback(&login.pending, &callback, &binding(), NOW).unwrap_err().code(), ErrorCode::WrongProvider);
        let late = Now { wall: NOW.wall + 3_600_000 + 300_001, steady: NOW.steady };
        assert_eq!(client.read_callback(&login.pending, &callback, &binding(), late).unwrap_err().code(), ErrorCode::PendingExpired);
        for twice in ["code", "state", "iss", "error"] {
            let callback = format!("{}&{twice}=x&{twice}=x", callback.split('#').next().unwrap());
            assert_eq!(client.read_callback(&login.pending, &callback, &binding(), NOW).unwrap_err().code(), ErrorCode::DuplicateParameter);
        }
    }

    /// One byte changed anywhere: the same code, or none; another one only where the byte belongs to the code itself.
    #[test]
    fn a_changed_callback_never_brings_another_code(with_issuer in any::<bool>(), code in "[A-Za-z0-9._~-]{4,20}", evil in "[a-z]{4,8}", at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let client = if with_issuer { issuer_client() } else { client("airwallex") };
        let login = begin(&client, 9);
        let state = state(&login);
        let callback = format!(
            "https://app.example/callback?xcode={evil}&tenant=7&xstate=z&state={state}&iss={}&code={code}&scode={evil}",
            "https%3A%2F%2Fas.example%2Ftenant%2F1"
        );
        assert_eq!(approved(&client, &login.pending, &callback), Some(code.clone()));
        let own = callback.find("&code=").unwrap() + 6..callback.find("&scode=").unwrap() + 1;
        let at = at.index(callback.len());
        let mut bytes = callback.into_bytes();
        bytes[at] = byte;
        let Ok(callback) = String::from_utf8(bytes) else { return Ok(()) };
        if let Some(read) = approved(&client, &login.pending, &callback) {
            assert!(own.contains(&at) || read == code, "{callback}");
            assert_eq!(values(&pairs(&callback), "state"), [state.as_str()]);
            if with_issuer {
                assert_eq!(values(&pairs(&callback), "iss"), [ISSUER]);
            }
        }
    }

    /// Any text as a callback has an answer.
    #[test]
    fn any_text_as_a_callback_is_judged(text in ".{0,60}") {
        let client = client("wise");
        let login = begin(&client, 1);
        assert_eq!(approved(&client, &login.pending, &text), None);
        let _ = login_id(&text);
        let typed = client.read_typed_code(&login.pending, &text, &binding(), NOW);
        if let Ok(code) = typed {
            assert_eq!(code.code().expose(), text.trim());
        }
    }

    /// What was begun is stored and read back, whatever was asked for.
    #[test]
    fn a_pending_login_is_stored_and_read_back(
        at in 0_usize..6,
        seed in any::<u8>(),
        scopes in proptest::collection::vec("[!#-+.-\\[\\]-~]{1,10}", 0..4),
        parameters in extra(),
        user in ".{0,12}",
        role in proptest::option::of(".{0,12}"),
        life in 1_i64..(1 << 53),
        wall in any::<i64>(),
    ) {
        let client = &clients()[at];
        let mut request = AuthorizationRequest::new(binding()).scopes(scopes).life_ms(life).consenter(Consenter { user, role });
        for (name, value) in &parameters {
            request = request.parameter(name, value.as_str());
        }
        let now = Now { wall, steady: 0 };
        let Ok(login) = client.begin(&request, now, entropy(seed)) else {
            // Control characters, names of the protocol, and names that stand twice.
            assert!(!parameters.is_empty());
            return Ok(());
        };
        let text = login.pending.expose();
        let again = Pending::parse(text.expose()).unwrap();
        assert!(again == login.pending && again.expose() == text);
        assert!(Pending::parse(&format!(" {}\n", text.expose())).unwrap() == again);
        assert_eq!(again.id(), login.id.clone());
        assert!(!login.id.contains(&state(&login)) && !text.expose().contains(&login.id));
        for (name, value) in &parameters {
            assert_eq!(parameter(&login.url, name), Some(value.clone()));
        }
        for print in [format!("{:?}", login.pending), format!("{}", login.pending)] {
            assert_eq!(Pending::parse(&print).unwrap_err().code(), ErrorCode::RedactedPending);
        }
        // Fields of a later release are ignored; a text that is cut short is refused.
        let payload = evergrant_tests::fuzz::fixtures::from_base64url(text.expose().rsplit('.').next().unwrap());
        let payload = String::from_utf8(payload).unwrap();
        let newer = format!("{},\"later\":[{{}}]}}", &payload[..payload.len() - 1]);
        assert!(Pending::parse(&format!("evergrant-login-1.{}", base64url(newer.as_bytes()))).unwrap() == again);
        assert!(Pending::parse(&text.expose()[..text.expose().len() - 4]).is_err());
        assert!(Pending::parse(&text.expose().replace("-1.", "-2.")).is_err());
    }

    #[test]
    fn any_text_as_a_pending_login_is_judged(text in ".{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        evergrant_tests::fuzz::pending::run(text.as_bytes());
        evergrant_tests::fuzz::pending::run(&bytes);
    }
}

/// Every byte of the state, of the issuer, and of the redirect URI's own parameter counts.
#[test]
fn every_byte_that_is_checked_counts() {
    let client = issuer_client();
    let login = begin(&client, 9);
    let callback = |state: &str, iss: &str, path: &str, tenant: &str| {
        let query = query(&[("tenant", tenant), ("code", "c0de"), ("state", state), ("iss", iss)]);
        approved(&client, &login.pending, &format!("{path}?{query}"))
    };
    let state = state(&login);
    assert!(state.len() == 43 && callback(&state, ISSUER, "/callback", "7").is_some());
    let changed = |text: &str| -> Vec<String> {
        let mut changed = vec![
            text[1..].to_owned(),
            text[..text.len() - 1].to_owned(),
            format!("{text}x"),
            format!("x{text}"),
        ];
        for at in 0..text.len() {
            for byte in *b"Aa0-_%& \0~" {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = byte;
                changed.push(String::from_utf8(bytes).unwrap());
            }
        }
        changed.retain(|changed| changed != text);
        changed
    };
    for other in changed(&state) {
        assert_eq!(callback(&other, ISSUER, "/callback", "7"), None, "{other}");
    }
    for other in changed(ISSUER) {
        assert_eq!(callback(&state, &other, "/callback", "7"), None, "{other}");
    }
    for other in changed("7") {
        assert_eq!(callback(&state, ISSUER, "/callback", &other), None, "{other}");
    }
    for other in changed("/callback")
        .iter()
        .filter(|path| path.starts_with('/') && !path.contains(['%', '&']))
    {
        assert_eq!(callback(&state, ISSUER, other, "7"), None, "{other}");
    }
}
