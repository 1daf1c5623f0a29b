//! The example `connect` as a program.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

/// The program, built with some features.
pub struct Program(PathBuf);

/// How it ended.
pub struct Run {
    pub succeeded: bool,
    pub output: String,
    pub errors: String,
}

impl Program {
    /// Cargo builds no examples for a test that is chosen by name, so it is told to.
    pub fn built(features: &[&str]) -> Program {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let build = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "--package", "evergrant-emulator"])
            .args(["--example", "connect", "--message-format", "json"])
            .args(["--features", &features.join(",")])
            .output()
            .expect("cargo runs");
        assert!(
            build.status.success(),
            "the example does not build: {}",
            String::from_utf8_lossy(&build.stderr)
        );
        let messages = String::from_utf8_lossy(&build.stdout);
        let made = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .next_back();
        Program(made.expect("cargo names the program"))
    }

    /// Runs it to its end. Each line of its output is shown to `answer`, whose words are typed in; after that, or at the
    /// end of the output, its input ends.
    pub fn run(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        mut answer: impl FnMut(&str) -> Option<Vec<String>>,
    ) -> Run {
        let mut command = Command::new(&self.0);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("EVERGRANT_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example runs");
        let mut errors = child.stderr.take().expect("piped");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).map(|_| text)
        });
        let mut input = child.stdin.take();
        let mut output = String::new();
        for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
            let line = line.expect("text");
            if let Some(typed) = answer(&line)
                && let Some(mut input) = input.take()
            {
                for line in typed {
                    writeln!(input, "{line}").expect("it reads");
                }
            }
            output.push_str(&line);
            output.push('\n');
        }
        drop(input);
        Run {
            succeeded: child.wait().expect("it ends").success(),
            output,
            errors: errors.join().expect("no panic").expect("text"),
        }
    }
}
