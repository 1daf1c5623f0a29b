//! The npm package: the wasm module, the JavaScript around it, and its size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::workspace::{Workspace, at, output_of, run};

const TARGET: &str = "wasm32v1-none";

/// The wasm module after `wasm-opt`, in bytes. The budget holds all of core and is ratcheted down.
const BUDGET: u64 = 120 * 1024;
/// The same, compressed with brotli as a server sends it.
const BUDGET_BROTLI: u64 = 48 * 1024;

/// Prints the size of a file in bytes after brotli at its highest level.
const BROTLI: &str = "const { brotliCompressSync, constants } = require('node:zlib');
const bytes = require('node:fs').readFileSync(process.argv[1]);
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
console.log(brotliCompressSync(bytes, { params }).length);";

/// Builds `bindings-wasm/pkg`: the wasm module with its glue, and the TypeScript layer above it.
///
/// The glue is that of the target `bundler`: it does not say how the module is loaded, so one glue and one module
/// serve every runtime, and each entry point of `bindings-wasm/ts` loads it in its own way.
pub fn package(workspace: &Workspace) -> Result<(), String> {
    let package = workspace.root.join("bindings-wasm");
    let out = package.join("pkg");
    if out.exists() {
        at(&out, fs::remove_dir_all(&out))?;
    }

    run(workspace
        .cargo()
        .args([
            "build",
            "--package",
            "evergrant-wasm",
            "--lib",
            "--target",
            TARGET,
            "--profile",
            "wasm",
        ])
        .env("CARGO_TARGET_WASM32V1_NONE_RUSTFLAGS", flags(workspace)))?;
    let glue = out.join("wasm");
    Bindgen::new()
        .input_path(compiled(workspace))
        .out_name("evergrant")
        .typescript(true)
        .bundler(true)
        .and_then(|bindgen| bindgen.generate(&glue))
        .map_err(|error| format!("wasm-bindgen: {error:#}"))?;

    // The loader of that target is left out, and its declarations go to the glue: the entry points load the module.
    let declarations = glue.join("evergrant.d.ts");
    let mut text = at(&declarations, fs::read_to_string(&declarations))?;
    text.push_str("\n/** Hands the instantiated module to this glue. */\nexport function __wbg_set_wasm(exports: object): void;\n");
    let glue_declarations = glue.join("evergrant_bg.d.ts");
    at(&glue_declarations, fs::write(&glue_declarations, text))?;
    for file in [declarations, glue.join("evergrant.js")] {
        at(&file, fs::remove_file(&file))?;
    }

    let module = glue.join("evergrant_bg.wasm");
    run(workspace
        .npm_tool("wasm-opt")?
        .arg("-Oz")
        .arg(&module)
        .arg("--output")
        .arg(&module))?;

    run(workspace
        .npm_tool("tsc")?
        .arg("--project")
        .arg(&package)
        .arg("--typeRoots")
        .arg(workspace.tools.join("npm/node_modules/@types")))?;
    let manifest = package.join("package.json");
    at(&manifest, fs::copy(&manifest, out.join("package.json")))?;
    Ok(())
}

/// The module as the compiler left it.
fn compiled(workspace: &Workspace) -> PathBuf {
    workspace.target.join(TARGET).join("wasm/evergrant_wasm.wasm")
}

/// Compiler flags: the compact form of SHA-256 (6 KB smaller), and no folders of this machine in panic messages.
fn flags(workspace: &Workspace) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let root = workspace.root.display();
    format!(
        "--cfg sha2_backend_soft=\"compact\" --remap-path-prefix={cargo}=cargo --remap-path-prefix={root}=evergrant"
    )
}

/// Prints the sizes of the module in `bindings-wasm/pkg`, and fails over the budget.
pub fn size(workspace: &Workspace) -> Result<(), String> {
    let size_of = |path: &Path| at(path, fs::metadata(path)).map(|data| data.len());
    let raw = size_of(&compiled(workspace))?;
    let module = workspace.root.join("bindings-wasm/pkg/wasm/evergrant_bg.wasm");
    let size = size_of(&module)?;
    let brotli: u64 = output_of(Command::new("node").arg("--eval").arg(BROTLI).arg("--").arg(&module))?
        .trim()
        .parse()
        .map_err(|_| "node did not print a size")?;
    println!("report: {raw} B as compiled");
    println!("report: {size} B after wasm-opt, {BUDGET} B are allowed");
    println!("report: {brotli} B with brotli, {BUDGET_BROTLI} B are allowed");
    if size > BUDGET || brotli > BUDGET_BROTLI {
        return Err("the wasm module is over its budget".to_owned());
    }
    Ok(())
}
