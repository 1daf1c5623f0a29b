//! The Kotlin around the mobile library.

use std::fs;

use uniffi::{GenerateOptions, TargetLanguage};

use crate::workspace::{Workspace, at, run};

/// Builds the library as a shared object and writes Kotlin from its metadata.
///
/// From the dev profile: a stripped library has no metadata, and the tests load the same file.
pub fn generate(workspace: &Workspace) -> Result<(), String> {
    run(workspace.cargo().args(["build", "--package", "evergrant-mobile"]))?;
    let name = format!(
        "{}evergrant_mobile{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let library = workspace.target.join("debug").join(name);
    let out = workspace.root.join("bindings-mobile/kotlin/target/generated");
    if out.exists() {
        at(&out, fs::remove_dir_all(&out))?;
    }
    let utf8 = |path: &std::path::Path| {
        path.to_str()
            .map(Into::into)
            .ok_or_else(|| format!("{} is not UTF-8", path.display()))
    };
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin],
        source: utf8(&library)?,
        out_dir: utf8(&out)?,
        config_override: None,
        format: false,
        crate_filter: None,
        metadata_no_deps: true,
    })
    .map_err(|error| format!("uniffi: {error:#}"))
}
