//! Which losses no client could have avoided: one predicate over the schedule for each impossibility.
//!
//! A loss whose schedule satisfies none of them is *avoidable*, and a bug. Two impossibilities have no predicate here,
//! because the model cannot show them: it never lets a request live longer than it may, and its store never rolls back.

use evergrant_emulator::kernel::Grace;

use super::faults::Fault;
use super::scenario::Scenario;
use super::world::{Act, Life, Outcome, Stage, World};

/// Why a connection could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Impossible {
    /// (a) There is no window, or none that the profile knows of, and an answer was lost after the server acted.
    NoWindow,
    /// (b) There were as many faults as the window has attempts, or nobody could reach the provider until it was over.
    WindowUsedUp,
    /// (e) A holder that still had the answer was silent for longer than anybody can wait.
    SilentHolder,
    /// (f) The profile promises more than the server keeps.
    ProfileWrong,
}

/// Every impossibility that the schedule shows.
pub fn attribute(scenario: &Scenario, acts: &[Act]) -> Vec<Impossible> {
    let mut all = Vec::new();
    let worlds = worlds(scenario, acts);
    if is_without_window(scenario) && is_answer_lost(scenario, acts, &worlds) {
        all.push(Impossible::NoWindow);
    }
    if is_window_used_up(scenario, acts, &worlds) {
        all.push(Impossible::WindowUsedUp);
    }
    if has_silent_holder(scenario, &worlds) {
        all.push(Impossible::SilentHolder);
    }
    if is_profile_wrong(scenario) {
        all.push(Impossible::ProfileWrong);
    }
    all
}

/// The situations before each act, and the one after the last.
fn worlds(scenario: &Scenario, acts: &[Act]) -> Vec<World> {
    let mut worlds = vec![World::start(scenario)];
    for act in acts {
        if let Some(world) = worlds.last() {
            worlds.push(world.after(scenario, *act));
        }
    }
    worlds
}

/// Neither the server nor the profile knows a window.
fn is_without_window(scenario: &Scenario) -> bool {
    let server = scenario.server;
    scenario.client.window == 0 || (server.rotates && server.grace == Grace::None)
}

/// Somewhere tokens were issued whose answer nobody ever gets.
fn is_answer_lost(scenario: &Scenario, acts: &[Act], worlds: &[World]) -> bool {
    acts.iter().zip(worlds).any(|(act, world)| match *act {
        Act::Message(Fault::AnswerLost | Fault::AnswerLostNoticed | Fault::SlowAnswer, number) => matches!(
            world.messages[usize::from(number)].stage,
            Stage::Answer {
                outcome: Outcome::Tokens(_),
                ..
            }
        ),
        Act::Message(Fault::FaultAfter, _) => true,
        Act::Worker(Fault::Crash, number) => {
            let slot = &world.slots[usize::from(number)];
            !slot.worker.hand.is_empty() || world.messages.iter().any(|message| message.sender == Some(number))
        }
        // The request of a sender that sees no answer any more.
        Act::Process(number) => {
            let message = &world.messages[usize::from(number)];
            let issued = world.after(scenario, *act).grant != world.grant;
            message.sender.is_none() && issued
        }
        _ => false,
    })
}

/// As many faults as the window has attempts, or an absence of the provider that covers its end.
fn is_window_used_up(scenario: &Scenario, acts: &[Act], worlds: &[World]) -> bool {
    if scenario.client.window == 0 {
        return false;
    }
    let is_fault = |act: &&Act| matches!(act, Act::Worker(..) | Act::Message(..) | Act::Outage);
    if acts.iter().filter(is_fault).count() >= scenario.attempts() {
        return true;
    }
    let opened = worlds.iter().find_map(|world| world.store.ledger.window);
    opened.is_some_and(|opened| {
        let end = opened.at.saturating_add(scenario.client.window);
        worlds.iter().any(|world| {
            let running = world.slots.iter().any(|slot| slot.life == Life::Running);
            world.now >= end && !world.epilogue && (world.away_until > end || !running)
        })
    })
}

/// Somebody had tokens that the server would have taken, on the way to a process or in its hand, for longer than the
/// protocol's patience, until the end.
fn has_silent_holder(scenario: &Scenario, worlds: &[World]) -> bool {
    let Some(last) = worlds.last() else { return false };
    let holds = |world: &World| {
        let waiting = world.messages.iter().any(|message| {
            message.sender.is_some()
                && matches!(
                    message.stage,
                    Stage::Answer {
                        outcome: Outcome::Tokens(_),
                        ..
                    }
                )
        });
        let paused = world
            .slots
            .iter()
            .any(|slot| matches!(slot.life, Life::Paused(_)) && !slot.worker.hand.is_empty());
        waiting || paused
    };
    // The last situation is the one in which it is lost.
    let since = worlds.iter().rev().skip(1).take_while(|world| holds(world)).last();
    since.is_some_and(|since| last.now - since.now > scenario.client.patience)
}

/// The server ends the window earlier, or allows fewer uses in it.
fn is_profile_wrong(scenario: &Scenario) -> bool {
    let server = scenario.server;
    if scenario.client.window == 0 || !server.rotates {
        return false;
    }
    match server.grace {
        Grace::None => true,
        Grace::Window => scenario.client.window > server.window_ms || server.once,
        Grace::UntilSuccessorUsed | Grace::UntilAccessUsed => server.window_ms > 0,
    }
}
