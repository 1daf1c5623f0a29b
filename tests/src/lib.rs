//! What the tests of evergrant share.

pub mod fuzz;
pub mod model;
pub mod peers;
pub mod shell;
