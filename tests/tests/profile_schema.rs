//! `docs/profile.schema.json` and the reader of profiles agree, in both directions.

#[path = "schema/mutations.rs"]
mod mutations;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use evergrant::base::error::ErrorCode;
use evergrant::provider::grant::Grant;
use evergrant::provider::profile::Profile;
use jsonschema::Validator;
use mutations::{By, MUTATIONS};
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("docs/profile.schema.json")).unwrap()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// Every field that a profile can have, beside those that exclude one another.
fn full() -> Value {
    let hosts = |name: &str| {
        json!({
            "issuer": format!("https://{name}.example"),
            "authorize": format!("https://{{shop}}.{name}.example/authorize"),
            "token": format!("https://{{shop}}.{name}.example/token"),
            "mutual_tls_token": format!("https://{{shop}}.mtls.{name}.example/token"),
            "revocation": format!("https://{{shop}}.{name}.example/revoke"),
        })
    };
    let grant = |scope: &str| {
        json!({
            "scope": true,
            "default_scopes": [scope],
            "client_id_in_body": true,
            "parameters": { "expiring": "1" },
        })
    };
    json!({
        "id": "full",
        "name": "Full",
        "environments": { "production": hosts("live"), "sandbox": hosts("test") },
        "grants": {
            "authorization_code": grant("a"),
            "refresh_token": grant("b"),
            "client_credentials": grant("c"),
        },
        "body": "json",
        "authentication": { "secret": "basic_raw", "mutual_tls": "required" },
        "authorize": {
            "response_type": "code id_token",
            "scope_parameter": "user_scope",
            "scope_separator": ",",
            "pkce": false,
            "parameters": { "session": "false" },
        },
        "correlation_header": "X-Correlation-Id",
        "step_up_header": "X-Step-Up",
        "answer": {
            "access_token": "data.access_token",
            "refresh_token": "data.refresh_token",
            "token_type": "data.type",
            "scope": "data.scope",
            "expires_in": "data.expires_in",
            "expires_at": "data.expires_at",
            "refresh_expires_in": "data.refresh_expires_in",
            "refresh_expires_at": "data.refresh_expires_at",
            "refresh_hard_expires_in": "data.hard",
            "account_ids": ["data.account.0.id"],
        },
        "errors": {
            "code": ["fault.code"],
            "description": ["fault.text"],
            "classes": { "dead": "grant_refused" },
            "description_may_hold_token": true,
        },
        "lifetimes": {
            "access_seconds": 600,
            "refresh_idle_seconds": 1000,
            "refresh_hard_seconds": 2000,
            "code_seconds": 30,
        },
        "refresh": { "window": { "type": "seconds", "seconds": 60 }, "invalidates_access_token": true },
        "callback": { "keep": ["realm"], "account_ids": ["realm"], "requires_iss": true, "typed_code": true },
        "service_token_per": "worker",
        "consent": { "roles": ["Owner"], "reconnect": "connect again" },
    })
}

fn never_expires() -> Value {
    let mut profile = full();
    profile["lifetimes"] = json!({ "access_never_expires": true });
    profile
}

fn accepted() -> Vec<(String, Value)> {
    let mut profiles = vec![("full".into(), full()), ("never".into(), never_expires())];
    for folder in ["core/src/provider/data", "tests/profiles"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            profiles.push((path.display().to_string(), serde_json::from_str(&text).unwrap()));
        }
    }
    profiles
}

fn read(profile: &Value) -> Result<Profile, String> {
    Profile::from_json(&profile.to_string()).map_err(|error| {
        assert_eq!(error.code(), ErrorCode::InvalidProfile, "{error}");
        error.details().field.clone().unwrap_or_default()
    })
}

#[test]
fn both_accept_every_profile_there_is() {
    let validator = validator();
    let profiles = accepted();
    assert!(profiles.len() >= 2 + 7 + 6);
    for (name, profile) in profiles {
        if let Err(error) = validator.validate(&profile) {
            panic!("{name}: {error} at {}", error.instance_path());
        }
        let read = read(&profile).unwrap_or_else(|field| panic!("{name}: {field}"));
        // Written out in full, both accept it again, and it says the same.
        let written: Value = serde_json::from_str(&read.to_json()).unwrap();
        assert!(validator.is_valid(&written), "{name}: {written}");
        assert_eq!(Profile::from_json(&read.to_json()).unwrap(), read, "{name}");
    }
}

/// The object in which the place stands, and its last step.
fn parent<'a>(profile: &'a mut Value, place: &str) -> (&'a mut serde_json::Map<String, Value>, String) {
    let (folder, name) = place.rsplit_once('/').unwrap();
    let object = profile.pointer_mut(folder).unwrap().as_object_mut().unwrap();
    (object, name.into())
}

