//! One emulated provider: its state, what can be done to it, and how a request goes through faults and dialect.

use std::sync::{Arc, Mutex, OnceLock};

use crate::assertion::Key;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::fault::{Effect, Ending, Faults, Place, Point, patched};
use crate::http::{Outcome, Request, Response};
use crate::journal::{Entry, Journal, What};
use crate::mint::Shape;
use crate::realm::{Client, Realm, Shapes, pause};
use crate::settings::Settings;
use crate::{airwallex, generic, lock, ofx, params, wise};

/// Which provider.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dialect {
    /// Airwallex.
    Airwallex,
    /// OFX with all its products.
    Ofx,
    /// Wise.
    Wise,
    /// RFC 6749 with PKCE and RFC 9207, strictly.
    Generic,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Dialect; 4] = [Dialect::Airwallex, Dialect::Ofx, Dialect::Wise, Dialect::Generic];

    /// The name in JSON and in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Airwallex => "airwallex",
            Dialect::Ofx => "ofx",
            Dialect::Wise => "wise",
            Dialect::Generic => "generic",
        }
    }

    const fn shapes(self) -> Shapes {
        match self {
            Dialect::Airwallex => Shapes {
                access: Shape::Url(96),
                refresh: Shape::Url(64),
                code: Shape::Url(48),
            },
            // From 28 to about 330 characters in the examples of OFX, "Introduction".
            Dialect::Ofx => Shapes {
                access: Shape::Url(21),
                refresh: Shape::Url(24),
                code: Shape::Url(24),
            },
            Dialect::Wise => Shapes {
                access: Shape::Uuid,
                refresh: Shape::Uuid,
                code: Shape::Url(6),
            },
            // Characters that a form must escape: RFC 6749 appendix A allows all of VSCHAR.
            Dialect::Generic => Shapes {
                access: Shape::Url(32),
                refresh: Shape::Escaped(32),
                code: Shape::Escaped(24),
            },
        }
    }
}

/// Which host of a provider a request came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Surface {
    /// Where browsers go.
    Web,
    /// Where clients go.
    Api,
    /// Where clients with a certificate go.
    Mtls,
    /// A provider with one host for everything.
    Only,
}

/// The roots of a provider's hosts, without a slash at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Urls {
    pub(crate) web: String,
    pub(crate) api: String,
    pub(crate) mtls: Option<String>,
}

pub(crate) struct Shared {
    pub(crate) dialect: Dialect,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) settings: Mutex<Settings>,
    pub(crate) realm: Mutex<Realm>,
    pub(crate) directory: Mutex<Directory>,
    pub(crate) urls: OnceLock<Urls>,
    registered: Client,
}

impl Shared {
    pub(crate) fn new(dialect: Dialect, clock: Clock, journal: Journal, registered: Client) -> Shared {
        Shared {
            dialect,
            clock,
            journal,
            faults: Faults::default(),
            settings: Mutex::new(Settings::documented(dialect)),
            realm: Mutex::new(Realm::new(dialect.shapes(), registered.clone())),
            directory: Mutex::new(Directory::emulated()),
            urls: OnceLock::new(),
            registered,
        }
    }

    pub(crate) fn urls(&self) -> Urls {
        self.urls.get().cloned().unwrap_or_default()
    }

    pub(crate) fn note(&self, what: What, detail: impl Into<String>) {
        self.note_about(what, None, None, None, detail);
    }

    pub(crate) fn note_about(
        &self,
        what: What,
        account: Option<&str>,
        grant: Option<usize>,
        pair: Option<u32>,
        detail: impl Into<String>,
    ) {
        self.journal.push(Entry {
            at_ms: self.clock.now(),
            provider: self.dialect.name(),
            what,
            account: account.map(str::to_owned),
            grant,
            pair,
            detail: detail.into(),
        });
    }

    fn place(&self, surface: Surface, request: &Request) -> Option<Place> {
        match self.dialect {
            Dialect::Airwallex => airwallex::place(surface, request),
            Dialect::Ofx => ofx::place(request),
            Dialect::Wise => wise::place(surface, request),
            Dialect::Generic => generic::place(request),
        }
    }

