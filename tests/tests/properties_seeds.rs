//! The fuzz targets on every ordinary run: each committed seed, and mutations of them that are the same every time.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use evergrant_tests::fuzz::mutation::{Numbers, cases, mutate};
use evergrant_tests::fuzz::{Body, TARGETS};

fn folder(parts: &[&str]) -> PathBuf {
    parts
        .iter()
        .fold(Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(), |path, part| {
            path.join(part)
        })
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder(&["fuzz", "seeds", target]);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 3, "{target} has too few seeds");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs a body, and prints the data of a failure.
fn feed(target: &str, body: Body, data: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| body(data))).is_err() {
        panic!(
            "the fuzz target {target} fails on {:?}",
            data.escape_ascii().to_string()
        );
    }
}

fn feed_all(target: &str) {
    let (_, body) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target);
    feed(target, *body, b"");
    for seed in &seeds {
        feed(target, *body, seed);
    }
    for round in 0..u64::from(cases(300)) * 10 {
        let mut numbers = Numbers::new(round);
        let seed = &seeds[numbers.below(seeds.len())];
        feed(target, *body, &mutate(seed, &seeds, &mut numbers));
    }
}

#[test]
fn callback() {
    feed_all("callback");
}

#[test]
fn connection_script() {
    feed_all("connection_script");
}

#[test]
fn endpoint() {
    feed_all("endpoint");
}

#[test]
fn messages() {
    feed_all("messages");
}

#[test]
fn pending() {
    feed_all("pending");
}

#[test]
fn profile() {
    feed_all("profile");
}

#[test]
fn record() {
    feed_all("record");
}

#[test]
fn service_token_script() {
    feed_all("service_token_script");
}

#[test]
fn token_answer() {
    feed_all("token_answer");
}

#[test]
fn www_authenticate() {
    feed_all("www_authenticate");
}

/// Every target has a file for the fuzzer and a test here, and nothing else has.
#[test]
fn every_target_is_fed() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let listed = |path: &[&str]| {
        let mut names: Vec<String> = fs::read_dir(folder(path))
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(listed(&["fuzz", "fuzz_targets"]), names);
    assert_eq!(listed(&["fuzz", "seeds"]), names);
    let manifest = fs::read_to_string(folder(&["fuzz", "Cargo.toml"])).unwrap();
    let source = fs::read_to_string(folder(&["tests", "properties_seeds.rs"])).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(source.contains(&format!("fn {name}() {{")), "{name}");
        let target = fs::read_to_string(folder(&["fuzz", "fuzz_targets", &format!("{name}.rs")])).unwrap();
        assert!(target.contains(&format!("fuzz::{name}::run(data)")), "{name}");
    }
}
