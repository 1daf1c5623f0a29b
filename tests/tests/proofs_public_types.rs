//! Every public type of core: it can be sent and shared between threads, and no print of it shows a secret.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use evergrant::base::endpoint::Endpoint;
use evergrant::base::error::OAuthError;
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::secret::Secret;
use evergrant::client::assertion::{SignatureAlgorithm, SignatureEncoding};
use evergrant::client::authentication::SecretChoice;
use evergrant::client::configuration::Client;
use evergrant::connection::command::{Adoption, ClientHealth, Command, Finish};
use evergrant::connection::ledger::{Fate, Learnt};
use evergrant::connection::record::Record;
use evergrant::drive::async_connections::AsyncConnections;
use evergrant::drive::async_host::{AsyncHost, Task};
use evergrant::drive::async_store::InPlace;
use evergrant::drive::connections::Connections;
use evergrant::drive::host::{Exchange, Host};
use evergrant::drive::store::{Loaded, NoStore, SaveResult};
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::step::{Send as SendStep, Step};
use evergrant::flow::stored::Stored;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::callback::Callback;
use evergrant::message::pending::Consenter;
use evergrant::message::token_answer::{Reply, Tokens, Verdict};
use evergrant::message::token_request::{Prepared, TokenRequest};
use evergrant::message::www_authenticate;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_tests::fuzz::fixtures::{NOW, base64url, binding, entropy, state, verifier};

/// A host that sends nothing.
struct Offline;

impl Host for Offline {
    fn send(&self, _send: &SendStep) -> Exchange {
        Exchange::NotSent
    }
}

/// The same for futures.
struct AsyncOffline;

impl AsyncHost for AsyncOffline {
    async fn send(&self, _send: &SendStep) -> Exchange {
        Exchange::NotSent
    }

    fn spawn(&self, _task: Task) {}

    async fn sleep(&self, _delay_ms: i64) {}
}

type Nowhere = InPlace<NoStore>;

fn shared<T: Send + Sync>() {}

/// Each type is held to be `Send + Sync` by the compiler; the names are compared with the sources by a test.
macro_rules! public_types {
    ($($module:ident :: $file:ident :: $name:ident $(<$($argument:tt),+>)?),* $(,)?) => {
        const TYPES: &[&str] = &[$(concat!(stringify!($module), "::", stringify!($file), "::", stringify!($name))),*];

        #[test]
        fn every_public_type_is_send_and_sync() {
            $(shared::<evergrant::$module::$file::$name $(<$($argument),+>)?>();)*
        }
    };
}

