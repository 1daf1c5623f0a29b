//! Which losses no client could have avoided: one predicate over the schedule for each impossibility.
//!
//! A loss whose schedule satisfies none of them is *avoidable*, and a bug. Two impossibilities have no predicate here,
//! because the model cannot show them: it never lets a request live longer than it may, and its store never rolls back.

use std::collections::BTreeMap;

use evergrant::connection::ledger;
use evergrant::connection::transition::Step;
use evergrant_emulator::kernel::{Grace, Login};

use super::faults::Fault;
use super::scenario::Scenario;
use super::world::{Act, Life, Message, Outcome, Slot, Stage, World};

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
    /// (g) A new code killed the old tokens, and what it gave was lost after the server acted.
    LoginAnswerLost,
}

/// What loses an answer.
const LOST: [Fault; 2] = [Fault::AnswerLost, Fault::AnswerLostNoticed];
/// What loses it, or makes it later than a client without a window may wait.
const LATE: [Fault; 3] = [Fault::AnswerLost, Fault::AnswerLostNoticed, Fault::SlowAnswer];

/// Every impossibility that the schedule shows.
pub fn attribute(scenario: &Scenario, acts: &[Act]) -> Vec<Impossible> {
    let mut all = Vec::new();
    let worlds = worlds(scenario, acts);
    let refreshes = |ticket: &ledger::Ticket| !ticket.is_login();
    if is_without_window(scenario) && is_answer_lost(scenario, acts, &worlds, refreshes, &LATE) {
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
    if scenario.server.login != Login::Keeps && is_answer_lost(scenario, acts, &worlds, ledger::Ticket::is_login, &LOST)
    {
        all.push(Impossible::LoginAnswerLost);
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

/// Somewhere tokens were issued, for a request of this kind, whose answer nobody ever gets, or, where a slow answer is as
/// good as none, very late.
fn is_answer_lost(
    scenario: &Scenario,
    acts: &[Act],
    worlds: &[World],
    is_of_kind: impl Fn(&ledger::Ticket) -> bool,
    lost: &[Fault],
) -> bool {
    let is_it = |message: &Message| {
        let tokens = matches!(
            message.stage,
            Stage::Answer {
                outcome: Outcome::Tokens(_),
                ..
            }
        );
        tokens && is_of_kind(&message.ticket)
    };
    acts.iter().zip(worlds).any(|(act, world)| match *act {
        Act::Message(fault, number) if lost.contains(&fault) => is_it(&world.messages[usize::from(number)]),
        Act::Message(Fault::FaultAfter, number) => {
            let issued = world.after(scenario, *act).provider != world.provider;
            issued && is_of_kind(&world.messages[usize::from(number)].ticket)
        }
        Act::Worker(Fault::Crash, number) => {
            let slot = &world.slots[usize::from(number)];
            let mut hand = slot.worker.hand.iter();
            let mut messages = world.messages.iter().filter(|message| message.sender == Some(number));
            messages.any(is_it)
                || hand
                    .any(|report| is_of_kind(&report.ticket) && matches!(report.outcome, ledger::Learnt::Answered(_)))
        }
        // The request of a sender that sees no answer any more.
        Act::Process(number) => {
            let message = &world.messages[usize::from(number)];
            let issued = world.after(scenario, *act).provider != world.provider;
            message.sender.is_none() && issued && is_of_kind(&message.ticket)
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
    let is_cut_off = |world: &World| {
        // Whoever has what it wanted does not ask again before the window is over.
        let works = |slot: &Slot| {
            let is_done = matches!(slot.worker.step, Step::Done(_));
            matches!(slot.life, Life::Running | Life::Later(_)) && !is_done
        };
        !world.slots.iter().any(|slot| works(slot)) || world.away_until > world.now
    };
    // Nobody could do anything from some moment inside the window until after its end: the first one's, also where a last
    // chance has opened another.
    worlds.windows(2).any(|pair| match pair {
        [before, after] => before.store.ledger.window.is_some_and(|opened| {
            let first = before.store.ledger.attempts.first();
            let at = first.map_or(opened.at, |first| first.claimed.min(opened.at));
            let end = at.saturating_add(scenario.client.window);
            is_cut_off(before) && before.now < end && after.now >= end
        }),
        _ => false,
    })
}

/// Somebody had tokens, on the way to a process or in its hand, for longer than the protocol's patience before the ledger
/// had them.
fn has_silent_holder(scenario: &Scenario, worlds: &[World]) -> bool {
    let mut since: BTreeMap<Ticket, i64> = BTreeMap::new();
    worlds.iter().any(|world| {
        let held = held(world);
        since.retain(|ticket, _| held.contains(ticket));
        for ticket in held {
            since.entry(ticket).or_insert(world.now);
        }
        since.values().any(|since| world.now - since > scenario.client.patience)
    })
}

/// The attempts and logins whose tokens are with a process that is not gone, and not in the ledger.
fn held(world: &World) -> Vec<Ticket> {
    let ticket = |ticket: &ledger::Ticket| (ticket.generation, ticket.number, ticket.holder);
    world.answers().map(|(answered, _)| ticket(answered)).collect()
}

/// Generation, number, holder.
type Ticket = (i64, i64, u128);

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
