//! What is left when something has happened: equal situations become equal values, works that ended are begun anew, time
//! moves.

use std::rc::Rc;

use evergrant::connection::transition::{self, End, Goal, Step};

use super::pair::Pair;
use super::world::{Life, Slot, Stage, World, at};

/// How soon a host asks again after the store did not answer.
pub(super) const ASKS_AGAIN: i64 = 5_000;
/// How a work is marked after which another was begun.
const ASKED_AGAIN: Step<Pair> = Step::Done(End::Unconnected);

impl World {
    /// Equal situations become equal values.
    pub(super) fn tidy(&mut self) {
        self.messages.retain(|message| match message.stage {
            Stage::Request { .. } => true,
            // An answer that nobody waits for is gone.
            _ => message.sender.is_some(),
        });
        self.messages.sort_by_key(|message| {
            (
                message.ticket.generation,
                message.ticket.number,
                message.ticket.holder,
                message.sender,
            )
        });
        self.ask_again();
        for number in 0..self.slots.len() {
            let waits = self.has_messages(number as u8);
            let slot = &mut self.slots[number];
            let is_over = slot.life == Life::Crashed || (slot.is_done() && !waits);
            if is_over && slot.worker.seen.is_some() {
                let slot = Rc::make_mut(slot);
                let holder = slot.worker.holder;
                let step = match slot.worker.step {
                    Step::Done(end) => Step::Done(end),
                    _ => ASKED_AGAIN,
                };
                slot.worker = transition::begin(holder, Goal::Settle, at(0));
                slot.worker.step = step;
                slot.under_way = false;
                slot.slept = 0;
            }
        }
        if self.away_until != 0 && self.now >= self.away_until {
            self.away_until = 1;
        }
    }

    /// A host whose work ended before its time begins another when it was told to; the old one may still hear of its
    /// requests.
    fn ask_again(&mut self) {
        for number in 0..self.slots.len() {
            let delay = match self.slots[number].worker.step {
                Step::Done(End::StoreUnavailable) => ASKS_AGAIN,
                Step::Done(End::RetryAfter { delay }) => delay,
                _ => continue,
            };
            if self.slots[number].life != Life::Running {
                continue;
            }
            let until = self.now + delay;
            let holder = self.slots.iter().map(|slot| slot.worker.holder).max().unwrap_or(0) + 1;
            let before = &self.slots[number].worker;
            let mut worker = transition::begin(holder, before.goal, at(until));
            worker.adopts = before.adopts;
            let mut next = Slot::new(worker);
            next.life = Life::Later(until);
            let next = Rc::new(next);
            if self.has_messages(number as u8) {
                Rc::make_mut(&mut self.slots[number]).worker.step = ASKED_AGAIN;
                self.slots.push(next);
            } else {
                self.slots[number] = next;
            }
        }
    }

    /// The next moment at which something is due.
    pub(super) fn next_moment(&self) -> Option<i64> {
        let slots = self.slots.iter().filter_map(|slot| match slot.life {
            Life::Running if slot.under_way && !slot.is_done() => Some(slot.due()),
            Life::Paused(until) | Life::Later(until) => Some(until),
            _ => None,
        });
        let messages = self.messages.iter().filter_map(|message| match message.stage {
            Stage::Request { lazy, .. } => lazy,
            Stage::Answer { lazy, .. } => lazy.filter(|_| message.sender.is_some()),
            Stage::Nothing { ends } => Some(ends),
        });
        slots.chain(messages).filter(|moment| *moment > self.now).min()
    }
}