public_types![
    base::endpoint::Endpoint,
    base::error::Action,
    base::error::ErrorCode,
    base::error::ErrorDetails,
    base::error::OAuthError,
    base::error::Party,
    base::error::ReauthorizationReason,
    base::http::HttpRequest,
    base::http::HttpResponse,
    base::http::Method,
    base::http::RequestHeader,
    base::http::ResponseHeader,
    base::redirect_uri::RedirectUri,
    base::secret::Secret,
    base::time::Now,
    client::assertion::Sign,
    client::assertion::SignatureAlgorithm,
    client::assertion::SignatureEncoding,
    client::authentication::SecretChoice,
    client::configuration::Client,
    client::configuration::ClientBuilder,
    connection::command::Adoption,
    connection::command::ClientHealth,
    connection::command::Command,
    connection::command::Finish,
    connection::health::Health,
    connection::health::HealthState,
    connection::ledger::Attempt<Tokens>,
    connection::ledger::Fate<Tokens>,
    connection::ledger::Held<Tokens>,
    connection::ledger::Learnt<Tokens>,
    connection::ledger::Ledger<Tokens>,
    connection::ledger::Login,
    connection::ledger::LoginFate,
    connection::ledger::Opening,
    connection::ledger::Repeated,
    connection::ledger::Report<Tokens>,
    connection::ledger::Status,
    connection::ledger::Streak,
    connection::ledger::Ticket,
    connection::policy::Policy,
    connection::record::Record,
    connection::rules::Rule,
    connection::rules::Rules,
    connection::value::Connection,
    connection::work::Work,
    drive::async_connections::AsyncConnectionHandle<AsyncOffline, Nowhere>,
    drive::async_connections::AsyncConnections<AsyncOffline, Nowhere>,
    drive::async_store::InPlace<NoStore>,
    drive::bell::Bell,
    drive::connections::ConnectionHandle<Offline, NoStore>,
    drive::connections::Connections<Offline, NoStore>,
    drive::finished::Finished<Offline>,
    drive::host::Exchange,
    drive::service_tokens::ServiceTokens<Offline>,
    drive::store::Loaded,
    drive::store::NoStore,
    drive::store::SaveResult,
    flow::event::Deadline,
    flow::event::Event,
    flow::event::Recovery,
    flow::input::Input,
    flow::input::StoreFailure,
    flow::outcome::Outcome,
    flow::service_token::ServiceToken,
    flow::service_token::ServiceTokenCommand,
    flow::service_token_work::ServiceTokenWork,
    flow::step::Save,
    flow::step::Send,
    flow::step::Step,
    flow::step::StepId,
    flow::step::Wait,
    flow::stored::Stored,
    message::access_token::AccessToken,
    message::authorize::AuthorizationRequest,
    message::authorize::Login,
    message::binding::Binding,
    message::callback::AuthorizationCode,
    message::callback::Callback,
    message::callback::NamedValue,
    message::callback::Refusal,
    message::oddity::Oddity,
    message::pending::Consenter,
    message::pending::Pending,
    message::resource::ResourceJudgement,
    message::token_answer::Evidence,
    message::token_answer::EvidenceKind,
    message::token_answer::Reply<'static>,
    message::token_answer::Settled,
    message::token_answer::Tokens,
    message::token_answer::Verdict,
    message::token_request::Prepared,
    message::token_request::TokenRequest,
    message::token_request::Unsigned,
    message::www_authenticate::Challenge,
    provider::environment::Environment,
    provider::grant::Grant,
    provider::profile::Profile,
];

/// Types that hold no text at all, or words of a closed set, or what the host calls no secret.
const WITHOUT_SECRETS: [&str; 45] = [
    "connection::ledger::Opening",
    "connection::ledger::Repeated",
    // What a worker learnt: `Learnt` and `Ticket` together, and both are here.
    "connection::ledger::Report",
    "connection::ledger::Status",
    "connection::ledger::Ticket",
    "connection::policy::Policy",
    "connection::rules::Rule",
    "connection::rules::Rules",
    "base::error::Action",
    "base::error::ErrorCode",
    "base::error::Party",
    "base::error::ReauthorizationReason",
    "base::http::Method",
    "base::redirect_uri::RedirectUri",
    "base::time::Now",
    "client::assertion::SignatureAlgorithm",
    "client::assertion::SignatureEncoding",
    "client::authentication::SecretChoice",
    "connection::command::ClientHealth",
    "connection::health::Health",
    "connection::health::HealthState",
    "connection::ledger::Login",
    "connection::ledger::LoginFate",
    "connection::ledger::Streak",
    "drive::async_store::InPlace",
    "drive::bell::Bell",
    "drive::finished::Finished",
    "drive::store::NoStore",
    "flow::event::Deadline",
    "flow::event::Event",
    "flow::event::Recovery",
    "flow::input::StoreFailure",
    "flow::step::StepId",
    "flow::step::Wait",
    "message::callback::NamedValue",
    "message::callback::Refusal",
    "message::oddity::Oddity",
    "message::pending::Consenter",
    "message::resource::ResourceJudgement",
    "message::token_answer::EvidenceKind",
    "provider::environment::Environment",
    "provider::grant::Grant",
    "provider::profile::Profile",
    "base::endpoint::Endpoint",
    // A closure and a lock, without any print.
    "drive::service_tokens::ServiceTokens",
];

