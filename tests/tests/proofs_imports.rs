//! Bare core as a WebAssembly module imports nothing: no clock, no randomness, no I/O.

use std::path::Path;
use std::process::Command;

const TARGET: &str = "wasm32v1-none";

/// Builds the scratch crate around core, and gives the module's bytes.
fn module() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs/imports");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("imports");
    let sysroot = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let there = sysroot.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir());
    if !there {
        let added = Command::new("rustup").args(["target", "add", TARGET]).status();
        assert!(
            added.is_ok_and(|status| status.success()),
            "this proof needs the target {TARGET}, and `rustup target add {TARGET}` cannot fetch it"
        );
    }
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(&folder)
        // What the surrounding run sets for the host is not for this target.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(target.join(TARGET).join("release/evergrant_imports.wasm")).unwrap()
}

/// A number in LEB128, and what follows it.
fn number(bytes: &[u8]) -> (usize, &[u8]) {
    let (mut value, mut shift) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value, &bytes[at + 1..]);
        }
    }
    panic!("the module ends in a number");
}

/// The contents of a section; empty where there is none.
fn section(module: &[u8], wanted: u8) -> &[u8] {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0").expect("a WebAssembly module");
    while let [id, after @ ..] = rest {
        let (length, after) = number(after);
        if *id == wanted {
            return &after[..length];
        }
        rest = &after[length..];
    }
    &[]
}

/// Names in a section of exports or, each with the module it comes from, of imports.
fn count(section: &[u8]) -> usize {
    if section.is_empty() { 0 } else { number(section).0 }
}

fn exports(module: &[u8]) -> Vec<String> {
    let (many, mut rest) = number(section(module, 7));
    let mut names = Vec::new();
    for _ in 0..many {
        let (length, after) = number(rest);
        names.push(String::from_utf8_lossy(&after[..length]).into_owned());
        rest = number(&after[length + 1..]).1;
    }
    names
}

#[test]
fn bare_core_imports_nothing() {
    let module = module();
    assert_eq!(count(section(&module, 2)), 0, "bare core imports something");
    let exports = exports(&module);
    for name in ["call", "allocate", "service_token"] {
        assert!(exports.iter().any(|known| known == name), "{exports:?}");
    }
    // The whole of core is in it: nothing was optimised away.
    let code = section(&module, 10).len();
    println!("bare core: {} bytes, of which {code} are code", module.len());
    assert!(code > 100_000, "only {code} bytes of code");
}

#[test]
fn an_import_is_seen() {
    // One function type; one import `env.now` of it.
    let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0b\x01\x03env\x03now\0\0";
    assert_eq!(count(section(module, 2)), 1);
    assert_eq!(count(section(module, 7)), 0);
}
