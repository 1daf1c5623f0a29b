//! The example `connect --live`, with an emulated provider in the place of a real one.
#![cfg(feature = "live")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use evergrant::drive::store::Store;
use evergrant_emulator::{Decision, Emulator, Options, Provider, What, consent};
use evergrant_stores::sqlite::SqliteStore;
use program::{Program, Run};
use serde_json::Value;

static PROGRAM: OnceLock<Program> = OnceLock::new();

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("evergrant-live-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A program with its environment.
struct Bench {
    emulator: Emulator,
    folder: Folder,
    variables: Vec<(&'static str, String)>,
    /// Every secret that came by.
    secrets: Vec<String>,
}

impl Bench {
    fn new(name: &str, profile: &str, provider: impl Fn(&Emulator) -> Provider) -> Bench {
        let emulator = Emulator::start(Options::default()).unwrap();
        let folder = Folder::new(name);
        let provider = provider(&emulator);
        let variables = vec![
            ("EVERGRANT_PROVIDER", profile.to_owned()),
            ("EVERGRANT_CLIENT_ID", provider.client_id()),
            ("EVERGRANT_CLIENT_SECRET", provider.client_secret()),
            ("EVERGRANT_REDIRECT_URI", "https://app.example/callback".to_owned()),
            ("EVERGRANT_DATABASE", folder.file("connections.db")),
            ("EVERGRANT_AUTHORIZE_ENDPOINT", provider.authorize_url()),
            ("EVERGRANT_TOKEN_ENDPOINT", provider.token_url()),
        ];
        Bench {
            emulator,
            folder,
            secrets: vec![provider.client_secret()],
            variables,
        }
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.push((name, value.into()));
    }

    /// Runs the program; a user who follows its authorize URL types in what `typed` makes of the callback.
    fn run(&mut self, arguments: &[&str], decision: Decision<'_>, typed: impl Fn(String) -> Vec<String>) -> Run {
        let variables: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let arguments = [&["--live"], arguments].concat();
        let mut callback = None;
        let program = PROGRAM.get_or_init(|| Program::built(&["live"]));
        let run = program.run(&arguments, &variables, |line| {
            let url = line.trim();
            if !url.starts_with("http://") || callback.is_some() {
                return None;
            }
            let came = consent(url, decision).unwrap().callback().unwrap();
            callback = Some(came.clone());
            Some(typed(came))
        });
        if let Some((_, query)) = callback.as_ref().and_then(|url| url.split_once('?')) {
            let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
            self.secrets.extend(code.map(|(_, value)| value.into_owned()));
        }
        self.remember_tokens();
        for secret in &self.secrets {
            assert!(!run.output.contains(secret), "a secret was printed:\n{}", run.output);
            assert!(!run.errors.contains(secret), "a secret was printed:\n{}", run.errors);
        }
        run
    }

    /// Every token in the file is one that must not be printed.
    fn remember_tokens(&mut self) {
        let path = self.folder.file("connections.db");
        if !Path::new(&path).exists() {
            return;
        }
        let store = SqliteStore::open(path.as_ref()).unwrap();
        if let Some(stored) = store.load("main").unwrap().stored {
            let record: Value = serde_json::from_slice(stored.record()).unwrap();
            tokens(&record, &mut self.secrets);
        }
    }

    fn count(&self, what: What) -> usize {
        let entries = self.emulator.journal().entries();
        entries.iter().filter(|entry| entry.what == what).count()
    }
}

fn tokens(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "access_token" || name == "refresh_token" => {
                        found.push(text.clone());
                    }
                    _ => tokens(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| tokens(item, found)),
        _ => {}
    }
}

fn pasted(callback: String) -> Vec<String> {
    vec![callback]
}

#[track_caller]
fn told(run: &Run, succeeded: bool, wanted: &[&str]) {
    assert_eq!(run.succeeded, succeeded, "{}{}", run.output, run.errors);
    let all = format!("{}{}", run.output, run.errors);
    for words in wanted {
        assert!(all.contains(words), "not told: {words}\n{all}");
    }
}

#[test]
fn a_connection_is_kept_from_run_to_run() {
    let mut bench = Bench::new("airwallex", "airwallex", Emulator::airwallex);
    bench.set("EVERGRANT_SCOPES", "balance:read");
    bench.set("EVERGRANT_RESOURCE_URL", bench.emulator.airwallex().resource_url());

    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        true,
        &[
            "nobody has logged in yet",
            "> main: connected",
            "account_id: acct_1",
            "scopes: balance:read",
            "answers 200",
            "main         healthy",
        ],
    );
    assert!(bench.secrets.len() >= 4, "no tokens were found to look for");

    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(&run, true, &["main is in ", "answers 200", "main         healthy"]);
    assert_eq!((bench.count(What::CodeExchanged), bench.count(What::Refreshed)), (1, 0));

    // The provider's token dies before its time: its API says so, and another one is fetched.
    bench.emulator.advance(301_000);
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        true,
        &["answers 401", "attempt 1 brought a new pair of tokens", "answers 200"],
    );

    let run = bench.run(&["--disconnect"], Decision::ALLOW, pasted);
    told(&run, true, &["> main: disconnected", "main         disconnected"]);
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        true,
        &[
            "this application disconnected it",
            "> main: connected again",
            "main         healthy",
        ],
    );

    // The user's role goes. A refresh token of this age is not given up at the first refusal, and the program says so.
    bench.emulator.airwallex().lose_role("owner", "acct_1");
    bench.emulator.advance(301_000);
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        false,
        &["that is being confirmed", "main         degraded", "run this again in "],
    );
}

