//! Writes a record.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::digest::base64url;
use crate::base::json::Json;
use crate::base::secret::Secret;
use crate::connection::ledger::{Attempt, Fate, Held, Login, Opening, Repeated, Status, Streak};
use crate::connection::record::{Consent, Counters, FORMAT, Failure, Record, status_word};
use crate::connection::record_reader::{KINDS, LOGIN_FATES, REASONS};
use crate::message::callback::NamedValue;
use crate::message::token_answer::Tokens;

impl Record {
    /// The record as JSON, for the store; it holds secrets.
    pub fn to_json(&self) -> Secret {
        Secret::new(write(self).print().as_str())
    }
}

fn write(record: &Record) -> Json {
    let ledger = &record.ledger;
    let format = Json::object()
        .set("major", Json::number(FORMAT.0))
        .set("minor", Json::number(record.newer_minor.unwrap_or(FORMAT.1)))
        .done();
    let mut object = Json::object()
        .set("format", format)
        .set("provider", Json::string(record.provider.as_str()))
        .set("environment", Json::string(record.environment.as_str()))
        .set("client_id", Json::string(record.client_id.as_str()))
        .set("token_endpoint", Json::string(record.token_endpoint.as_str()))
        .set_some(
            "consent",
            record.consent.as_ref().map(|given| consent(given, ledger.login)),
        )
        .set("status", status(record))
        .set("order", Json::number(ledger.order))
        .set_some("tokens", ledger.tokens.as_ref().map(held))
        .set_some("window", ledger.window.map(window))
        .set("not_before", Json::number(ledger.not_before))
        .set("attempts", Json::Array(ledger.attempts.iter().map(attempt).collect()))
        .set("next_attempt", Json::number(ledger.next_attempt))
        .set("next_order", Json::number(ledger.next_order))
        .set("unauthorized", repeated(ledger.unauthorized))
        .set("not_spent", repeated(ledger.not_spent))
        .set_some("refusal", ledger.refusal.map(streak))
        .set_some("client_refused", ledger.client_refused.map(streak))
        .set("logins", Json::Array(ledger.logins.iter().map(login).collect()))
        .set("counters", counters(&record.counters));
    for (name, value) in &record.unknown {
        object = object.set(name, value.clone());
    }
    object.done()
}

fn status(record: &Record) -> Json {
    let status = &record.ledger.status;
    let object = Json::object().set("type", Json::string(status_word(status)));
    match status {
        Status::Unconnected | Status::Live => object,
        Status::NeedsReauthorization { reason, since } => {
            let words = record.evidence.as_ref();
            let oauth_error = words.and_then(|words| words.oauth_error.as_deref());
            object
                .set("reason", Json::string(word_of(&REASONS, *reason)))
                .set("since", Json::number(*since))
                .set_some("http_status", words.and_then(|words| words.status).map(Json::number))
                .set_some("oauth_error", oauth_error.map(Json::string))
        }
        Status::Closed { since } => object.set("since", Json::number(*since)),
    }
    .done()
}

fn counters(counters: &Counters) -> Json {
    Json::object()
        .set_some("last_success", counters.last_success.map(Json::number))
        .set_some("last_failure", counters.last_failure.as_ref().map(failure))
        .set("unknown_outcomes", Json::number(counters.unknown_outcomes))
        .set("recovered", Json::number(counters.recovered))
        .set("rejections", Json::number(counters.rejections))
        .done()
}

fn failure(failure: &Failure) -> Json {
    Json::object()
        .set("kind", Json::string(word_of(&KINDS, failure.kind)))
        .set_some("http_status", failure.words.status.map(Json::number))
        .set_some("oauth_error", failure.words.oauth_error.as_deref().map(Json::string))
        .set("since", Json::number(failure.since))
        .set("at", Json::number(failure.at))
        .set("times", Json::number(failure.times))
        .done()
}

fn streak(streak: Streak) -> Json {
    Json::object()
        .set("sign", Json::string(base64url(&streak.sign.to_be_bytes())))
        .set("times", Json::number(streak.times))
        .set("since", Json::number(streak.since))
        .set("last", Json::number(streak.last))
        .done()
}

