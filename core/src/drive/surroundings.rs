//! What the engine of connections needs of its surroundings, whether they block or not.
//!
//! The host's code is called through this alone. Where it panics, that counts as a failure of what it was to do.

use core::future::Future;

use crate::base::error::OAuthError;
use crate::base::time::Now;
use crate::client::assertion::Sign;
use crate::drive::async_host::AsyncHost;
use crate::drive::async_store::AsyncStore;
use crate::drive::bell::Bell;
use crate::drive::host::{Exchange, Host};
use crate::drive::perform::{exchanged, loaded, saved, signed};
use crate::drive::store::Store;
use crate::drive::wake::{Task, block_on, call, polled, within};
use crate::flow::input::{Input, StoreFailure};
use crate::flow::step::{Save, Send as Request};

pub(crate) trait Surroundings: Send + Sync + 'static {
    fn now(&self) -> Now;
    fn entropy(&self) -> Result<[u8; 32], OAuthError>;
    fn load(&self, key: &str) -> impl Future<Output = Input> + Send;
    fn save(&self, save: &Save) -> impl Future<Output = Input> + Send;
    fn sign(&self, sign: &Sign) -> impl Future<Output = Input> + Send;
    /// One whole exchange.
    fn send(&self, send: &Request) -> impl Future<Output = Input> + Send;
    fn wait(&self, delay_ms: i64) -> impl Future<Output = ()> + Send;
    fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) -> impl Future<Output = ()> + Send;
    /// Has a task run to its end beside the caller. A task that cannot be run is dropped.
    fn spawn(&self, task: Task);
}

/// A host and a store that block: each task has a thread of its own, and its futures are ready at once.
pub(crate) struct Blocking<H, S> {
    pub(crate) host: H,
    pub(crate) store: S,
}

impl<H: Host + Send + Sync + 'static, S: Store + Send + Sync + 'static> Surroundings for Blocking<H, S> {
    fn now(&self) -> Now {
        self.host.now()
    }

    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        self.host.entropy()
    }

    async fn load(&self, key: &str) -> Input {
        loaded(call(|| self.store.load(key)).unwrap_or(Err(StoreFailure::Down)))
    }

    async fn save(&self, save: &Save) -> Input {
        saved(call(|| self.store.save(save)).unwrap_or(Err(StoreFailure::Unknown)))
    }

    async fn sign(&self, sign: &Sign) -> Input {
        signed(call(|| self.host.sign(sign)).flatten())
    }

    async fn send(&self, send: &Request) -> Input {
        exchanged(call(|| self.host.send(send)).unwrap_or(Exchange::NoAnswer(None)))
    }

    async fn wait(&self, delay_ms: i64) {
        call(|| self.host.wait(delay_ms));
    }

    async fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) {
        call(|| self.host.wait_or_bell(delay_ms, bell));
    }

    fn spawn(&self, task: Task) {
        // Where no thread can be had, the task is dropped, and says so by that.
        let _ = std::thread::Builder::new()
            .name("evergrant".into())
            .spawn(move || block_on(task));
    }
}

/// A host and a store of futures.
pub(crate) struct Asynchronous<H, S> {
    pub(crate) host: H,
    pub(crate) store: S,
}

impl<H: AsyncHost, S: AsyncStore> Surroundings for Asynchronous<H, S> {
    fn now(&self) -> Now {
        self.host.now()
    }

    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        self.host.entropy()
    }

    async fn load(&self, key: &str) -> Input {
        loaded(polled(self.store.load(key)).await.unwrap_or(Err(StoreFailure::Down)))
    }

    async fn save(&self, save: &Save) -> Input {
        saved(
            polled(self.store.save(save))
                .await
                .unwrap_or(Err(StoreFailure::Unknown)),
        )
    }

    async fn sign(&self, sign: &Sign) -> Input {
        signed(polled(self.host.sign(sign)).await.flatten())
    }

    async fn send(&self, send: &Request) -> Input {
        exchanged(polled(self.host.send(send)).await.unwrap_or(Exchange::NoAnswer(None)))
    }

    async fn wait(&self, delay_ms: i64) {
        polled(self.host.sleep(delay_ms)).await;
    }

    async fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) {
        let rung = core::future::poll_fn(|context| bell.poll_rung(context));
        within(rung, polled(self.host.sleep(delay_ms))).await;
    }

    fn spawn(&self, task: Task) {
        call(|| self.host.spawn(task));
    }
}
