//! Records of every released format are read for ever.

use std::fs;
use std::path::{Path, PathBuf};

use evergrant::connection::record::Record;
use serde_json::Value;

fn stored() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("records");
    let formats = fs::read_dir(folder).expect("a folder for each format");
    let mut files: Vec<_> = formats
        .flat_map(|format| fs::read_dir(format.expect("a folder").path()).expect("records"))
        .map(|file| file.expect("a record").path())
        .collect();
    files.sort();
    files
}

fn text(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("records/1.0").join(name);
    fs::read_to_string(file).expect("a record")
}

fn read(text: &str) -> Record {
    Record::from_json(text).unwrap_or_else(|error| panic!("{error}"))
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn records_of_every_released_format_are_read_and_written_back() {
    let files = stored();
    assert_eq!(files.len(), 4, "one for each status");
    for file in files {
        let text = fs::read_to_string(&file).expect("a record");
        let record = read(&text);
        assert_eq!(file.file_stem().and_then(|name| name.to_str()), Some(record.state()));
        let written = record.to_json();
        assert_eq!(read(written.expose()), record);
        assert_eq!(value(written.expose()), value(&text), "{}", file.display());
    }
}

#[test]
fn members_of_a_newer_minor_format_are_kept() {
    let newer = text("live.json")
        .replacen(r#""minor": 0"#, r#""minor": 7"#, 1)
        .replacen(r#""provider""#, r#""later": {"a": [1, null]}, "provider""#, 1);
    let written = read(&newer).to_json();
    assert_eq!(value(written.expose()), value(&newer));
    assert_eq!(read(written.expose()), read(&newer));
}

#[test]
fn faults_name_their_place() {
    let text = text("live.json");
    for (from, to, field) in [
        (r#""major": 1"#, r#""major": 2"#, "format.major"),
        (r#""generation": 7"#, r#""generation": "7""#, "tokens.generation"),
        (r#""type": "open""#, r#""type": "ajar""#, "attempts[2].fate.type"),
        (r#""client_id""#, r#""client""#, "client_id"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Record::from_json(&text.replacen(from, to, 1)).expect_err(to);
        assert_eq!(error.details().field.as_deref(), Some(field), "{error}");
    }
}

#[test]
fn prints_hold_no_secret() {
    let record = read(&text("live.json"));
    let printed = format!("{record:?} {:?}", record.ledger());
    assert!(!printed.contains("refresh-"), "{printed}");
    assert!(!printed.contains("access-"), "{printed}");
}