fn login(login: &Login) -> Json {
    Json::object()
        .set("order", Json::number(login.order))
        .set("digest", id(login.digest))
        .set("holder", id(login.holder))
        .set("claimed", Json::number(login.claimed))
        .set("send_by", Json::number(login.send_by))
        .set("tries", Json::number(login.tries))
        .set("fate", Json::string(word_of(&LOGIN_FATES, login.fate)))
        .done()
}

/// 128 bits.
fn id(id: u128) -> Json {
    Json::string(base64url(&id.to_be_bytes()))
}

/// The word that a record uses for a value.
fn word_of<T: PartialEq>(words: &'static [(&'static str, T)], value: T) -> &'static str {
    words
        .iter()
        .find(|(_, known)| *known == value)
        .map_or("", |(word, _)| word)
}

fn consent(consent: &Consent, login: Option<u128>) -> Json {
    let by = consent.consented_by.as_ref();
    Json::object()
        .set("id", Json::string(consent.id.as_str()))
        .set("at", Json::number(consent.at))
        .set_some("login", login.map(id))
        .set("scopes_asked", texts(&consent.scopes_asked))
        .set_some("user", by.map(|by| Json::string(by.user.as_str())))
        .set_some("role", by.and_then(|by| by.role.as_deref()).map(Json::string))
        .done()
}

fn held(held: &Held<Tokens>) -> Json {
    Json::object()
        .set("generation", Json::number(held.generation))
        .set("born_at", Json::number(held.born_at))
        .set("access_not_after", Json::number(held.access_not_after))
        .set_some("idle_deadline", held.idle_deadline.map(Json::number))
        .set_some("hard_deadline", held.hard_deadline.map(Json::number))
        .set("answer", answer(&held.tokens))
        .done()
}

fn answer(tokens: &Tokens) -> Json {
    let secret = |token: &Option<Secret>| token.as_ref().map(|token| Json::string(token.expose()));
    Json::object()
        .set_some("refresh_token", secret(&tokens.refresh_token))
        .set_some("access_token", secret(&tokens.access_token))
        .set_some("access_life", tokens.access_life_ms.map(Json::number))
        .set_some("refresh_idle", tokens.refresh_idle_ms.map(Json::number))
        .set_some("refresh_hard", tokens.refresh_hard_ms.map(Json::number))
        .set("scopes", texts(&tokens.scopes))
        .set("account_ids", accounts(&tokens.account_ids))
        .done()
}

fn window(opening: Opening) -> Json {
    Json::object()
        .set("opened_at", Json::number(opening.at))
        .set("last_chances", Json::number(opening.last_chances))
        .done()
}

fn attempt(attempt: &Attempt<Tokens>) -> Json {
    let word = |word: &str| Json::object().set("type", Json::string(word));
    let fate = match &attempt.fate {
        Fate::Open => word("open"),
        Fate::Closed => word("closed"),
        Fate::NotSpent => word("not_spent"),
        Fate::Rejected { doubtful } => word("rejected").set("doubtful", Json::Bool(*doubtful)),
        Fate::Answered(tokens) => word("answered").set("answer", answer(tokens)),
    };
    Json::object()
        .set("number", Json::number(attempt.number))
        .set("holder", id(attempt.holder))
        .set("claimed", Json::number(attempt.claimed))
        .set("send_by", Json::number(attempt.send_by))
        .set("fate", fate.done())
        .done()
}

fn repeated(repeated: Repeated) -> Json {
    Json::object()
        .set("times", Json::number(repeated.times))
        .set("at", Json::number(repeated.at))
        .done()
}

fn accounts(accounts: &[NamedValue]) -> Json {
    let account = |account: &NamedValue| {
        Json::object()
            .set("name", Json::string(account.name.as_str()))
            .set("value", Json::string(account.value.as_str()))
            .done()
    };
    Json::Array(accounts.iter().map(account).collect::<Vec<_>>())
}

fn texts(texts: &[String]) -> Json {
    Json::strings(texts.iter().map(String::as_str))
}
