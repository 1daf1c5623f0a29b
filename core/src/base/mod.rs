//! The ground floor: errors, secrets, time, entropy, and the small readers and writers that everything above uses.

pub mod date;
pub(crate) mod der;
pub mod digest;
pub mod endpoint;
pub mod entropy;
pub mod error;
pub(crate) mod header_name;
pub mod http;
pub(crate) mod json;
pub(crate) mod percent;
pub(crate) mod reader;
pub mod redirect_uri;
pub mod retry_after;
pub(crate) mod scope;
pub mod secret;
pub mod time;
pub(crate) mod url_rules;
#[cfg(test)]
mod url_tests;
