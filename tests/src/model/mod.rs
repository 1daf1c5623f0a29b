//! The model checker: workers that run the shipping transition table, a store, a network and a server, explored
//! exhaustively within a budget of faults.
//!
//! [`world`] is one situation and what may happen in it; [`faults`] what may go wrong; [`explore`] goes through all
//! situations, breadth first, so that the first bad one found has the shortest schedule; [`check`] says what is bad;
//! [`attribute`] which losses no client could have avoided; [`scoreboard`] prints it all.
//!
//! Time moves only when no living worker can act and nothing is overdue: to be slow is a fault, and is counted.

mod acts;
mod alive;
pub mod attribute;
pub mod check;
mod check_login;
pub mod diagram;
pub mod explore;
pub mod faults;
pub mod fingerprint;
mod happens;
pub mod heard;
pub mod login;
pub mod pair;
pub mod provider;
pub mod scenario;
pub mod scoreboard;
mod settled;
mod strike;
pub mod switched;
mod words;
pub mod world;
pub mod wrong;
