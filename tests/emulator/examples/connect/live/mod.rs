//! The same with a real provider: a login by hand, and a connection that stays in a SQLite file from run to run.
//!
//! Redirect URIs are registered with the provider, so nothing listens here: whoever logs in pastes the address that the
//! browser ended at. The login that waits for it is kept in memory, so it ends with this program.

mod settings;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use evergrant::base::error::{Action, ErrorCode, OAuthError};
use evergrant::base::time::Now;
use evergrant::connection::health::HealthState;
use evergrant::drive::connections::{ConnectionHandle, Connections};
use evergrant::drive::finished::Finished;
use evergrant::message::access_token::AccessToken;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant::message::resource::ResourceJudgement;
use evergrant_stores::sqlite::SqliteStore;

use self::settings::{HELP, Settings, endpoint_hint};
use crate::report;
use crate::steps::{ENOUGH, path, short};
use crate::ureq_host::UreqHost;
use crate::words;

/// Shared with the calls of the provider's API.
type Http = Arc<UreqHost>;
type Live = Connections<Http, SqliteStore>;
type LiveHandle = ConnectionHandle<Http, SqliteStore>;

/// How often a login is gone on with after an answer that did not come.
const TRIES: u32 = 5;

pub fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    if arguments == ["--help"] {
        println!("{HELP}");
        return Ok(());
    }
    let (logs_in, disconnects) = match arguments {
        [] => (false, false),
        ["--login"] => (true, false),
        ["--disconnect"] => (false, true),
        _ => return Err("--live takes --login, --disconnect, --help, or nothing".into()),
    };
    let mut settings = Settings::read()?;
    let http = Arc::new(std::mem::replace(&mut settings.http, UreqHost::new()));
    let store = SqliteStore::open(&settings.database)?;
    let connections = Connections::new(settings.client.clone(), store, http.clone())
        .on_event(|key, event| println!("> {key}: {}", words::of(&event)));
    let handle = connections.connection(&settings.key)?;
    let result = if disconnects {
        handle.disconnect().map_err(Into::into)
    } else {
        keep(&connections, &handle, &settings, &http, logs_in)
    };
    // What is on its way is waited for, also after an error: it may be the only live token.
    connections.close();
    let shown = show_health(&handle);
    result.and(shown)
}

/// Makes sure that there is a connection, and uses it once.
fn keep(
    connections: &Live,
    handle: &LiveHandle,
    settings: &Settings,
    http: &UreqHost,
    logs_in: bool,
) -> Result<(), Box<dyn Error>> {
    let found = handle.health()?;
    let is_gone = matches!(
        found.state,
        HealthState::NotConnected | HealthState::NeedsReauthorization | HealthState::Disconnected
    );
    if is_gone || logs_in {
        println!("{}: {}", handle.key(), found.reason);
        log_in(connections, settings)?;
    } else {
        println!("{} is in {}", handle.key(), settings.database.display());
    }
    let token = handle.token(ENOUGH).map_err(|error| advice(&error))?;
    tell(&token);
    match &settings.resource_url {
        Some(url) => call(handle, settings, http, url, token),
        None => Ok(()),
    }
}

fn log_in(connections: &Live, settings: &Settings) -> Result<(), Box<dyn Error>> {
    // A command line has no session of a user; a web application must give its own.
    let binding = Binding::no_session();
    let request = AuthorizationRequest::new(binding.clone()).scopes(settings.scopes.iter().cloned());
    let login = connections.begin(&request).map_err(|error| endpoint_hint(&error))?;
    println!(
        "\nOpen this address in a browser, and allow it there:\n\n  {}\n",
        login.url
    );
    report::paragraph(&format!(
        "The browser then goes to {}, where it may show nothing, or an error. Paste the whole address that it ended at \
         here, and press Enter.",
        settings.redirect_uri
    ));
    let mut pasted = read_line()?;
    for _ in 0..TRIES {
        // A code that Wise shows to be typed is no query.
        let finished = if pasted.contains('=') {
            connections.finish(&login.pending, pasted.as_str(), &binding, &settings.key)
        } else {
            connections.finish_typed_code(&login.pending, pasted.as_str(), &binding, &settings.key)
        };
        match finished {
            Ok(Finished::Connected(_)) => return Ok(()),
            Ok(Finished::Refused(refusal)) => return Err(refusal.words.into()),
            Ok(Finished::DifferentAccount) => {
                return Err("that was another account than the connection's; nothing has changed".into());
            }
            Ok(_) => return Err("nothing came of this login; run it again".into()),
            Err(error) => match (error.code(), error.action()) {
                (_, Action::RetryAfter { delay_ms }) => {
                    println!("{error}");
                    thread::sleep(Duration::from_millis(u64::try_from(*delay_ms).unwrap_or(0)));
                }
                (
                    ErrorCode::InvalidCallback
                    | ErrorCode::MissingCode
                    | ErrorCode::StateMismatch
                    | ErrorCode::TypedCodeNotAllowed
                    | ErrorCode::WrongRedirectUri,
                    _,
                ) => {
                    println!("{error}. Paste the address again:");
                    pasted = read_line()?;
                }
                _ => return Err(error.into()),
            },
        }
    }
    Err("the login did not end; run it again".into())
}

/// One line that is not empty.
fn read_line() -> Result<String, Box<dyn Error>> {
    for line in io::stdin().lines() {
        let line = line?.trim().to_owned();
        if !line.is_empty() {
            return Ok(line);
        }
    }
    Err("nothing was pasted, so the login is over; run it again".into())
}

fn tell(token: &AccessToken) {
    let left = token.remaining_ms(Now::system());
    let left = left.map_or("for ever".to_owned(), |ms| format!("for {} s more", ms / 1_000));
    println!(
        "access token {} lives {left}; scopes: {}",
        short(token),
        token.scopes().join(" ")
    );
    for account in token.account_ids() {
        println!("{}: {}", account.name, account.value);
    }
}

/// Calls the provider's API; where it says that the token is dead, once more with another one.
fn call(
    handle: &LiveHandle,
    settings: &Settings,
    http: &UreqHost,
    url: &str,
    mut token: AccessToken,
) -> Result<(), Box<dyn Error>> {
    for is_last in [false, true] {
        let answer = http.get(url, token.authorization().expose())?;
        println!(
            "GET {} with token {} answers {}",
            path(url),
            short(&token),
            answer.status()
        );
        match settings.client.judge_resource(&answer) {
            ResourceJudgement::Accepted => return Ok(()),
            ResourceJudgement::TokenDead { .. } if !is_last => {
                println!("the token is dead, before its time; another one is asked for");
                token = handle.rejected(&token).map_err(|error| advice(&error))?;
            }
            judgement => return Err(format!("the API refuses the call: {judgement:?}").into()),
        }
    }
    Ok(())
}

/// What the user of this program can do about an error.
fn advice(error: &OAuthError) -> String {
    match error.action() {
        Action::Reauthorize { words, .. } => format!("{words}; then run this again, it begins a login"),
        Action::RetryAfter { delay_ms } => format!("{error}; run this again in {} s", delay_ms / 1_000 + 1),
        _ => error.to_string(),
    }
}

fn show_health(handle: &LiveHandle) -> Result<(), Box<dyn Error>> {
    let health = handle.health()?;
    println!();
    report::table(&[(handle.key().to_owned(), health)], Now::system().wall);
    Ok(())
}
