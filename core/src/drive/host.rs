//! What a Rust program gives to the driver.

use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::vec::Vec;

use crate::base::entropy;
use crate::base::error::OAuthError;
use crate::base::http::HttpResponse;
use crate::base::time::Now;
use crate::client::assertion::{Sign, SignatureEncoding};
use crate::drive::bell::Bell;
use crate::flow::step::Send;

/// The program around the library: its transport, and where wanted its signer and clock.
///
/// Only [`Host::send`] must be written; the rest has defaults that do for a client with a secret.
///
/// ```
/// use evergrant::base::http::HttpResponse;
/// use evergrant::drive::host::{Exchange, Host};
/// use evergrant::flow::step::Send;
///
/// struct Offline;
///
/// impl Host for Offline {
///     fn send(&self, _send: &Send) -> Exchange {
///         Exchange::NotSent // no connection was made, so nothing can have been spent
///     }
/// }
/// ```
pub trait Host {
    /// Sends the request exactly as it is: no redirects, no repetition, the deadline covering the body.
    ///
    /// Say [`Exchange::NotSent`] only with proof: the name did not resolve, no connection came about, the TLS handshake
    /// did not end. Everything else that is no whole answer is [`Exchange::NoAnswer`].
    fn send(&self, send: &Send) -> Exchange;

    /// Signs bytes with a key that the host keeps; `None` where it cannot.
    fn sign(&self, sign: &Sign) -> Option<(Vec<u8>, SignatureEncoding)> {
        let _ = sign;
        None
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

    /// Waits that many milliseconds.
    fn wait(&self, delay_ms: i64) {
        thread::sleep(Duration::from_millis(u64::try_from(delay_ms).unwrap_or(0)));
    }

    /// Waits that many milliseconds, or until the bell rings. Only a host whose clock is not the system's writes this.
    fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) {
        bell.wait(delay_ms);
    }
}

/// A host that is shared, so that one transport serves several clients.
impl<H: Host + ?Sized> Host for Arc<H> {
    fn send(&self, send: &Send) -> Exchange {
        (**self).send(send)
    }

    fn sign(&self, sign: &Sign) -> Option<(Vec<u8>, SignatureEncoding)> {
        (**self).sign(sign)
    }

    fn now(&self) -> Now {
        (**self).now()
    }

    fn entropy(&self) -> Result<[u8; 32], OAuthError> {
        (**self).entropy()
    }

    fn wait(&self, delay_ms: i64) {
        (**self).wait(delay_ms);
    }

    fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) {
        (**self).wait_or_bell(delay_ms, bell);
    }
}

/// What came of sending.
#[derive(Clone, Debug, PartialEq)]
pub enum Exchange {
    /// A whole answer, whatever its status.
    Answer(HttpResponse),
    /// Proof that the request never left.
    NotSent,
    /// No whole answer, with what was read of it.
    NoAnswer(Option<HttpResponse>),
}
