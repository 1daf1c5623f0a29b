//! What the browser sees: authorize requests, the consent page, and the way back to the client.

use crate::directory::Directory;
use crate::http::{Request, Response};
use crate::journal::What;
use crate::lock;
use crate::params::{Params, form_body, with_query};
use crate::provider::{Dialect, Shared};
use crate::realm::Ticket;

/// Why an authorize request was refused.
pub(crate) enum Refusal {
    /// On a page: nobody may be sent to a redirect URI that is not known to be the client's (RFC 6749 section 4.1.2.1).
    Page(&'static str),
    /// By redirect.
    Redirect {
        redirect_uri: String,
        state: Option<String>,
        error: &'static str,
    },
}

/// The checks that every provider does: the client, its redirect URI, and nothing given twice.
pub(crate) fn known_client(shared: &Shared, params: &Params) -> Result<(String, String), Refusal> {
    if params.duplicate().is_some() {
        return Err(Refusal::Page("A parameter was given twice."));
    }
    let id = params.get("client_id").ok_or(Refusal::Page("The client is missing."))?;
    let realm = lock(&shared.realm);
    let client = realm.client(id).ok_or(Refusal::Page("The client is not known."))?;
    let wanted = params
        .get("redirect_uri")
        .ok_or(Refusal::Page("The redirect URI is missing."))?;
    if !client.redirect_uris.iter().any(|registered| registered == wanted) {
        return Err(Refusal::Page("The redirect URI is not registered."));
    }
    Ok((id.to_owned(), wanted.to_owned()))
}

/// The S256 challenge of an authorize request, if there is one; `Err` for `plain` and for what no S256 challenge is.
pub(crate) fn challenge(params: &Params) -> Result<Option<String>, ()> {
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) if crate::credentials::is_challenge(challenge) => {
            Ok(Some(challenge.to_owned()))
        }
        _ => Err(()),
    }
}

/// Answers an authorize request that `check` has judged; the consent page posts to `action`.
pub(crate) fn authorize(
    shared: &Shared,
    request: &Request,
    action: &str,
    check: impl FnOnce(&Params) -> Result<Ticket, Refusal>,
) -> Response {
    if request.method != "GET" {
        return page(405, "This page is only for GET.").with("Allow", "GET");
    }
    match check(&Params::form(request.query.as_bytes())) {
        Ok(ticket) => {
            let (client, scope) = (ticket.client.clone(), ticket.scope.clone());
            let name = lock(&shared.realm).open(ticket);
            consent_page(&lock(&shared.directory), action, &name, &client, &scope)
        }
        Err(Refusal::Page(words)) => {
            shared.note(What::AuthorizeRefused, words);
            page(400, words)
        }
        Err(Refusal::Redirect {
            redirect_uri,
            state,
            error,
        }) => {
            shared.note(What::AuthorizeRefused, error);
            back(shared, &redirect_uri, state.as_deref(), &[("error", error)])
        }
    }
}

/// Answers the decision on the consent page.
pub(crate) fn decide(shared: &Shared, request: &Request) -> Response {
    let params = form_body(request)
        .filter(|_| request.method == "POST")
        .unwrap_or_default();
    let ticket = params.get("ticket").and_then(|ticket| lock(&shared.realm).take(ticket));
    let Some(ticket) = ticket else {
        return page(400, "This page is no longer valid.");
    };
    let (user, account) = (
        params.get("user").unwrap_or_default(),
        params.get("account").unwrap_or_default(),
    );
    let role = lock(&shared.directory).role(user, account);
    let may = role.is_some_and(|role| shared.dialect != Dialect::Airwallex || role.may_consent());
    if params.get("decision") != Some("allow") || !may {
        let words = if may {
            "the user refused"
        } else {
            "this user may not consent for this account"
        };
        shared.note_about(What::Refused, Some(account), None, None, words);
        return refuse(shared, &ticket);
    }
    let (policy, now) = (lock(&shared.settings).policy, shared.clock.now());
    let (redirect_uri, state) = (ticket.redirect_uri.clone(), ticket.state.clone());
    let code = lock(&shared.realm).allow(ticket, &policy, now, user, account);
    shared.note_about(What::Allowed, Some(account), None, None, format!("by {user}"));
    let number = lock(&shared.directory).number(account).to_string();
    let parameter = lock(&shared.settings).profile_parameter.clone();
    let mut given = vec![("code", code.as_str())];
    if shared.dialect == Dialect::Wise {
        given.push((parameter.as_str(), number.as_str()));
    }
    back(shared, &redirect_uri, state.as_deref(), &given)
}

fn refuse(shared: &Shared, ticket: &Ticket) -> Response {
    let redirects = shared.dialect != Dialect::Wise || lock(&shared.settings).refusal_redirects;
    if !redirects {
        // Wise: "we display the message on our webpage", often no callback at all.
        return page(403, "The connection was not allowed.");
    }
    let mut given = vec![("error", "access_denied")];
    if shared.dialect == Dialect::Wise {
        given.push(("error_description", "The user did not allow the connection"));
    }
    back(shared, &ticket.redirect_uri, ticket.state.as_deref(), &given)
}

/// Sends the browser back to the client.
fn back(shared: &Shared, redirect_uri: &str, state: Option<&str>, given: &[(&str, &str)]) -> Response {
    let mut params = given.to_vec();
    if let Some(state) = state {
        params.push(("state", state));
    }
    let issuer = shared.urls().api;
    if shared.dialect == Dialect::Generic && lock(&shared.settings).issuer_in_callback {
        // RFC 9207 section 2: in refusals too.
        params.push(("iss", &issuer));
    }
    Response::redirect(&with_query(redirect_uri, &params))
}

fn consent_page(directory: &Directory, action: &str, ticket: &str, client: &str, scope: &str) -> Response {
    let option = |name: &str| format!("<option>{}</option>", escaped(name));
    let mut users: Vec<&str> = directory.roles.keys().map(|(user, _)| user.as_str()).collect();
    users.dedup();
    users.sort_unstable();
    users.dedup();
    let users: String = users.into_iter().map(option).collect();
    let accounts: String = directory.accounts.keys().map(|name| option(name)).collect();
    let body = format!(
        "<!doctype html><title>Consent</title><h1>Emulated provider</h1><p>{} asks for: {}</p>\
         <form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
         <label>User <select name=\"user\">{users}</select></label>\
         <label>Account <select name=\"account\">{accounts}</select></label>\
         <button name=\"decision\" value=\"allow\">Allow</button>\
         <button name=\"decision\" value=\"refuse\">Refuse</button></form>",
        escaped(client),
        escaped(scope)
    );
    html(200, body)
}

fn page(status: u16, words: &str) -> Response {
    html(
        status,
        format!(
            "<!doctype html><title>Error</title><h1>Error</h1><p>{}</p>",
            escaped(words)
        ),
    )
}

fn html(status: u16, body: String) -> Response {
    // A consent page in a frame could be clicked through (RFC 9700 section 4.16).
    Response::new(status, "text/html; charset=utf-8", body).with("X-Frame-Options", "DENY")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