/// `module::file::Name` of every public type in a public file of core.
fn declared() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let public = |text: &str| -> Vec<String> {
        let modules = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        modules.map(String::from).collect()
    };
    let mut found = BTreeSet::new();
    let names = |module: &str, text: &str, found: &mut BTreeSet<String>| {
        for line in text.lines() {
            let rest = ["pub struct ", "pub enum ", "pub union "]
                .iter()
                .find_map(|kind| line.strip_prefix(kind));
            if let Some(rest) = rest {
                let name: String = rest
                    .chars()
                    .take_while(|char| char.is_ascii_alphanumeric() || *char == '_')
                    .collect();
                found.insert(format!("{module}::{name}"));
            }
        }
    };
    for floor in public(&fs::read_to_string(source.join("lib.rs")).unwrap()) {
        let text = fs::read_to_string(source.join(&floor).join("mod.rs")).unwrap();
        names(&floor, &text, &mut found);
        for file in public(&text) {
            let text = fs::read_to_string(source.join(&floor).join(format!("{file}.rs"))).unwrap();
            names(&format!("{floor}::{file}"), &text, &mut found);
        }
    }
    found
}

#[test]
fn no_public_type_is_forgotten() {
    let declared = declared();
    assert!(declared.len() > 50);
    let listed: BTreeSet<String> = TYPES.iter().map(|name| (*name).to_owned()).collect();
    let missing: Vec<_> = declared.difference(&listed).collect();
    assert!(missing.is_empty(), "not held to Send + Sync: {missing:#?}");
    assert!(
        listed.difference(&declared).next().is_none(),
        "no longer there: {:#?}",
        listed.difference(&declared)
    );
    let printed: BTreeSet<String> = prints().into_iter().map(|(name, _)| name.to_owned()).collect();
    for name in &listed {
        let harmless = WITHOUT_SECRETS.contains(&name.as_str());
        assert!(
            harmless != printed.contains(name),
            "{name} must be printed here, or named as one without secrets"
        );
    }
}

/// Every secret that goes in has this mark.
const MARK: &str = "5ecre7";

fn marked(name: &str) -> String {
    format!("{MARK}-{name}-0123456789")
}

fn client() -> Client {
    Client::builder(Profile::built_in("wise").unwrap(), Environment::Sandbox, "client-id")
        .client_secret(marked("client"))
        .next_client_secret(marked("next"))
        .header("X-Api-Key", marked("header"))
        .redirect_uri("https://app.example/callback?tenant=7")
        .build()
        .unwrap()
}

fn error(error: &OAuthError) -> String {
    format!(
        "{error:?} {error} {error:#?} {}",
        serde_json::to_string(error.details()).unwrap()
    )
}

