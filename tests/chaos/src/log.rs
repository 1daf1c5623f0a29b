//! The chaos log: what each process did, one JSON object per line, written at once so that a kill loses no line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::time::Scale;

/// Where one process writes.
#[derive(Debug)]
pub struct Log {
    file: File,
    who: String,
    scale: Scale,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// When.
    pub at: i64,
    /// Which process.
    pub who: String,
    /// What.
    pub what: String,
    /// The connection concerned, or nothing.
    pub key: String,
    /// Everything.
    pub all: Value,
}

impl Log {
    /// A log in the folder of the run.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn open(folder: &Path, who: &str, scale: Scale) -> io::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(folder.join(format!("{who}.log")))?;
        Ok(Self {
            file,
            who: who.to_owned(),
            scale,
        })
    }

    /// Writes a line; `more` is an object.
    pub fn say(&self, what: &str, key: &str, mut more: Value) {
        if let Some(members) = more.as_object_mut() {
            members.insert("at".to_owned(), json!(self.scale.now()));
            members.insert("who".to_owned(), json!(self.who));
            members.insert("what".to_owned(), json!(what));
            members.insert("key".to_owned(), json!(key));
        }
        // A full drive would show in the numbers at the end.
        let _ = (&self.file).write_all(format!("{more}\n").as_bytes());
    }
}

impl Line {
    /// A line as it was written; `None` for the last line of a process that was killed while it wrote.
    pub fn read(text: &str) -> Option<Self> {
        let all: Value = serde_json::from_str(text).ok()?;
        let word = |name: &str| all.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self {
            at: all.get("at")?.as_i64()?,
            who: word("who"),
            what: word("what"),
            key: word("key"),
            all,
        })
    }

    /// A number of the line.
    pub fn number(&self, name: &str) -> i64 {
        self.all.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A flag of the line.
    pub fn flag(&self, name: &str) -> bool {
        self.all.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A word of the line.
    pub fn word(&self, name: &str) -> &str {
        self.all.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Every line of every process, in order of time.
///
/// # Errors
/// Where the folder cannot be read.
pub fn read_all(folder: &Path) -> io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "log") {
            lines.extend(std::fs::read_to_string(path)?.lines().filter_map(Line::read));
        }
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}
