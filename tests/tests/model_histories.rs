//! Long random histories: one to four workers, many faults, hours of the model's time, and a shortest example where
//! something must not be. The exhaustive model goes through everything near the beginning; this goes far.

use std::fmt::Write;

use evergrant_tests::model::attribute::{Impossible, attribute};
use evergrant_tests::model::scenario::{self, Scenario};
use evergrant_tests::model::world::{Act, World};
use evergrant_tests::model::wrong::Wrong;
use evergrant_tests::model::{check, login};
use proptest::prelude::*;

/// The most that happens in one history.
const LONGEST: usize = 4_000;

/// Every scenario, with any number of workers, and works that wait or end early.
fn scenarios() -> impl Strategy<Value = Scenario> {
    let all: Vec<_> = scenario::all().into_iter().chain(login::all()).collect();
    (prop::sample::select(all), 1..=4_usize, any::<bool>(), any::<bool>()).prop_map(
        |(scenario, workers, impatient, verifies)| {
            let scenario = if verifies { scenario.verifies() } else { scenario };
            let scenario = if impatient { scenario.impatient() } else { scenario };
            scenario.workers(workers)
        },
    )
}

/// A choice for each thing that happens; where they end, everything goes well from there on.
fn choices() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..600)
}

/// One fault for so many other choices, where one is possible.
const ONE_IN: u16 = 12;

fn is_fault(act: &Act) -> bool {
    matches!(act, Act::Worker(..) | Act::Message(..) | Act::Outage)
}

fn choose(acts: &[Act], choice: Option<u16>) -> Option<Act> {
    let (faults, others): (Vec<Act>, Vec<Act>) = acts.iter().partition(|act| is_fault(act));
    let Some(choice) = choice else {
        return others.first().copied();
    };
    let (fails, which) = (choice % ONE_IN == 0, usize::from(choice / ONE_IN));
    let from = if (fails && !faults.is_empty()) || others.is_empty() {
        faults
    } else {
        others
    };
    from.get(which % from.len().max(1)).copied()
}

/// Plays one history and says what was wrong in it: a word, and what happened up to there.
fn play(scenario: &Scenario, choices: &[u16]) -> Vec<(Wrong, Vec<Act>)> {
    let mut world = World::start(scenario);
    let mut choices = choices.iter().copied();
    let (mut acts, mut history, mut wrongs) = (Vec::new(), Vec::new(), Vec::new());
    while history.len() < LONGEST {
        world.acts(scenario, &mut acts);
        let Some(act) = choose(&acts, choices.next()) else {
            wrongs.extend(check::end(&world).map(|wrong| (wrong, history.clone())));
            break;
        };
        let after = world.after(scenario, act);
        history.push(act);
        wrongs.extend(check::step(scenario, &world, act, &after).map(|wrong| (wrong, history.clone())));
        world = after;
    }
    wrongs
}

/// In words, with the faults only: the whole is too long to read.
fn tell(scenario: &Scenario, history: &[Act]) -> String {
    let mut world = World::start(scenario);
    let mut text = format!("{}: {:?}\n", scenario.name, scenario.goals());
    let last = history.len().saturating_sub(40);
    for (at, act) in history.iter().enumerate() {
        if is_fault(act) || at >= last {
            let _ = writeln!(text, "{:>9} {}", world.now, world.words(*act));
        }
        world = world.after(scenario, *act);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However much goes wrong.
    #[test]
    fn nothing_makes_a_worker_do_what_it_must_not(
        scenario in scenarios(),
        budget in 0..=8_u8,
        rounds in 0..=12_u8,
        choices in choices(),
    ) {
        let scenario = scenario.budget(budget).rounds(rounds);
        for (wrong, history) in play(&scenario, &choices) {
            // So many faults may look like the end, or be it.
            let is_death = matches!(wrong, Wrong::Loss | Wrong::FalseDeath | Wrong::StaysDead);
            prop_assert!(is_death, "{wrong:?} in {}", tell(&scenario, &history));
        }
    }

    /// Where little goes wrong, nothing is lost that could have been kept, however long it goes on before and after.
    #[test]
    fn two_faults_in_a_long_life_lose_nothing_that_could_have_been_kept(
        scenario in scenarios(),
        budget in 0..=2_u8,
        choices in choices(),
    ) {
        let scenario = scenario.budget(budget);
        for (wrong, history) in play(&scenario, &choices) {
            let excuses = attribute(&scenario, &history);
            let excused = match wrong {
                Wrong::Loss => !excuses.is_empty(),
                Wrong::FalseDeath => excuses.contains(&Impossible::SilentHolder),
                _ => false,
            };
            prop_assert!(excused, "{wrong:?} in {}", tell(&scenario, &history));
        }
    }
}
