//! What a fault does to a situation.

use std::rc::Rc;

use evergrant::connection::transition::What;

use super::faults::Fault;
use super::scenario::Scenario;
use super::world::{EXCHANGE, Life, Outcome, Stage, World};

/// How long a short pause is: longer than anybody waits for a silent holder.
const SHORT_PAUSE: i64 = 20_000;
/// How long a long pause is: longer than the protocol's patience.
const LONG_PAUSE: i64 = 400_000;

impl World {
    pub(super) fn strike_worker(&mut self, scenario: &Scenario, fault: Fault, number: u8) {
        match fault {
            Fault::Crash => {
                Rc::make_mut(&mut self.slots[usize::from(number)]).life = Life::Crashed;
                for message in &mut self.messages {
                    if message.sender == Some(number) {
                        message.sender = None;
                    }
                }
            }
            Fault::ShortPause => self.pause(number, SHORT_PAUSE),
            Fault::LongPause => self.pause(number, LONG_PAUSE),
            Fault::SaveFails | Fault::LoadFails => {
                self.tell(scenario, number, What::StoreFailed { unknown: false });
            }
            Fault::UnknownNotSaved => self.tell(scenario, number, What::StoreFailed { unknown: true }),
            Fault::UnknownSaved => {
                let _ = self.save(number);
                self.tell(scenario, number, What::StoreFailed { unknown: true });
            }
            _ => unreachable!("not a fault of a worker"),
        }
    }

    fn pause(&mut self, number: u8, length: i64) {
        let until = self.now + length;
        let slot = Rc::make_mut(&mut self.slots[usize::from(number)]);
        slot.life = Life::Paused(until);
        slot.slept += length;
    }

    pub(super) fn strike_message(&mut self, scenario: &Scenario, fault: Fault, number: u8) {
        let now = self.now;
        let place = usize::from(number);
        let ticket = self.messages[place].ticket;
        let nothing = Stage::Nothing {
            ends: ticket.claimed + EXCHANGE,
        };
        let unknown = Stage::Answer {
            outcome: Outcome::Unknown,
            lazy: None,
        };
        match fault {
            Fault::RequestLost | Fault::AnswerLost => self.messages[place].stage = nothing,
            Fault::AnswerLostNoticed => self.messages[place].stage = unknown,
            Fault::FaultBefore => {
                self.messages[place].stage = Stage::Answer {
                    outcome: Outcome::ServerFault,
                    lazy: None,
                };
            }
            Fault::FaultAfter => self.process(scenario, number, false),
            Fault::Throttled | Fault::FalseRejection => {
                let outcome = if fault == Fault::Throttled {
                    Outcome::Throttled
                } else {
                    Outcome::Rejected
                };
                self.messages[place].stage = Stage::Answer { outcome, lazy: None };
            }
            Fault::EarlyReset => {
                // The request lives on, for as long as a request may; its sender is told that it is over.
                let mut orphan = self.messages[place].clone();
                orphan.sender = None;
                if let Stage::Request { lazy, .. } = &mut orphan.stage {
                    *lazy = Some(ticket.send_by + scenario.client.transit);
                }
                self.messages[place].stage = unknown;
                self.messages.push(orphan);
            }
            Fault::SlowAnswer => {
                if let Stage::Answer { lazy, .. } = &mut self.messages[place].stage {
                    *lazy = Some(now + EXCHANGE - 20_000);
                }
            }
            _ => unreachable!("not a fault of a message"),
        }
    }
}
