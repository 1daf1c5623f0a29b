//! The files: found, read, their defaults merged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What a file's cases run through.
pub enum Kind {
    Function(String),
    Script,
}

pub struct File {
    pub kind: Kind,
    pub cases: Vec<Case>,
}

pub struct Case {
    pub name: String,
    pub negative: bool,
    /// The whole case, with `given` merged.
    pub value: Value,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The names of the vector files, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the folder of the vectors")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json") && name != "expected_failures.json")
        .collect();
    names.sort();
    names
}

pub fn read(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Case names and why they fail.
pub fn expected_failures() -> BTreeMap<String, String> {
    serde_json::from_value(read("expected_failures.json")).expect("an object of texts")
}

impl File {
    pub fn load(name: &str) -> Self {
        let document = read(name);
        let kind = match (document["function"].as_str(), document["script"].as_str()) {
            (Some(function), None) => Kind::Function(function.to_owned()),
            (None, Some("service_token")) => Kind::Script,
            _ => panic!("{name}: neither a known function nor a known script"),
        };
        let cases = document["cases"].as_array().cloned().unwrap_or_default();
        let defaults = document.get("defaults");
        Self {
            kind,
            cases: cases.into_iter().map(|case| Case::new(case, defaults)).collect(),
        }
    }
}

impl Case {
    /// A case with the file's defaults under its `given`.
    pub fn new(mut value: Value, defaults: Option<&Value>) -> Self {
        if let (Some(defaults), Some(given)) = (defaults, value.get_mut("given")) {
            *given = merged(defaults, given);
        }
        Self {
            name: value["name"].as_str().unwrap_or_default().to_owned(),
            // The rule of the README: an error is expected, or the case says so itself.
            negative: value["expect"].get("error").is_some() || value["negative"] == true,
            value,
        }
    }

    pub fn secrets(&self) -> Vec<&str> {
        let secrets = self.value["secrets"].as_array();
        secrets.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// Objects are merged member by member; anything else in `given`, null too, replaces what the defaults have.
fn merged(defaults: &Value, given: &Value) -> Value {
    let (Value::Object(defaults), Value::Object(given)) = (defaults, given) else {
        return given.clone();
    };
    let mut out = defaults.clone();
    for (name, value) in given {
        let value = defaults
            .get(name)
            .map_or_else(|| value.clone(), |usual| merged(usual, value));
        out.insert(name.clone(), value);
    }
    Value::Object(out)
}
