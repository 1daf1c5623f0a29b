//! Wise: HTTP Basic over mutual TLS, and a service token of its own for each worker.

use std::error::Error;

use evergrant::client::configuration::Client;
use evergrant::drive::service_tokens::ServiceTokens;
use evergrant::message::resource::ResourceJudgement;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;

use crate::stage::{Handle, Stage};
use crate::steps::{ENOUGH, path, short};
use crate::ureq_host::UreqHost;
use crate::words;

pub fn tell(stage: &Stage) -> Result<Vec<Handle>, Box<dyn Error>> {
    let report = &stage.report;
    let wise = stage.emulator.wise();
    let certificates = stage.emulator.certificates();
    let client = Client::builder(Profile::built_in("wise")?, Environment::Sandbox, wise.client_id())
        .client_secret(wise.client_secret())
        .token_endpoint(wise.token_url())
        .build()?;

    report.part("Wise", "service tokens, over mutual TLS, one for each worker");
    report.check(
        client.wants_client_certificate(),
        "the profile demands it: the client shows its certificate",
    )?;
    let http = UreqHost::with_client_certificate(
        &certificates.client_pem,
        &certificates.client_key_pem,
        &certificates.authority_pem,
    )?;
    let events = report.clone();
    let tokens = ServiceTokens::new(client.clone(), Vec::new(), stage.host(http))
        .on_event(move |event| events.event("wise", &words::of(&event)));
    let token = tokens.token(ENOUGH)?;
    report.check(
        tokens.token(ENOUGH)? == token,
        format!("worker 1 asks twice, and has the token {} for both", short(&token)),
    )?;
    let other = tokens.for_worker().token(ENOUGH)?;
    report.check(
        other != token,
        format!("worker 2 has one of its own, as Wise wants it: {}", short(&other)),
    )?;
    let plain = UreqHost::new();
    let url = wise.resource_url();
    let answer = plain.get(&url, token.authorization().expose())?;
    report.check(
        answer.status() == 200,
        format!(
            "GET {} with token {} answers {}",
            path(&url),
            short(&token),
            answer.status()
        ),
    )?;
    let wrong = plain.get(&url, "Bearer not-a-token")?;
    report.check(
        matches!(client.judge_resource(&wrong), ResourceJudgement::TokenDead { .. }),
        "a token that Wise does not know is answered 401 and judged dead; of Wise's answer, which repeats it, no word is kept",
    )?;
    Ok(Vec::new())
}
