//! A transport for evergrant's asynchronous driver over `reqwest` and `tokio`: what a Rust program writes once.
//!
//! What it says of an exchange:
//!
//! | what happened | it says |
//! | --- | --- |
//! | a whole answer, whatever its status, redirects too | `Answer` |
//! | the request has no form that `reqwest` can send | `NotSent` |
//! | no address, no connection, no end of the TLS handshake (`is_connect`) | `NotSent` |
//! | the body is larger than allowed, or the time is over in it | `NoAnswer` with what was read |
//! | the time is over, the connection broke, anything else | `NoAnswer` |

use std::time::Duration;

use evergrant::base::http::HttpResponse;
use evergrant::drive::async_host::{AsyncHost, Task};
use evergrant::drive::host::Exchange;
use evergrant::flow::step::Send;
use reqwest::{Client, Request, Response, redirect, retry};
use tokio::runtime::Handle;

/// The host's side of the driver: sends with `reqwest`, runs on `tokio`, signs nothing.
#[derive(Clone, Debug)]
pub struct ReqwestHost {
    client: Client,
    runtime: Handle,
}

impl ReqwestHost {
    /// On the runtime that this is called in.
    ///
    /// No redirects, no repetition, no proxies from the environment; each request has a connection of its own, because
    /// one that lay idle may be closed by the provider at the moment at which it is used again.
    ///
    /// # Errors
    /// Those of `reqwest`.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            client,
            runtime: Handle::current(),
        })
    }

    /// Calls a protected resource; its status.
    ///
    /// # Errors
    /// Those of `reqwest`.
    pub async fn get(&self, url: &str, authorization: &str) -> Result<u16, reqwest::Error> {
        let request = self.client.get(url).header("Authorization", authorization);
        Ok(request.send().await?.status().as_u16())
    }
}

impl AsyncHost for ReqwestHost {
    async fn send(&self, send: &Send) -> Exchange {
        let request = http::Request::<Vec<u8>>::try_from(&send.request).ok();
        let Some(mut request) = request.and_then(|request| Request::try_from(request).ok()) else {
            return Exchange::NotSent;
        };
        *request.timeout_mut() = Some(Duration::from_millis(u64::try_from(send.timeout_ms).unwrap_or(0)));
        match self.client.execute(request).await {
            Ok(answer) => read(answer, usize::try_from(send.max_body_bytes).unwrap_or(0)).await,
            Err(error) if error.is_connect() => Exchange::NotSent,
            Err(_) => Exchange::NoAnswer(None),
        }
    }

    fn spawn(&self, task: Task) {
        self.runtime.spawn(task);
    }

    async fn sleep(&self, delay_ms: i64) {
        tokio::time::sleep(Duration::from_millis(u64::try_from(delay_ms).unwrap_or(0))).await;
    }
}

async fn read(mut answer: Response, most: usize) -> Exchange {
    let mut body = Vec::new();
    let whole = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                body.extend_from_slice(chunk.get(..most - body.len()).unwrap_or_default());
                break false;
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let mut read = http::Response::new(body);
    *read.status_mut() = answer.status();
    *read.headers_mut() = core::mem::take(answer.headers_mut());
    let read = HttpResponse::from(read);
    if whole {
        Exchange::Answer(read)
    } else {
        Exchange::NoAnswer(Some(read))
    }
}