fn mutated(place: &str, value: Option<Value>) -> Value {
    let mut profile = full();
    let (object, name) = parent(&mut profile, place);
    match value {
        Some(value) => {
            object.insert(name, value);
        }
        None => assert!(object.remove(&name).is_some(), "{place} is not there"),
    }
    profile
}

#[test]
fn single_mistakes_are_refused_by_both() {
    assert!(MUTATIONS.len() > 60);
    let validator = validator();
    for (place, text, field, by) in MUTATIONS {
        let value = text.map(|text| serde_json::from_str(text).unwrap());
        let profile = mutated(place, value);
        assert_eq!(read(&profile).unwrap_err(), *field, "{place} {text:?}");
        match by {
            By::Both => assert!(!validator.is_valid(&profile), "the schema accepts {place} {text:?}"),
            By::ReaderOnly(why) => assert!(
                validator.is_valid(&profile),
                "the schema refuses {place} {text:?} although {why}"
            ),
        }
    }
}

/// Lists and objects of a value, and everything in them, as pointers.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    found.push(place.into());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                places(value, &format!("{place}/{at}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_wrong_type_anywhere_is_refused_by_both() {
    let validator = validator();
    let mut tried = 0;
    for template in [full(), never_expires()] {
        let mut all = Vec::new();
        places(&template, "", &mut all);
        for place in &all {
            let there = template.pointer(place).unwrap();
            let nullable = ["/authorize/response_type", "/authorize/scope_parameter"].contains(&place.as_str());
            for other in [
                json!(7),
                json!("7"),
                json!(true),
                json!(null),
                json!([7]),
                json!({"seven": 7}),
            ] {
                if std::mem::discriminant(there) == std::mem::discriminant(&other) || (nullable && other.is_null()) {
                    continue;
                }
                let mut profile = template.clone();
                *profile.pointer_mut(place).unwrap() = other.clone();
                assert!(read(&profile).is_err(), "the reader accepts {other} at {place}");
                assert!(!validator.is_valid(&profile), "the schema accepts {other} at {place}");
                tried += 1;
            }
        }
    }
    assert!(tried > 600, "{tried}");
}

