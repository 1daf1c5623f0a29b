//! The suite that every store must pass: scripts in JSON, and this small runner of them.
//!
//! The scripts and their format are described in `docs/stores.md`. A runner in another language is about as long as this one.

mod answers;
mod race;
mod reader;
mod runner;
mod script;

use std::fmt;

use evergrant::base::entropy;
use evergrant::drive::store::Store;
use evergrant::flow::input::StoreFailure;

use crate::sweep::Due;

/// The suite of this release.
pub const SUITE: &str = include_str!("../../conformance/store.json");

/// A store under test.
pub trait Subject: Sync {
    /// A new handle on the same records, as another worker would have it: with a connection of its own.
    ///
    /// # Errors
    /// In words, why it cannot be opened.
    fn open(&self) -> Result<Box<dyn Store + Send>, String>;

    /// The connections that are due at `until` or were before, those that wait longest first; `None` where the store
    /// cannot be asked, and then the steps that ask are left out and reported.
    fn due(&self, until: i64) -> Option<Result<Vec<Due>, StoreFailure>> {
        let _ = until;
        None
    }
}

/// How to run a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How far the store's clock may be from this machine's, in milliseconds.
    pub clock_tolerance_ms: i64,
    /// The largest record that the store takes, in bytes; cases with a larger one are left out and reported.
    pub largest_record: usize,
}

impl Default for Options {
    /// A minute of tolerance: enough for any two machines that keep time, and no mistaken unit passes. Records of a
    /// mebibyte, which every store must take that says nothing else.
    fn default() -> Self {
        Self {
            clock_tolerance_ms: 60_000,
            largest_record: 1_048_576,
        }
    }
}

/// What came of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each case, in the order of the file.
    pub cases: Vec<CaseReport>,
}

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// What went wrong, and at which step; `None` where nothing did.
    pub fault: Option<String>,
    /// What was not tested, and why.
    pub left_out: Vec<String>,
}

impl Report {
    /// Whether no case found a fault.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| case.fault.is_none())
    }

    /// Whether nothing was left out.
    pub fn is_whole(&self) -> bool {
        self.cases.iter().all(|case| case.left_out.is_empty())
    }

    /// The names of the cases that found a fault.
    pub fn failed(&self) -> Vec<&str> {
        let failed = self.cases.iter().filter(|case| case.fault.is_some());
        failed.map(|case| case.name.as_str()).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            if let Some(fault) = &case.fault {
                writeln!(f, "FAILED {}: {fault}", case.name)?;
            }
            for left_out in &case.left_out {
                writeln!(f, "LEFT OUT of {}: {left_out}", case.name)?;
            }
        }
        write!(f, "{} cases, {} failed", self.cases.len(), self.failed().len())
    }
}

/// Runs a suite, such as [`SUITE`], against a store. Every case uses keys of its own, so that the store need not be empty,
/// and nothing is ever deleted.
///
/// # Errors
/// In words, when the suite itself cannot be read or there is no randomness for keys.
pub fn run(suite: &str, subject: &dyn Subject, options: Options) -> Result<Report, String> {
    let cases = script::read(suite)?;
    let entropy = entropy::system().map_err(|error| error.to_string())?;
    let run: String = entropy.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let reports = cases.iter().enumerate().map(|(at, case)| {
        // 16 characters, new for every case of every run.
        let prefix = format!("{run}{at:04x}");
        if case.largest_record() > options.largest_record {
            return CaseReport {
                name: case.name.clone(),
                fault: None,
                left_out: vec!["the store takes no record of that size".to_owned()],
            };
        }
        runner::run(case, subject, options, &prefix)
    });
    Ok(Report {
        cases: reports.collect(),
    })
}
