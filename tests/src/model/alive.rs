//! Whether the connection can still be kept.

use evergrant::connection::ledger::{Fate, Learnt, Ledger, Status, Ticket};

use super::pair::Pair;
use super::scenario::Scenario;
use super::world::{Life, Outcome, Stage, World};

impl World {
    /// Whether anywhere there is a refresh token that the server would take: in the ledger, on its way, or in the hand of
    /// a process that is not gone; and whose answer the ledger would take.
    pub fn is_alive(&self, scenario: &Scenario) -> bool {
        let ledger = &self.store.ledger;
        if matches!(ledger.status, Status::Closed { .. } | Status::Unconnected) {
            return true;
        }
        let takes = |pair: &Pair| self.provider.accepts(scenario, self.now, *pair);
        ledger.tokens.as_ref().is_some_and(|held| takes(&held.tokens))
            || self
                .answers()
                .any(|(ticket, pair)| is_wanted(ledger, ticket) && takes(pair))
            || ledger.attempts.iter().any(|attempt| match &attempt.fate {
                Fate::Answered(pair) => takes(pair),
                _ => false,
            })
    }

    /// The tokens that are on their way to a process, or in its hand, and not in the ledger.
    pub(super) fn answers(&self) -> impl Iterator<Item = (&Ticket, &Pair)> {
        let under_way = self.messages.iter().filter_map(|message| match &message.stage {
            Stage::Answer {
                outcome: Outcome::Tokens(pair),
                ..
            } if message.sender.is_some() => Some((&message.ticket, pair)),
            _ => None,
        });
        let living = self.slots.iter().filter(|slot| slot.life != Life::Crashed);
        let in_hand = living
            .flat_map(|slot| &slot.worker.hand)
            .filter_map(|report| match &report.outcome {
                Learnt::Answered(pair) => Some((&report.ticket, pair)),
                _ => None,
            });
        under_way.chain(in_hand)
    }
}

/// Whether the consent that an answer belongs to is not over.
fn is_wanted(ledger: &Ledger<Pair>, ticket: &Ticket) -> bool {
    if ticket.is_login() {
        ticket.order > ledger.order
    } else {
        ticket.order == ledger.order
    }
}
