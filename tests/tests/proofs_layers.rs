//! The floors of core: imports go down only, and `std` stays behind its feature.

use std::fs;
use std::path::{Path, PathBuf};

/// Every floor by its height. The two on top stand side by side.
const FLOORS: [(&str, u8); 9] = [
    ("base", 0),
    ("provider", 1),
    ("client", 2),
    ("message", 3),
    ("flow", 4),
    ("connection", 5),
    ("fleet", 6),
    ("messages", 7),
    ("drive", 7),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src")
}

/// Every Rust file of core, as its path below `src` and its text.
fn files() -> Vec<(String, String)> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    collect(&source(), &mut paths);
    paths.sort();
    let name = |path: &Path| {
        path.strip_prefix(source())
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/")
    };
    paths
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The text without comments and without the contents of strings, so that neither a doc link nor a message counts.
fn code(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = if line.trim_start().starts_with("//") { "" } else { line };
        let (mut quoted, mut escaped, mut last) = (false, false, ' ');
        for char in line.chars() {
            if !quoted && last == '/' && char == '/' {
                out.pop();
                break;
            }
            match char {
                '"' if !escaped && last != '\'' => {
                    quoted = !quoted;
                    out.push(char);
                }
                _ if quoted => {}
                _ => out.push(char),
            }
            escaped = char == '\\' && !escaped;
            last = char;
        }
        out.push('\n');
    }
    out
}

/// The text without the items that stand behind one of these attributes.
fn without(text: &str, attributes: &[&str]) -> String {
    let mut out = text.to_owned();
    for attribute in attributes {
        while let Some(start) = out.find(attribute) {
            let after = start + attribute.len();
            let mut depth = 0_i32;
            let end = out[after..].char_indices().find_map(|(at, char)| {
                match char {
                    '{' | '(' | '[' => depth += 1,
                    ')' | ']' => depth -= 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                let ends = (char == ';' && depth == 0) || (char == '}' && depth <= 0);
                ends.then_some(after + at + 1)
            });
            out.replace_range(start..end.unwrap_or(out.len()), "");
        }
    }
    out
}

/// What follows each `crate::`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let list = rest
            .strip_prefix('{')
            .map_or(rest, |list| list.split('}').next().unwrap_or(""));
        let names: Vec<&str> = if rest.starts_with('{') {
            list.split(',').collect()
        } else {
            vec![list]
        };
        for name in names {
            let name: String = name
                .trim()
                .chars()
                .take_while(|char| char.is_ascii_alphanumeric() || *char == '_')
                .collect();
            found.push(name);
        }
    }
    found
}

fn height(floor: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(known, _)| *known == floor)
        .map(|(_, height)| *height)
}

/// What is wrong with the imports of a file.
fn faults(name: &str, text: &str) -> Vec<String> {
    let floor = name.split('/').next().unwrap().trim_end_matches(".rs");
    if floor == "lib" {
        return Vec::new();
    }
    let Some(own) = height(floor) else {
        return vec![format!("{name}: no floor is called {floor}")];
    };
    let mut faults = Vec::new();
    for import in imports(&code(text)) {
        match height(&import) {
            None => faults.push(format!("{name}: imports crate::{import}, which is no floor")),
            Some(other) if other > own => faults.push(format!("{name}: imports crate::{import}, a floor above")),
            Some(other) if other == own && import != floor => {
                faults.push(format!("{name}: imports crate::{import} beside it"))
            }
            Some(_) => {}
        }
    }
    faults
}

