//! evergrant for Swift and Kotlin: the machines and the message functions of the core through uniffi.
//!
//! Nothing is decided here. Values are mirrors of the core's own, generated into `records.rs`; secrets are objects that
//! print redacted; errors are the one hand-written enum of `error.rs`.

#![deny(missing_docs)]

mod access_token;
mod client;
mod clock;
mod error;
mod http;
mod messages;
mod print;
mod records;
mod service_token;
mod step;

pub use access_token::AccessToken;
pub use client::{AuthorizationRequest, Binding, Client, Login, Pending};
pub use clock::Now;
pub use error::{OAuthError, ServerWords};
pub use http::{HttpHeader, HttpRequest, HttpResponse};
pub use messages::{message_names, messages};
pub use service_token::{ServiceToken, ServiceTokenWork, SignatureEncoding};
pub use step::{Save, Send, Sign, Step, StepKind};

uniffi::setup_scaffolding!("evergrant");
