//! What the token endpoints of all dialects have in common, between the parameters and the wording.

use crate::credentials::bearer;
use crate::http::{Request, Response};
use crate::journal::What;
use crate::kernel::{Invalid, Policy};
use crate::lock;
use crate::mint::Shape;
use crate::provider::Shared;
use crate::realm::{Bearer, CodeRefusal, Consent, Exchange, RefreshRefusal, Tokens, pause};

/// The refusal of any method but POST.
pub(crate) fn only_post(request: &Request) -> Option<Response> {
    (request.method != "POST")
        .then(|| Response::new(405, "application/json", r#"{"error":"invalid_request"}"#).with("Allow", "POST"))
}

/// Whether the secret is one of the client's; `None` for a client that is not known. A public client has none to give.
pub(crate) fn authenticates(shared: &Shared, id: &str, secret: Option<&str>) -> Option<bool> {
    let realm = lock(&shared.realm);
    let client = realm.client(id)?;
    Some(match secret {
        Some(secret) => client.secrets.iter().any(|known| known == secret),
        None => client.is_public(),
    })
}

/// Exchanges a code and writes it down.
pub(crate) fn exchange(shared: &Shared, policy: &Policy, given: &Exchange<'_>) -> Result<Tokens, CodeRefusal> {
    let now = shared.clock.now();
    let result = lock(&shared.realm).exchange(policy, now, given);
    match &result {
        Ok(tokens) => {
            shared.note_about(
                What::CodeExchanged,
                Some(&tokens.consent.account),
                Some(tokens.grant),
                Some(tokens.pair.0),
                format!("user {}", tokens.consent.user),
            );
            for older in &tokens.superseded {
                shared.note_about(
                    What::GrantEnded,
                    Some(&tokens.consent.account),
                    Some(*older),
                    None,
                    "Superseded",
                );
            }
        }
        Err(CodeRefusal::Reused { killed }) => {
            let words = if killed.is_some() {
                "the grant is dead"
            } else {
                "the grant lives on"
            };
            shared.note_about(What::CodeReused, None, *killed, None, words);
        }
        Err(why) => shared.note(What::CodeRejected, format!("{why:?}")),
    }
    result
}

/// Begins a grant that needs no user and writes it down.
pub(crate) fn begin(shared: &Shared, policy: &Policy, client: &str, scope: &str) -> Tokens {
    let consent = Consent {
        client: client.to_owned(),
        user: String::new(),
        account: String::new(),
        scope: scope.to_owned(),
    };
    let tokens = lock(&shared.realm).begin(policy, shared.clock.now(), consent);
    shared.note_about(
        What::ServiceToken,
        None,
        Some(tokens.grant),
        Some(tokens.pair.0),
        "with a refresh token",
    );
    tokens
}

/// Issues a token of the client's own and writes it down.
pub(crate) fn service(shared: &Shared, client: &str, life_ms: i64, shape: Shape) -> String {
    let (now, replaces) = (shared.clock.now(), lock(&shared.settings).service_token_replaces);
    shared.note(What::ServiceToken, format!("client {client}"));
    lock(&shared.realm).service_token(client, now.saturating_add(life_ms), shape, replaces)
}

/// Refreshes, taking `processing_ms` of real time for it, and writes it down.
pub(crate) fn refresh(
    shared: &Shared,
    client: &str,
    scope: Option<&str>,
    token: &str,
    processing_ms: u64,
) -> Result<Tokens, RefreshRefusal> {
    let policy = lock(&shared.settings).policy;
    let begun = lock(&shared.realm).begin_refresh(&policy, client, scope, token);
    let grant = begun.as_ref().ok().map(|(number, _)| *number);
    let result = begun.and_then(|begun| {
        // Without the lock: a second refresh with the same token can arrive meanwhile.
        pause(processing_ms);
        let now = shared.clock.now();
        lock(&shared.realm).finish_refresh(&policy, now, begun)
    });
    match &result {
        Ok(tokens) => shared.note_about(
            What::Refreshed,
            Some(&tokens.consent.account),
            Some(tokens.grant),
            Some(tokens.pair.0),
            format!("{:?}", tokens.how).to_lowercase(),
        ),
        Err(RefreshRefusal::Killed) => {
            shared.note_about(
                What::ReuseDetected,
                None,
                grant,
                None,
                "an old refresh token killed the grant",
            );
        }
        Err(RefreshRefusal::Concurrent) => shared.note(What::ConcurrentRefused, "the token is being worked on"),
        Err(RefreshRefusal::Invalid(Invalid::Ended(reason))) => {
            shared.note_about(What::RefreshRejected, None, grant, None, format!("ended: {reason:?}"));
        }
        Err(why) => shared.note_about(What::RefreshRejected, None, grant, None, format!("{why:?}")),
    }
    result
}

/// Whom the bearer token of a request stands for, if there is one and it is alive; writes it down.
pub(crate) fn resource(shared: &Shared, request: &Request) -> Option<Bearer> {
    let policy = lock(&shared.settings).policy;
    let token = bearer(request);
    let found = token.and_then(|token| lock(&shared.realm).bearer(&policy, shared.clock.now(), token));
    match &found {
        Some(Bearer::User { consent, grant, pair }) => {
            shared.note_about(
                What::ResourceServed,
                Some(&consent.account),
                Some(*grant),
                Some(pair.0),
                "",
            );
        }
        Some(Bearer::Service { client }) => shared.note(What::ResourceServed, format!("client {client}")),
        None => shared.note(
            What::ResourceRejected,
            if token.is_some() { "dead token" } else { "no token" },
        ),
    }
    found
}
