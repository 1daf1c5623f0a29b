//! One connected account, kept by hand with the pure messages.
//!
//! Nothing here survives a crash or a second worker: that is the job of connections, which spend one-use credentials by
//! a protocol of their own. Here each message is shown for itself.

use std::error::Error;

use evergrant::base::entropy;
use evergrant::base::time::Now;
use evergrant::client::authentication::SecretChoice;
use evergrant::client::configuration::Client;
use evergrant::drive::host::{Exchange, Host};
use evergrant::flow::step::Send;
use evergrant::message::access_token::AccessToken;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant::message::callback::{AuthorizationCode, Callback, login_id};
use evergrant::message::pending::Pending;
use evergrant::message::token_answer::{Reply, Settled, Tokens, Verdict};
use evergrant::message::token_request::{Prepared, TokenRequest};
use evergrant_emulator::{Decision, consent};

use crate::report::{Report, short};
use crate::ureq_host::UreqHost;

/// The session of the user at the host, to which every login here is tied.
const SESSION: &str = "session-of-the-user";

/// What a login came to.
pub enum Returned {
    /// With a code.
    Approved(Box<AuthorizationCode>),
    /// With the user's or the provider's no: words for the user.
    Refused(String),
    /// The provider showed a page of its own and sent nobody back.
    Stayed,
}

/// Begins a login, lets the user decide in the browser, and judges what comes back.
pub fn log_in(
    client: &Client,
    scopes: &[&str],
    decision: Decision<'_>,
    report: &mut Report,
) -> Result<Returned, Box<dyn Error>> {
    let binding = Binding::session(SESSION)?;
    let request = AuthorizationRequest::new(binding.clone()).scopes(scopes.iter().copied());
    let login = client.begin(&request, Now::system(), entropy::system()?)?;
    report.say(format!(
        "begin: the user's browser goes to {}",
        without_query(&login.url)
    ));
    let stored = login.pending.expose();
    report.say(format!(
        "the pending login is kept under {} until the user is back",
        login.id
    ));

    let Some(callback) = consent(&login.url, decision)?.callback() else {
        return Ok(Returned::Stayed);
    };
    let same = login_id(&callback)? == login.id;
    report.check(
        same,
        format!("the callback at {} belongs to that login", without_query(&callback)),
    )?;

    let pending = Pending::parse(stored.expose())?;
    Ok(
        match client.read_callback(&pending, &callback, &binding, Now::system())? {
            Callback::Approved(code) => Returned::Approved(code),
            Callback::Refused(refusal) => Returned::Refused(refusal.words),
            _ => return Err("a kind of callback that this example does not know".into()),
        },
    )
}

/// The access token in use. Its life counts from when it was asked for; here that was a moment ago.
pub fn access(tokens: &Tokens) -> Result<AccessToken, Box<dyn Error>> {
    tokens
        .in_use(Now::system())
        .ok_or_else(|| "there is no access token".into())
}

/// Sends a token request and judges the answer.
pub fn ask(client: &Client, request: &TokenRequest, host: &UreqHost) -> Result<Settled, Box<dyn Error>> {
    let now = Now::system();
    let prepared = client.token_request(request, SecretChoice::Current, now, entropy::system()?)?;
    let Prepared::Ready(http) = prepared else {
        return Err("this client signs nothing".into());
    };
    let send = Send::new(http, now.later(3_000), client.wants_client_certificate());
    let exchange = host.send(&send);
    let reply = match &exchange {
        Exchange::Answer(answer) => Reply::Answer(answer),
        Exchange::NotSent => Reply::NotSent,
        Exchange::NoAnswer(partial) => Reply::NoAnswer(partial.as_ref()),
    };
    Ok(client.settle(request, reply, Now::system()))
}

/// The tokens of an answer that must have some.
pub fn tokens(settled: Settled) -> Result<Tokens, Box<dyn Error>> {
    match settled.verdict {
        Verdict::Answered(tokens) => Ok(tokens),
        _ => Err(settled
            .error()
            .map_or("an answer without tokens and without error".into(), Into::into)),
    }
}

/// Exchanges the code for tokens.
pub fn exchange(
    client: &Client,
    code: &AuthorizationCode,
    host: &UreqHost,
    report: &mut Report,
) -> Result<Tokens, Box<dyn Error>> {
    let tokens = tokens(ask(client, &TokenRequest::authorization_code(code), host)?)?;
    report.check(
        tokens.access_token.is_some() && tokens.refresh_token.is_some(),
        "the code is exchanged for an access token and a refresh token",
    )?;
    Ok(tokens)
}

/// Refreshes once; the refresh token must be another one afterwards.
pub fn rotate(client: &Client, tokens: Tokens, host: &UreqHost, report: &mut Report) -> Result<Tokens, Box<dyn Error>> {
    let old = tokens.refresh_token.ok_or("there is no refresh token")?;
    let new = self::tokens(ask(client, &TokenRequest::refresh_token(&old, &tokens.scopes), host)?)?;
    let fresh = new.refresh_token.clone().ok_or("the answer has no refresh token")?;
    report.check(
        fresh != old,
        format!(
            "refreshed: the refresh token rotated from {} to {}",
            short(&old),
            short(&fresh)
        ),
    )?;
    Ok(new)
}

/// Calls a protected resource with the access token; it must answer 200.
pub fn call(url: &str, access: &AccessToken, host: &UreqHost, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let answer = host.get(url, access.authorization().expose())?;
    report.check(
        answer.status() == 200,
        format!("GET {} answers {}", without_query(url), answer.status()),
    )
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}
