//! The floor: what not even a client that knows everything can keep.
//!
//! A game on the same situations. One side picks the faults, within a budget, at any moment. The other side picks
//! everything else: what each process sends and saves, and also the order in which things happen and how long they take.
//! A situation is *won* when that side, whatever faults come, can reach one in which the connection has a new access
//! token and a refresh token that nothing under way can kill; otherwise it is *lost for everyone*. The start's least
//! budget that is lost is the floor: no client at all survives that many faults of the worst kind.

use std::collections::HashMap;

use evergrant_emulator::kernel::Policy as Server;

use super::knowing::Knowing;
use super::world::{Act, World};
use crate::model::faults::FaultSet;
use crate::model::fingerprint::fingerprint;

/// The most situations of one game.
const MOST: usize = 6_000_000;

struct Node {
    budget: u8,
    won: bool,
    /// What the client's side may do.
    moves: Vec<u32>,
    /// What a fault may do.
    faults: Vec<u32>,
}

/// Whether a client that knows everything keeps the connection whatever so many faults do; `None`: too many situations.
/// It may send so many requests.
pub fn is_kept(server: Server, processes: usize, faults: FaultSet, budget: u8, requests: u8) -> Option<bool> {
    let free = Some(requests);
    let setting = Knowing { server, free }.setting(faults);
    let start = World::start(&setting, processes, budget);
    let mut places = HashMap::from([(fingerprint(&start), 0u32)]);
    let mut nodes: Vec<Node> = Vec::new();
    let mut worlds = std::collections::VecDeque::from([start]);
    let mut acts = Vec::new();
    while let Some(world) = worlds.pop_front() {
        let won = setting.client.has_won(&world);
        let mut node = Node {
            budget: world.budget,
            won,
            moves: Vec::new(),
            faults: Vec::new(),
        };
        if !won && !world.lost {
            world.acts(&setting, &mut acts);
            // Time passes when that side likes.
            let waits = world.next_moment(&setting).is_some();
            if waits && !acts.contains(&Act::Tick) {
                acts.push(Act::Tick);
            }
            for act in acts.iter().copied() {
                let after = world.after(&setting, act);
                let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
                let place = *places.entry(fingerprint(&after)).or_insert_with(|| {
                    worlds.push_back(after);
                    next
                });
                match act.fault() {
                    Some(_) => node.faults.push(place),
                    None => node.moves.push(place),
                }
            }
        }
        nodes.push(node);
        if places.len() > MOST {
            return None;
        }
    }
    for left in 0..=budget {
        // Backwards, because most moves lead to situations that were found later.
        loop {
            let mut changed = false;
            for place in (0..nodes.len()).rev() {
                let node = &nodes[place];
                if node.budget != left || node.won {
                    continue;
                }
                let won = |place: &u32| nodes[*place as usize].won;
                if node.faults.iter().all(won) && node.moves.iter().any(won) {
                    nodes[place].won = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }
    Some(nodes[0].won)
}

/// The least number of faults, up to `most`, that no client survives; `Err`: none up to so many, and no more is known.
///
/// A client that keeps the connection with one request more than there are faults needs no more of them. Where that is
/// not enough, it is given another before the connection counts as lost for everyone.
pub fn least_faults(server: Server, processes: usize, faults: FaultSet, most: u8) -> Result<Option<u8>, u8> {
    for budget in 0..=most {
        let kept = |more: u8| is_kept(server, processes, faults, budget, budget.saturating_add(more));
        match kept(1) {
            Some(true) => continue,
            None => return Err(budget.saturating_sub(1)),
            Some(false) => {}
        }
        match kept(2) {
            Some(true) => {}
            Some(false) => return Ok(Some(budget)),
            None => return Err(budget.saturating_sub(1)),
        }
    }
    Ok(None)
}
