//! OFX Payments: form bodies, `scope` in every token request, rotation without a window.

use std::error::Error;

use evergrant::client::configuration::Client;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::{Decision, Emulator};

use crate::account::{self, Returned};
use crate::report::Report;
use crate::ureq_host::UreqHost;

pub fn tell(emulator: &Emulator, report: &mut Report) -> Result<(), Box<dyn Error>> {
    report.part("OFX Payments");
    let ofx = emulator.ofx();
    let client = Client::builder(
        Profile::built_in("ofx_payments")?,
        Environment::Sandbox,
        ofx.client_id(),
    )
    .client_secret(ofx.client_secret())
    .redirect_uri("https://app.example/callback")
    .authorize_endpoint(ofx.authorize_url())
    .token_endpoint(ofx.token_url())
    .build()?;
    let host = UreqHost::new();

    match account::log_in(&client, &["payments"], Decision::Refuse, report)? {
        Returned::Refused(words) => report.say(format!("the user says no, and is told: {words}")),
        _ => return Err("the user refused, and no refusal came back".into()),
    }

    report.say("asked again, the user allows it");
    let Returned::Approved(code) = account::log_in(&client, &["payments"], Decision::ALLOW, report)? else {
        return Err("the user allowed it, and no code came back".into());
    };
    let first = account::exchange(&client, &code, &host, report)?;
    let access = account::access(&first)?;
    account::call(&ofx.resource_url(), &access, &host, report)?;
    let tokens = account::rotate(&client, first, &host, report)?;
    let access = account::access(&tokens)?;
    account::call(&ofx.resource_url(), &access, &host, report)?;
    // OFX names no account in its answers; the host knows whom it asked.
    report.row(
        "OFX connection",
        "acct_1",
        access.token(),
        tokens.access_life_ms,
        tokens.refresh_token.as_ref(),
    );
    Ok(())
}
