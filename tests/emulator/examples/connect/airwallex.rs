//! Airwallex: five-minute access tokens, rotation with a window of a minute, and consents that hang on a user's role.

use std::error::Error;

use evergrant::base::error::ErrorCode;
use evergrant::client::configuration::Client;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::What;
use evergrant_emulator::fault::{Effect, Ending, Fault, Point};

use crate::stage::{Handle, Stage};
use crate::steps::{self, ENOUGH};

const MAIN: &str = "airwallex/main";
const SECOND: &str = "airwallex/second";
/// A moment longer than an access token lives.
const FIVE_MINUTES: i64 = 301_000;

pub fn tell(stage: &Stage) -> Result<Vec<Handle>, Box<dyn Error>> {
    let report = &stage.report;
    let airwallex = stage.emulator.airwallex();
    let client = Client::builder(
        Profile::built_in("airwallex")?,
        Environment::Sandbox,
        airwallex.client_id(),
    )
    .client_secret(airwallex.client_secret())
    .redirect_uri("https://app.example/callback")
    .authorize_endpoint(airwallex.authorize_url()) // only because the provider is emulated
    .token_endpoint(airwallex.token_url())
    .build()?;
    let url = airwallex.resource_url();
    let worker = stage.worker(&client);
    let refreshed = || stage.count("airwallex", What::Refreshed);

    report.part(
        "Airwallex",
        "access tokens for five minutes, and a refresh uses its refresh token up",
    );
    let main = steps::connect(&worker, MAIN, ("owner", "acct_1"), "balance:read", report)?;
    let first = steps::call(&main, &client, &url, report)?;
    stage.pass(FIVE_MINUTES, "five minutes later that token is over");
    let second = steps::call(&main, &client, &url, report)?;
    report.check(
        first != second && refreshed() == 1,
        "one refresh, before the call and unseen by it",
    )?;

    report.part("Airwallex", "an answer is lost");
    let lost = Effect::Drop {
        point: Point::After,
        ending: Ending::Reset,
    };
    airwallex.faults().push(Fault::refresh(lost));
    stage.pass(
        FIVE_MINUTES,
        "the next refresh: Airwallex acts, and the network fails before its answer is through",
    );
    let before = refreshed();
    steps::call(&main, &client, &url, report)?;
    report.check(
        refreshed() == before + 2,
        "recovered: the old refresh token still worked for a minute, and was used again in time",
    )?;

    report.part("Airwallex", "a worker is killed");
    stage.pass(
        FIVE_MINUTES,
        "a second worker refreshes, and is killed in the middle: its work is dropped when the request has left",
    );
    let before = refreshed();
    steps::die_in_the_middle(stage, &client, MAIN)?;
    report.check(
        refreshed() == before + 1,
        "Airwallex has used up the refresh token that the store holds, and nobody has the new one",
    )?;
    report.say("a third one, which knows nothing but the store, finds that attempt and waits until it may take over");
    let successor = stage.worker(&client);
    steps::call(&successor.connection(MAIN)?, &client, &url, report)?;
    report.check(
        refreshed() == before + 2,
        "taken over in time; no user had to do anything",
    )?;
    successor.close();

    report.part("Airwallex", "a role is lost");
    let second = steps::connect(&worker, SECOND, ("admin", "acct_2"), "balance:read", report)?;
    steps::call(&second, &client, &url, report)?;
    airwallex.lose_role("admin", "acct_2");
    stage.pass(
        FIVE_MINUTES,
        "the user admin is made a viewer of that account, and five minutes pass",
    );
    steps::must_fail(second.token(ENOUGH), ErrorCode::ReauthorizationRequired, report)?;
    worker.close();
    Ok(vec![main, second])
}
