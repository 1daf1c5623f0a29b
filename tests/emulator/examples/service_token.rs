//! A service token with `ureq`: three threads share the client's token, as an application does.
//!
//! `cargo run --example service_token`, against the emulated OFX.

#[expect(dead_code, reason = "OFX needs no client certificate")]
#[path = "ureq_host/mod.rs"]
mod ureq_host;

use std::error::Error;
use std::thread;
use std::time::Duration;

use evergrant::client::configuration::Client;
use evergrant::drive::service_tokens::ServiceTokens;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::{Emulator, Options, What};

use crate::ureq_host::UreqHost;

fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Options::default())?;
    let ofx = emulator.ofx();

    let client = Client::builder(
        Profile::built_in("ofx_payments")?,
        Environment::Sandbox,
        ofx.client_id(),
    )
    .client_secret(ofx.client_secret())
    .token_endpoint(ofx.token_url()) // only because the provider is emulated
    .build()?;
    let tokens = ServiceTokens::new(client, Vec::new(), UreqHost::new()).on_event(|event| println!("event: {event:?}"));

    thread::scope(|scope| {
        let workers: Vec<_> = (1..=3)
            .map(|worker| {
                let tokens = tokens.for_worker();
                scope.spawn(move || {
                    tokens
                        .token(Duration::from_secs(60))
                        .map(|token| (worker, token.fingerprint()))
                })
            })
            .collect();
        for worker in workers {
            let (worker, fingerprint) = worker.join().map_err(|_| "a worker panicked")??;
            println!("worker {worker} has the token {fingerprint}");
        }
        Ok::<(), Box<dyn Error>>(())
    })?;

    let token = tokens.token(Duration::ZERO)?;
    let answer = UreqHost::new().get(&ofx.resource_url(), token.authorization().expose())?;
    println!("the API answers {}", answer.status());
    let asked = emulator.journal().count("ofx", What::ServiceToken);
    println!("token requests: {asked}");
    if (answer.status(), asked) == (200, 1) {
        Ok(())
    } else {
        Err("one token request and a 200 were expected".into())
    }
}
