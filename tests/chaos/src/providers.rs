//! The emulated providers of a run, each behind its gate.

use std::collections::BTreeMap;

use evergrant_emulator::kernel::Policy;
use evergrant_emulator::{Decision, Emulator, ErrorShape, Landing, Options, Provider, Role, What, consent};
use serde_json::json;

use crate::gate::Watch;
use crate::http;
use crate::site::Site;
use crate::time::Scale;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Which workers a provider belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Lost answers can be had again.
    Window,
    /// They cannot: only faults that lose no answer.
    NoWindow,
}

/// One provider.
pub struct Held {
    /// As workers know it.
    pub site: Site,
    /// Whose it is.
    pub group: Group,
    /// Where the watcher asks without a gate.
    pub direct: String,
    provider: Provider,
    emulator: usize,
}

/// All of them.
pub struct Providers {
    emulators: Vec<Emulator>,
    /// The providers.
    pub held: Vec<Held>,
}

struct Wanted {
    name: &'static str,
    profile: String,
    scope: &'static str,
    access_ms: i64,
    window_ms: i64,
    connections: usize,
    group: Group,
}

impl Providers {
    /// Starts them, in fast time, with so many connections at Airwallex and fewer at the others.
    ///
    /// # Errors
    /// In words.
    pub fn start(scale: Scale, watch: &Watch, connections: usize) -> Result<Self, String> {
        let mut providers = Self {
            emulators: Vec::new(),
            held: Vec::new(),
        };
        for _ in 0..2 {
            let emulator = Emulator::start(Options::default()).map_err(|error| error.to_string())?;
            let rate = u32::try_from(scale.rate).map_err(|error| error.to_string())?;
            emulator.clock().run_at(rate);
            emulator.advance(scale.now() - emulator.clock().now());
            providers.emulators.push(emulator);
        }
        let windowed = |name: &str| {
            json!({
                "id": name,
                "name": "a provider with a window",
                "grants": {"authorization_code": {}, "refresh_token": {}},
                "lifetimes": {"access_seconds": 300, "refresh_idle_seconds": 5_184_000},
                "refresh": {"window": {"type": "seconds", "seconds": 60}},
            })
            .to_string()
        };
        let lives = |policy: Policy| policy.lives(5 * MINUTE, 60 * DAY);
        let first = providers.emulators[0].generic();
        first.configure(|settings| settings.policy = lives(Policy::newest_wins(MINUTE)));
        let second = providers.emulators[1].generic();
        second.configure(|settings| settings.policy = lives(Policy::same_pair(MINUTE)));
        // In words of its own a dead token is reported after an hour only, which is longer than a run.
        let ofx = providers.emulators[0].ofx();
        ofx.configure(|settings| settings.error_shape = ErrorShape::Rfc6749);
        let wanted = |name, profile, scope, access_ms, window_ms, connections, group| Wanted {
            name,
            profile,
            scope,
            access_ms,
            window_ms,
            connections,
            group,
        };
        let few = connections.div_ceil(4);
        let all = [
            (
                0,
                providers.emulators[0].airwallex(),
                wanted(
                    "airwallex",
                    "airwallex".to_owned(),
                    "r:awx_action:balances_view",
                    5 * MINUTE,
                    MINUTE,
                    connections,
                    Group::Window,
                ),
            ),
            (
                0,
                first,
                wanted(
                    "newest_wins",
                    windowed("newest_wins"),
                    "basic",
                    5 * MINUTE,
                    MINUTE,
                    few,
                    Group::Window,
                ),
            ),
            (
                1,
                second,
                wanted(
                    "same_pair",
                    windowed("same_pair"),
                    "basic",
                    5 * MINUTE,
                    MINUTE,
                    few,
                    Group::Window,
                ),
            ),
            (
                0,
                ofx,
                // The product with the shortest lives: two minutes and six.
                wanted(
                    "ofx",
                    "ofx_pisp".to_owned(),
                    "pisp",
                    2 * MINUTE,
                    0,
                    few,
                    Group::NoWindow,
                ),
            ),
        ];
        for (emulator, provider, wanted) in all {
            providers.hold(watch, emulator, provider, wanted)?;
        }
        Ok(providers)
    }

