//! The control surface: the powers of the library for tests in other languages, as JSON over HTTP.

mod fields;
mod read_fault;
mod read_settings;

use serde_json::{Value, json};

use crate::browser::{Decision, Landing, consent};
use crate::directory::Role;
use crate::emulator::World;
use crate::http::{Outcome, Request, Response};
use crate::params::Params;
use crate::provider::{Dialect, Provider};
use fields::Fields;

/// A refusal in words, for a 400.
type Result<T> = std::result::Result<T, String>;

pub(crate) fn answer(world: &World, request: &Request) -> Outcome {
    let response = match dispatch(world, request) {
        Some(Ok(value)) => Response::json(200, &value),
        Some(Err(words)) => Response::json(400, &json!({"error": words})),
        None => Response::json(404, &json!({"error": "GET / lists what there is"})),
    };
    Outcome::Respond(response)
}

fn dispatch(world: &World, request: &Request) -> Option<Result<Value>> {
    let known = |method, path| {
        ROUTES
            .iter()
            .any(|(known, other, _)| *known == method && *other == path)
    };
    let (method, path) = (request.method.as_str(), request.path.as_str());
    if !known(method, path) {
        return None;
    }
    Some(match method {
        "GET" => read(world, path, &Params::form(request.query.as_bytes())),
        _ => parse(&request.body).and_then(|body| change(world, path, Fields::new(&body)?)),
    })
}

const ROUTES: [(&str, &str, &str); 20] = [
    ("GET", "/", "this description"),
    (
        "GET",
        "/providers",
        "URLs, client ids, secrets and certificates (PEM) of all providers",
    ),
    ("GET", "/journal", "what happened; ?provider= chooses one"),
    ("GET", "/settings", "what is chosen at ?provider="),
    ("GET", "/clock", "the time of the emulated clock"),
    ("POST", "/advance", "{ms}: moves the clock"),
    ("POST", "/clock", "{frozen}: lets the clock stand still or run"),
    (
        "POST",
        "/settings",
        "{provider, …}: changes any of what GET /settings shows; policy takes {variant, window_ms, …} too",
    ),
    (
        "POST",
        "/faults",
        "{provider, place, grant_type, skip, times, effect}: queues a fault; effect is {type: drop, point, ending}, \
         {type: delay, point, ms}, {type: truncate, keep}, {type: answer, point, status, headers, body}, \
         {type: html or empty, point, status}, {type: gateway_429 or concurrent_429, point}, \
         {type: wise_429, point, retry_after_s} or {type: patch, set, remove, bom, status}; place: token, resource, \
         authorize or any; point: before, processing or after; ending: close or reset",
    ),
    (
        "POST",
        "/faults/clear",
        "{provider}: forgets the faults that have not struck",
    ),
    (
        "POST",
        "/clients",
        "{provider, client_id, client_secrets, redirect_uris}: registers or replaces a client",
    ),
    (
        "POST",
        "/keys",
        "{provider, client_id, jwk}: registers a P-256 public key for client assertions",
    ),
    (
        "POST",
        "/redirect_uris",
        "{provider, redirect_uri}: registers one for the first client",
    ),
    (
        "POST",
        "/users/put",
        "{provider, user, account, role}: owner, admin, finance_admin or viewer",
    ),
    ("POST", "/users/lose_role", "{provider, user, account}"),
    ("POST", "/users/delete", "{provider, user}"),
    ("POST", "/accounts/disconnect", "{provider, account}"),
    ("POST", "/accounts/close", "{provider, account}"),
    (
        "POST",
        "/consent",
        "{authorize_url, decision: allow or refuse, user, account}: acts as the browser, answers {callback} or {page}",
    ),
    (
        "POST",
        "/reset",
        "everything as after the start; the clock keeps its time",
    ),
];

fn parse(body: &[u8]) -> Result<Value> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|_| "the body is no JSON".to_owned())
}

fn read(world: &World, path: &str, query: &Params) -> Result<Value> {
    match path {
        "/providers" => Ok(providers(world)),
        "/journal" => {
            let wanted = query.get("provider");
            let entries = world.journal.entries();
            let chosen = entries
                .iter()
                .filter(|entry| wanted.is_none_or(|wanted| wanted == entry.provider));
            Ok(chosen.map(crate::journal::Entry::to_json).collect())
        }
        "/settings" => {
            let provider = provider(world, query.get("provider").unwrap_or_default())?;
            Ok(read_settings::to_json(&provider.settings()))
        }
        "/clock" => Ok(json!({"now_ms": world.clock.now()})),
        _ => Ok(ROUTES
            .iter()
            .map(|(method, path, words)| json!({"method": method, "path": path, "does": words}))
            .collect()),
    }
}

