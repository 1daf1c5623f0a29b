#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// No panic is reachable from any input. What these cannot see, the property tests and fuzz targets look for.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::get_unwrap,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod base;
pub mod client;
pub mod connection;
#[cfg(feature = "std")]
pub mod drive;
pub mod flow;
pub mod message;
pub mod messages;
pub mod provider;

// What almost every program names.
pub use crate::base::error::OAuthError;
pub use crate::base::time::Now;
pub use crate::client::configuration::Client;
pub use crate::provider::environment::Environment;
pub use crate::provider::profile::Profile;
