//! What is bad: the assertions over each step and each end.

use std::rc::Rc;

use evergrant::connection::ledger::{Attempt, Fate, Learnt, Login, LoginFate, Report};
use evergrant::connection::transition::{End, Step};

use super::check_login as login;
use super::pair::Pair;
use super::scenario::Scenario;
use super::world::{Act, Life, Slot, Spends, Stage, World};
use super::wrong::Wrong;

/// What is wrong about this step.
pub fn step(scenario: &Scenario, before: &World, act: Act, after: &World) -> Option<Wrong> {
    if after.lost && !before.lost {
        return Some(Wrong::Loss);
    }
    if after.is_given_up() && !before.is_given_up() && !after.lost {
        return Some(Wrong::FalseDeath);
    }
    let position = |world: &World| (world.store.ledger.order, world.store.ledger.generation());
    // Only a later consent opens what was closed.
    if before.is_closed() && !after.is_closed() && position(after).0 <= position(before).0 {
        return Some(Wrong::Reopened);
    }
    if position(after) < position(before) || position(after).1 < position(before).1 {
        return Some(Wrong::WentBack);
    }
    match act {
        Act::Perform(number) => sent(scenario, before, number, after),
        _ => None,
    }
    .or_else(|| served(before, act, after))
    .or_else(|| dropped(before, after))
    .or_else(|| login::step(scenario, before, act, after))
}

/// Tokens that a living worker had in its hand and has no longer, although the ledger neither has them nor went past them.
fn dropped(before: &World, after: &World) -> Option<Wrong> {
    let ledger = &after.store.ledger;
    let is_placed = |report: &Report<Pair>, pair: &Pair| {
        let ticket = &report.ticket;
        let is_past = if ticket.is_login() {
            ledger.order >= ticket.order
        } else {
            (ledger.order, ledger.generation()) > (ticket.order, ticket.generation)
        };
        let waits = |attempt: &Attempt<Pair>| attempt.fate == Fate::Answered(*pair);
        let foreign = |login: &Login| login.order == ticket.order && login.fate == LoginFate::OtherAccount;
        is_past || after.is_closed() || ledger.attempts.iter().any(waits) || ledger.logins.iter().any(foreign)
    };
    let is_dropped = |(before, after): (&Rc<Slot>, &Rc<Slot>)| {
        if Rc::ptr_eq(before, after) || after.life == Life::Crashed {
            return false;
        }
        before.worker.hand.iter().any(|report| match &report.outcome {
            Learnt::Answered(pair) => !after.worker.hand.contains(report) && !is_placed(report, pair),
            _ => false,
        })
    };
    before
        .slots
        .iter()
        .zip(&after.slots)
        .any(is_dropped)
        .then_some(Wrong::AnswerDropped)
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
    let lives = |stage: &Stage| matches!(stage, Stage::Request { spends: Spends::Refresh(pair), .. } if (pair.grant, pair.refresh) == (tokens.grant, tokens.refresh));
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
