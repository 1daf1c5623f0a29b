//! Packaging: `cargo run -p evergrant-xtask -- <task>`.
//!
//! The tasks use wasm-bindgen and uniffi as libraries, so that no tool has to be installed and one lock file holds
//! every version. Node's tools (`wasm-opt`, `tsc`) come from the folder that `tests/setup` fills.

// tests/wasm/run builds this with clippy's driver, so a lint stops the build.
#![deny(missing_docs, warnings, clippy::all)]

mod kotlin;
mod npm;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "usage: cargo run -p evergrant-xtask -- <task>
  wasm      the next two
  package   builds bindings-wasm into bindings-wasm/pkg, an npm package
  size      prints the sizes of the wasm modules, and fails over a budget
  kotlin    builds the mobile library and writes its Kotlin into bindings-mobile/kotlin/target/generated";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["wasm"] => Workspace::find().and_then(|workspace| {
            npm::package(&workspace)?;
            npm::size(&workspace)
        }),
        ["package"] => Workspace::find().and_then(|workspace| npm::package(&workspace)),
        ["size"] => Workspace::find().and_then(|workspace| npm::size(&workspace)),
        ["kotlin"] => Workspace::find().and_then(|workspace| kotlin::generate(&workspace)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
