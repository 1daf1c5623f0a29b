//! What is bad: the assertions over each step and each end.

use evergrant::connection::ledger::{Fate, Learnt};
use evergrant::connection::transition::{End, Step};

use super::scenario::Scenario;
use super::world::{Act, Life, Stage, World};

/// Something that must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// No token is left that the server would take.
    Loss,
    /// The user is asked to authorize again although the connection lives.
    FalseDeath,
    /// At the end the user is asked to authorize again although the ledger holds a good token.
    StaysDead,
    /// The connection is dead, and at the end nobody has said so.
    UnreportedDeath,
    /// A request left without its entry in the ledger.
    SentUnclaimed,
    /// A request left while another with the same refresh token might still arrive.
    SentBesideLiving,
    /// A request left after the window, while a holder was silent and patience not over.
    SentOutsideWindow,
    /// I4: generation or order went back.
    WentBack,
    /// A closed connection was opened again.
    Reopened,
    /// A token was served whose pair is not saved.
    ServedUnsaved,
    /// A worker ended without a token although the connection lives and nothing goes wrong any more.
    Stuck,
}

/// What is wrong about this step.
pub fn step(scenario: &Scenario, before: &World, act: Act, after: &World) -> Option<Wrong> {
    if after.lost && !before.lost {
        return Some(Wrong::Loss);
    }
    if after.is_given_up() && !before.is_given_up() && !after.lost {
        return Some(Wrong::FalseDeath);
    }
    if before.is_closed() && !after.is_closed() {
        return Some(Wrong::Reopened);
    }
    let position = |world: &World| (world.store.ledger.order, world.store.ledger.generation());
    if position(after) < position(before) {
        return Some(Wrong::WentBack);
    }
    match act {
        Act::Perform(number) => sent(scenario, before, number, after),
        _ => None,
    }
    .or_else(|| served(before, act, after))
}

fn sent(scenario: &Scenario, before: &World, number: u8, after: &World) -> Option<Wrong> {
    if after.messages.len() == before.messages.len() {
        return None;
    }
    let slot = &before.slots[usize::from(number)];
    let Step::Send { ticket, tokens, .. } = &slot.worker.step else {
        return None;
    };
    let ledger = &before.store.ledger;
    // The ledger may have moved on while the claim was on its way; then the token is an old one, and harmless to say so.
    let entry = ledger
        .attempts
        .iter()
        .find(|attempt| attempt.number == ticket.number && attempt.holder == ticket.holder);
    let same = (ledger.order, ledger.generation()) == (ticket.order, ticket.generation);
    if entry.is_none() && same && !before.is_given_up() {
        return Some(Wrong::SentUnclaimed);
    }
    let lives = |stage: &Stage| matches!(stage, Stage::Request { refresh, .. } if *refresh == tokens.refresh);
    if before.messages.iter().any(|message| lives(&message.stage)) {
        return Some(Wrong::SentBesideLiving);
    }
    let opened = ledger.window?;
    let end = opened
        .at
        .saturating_add(scenario.client.window)
        .max(opened.at.saturating_add(1));
    let open = |fate: &Fate<_>| *fate == Fate::Open;
    let others = ledger
        .attempts
        .iter()
        .any(|attempt| attempt.number != ticket.number && open(&attempt.fate));
    let confirms = ledger
        .attempts
        .iter()
        .any(|attempt| attempt.number < ticket.number && matches!(attempt.fate, Fate::Rejected { .. }));
    (others && !confirms && before.now >= end && opened.last_chances == 0).then_some(Wrong::SentOutsideWindow)
}

fn served(before: &World, act: Act, after: &World) -> Option<Wrong> {
    let (Act::Perform(number) | Act::Due(number) | Act::Worker(_, number)) = act else {
        return None;
    };
    let done = |world: &World| {
        let slot = world.slots.get(usize::from(number));
        slot.is_some_and(|slot| slot.worker.step == Step::Done(End::Token))
    };
    if !done(after) || done(before) {
        return None;
    }
    let worker = &after.slots.get(usize::from(number))?.worker;
    let in_hand = worker
        .hand
        .iter()
        .any(|report| matches!(report.outcome, Learnt::Answered(_)));
    let generation = worker.seen.as_ref().map_or(0, |seen| seen.ledger.generation());
    (in_hand || generation > after.store.ledger.generation()).then_some(Wrong::ServedUnsaved)
}

/// What is wrong about a situation in which nothing happens any more.
pub fn end(world: &World) -> Option<Wrong> {
    if world.is_closed() {
        return None;
    }
    if world.lost {
        return (!world.is_given_up()).then_some(Wrong::UnreportedDeath);
    }
    if world.is_given_up() {
        return Some(Wrong::StaysDead);
    }
    let served = |world: &World| {
        world
            .slots
            .iter()
            .any(|slot| slot.life == Life::Running && slot.worker.step == Step::Done(End::Token))
    };
    (!served(world)).then_some(Wrong::Stuck)
}
