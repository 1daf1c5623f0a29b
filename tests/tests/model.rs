//! The model checker over every kind of server: one fault, all servers, all profiles.

use evergrant_tests::model::explore::Limits;
use evergrant_tests::model::faults::{Fault, FaultSet};
use evergrant_tests::model::scenario;
use evergrant_tests::model::scoreboard::Line;

/// `F`, `N` and `ONLY` (part of a name) widen or narrow what is explored.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn no_connection_is_lost_that_could_have_been_kept() {
    let (budget, workers) = (number("F", 1), number("N", 2));
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut complaints = String::new();
    for scenario in scenario::all() {
        if !scenario.name.contains(&only) {
            continue;
        }
        let budget = u8::try_from(budget).unwrap_or(u8::MAX);
        let faults = if budget > 1 {
            FaultSet::ALL.without(&[Fault::Outage])
        } else {
            FaultSet::ALL
        };
        let scenario = scenario.budget(budget).workers(workers).faults(faults);
        let line = Line::of(scenario, Limits::default());
        println!("{}", line.words());
        if std::env::var("FAULTS").is_ok() {
            println!("{:#?}", line.by_fault());
        }
        complaints.push_str(&line.complaints());
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn scratch_by_fault() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for scenario in scenario::all() {
        if scenario.name.contains(&only) {
            for fault in Fault::ALL {
                let line = Line::of(scenario.clone().faults(FaultSet::of(&[fault])), Limits::default());
                println!("{fault:?} {}", line.words());
            }
        }
    }
}
