//! Each field of a built-in profile has its evidence beside it, and no binary carries it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use evergrant::provider::profile::Profile;
use serde_json::Value;

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src")
}

fn read(folder: &str, id: &str) -> Value {
    let path = core().join("provider").join(folder).join(format!("{id}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The paths of what a file states: scalars, lists, and objects that are empty.
fn leaves(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                leaves(value, &path, found);
            }
        }
        _ => assert!(found.insert(path.into()), "two fields have the path {path}"),
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn ids(folder: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    files(&core().join("provider").join(folder), &mut found);
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    found.iter().map(stem).collect()
}

#[test]
fn each_profile_has_a_file_of_evidence() {
    let built_in: BTreeSet<String> = Profile::built_in_ids().map(String::from).collect();
    assert_eq!(ids("data"), built_in);
    assert_eq!(ids("evidence"), built_in);
}

#[test]
fn each_stated_field_has_one_entry_and_none_is_stale() {
    for id in Profile::built_in_ids() {
        let mut stated = BTreeSet::new();
        leaves(&read("data", id), "", &mut stated);
        let evidence = read("evidence", id);
        let named: BTreeSet<String> = evidence.as_object().unwrap().keys().cloned().collect();
        let missing: Vec<_> = stated.difference(&named).collect();
        let stale: Vec<_> = named.difference(&stated).collect();
        assert!(
            missing.is_empty() && stale.is_empty(),
            "{id}: without evidence {missing:?}, stale {stale:?}"
        );
    }
}

/// A map type of a parser keeps the last of two equal names, so they are counted in the text.
#[test]
fn no_entry_stands_twice() {
    for id in Profile::built_in_ids() {
        let path = core().join("provider/evidence").join(format!("{id}.json"));
        let text = fs::read_to_string(path).unwrap();
        let entries = read("evidence", id).as_object().unwrap().len();
        assert_eq!(text.matches("\"status\":").count(), entries, "{id}");
    }
}

#[test]
fn entries_have_a_status_a_source_and_at_most_a_note() {
    for id in Profile::built_in_ids() {
        for (path, entry) in read("evidence", id).as_object().unwrap() {
            let entry = entry.as_object().unwrap();
            let status = entry["status"].as_str().unwrap();
            assert!(
                ["documented", "observed", "unconfirmed"].contains(&status),
                "{id} {path}"
            );
            assert!(!entry["source"].as_str().unwrap().is_empty(), "{id} {path}");
            if let Some(note) = entry.get("note") {
                assert!(!note.as_str().unwrap().is_empty(), "{id} {path}");
            }
            let known = |name: &String| ["status", "source", "note"].contains(&name.as_str());
            assert!(entry.keys().all(known), "{id} {path}");
        }
    }
}

/// Where the providers' documents contradict each other, the note says so.
#[test]
fn disagreements_are_told() {
    for (id, path) in [
        ("airwallex", "environments.sandbox.token"),
        ("airwallex", "lifetimes.refresh_idle_seconds"),
        ("wise", "environments.sandbox.authorize"),
        ("wise", "environments.sandbox.token"),
        ("wise", "environments.sandbox.mutual_tls_token"),
        ("wise", "lifetimes.refresh_idle_seconds"),
    ] {
        let note = read("evidence", id)[path]["note"].to_string();
        assert!(note.contains("documents disagree"), "{id} {path}: {note}");
    }
}

/// OFX names no production host in the open, so none is shipped, and the note tells why.
#[test]
fn ofx_ships_no_production_hosts() {
    for id in Profile::built_in_ids().filter(|id| id.starts_with("ofx_")) {
        assert!(read("data", id)["environments"].get("production").is_none(), "{id}");
        let note = read("evidence", id)["environments.sandbox.token"]["note"].to_string();
        assert!(note.contains("production host"), "{id}: {note}");
    }
}

#[test]
fn no_binary_carries_evidence() {
    let mut sources = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for member in [
        "core/src",
        "bindings-wasm/src",
        "bindings-python/src",
        "bindings-mobile/src",
    ] {
        files(&root.join(member), &mut sources);
    }
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(sources.len() > 20, "the sources were not found");
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        let carries = |line: &str| line.contains("include") && line.contains("evidence/");
        assert!(!text.lines().any(carries), "{}", path.display());
    }
}
