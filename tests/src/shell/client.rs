//! A client whose profile says what a scenario's client believes.

use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::connection::command::{Adoption, Command, Finish};
use evergrant::connection::policy::Policy;
use evergrant::connection::transition::Goal;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use serde_json::{Value, json};
use std::time::Duration;

use super::mirror;
use crate::model::pair::{ACCESS_LIFE, Pair};
use crate::model::scenario::{Scenario, code_of};

/// The session that every login is bound to.
const SESSION: &str = "session-1";
/// A login lives for longer than any run.
const LOGIN_LIFE: i64 = 7 * 86_400_000;

/// The configuration, as a client reads it.
pub fn configuration(scenario: &Scenario) -> Value {
    let window = match scenario.client.window {
        Policy::UNLIMITED.. => json!({ "type": "unlimited" }),
        0 => json!({ "type": "none" }),
        millis => json!({ "type": "seconds", "seconds": millis / 1_000 }),
    };
    let doubtful = if scenario.doubtful {
        json!({ "invalid_grant": "grant_doubted" })
    } else {
        json!({})
    };
    let endpoint = |name: &str| format!("https://as.example/{name}");
    let mut hosts = json!({ "authorize": endpoint("authorize"), "token": endpoint("token") });
    if scenario.client.revokes {
        hosts["revocation"] = json!(endpoint("revoke"));
    }
    json!({
        "profile": {
            "id": "schedule",
            "environments": { "sandbox": hosts },
            "grants": { "authorization_code": {}, "refresh_token": {} },
            "answer": { "account_ids": ["account_id"] },
            "errors": { "classes": doubtful },
            "lifetimes": { "code_seconds": scenario.client.code_life / 1_000 },
            "refresh": { "window": window },
        },
        "environment": "sandbox",
        "client_id": "client-1",
        "client_secret": "emulated-secret",
        "redirect_uri": "https://app.example/callback",
    })
}

/// What a goal is asked for with, and the same as JSON.
pub fn command(client: &Client, goal: Goal, adopts: Option<Pair>, begun: Now) -> (Command, Value) {
    match goal {
        Goal::Obtain { min_life } => {
            let life = Duration::from_millis(u64::try_from(min_life).expect("a life"));
            let shown = json!({ "type": "obtain", "min_life_ms": min_life });
            (Command::Obtain { min_life: life }, shown)
        }
        Goal::Unauthorized { .. } => {
            let token = mirror::access_text(Pair::first(0, 0));
            let fingerprint = evergrant::base::digest::fingerprint(&token);
            let shown = json!({ "type": "rejected", "fingerprint": fingerprint });
            (Command::Rejected { fingerprint }, shown)
        }
        Goal::Verify { .. } => (Command::Signal, json!({ "type": "signal" })),
        Goal::KeepAlive => (Command::KeepAlive, json!({ "type": "keep_alive" })),
        Goal::Disconnect => (Command::Disconnect, json!({ "type": "disconnect" })),
        Goal::Finish { .. } => finish(client, code_of(goal), begun),
        Goal::Adopt { .. } => {
            let pair = adopts.expect("something to adopt");
            let (access, refresh) = (mirror::access_text(pair), mirror::refresh_text(pair));
            let account = mirror::account_text(pair);
            let life = Duration::from_millis(ACCESS_LIFE.unsigned_abs());
            let adoption = Adoption::new(refresh.as_str())
                .access_token(access.as_str(), life)
                .account_id("account_id", account.as_str());
            let shown = json!({
                "type": "adopt", "refresh_token": refresh, "access_token": access, "access_life_ms": ACCESS_LIFE,
                "account_ids": [{ "name": "account_id", "value": account }],
            });
            (Command::Adopt(Box::new(adoption)), shown)
        }
        other => unreachable!("no work begins with {other:?}"),
    }
}

fn finish(client: &Client, code: u8, begun: Now) -> (Command, Value) {
    let binding = Binding::session(SESSION).expect("a session");
    let request = AuthorizationRequest::new(binding.clone()).life_ms(LOGIN_LIFE);
    let login = client.begin(&request, begun, super::play::entropy(200 + u128::from(code)));
    let login = login.expect("a login");
    let state = login.url.split("state=").nth(1).expect("a state");
    let state = state.split('&').next().expect("a state");
    let callback = format!("https://app.example/callback?code=code-{code}&state={state}");
    let shown = json!({
        "type": "finish", "pending": login.pending.expose().expose(), "callback": callback, "session": SESSION,
    });
    let finish = Finish::callback(login.pending, callback.as_str(), binding);
    (Command::Finish(Box::new(finish)), shown)
}
