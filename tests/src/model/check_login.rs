//! What is bad about logins.

use evergrant::connection::ledger::{Learnt, Ledger, Status, Ticket};
use evergrant::connection::transition::{End, Goal, Step};

use super::pair::Pair;
use super::scenario::{Scenario, code_of};
use super::world::{Act, Life, Outcome, Spends, Stage, World};
use super::wrong::Wrong;

/// What is wrong about this step.
pub(super) fn step(scenario: &Scenario, before: &World, act: Act, after: &World) -> Option<Wrong> {
    if is_replaced_by_another_account(before, after) {
        return Some(Wrong::OtherAccount);
    }
    match act {
        Act::Perform(number) if after.messages.len() > before.messages.len() => sent(before, number),
        Act::Epilogue if before.is_untouched(scenario) => outcomes(scenario, before),
        _ => None,
    }
}

fn sent(before: &World, number: u8) -> Option<Wrong> {
    let worker = &before.slots[usize::from(number)].worker;
    let requests = before.messages.iter().filter_map(|message| match &message.stage {
        Stage::Request { spends, .. } => Some(*spends),
        _ => None,
    });
    let mut others = requests.map(|spends| matches!(spends, Spends::Code(_)));
    let ticket = match &worker.step {
        Step::Send { .. } => return others.any(|code| code).then_some(Wrong::ExchangedBesideRefresh),
        Step::Exchange { ticket, .. } => ticket,
        _ => return None,
    };
    if others.any(|code| !code) {
        return Some(Wrong::ExchangedBesideRefresh);
    }
    if is_answerable(before, code_of(worker.goal), ticket) {
        return Some(Wrong::ExchangedTwice);
    }
    is_superseded(&before.store.ledger, ticket).then_some(Wrong::SupersededExchanged)
}

/// Whether an earlier exchange of the code may still arrive, or be answered to a process that is not gone.
fn is_answerable(world: &World, code: u8, ticket: &Ticket) -> bool {
    let may_be = world.messages.iter().any(|message| match &message.stage {
        Stage::Request { spends, .. } => *spends == Spends::Code(code),
        Stage::Answer {
            outcome: Outcome::Tokens(_),
            ..
        } => message.sender.is_some() && message.ticket.is_login() && message.ticket.order == ticket.order,
        _ => false,
    });
    may_be
        || world
            .slots
            .iter()
            .filter(|slot| slot.life != Life::Crashed)
            .any(|slot| {
                slot.worker.hand.iter().any(|report| {
                    let same = report.ticket.is_login() && report.ticket.order == ticket.order;
                    same && matches!(report.outcome, Learnt::Answered(_))
                })
            })
}

/// A later login was begun. A disconnection is another matter: it may come between the claim and the request, and then
/// the answer is revoked.
fn is_superseded(ledger: &Ledger<Pair>, ticket: &Ticket) -> bool {
    let later = ledger.logins.iter().any(|login| login.order > ticket.order);
    later || (ledger.order > ticket.order && !matches!(ledger.status, Status::Closed { .. }))
}

fn is_replaced_by_another_account(before: &World, after: &World) -> bool {
    let account = |world: &World| {
        let held = world.store.ledger.tokens.as_ref();
        held.map(|held| held.tokens.account)
    };
    !before.is_closed() && account(before) != account(after)
}

/// Where nothing went wrong, every login ends as it should.
fn outcomes(scenario: &Scenario, world: &World) -> Option<Wrong> {
    if scenario.others.contains(&Goal::Disconnect) {
        return None;
    }
    let ends = |end: End| {
        let is_it = |step: &Step<Pair>| *step == Step::Done(end);
        world.slots.iter().filter(|slot| is_it(&slot.worker.step)).count()
    };
    let logins = |goal: &&Goal| matches!(goal, Goal::Finish { .. } | Goal::Adopt { .. });
    let wanted = scenario.others.iter().filter(logins).count();
    let foreign = |goal: &&Goal| matches!(goal, Goal::Finish { .. }) && Some(code_of(**goal)) == scenario.foreign;
    let foreign = scenario.others.iter().filter(foreign).count();
    let right = ends(End::Connected) == wanted - foreign && ends(End::DifferentAccount) == foreign;
    (!right).then_some(Wrong::WrongOutcome)
}
