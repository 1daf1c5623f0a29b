//! Profiles and client configurations: generated ones survive the round trip, and every mistake has a place.

use evergrant::client::configuration::Client;
use evergrant::provider::profile::Profile;
use evergrant_tests::fuzz::mutation::cases;
use evergrant_tests::fuzz::profile::{check_error, check_profile};
use proptest::prelude::*;
use serde_json::{Value, json};

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// An object in which each of these members may be missing.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let members: Vec<BoxedStrategy<Option<(String, Value)>>> = members
        .into_iter()
        .map(|(name, value)| proptest::option::of(value.prop_map(move |value| (name.to_owned(), value))).boxed())
        .collect();
    members
        .prop_map(|members| Value::Object(members.into_iter().flatten().collect()))
        .boxed()
}

fn text() -> BoxedStrategy<Value> {
    ".{1,8}".prop_map(Value::from).boxed()
}

fn texts() -> BoxedStrategy<Value> {
    proptest::collection::vec(text(), 0..3).prop_map(Value::from).boxed()
}

/// Words without either separator.
fn scopes() -> BoxedStrategy<Value> {
    proptest::collection::vec("[a-z0-9:._/]{1,8}", 0..3)
        .prop_map(Value::from)
        .boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

fn word(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    proptest::sample::select(words).prop_map(Value::from).boxed()
}

fn path() -> BoxedStrategy<Value> {
    "[a-zA-Z0-9_]{1,6}(\\.[a-z0-9]{1,4}){0,2}".prop_map(Value::from).boxed()
}

/// No two fields of an answer at the same place.
fn path_under(field: &'static str) -> BoxedStrategy<Value> {
    "[a-z0-9]{1,4}"
        .prop_map(move |rest| format!("{field}.{rest}").into())
        .boxed()
}

fn paths() -> BoxedStrategy<Value> {
    proptest::collection::vec(path(), 0..3).prop_map(Value::from).boxed()
}

fn seconds() -> BoxedStrategy<Value> {
    (1_i64..=100 * 366 * 86_400).prop_map(Value::from).boxed()
}

fn parameters() -> BoxedStrategy<Value> {
    proptest::collection::hash_map("x[a-z ]{0,4}", ".{0,4}", 0..3)
        .prop_map(|map| json!(map))
        .boxed()
}

fn url() -> BoxedStrategy<Value> {
    "https://(\\{shop\\}\\.)?[a-z]{1,4}\\.example(:[1-3][0-9]{3})?/[a-z]{0,5}"
        .prop_map(Value::from)
        .boxed()
}

fn hosts() -> BoxedStrategy<Value> {
    ("https://[a-z]{1,5}\\.example", url(), url(), url(), url())
        .prop_map(|(issuer, authorize, token, mutual, revocation)| {
            json!({"issuer": issuer, "authorize": authorize, "token": token, "mutual_tls_token": mutual, "revocation": revocation})
        })
        .boxed()
}

fn nullable() -> BoxedStrategy<Value> {
    prop_oneof![Just(Value::Null), text()].boxed()
}

/// Not a name that the other parameters have, nor one of the protocol's.
fn scope_parameter() -> BoxedStrategy<Value> {
    prop_oneof![Just(Value::Null), "[a-w]{1,3}_scope".prop_map(Value::from)].boxed()
}

fn profile() -> BoxedStrategy<Value> {
    let grant = || {
        object(vec![
            ("scope", flag()),
            ("default_scopes", scopes()),
            ("client_id_in_body", flag()),
            ("parameters", parameters()),
        ])
    };
    let grants = object(vec![("authorization_code", grant()), ("client_credentials", grant())]);
    let grants = (grants, grant()).prop_map(|(mut grants, refresh)| {
        grants["refresh_token"] = refresh;
        grants
    });
    let lifetimes = object(vec![
        ("refresh_idle_seconds", seconds()),
        ("refresh_hard_seconds", seconds()),
        ("code_seconds", seconds()),
    ]);
    let access = prop_oneof![
        Just(json!({})),
        seconds().prop_map(|seconds| json!({"access_seconds": seconds})),
        Just(json!({"access_never_expires": true})),
    ];
    let lifetimes = (lifetimes, access).prop_map(|(mut lifetimes, access)| {
        lifetimes
            .as_object_mut()
            .unwrap()
            .extend(access.as_object().unwrap().clone());
        lifetimes
    });
    let window = prop_oneof![
        Just(json!({"type": "none"})),
        Just(json!({"type": "unlimited"})),
        seconds().prop_map(|seconds| json!({"type": "seconds", "seconds": seconds})),
    ];
    let callback = (proptest::collection::btree_set("k[a-z]{1,4}", 0..3), flag(), flag())
        .prop_map(|(keep, iss, typed)| json!({"account_ids": keep.iter().take(1).collect::<Vec<_>>(), "keep": keep, "requires_iss": iss, "typed_code": typed}));
    let class = word(&[
        "grant_refused",
        "client_refused",
        "request_refused",
        "throttled",
        "concurrent_refresh",
        "unknown",
    ]);
    let classes = proptest::collection::hash_map("[!#-\\[\\]-~]{1,6}", class, 0..3).prop_map(|map| json!(map));
    let answer = object(
        [
            "access_token",
            "refresh_token",
            "token_type",
            "scope",
            "expires_in",
            "expires_at",
            "refresh_expires_in",
            "refresh_expires_at",
            "refresh_hard_expires_in",
        ]
        .into_iter()
        .map(|name| (name, path_under(name)))
        .chain([("account_ids", paths())])
        .collect(),
    );
    let rest = object(vec![
        ("name", text()),
        (
            "environments",
            object(vec![("production", hosts()), ("sandbox", hosts())]),
        ),
        ("body", word(&["form", "json"])),
        (
            "authentication",
            object(vec![
                ("secret", word(&["body", "basic", "basic_raw"])),
                ("mutual_tls", word(&["none", "optional", "required"])),
            ]),
        ),
        (
            "authorize",
            object(vec![
                ("response_type", nullable()),
                ("scope_parameter", scope_parameter()),
                ("scope_separator", word(&[" ", ","])),
                ("pkce", flag()),
                ("parameters", parameters()),
            ]),
        ),
        ("correlation_header", "X-[A-Za-z-]{1,8}".prop_map(Value::from).boxed()),
        ("step_up_header", "X-[A-Za-z-]{1,8}".prop_map(Value::from).boxed()),
        ("answer", answer),
        (
            "errors",
            object(vec![
                ("code", paths()),
                ("description", paths()),
                ("classes", classes.boxed()),
                ("description_may_hold_token", flag()),
            ]),
        ),
        ("lifetimes", lifetimes.boxed()),
        (
            "refresh",
            object(vec![("window", window.boxed()), ("invalidates_access_token", flag())]),
        ),
        ("callback", callback.boxed()),
        ("service_token_per", word(&["app", "worker"])),
        ("consent", object(vec![("roles", texts()), ("reconnect", text())])),
    ]);
    ("[a-z][a-z0-9_]{0,12}", grants, rest)
        .prop_map(|(id, grants, mut rest)| {
            rest["id"] = id.into();
            rest["grants"] = grants;
            rest
        })
        .boxed()
}

/// Every place in a tree, in order.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            places(
                value,
                &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                found,
            );
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| places(value, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

fn odd() -> BoxedStrategy<Value> {
    prop_oneof![
        proptest::sample::select(vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1.5),
            json!(1e300),
            json!(""),
            json!([]),
            json!({}),
            json!([1]),
            json!({"x": 1}),
            json!("unknown"),
            json!("https://a.example"),
            json!("http://a.example/"),
            json!("javascript:alert(1)")
        ]),
        text(),
        any::<i64>().prop_map(Value::from),
    ]
    .boxed()
}

