//! The table of docs/reliability.md: every way in which connections are lost, and the tests that it names.

use std::fs;
use std::path::{Path, PathBuf};

/// The last of the cases.
const LAST: usize = 53;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/reliability.md")).unwrap()
}

/// The rows of the cases: number and whole line.
fn cases(page: &str) -> Vec<(usize, &str)> {
    page.lines()
        .filter_map(|line| {
            let (number, _) = line.strip_prefix("| F")?.split_once(' ')?;
            Some((number.parse().ok()?, line))
        })
        .collect()
}

/// The tests that a row names: file and name.
fn tests(row: &str) -> Vec<(&str, &str)> {
    let quoted = row.split('`').skip(1).step_by(2);
    quoted.filter_map(|text| text.split_once(": ")).collect()
}

/// Whether a file has a test of this name: a function that is marked as one, or a vector.
fn has_test(file: &str, text: &str, name: &str) -> bool {
    if file.ends_with(".json") {
        return text.contains(&format!("\"name\": \"{name}\""));
    }
    let mut is_marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_marked |= line.starts_with("#[test]") || line.contains("::test");
        } else {
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            if is_marked && function.is_some_and(|rest| rest.starts_with(&format!("{name}("))) {
                return true;
            }
            is_marked = false;
        }
    }
    false
}

#[test]
fn every_case_stands_once_and_in_order() {
    let page = page();
    let numbers: Vec<_> = cases(&page).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, (1..=LAST).collect::<Vec<_>>());
}

#[test]
fn every_test_that_is_named_exists() {
    let page = page();
    let mut missing = Vec::new();
    for (number, row) in cases(&page) {
        for (file, name) in tests(row) {
            let text = fs::read_to_string(root().join(file)).unwrap_or_default();
            if !has_test(file, &text, name) {
                missing.push(format!("F{number}: {file}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_case_names_a_test_or_says_why_not() {
    let page = page();
    let says = |row: &str| row.to_lowercase().contains("**cannot be had**") || row.contains("TODO-TEST");
    let bare: Vec<_> = cases(&page)
        .into_iter()
        .filter(|(_, row)| tests(row).is_empty() && !says(row))
        .collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn no_test_is_still_to_be_written() {
    let page = page();
    let waiting: Vec<_> = page.lines().filter(|line| line.contains("TODO-TEST")).collect();
    assert!(waiting.is_empty(), "{waiting:#?}");
}

#[test]
fn a_test_that_does_not_exist_is_seen() {
    let text = "#[test]\nfn there() {}\n\nfn helper() {}\n#[tokio::test]\nasync fn slow() {}\n// fn gone() {}\n";
    for (name, found) in [
        ("there", true),
        ("the", false),
        ("helper", false),
        ("slow", true),
        ("gone", false),
    ] {
        assert_eq!(has_test("a.rs", text, name), found, "{name}");
    }
    assert!(has_test("a.json", "{\"name\": \"a case\"}", "a case"));
    assert!(!has_test("a.json", "{\"name\": \"a case\"}", "a"));
    let row = "| F1 | `invalid_grant` | done | `a/b.rs: one`, `a/c.json: two words` | |";
    assert_eq!(tests(row), [("a/b.rs", "one"), ("a/c.json", "two words")]);
    assert_eq!(cases(row).len(), 1);
}
