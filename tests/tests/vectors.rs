//! Runs the shared vectors of `tests/vectors` and the examples of `docs/messages.md`.
//!
//! The other languages run the same files through their own bindings; `tests/vectors/README.md` says how.

#![forbid(unsafe_code)]

#[path = "vectors/documents.rs"]
mod documents;
#[path = "vectors/file.rs"]
mod file;
#[path = "vectors/function.rs"]
mod function;
#[path = "vectors/matching.rs"]
mod matching;
#[path = "vectors/script.rs"]
mod script;

use std::collections::{BTreeMap, BTreeSet};

use file::{File, Kind};

/// Fewer than this, and vectors were lost.
const LEAST_FUNCTION_CASES: usize = 340;
const LEAST_SCRIPT_CASES: usize = 20;

#[test]
fn every_file_keeps_to_the_schema() {
    let schema = file::read("schema/vectors.schema.json");
    let validator = jsonschema::validator_for(&schema).expect("the schema itself");
    for name in file::names() {
        let document = file::read(&name);
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{name}: {}", faults.join("; "));
    }
}

#[test]
fn the_schema_refuses_what_is_no_vector() {
    let schema = file::read("schema/vectors.schema.json");
    let validator = jsonschema::validator_for(&schema).expect("the schema itself");
    let good = serde_json::json!({
        "$schema": "./schema/vectors.schema.json", "description": "d", "function": "pkce",
        "cases": [{ "name": "a name", "why": "RFC 7636", "given": {}, "expect": { "ok": {} } }],
    });
    assert!(validator.is_valid(&good));
    let spoil = |pointer: &str, value: serde_json::Value| {
        let mut bad = good.clone();
        let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
        bad.pointer_mut(parent).expect("the parent")[member] = value;
        bad
    };
    for bad in [
        spoil("/function", serde_json::json!("no_such_function")),
        spoil("/script", serde_json::json!("service_token")),
        spoil("/unknown", serde_json::json!(1)),
        spoil("/cases", serde_json::json!([])),
        spoil("/cases", serde_json::json!([{ "name": "x" }])),
    ] {
        assert!(!validator.is_valid(&bad), "{bad}");
    }
    let cases = [
        ("given", serde_json::json!(1)),
        ("expected", serde_json::json!({})),
        ("negative", serde_json::json!(false)),
        ("expect", serde_json::json!({})),
        ("expect", serde_json::json!({ "ok": {}, "error": { "code": "x" } })),
        ("expect", serde_json::json!({ "error": {} })),
        (
            "expect",
            serde_json::json!({ "error": { "code": "x", "message": "m" } }),
        ),
        ("expect", serde_json::json!({ "ok": { "a": { "$any": "list" } } })),
    ];
    for (member, value) in cases {
        let mut bad = good.clone();
        bad["cases"][0][member] = value;
        assert!(!validator.is_valid(&bad), "{bad}");
    }
}

