//! Who the host is to a provider: client id, client authentication, redirect URI.

pub mod assertion;
pub mod authentication;
pub mod configuration;
mod configuration_reader;
