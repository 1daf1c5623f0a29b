//! HTTP messages as values: what the host is asked to send, and what it hands back.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::base::secret::Secret;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The method's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One header of a request; the value may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    name: String,
    value: Secret,
}

impl RequestHeader {
    /// The name, as it should be written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value; it may hold credentials.
    pub fn value(&self) -> &str {
        self.value.expose()
    }
}

/// A request for the host to send exactly as it is.
///
/// It holds client secrets, codes or refresh tokens, so it prints redacted and is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    method: Method,
    url: String,
    headers: Vec<RequestHeader>,
    body: Secret,
}

impl HttpRequest {
    pub(crate) fn post(url: &str) -> Self {
        Self {
            method: Method::Post,
            url: url.into(),
            headers: Vec::new(),
            body: Secret::new(""),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Secret>) -> Self {
        self.headers.push(RequestHeader {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    pub(crate) fn with_body(mut self, body: impl Into<Secret>) -> Self {
        self.body = body.into();
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The absolute URL, `https` (or `http` on a loopback host). It holds no secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers in order; values may be secret.
    pub fn headers(&self) -> &[RequestHeader] {
        &self.headers
    }

    /// The body as text (form or JSON); it may hold secrets.
    pub fn body(&self) -> &str {
        self.body.expose()
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HttpRequest({} {}, {} headers, body redacted)",
            self.method.as_str(),
            self.url,
            self.headers.len()
        )
    }
}

/// One header of a response.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseHeader {
    name: String,
    value: Secret,
}

impl ResponseHeader {
    /// A header as it came.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Secret::new(value),
        }
    }

    /// The name, as it came.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value; it may hold a token.
    pub fn value(&self) -> &str {
        self.value.expose()
    }
}

impl fmt::Debug for ResponseHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResponseHeader({:?}, redacted)", self.name)
    }
}

/// What came back from the provider, whole or in part.
///
/// The body may hold tokens, so a response prints redacted and is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    status: u16,
    headers: Vec<ResponseHeader>,
    body: Zeroizing<Vec<u8>>,
}

impl HttpResponse {
    /// A response as it came: the status, the headers and the body's bytes after transfer decoding.
    pub fn new(status: u16, headers: Vec<ResponseHeader>, body: Vec<u8>) -> Self {
        Self {
            status,
            headers,
            body: Zeroizing::new(body),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of this name, compared without case (RFC 9110 section 5.1).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name))
            .map(|h| h.value.expose())
    }

    /// All values of a header that may be sent more than once, in order.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |h| h.name.eq_ignore_ascii_case(name))
            .map(|h| h.value.expose())
    }

    /// All headers, in order.
    pub fn headers(&self) -> &[ResponseHeader] {
        &self.headers
    }

    /// The bytes of the body; they may hold tokens.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HttpResponse({}, {} headers, body redacted)",
            self.status,
            self.headers.len()
        )
    }
}

/// The request for a transport that speaks the `http` crate; header values are marked sensitive (feature `http`).
///
/// The body is copied out of custody: it is not wiped when the transport drops it.
#[cfg(feature = "http")]
impl TryFrom<&HttpRequest> for http::Request<Vec<u8>> {
    type Error = crate::base::error::OAuthError;

    fn try_from(request: &HttpRequest) -> Result<Self, Self::Error> {
        let unfit = |_| {
            crate::base::error::OAuthError::configuration(
                crate::base::error::ErrorCode::InvalidConfiguration,
                "a header of the request has a value that the http crate does not take",
            )
        };
        let mut builder = http::Request::builder()
            .method(request.method().as_str())
            .uri(request.url());
        for header in request.headers() {
            let mut value = http::HeaderValue::from_str(header.value())
                .map_err(http::Error::from)
                .map_err(unfit)?;
            value.set_sensitive(true);
            builder = builder.header(header.name(), value);
        }
        builder.body(request.body().as_bytes().to_vec()).map_err(unfit)
    }
}

/// A response of the `http` crate; header values that are not text are left out (feature `http`).
#[cfg(feature = "http")]
impl From<http::Response<Vec<u8>>> for HttpResponse {
    fn from(response: http::Response<Vec<u8>>) -> Self {
        let (parts, body) = response.into_parts();
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            value
                .to_str()
                .ok()
                .map(|value| ResponseHeader::new(name.as_str(), value))
        };
        Self::new(
            parts.status.as_u16(),
            parts.headers.iter().filter_map(text).collect(),
            body,
        )
    }
}
