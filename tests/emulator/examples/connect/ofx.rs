//! OFX Payments: form bodies, `scope` in every token request, refresh tokens that die when nobody uses them for a month.

use std::error::Error;

use evergrant::base::error::ErrorCode;
use evergrant::client::configuration::Client;
use evergrant::drive::finished::Finished;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::What;

use crate::stage::{Handle, Stage};
use crate::steps::{self, ENOUGH};

const MAIN: &str = "ofx/main";
const SECOND: &str = "ofx/second";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

pub fn tell(stage: &Stage) -> Result<Vec<Handle>, Box<dyn Error>> {
    let report = &stage.report;
    let ofx = stage.emulator.ofx();
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
    let url = ofx.resource_url();
    let worker = stage.worker(&client);

    report.part(
        "OFX Payments",
        "the user refuses, then allows; the callback comes twice",
    );
    let returned = steps::send_user(&worker, ("owner", "acct_1"), "payments", false, report)?;
    match steps::finish(&worker, &returned, MAIN)? {
        Finished::Refused(refusal) => report.say(format!("the user is told: {}", refusal.words)),
        _ => return Err("the user refused, and no refusal came of it".into()),
    }
    let returned = steps::send_user(&worker, ("owner", "acct_1"), "payments", true, report)?;
    let Finished::Connected(main) = steps::finish(&worker, &returned, MAIN)? else {
        return Err("the user allowed it, and no connection came of it".into());
    };
    let again = steps::finish(&worker, &returned, MAIN)?;
    report.check(
        matches!(again, Finished::Connected(_)) && stage.count("ofx", What::CodeExchanged) == 1,
        "the user reloads the page, and the same callback comes again: connected, and its code was sent only once",
    )?;
    steps::call(&main, &client, &url, report)?;

    report.part("OFX Payments", "nobody uses it for weeks");
    stage.pass(HOUR, "an hour later the access token is over");
    steps::call(&main, &client, &url, report)?;
    stage.pass(
        16 * DAY,
        "sixteen days pass; OFX forgets a refresh token that lies unused for thirty",
    );
    let due = stage.store.due();
    for key in due.iter().filter(|key| key.starts_with("ofx/")) {
        report.say(format!("the sweeper asks the store what is due, and looks after {key}"));
        worker.connection(key)?.keep_alive()?;
    }
    report.check(
        stage.count("ofx", What::Refreshed) == 2,
        "it is kept alive, and may lie unused for thirty days again",
    )?;

    report.part("OFX Payments", "a connection is disconnected");
    let second = steps::connect(&worker, SECOND, ("admin", "acct_2"), "payments", report)?;
    report.say("the application disconnects it");
    second.disconnect()?;
    steps::must_fail(second.token(ENOUGH), ErrorCode::Disconnected, report)?;
    worker.close();
    Ok(vec![main, second])
}
