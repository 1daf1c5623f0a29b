//! What a Rust program gives to the asynchronous driver, whatever its runtime.

use core::future::{Future, ready};
use std::sync::Arc;
use std::vec::Vec;

use crate::base::entropy;
use crate::base::error::OAuthError;
use crate::base::time::Now;
use crate::client::assertion::{Sign, SignatureEncoding};
use crate::drive::host::Exchange;
use crate::flow::step::Send as Request;

pub use crate::drive::wake::Task;

/// The program around the library: its transport and its runtime, and where wanted its signer and clock.
///
/// Write the three futures as `async fn`. With tokio, `spawn` is `self.runtime.spawn(task)` with a
/// `tokio::runtime::Handle` and `sleep` is `tokio::time::sleep`; with smol, `smol::spawn(task).detach()` and
/// `smol::Timer::after`.
///
/// ```
/// use evergrant::drive::async_host::{AsyncHost, Task};
/// use evergrant::drive::host::Exchange;
/// use evergrant::flow::step::Send;
///
/// struct Offline;
///
/// impl AsyncHost for Offline {
///     async fn send(&self, _send: &Send) -> Exchange {
///         Exchange::NotSent // no connection was made, so nothing can have been spent
///     }
///
///     fn spawn(&self, task: Task) {
///         drop(task); // in earnest: self.runtime.spawn(task);
///     }
///
///     async fn sleep(&self, delay_ms: i64) {
///         let _ = delay_ms; // in earnest: tokio::time::sleep(Duration::from_millis(…)).await
///     }
/// }
/// ```
pub trait AsyncHost: Send + Sync + 'static {
    /// Sends the request exactly as it is: no redirects, no repetition, the deadline (`timeout_ms`) covering the body.
    ///
    /// It must end by itself at `timeout_ms`: nobody drops it before. What it may say is in
    /// [`crate::drive::host::Host::send`].
    fn send(&self, send: &Request) -> impl Future<Output = Exchange> + Send;

    /// Has a task polled to its end beside the caller.
    fn spawn(&self, task: Task);

    /// Waits that many milliseconds.
    fn sleep(&self, delay_ms: i64) -> impl Future<Output = ()> + Send;

    /// Signs bytes with a key that the host keeps; `None` where it cannot.
    fn sign(&self, sign: &Sign) -> impl Future<Output = Option<(Vec<u8>, SignatureEncoding)>> + Send {
        let _ = sign;
        ready(None)
    }

    /// Both clocks.
    fn now(&self) -> Now {
        Now::system()
    }

    /// 32 fresh bytes of the operating system's random source.
    ///
    /// # Errors
    /// `weak_entropy` where it has none.
    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        entropy::system()
    }
}

/// A host that is shared, so that one transport serves several clients.
impl<H: AsyncHost> AsyncHost for Arc<H> {
    fn send(&self, send: &Request) -> impl Future<Output = Exchange> + Send {
        (**self).send(send)
    }

    fn spawn(&self, task: Task) {
        (**self).spawn(task);
    }

    fn sleep(&self, delay_ms: i64) -> impl Future<Output = ()> + Send {
        (**self).sleep(delay_ms)
    }

    fn sign(&self, sign: &Sign) -> impl Future<Output = Option<(Vec<u8>, SignatureEncoding)>> + Send {
        (**self).sign(sign)
    }

    fn now(&self) -> Now {
        (**self).now()
    }

    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        (**self).entropy()
    }
}