/// One change of a tree: a value replaced, a member removed, one added.
fn change(mut tree: Value, at: proptest::sample::Index, kind: u8, odd: Value) -> Value {
    let mut found = Vec::new();
    places(&tree, "", &mut found);
    let place = found[at.index(found.len())].clone();
    if kind == 0 {
        if let Some(Value::Object(members)) = tree.pointer_mut(&place) {
            members.insert("surplus".into(), odd);
        }
    } else if kind == 1 && place.contains('/') {
        let (parent, name) = place.rsplit_once('/').unwrap();
        if let Some(Value::Object(members)) = tree.pointer_mut(parent) {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
    } else if let Some(value) = tree.pointer_mut(&place) {
        *value = odd;
    }
    tree
}

fn client(profile: Value) -> Value {
    json!({"profile": profile, "environment": "demo", "client_id": "id", "client_secret": "Secret-1", "next_client_secret": "Secret-2",
        "redirect_uri": "https://app.example/cb", "headers": {"User-Agent": "x/1"}, "variables": {},
        "endpoints": {"authorize": "https://a.example/a", "token": "https://a.example/t", "issuer": "https://a.example"}})
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_profile_survives_the_round_trip(tree in profile()) {
        match Profile::from_json(&tree.to_string()) {
            Ok(profile) => {
                check_profile(&profile);
                assert_eq!(profile.id(), tree["id"].as_str().unwrap());
            }
            Err(error) => check_error(&tree.to_string(), &error),
        }
    }

    #[test]
    fn a_changed_profile_is_good_or_its_fault_has_a_place(tree in profile(), at in any::<proptest::sample::Index>(), kind in 0_u8..4, odd in odd()) {
        let text = change(tree, at, kind, odd).to_string();
        match Profile::from_json(&text) {
            Ok(profile) => check_profile(&profile),
            Err(error) => check_error(&text, &error),
        }
    }

    #[test]
    fn a_changed_client_is_good_or_its_fault_has_a_place(own in any::<bool>(), tree in profile(), at in any::<proptest::sample::Index>(), kind in 0_u8..4, odd in odd()) {
        let tree = client(if own { tree } else { json!("generic") });
        let text = change(tree, at, kind, odd).to_string();
        match Client::from_json(&text) {
            Ok(client) => {
                let print = format!("{client:?}");
                assert!(!print.contains("Secret-"), "{print}");
                evergrant_tests::fuzz::endpoint::check_endpoint(client.token_endpoint().as_str(), client.token_endpoint());
            }
            Err(error) => {
                check_error(&text, &error);
                let print = format!("{error} {error:?}");
                assert!(!print.contains("Secret-"), "{print}");
            }
        }
    }
}

/// The generator reaches what it is there for: most of its profiles are good.
#[test]
fn most_generated_profiles_are_good() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let strategy = profile();
    let good = (0..60)
        .filter(|_| Profile::from_json(&strategy.new_tree(&mut runner).unwrap().current().to_string()).is_ok())
        .count();
    assert!(good > 30, "{good} of 60");
}

#[test]
fn every_built_in_profile_survives_the_round_trip() {
    for id in Profile::built_in_ids() {
        check_profile(&Profile::built_in(id).unwrap());
    }
}

/// Even a member without a name has a place.
#[test]
fn a_member_without_a_name_has_a_place() {
    for text in [r#"{"":1}"#, r#"{"id":"a","grants":{"refresh_token":{"":1}}}"#] {
        check_error(text, &Profile::from_json(text).err().unwrap());
        check_error(text, &Client::from_json(text).err().unwrap());
    }
}
