//! A worker process: its orders are the first line of its input, and it ends when its input does.

use std::io::BufReader;
use std::process::ExitCode;

fn main() -> ExitCode {
    match evergrant_chaos::worker::run(BufReader::new(std::io::stdin())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            eprintln!("chaos_worker: {words}");
            ExitCode::FAILURE
        }
    }
}