#[test]
fn a_token_that_is_over_is_refreshed_by_the_next_run() {
    let mut bench = Bench::new("generic", "generic", Emulator::generic);
    bench.emulator.generic().configure(|settings| {
        settings.policy.access_ms = 1_000;
        settings.issuer_in_callback = false;
    });
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(&run, true, &["> main: connected", "main         healthy"]);
    let before = bench.count(What::Refreshed);
    thread::sleep(Duration::from_millis(1_100));
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        true,
        &["main is in ", "brought a new pair of tokens", "main         healthy"],
    );
    assert_eq!(bench.count(What::Refreshed), before + 1);
}

#[test]
fn a_wrong_paste_is_asked_for_again_and_a_refusal_ends_it() {
    let mut bench = Bench::new("pasted", "ofx_payments", Emulator::ofx);
    let run = bench.run(&[], Decision::Refuse, pasted);
    told(&run, false, &["the connection was not allowed", "not connected"]);
    let run = bench.run(&[], Decision::ALLOW, |callback| {
        let older = "https://app.example/callback?code=c&state=of-another-login".to_owned();
        vec!["https://app.example/".to_owned(), older, callback]
    });
    told(&run, true, &["Paste the address again", "> main: connected"]);
    let run = bench.run(&["--login"], Decision::ALLOW, |_| Vec::new());
    told(&run, false, &["nothing was pasted", "main         healthy"]);
}

#[test]
fn wise_is_reached_over_mutual_tls() {
    let mut bench = Bench::new("wise", "wise", Emulator::wise);
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        false,
        &["EVERGRANT_CLIENT_CERTIFICATE, EVERGRANT_CLIENT_KEY, EVERGRANT_AUTHORITY"],
    );
    let certificates = bench.emulator.certificates().clone();
    for (name, file, pem) in [
        ("EVERGRANT_CLIENT_CERTIFICATE", "client.pem", &certificates.client_pem),
        ("EVERGRANT_CLIENT_KEY", "key.pem", &certificates.client_key_pem),
        ("EVERGRANT_AUTHORITY", "authority.pem", &certificates.authority_pem),
    ] {
        let path = bench.folder.file(file);
        fs::write(&path, pem).unwrap();
        bench.set(name, path);
    }
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        true,
        &["> main: connected", "profileId: ", "main         healthy"],
    );
}

#[test]
fn what_is_missing_is_named() {
    let mut bench = Bench::new("missing", "ofx_payments", Emulator::ofx);
    bench
        .variables
        .retain(|(name, _)| *name == "EVERGRANT_PROVIDER" || *name == "EVERGRANT_DATABASE");
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        false,
        &["not set: EVERGRANT_CLIENT_ID, EVERGRANT_CLIENT_SECRET, EVERGRANT_REDIRECT_URI\n"],
    );
    for (name, value) in [
        ("EVERGRANT_CLIENT_ID", "id"),
        ("EVERGRANT_CLIENT_SECRET", "a-secret-that-is-not-shown"),
        ("EVERGRANT_REDIRECT_URI", "https://app.example/callback"),
        ("EVERGRANT_ENVIRONMENT", "production"),
    ] {
        bench.set(name, value);
    }
    bench.secrets.push("a-secret-that-is-not-shown".to_owned());
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(
        &run,
        false,
        &["EVERGRANT_AUTHORIZE_ENDPOINT and EVERGRANT_TOKEN_ENDPOINT"],
    );
    bench.set("EVERGRANT_PROVIDER", "stripe");
    let run = bench.run(&[], Decision::ALLOW, pasted);
    told(&run, false, &["EVERGRANT_PROVIDER: "]);
    let run = bench.run(&["--now"], Decision::ALLOW, pasted);
    told(&run, false, &["--live takes --login"]);
}
