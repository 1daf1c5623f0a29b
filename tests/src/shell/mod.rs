//! The shell around the table, held to the table: a run of the model is played again through the public machine, in HTTP
//! and JSON, and written down as a schedule that every language can replay.
//!
//! [`mirror`] compares what the model has in small numbers with what the machine has in tokens; [`play`] drives one works
//! beside the other; [`schedule`] is the form in which a run is written down, and [`replay`] reads it again.

pub mod client;
pub mod found;
pub mod mirror;
pub mod play;
pub mod replay;
pub mod schedule;
