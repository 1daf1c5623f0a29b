//! The examples of `docs/messages.md`: under each heading that names a function, one block `json in` and one `json out`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::matching;

/// Runs every example; the number of functions that have one.
pub fn check() -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/messages.md");
    let text = fs::read_to_string(path).expect("docs/messages.md");
    let mut blocks: BTreeMap<(String, &str), String> = BTreeMap::new();
    let mut heading = String::new();
    let mut open: Option<&str> = None;
    for line in text.lines() {
        match (open, line) {
            (None, "```json in") => open = Some("in"),
            (None, "```json out") => open = Some("out"),
            (Some(_), "```") => open = None,
            (Some(kind), line) => {
                let block = blocks.entry((heading.clone(), kind)).or_default();
                block.push_str(line);
                block.push('\n');
            }
            (None, line) => {
                if let Some(name) = line.strip_prefix("## `").and_then(|rest| rest.strip_suffix('`')) {
                    name.clone_into(&mut heading);
                }
            }
        }
    }
    let mut checked = 0;
    for name in evergrant::messages::names() {
        let block = |kind| {
            let text = blocks
                .get(&(name.to_owned(), kind))
                .unwrap_or_else(|| panic!("docs/messages.md: {name} has no block {kind}"));
            serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("docs/messages.md: {name}: {error}"))
        };
        let output = evergrant::messages::call(name, &block("in").to_string())
            .unwrap_or_else(|error| panic!("docs/messages.md: {name}: {error:?}"));
        let output: Value = serde_json::from_str(&output).expect("JSON");
        if let Err(fault) = matching::equal(&block("out"), &output) {
            panic!("docs/messages.md: {name}: {fault}");
        }
        checked += 1;
    }
    checked
}
