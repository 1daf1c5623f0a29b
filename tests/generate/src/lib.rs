//! Writes what the bindings need to know of core's values, from core's source.
//!
//! A *value* is plain data without secrets that crosses to other languages: every `pub struct` and `pub enum` in
//! `core/src` that derives `serde::Serialize`, and nothing else. [`source`] finds them, [`contract`] refuses what cannot
//! cross alike to every language, and one file per language writes it down. The files are committed, and
//! `cargo run -p evergrant-generate` writes them anew; [`stale`] tells which ones no longer fit the source.
//!
//! ```
//! let values = evergrant_generate::values_of(
//!     r#"
//!     /// How warm it is.
//!     #[derive(Clone, Serialize)]
//!     #[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
//!     pub struct Warmth {
//!         /// In degrees.
//!         pub degrees: i64,
//!     }
//!     "#,
//! )?;
//! assert!(evergrant_generate::python::write(&values).contains("    degrees: int\n"));
//! # Ok::<(), evergrant_generate::fault::Fault>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod contract;
pub mod docs;
pub mod errors_page;
pub mod fault;
pub mod mobile;
mod names;
mod page;
pub mod python;
mod python_text;
pub mod source;
pub mod typescript;
mod typescript_text;
pub mod value;

use std::fs;
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::value::Value;

/// The note at the top of every generated file, without the marks of a comment.
pub const NOTE: &str = "Generated from core/src by `cargo run -p evergrant-generate`; do not edit.";

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where it belongs, below the root of the repository.
    pub path: &'static str,
    /// What it must hold.
    pub text: String,
}

/// The root of the repository this program was built in.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file, as it must be for the source below `root`.
///
/// # Errors
/// A source that cannot be read, or a value outside the contract.
pub fn generate(root: &Path) -> Result<Vec<Output>, Fault> {
    let values = contract::judge(&source::read(&root.join("core/src"))?)?;
    let output = |path, text| Output { path, text };
    Ok(vec![
        output("bindings-wasm/ts/types.ts", typescript::write(&values)),
        output("bindings-python/python/evergrant/_types.py", python::write(&values)),
        output("bindings-mobile/src/records.rs", mobile::write(&values)),
        output("docs/errors.md", errors_page::write(&values)),
    ])
}

/// The files below `root` that do not hold what they must, or are missing.
///
/// # Errors
/// As [`generate`].
pub fn stale(root: &Path) -> Result<Vec<&'static str>, Fault> {
    let mut stale = generate(root)?;
    stale.retain(|output| !fs::read_to_string(root.join(output.path)).is_ok_and(|text| text == output.text));
    Ok(stale.into_iter().map(|output| output.path).collect())
}

/// Writes the files that are stale, and names them.
///
/// # Errors
/// As [`generate`], and a file that cannot be written.
pub fn write(root: &Path) -> Result<Vec<&'static str>, Fault> {
    let stale = stale(root)?;
    for output in generate(root)? {
        if !stale.contains(&output.path) {
            continue;
        }
        let path = root.join(output.path);
        let written = match path.parent() {
            Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::write(&path, &output.text)),
            None => fs::write(&path, &output.text),
        };
        written.map_err(|error| Fault::new(output.path, "", format!("cannot be written: {error}")))?;
    }
    Ok(stale)
}

/// The values of a crate that is given as one text, modules inline.
///
/// # Errors
/// A text that is no Rust, or a value outside the contract.
pub fn values_of(text: &str) -> Result<Vec<Value>, Fault> {
    contract::judge(&source::walk(text, &mut |_| None)?)
}
