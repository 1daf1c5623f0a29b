//! The runs that are kept: for each rule, the faults by which its absence loses a connection, played with the rule in force;
//! and runs that end well in other ways.

use std::collections::VecDeque;

use super::play::Played;
use crate::model::heard::Told;
use crate::model::scenario::Scenario;
use crate::model::switched;
use crate::model::world::{Act, World};

/// No run takes longer.
const MOST_ACTS: usize = 2_000;

/// A run of the model with all that its workers were told.
pub struct Run {
    /// Where it began.
    pub start: World,
    /// Where it ended.
    pub end: World,
    /// What was told.
    pub told: Vec<Told>,
}

/// Plays wanted acts as far as they may happen, and otherwise whatever may happen, without further faults, to the end.
pub fn run(scenario: &Scenario, wanted: &[Act]) -> Run {
    let mut scenario = scenario.clone();
    scenario.records = true;
    let start = World::start(&scenario);
    let mut world = start.clone();
    let mut wanted: VecDeque<Act> = wanted.iter().copied().filter(is_fault).collect();
    let mut acts = Vec::new();
    for _ in 0..MOST_ACTS {
        world.acts(&scenario, &mut acts);
        let strikes = wanted.front().copied().filter(|next| acts.contains(next));
        let next = match strikes {
            Some(fault) => {
                wanted.pop_front();
                fault
            }
            None => match acts.iter().copied().find(|act| !is_fault(act)) {
                Some(act) => act,
                None => break,
            },
        };
        world = world.after(&scenario, next);
    }
    Run {
        start,
        told: world.heard.0.clone(),
        end: world,
    }
}

/// Plays exactly these acts.
pub fn exactly(scenario: &Scenario, acts: &[Act]) -> Run {
    let mut scenario = scenario.clone();
    scenario.records = true;
    let start = World::start(&scenario);
    let end = acts
        .iter()
        .fold(start.clone(), |world, act| world.after(&scenario, *act));
    Run {
        start,
        told: end.heard.0.clone(),
        end,
    }
}

fn is_fault(act: &Act) -> bool {
    matches!(act, Act::Worker(..) | Act::Message(..) | Act::Outage)
}

/// A run that is kept, as it is written down.
pub struct Kept {
    /// Its file, without the ending.
    pub file: String,
    /// The schedule.
    pub schedule: serde_json::Value,
    /// Whether the connection was lost all the same, as one whose faults nobody survives is.
    pub lost: bool,
}

/// All runs that are kept.
///
/// # Errors
/// Where the machine does anything else than the table.
pub fn kept() -> Result<Vec<Kept>, String> {
    let mut kept = Vec::new();
    for case in switched::cases() {
        let effect = case.effect();
        if effect.wrong.is_none() {
            return Err(format!("{:?} off: nothing is found", case.rule));
        }
        let name = words(&format!("{:?}", case.rule));
        // As works ship: they end instead of waiting for long.
        let shipped = case.scenario.clone().impatient();
        let run = run(&shipped, &effect.acts);
        let played = Played::of(&shipped, &run.start, &run.told).map_err(|fault| format!("{name}: {fault}"))?;
        if played.ended_early {
            return Err(format!("{name}: a work was ended early"));
        }
        let why = format!(
            "docs/lifecycle.md: without the rule '{name}' these faults lead to something that must not be ({}); with it, this happens",
            case.scenario.name
        );
        kept.push(Kept {
            file: name.replace(' ', "_"),
            schedule: played.schedule(&name, &why),
            lost: run.end.lost,
        });
    }
    Ok(kept)
}

/// `LateAnswers` in words.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
