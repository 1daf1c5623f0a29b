//! `chaos`: a run over SQLite, and one over PostgreSQL where `EVERGRANT_POSTGRES_URL` and `EVERGRANT_POSTGRES_CONTROL` say
//! where that is.
//!
//! Options are environment variables: `SECONDS_OF_CHAOS`, `SEED`, `WORKERS`, `CONNECTIONS`, `RATE`, `ONLY` (`sqlite` or
//! `postgres`), `KEEP` (a folder for the logs).

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use evergrant_chaos::run::{Options, run};

fn main() -> ExitCode {
    match all() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(words) => {
            eprintln!("chaos: {words}");
            ExitCode::FAILURE
        }
    }
}

fn all() -> Result<bool, String> {
    let seconds = number("SECONDS_OF_CHAOS")?.unwrap_or(20);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = number("SEED")?.unwrap_or(since.as_secs() % 1_000_000);
    let only = std::env::var("ONLY").unwrap_or_default();
    let program = std::env::current_exe()
        .map_err(|error| error.to_string())?
        .with_file_name("chaos_worker");
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let control = set("EVERGRANT_POSTGRES_CONTROL").map(Into::into);
    let has_postgres = set("EVERGRANT_POSTGRES_URL").is_some();
    let mut good = true;
    for postgres in [false, true] {
        let name = if postgres { "postgres" } else { "sqlite" };
        if !only.is_empty() && only != name {
            continue;
        }
        if postgres && !has_postgres {
            println!("NOT RUN: PostgreSQL, because EVERGRANT_POSTGRES_URL is not set");
            continue;
        }
        println!("{name}: seed {seed}, {seconds} s of chaos");
        let options = Options {
            program: program.clone(),
            postgres,
            seed,
            seconds,
            workers: usize::try_from(number("WORKERS")?.unwrap_or(3)).unwrap_or(3).max(2),
            connections: usize::try_from(number("CONNECTIONS")?.unwrap_or(32)).unwrap_or(32),
            rate: i64::try_from(number("RATE")?.unwrap_or(20)).unwrap_or(20),
            naive: set("NAIVE").is_some(),
            control: control.clone(),
            keep: set("KEEP").map(|folder| std::path::Path::new(&folder).join(name)),
            loud: true,
        };
        let report = run(&options)?;
        for line in report.lines(seed) {
            println!("report: {line}");
        }
        for loss in &report.losses {
            println!("LOST: {loss}");
        }
        for violation in &report.violations {
            println!("VIOLATION: {violation}");
        }
        good &= report.violations.is_empty();
    }
    Ok(good)
}

fn number(name: &str) -> Result<Option<u64>, String> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text
            .parse()
            .map(Some)
            .map_err(|_| format!("{name} must be a whole number")),
        _ => Ok(None),
    }
}
