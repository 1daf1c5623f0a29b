//! Everything together: the listeners of all providers, one clock, one journal.

use std::io;
use std::sync::Arc;

use crate::clock::Clock;
use crate::control;
use crate::http::Request;
use crate::journal::Journal;
use crate::provider::{Dialect, Provider, Shared, Surface, Urls};
use crate::realm::Client;
use crate::server::Server;
use crate::tls::{self, Certificates};

/// How to start. The defaults serve tests: ports chosen by the system, credentials that are plainly not real.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which ports to listen on.
    pub ports: Ports,
    /// The client registered at every provider.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
}

/// The port of each listener on 127.0.0.1; 0 lets the system choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ports {
    /// The control surface.
    pub control: u16,
    /// Airwallex, for browsers.
    pub airwallex_web: u16,
    /// Airwallex, for clients.
    pub airwallex_api: u16,
    /// OFX.
    pub ofx: u16,
    /// Wise, for browsers.
    pub wise_web: u16,
    /// Wise, for clients without a certificate.
    pub wise_api: u16,
    /// Wise, for clients with a certificate.
    pub wise_mtls: u16,
    /// The generic provider.
    pub generic: u16,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            ports: Ports::default(),
            client_id: "emulated-client".to_owned(),
            client_secret: "emulated-secret".to_owned(),
            redirect_uris: [
                "https://app.example/callback",
                "http://127.0.0.1:8080/callback",
                "exampleapp://callback",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}

/// The providers without their listeners; what the control surface works on.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) providers: [Provider; 4],
    pub(crate) certificates: Certificates,
}

impl World {
    pub(crate) fn provider(&self, dialect: Dialect) -> &Provider {
        let [airwallex, ofx, wise, generic] = &self.providers;
        match dialect {
            Dialect::Airwallex => airwallex,
            Dialect::Ofx => ofx,
            Dialect::Wise => wise,
            Dialect::Generic => generic,
        }
    }

    pub(crate) fn reset(&self) {
        self.providers.iter().for_each(Provider::reset);
        self.journal.clear();
        self.clock.resume();
    }
}

/// The running providers. Everything stops when it is dropped.
pub struct Emulator {
    world: World,
    control_url: String,
    _servers: Vec<Server>,
}

impl Emulator {
    /// Starts all listeners.
    pub fn start(options: Options) -> io::Result<Emulator> {
        let (clock, journal) = (Clock::new(), Journal::default());
        let (certificates, tls) = tls::make(&options.client_id)?;
        let client = Client {
            id: options.client_id.clone(),
            secrets: vec![options.client_secret.clone()],
            redirect_uris: options.redirect_uris.clone(),
            keys: Vec::new(),
        };
        let providers = Dialect::ALL.map(|dialect| {
            Provider(Arc::new(Shared::new(
                dialect,
                clock.clone(),
                journal.clone(),
                client.clone(),
            )))
        });
        let world = World {
            clock: clock.clone(),
            journal,
            providers,
            certificates,
        };
        let mut servers = Vec::new();
        let mut open = |dialect, surface, port, tls| -> io::Result<String> {
            let shared = world.provider(dialect).0.clone();
            let scheme = if matches!(surface, Surface::Mtls) {
                "https"
            } else {
                "http"
            };
            let serve = move |request: &Request| shared.serve(surface, request);
            let server = Server::start(port, tls, clock.clone(), Arc::new(serve))?;
            let url = format!("{scheme}://127.0.0.1:{}", server.port());
            servers.push(server);
            Ok(url)
        };
        let ports = options.ports;
        let airwallex = Urls {
            web: open(Dialect::Airwallex, Surface::Web, ports.airwallex_web, None)?,
            api: open(Dialect::Airwallex, Surface::Api, ports.airwallex_api, None)?,
            mtls: None,
        };
        let ofx = open(Dialect::Ofx, Surface::Only, ports.ofx, None)?;
        let wise = Urls {
            web: open(Dialect::Wise, Surface::Web, ports.wise_web, None)?,
            api: open(Dialect::Wise, Surface::Api, ports.wise_api, None)?,
            mtls: Some(open(Dialect::Wise, Surface::Mtls, ports.wise_mtls, Some(tls))?),
        };
        let generic = open(Dialect::Generic, Surface::Only, ports.generic, None)?;
        let single = |root: String| Urls {
            web: root.clone(),
            api: root,
            mtls: None,
        };
        for (provider, urls) in world
            .providers
            .iter()
            .zip([airwallex, single(ofx), wise, single(generic)])
        {
            // Set once, here.
            let _ = provider.0.urls.set(urls);
        }
        let service = {
            let world = world.clone();
            move |request: &Request| control::answer(&world, request)
        };
        let server = Server::start(ports.control, None, clock, Arc::new(service))?;
        let control_url = format!("http://127.0.0.1:{}", server.port());
        servers.push(server);
        Ok(Emulator {
            world,
            control_url,
            _servers: servers,
        })
    }

    /// One of the providers.
    pub fn provider(&self, dialect: Dialect) -> Provider {
        self.world.provider(dialect).clone()
    }

    /// Airwallex.
    pub fn airwallex(&self) -> Provider {
        self.provider(Dialect::Airwallex)
    }

    /// OFX.
    pub fn ofx(&self) -> Provider {
        self.provider(Dialect::Ofx)
    }

    /// Wise.
    pub fn wise(&self) -> Provider {
        self.provider(Dialect::Wise)
    }

    /// The generic provider.
    pub fn generic(&self) -> Provider {
        self.provider(Dialect::Generic)
    }

    /// The clock of all providers.
    pub fn clock(&self) -> Clock {
        self.world.clock.clone()
    }

    /// Moves the clock of all providers by `ms`.
    pub fn advance(&self, ms: i64) {
        self.world.clock.advance(ms);
    }

    /// What happened at all providers.
    pub fn journal(&self) -> Journal {
        self.world.journal.clone()
    }

    /// The certificates for Wise's host with client certificates.
    pub fn certificates(&self) -> &Certificates {
        &self.world.certificates
    }

    /// The root of the control surface; `GET` there describes it.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// What `GET /providers` of the control surface tells, with the control URL: all that a client needs to know.
    pub fn describe(&self) -> serde_json::Value {
        let providers = control::providers(&self.world);
        serde_json::json!({"control_url": self.control_url, "providers": providers})
    }

    /// Everything as after the start: clients, users, grants, settings, faults and journal. The clock runs, and keeps
    /// the time it was moved to.
    pub fn reset(&self) {
        self.world.reset();
    }
}
