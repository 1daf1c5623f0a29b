//! Airwallex: JSON bodies, five-minute access tokens, rotation with a window of a minute, consent bound to a role.

use std::error::Error;

use evergrant::client::configuration::Client;
use evergrant::message::token_answer::Verdict;
use evergrant::message::token_request::TokenRequest;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::{Decision, Emulator};

use crate::account::{self, Returned};
use crate::report::Report;
use crate::ureq_host::UreqHost;

pub fn tell(emulator: &Emulator, report: &mut Report) -> Result<(), Box<dyn Error>> {
    report.part("Airwallex");
    let airwallex = emulator.airwallex();
    let client = Client::builder(
        Profile::built_in("airwallex")?,
        Environment::Sandbox,
        airwallex.client_id(),
    )
    .client_secret(airwallex.client_secret())
    .redirect_uri("https://app.example/callback")
    .authorize_endpoint(airwallex.authorize_url())
    .token_endpoint(airwallex.token_url())
    .build()?;
    let host = UreqHost::new();

    let owner = Decision::Allow {
        user: "owner",
        account: "acct_1",
    };
    let Returned::Approved(code) = account::log_in(&client, &["balance:read"], owner, report)? else {
        return Err("the owner allowed it, and no code came back".into());
    };
    let first = account::exchange(&client, &code, &host, report)?;
    let access = account::access(&first)?;
    account::call(&airwallex.resource_url(), &access, &host, report)?;
    let tokens = account::rotate(&client, first, &host, report)?;
    let access = account::access(&tokens)?;
    account::call(&airwallex.resource_url(), &access, &host, report)?;
    let account_id = tokens.account_ids.first().map_or("unnamed", |id| id.value.as_str());
    report.row(
        "Airwallex connection",
        account_id,
        access.token(),
        tokens.access_life_ms,
        tokens.refresh_token.as_ref(),
    );

    report.say("a second account is connected by its admin, who then loses the role");
    let admin = Decision::Allow {
        user: "admin",
        account: "acct_2",
    };
    let Returned::Approved(code) = account::log_in(&client, &["balance:read"], admin, report)? else {
        return Err("the admin allowed it, and no code came back".into());
    };
    let second = account::exchange(&client, &code, &host, report)?;
    airwallex.lose_role("admin", "acct_2");
    let refresh_token = second.refresh_token.ok_or("there is no refresh token")?;
    let settled = account::ask(
        &client,
        &TokenRequest::refresh_token(&refresh_token, &second.scopes),
        &host,
    )?;
    report.check(
        settled.verdict == Verdict::Rejected,
        format!(
            "the refresh is rejected: {}",
            settled.evidence.oauth_error.as_deref().unwrap_or("without a code")
        ),
    )?;
    report.say(format!("words for the user: {}", client.profile().reconnect_words()));
    Ok(())
}
