//! Breadth first through every situation of one policy: the least faults that lose a connection.

use super::client::Client;
use super::world::{Act, Setting, World};
use crate::model::fingerprint::{FingerprintSet, fingerprint};

/// The most situations of one search; past it nothing is claimed.
const MOST: usize = 12_000_000;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A connection is lost by this shortest schedule.
    Loss(Vec<Act>),
    /// None is, in so many situations.
    Nothing(usize),
    /// There were too many situations.
    CutOff,
}

/// Looks for a loss with so many processes and at most so many faults.
pub fn search<C: Client>(setting: &Setting<C>, processes: usize, budget: u8) -> Found {
    let start = World::start(setting, processes, budget);
    let mut known = FingerprintSet::default();
    known.insert(fingerprint(&start));
    let mut nodes = vec![(0u32, Act::Tick)];
    let mut front = vec![(0u32, start)];
    let mut acts = Vec::new();
    while !front.is_empty() {
        let mut next = Vec::new();
        for (place, world) in &front {
            world.acts(setting, &mut acts);
            if (acts.is_empty() || acts == [Act::Look]) && world.ends_badly(setting) {
                return Found::Loss(schedule(&nodes, *place));
            }
            for act in acts.iter().copied() {
                let after = world.after(setting, act);
                let number = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
                if after.lost {
                    nodes.push((*place, act));
                    return Found::Loss(schedule(&nodes, number));
                }
                if known.insert(fingerprint(&after)) {
                    nodes.push((*place, act));
                    next.push((number, after));
                }
            }
            if known.len() > MOST {
                return Found::CutOff;
            }
        }
        front = next;
    }
    Found::Nothing(known.len())
}

fn schedule(nodes: &[(u32, Act)], mut place: u32) -> Vec<Act> {
    let mut acts = Vec::new();
    while place != 0 {
        let (parent, act) = nodes[place as usize];
        acts.push(act);
        place = parent;
    }
    acts.reverse();
    acts
}
