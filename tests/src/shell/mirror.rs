//! The model's small numbers, and the tokens that stand for them.

use std::collections::BTreeMap;

use evergrant::connection::ledger::{Attempt, Fate, Held, Ledger, Login};
use evergrant::message::token_answer::Tokens;

use crate::model::pair::{ACCESS_LIFE, Pair};

/// The access token that stands for a pair's.
pub fn access_text(pair: Pair) -> String {
    format!("access-{}-{}", pair.grant, pair.access.0)
}

/// The refresh token that stands for a pair's.
pub fn refresh_text(pair: Pair) -> String {
    format!("refresh-{}-{}", pair.grant, pair.refresh.0)
}

/// The account that stands for a pair's.
pub fn account_text(pair: Pair) -> String {
    format!("acct_{}", pair.account)
}

/// The body of an answer with these tokens.
pub fn body(pair: Pair) -> String {
    let (access, refresh, account) = (access_text(pair), refresh_text(pair), account_text(pair));
    let seconds = ACCESS_LIFE / 1_000;
    format!(
        r#"{{"access_token":"{access}","refresh_token":"{refresh}","token_type":"Bearer","expires_in":{seconds},"account_id":"{account}"}}"#
    )
}

/// Which digest of a code stands for which of the model's.
#[derive(Debug, Default)]
pub struct Digests(BTreeMap<u128, u128>);

impl Digests {
    fn are_same(&mut self, model: u128, real: u128) -> bool {
        *self.0.entry(model).or_insert(real) == real
    }
}

/// Whether the machine's ledger is the model's, with tokens for numbers.
///
/// # Errors
/// What differs.
pub fn compare(digests: &mut Digests, model: &Ledger<Pair>, real: &Ledger<Tokens>) -> Result<(), String> {
    let mut faults = Vec::new();
    let mut hold = |same: bool, what: &str| {
        if !same {
            faults.push(what.to_owned());
        }
    };
    hold(model.status == real.status, "status");
    hold(model.order == real.order, "order");
    hold(model.window == real.window, "window");
    hold(model.not_before == real.not_before, "not_before");
    hold(model.next_attempt == real.next_attempt, "next_attempt");
    hold(model.next_order == real.next_order, "next_order");
    hold(model.unauthorized == real.unauthorized, "unauthorized");
    hold(model.not_spent == real.not_spent, "not_spent");
    hold(model.client_refused == real.client_refused, "client_refused");
    hold(
        match (&model.tokens, &real.tokens) {
            (Some(model), Some(real)) => held(model, real),
            (None, None) => true,
            _ => false,
        },
        "tokens",
    );
    let attempts = model.attempts.iter().zip(&real.attempts);
    hold(
        model.attempts.len() == real.attempts.len() && attempts.into_iter().all(|(model, real)| attempt(model, real)),
        "attempts",
    );
    hold(
        match (model.login, real.login) {
            (Some(model), Some(real)) => digests.are_same(model, real),
            (None, None) => true,
            _ => false,
        },
        "login",
    );
    let logins = model.logins.iter().zip(&real.logins);
    hold(
        model.logins.len() == real.logins.len() && logins.into_iter().all(|(model, real)| login(digests, model, real)),
        "logins",
    );
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("{}:\n{model:?}\n{real:?}", faults.join(", ")))
}

fn held(model: &Held<Pair>, real: &Held<Tokens>) -> bool {
    model.generation == real.generation
        && model.born_at == real.born_at
        && model.access_not_after == real.access_not_after
        && tokens(model.tokens, &real.tokens)
}

fn tokens(model: Pair, real: &Tokens) -> bool {
    let text = |token: &Option<evergrant::base::secret::Secret>| token.as_ref().map(|token| token.expose().to_owned());
    let is_wiped = !evergrant::connection::tokens::TokenSet::has_secrets(&model);
    if is_wiped {
        return real.access_token.is_none() && real.refresh_token.is_none();
    }
    text(&real.access_token) == Some(access_text(model)) && text(&real.refresh_token) == Some(refresh_text(model))
}

fn attempt(model: &Attempt<Pair>, real: &Attempt<Tokens>) -> bool {
    (model.number, model.claimed, model.send_by) == (real.number, real.claimed, real.send_by)
        && match (&model.fate, &real.fate) {
            (Fate::Answered(model), Fate::Answered(real)) => tokens(*model, real),
            (Fate::Open, Fate::Open) | (Fate::Closed, Fate::Closed) | (Fate::NotSpent, Fate::NotSpent) => true,
            (Fate::Rejected { doubtful: model }, Fate::Rejected { doubtful: real }) => model == real,
            _ => false,
        }
}

fn login(digests: &mut Digests, model: &Login, real: &Login) -> bool {
    (model.order, model.claimed, model.send_by, model.tries, model.fate)
        == (real.order, real.claimed, real.send_by, real.tries, real.fate)
        && digests.are_same(model.digest, real.digest)
}

/// The record with which a run begins: connected, and nothing under way.
pub fn first_record(ledger: &Ledger<Pair>) -> Option<serde_json::Value> {
    let held = ledger.tokens.as_ref()?;
    assert!(
        ledger.attempts.is_empty() && ledger.logins.is_empty(),
        "a run begins quietly"
    );
    let account = serde_json::json!({ "name": "account_id", "value": account_text(held.tokens) });
    Some(serde_json::json!({
        "format": { "major": 1, "minor": 0 },
        "provider": "schedule",
        "environment": "sandbox",
        "client_id": "client-1",
        "token_endpoint": "https://as.example/token",
        "status": { "type": "live" },
        "order": ledger.order,
        "tokens": {
            "generation": held.generation,
            "born_at": held.born_at,
            "access_not_after": held.access_not_after,
            "answer": {
                "refresh_token": refresh_text(held.tokens),
                "access_token": access_text(held.tokens),
                "access_life": ACCESS_LIFE,
                "scopes": [],
                "account_ids": [account],
            },
        },
        "not_before": 0,
        "attempts": [],
        "next_attempt": ledger.next_attempt,
        "next_order": ledger.next_order,
        "unauthorized": { "times": 0, "at": 0 },
        "not_spent": { "times": 0, "at": 0 },
        "logins": [],
        "counters": { "unknown_outcomes": 0, "recovered": 0, "rejections": 0 },
    }))
}