    fn act(&self, surface: Surface, request: &Request, processing_ms: u64) -> Response {
        match self.dialect {
            Dialect::Airwallex => airwallex::answer(self, surface, request, processing_ms),
            Dialect::Ofx => ofx::answer(self, request, processing_ms),
            Dialect::Wise => wise::answer(self, surface, request, processing_ms),
            Dialect::Generic => generic::answer(self, request, processing_ms),
        }
    }

    /// A request through its faults.
    pub(crate) fn serve(&self, surface: Surface, request: &Request) -> Outcome {
        let Some(place) = self.place(surface, request) else {
            return Outcome::Respond(Response::new(404, "text/plain", "there is nothing here"));
        };
        let grant_type = if place == Place::Token {
            params::grant_type(request)
        } else {
            None
        };
        let plan = self.faults.take(place, grant_type.as_deref());
        let delay = |wanted| plan.delay.filter(|(point, _)| *point == wanted).map_or(0, |(_, ms)| ms);
        if let Some((point, ms)) = plan.delay {
            self.note(What::Fault, Effect::Delay { point, ms }.words());
        }
        if let Some(effect) = &plan.effect {
            self.note(What::Fault, effect.words());
        }
        // Only a refresh can be caught in the middle.
        let (before, processing) = (delay(Point::Before), delay(Point::Processing));
        let refreshes = grant_type.as_deref() == Some("refresh_token");
        let (before, processing) = if refreshes {
            (before, processing)
        } else {
            (before + processing, 0)
        };
        pause(before);
        let acts_first = match &plan.effect {
            Some(Effect::Drop { point, .. } | Effect::Answer { point, .. }) => *point == Point::After,
            _ => true,
        };
        let own = acts_first.then(|| self.act(surface, request, processing));
        pause(delay(Point::After));
        let own = own.unwrap_or_else(|| Response::new(503, "text/plain", "the server did not act"));
        match plan.effect {
            None | Some(Effect::Delay { .. }) => Outcome::Respond(own),
            Some(Effect::Drop {
                ending: Ending::Close, ..
            }) => Outcome::Close,
            Some(Effect::Drop {
                ending: Ending::Reset, ..
            }) => Outcome::Reset,
            Some(Effect::Truncate { keep }) => Outcome::Truncate(own, keep),
            Some(Effect::Answer { answer, .. }) => Outcome::Respond(answer.into_response()),
            Some(Effect::Patch(patch)) => Outcome::Respond(patched(own, &patch)),
        }
    }
}

/// One emulated provider, for the caller. Clones are the same provider.
#[derive(Clone)]
pub struct Provider(pub(crate) Arc<Shared>);

impl Provider {
    /// Which provider.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// Where browsers are sent to.
    pub fn authorize_url(&self) -> String {
        let web = self.0.urls().web;
        match self.0.dialect {
            Dialect::Airwallex => format!("{web}/oauth/authorize"),
            Dialect::Ofx => format!("{web}/v1/oauth/authorize"),
            Dialect::Wise => format!("{web}/oauth/authorize/"),
            Dialect::Generic => format!("{web}/authorize"),
        }
    }

    /// Where token requests go; at Wise the host that asks for a client certificate.
    pub fn token_url(&self) -> String {
        let urls = self.0.urls();
        match self.0.dialect {
            Dialect::Airwallex => format!("{}/oauth/token", urls.api),
            Dialect::Ofx => format!("{}/v1/oauth/token", urls.api),
            Dialect::Wise => format!("{}/oauth/token", urls.mtls.unwrap_or(urls.api)),
            Dialect::Generic => format!("{}/token", urls.api),
        }
    }

    /// The root of the host for clients, without a slash at the end; at Wise the one without client certificates.
    pub fn api_url(&self) -> String {
        self.0.urls().api
    }

    /// The root of the host that asks for a client certificate, without a slash at the end; only at Wise.
    pub fn mtls_url(&self) -> Option<String> {
        self.0.urls().mtls
    }

