//! What the host sends, and what it hands back.

use evergrant::base::http::{self, ResponseHeader};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::argument::Pairs;

/// A request to send exactly as it is: no redirects, no repetition. It holds secrets.
#[pyclass(module = "evergrant", frozen)]
pub(crate) struct HttpRequest(pub(crate) http::HttpRequest);

#[pymethods]
impl HttpRequest {
    /// ``GET`` or ``POST``.
    #[getter]
    fn method(&self) -> &'static str {
        self.0.method().as_str()
    }

    /// The absolute URL.
    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    /// The headers in order; values may be secret.
    #[getter]
    fn headers(&self) -> Vec<(&str, &str)> {
        self.0
            .headers()
            .iter()
            .map(|header| (header.name(), header.value()))
            .collect()
    }

    /// The body; it may hold secrets.
    #[getter]
    fn body(&self) -> &[u8] {
        self.0.body().as_bytes()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// What came back from the provider, whole or in part. It may hold secrets.
#[pyclass(module = "evergrant", frozen, from_py_object)]
#[derive(Clone)]
pub(crate) struct HttpResponse(pub(crate) http::HttpResponse);

#[pymethods]
impl HttpResponse {
    /// The status, the headers in order, and the bytes of the body after transfer decoding.
    #[new]
    fn new(status: u16, headers: Pairs, body: PyBackedBytes) -> Self {
        let headers = headers
            .0
            .into_iter()
            .map(|(name, value)| ResponseHeader::new(name, value))
            .collect();
        Self(http::HttpResponse::new(status, headers, body.to_vec()))
    }

    /// The HTTP status.
    #[getter]
    fn status(&self) -> u16 {
        self.0.status()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
