//! The npm package: the wasm modules, the JavaScript around them, and their sizes.

use std::fs;
use std::path::Path;
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::workspace::{Workspace, at, output_of, run};

const TARGET: &str = "wasm32v1-none";

/// A wasm module of the package.
struct Module {
    /// The stem of its files in `pkg/wasm`.
    name: &'static str,
    /// The feature of `evergrant-wasm` that it is built with.
    feature: &'static str,
    /// The most bytes it may have after `wasm-opt`. A ratchet: 2 % above what was reached; it only goes down. The aim for the
    /// machines is 120 KB, and 48 KB with brotli.
    budget: u64,
    /// The same, compressed with brotli as a server sends it.
    budget_brotli: u64,
}

/// What `evergrant` loads, and what `evergrant/messages` loads: who uses the machines does not download the functions.
const MODULES: [Module; 2] = [
    Module {
        name: "evergrant",
        feature: "machines",
        // 4 KB more since the events of connections cross to JavaScript.
        budget: 164_000,
        budget_brotli: 62_900,
    },
    Module {
        name: "messages",
        feature: "messages",
        budget: 179_800,
        budget_brotli: 67_400,
    },
];

/// The flat form in between lets `wasm-opt` lay out branches anew: 1 % smaller than `-Oz` alone.
const OPTIMISE: [&str; 5] = ["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"];

/// Prints the size of a file in bytes after brotli at its highest level.
const BROTLI: &str = "const { brotliCompressSync, constants } = require('node:zlib');
const bytes = require('node:fs').readFileSync(process.argv[1]);
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
console.log(brotliCompressSync(bytes, { params }).length);";

/// Builds `bindings-wasm/pkg`: the wasm modules with their glue, and the TypeScript layer above them.
///
/// The glue is that of the target `bundler`: it does not say how the module is loaded, so one glue and one module
/// serve every runtime, and each entry point of `bindings-wasm/ts` loads it in its own way.
pub fn package(workspace: &Workspace) -> Result<(), String> {
    let package = workspace.root.join("bindings-wasm");
    let out = package.join("pkg");
    if out.exists() {
        at(&out, fs::remove_dir_all(&out))?;
    }
    for module in &MODULES {
        build(workspace, module, &out.join("wasm"))?;
    }
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

fn build(workspace: &Workspace, module: &Module, glue: &Path) -> Result<(), String> {
    run(workspace
        .cargo()
        .args(["build", "--package", "evergrant-wasm", "--lib"])
        .args(["--no-default-features", "--features", module.feature])
        .args(["--target", TARGET, "--profile", "wasm"])
        .env("CARGO_TARGET_WASM32V1_NONE_RUSTFLAGS", flags(workspace)))?;
    Bindgen::new()
        .input_path(workspace.target.join(TARGET).join("wasm/evergrant_wasm.wasm"))
        .out_name(module.name)
        .typescript(true)
        .bundler(true)
        .and_then(|bindgen| bindgen.generate(glue))
        .map_err(|error| format!("wasm-bindgen: {error:#}"))?;

    // The loader of that target is left out, and its declarations go to the glue: the entry points load the module.
    let file = |suffix: &str| glue.join(format!("{}{suffix}", module.name));
    let declarations = file(".d.ts");
    let mut text = at(&declarations, fs::read_to_string(&declarations))?;
    text.push_str("\n/** Hands the instantiated module to this glue. */\nexport function __wbg_set_wasm(exports: object): void;\n");
    let glue_declarations = file("_bg.d.ts");
    at(&glue_declarations, fs::write(&glue_declarations, text))?;
    for left_out in [declarations, file(".js")] {
        at(&left_out, fs::remove_file(&left_out))?;
    }
    run(workspace
        .npm_tool("wasm-opt")?
        .args(OPTIMISE)
        .arg(file("_bg.wasm"))
        .arg("--output")
        .arg(file("_bg.wasm")))
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

/// Prints the sizes of the modules in `bindings-wasm/pkg`, and fails over a budget.
pub fn size(workspace: &Workspace) -> Result<(), String> {
    let mut over = Vec::new();
    for Module {
        name,
        budget,
        budget_brotli,
        ..
    } in &MODULES
    {
        let file = workspace.root.join(format!("bindings-wasm/pkg/wasm/{name}_bg.wasm"));
        let size = at(&file, fs::metadata(&file))?.len();
        let brotli: u64 = output_of(Command::new("node").arg("--eval").arg(BROTLI).arg("--").arg(&file))?
            .trim()
            .parse()
            .map_err(|_| "node did not print a size")?;
        println!("report: {name}: {size} B after wasm-opt, {budget} B are allowed");
        println!("report: {name}: {brotli} B with brotli, {budget_brotli} B are allowed");
        if size > *budget || brotli > *budget_brotli {
            over.push(*name);
        }
    }
    match over.as_slice() {
        [] => Ok(()),
        over => Err(format!("over the budget: {}", over.join(", "))),
    }
}
