//! The connection that is not lost: what is stored about one consent, and everything that is ever done to it.
//!
//! [`transition`] is the one table of the protocol, [`ledger`] what it reads and writes, [`policy`] its timers. They are
//! pure and generic over the tokens, so that the proof explores these very functions. They are open for that reason, and
//! are no stable interface.

mod attempts;
mod chronicle;
pub mod command;
mod decision;
mod due;
mod ending;
mod ends;
pub mod health;
pub mod ledger;
mod login;
mod logins;
mod newcomer;
pub mod policy;
pub mod record;
mod record_reader;
mod record_writer;
mod refresh;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod transition;
pub mod value;
mod wanted;
pub mod work;
#[cfg(test)]
mod work_tests;
mod worker;
