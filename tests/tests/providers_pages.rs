//! What the pages of Airwallex, OFX and Wise say to a client, sentence by sentence. `docs/providers.md` tells which
//! sentence is held by which test; a test here reads that table.

#[path = "pages/airwallex.rs"]
mod airwallex;
mod kit;
#[path = "pages/ofx.rs"]
mod ofx;
#[path = "pages/wise.rs"]
mod wise;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use evergrant::provider::profile::Profile;
use serde_json::Value;

/// A built-in profile with every field written out.
fn written(id: &str) -> Value {
    serde_json::from_str(&Profile::built_in(id).unwrap().to_json()).unwrap()
}

/// Every test that the table names exists, and every sentence is held by one or marked for later.
#[test]
fn the_table_names_tests_that_exist() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(tests.join("../docs/providers.md")).unwrap();
    let table = docs
        .split("\n## Sentence by sentence")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let mut pages = BTreeSet::new();
    let mut page = "";
    let mut rows = 0;
    for line in table.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            page = title;
        }
        let Some(row) = line
            .strip_prefix("| ")
            .filter(|row| !row.starts_with("The page says") && !row.starts_with("---"))
        else {
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let [sentence, holders] = cells.as_slice() else {
            panic!("not two cells: {line}");
        };
        assert!(!sentence.is_empty() && !page.is_empty(), "{line}");
        let references: Vec<&str> = holders.split('`').skip(1).step_by(2).collect();
        assert!(
            !references.is_empty() || holders.contains("*comes with connections*"),
            "{line}"
        );
        for reference in references {
            let (file, name) = reference.split_once("::").unwrap_or_else(|| panic!("{reference}"));
            let text = fs::read_to_string(tests.join(file)).unwrap_or_else(|error| panic!("{reference}: {error}"));
            let exists = match file.ends_with(".rs") {
                true => text.contains(&format!("#[test]\nfn {name}()")),
                false => text.contains(&format!("\"name\": \"{name}\"")),
            };
            assert!(exists, "{reference} does not exist");
        }
        pages.insert(page);
        rows += 1;
    }
    assert_eq!(pages.len(), 4, "{pages:?}");
    assert!(rows >= 70, "{rows}");

    // And the other way round: each of the tests on the pages is named in the document.
    for page in ["airwallex", "ofx", "wise"] {
        let file = format!("tests/pages/{page}.rs");
        for piece in fs::read_to_string(tests.join(&file))
            .unwrap()
            .split("#[test]\nfn ")
            .skip(1)
        {
            let reference = format!("`{file}::{}`", piece.split('(').next().unwrap());
            assert!(docs.contains(&reference), "{reference} is not in the document");
        }
    }
}
