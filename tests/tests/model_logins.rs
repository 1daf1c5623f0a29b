//! The model checker over logins: no consent is lost that could have been kept, and no code is spent twice.
//!
//! `F` sets another number of faults, `ONLY` a part of the names, `WITHOUT` leaves out some faults.

use evergrant_tests::model::login;
use evergrant_tests::model::scenario::{Scenario, with_faults};
use evergrant_tests::model::scoreboard::Board;

fn explore_all(scenarios: Vec<Scenario>) {
    let budget = std::env::var("F").map_or(1, |text| text.parse().expect("a number of faults"));
    Board::explore(with_faults(scenarios, budget));
}

#[test]
fn no_login_loses_what_could_have_been_kept() {
    explore_all(login::all());
}

#[test]
fn logins_that_end_early_and_are_begun_anew_lose_nothing_more() {
    explore_all(login::all().into_iter().map(Scenario::impatient).collect());
}