#[test]
fn imports_go_down_only() {
    let files = files();
    assert!(files.len() > 40, "{} files", files.len());
    let faults: Vec<String> = files.iter().flat_map(|(name, text)| faults(name, text)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    // A floor is a folder, and the crate's root declares nothing else.
    let root = code(&files.iter().find(|(name, _)| name == "lib.rs").unwrap().1);
    for line in root.lines().filter_map(|line| line.trim().strip_suffix(';')) {
        if let Some((_, name)) = line.split_once("mod ") {
            assert!(height(name).is_some(), "lib.rs declares {name}, which is no floor");
        }
    }
}

#[test]
fn an_import_that_goes_up_is_seen() {
    assert_eq!(faults("base/x.rs", "use crate::flow::step::Step;").len(), 1);
    assert_eq!(
        faults("base/x.rs", "fn f() { crate::client::configuration::g() }").len(),
        1
    );
    assert_eq!(faults("base/x.rs", "use crate::{base::error, message::pkce};").len(), 1);
    assert_eq!(faults("messages/x.rs", "use crate::drive::run;").len(), 1);
    assert_eq!(faults("other/x.rs", "").len(), 1);
    assert_eq!(
        faults(
            "flow/x.rs",
            "use crate::base::error::OAuthError; /// [`crate::drive`]\n// crate::drive\nlet x = \"crate::drive\";"
        )
        .len(),
        0
    );
}

/// `std` is named only behind the features that need it.
#[test]
fn std_stays_behind_its_features() {
    let gated = [
        "#[cfg(feature = \"std\")]",
        "#[cfg(feature = \"http\")]",
        "#[cfg(test)]",
        "#[cfg(all(test, feature = \"url\"))]",
    ];
    let files = files();
    // Modules that are gated as a whole, from their declarations.
    let mut whole: Vec<String> = Vec::new();
    for (name, text) in &files {
        let folder = name.trim_end_matches("mod.rs").trim_end_matches("lib.rs");
        for gate in gated {
            for rest in text.split(gate).skip(1) {
                let line = rest.trim_start().lines().next().unwrap_or("");
                if let Some((_, module)) = line.trim_end_matches(';').split_once("mod ") {
                    whole.push(format!("{folder}{module}.rs"));
                    whole.push(format!("{folder}{module}/"));
                }
            }
        }
    }
    let offends = |text: &str| {
        let text: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        let left = without(&text, &gated);
        left.split("std::").count() > 1
            && left
                .match_indices("std::")
                .any(|(at, _)| !left[..at].ends_with(|char: char| char.is_ascii_alphanumeric() || char == '_'))
    };
    for (name, text) in &files {
        if !whole
            .iter()
            .any(|module| name == module || (module.ends_with('/') && name.starts_with(module.as_str())))
        {
            assert!(!offends(text), "{name} names std outside its features");
        }
    }
    assert!(offends("use std::time::Instant;"));
    assert!(offends(
        "#[cfg(feature = \"std\")]\nfn f() { std::a() }\nfn g() { std::b() }"
    ));
    assert!(!offends(
        "#[cfg(feature = \"std\")]\npub fn f() { if true { std::a() } }\nfn g() {}"
    ));
}

/// What keeps panics out of core stands in its root, and is switched off nowhere.
#[test]
fn lints_against_panics_are_on() {
    let lints = [
        "expect_used",
        "get_unwrap",
        "indexing_slicing",
        "panic",
        "string_slice",
        "todo",
        "unimplemented",
        "unreachable",
        "unwrap_used",
    ];
    let files = files();
    let root = &files.iter().find(|(name, _)| name == "lib.rs").unwrap().1;
    assert!(root.contains("#![forbid(unsafe_code)]"));
    let denied = root
        .split("deny(")
        .find(|list| list.contains("clippy::"))
        .and_then(|list| list.split(')').next())
        .unwrap();
    for lint in lints {
        let lint = format!("clippy::{lint}");
        assert!(
            denied.split(',').any(|listed| listed.trim() == lint),
            "{lint} is not denied"
        );
        for (name, text) in &files {
            let switched = ["allow(", "expect(", "warn("].iter().any(|level| {
                without(&code(text), &["#[cfg(test)]"])
                    .split(level)
                    .skip(1)
                    .any(|list| list.split(')').next().unwrap().contains(&lint))
            });
            assert!(!switched, "{name} switches {lint} off");
        }
    }
}
