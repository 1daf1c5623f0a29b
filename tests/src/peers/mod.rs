//! The usual ways to keep a refresh token beside ours, and the floor that nobody goes below.
//!
//! [`world`] is one world for all of them: processes, a store, a lock, a network, the server's rotation kernel, and the
//! faults of the model checker. [`client`] is what it asks of a policy; [`usual`] are the usual ones, [`ours`] runs the
//! shipping transition table, [`knowing`] a client that knows everything. [`search`] goes through every situation, for
//! the least faults that lose a connection; [`walk`] runs random schedules and counts losses; [`floor`] solves the game
//! between the faults and a client that knows everything and may do anything. [`table`] prints it all.

pub mod client;
pub mod floor;
pub mod knowing;
pub mod ours;
pub mod search;
pub mod table;
mod tokens;
pub mod usual;
pub mod walk;
pub mod world;