    fn hold(&mut self, watch: &Watch, emulator: usize, provider: Provider, wanted: Wanted) -> Result<(), String> {
        let (token_url, resource_url) = (provider.token_url(), provider.resource_url());
        let (upstream, token_path) = http::split(&token_url);
        let has_window = wanted.group == Group::Window;
        // Fewer than the window has attempts, with room for what happens to the processes.
        let most_faults = if has_window { 2 } else { 1 };
        let gate = watch
            .open(upstream, token_path, has_window, most_faults)
            .map_err(|error| error.to_string())?;
        let site = Site {
            name: wanted.name.to_owned(),
            profile: wanted.profile,
            authorize: provider.authorize_url(),
            token: format!("http://{gate}{token_path}"),
            resource: format!("http://{gate}{}", http::split(&resource_url).1),
            issuer: provider.issuer(),
            client_id: provider.client_id(),
            client_secret: provider.client_secret(),
            scope: wanted.scope.to_owned(),
            access_ms: wanted.access_ms,
            refresh_ms: if has_window { 60 * DAY } else { 6 * MINUTE },
            window_ms: wanted.window_ms,
            connections: wanted.connections,
        };
        self.held.push(Held {
            site,
            group: wanted.group,
            direct: resource_url,
            provider,
            emulator,
        });
        Ok(())
    }

    /// Every connection, with the place of its provider.
    pub fn keys(&self) -> Vec<(usize, String)> {
        let sites = self.held.iter().enumerate();
        sites
            .flat_map(|(at, held)| held.site.keys().map(move |key| (at, key)))
            .collect()
    }

    /// When each connection's grant was killed by an old refresh token.
    pub fn kills(&self) -> BTreeMap<String, i64> {
        let mut kills = BTreeMap::new();
        for held in &self.held {
            let entries = self.emulators[held.emulator].journal().entries();
            let own = |entry: &&evergrant_emulator::Entry| entry.provider == held.provider.dialect().name();
            let accounts: BTreeMap<usize, String> = entries
                .iter()
                .filter(own)
                .filter(|entry| entry.what == What::CodeExchanged)
                .filter_map(|entry| Some((entry.grant?, entry.account.clone()?)))
                .collect();
            for entry in entries
                .iter()
                .filter(own)
                .filter(|entry| entry.what == What::ReuseDetected)
            {
                let account = entry.grant.and_then(|grant| accounts.get(&grant));
                if let Some(account) = account {
                    kills.insert(account.clone(), entry.at_ms);
                }
            }
        }
        kills
    }

    /// How often providers answered a refresh with tokens.
    pub fn refreshes(&self) -> usize {
        let names = ["airwallex", "generic", "ofx"];
        let counts = self.emulators.iter().flat_map(|emulator| {
            let journal = emulator.journal();
            names.map(|name| journal.count(name, What::Refreshed))
        });
        counts.sum()
    }

    /// How far the providers' clocks are from the machine's fast time.
    pub fn clock_offset(&self, scale: Scale) -> i64 {
        let offsets = self
            .emulators
            .iter()
            .map(|emulator| (emulator.clock().now() - scale.now()).abs());
        offsets.max().unwrap_or(0)
    }
}

impl Held {
    /// The user consents; says where the browser is sent back to. The account is named as the key.
    ///
    /// # Errors
    /// In words.
    pub fn consent(&self, url: &str, key: &str) -> Result<String, String> {
        self.provider.put_user("owner", key, Role::Owner);
        let decision = Decision::Allow {
            user: "owner",
            account: key,
        };
        match consent(url, decision).map_err(|error| error.to_string())? {
            Landing::Callback(callback) => Ok(callback),
            Landing::Page { status, body } => Err(format!("the provider shows a page: {status} {body}")),
        }
    }
}
