//! What the host hands back.

use alloc::string::String;
use alloc::vec::Vec;

use evergrant::base::http::{self, ResponseHeader};
use wasm_bindgen::prelude::wasm_bindgen;

/// A response, put together header by header.
#[wasm_bindgen]
pub struct HttpResponse {
    status: u16,
    headers: Vec<ResponseHeader>,
    body: Vec<u8>,
}

#[wasm_bindgen]
impl HttpResponse {
    /// A response without headers.
    #[wasm_bindgen(constructor)]
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    /// Adds a header as it came.
    pub fn header(&mut self, name: String, value: String) {
        self.headers.push(ResponseHeader::new(name, value));
    }
}

impl From<HttpResponse> for http::HttpResponse {
    fn from(response: HttpResponse) -> Self {
        Self::new(response.status, response.headers, response.body)
    }
}