#[test]
fn every_vector_holds() {
    let expected_failures = file::expected_failures();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut faults: Vec<String> = Vec::new();
    let (mut functions, mut function_negatives) = (0, 0);
    let (mut scripts, mut script_negatives) = (0, 0);
    let mut functions_seen: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for name in file::names() {
        let file = File::load(&name);
        let mut negatives = 0;
        for case in &file.cases {
            if !names.insert(case.name.clone()) {
                faults.push(format!("{name}: the name {:?} stands twice", case.name));
            }
            negatives += usize::from(case.negative);
            let outcome = match &file.kind {
                Kind::Function(function) => {
                    let seen = functions_seen.entry(function.clone()).or_default();
                    seen.0 |= case.value["expect"].get("ok").is_some();
                    seen.1 |= case.negative;
                    function::run(function, case)
                }
                Kind::Script => script::run(case),
            };
            match (outcome, expected_failures.get(&case.name)) {
                (Ok(()), None) => {}
                (Err(fault), Some(_)) => println!("fails as expected: {}: {fault}", case.name),
                (Err(fault), None) => faults.push(format!("{name}: {}: {fault}", case.name)),
                (Ok(()), Some(_)) => faults.push(format!(
                    "{name}: {}: passes, so it must leave expected_failures.json",
                    case.name
                )),
            }
        }
        match &file.kind {
            Kind::Function(_) => {
                functions += file.cases.len();
                function_negatives += negatives;
            }
            Kind::Script => {
                scripts += file.cases.len();
                script_negatives += negatives;
            }
        }
        println!("{name}: {} cases, {negatives} negative", file.cases.len());
    }
    println!("functions: {functions} cases, {function_negatives} negative");
    println!("scripts: {scripts} cases, {script_negatives} negative");
    println!("expected failures: {}", expected_failures.len());
    for name in expected_failures.keys().filter(|name| !names.contains(*name)) {
        faults.push(format!("expected_failures.json: there is no case {name:?}"));
    }
    for function in evergrant::messages::names() {
        match functions_seen.get(function) {
            None => faults.push(format!("no vectors for the function {function}")),
            Some((false, _)) => faults.push(format!("no answer is expected of the function {function}")),
            Some((_, false)) => faults.push(format!("no negative vectors for the function {function}")),
            Some((true, true)) => {}
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(functions >= LEAST_FUNCTION_CASES, "only {functions} function cases");
    assert!(
        function_negatives * 2 >= functions,
        "only {function_negatives} of {functions} are negative"
    );
    assert!(scripts >= LEAST_SCRIPT_CASES, "only {scripts} script cases");
}

#[test]
fn the_examples_of_the_documents_are_true() {
    let checked = documents::check();
    println!("docs/messages.md: {checked} examples");
    assert_eq!(checked, evergrant::messages::names().count());
}

#[test]
fn a_wrong_vector_fails() {
    let text = |given: &str, expect: &str| {
        serde_json::from_str::<serde_json::Value>(&format!(
            r#"{{ "name": "n", "why": "w", "given": {given}, "expect": {expect}, "secrets": ["emulated-secret"] }}"#
        ))
        .expect("JSON")
    };
    let given = r#"{ "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" }"#;
    let run = |value| function::run("pkce", &file::Case::new(value, None));
    assert!(
        run(text(
            given,
            r#"{ "ok": { "challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" } }"#
        ))
        .is_ok()
    );
    assert!(run(text(given, r#"{ "ok": { "challenge": { "$any": "string" } } }"#)).is_ok());
    assert!(
        run(text(
            "{ \"verifier\": \"short\" }",
            r#"{ "error": { "code": "invalid_parameter" } }"#
        ))
        .is_ok()
    );
    for (given, expect) in [
        (
            given,
            r#"{ "ok": { "challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN" } }"#,
        ),
        (given, r#"{ "ok": { "challenge": { "$any": "number" } } }"#),
        (given, r#"{ "ok": {} }"#),
        (given, r#"{ "ok": { "challenge": { "$any": "string" }, "more": 1 } }"#),
        (given, r#"{ "error": { "code": "invalid_parameter" } }"#),
        ("{ \"verifier\": \"short\" }", r#"{ "ok": { "challenge": "x" } }"#),
        (
            "{ \"verifier\": \"short\" }",
            r#"{ "error": { "code": "weak_entropy" } }"#,
        ),
        (
            "{ \"verifier\": \"short\" }",
            r#"{ "error": { "code": "invalid_parameter", "field": "other" } }"#,
        ),
        (
            "{ \"verifier\": \"short\" }",
            r#"{ "error": { "code": "invalid_parameter", "party": "store" } }"#,
        ),
        (
            "{ \"verifier\": \"short\" }",
            r#"{ "error": { "code": "invalid_parameter", "action": "give_up" } }"#,
        ),
        (
            "{ \"emulated-secret\": 1 }",
            r#"{ "error": { "code": "invalid_json" } }"#,
        ),
    ] {
        assert!(run(text(given, expect)).is_err(), "{given} {expect}");
    }
}
