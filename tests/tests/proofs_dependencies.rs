//! How many crates core brings along.

use std::collections::BTreeSet;
use std::process::Command;

/// The budget, core itself apart.
const MOST: usize = 28;

fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            "evergrant",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty());
    names.filter(|name| *name != "evergrant").map(String::from).collect()
}

#[test]
fn core_stays_within_its_budget() {
    let bare = tree(&["--no-default-features"]);
    assert!(bare.contains("serde_json") && bare.contains("sha2"), "{bare:?}");
    assert!(bare.len() <= MOST, "{} crates: {bare:?}", bare.len());
    for name in ["url", "http", "getrandom", "rand", "tokio", "ring"] {
        assert!(!bare.contains(name), "{name} is not for bare core");
    }
    let usual = tree(&[]);
    assert!(usual.is_superset(&bare) && usual.contains("getrandom"));
}
