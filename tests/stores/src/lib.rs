//! Stores for evergrant's records: memory, SQLite, PostgreSQL, a sealing wrapper around any of them, and the suite that
//! every store must pass.
//!
//! The contract, the table and the envelope are in `docs/stores.md`; the suite's scripts are in `conformance/` beside this
//! crate's sources, as JSON, so that adapters in other languages run the same ones.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
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

mod clock;
pub mod conformance;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sealed")]
pub mod sealed;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod sweep;
