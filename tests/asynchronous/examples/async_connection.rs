//! A connection with `reqwest` on `tokio`: many tasks, callers that go away, an answer that is lost.
//!
//! `cargo run --package evergrant-asynchronous --example async_connection`, against the emulated Airwallex. Exits with 1
//! if anything is not as it should be.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::drive::async_connections::AsyncConnections;
use evergrant::drive::async_store::InPlace;
use evergrant::drive::finished::Finished;
use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant::message::pending::Pending;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_asynchronous::ReqwestHost;
use evergrant_emulator::fault::{Effect, Ending, Fault, Point};
use evergrant_emulator::{Decision, Emulator, Options, What, consent};

/// Records in memory: enough for an example. What a real store must promise is in `docs/stores.md`.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Stored>>);

impl Store for Memory {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Loaded {
            stored: rows.get(key).cloned(),
            store_now: Now::system().wall,
        })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stored, store_now) = (rows.get(&save.key).cloned(), Now::system().wall);
        if stored.as_ref().map_or(0, Stored::version) != save.expect {
            return Ok(SaveResult::Conflict { stored, store_now });
        }
        rows.insert(save.key.clone(), save.record.clone());
        Ok(SaveResult::Saved { store_now })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Options::default())?;
    let airwallex = emulator.airwallex();
    let client = Client::builder(
        Profile::built_in("airwallex")?,
        Environment::Sandbox,
        airwallex.client_id(),
    )
    .client_secret(airwallex.client_secret())
    .redirect_uri("https://app.example/callback")
    .authorize_endpoint(airwallex.authorize_url()) // these two only because the provider is emulated
    .token_endpoint(airwallex.token_url())
    .build()?;

    let http = ReqwestHost::new()?;
    let connections = AsyncConnections::new(client, InPlace(Memory::default()), http.clone())
        .on_event(|key, event| println!("event of {key}: {event:?}"));

    // The user logs in. `pending` is kept where the session is, under `login.id`.
    let binding = Binding::session("the-session-of-the-user")?;
    let login = connections.begin(
        &AuthorizationRequest::new(binding.clone())
            .key("acct_1")
            .scopes(["balance:read"]),
    )?;
    let kept = login.pending.expose();
    let landing = tokio::task::spawn_blocking(move || consent(&login.url, Decision::ALLOW)).await??;
    let callback = landing.callback().ok_or("the browser was not sent back")?;
    let pending = Pending::parse(kept.expose())?;
    let finished = connections.finish(&pending, callback, &binding, "acct_1").await?;
    let Finished::Connected(connection) = finished else {
        return Err(format!("not connected: {finished:?}").into());
    };
    let first = connection.token(Duration::ZERO).await?;
    println!(
        "connected; the API answers {}",
        call(&http, &airwallex.resource_url(), &first).await?
    );

    // A resource answered 401, and the answer to the refresh gets lost. Twenty tasks want another token; half of them are
    // cancelled at once.
    let lost = Effect::Drop {
        point: Point::After,
        ending: Ending::Reset,
    };
    airwallex.faults().push(Fault::refresh(lost));
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (connection, first) = (connection.clone(), first.clone());
            tokio::spawn(async move { connection.rejected(&first).await })
        })
        .collect();
    tokio::task::yield_now().await;
    for caller in callers.iter().step_by(2) {
        caller.abort();
    }
    let (mut fingerprints, mut cancelled) = (BTreeSet::new(), 0);
    for caller in callers {
        match caller.await {
            Ok(token) => {
                fingerprints.insert(token?.fingerprint());
            }
            Err(_) => cancelled += 1,
        }
    }
    println!("{cancelled} callers were cancelled, the others have the token {fingerprints:?}");

    let token = connection.token(Duration::ZERO).await?;
    let status = call(&http, &airwallex.resource_url(), &token).await?;
    println!(
        "the API answers {status}; the connection is {:?}",
        connection.health().await?.state
    );
    connections.close().await;

    // The one whose answer was lost, and the one that repeated it inside the window.
    let refreshed = emulator.journal().count("airwallex", What::Refreshed);
    println!("token requests that the provider carried out: {refreshed}");
    if (status, refreshed, fingerprints.len()) == (200, 2, 1) {
        Ok(())
    } else {
        Err("one token, two refreshes and a 200 were expected".into())
    }
}

async fn call(
    http: &ReqwestHost,
    url: &str,
    token: &evergrant::message::access_token::AccessToken,
) -> Result<u16, Box<dyn Error>> {
    Ok(http.get(url, token.authorization().expose()).await?)
}
