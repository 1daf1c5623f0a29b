//! `cargo run -p evergrant-generate` writes the generated files; with `--check` it only names those that are stale.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::process::ExitCode;

use evergrant_generate::fault::Fault;

const USAGE: &str = "usage: cargo run -p evergrant-generate [-- --check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(),
        ["--check"] => check(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|fault| {
        eprintln!("{fault}");
        ExitCode::FAILURE
    })
}

fn write() -> Result<ExitCode, Fault> {
    let written = evergrant_generate::write(&evergrant_generate::repository())?;
    for path in &written {
        println!("written: {path}");
    }
    if written.is_empty() {
        println!("nothing to write: every file is fresh");
    }
    Ok(ExitCode::SUCCESS)
}

fn check() -> Result<ExitCode, Fault> {
    let stale = evergrant_generate::stale(&evergrant_generate::repository())?;
    for path in &stale {
        eprintln!("stale: {path}");
    }
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("run: cargo run -p evergrant-generate");
    Ok(ExitCode::FAILURE)
}
