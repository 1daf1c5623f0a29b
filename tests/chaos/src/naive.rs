//! How many programs refresh: look at the clock, send, save what comes. A lock per process, no claim before sending.
//!
//! It is here so that the check can be seen to fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evergrant::base::entropy;
use evergrant::base::secret::Secret;
use evergrant::client::authentication::SecretChoice;
use evergrant::client::configuration::Client;
use evergrant::drive::host::{Exchange, Host};
use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::step::{Save, Send};
use evergrant::message::token_answer::{Reply, Settled, Verdict};
use evergrant::message::token_request::{Prepared, TokenRequest};
use serde_json::{Value, json};

use crate::host::ChaosHost;
use crate::site::Site;
use crate::store::ChaosStore;
use crate::worker::Works;

/// The naive program.
pub struct Naive {
    sites: Vec<(Site, Client)>,
    store: Arc<ChaosStore>,
    host: Arc<ChaosHost>,
    locks: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

/// What it keeps.
pub fn record(refresh_token: &str, access_token: &str, until: i64) -> Vec<u8> {
    json!({"refresh_token": refresh_token, "access_token": access_token, "until": until})
        .to_string()
        .into_bytes()
}

impl Naive {
    /// Over these providers.
    pub fn new(sites: &[Site], store: Arc<ChaosStore>, host: Arc<ChaosHost>) -> Self {
        let clients = sites
            .iter()
            .filter_map(|site| Some((site.clone(), site.client().ok()?)));
        Self {
            sites: clients.collect(),
            store,
            host,
            locks: Mutex::default(),
        }
    }

    /// The access token in the store, renewed where it has less life than that.
    pub fn token(&self, site: usize, key: &str, min_life: i64) -> Option<String> {
        let (told, client) = self.sites.get(site)?;
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(key.to_owned()).or_default().clone()
        };
        let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = self.store.load(key).ok()?;
        let stored = loaded.stored?;
        let kept: Value = serde_json::from_slice(stored.record()).ok()?;
        let least = min_life.max(told.access_ms / 5).min(told.eager_ms());
        if kept["until"].as_i64()? - loaded.store_now >= least {
            return kept["access_token"].as_str().map(str::to_owned);
        }
        let settled = self.refresh(client, told, kept["refresh_token"].as_str()?)?;
        let Verdict::Answered(tokens) = settled.verdict else {
            return None;
        };
        let refresh_token = tokens.refresh_token.as_ref()?.expose();
        let access_token = tokens.access_token.as_ref()?.expose();
        let until = loaded.store_now + tokens.access_life_ms?;
        let bytes = record(refresh_token, access_token, until);
        let save = Save::new(key, stored.version(), None, "live", bytes);
        matches!(self.store.save(&save), Ok(SaveResult::Saved { .. })).then(|| access_token.to_owned())
    }

    fn refresh(&self, client: &Client, site: &Site, refresh_token: &str) -> Option<Settled> {
        let request = TokenRequest::refresh_token(&Secret::new(refresh_token), std::slice::from_ref(&site.scope));
        let now = self.host.now();
        let fresh = entropy::system().ok()?;
        let Ok(Prepared::Ready(http)) = client.token_request(&request, SecretChoice::Current, now, fresh) else {
            return None;
        };
        let exchange = self.host.send(&Send::new(http, now, false));
        let reply = match &exchange {
            Exchange::Answer(answer) => Reply::Answer(answer),
            Exchange::NotSent => Reply::NotSent,
            Exchange::NoAnswer(partial) => Reply::NoAnswer(partial.as_ref()),
        };
        Some(client.settle(&request, reply, self.host.now()))
    }
}

impl Works for Naive {
    fn use_token(&self, site: usize, key: &str, min_life: Duration, calls: bool) {
        let min_life = i64::try_from(min_life.as_millis()).unwrap_or(0);
        let Some(token) = self.token(site, key, min_life) else {
            return;
        };
        if calls {
            self.host.get(&self.sites[site].0.resource, &format!("Bearer {token}"));
        }
    }

    fn keep_alive(&self, _: &str) {}

    fn close(&self) -> bool {
        true
    }
}
