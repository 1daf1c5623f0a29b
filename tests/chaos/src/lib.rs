//! Real processes under faults: workers that are killed, stopped and cut off, over SQLite and PostgreSQL, against the
//! emulated providers, in fast time.
//!
//! One process watches ([`run`]): it has the providers, a gate before each ([`gate`]), starts workers ([`worker`]) and does
//! things to them. At the end it asks every connection for a token, has the provider judge it, and accounts for each loss
//! ([`judge`]). Time runs so many times as fast as it really does, in every process alike ([`time`]).

#![forbid(unsafe_code)]

pub mod gate;
pub mod host;
pub mod http;
pub mod judge;
pub mod kill;
pub mod log;
pub mod naive;
pub mod providers;
pub mod rng;
pub mod run;
pub mod site;
pub mod store;
pub mod time;
pub mod worker;
pub mod workers;