fn change(world: &World, path: &str, mut fields: Fields<'_>) -> Result<Value> {
    match path {
        "/advance" => {
            let ms = fields.needs("ms", Value::as_i64)?;
            fields.done()?;
            world.clock.advance(ms);
            return Ok(json!({"now_ms": world.clock.now()}));
        }
        "/clock" => {
            let frozen = fields.needs("frozen", Value::as_bool)?;
            fields.done()?;
            if frozen {
                world.clock.freeze()
            } else {
                world.clock.resume()
            }
            return Ok(json!({"now_ms": world.clock.now()}));
        }
        "/consent" => return browse(world, fields),
        "/reset" => {
            fields.done()?;
            world.reset();
            return Ok(json!({}));
        }
        _ => {}
    }
    let provider = provider(world, &fields.text("provider")?)?;
    match path {
        "/settings" => {
            let mut settings = provider.settings();
            read_settings::apply(&mut settings, &mut fields)?;
            fields.done()?;
            let shown = read_settings::to_json(&settings);
            provider.configure(|current| *current = settings);
            return Ok(shown);
        }
        "/faults" => {
            let fault = read_fault::fault(&mut fields)?;
            fields.done()?;
            provider.faults().push(fault);
        }
        "/faults/clear" => {
            fields.done()?;
            provider.faults().clear();
        }
        "/clients" => {
            let (id, secrets, uris) = (
                fields.text("client_id")?,
                fields.texts("client_secrets")?,
                fields.texts("redirect_uris")?,
            );
            fields.done()?;
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
            provider.register_client(&id, &secrets, &uris);
        }
        "/keys" => {
            let (id, jwk) = (fields.text("client_id")?, fields.needs("jwk", Some)?);
            fields.done()?;
            provider.register_key(&id, jwk)?;
        }
        "/redirect_uris" => {
            let uri = fields.text("redirect_uri")?;
            fields.done()?;
            provider.register_redirect_uri(&uri)?;
        }
        _ => people(&provider, path, fields)?,
    }
    Ok(json!({}))
}

fn people(provider: &Provider, path: &str, mut fields: Fields<'_>) -> Result<()> {
    let user = if path.starts_with("/users/") {
        fields.text("user")?
    } else {
        String::new()
    };
    let account = if path == "/users/delete" {
        String::new()
    } else {
        fields.text("account")?
    };
    let role = if path == "/users/put" {
        Some(fields.text("role")?)
    } else {
        None
    };
    fields.done()?;
    match (path, role) {
        ("/users/put", Some(role)) => {
            let role = Role::named(&role).ok_or("role: owner, admin, finance_admin or viewer")?;
            provider.put_user(&user, &account, role);
        }
        ("/users/lose_role", _) => provider.lose_role(&user, &account),
        ("/users/delete", _) => provider.delete_user(&user),
        ("/accounts/disconnect", _) => provider.disconnect(&account),
        _ => provider.close_account(&account),
    }
    Ok(())
}

fn browse(world: &World, mut fields: Fields<'_>) -> Result<Value> {
    let url = fields.text("authorize_url")?;
    let decision = fields.text_or("decision", "allow")?;
    let (user, account) = (fields.text_or("user", "owner")?, fields.text_or("account", "acct_1")?);
    fields.done()?;
    // The browser goes nowhere else: this surface is no way to reach other servers.
    if !world
        .providers
        .iter()
        .any(|provider| url.split('?').next() == Some(provider.authorize_url().as_str()))
    {
        return Err("authorize_url: this is no authorize URL of a provider here".to_owned());
    }
    let decision = match decision.as_str() {
        "allow" => Decision::Allow {
            user: &user,
            account: &account,
        },
        "refuse" => Decision::Refuse,
        _ => return Err("decision: allow or refuse".to_owned()),
    };
    match consent(&url, decision) {
        Ok(Landing::Callback(callback)) => Ok(json!({"callback": callback})),
        Ok(Landing::Page { status, body }) => Ok(json!({"page": {"status": status, "body": body}})),
        Err(error) => Err(format!("the provider did not answer: {error}")),
    }
}

fn provider(world: &World, name: &str) -> Result<Provider> {
    let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.name() == name);
    let dialect = dialect.ok_or("provider: airwallex, ofx, wise or generic")?;
    Ok(world.provider(dialect).clone())
}

/// Everything that a client needs to know.
pub(crate) fn providers(world: &World) -> Value {
    let described = world.providers.iter().map(|provider| {
        let mut value = json!({
            "authorize_url": provider.authorize_url(),
            "token_url": provider.token_url(),
            "api_url": provider.api_url(),
            "resource_url": provider.resource_url(),
            "client_id": provider.client_id(),
            "client_secret": provider.client_secret(),
            "redirect_uris": provider.redirect_uris(),
        });
        if let Some(issuer) = provider.issuer() {
            value["issuer"] = json!(issuer);
        }
        if let Some(url) = provider.mtls_url() {
            value["mtls_url"] = json!(url);
            value["authority_pem"] = json!(world.certificates.authority_pem);
            value["client_pem"] = json!(world.certificates.client_pem);
            value["client_key_pem"] = json!(world.certificates.client_key_pem);
        }
        (provider.dialect().name().to_owned(), value)
    });
    Value::Object(described.collect())
}
