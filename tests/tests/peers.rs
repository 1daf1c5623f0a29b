//! The usual policies beside ours, in one world with the same faults, and the floor below all of them.
//!
//! `the_table` prints the table of docs/reliability.md. By itself it is small; `FAULTS`, `PROCESSES`, `SCHEDULES` and
//! `SEED` set how much is measured, `ONLY` a part of the servers' names.

use evergrant_emulator::kernel::Policy as Server;
use evergrant_tests::model::explore::{Limits, explore};
use evergrant_tests::model::faults::{Fault, FaultSet};
use evergrant_tests::model::scenario::Scenario;
use evergrant_tests::peers::knowing::Knowing;
use evergrant_tests::peers::search::{Found, search};
use evergrant_tests::peers::table::{
    Effort, HEAD, Kind, Least, Who, all_faults, alone, count, kinds, least, rows, words,
};
use evergrant_tests::peers::usual::Usual;
use evergrant_tests::peers::world::{FAULTS, Setting, World};

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().expect("a number"))
}

fn kind(name: &str) -> Kind {
    let mut kinds = kinds().into_iter();
    kinds.find(|kind| kind.name == name).expect("a kind of server")
}

#[test]
fn the_table() {
    let effort = Effort {
        faults: u8::try_from(number("FAULTS", 1)).expect("few faults"),
        processes: usize::try_from(number("PROCESSES", 2)).expect("few processes"),
        schedules: number("SCHEDULES", 100),
        one_in: 500,
        seed: number("SEED", 1),
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let servers: Vec<_> = kinds().into_iter().filter(|kind| kind.name.contains(&only)).collect();
    assert!(!servers.is_empty(), "no server is called {only:?}");
    println!("{effort:?}\n{HEAD}");
    let mut lines = 0;
    rows(&servers, effort, |row, floor| {
        lines += 1;
        println!("{}", words(row, floor));
        let faults = |least: &Least| match least {
            Least::Faults(number) => *number,
            Least::MoreThan(number) => *number + 1,
        };
        // Nobody is better than the floor, where both are known.
        if matches!(row.least, Least::Faults(_)) {
            assert!(faults(&row.least) <= faults(&floor.least), "{}", words(row, floor));
        }
        // What one fault loses for everyone, one fault loses for each.
        let alone = |fault: &Fault| row.least == Least::Faults(0) || row.alone.contains(fault);
        assert!(floor.alone.iter().all(alone), "{}", words(row, floor));
    });
    assert_eq!(lines, servers.len() * Who::ALL.len());
}

#[test]
fn where_the_newest_wins_the_usual_policies_lose_by_one_fault_at_most_and_ours_does_not() {
    let kind = kind("newest wins");
    let least = |who| least(who, &kind, 2, all_faults(), 1);
    assert_eq!(least(Who::Naive), Least::Faults(0));
    assert_eq!(least(Who::TimeToLive), Least::Faults(1));
    assert_eq!(least(Who::OneHost), Least::Faults(1));
    assert_eq!(least(Who::Ours), Least::MoreThan(1));
    assert_eq!(least(Who::Floor), Least::MoreThan(1));
}

#[test]
fn without_a_window_ours_adds_only_the_long_pause_to_what_is_lost_for_everyone() {
    let kind = kind("no window");
    let mut floor = alone(Who::Floor, &kind, 2);
    assert!(floor.contains(&Fault::AnswerLost), "{floor:?}");
    assert!(!floor.contains(&Fault::RequestLost), "{floor:?}");
    floor.push(Fault::LongPause);
    floor.sort();
    let mut ours = alone(Who::Ours, &kind, 2);
    ours.sort();
    assert_eq!(ours, floor);
}

#[test]
fn a_false_rejection_loses_under_every_usual_policy_and_not_under_ours() {
    // Each of the usual policies believes it; ours asks again.
    for kind in kinds() {
        let faults = FaultSet::of(&[Fault::FalseRejection]);
        for who in [Who::Naive, Who::TimeToLive, Who::OneHost] {
            assert_ne!(
                least(who, &kind, 2, faults, 1),
                Least::MoreThan(1),
                "{who} {}",
                kind.name
            );
        }
        assert_eq!(
            least(Who::Ours, &kind, 2, faults, 1),
            Least::MoreThan(1),
            "{}",
            kind.name
        );
    }
}

#[test]
fn this_world_and_the_model_checker_agree_about_ours() {
    for (kind, window) in [("newest wins", 60_000), ("no window", 0)] {
        let kind = self::kind(kind);
        let scenario = Scenario::new(kind.name, kind.server, window);
        let loses = |fault: &Fault| {
            let scenario = scenario.clone().faults(FaultSet::of(&[*fault]));
            let report = explore(&scenario, Limits::default());
            report.losses > 0
        };
        let model: Vec<_> = FAULTS.into_iter().filter(loses).collect();
        assert_eq!(alone(Who::Ours, &kind, 2), model, "{}", kind.name);
    }
}

#[test]
fn the_strategy_of_the_client_that_knows_everything_is_as_good_as_any() {
    for kind in kinds() {
        let Knowing { server, .. } = Knowing {
            server: kind.server,
            free: None,
        };
        for fault in FAULTS {
            let faults = FaultSet::of(&[fault]);
            let setting = Knowing { server, free: None }.setting(faults);
            let loses = matches!(search(&setting, 2, 1), Found::Loss(_));
            let is_lost = least(Who::Floor, &kind, 2, faults, 1) == Least::Faults(1);
            assert_eq!(loses, is_lost, "{} {fault:?}", kind.name);
        }
    }
}

#[test]
fn a_loss_can_be_shown_step_by_step() {
    let setting = Setting {
        client: Usual::NAIVE,
        server: Server::newest_wins(60_000),
        faults: all_faults(),
    };
    let Found::Loss(acts) = search(&setting, 2, 0) else {
        panic!("two processes that refresh at once lose the connection");
    };
    let mut world = World::start(&setting, 2, 0);
    for act in &acts {
        assert!(!world.lost);
        world = world.after(&setting, *act);
    }
    assert!(world.lost);
    // One process alone has nobody to race with.
    assert!(matches!(search(&setting, 1, 0), Found::Nothing(_)));
}

#[test]
fn random_schedules_are_the_same_for_the_same_seed_and_show_the_same_order() {
    let kind = kind("newest wins");
    let count = |who, seed| count(who, &kind, all_faults(), seed, 300, 200);
    let all: Vec<_> = Who::ALL.into_iter().map(|who| count(who, 7)).collect();
    for (who, first) in Who::ALL.into_iter().zip(&all) {
        assert_eq!(count(who, 7), *first);
        assert_ne!(count(who, 8), *first);
        assert!(first.faults > 0);
    }
    let losses: Vec<_> = all.iter().map(|count| count.lost + count.given_up).collect();
    assert!(losses.is_sorted_by(|worse, better| worse >= better), "{losses:?}");
    assert!(losses[2] > 10 * losses[3].max(1), "{losses:?}");
}
