//! The steps that every story is made of, as a program takes them.

use std::error::Error;
use std::time::Duration;

use evergrant::base::error::{Action, ErrorCode, OAuthError};
use evergrant::client::configuration::Client;
use evergrant::connection::command::{ClientHealth, Command};
use evergrant::drive::finished::Finished;
use evergrant::drive::host::Host;
use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::step::Step;
use evergrant::message::access_token::AccessToken;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant::message::pending::{Consenter, Pending};
use evergrant::message::resource::ResourceJudgement;
use evergrant_emulator::{Decision, consent};

use crate::report::Report;
use crate::stage::{Handle, Stage, Worker};
use crate::ureq_host::UreqHost;
use crate::words;

/// The session of the user at this application, to which every login here is tied.
const SESSION: &str = "session-of-the-user";
/// A token with less life than this is renewed before it is used.
pub const ENOUGH: Duration = Duration::from_secs(60);

/// What the user's browser brought back, and what was kept for it.
pub struct Returned {
    pub pending: Pending,
    pub callback: String,
}

/// Sends the user to the provider, and takes the callback in.
pub fn send_user(
    worker: &Worker,
    (user, account): (&str, &str),
    scope: &str,
    allows: bool,
    report: &Report,
) -> Result<Returned, Box<dyn Error>> {
    let consenter = Consenter {
        user: user.to_owned(),
        role: None,
    };
    let request = AuthorizationRequest::new(Binding::session(SESSION)?)
        .scopes([scope])
        .consenter(consenter);
    let login = worker.begin(&request)?;
    report.say(format!(
        "the browser of {user} is sent to {}",
        without_query(&login.url)
    ));
    // A program stores the text under `login.id`, and finds it again by `login_id(&callback)`.
    let kept = login.pending.expose();
    let decision = if allows {
        Decision::Allow { user, account }
    } else {
        Decision::Refuse
    };
    let callback = consent(&login.url, decision)?.callback();
    let callback = callback.ok_or("the provider sent nobody back")?;
    let verb = if allows { "allows" } else { "refuses" };
    report.say(format!(
        "{user} {verb} it there, and comes back to {}",
        without_query(&callback)
    ));
    let pending = Pending::parse(kept.expose())?;
    Ok(Returned { pending, callback })
}

/// Finishes a login.
pub fn finish(worker: &Worker, returned: &Returned, key: &str) -> Result<Finished<Handle>, Box<dyn Error>> {
    let binding = Binding::session(SESSION)?;
    Ok(worker.finish(&returned.pending, returned.callback.as_str(), &binding, key)?)
}

/// A login from its beginning to its end.
pub fn connect(
    worker: &Worker,
    key: &str,
    who: (&str, &str),
    scope: &str,
    report: &Report,
) -> Result<Handle, Box<dyn Error>> {
    let returned = send_user(worker, who, scope, true, report)?;
    match finish(worker, &returned, key)? {
        Finished::Connected(handle) => Ok(handle),
        _ => Err("the user allowed it, and no connection came of it".into()),
    }
}

/// Calls the provider's API as a program does: with a live token, and once more with another one where the first is dead.
pub fn call(handle: &Handle, client: &Client, url: &str, report: &Report) -> Result<AccessToken, Box<dyn Error>> {
    let http = UreqHost::new();
    let mut token = handle.token(ENOUGH)?;
    let mut answer = http.get(url, token.authorization().expose())?;
    if matches!(client.judge_resource(&answer), ResourceJudgement::TokenDead { .. }) {
        token = handle.rejected(&token)?;
        answer = http.get(url, token.authorization().expose())?;
    }
    report.check(
        answer.status() == 200,
        format!(
            "GET {} with token {} answers {}",
            path(url),
            short(&token),
            answer.status()
        ),
    )?;
    Ok(token)
}

/// The error that a call must end with, said in the library's words.
pub fn must_fail(
    result: Result<AccessToken, OAuthError>,
    code: ErrorCode,
    report: &Report,
) -> Result<(), Box<dyn Error>> {
    let error = result.err().ok_or("a token came, and should not have")?;
    let words = match error.action() {
        Action::Reauthorize { words, .. } => words.clone(),
        _ => error.to_string(),
    };
    report.check(
        error.code() == code,
        format!("whoever asks for a token is told: {words}"),
    )
}

/// A worker that is killed in the middle of a refresh: it writes its attempt down, its request leaves, and it is never
/// heard of again. Its machine is dropped there, so that no line of it runs any more.
pub fn die_in_the_middle(stage: &Stage, client: &Client, key: &str) -> Result<(), Box<dyn Error>> {
    let host = stage.host(UreqHost::new());
    let connection = client.connection(key)?;
    let health = ClientHealth::default();
    let mut work = client.work(&connection, Command::obtain(), health, host.now(), host.entropy()?);
    loop {
        for event in work.events() {
            stage.report.event(key, &words::of(&event));
        }
        let (id, step) = work.step();
        let input = match step {
            Step::Load { key } => match stage.store.load(key) {
                Ok(Loaded { stored, store_now }) => Input::Loaded { stored, store_now },
                Err(failure) => Input::StoreFailed(failure),
            },
            Step::Save(save) => match stage.store.save(save) {
                Ok(SaveResult::Saved { store_now }) => Input::Saved { store_now },
                Ok(SaveResult::Conflict { stored, store_now }) => Input::Conflict { stored, store_now },
                Err(failure) => Input::StoreFailed(failure),
            },
            Step::Send(send) => {
                // The provider's answer is here, and nobody looks at it.
                let _ = host.send(send);
                return Ok(());
            }
            _ => return Err("the worker was to send a request before anything else".into()),
        };
        work.answer(id, host.now(), input)?;
    }
}

/// A token by its fingerprint: enough to see that it changed, nothing to steal.
pub fn short(token: &AccessToken) -> String {
    format!("#{}", token.fingerprint().chars().take(6).collect::<String>())
}

/// What stands after the host, without the query.
pub fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| without_query(&rest[at..]))
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}