#[test]
fn an_unknown_field_at_any_level_is_refused_by_both() {
    let validator = validator();
    let mut all = Vec::new();
    places(&full(), "", &mut all);
    let mut tried = 0;
    for place in all {
        let mut profile = full();
        let Some(object) = profile.pointer_mut(&place).and_then(Value::as_object_mut) else {
            continue;
        };
        object.insert("unknown_field".into(), json!(7));
        let path = format!("{place}/unknown_field")
            .trim_start_matches('/')
            .replace('/', ".");
        assert_eq!(read(&profile).unwrap_err(), path);
        assert!(
            !validator.is_valid(&profile),
            "the schema accepts an unknown field in {place}"
        );
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

/// Only the reader sees these: a schema is given a value, not the text.
#[test]
fn what_only_the_text_shows_the_reader_refuses() {
    for (text, field) in [
        (r#"{"id":"a","id":"a","grants":{"refresh_token":{}}}"#, Some("id")),
        (
            r#"{"id":"a","grants":{"refresh_token":{},"refresh_token":{}}}"#,
            Some("grants.refresh_token"),
        ),
        (
            r#"{"id":"a","grants":{"refresh_token":{"parameters":{"x":"1","x":"2"}}}}"#,
            Some("grants.refresh_token.parameters.x"),
        ),
        (
            r#"{"id":"a","grants":{"refresh_token":{}},"errors":{"classes":{"x":"unknown","x":"throttled"}}}"#,
            Some("errors.classes.x"),
        ),
        (r#"{"id":"a","grants":{"refresh_token":{}}} {}"#, None),
        (r#"{"id":"a","grants":{"refresh_token":{}},}"#, None),
        ("", None),
    ] {
        let error = Profile::from_json(text).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidProfile, "{text}");
        assert_eq!(error.details().field.as_deref(), field, "{text}");
    }
}

/// The fields of the schema with their default, where it states one. Maps with free names are leaves.
fn properties(root: &Value, node: &Value, path: &str, found: &mut BTreeMap<String, Option<Value>>) {
    if let Some(reference) = node["$ref"].as_str() {
        properties(
            root,
            root.pointer(reference.trim_start_matches('#')).unwrap(),
            path,
            found,
        );
    }
    for alternative in node["oneOf"].as_array().into_iter().flatten() {
        properties(root, alternative, path, found);
    }
    for (name, property) in node["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        assert!(property["description"].is_string(), "{path} has no description");
        let referenced = property["$ref"]
            .as_str()
            .map(|reference| &root.pointer(reference.trim_start_matches('#')).unwrap()["default"]);
        let default = [Some(&property["default"]), referenced]
            .into_iter()
            .flatten()
            .find(|value| !value.is_null());
        found.insert(path.clone(), default.cloned());
        properties(root, property, &path, found);
    }
}

fn schema_fields() -> BTreeMap<String, Option<Value>> {
    let schema = schema();
    let mut found = BTreeMap::new();
    properties(&schema, &schema, "", &mut found);
    found
}

fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        found.insert(path.clone());
        if !["parameters", "classes"].contains(&name.as_str()) {
            fields(value, &path, found);
        }
    }
}

#[test]
fn the_schema_has_the_fields_that_a_profile_writes() {
    let mut written = BTreeSet::new();
    for profile in [full(), never_expires()] {
        let text = read(&profile).unwrap().to_json();
        fields(&serde_json::from_str(&text).unwrap(), "", &mut written);
    }
    let described: BTreeSet<String> = schema_fields().into_keys().collect();
    assert_eq!(described, written);
}

/// Nothing that the reader knows is missing from the schema, also where no profile writes it.
#[test]
fn the_schema_has_the_fields_that_the_reader_lists() {
    let source = fs::read_to_string(root().join("core/src/provider/profile_reader.rs")).unwrap();
    let mut listed: BTreeSet<String> = Grant::ALL.iter().map(|grant| grant.as_str().into()).collect();
    let mut lists = 0;
    for start in [".object(&[", "FIELDS: [&str;"] {
        for piece in source.split(start).skip(1) {
            let list = piece
                .split_once("= [")
                .filter(|_| start.starts_with('F'))
                .map_or(piece, |(_, list)| list);
            let list = list.split(']').next().unwrap();
            listed.extend(list.split('"').skip(1).step_by(2).map(String::from));
            lists += 1;
        }
    }
    assert!(lists >= 12, "the reader's lists were not found");
    let last = |path: &String| path.rsplit('.').next().unwrap().to_owned();
    let described: BTreeSet<String> = schema_fields().keys().map(last).collect();
    assert_eq!(described, listed);
}

#[test]
fn the_defaults_of_the_schema_are_the_readers() {
    let bare =
        json!({ "id": "bare", "grants": { "authorization_code": {}, "refresh_token": {}, "client_credentials": {} } });
    let written: Value = serde_json::from_str(&read(&bare).unwrap().to_json()).unwrap();
    let mut compared = 0;
    for (path, default) in schema_fields() {
        let Some(default) = default else { continue };
        let there = written.pointer(&format!("/{}", path.replace('.', "/")));
        // Not written where it is false.
        if path == "lifetimes.access_never_expires" {
            assert_eq!((there, default), (None, json!(false)));
        } else {
            assert_eq!(there, Some(&default), "{path}");
        }
        compared += 1;
    }
    assert!(compared > 35, "{compared}");
}

/// The enums of the schema are the words of the reader: each is accepted by both.
#[test]
fn every_word_is_accepted_by_both() {
    let validator = validator();
    for (place, words) in [
        ("/body", &["form", "json"][..]),
        ("/authentication/secret", &["body", "basic", "basic_raw"]),
        ("/authentication/mutual_tls", &["none", "optional", "required"]),
        ("/authorize/scope_separator", &[" ", ","]),
        (
            "/errors/classes/dead",
            &[
                "grant_refused",
                "client_refused",
                "request_refused",
                "throttled",
                "concurrent_refresh",
                "unknown",
            ],
        ),
        ("/service_token_per", &["app", "worker"]),
    ] {
        for word in words {
            let profile = mutated(place, Some(json!(word)));
            assert!(read(&profile).is_ok() && validator.is_valid(&profile), "{place} {word}");
        }
    }
    for window in [json!({"type": "none"}), json!({"type": "unlimited"})] {
        let profile = mutated("/refresh/window", Some(window));
        assert!(read(&profile).is_ok() && validator.is_valid(&profile));
    }
    for url in [
        "http://127.0.0.1:8080/token",
        "http://localhost/token",
        "http://[::1]:9/token?a=b",
        "https://a.example",
        "https://a.example:8443/a/b?c=d",
        "https://{shop}.{region}.a.example/token",
    ] {
        let profile = mutated("/environments/sandbox/token", Some(json!(url)));
        assert!(read(&profile).is_ok() && validator.is_valid(&profile), "{url}");
    }
}