    /// A protected resource that a bearer token opens; at Wise on the host without client certificates.
    pub fn resource_url(&self) -> String {
        let path = match self.0.dialect {
            Dialect::Airwallex => "/api/v1/account",
            Dialect::Ofx => "/v1/payments/beneficiaries",
            Dialect::Wise => "/v2/profiles",
            Dialect::Generic => "/resource",
        };
        format!("{}{path}", self.0.urls().api)
    }

    /// The issuer identifier; only of the generic provider, which also publishes metadata (RFC 8414).
    pub fn issuer(&self) -> Option<String> {
        (self.0.dialect == Dialect::Generic).then(|| self.0.urls().api)
    }

    /// The id of the first registered client.
    pub fn client_id(&self) -> String {
        lock(&self.0.realm)
            .clients
            .first()
            .map(|client| client.id.clone())
            .unwrap_or_default()
    }

    /// The newest secret of the first registered client.
    pub fn client_secret(&self) -> String {
        let realm = lock(&self.0.realm);
        realm
            .clients
            .first()
            .and_then(|client| client.secrets.last().cloned())
            .unwrap_or_default()
    }

    /// The redirect URIs of the first registered client.
    pub fn redirect_uris(&self) -> Vec<String> {
        lock(&self.0.realm)
            .clients
            .first()
            .map(|client| client.redirect_uris.clone())
            .unwrap_or_default()
    }

    /// Registers another client, or replaces the one of that id, its keys included. No secrets make it public; two are
    /// for a rotation.
    pub fn register_client(&self, id: &str, secrets: &[&str], redirect_uris: &[&str]) {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (secrets, redirect_uris) = (owned(secrets), owned(redirect_uris));
        let client = Client {
            id: id.to_owned(),
            secrets,
            redirect_uris,
            keys: Vec::new(),
        };
        let mut realm = lock(&self.0.realm);
        match realm.clients.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = client,
            None => realm.clients.push(client),
        }
    }

    /// Registers a P-256 public key for a client, as a JWK, so that it can authenticate by `private_key_jwt` (ES256).
    /// Only the generic provider reads it. The error names what is wrong with the key, or that the client is not known.
    pub fn register_key(&self, client_id: &str, jwk: &serde_json::Value) -> Result<(), String> {
        let key = Key::from_jwk(jwk)?;
        let mut realm = lock(&self.0.realm);
        let client = realm.clients.iter_mut().find(|client| client.id == client_id);
        client.ok_or("client_id: not known")?.keys.push(key);
        Ok(())
    }

    /// Registers a redirect URI for the first client. OFX refuses what is neither https, nor a custom scheme, nor
    /// loopback; the error says so.
    pub fn register_redirect_uri(&self, redirect_uri: &str) -> Result<(), String> {
        if self.0.dialect == Dialect::Ofx && !ofx::may_redirect_to(redirect_uri) {
            return Err("ofx redirects only to https, to a custom scheme, or to loopback".to_owned());
        }
        if let Some(client) = lock(&self.0.realm).clients.first_mut() {
            client.redirect_uris.push(redirect_uri.to_owned());
        }
        Ok(())
    }

    /// The faults queued here.
    pub fn faults(&self) -> Faults {
        self.0.faults.clone()
    }

    /// What is chosen now.
    pub fn settings(&self) -> Settings {
        lock(&self.0.settings).clone()
    }

    /// Changes what is chosen; grants issued before follow the new rotation and keep their lives.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.0.settings));
    }

    /// How many grants still give tokens.
    pub fn live_grants(&self) -> usize {
        let realm = lock(&self.0.realm);
        realm
            .grants
            .iter()
            .filter(|held| held.grant.life() == crate::kernel::Life::Live)
            .count()
    }

    pub(crate) fn reset(&self) {
        *lock(&self.0.realm) = Realm::new(self.0.dialect.shapes(), self.0.registered.clone());
        *lock(&self.0.directory) = Directory::emulated();
        *lock(&self.0.settings) = Settings::documented(self.0.dialect);
        self.0.faults.clear();
    }
}
