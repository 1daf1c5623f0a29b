//! What the host sends, and what it hands back.

use std::sync::Arc;

use evergrant::base::http::{self, ResponseHeader};
use evergrant::base::secret::Secret;

/// A request to send exactly as it is: no redirects, no repetition. It holds secrets.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct HttpRequest(pub(crate) http::HttpRequest);

#[uniffi::export]
impl HttpRequest {
    /// `GET` or `POST`.
    pub fn method(&self) -> String {
        self.0.method().as_str().to_owned()
    }

    /// The absolute URL.
    pub fn url(&self) -> String {
        self.0.url().to_owned()
    }

    /// The headers in order; values may be secret.
    pub fn headers(&self) -> Vec<Arc<HttpHeader>> {
        self.0
            .headers()
            .iter()
            .map(|header| HttpHeader::new(header.name().into(), header.value().into()).into())
            .collect()
    }

    /// The body; it may hold secrets.
    pub fn body(&self) -> String {
        self.0.body().to_owned()
    }
}

/// One header of a request or response. Its value may be secret, so it is not printed.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct HttpHeader {
    name: String,
    value: Secret,
}

#[uniffi::export]
impl HttpHeader {
    /// A header as it is written.
    #[uniffi::constructor]
    pub fn new(name: String, value: String) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }

    /// The name.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// The value; it may be secret.
    pub fn value(&self) -> String {
        self.value.expose().to_owned()
    }
}

/// What came back from the provider, whole or in part. It may hold secrets.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct HttpResponse(pub(crate) http::HttpResponse);

#[uniffi::export]
impl HttpResponse {
    /// The status, the headers in order, and the bytes of the body after transfer decoding.
    #[uniffi::constructor]
    pub fn new(status: u16, headers: Vec<Arc<HttpHeader>>, body: Vec<u8>) -> Self {
        let headers = headers
            .iter()
            .map(|header| ResponseHeader::new(&header.name, header.value.expose()))
            .collect();
        Self(http::HttpResponse::new(status, headers, body))
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status()
    }
}

crate::print::as_the_core_does!(HttpRequest, HttpResponse);
