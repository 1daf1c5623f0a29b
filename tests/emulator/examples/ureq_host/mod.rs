//! A transport for evergrant over `ureq`: what a Rust program writes once.
//!
//! What it says of an exchange:
//!
//! | what happened | it says |
//! | --- | --- |
//! | a whole answer, whatever its status, redirects too | `Answer` |
//! | the request has no form that `ureq` can send | `NotSent` |
//! | no address, no connection, also where the time was over in that | `NotSent` |
//! | the body is larger than allowed, or the time is over in it | `NoAnswer` with what was read |
//! | the TLS handshake failed: `ureq` does not tell it from a failure after it | `NoAnswer` |
//! | the time is over, the connection broke, anything else | `NoAnswer` |

use std::error::Error;
use std::io::{self, Read};
use std::time::Duration;

use evergrant::base::http::HttpResponse;
use evergrant::drive::host::{Exchange, Host};
use evergrant::flow::step::Send;
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// The host's side of the driver: sends with `ureq`, signs nothing, stores nothing.
pub struct UreqHost {
    agent: Agent,
}

impl UreqHost {
    /// For providers with public certificates.
    pub fn new() -> Self {
        Self {
            agent: agent(TlsConfig::default()),
        }
    }

    /// With a client certificate, for mutual TLS, and the authority that signed the server's certificate. All in PEM.
    pub fn with_client_certificate(certificate: &str, key: &str, authority: &str) -> Result<Self, Box<dyn Error>> {
        let chain = [Certificate::from_pem(certificate.as_bytes())?.to_owned()];
        let key = PrivateKey::from_pem(key.as_bytes())?.to_owned();
        let roots = [Certificate::from_pem(authority.as_bytes())?.to_owned()];
        let tls = TlsConfig::builder()
            .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
            .root_certs(RootCerts::new_with_certs(&roots))
            .build();
        Ok(Self { agent: agent(tls) })
    }

    /// Calls a protected resource.
    pub fn get(&self, url: &str, authorization: &str) -> Result<HttpResponse, ureq::Error> {
        let response = self.agent.get(url).header("Authorization", authorization).call()?;
        let (response, _) = read(response, 1024 * 1024);
        Ok(response)
    }
}

/// No redirects, no proxies from the environment, and a status is an answer, not an error. Each request has a connection
/// of its own: one that lay idle may be closed by the provider at the moment at which it is used again.
fn agent(tls: TlsConfig) -> Agent {
    Agent::config_builder()
        .tls_config(tls)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .build()
        .into()
}

impl Host for UreqHost {
    fn send(&self, send: &Send) -> Exchange {
        let Ok(request) = Request::<Vec<u8>>::try_from(&send.request) else {
            return Exchange::NotSent;
        };
        let timeout = Duration::from_millis(u64::try_from(send.timeout_ms).unwrap_or(0));
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(timeout))
            .build();
        match self.agent.run(request) {
            Ok(response) => match read(response, u64::try_from(send.max_body_bytes).unwrap_or(0)) {
                (response, true) => Exchange::Answer(response),
                (response, false) => Exchange::NoAnswer(Some(response)),
            },
            Err(error) if certainly_not_sent(&error) => Exchange::NotSent,
            Err(_) => Exchange::NoAnswer(None),
        }
    }
}

/// The answer, and whether its body is whole.
fn read(response: Response<ureq::Body>, most: u64) -> (HttpResponse, bool) {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    // One byte more than allowed tells whether there was more.
    let whole = match body.into_reader().take(most.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(_) => bytes.len() as u64 <= most,
        Err(_) => false,
    };
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    (HttpResponse::from(Response::from_parts(parts, bytes)), whole)
}

/// Proof that not one byte of the request left: no address, or no connection.
fn certainly_not_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Timeout(phase) => matches!(phase, ureq::Timeout::Resolve | ureq::Timeout::Connect),
        ureq::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}
