//! The main job: keeps connections to Airwallex, OFX and Wise over real HTTP, and shows every step.
//!
//! `cargo run --example connect`, or `-- --provider airwallex|ofx|wise` for one. The providers are emulated on loopback.
//! Exits with 1 if anything is not as it should be.
//!
//! `cargo run --example connect --features live -- --live` does it with a real provider: `live/mod.rs`.

mod airwallex;
#[cfg(feature = "live")]
mod live;
mod memory;
mod ofx;
mod report;
mod stage;
mod steps;
#[path = "../ureq_host/mod.rs"]
mod ureq_host;
mod wise;
mod words;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use crate::stage::{Handle, Stage};

/// A provider's part of the story; what it connected is in the table at the end.
type Story = fn(&Stage) -> Result<Vec<Handle>, Box<dyn Error>>;

const STORIES: [(&str, Story); 3] = [("airwallex", airwallex::tell), ("ofx", ofx::tell), ("wise", wise::tell)];

const LIVE: &str = "cargo run --example connect --features live -- --live";

const USAGE: &str = "\
usage: connect                                     the three providers, emulated
       connect --provider airwallex|ofx|wise       one of them
       connect --live [--disconnect | --login]     a real provider, set up by environment variables (feature `live`)";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => show(None),
        ["--provider", name] if STORIES.iter().any(|(known, _)| known == name) => show(Some(name)),
        ["--live", rest @ ..] => live(rest),
        ["--help"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show(wanted: Option<&str>) -> Result<(), Box<dyn Error>> {
    let stage = Stage::start()?;
    report::paragraph(
        "Connections to emulated providers on loopback; every request is real HTTP. The clock on the left is everybody's: \
         it stands still, and is moved where time has to pass. Lines with > are events of the library. Tokens are shown \
         by their fingerprints only.",
    );
    let mut handles = Vec::new();
    for (name, story) in STORIES {
        if wanted.is_none_or(|wanted| wanted == name) {
            handles.extend(story(&stage)?);
        }
    }
    if !handles.is_empty() {
        stage.check_journal()?;
        stage.report.health(&handles)?;
    }
    println!("\nEverything went as it should. With a provider's sandbox: {LIVE}");
    Ok(())
}

#[cfg(feature = "live")]
fn live(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    live::run(arguments)
}

#[cfg(not(feature = "live"))]
fn live(_arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    Err(format!("--live needs a feature: {LIVE}").into())
}
