//! The vocabulary of every machine: steps out, inputs in; and the machine for client-credentials tokens.

pub mod event;
pub(crate) mod faults;
pub mod input;
pub mod machine;
pub mod outcome;
pub mod service_token;
#[cfg(test)]
mod service_token_tests;
pub mod service_token_work;
pub mod step;
pub mod stored;
