//! The machines and what goes in and out of them, as classes.

mod access_token;
mod client;
mod http;
mod numbers;
mod service_token;
mod step;

pub use access_token::AccessToken;
pub use client::{AuthorizationRequest, Binding, Client, pending_id};
pub use http::HttpResponse;
pub use service_token::{Scopes, ServiceToken, ServiceTokenWork};
