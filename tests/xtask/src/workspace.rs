//! Where things are, and how other programs are run.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folders of the workspace and of the tools.
pub struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR`, else `target` in the workspace.
    pub target: PathBuf,
    /// The folder of tools that `tests/setup` fills: `EVERGRANT_TOOLS`, else one in the user's cache.
    pub tools: PathBuf,
}

impl Workspace {
    /// Finds the folders from where this crate lies and from the environment.
    pub fn find() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .ok_or("the xtask does not lie two folders below the workspace")?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let tools = match (env::var_os("EVERGRANT_TOOLS"), env::var_os("HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(home)) => Path::new(&home).join(".cache/evergrant-tools"),
            (None, None) => return Err("neither EVERGRANT_TOOLS nor HOME is set".to_owned()),
        };
        Ok(Self { root, target, tools })
    }

    /// A cargo command in the workspace, by the cargo that runs this program.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// A program of an npm package among the tools.
    pub fn npm_tool(&self, name: &str) -> Result<Command, String> {
        let program = self.tools.join("npm/node_modules/.bin").join(name);
        if !program.exists() {
            return Err(format!("{name} is not among the tools; `tests/run wasm` installs it"));
        }
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        Ok(command)
    }
}

/// Runs a command and fails when it does.
pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", name_of(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed: {status}", name_of(command)))
    }
}

/// Runs a command, fails when it does, and returns what it printed.
pub fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", name_of(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", name_of(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{} printed something that is not UTF-8", name_of(command)))
}

fn name_of(command: &Command) -> String {
    Path::new(command.get_program())
        .file_name()
        .unwrap_or(OsStr::new("command"))
        .to_string_lossy()
        .into_owned()
}

/// Adds the path to the message of a file operation that failed.
pub fn at<T>(path: &Path, result: std::io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{}: {error}", path.display()))
}
