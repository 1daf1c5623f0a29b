//! The model checker over every kind of server: no connection is lost that could have been kept.
//!
//! By itself: two workers; one fault for every server and every profile, two for the first three providers. `F` and `N` set
//! other budgets and numbers of workers, `ONLY` a part of the names, `WITHOUT` leaves out some faults (names with
//! commas between), `FAULTS` shows which faults led to each loss.

use evergrant_tests::model::explore::Limits;
use evergrant_tests::model::faults::{Fault, FaultSet};
use evergrant_tests::model::scenario::{self, Scenario, with_faults};
use evergrant_tests::model::scoreboard::{Board, Line};

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn explore_all(scenarios: Vec<Scenario>, budget: usize) {
    let scenarios = with_faults(scenarios, u8::try_from(budget).expect("a number of faults"));
    let workers = number("N").unwrap_or(2);
    Board::explore(
        scenarios
            .into_iter()
            .map(|scenario| scenario.workers(workers))
            .collect(),
    );
}

/// The scenarios with such a name; there must be some.
fn chosen(fits: impl Fn(&str) -> bool) -> Vec<Scenario> {
    let chosen: Vec<Scenario> = scenario::all()
        .into_iter()
        .filter(|scenario| fits(&scenario.name))
        .collect();
    assert!(!chosen.is_empty(), "no scenario has such a name");
    chosen
}

#[test]
fn no_connection_is_lost_that_could_have_been_kept() {
    explore_all(scenario::all(), number("F").unwrap_or(1));
}

#[test]
fn two_faults_at_the_first_three_providers_lose_nothing_that_could_have_been_kept() {
    explore_all(scenario::providers(), number("F").unwrap_or(2));
}

#[test]
fn with_the_right_profile_one_fault_loses_nothing_in_any_window() {
    for scenario in chosen(|name| name.contains("profile right") && !name.starts_with("no window")) {
        let line = Line::of(scenario, Limits::default());
        assert_eq!(line.report.losses, 0, "{}", line.words());
        assert_eq!(line.report.false_deaths, 0, "{}", line.words());
    }
}

#[test]
fn one_process_that_may_sleep_loses_nothing_even_without_a_window() {
    let faults = FaultSet::of(&[Fault::ShortPause, Fault::LongPause]);
    for scenario in scenario::all() {
        let line = Line::of(scenario.workers(1).budget(2).faults(faults), Limits::default());
        assert_eq!(line.report.losses, 0, "{}", line.words());
        assert!(line.complaints().is_empty(), "{}", line.complaints());
    }
}

#[test]
fn crashes_of_all_workers_but_one_lose_nothing_while_the_window_has_attempts() {
    let faults = FaultSet::of(&[Fault::Crash]);
    for scenario in chosen(|name| name.contains("3, profile right") && !name.starts_with("usable once")) {
        let line = Line::of(scenario.workers(3).budget(2).faults(faults), Limits::default());
        assert_eq!(line.report.losses, 0, "{}", line.words());
    }
}

/// A window with room for four attempts is enough for two lost answers, also where the provider asks for patience beside
/// them.
#[test]
fn a_wish_for_patience_leaves_room_for_two_attempts() {
    let faults = FaultSet::of(&[Fault::AnswerLost, Fault::AnswerLostNoticed, Fault::Throttled]);
    for scenario in scenario::providers()
        .into_iter()
        .filter(|one| one.name.starts_with("Airwallex"))
    {
        let line = Line::of(scenario.workers(1).budget(3).faults(faults), Limits::default());
        println!("report: patience: {}", line.words());
        assert_eq!(line.report.losses, 0, "{}", line.words());
    }
}

#[test]
fn a_disconnected_connection_stays_so() {
    for scenario in chosen(|name| name.contains("profile right") && name.contains("kills")) {
        let line = Line::of(scenario.disconnects(), Limits::default());
        println!("report: disconnects: {}", line.words());
        assert!(line.complaints().is_empty(), "{}", line.complaints());
    }
}

#[test]
fn a_very_young_token_is_not_given_up_for_one_rejection() {
    for scenario in chosen(|name| name.contains("profile right")) {
        let line = Line::of(scenario.young(), Limits::default());
        assert!(line.complaints().is_empty(), "{}", line.complaints());
    }
}

#[test]
fn works_that_end_early_and_are_begun_anew_lose_nothing_more() {
    for scenario in scenario::all() {
        let faults = FaultSet::ALL.without(&[Fault::Outage]);
        let line = Line::of(scenario.impatient().faults(faults), Limits::default());
        println!("report: impatient: {}", line.words());
        assert!(line.complaints().is_empty(), "{}", line.complaints());
    }
}

#[test]
fn a_401_reported_meanwhile_loses_nothing_more() {
    for scenario in scenario::all() {
        let line = Line::of(scenario.unauthorized(), Limits::default());
        assert!(line.complaints().is_empty(), "{}", line.complaints());
    }
}

#[test]
fn a_webhook_that_reports_the_end_loses_nothing_more() {
    let verified = |scenario: Scenario| scenario.workers(1).verifies();
    Board::explore(scenario::all().into_iter().map(verified).collect());
}

#[test]
fn tokens_from_elsewhere_replace_those_in_use_whatever_is_under_way() {
    let right = chosen(|name| name.contains("profile right"));
    Board::explore(right.into_iter().map(Scenario::adopts).collect());
}
