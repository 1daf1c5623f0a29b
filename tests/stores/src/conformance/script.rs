//! The suite's scripts as values.

use serde_json::Value;

use crate::conformance::reader::{self, Members};
use crate::sweep::Due;

const FORMAT: i64 = 1;

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

impl Case {
    /// The length of the largest record that it saves.
    pub(crate) fn largest_record(&self) -> usize {
        let saved = self.steps.iter().map(|step| match step {
            Step::Save { save, .. } => save.record.len(),
            _ => 0,
        });
        saved.max().unwrap_or(0)
    }
}

pub(crate) enum Step {
    /// Load through a handle.
    Load {
        by: usize,
        key: String,
        then: Option<Record>,
    },
    /// Save through a handle.
    Save { by: usize, save: Wanted, then: Then },
    /// In each round every contender saves at once, over a handle of its own; one wins.
    Race(Race),
    /// Close all handles and open them anew.
    Reopen,
    /// Load, wait, load: the clock has gone on by as much.
    Clock { key: String, wait_ms: i64 },
    /// Which of the case's connections are due.
    Sweep { until: i64, then: Vec<Due> },
}

pub(crate) struct Wanted {
    pub(crate) key: String,
    pub(crate) expect: i64,
    pub(crate) version: i64,
    pub(crate) due: Option<i64>,
    pub(crate) state: String,
    pub(crate) record: Vec<u8>,
}

pub(crate) struct Race {
    pub(crate) key: String,
    pub(crate) expect: i64,
    pub(crate) contenders: usize,
    pub(crate) rounds: usize,
}

pub(crate) enum Then {
    Saved,
    Conflict(Option<Record>),
}

pub(crate) struct Record {
    pub(crate) version: i64,
    pub(crate) record: Vec<u8>,
}

pub(crate) fn read(suite: &str) -> Result<Vec<Case>, String> {
    let value: Value = serde_json::from_str(suite).map_err(|error| format!("the suite is not JSON: {error}"))?;
    let suite = Members::of(&value, "suite".to_owned(), &["format", "description", "cases"])?;
    if suite.number("format")? != FORMAT {
        return Err("the suite is of another format than this runner".to_owned());
    }
    let cases = suite.list("cases")?.iter().enumerate();
    cases.map(|(at, value)| case(value, format!("cases[{at}]"))).collect()
}

fn case(value: &Value, path: String) -> Result<Case, String> {
    let members = Members::of(value, path, &["name", "why", "steps"])?;
    members.text("why")?;
    let steps = members.list("steps")?.iter().enumerate();
    let steps = steps.map(|(at, value)| step(value, format!("{}.steps[{at}]", members.path)));
    Ok(Case {
        name: members.text("name")?.to_owned(),
        steps: steps.collect::<Result<_, _>>()?,
    })
}

fn step(value: &Value, path: String) -> Result<Step, String> {
    let verb = value.get("do").and_then(Value::as_str).unwrap_or_default();
    let known: &[&str] = match verb {
        "load" => &["do", "by", "key", "then"],
        "save" => &["do", "by", "key", "expect", "version", "due", "state", "record", "then"],
        "race" => &["do", "key", "expect", "contenders", "rounds"],
        "reopen" => &["do"],
        "clock" => &["do", "key", "wait_ms"],
        "sweep" => &["do", "until", "then"],
        _ => return Err(format!("{path}.do is none of the steps")),
    };
    let members = Members::of(value, path, known)?;
    Ok(match verb {
        "load" => Step::Load {
            by: by(&members)?,
            key: key(&members)?,
            then: loaded(&members)?,
        },
        "save" => Step::Save {
            by: by(&members)?,
            save: wanted(&members)?,
            then: then(&members)?,
        },
        "race" => Step::Race(Race {
            key: key(&members)?,
            expect: members.number("expect")?,
            contenders: members.count("contenders")?,
            rounds: members.count("rounds")?,
        }),
        "clock" => Step::Clock {
            key: key(&members)?,
            wait_ms: members.number("wait_ms")?,
        },
        "sweep" => Step::Sweep {
            until: members.number("until")?,
            then: due(&members)?,
        },
        _ => Step::Reopen,
    })
}

fn key(members: &Members) -> Result<String, String> {
    reader::key(members.value("key")?, format!("{}.key", members.path))
}

fn by(members: &Members) -> Result<usize, String> {
    match members.optional("by").map(Value::as_u64) {
        None | Some(Some(0)) => Ok(0),
        Some(Some(1)) => Ok(1),
        Some(_) => Err(format!("{}.by is neither 0 nor 1", members.path)),
    }
}

fn wanted(members: &Members) -> Result<Wanted, String> {
    let (expect, version) = (members.number("expect")?, members.number("version")?);
    if version != expect + 1 {
        return Err(format!("{}.version does not follow expect", members.path));
    }
    Ok(Wanted {
        key: key(members)?,
        expect,
        version,
        due: match members.value("due")? {
            Value::Null => None,
            _ => Some(members.number("due")?),
        },
        state: members.text("state")?.to_owned(),
        record: reader::record(members.value("record")?, format!("{}.record", members.path))?,
    })
}

fn loaded(members: &Members) -> Result<Option<Record>, String> {
    let path = format!("{}.then", members.path);
    let then = Members::of(members.value("then")?, path, &["loaded"])?;
    record(&then, "loaded")
}

fn then(members: &Members) -> Result<Then, String> {
    let value = members.value("then")?;
    if value == "saved" {
        return Ok(Then::Saved);
    }
    let then = Members::of(value, format!("{}.then", members.path), &["conflict"])?;
    Ok(Then::Conflict(record(&then, "conflict")?))
}

/// `null`, or `{"version", "record"}`.
fn record(members: &Members, name: &str) -> Result<Option<Record>, String> {
    let (value, path) = (members.value(name)?, format!("{}.{name}", members.path));
    if value.is_null() {
        return Ok(None);
    }
    let members = Members::of(value, path, &["version", "record"])?;
    Ok(Some(Record {
        version: members.number("version")?,
        record: reader::record(members.value("record")?, format!("{}.record", members.path))?,
    }))
}

fn due(members: &Members) -> Result<Vec<Due>, String> {
    let items = members.list("then")?.iter().enumerate();
    items
        .map(|(at, value)| {
            let path = format!("{}.then[{at}]", members.path);
            let item = Members::of(value, path, &["key", "due", "state"])?;
            Ok(Due {
                key: key(&item)?,
                due: item.number("due")?,
                state: item.text("state")?.to_owned(),
            })
        })
        .collect()
}
