//! Wise: HTTP Basic over mutual TLS, and a service token of its own for each worker.

use std::error::Error;
use std::time::Duration;

use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::drive::service_tokens::ServiceTokens;
use evergrant::message::resource::ResourceJudgement;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;
use evergrant_emulator::Emulator;

use crate::account;
use crate::report::{Report, short};
use crate::ureq_host::UreqHost;

pub fn tell(emulator: &Emulator, report: &mut Report) -> Result<(), Box<dyn Error>> {
    report.part("Wise");
    let wise = emulator.wise();
    let certificates = emulator.certificates();
    let host = || {
        UreqHost::with_client_certificate(
            &certificates.client_pem,
            &certificates.client_key_pem,
            &certificates.authority_pem,
        )
    };
    let client = Client::builder(Profile::built_in("wise")?, Environment::Sandbox, wise.client_id())
        .client_secret(wise.client_secret())
        .token_endpoint(wise.token_url())
        .build()?;
    report.check(
        client.wants_client_certificate(),
        "the profile demands mutual TLS: the client shows its certificate",
    )?;

    let tokens = ServiceTokens::new(client.clone(), Vec::new(), host()?);
    let token = tokens.token(Duration::from_secs(60))?;
    report.say(format!("one worker obtains the service token {}", short(token.token())));
    let again = tokens.token(Duration::from_secs(60))?;
    report.check(
        again.token() == token.token(),
        "asked again, the same worker uses the same token",
    )?;
    let other = tokens.for_worker().token(Duration::from_secs(60))?;
    report.check(
        other.token() != token.token(),
        format!(
            "another worker has one of its own, as Wise wants it: {}",
            short(other.token())
        ),
    )?;

    let without_certificate = UreqHost::new();
    account::call(&wise.resource_url(), &token, &without_certificate, report)?;
    let wrong = without_certificate.get(&wise.resource_url(), "Bearer not-a-token")?;
    report.check(
        matches!(client.judge_resource(&wrong), ResourceJudgement::TokenDead { .. }),
        "a token that Wise does not know is answered 401 and judged dead; Wise's own text, which repeats it, is not kept",
    )?;
    report.row(
        "Wise service token",
        "the client's own",
        token.token(),
        token.remaining_ms(Now::system()),
        None,
    );
    Ok(())
}