/// Every print of every type that can hold a secret, by its name; serde's JSON too, where it has one.
fn prints() -> Vec<(&'static str, String)> {
    let client = client();
    let request = AuthorizationRequest::new(binding())
        .parameter("claim_code", marked("parameter"))
        .consenter(Consenter {
            user: "user".into(),
            role: None,
        });
    let login = client.begin(&request, NOW, entropy(1)).unwrap();
    let callback = format!("/callback?tenant=7&code={}&state={}", marked("code"), state(&login));
    let Ok(Callback::Approved(code)) = client.read_callback(&login.pending, &callback, &binding(), NOW) else {
        panic!("a code")
    };
    let refused = client
        .read_callback(
            &login.pending,
            &callback.replace("tenant=7", "tenant=8"),
            &binding(),
            NOW,
        )
        .unwrap_err();
    let exchange = TokenRequest::authorization_code(&code);
    let refresh = TokenRequest::refresh_token(&Secret::new(marked("refresh")), &[]);
    let prepared = client
        .token_request(&exchange, SecretChoice::Current, NOW, entropy(2))
        .unwrap();
    let Prepared::Ready(http) = prepared.clone() else {
        panic!("a request")
    };
    let body = format!(
        r#"{{"access_token":"{}","refresh_token":"{}","expires_in":300,"other":"{}"}}"#,
        marked("access"),
        marked("rotated"),
        marked("other")
    );
    let answer = HttpResponse::new(
        200,
        vec![ResponseHeader::new("Set-Cookie", marked("cookie"))],
        body.into_bytes(),
    );
    let settled = client.settle(&refresh, Reply::Answer(&answer), NOW);
    let Verdict::Answered(tokens) = settled.verdict.clone() else {
        panic!("tokens")
    };
    let access = tokens.in_use(NOW).unwrap();
    let failed = |body: String| {
        let generic = Client::builder(Profile::built_in("ofx_payments").unwrap(), Environment::Sandbox, "id")
            .build()
            .unwrap();
        let answer = HttpResponse::new(400, Vec::new(), body.into_bytes());
        generic.settle(&refresh, Reply::Answer(&answer), NOW)
    };
    let unhappy = failed(format!(
        r#"{{"error":"invalid_grant","error_description":"{}"}}"#,
        marked("refresh")
    ));
    let key = Client::builder(Profile::built_in("generic").unwrap(), Environment::Sandbox, "id")
        .token_endpoint("https://as.example/token")
        .private_key(SignatureAlgorithm::Es256, "key-1")
        .build()
        .unwrap();
    let Ok(Prepared::Unsigned(unsigned)) = key.token_request(
        &TokenRequest::client_credentials(&[]),
        SecretChoice::Current,
        NOW,
        entropy(3),
    ) else {
        panic!("something to sign")
    };
    let service = ServiceToken::new(client.clone(), Vec::new());
    let mut work = service.work(
        ServiceTokenCommand::Obtain {
            min_life: Duration::ZERO,
        },
        NOW,
        entropy(4),
    );
    let first = work.step().1.clone();
    let Step::Send(send) = &first else { panic!("a send") };
    let (send, working) = (format!("{send:?} {send:#?}"), format!("{work:?} {work:#?}"));
    work.answer(work.step().0, NOW, Input::Answer(answer.clone())).unwrap();
    let Step::Done(done) = work.step().1.clone() else {
        panic!("the end")
    };
    let stored = Stored::new(1, marked("record").into_bytes());
    let challenges = www_authenticate::parse([format!(
        "Bearer error=\"x\", error_description=\"{}\", Negotiate {}",
        marked("a"),
        base64url(marked("b").as_bytes())
    )
    .as_str()]);
    let misuse = work
        .answer(
            work.step().0,
            NOW,
            Input::Signed {
                signature: marked("signature").into_bytes(),
                encoding: SignatureEncoding::Raw,
            },
        )
        .unwrap_err();
    let wrong = Client::from_json(&format!(
        r#"{{"profile":"wise","environment":"sandbox","client_id":"id","client_secret":["{}"]}}"#,
        marked("json")
    ))
    .unwrap_err();
    let unread = Endpoint::parse(&format!("http://a.example/{}", marked("url"))).unwrap_err();
    let details = [&misuse, &wrong, &unread, &refused, &unhappy.error().unwrap()];
    let builder = Client::builder(Profile::built_in("wise").unwrap(), Environment::Sandbox, "id")
        .client_secret(marked("builder"));
    let saved = SaveResult::Conflict {
        stored: Some(stored.clone()),
        store_now: 1,
    };
    let _ = NoStore;
    let record = include_str!("../records/1.0/live.json")
        .replace("refresh-", &marked("refresh"))
        .replace("access-", &marked("access"));
    let record = Record::from_json(&record).unwrap();
    let adoption = Adoption::new(marked("refresh")).access_token(marked("access"), Duration::from_secs(300));
    let adopt = Command::Adopt(Box::new(adoption.clone()));
    let connection = client.connection("acct_1").unwrap();
    let mut connecting = client.work(&connection, adopt.clone(), ClientHealth::default(), NOW, entropy(5));
    let mut works = format!("{connecting:?} {connecting:#?}");
    let inputs = [
        Input::Loaded {
            stored: None,
            store_now: NOW.wall,
        },
        Input::Saved { store_now: NOW.wall },
    ];
    for input in inputs {
        connecting.answer(connecting.step().0, NOW, input).unwrap();
        works.push_str(&format!("{connecting:?} {connecting:#?}"));
    }
    let connection = connecting.connection();
    assert_eq!(
        connection.token(NOW, Duration::ZERO).unwrap().token().expose(),
        marked("access")
    );
    let finish = [
        Finish::callback(login.pending.clone(), callback.as_str(), binding()),
        Finish::typed_code(login.pending.clone(), marked("code"), binding()),
    ];
    let connections = Connections::new(client.clone(), NoStore, Offline);
    let async_connections = AsyncConnections::new(client.clone(), InPlace(NoStore), AsyncOffline);
    vec![
        (
            "base::error::ErrorDetails",
            details.iter().map(|one| format!("{:?}", one.details())).collect(),
        ),
        (
            "base::error::OAuthError",
            details.iter().map(|one| error(one)).collect(),
        ),
        ("base::http::HttpRequest", format!("{http:?} {http:#?}")),
        ("base::http::HttpResponse", format!("{answer:?} {answer:#?}")),
        (
            "base::http::RequestHeader",
            format!("{:?} {:#?}", http.headers(), http.headers()),
        ),
        (
            "base::http::ResponseHeader",
            format!("{:?}", ResponseHeader::new("Set-Cookie", marked("cookie"))),
        ),
        (
            "base::secret::Secret",
            format!("{:?} {}", Secret::new(marked("x")), Secret::new(marked("x"))),
        ),
        (
            "client::assertion::Sign",
            format!("{:?} {:#?}", unsigned.sign(), unsigned.sign()),
        ),
        ("client::configuration::Client", format!("{client:?} {client:#?}")),
        (
            "client::configuration::ClientBuilder",
            format!("{builder:?} {builder:#?}"),
        ),
        ("connection::command::Adoption", format!("{adoption:?} {adoption:#?}")),
        ("connection::command::Command", format!("{adopt:?} {adopt:#?}")),
        ("connection::command::Finish", format!("{finish:?} {finish:#?}")),
        ("connection::ledger::Attempt", format!("{:?}", record.ledger().attempts)),
        (
            "connection::ledger::Fate",
            format!("{:?}", Fate::Answered(tokens.clone())),
        ),
        ("connection::ledger::Held", format!("{:?}", record.ledger().tokens)),
        (
            "connection::ledger::Learnt",
            format!("{:?}", Learnt::Answered(tokens.clone())),
        ),
        ("connection::ledger::Ledger", format!("{:#?}", record.ledger())),
        ("connection::record::Record", format!("{record:?} {record:#?}")),
        (
            "connection::value::Connection",
            format!("{connection:?} {connection:#?}"),
        ),
        ("connection::work::Work", works),
        (
            "drive::async_connections::AsyncConnectionHandle",
            format!("{:?}", async_connections.connection("acct_1")),
        ),
        (
            "drive::async_connections::AsyncConnections",
            format!("{async_connections:?}"),
        ),
        (
            "drive::connections::ConnectionHandle",
            format!("{:?}", connections.connection("acct_1")),
        ),
        ("drive::connections::Connections", format!("{connections:?}")),
        (
            "drive::host::Exchange",
            format!("{:?}", Exchange::Answer(answer.clone())),
        ),
        (
            "drive::store::Loaded",
            format!(
                "{:?}",
                Loaded {
                    stored: Some(stored.clone()),
                    store_now: 1
                }
            ),
        ),
        ("drive::store::SaveResult", format!("{saved:?}")),
        (
            "flow::input::Input",
            format!(
                "{:?} {:?}",
                Input::Answer(answer.clone()),
                Input::Loaded {
                    stored: Some(stored.clone()),
                    store_now: 1
                }
            ),
        ),
        ("flow::outcome::Outcome", format!("{done:?}")),
        (
            "flow::service_token::ServiceToken",
            format!("{service:?} {:?}", work.service_token()),
        ),
        (
            "flow::service_token::ServiceTokenCommand",
            format!(
                "{:?}",
                ServiceTokenCommand::Rejected {
                    fingerprint: access.fingerprint()
                }
            ),
        ),
        (
            "flow::service_token_work::ServiceTokenWork",
            format!("{working} {work:?}"),
        ),
        ("flow::step::Save", format!("{stored:?}")),
        ("flow::step::Send", send),
        ("flow::step::Step", format!("{first:?} {:?}", work.step())),
        ("flow::stored::Stored", format!("{stored:?} {stored:#?}")),
        ("message::access_token::AccessToken", format!("{access:?} {access}")),
        ("message::authorize::AuthorizationRequest", format!("{request:?}")),
        ("message::authorize::Login", format!("{login:?}")),
        (
            "message::binding::Binding",
            format!(
                "{:?}",
                evergrant::message::binding::Binding::session(&marked("session"))
            ),
        ),
        ("message::callback::AuthorizationCode", format!("{code:?}")),
        (
            "message::callback::Callback",
            format!("{:?}", client.read_callback(&login.pending, &callback, &binding(), NOW)),
        ),
        (
            "message::pending::Pending",
            format!("{:?} {} {:#?}", login.pending, login.pending, login.pending),
        ),
        (
            "message::token_answer::Evidence",
            format!(
                "{:?} {}",
                unhappy.evidence,
                serde_json::to_string(&unhappy.evidence).unwrap()
            ),
        ),
        ("message::token_answer::Reply", format!("{:?}", Reply::Answer(&answer))),
        ("message::token_answer::Settled", format!("{settled:?} {unhappy:?}")),
        ("message::token_answer::Tokens", format!("{tokens:?} {tokens:#?}")),
        ("message::token_answer::Verdict", format!("{:?}", settled.verdict)),
        ("message::token_request::Prepared", format!("{prepared:?}")),
        (
            "message::token_request::TokenRequest",
            format!("{exchange:?} {refresh:?}"),
        ),
        ("message::token_request::Unsigned", format!("{unsigned:?}")),
        ("message::www_authenticate::Challenge", format!("{challenges:?}")),
    ]
    .into_iter()
    .map(|(name, print): (&'static str, String)| {
        // State and verifier come from entropy, and cannot carry the mark.
        let (state, verifier) = (state(&login), verifier(&login));
        (
            name,
            print
                .replace(&state, MARK)
                .replace(&verifier, MARK)
                .replace(&base64url(MARK.as_bytes()), MARK),
        )
    })
    .collect()
}

#[test]
fn no_print_shows_a_secret() {
    let prints = prints();
    let seen: Vec<&(&str, String)> = prints.iter().filter(|(_, print)| print.contains(MARK)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
    assert!(prints.iter().all(|(_, print)| print.len() > 5));
}

/// An error in the shape of an answer that shows the request again.
#[test]
fn no_evidence_shows_what_was_sent() {
    let client = client();
    let refresh = TokenRequest::refresh_token(&Secret::new(marked("refresh")), &[]);
    for body in [
        format!(r#"{{"error":"{}"}}"#, marked("refresh")),
        format!(r#"{{"error":"invalid_token:{}"}}"#, marked("refresh")),
        format!("error={}", marked("refresh")),
        format!(r#"{{"refresh_token":"{}","link":"?a&error=b"#, marked("rotated")),
    ] {
        let settled = client.settle(
            &refresh,
            Reply::Answer(&HttpResponse::new(400, Vec::new(), body.clone().into_bytes())),
            NOW,
        );
        let print = format!(
            "{settled:?} {} {}",
            serde_json::to_string(&settled.evidence).unwrap(),
            settled.error().map_or(String::new(), |one| error(&one))
        );
        assert!(!print.contains(MARK), "{body} is seen in {print}");
    }
}
