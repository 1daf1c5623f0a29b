//! What may happen next.

use evergrant::connection::transition::Step;

use super::faults::Fault;
use super::scenario::Scenario;
use super::world::{Act, Life, Message, Outcome, Stage, World};

/// How often, when everything is quiet, another worker looks whether the connection lives: once to resolve what is left
/// unresolved, and once more to use what came of that.
const EPILOGUES: u8 = 2;

impl World {
    /// Everything that may happen now.
    pub fn acts(&self, scenario: &Scenario, acts: &mut Vec<Act>) {
        acts.clear();
        let mut must_act = false;
        for (number, slot) in self.slots.iter().enumerate() {
            let number = number as u8;
            if slot.life != Life::Running {
                continue;
            }
            if slot.is_done() {
                if self.has_messages(number) {
                    self.fault(scenario, acts, &[Fault::Crash], |fault| Act::Worker(fault, number));
                }
                continue;
            }
            if !slot.under_way {
                must_act = true;
                acts.push(Act::Perform(number));
                let faults: &[Fault] = match slot.worker.step {
                    Step::Load { .. } => &[Fault::LoadFails],
                    Step::Save { .. } => &[Fault::SaveFails, Fault::UnknownSaved, Fault::UnknownNotSaved],
                    _ => &[],
                };
                self.fault(scenario, acts, faults, |fault| Act::Worker(fault, number));
            } else if self.now >= slot.due() {
                must_act = true;
                let woken = matches!(slot.worker.step, Step::Wait { .. });
                if !woken || !self.has_answer_for(number) {
                    acts.push(Act::Due(number));
                }
            }
            self.fault(scenario, acts, slot.interruptions(), |fault| Act::Worker(fault, number));
        }
        for (number, message) in self.messages.iter().enumerate() {
            let number = number as u8;
            match message.stage {
                Stage::Request { lazy, .. } => {
                    must_act |= lazy.is_none_or(|end| self.now >= end);
                    acts.push(Act::Process(number));
                    if lazy.is_none() && self.now >= self.away_until {
                        self.fault(
                            scenario,
                            acts,
                            &[
                                Fault::RequestLost,
                                Fault::EarlyReset,
                                Fault::FaultBefore,
                                Fault::FaultAfter,
                                Fault::Throttled,
                            ],
                            |fault| Act::Message(fault, number),
                        );
                        if scenario.doubtful || scenario.young {
                            self.fault(scenario, acts, &[Fault::FalseRejection], |fault| {
                                Act::Message(fault, number)
                            });
                        }
                    }
                }
                Stage::Answer { lazy, outcome } => {
                    if !self.is_reachable(message.sender) {
                        continue;
                    }
                    must_act |= lazy.is_none_or(|end| self.now >= end);
                    acts.push(Act::Deliver(number));
                    if lazy.is_none() && !matches!(outcome, Outcome::Unknown | Outcome::ServerFault) {
                        self.fault(
                            scenario,
                            acts,
                            &[Fault::AnswerLost, Fault::AnswerLostNoticed, Fault::SlowAnswer],
                            |fault| Act::Message(fault, number),
                        );
                    }
                }
                Stage::Nothing { ends } => {
                    if self.is_reachable(message.sender) && self.now >= ends {
                        must_act = true;
                        acts.push(Act::Deliver(number));
                    }
                }
            }
        }
        // Nobody notices that the provider is away before a request reaches it.
        let under_way = |message: &Message| matches!(message.stage, Stage::Request { lazy: None, .. });
        if self.away_until == 0 && self.messages.iter().any(under_way) {
            self.fault(scenario, acts, &[Fault::Outage], |_| Act::Outage);
        }
        if must_act {
            return;
        }
        if self.next_moment().is_some() {
            acts.push(Act::Tick);
        } else if self.epilogues < EPILOGUES {
            acts.push(Act::Epilogue);
        } else if self.rounds < scenario.rounds {
            acts.push(Act::Anew);
        }
    }

    fn fault(&self, scenario: &Scenario, acts: &mut Vec<Act>, faults: &[Fault], act: impl Fn(Fault) -> Act) {
        if self.budget > 0 && self.epilogues == 0 {
            acts.extend(
                faults
                    .iter()
                    .copied()
                    .filter(|fault| scenario.faults.has(*fault))
                    .map(act),
            );
        }
    }
}
