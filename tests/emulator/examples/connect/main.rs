//! The main job: connects to Airwallex, OFX and Wise over real HTTP, and shows every step.
//!
//! `cargo run --example connect`, or `-- --provider airwallex|ofx|wise` for one. The providers are emulated on loopback.
//! Exits with 1 if anything is not as it should be.

mod account;
mod airwallex;
mod ofx;
mod report;
#[path = "../ureq_host/mod.rs"]
mod ureq_host;
mod wise;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use evergrant_emulator::{Emulator, Options};

use crate::report::Report;

/// A provider's part of the story.
type Story = fn(&Emulator, &mut Report) -> Result<(), Box<dyn Error>>;

const STORIES: [(&str, Story); 3] = [("airwallex", airwallex::tell), ("ofx", ofx::tell), ("wise", wise::tell)];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let wanted = wanted_provider()?;
    let emulator = Emulator::start(Options::default())?;
    let mut report = Report::new();
    report.say("the emulated providers listen on loopback; every request below is real HTTP");
    for (name, story) in STORIES {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            story(&emulator, &mut report)?;
        }
    }
    report.table();
    Ok(())
}

/// The argument of `--provider`, if there is one.
fn wanted_provider() -> Result<Option<String>, String> {
    const USAGE: &str = "usage: connect [--provider airwallex|ofx|wise]";
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, None, None) => Ok(None),
        (Some("--provider"), Some(name), None) if STORIES.iter().any(|(known, _)| *known == name) => Ok(Some(name)),
        _ => Err(USAGE.to_owned()),
    }
}
