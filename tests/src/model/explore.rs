//! Breadth first through every situation.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::check;
use super::fingerprint::{FingerprintSet, fingerprint};
use super::scenario::Scenario;
use super::world::{Act, World};
use super::wrong::Wrong;

/// What an exploration found.
#[derive(Debug, Default)]
pub struct Report {
    /// Distinct situations.
    pub states: usize,
    /// How long it took.
    pub time: Duration,
    /// The shortest schedule to each kind of wrong.
    pub first: BTreeMap<Wrong, Vec<Act>>,
    /// Every situation in which the connection was lost or falsely given up, with its schedule.
    pub deaths: Vec<(Wrong, Vec<Act>)>,
    /// How many losses there were, also those whose schedule was not kept.
    pub losses: usize,
    /// How many false deaths, likewise.
    pub false_deaths: usize,
    /// How often nobody said in the end that the connection is dead.
    pub unreported: usize,
    /// The exploration ended before it was complete.
    pub cut_off: bool,
}

impl Report {
    /// Whether this kind of wrong was found.
    pub fn has(&self, wrong: Wrong) -> bool {
        self.first.contains_key(&wrong)
    }
}

/// How an exploration may be cut short.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most states.
    pub states: usize,
    /// The most deaths whose schedule is kept.
    pub deaths: usize,
    /// Stop at the first wrong of any kind.
    pub first_only: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            states: 50_000_000,
            deaths: 100_000,
            first_only: false,
        }
    }
}

struct Node {
    parent: u32,
    act: Act,
}

/// Goes through all situations of a scenario.
pub fn explore(scenario: &Scenario, limits: Limits) -> Report {
    let begun = Instant::now();
    let mut report = Report::default();
    let start = World::start(scenario);
    let mut known = FingerprintSet::default();
    known.insert(fingerprint(&start));
    let mut nodes = vec![Node {
        parent: 0,
        act: Act::Tick,
    }];
    let mut front = vec![(0u32, start)];
    let mut acts = Vec::new();
    'levels: while !front.is_empty() {
        let mut next = Vec::new();
        for (place, world) in &front {
            world.acts(scenario, &mut acts);
            if acts.is_empty() {
                if let Some(wrong) = check::end(world) {
                    report.unreported += usize::from(wrong == Wrong::UnreportedDeath);
                    report
                        .first
                        .entry(wrong)
                        .or_insert_with(|| schedule(&nodes, *place, None));
                }
                continue;
            }
            for act in acts.iter().copied() {
                let after = world.after(scenario, act);
                let wrong = check::step(scenario, world, act, &after);
                if let Some(wrong) = wrong {
                    report
                        .first
                        .entry(wrong)
                        .or_insert_with(|| schedule(&nodes, *place, Some(act)));
                }
                if !known.insert(fingerprint(&after)) {
                    continue;
                }
                if let Some(wrong @ (Wrong::Loss | Wrong::FalseDeath)) = wrong {
                    if wrong == Wrong::Loss {
                        report.losses += 1;
                    } else {
                        report.false_deaths += 1;
                    }
                    if report.deaths.len() < limits.deaths {
                        report.deaths.push((wrong, schedule(&nodes, *place, Some(act))));
                    }
                }
                let number = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
                nodes.push(Node { parent: *place, act });
                next.push((number, after));
            }
            if known.len() > limits.states || (limits.first_only && !report.first.is_empty()) {
                report.cut_off = true;
                break 'levels;
            }
        }
        front = next;
    }
    report.states = known.len();
    report.time = begun.elapsed();
    report
}

fn schedule(nodes: &[Node], mut place: u32, last: Option<Act>) -> Vec<Act> {
    let mut acts: Vec<Act> = last.into_iter().collect();
    while place != 0 {
        let node = &nodes[place as usize];
        acts.push(node.act);
        place = node.parent;
    }
    acts.reverse();
    acts
}

/// A schedule in words, one line for each thing that happens.
pub fn tell(scenario: &Scenario, acts: &[Act]) -> String {
    use std::fmt::Write;

    let mut world = World::start(scenario);
    let mut text = String::new();
    for act in acts {
        let seconds = (world.now - super::world::START) as f64 / 1_000.0;
        let _ = writeln!(text, "{seconds:>8.1} s  {}", world.words(*act));
        world = world.after(scenario, *act);
    }
    let _ = writeln!(
        text,
        "            ledger: {:?} {:?}",
        world.store.ledger.status, world.store.ledger.attempts
    );
    text
}
