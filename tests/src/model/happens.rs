//! What comes of it when something happens.

use std::rc::Rc;

use evergrant::base::time::Now;
use evergrant::connection::ledger::{Learnt, Ledger, Report, Ticket};
use evergrant::connection::rules::Rule;
use evergrant::connection::transition::{self, End, Event, Goal, Progress, Step, What};

use super::diagram;
use super::heard::Told;
use super::pair::{ACCESS_LIFE, Pair};
use super::scenario::{Scenario, code_of};
use super::settled::ASKS_AGAIN;
use super::world::{Act, Life, Message, Outcome, Slot, Spends, Stage, Stored, World, at};

/// How much longer than the window the provider is away.
const OUTAGE_BEYOND: i64 = 12_000;
/// The longest window that an absence is made to outlast.
const LONGEST_OUTAGE: i64 = 60_000;
/// What a 429 asks for: more than any window has.
const RETRY_AFTER: i64 = 100_000;

impl World {
    /// The situation after it happened.
    pub fn after(&self, scenario: &Scenario, act: Act) -> Self {
        let mut world = self.clone();
        match act {
            Act::Perform(number) => world.perform(scenario, number),
            Act::Due(number) => {
                let what = match world.slots[usize::from(number)].worker.step {
                    Step::Wait { .. } => What::Woke,
                    _ => What::Silent,
                };
                world.tell(scenario, number, what);
            }
            Act::Process(number) => world.process(scenario, number, true),
            Act::Deliver(number) => world.deliver(scenario, number),
            Act::Worker(fault, number) => {
                world.budget -= 1;
                world.strike_worker(scenario, fault, number);
            }
            Act::Message(fault, number) => {
                world.budget -= 1;
                world.strike_message(scenario, fault, number);
            }
            Act::Outage => {
                world.budget -= 1;
                world.away_until = world.now + scenario.client.window.min(LONGEST_OUTAGE) + OUTAGE_BEYOND;
            }
            Act::Tick => world.tick(),
            Act::Epilogue => world.begin_epilogue(),
            Act::Anew => world.begin_anew(scenario),
        }
        world.tidy();
        // What is lost stays so, until another consent comes.
        let same = world.store.ledger.order == self.store.ledger.order;
        world.lost = (same && self.lost) || !world.is_alive(scenario);
        world
    }

    fn perform(&mut self, scenario: &Scenario, number: u8) {
        let now = self.now;
        let slot = Rc::clone(&self.slots[usize::from(number)]);
        match &slot.worker.step {
            Step::Load { .. } => {
                let stored = Rc::clone(&self.store);
                let what = What::Loaded {
                    ledger: stored.ledger.clone(),
                    version: stored.version,
                    store_now: now,
                };
                self.tell(scenario, number, what);
            }
            Step::Save { .. } => {
                let what = self.save(number);
                self.tell(scenario, number, what);
            }
            Step::Send {
                ticket,
                tokens,
                send_by,
                ..
            } => {
                let spends = Spends::Refresh(*tokens);
                self.send(scenario, number, *ticket, *send_by, spends);
            }
            Step::Exchange { ticket, send_by, .. } => {
                let spends = Spends::Code(code_of(slot.worker.goal));
                self.send(scenario, number, *ticket, *send_by, spends);
            }
            Step::Revoke { tokens } => {
                let tokens = *tokens;
                Rc::make_mut(&mut self.provider).revoke(tokens);
                self.tell(scenario, number, What::Revoked);
            }
            Step::Wait { .. } => {
                drop(slot);
                Rc::make_mut(&mut self.slots[usize::from(number)]).under_way = true;
            }
            Step::Done(_) => {}
            _ => unreachable!("a step that the model does not know"),
        }
    }

    /// A request leaves, unless it is too late for that.
    fn send(&mut self, scenario: &Scenario, number: u8, ticket: Ticket, send_by: Now, spends: Spends) {
        let slot = Rc::make_mut(&mut self.slots[usize::from(number)]);
        if slot.clock(self.now).is_past(send_by) {
            return self.tell(scenario, number, What::Learnt(unsent(ticket)));
        }
        slot.under_way = true;
        self.messages.push(Message {
            ticket,
            sender: Some(number),
            stage: Stage::Request { spends, lazy: None },
        });
    }

    /// Compare and swap.
    pub(super) fn save(&mut self, number: u8) -> What<Pair> {
        let Step::Save { expect, ledger, .. } = &self.slots[usize::from(number)].worker.step else {
            unreachable!("only a save is saved");
        };
        if self.store.version != *expect {
            return What::Conflict {
                ledger: self.store.ledger.clone(),
                version: self.store.version,
                store_now: self.now,
            };
        }
        self.store = Rc::new(Stored {
            ledger: Ledger::clone(ledger),
            version: expect + 1,
        });
        What::Saved { store_now: self.now }
    }

    /// Runs the shipping table.
    pub(super) fn tell(&mut self, scenario: &Scenario, number: u8, what: What<Pair>) {
        let slot = Rc::make_mut(&mut self.slots[usize::from(number)]);
        let now = slot.clock(self.now);
        let replaced = match &slot.worker.step {
            Step::Send { ticket, .. } | Step::Exchange { ticket, .. } if !slot.under_way => Some(*ticket),
            _ => None,
        };
        let was_unsent = matches!(&what, What::Learnt(report) if Some(report.ticket) == replaced);
        let told = scenario.records.then(|| Told::before(&slot.worker, now, &what));
        let worker = std::mem::replace(&mut slot.worker, transition::begin(0, Goal::Settle, at(0)));
        let (worker, progress) = diagram::next(&scenario.client, worker, Event::new(now, what));
        assert_ne!(progress, Progress::Misplaced, "the model answers what was asked");
        slot.worker = worker;
        if let Some(told) = told {
            let told = told.then(&slot.worker, self.store.version);
            self.heard.0.push(told);
        }
        if progress == Progress::NewStep {
            slot.under_way = false;
        }
        if matches!(slot.worker.step, Step::Done(End::Token | End::Connected))
            && let Some(seen) = &slot.worker.seen
            && let Some(held) = &seen.ledger.tokens
        {
            // The token is used.
            Rc::make_mut(&mut self.provider).access(scenario, self.now, held.tokens);
        }
        // A request that was wished for and replaced by another step is answered with the truth: it never left.
        if let Some(ticket) = replaced.filter(|_| !was_unsent) {
            self.tell(scenario, number, What::Learnt(unsent(ticket)));
        }
    }

    /// The server takes a request; `answered`: and its answer sets out.
    pub(super) fn process(&mut self, scenario: &Scenario, number: u8, answered: bool) {
        let now = self.now;
        let away = now < self.away_until;
        let message = &mut self.messages[usize::from(number)];
        let Stage::Request { spends, .. } = message.stage else {
            unreachable!("only a request is processed");
        };
        let outcome = if away {
            Outcome::Unknown
        } else {
            let provider = Rc::make_mut(&mut self.provider);
            let tokens = match spends {
                Spends::Refresh(token) => provider.refresh(scenario, now, token),
                Spends::Code(code) => provider.redeem(scenario, now, code),
            };
            tokens.map_or(Outcome::Rejected, Outcome::Tokens)
        };
        let outcome = if answered { outcome } else { Outcome::ServerFault };
        message.stage = Stage::Answer { outcome, lazy: None };
    }

    fn deliver(&mut self, scenario: &Scenario, number: u8) {
        let message = self.messages.remove(usize::from(number));
        let Some(sender) = message.sender else { return };
        let outcome = match message.stage {
            Stage::Answer { outcome, .. } => match outcome {
                Outcome::Tokens(pair) => Learnt::Answered(pair),
                Outcome::Rejected => Learnt::Rejected {
                    doubtful: scenario.doubtful,
                },
                Outcome::Throttled => Learnt::NotSpent {
                    retry_after: Some(RETRY_AFTER),
                    unsent: false,
                    client_refused: false,
                },
                Outcome::ServerFault if !scenario.client.rules.has(Rule::ServerFaultIsUnknown) => Learnt::NotSpent {
                    retry_after: None,
                    unsent: false,
                    client_refused: false,
                },
                Outcome::ServerFault | Outcome::Unknown => Learnt::Closed { sign: None },
            },
            _ => Learnt::Closed { sign: None },
        };
        self.tell(scenario, sender, What::Learnt(Report::new(message.ticket, outcome)));
    }

    fn tick(&mut self) {
        if let Some(next) = self.next_moment() {
            self.now = next;
        }
        for slot in &mut self.slots {
            if let Life::Paused(until) | Life::Later(until) = slot.life
                && self.now >= until
            {
                Rc::make_mut(slot).life = Life::Running;
            }
        }
    }

    fn begin_anew(&mut self, scenario: &Scenario) {
        self.rounds += 1;
        self.now += ACCESS_LIFE;
        self.slots = Self::works(scenario, self.rounds, self.now);
        self.budget = scenario.budget;
        self.away_until = 0;
        self.epilogues = 0;
    }

    fn begin_epilogue(&mut self) {
        self.epilogues += 1;
        // Where nothing is resolved, somebody asks again soon; else when the access token is over.
        let ledger = &self.store.ledger;
        let unknown = ledger.logins.iter().any(|login| login.fate.is_unknown());
        let unresolved = (!ledger.attempts.is_empty() || unknown) && !self.is_given_up();
        self.now += if unresolved { ASKS_AGAIN } else { ACCESS_LIFE };
        let generation = self.store.ledger.generation();
        self.slots.clear();
        let worker = transition::begin(100, Goal::Verify { generation }, at(self.now));
        self.slots.push(Rc::new(Slot::new(worker)));
    }
}

/// A request that never left.
fn unsent(ticket: Ticket) -> Report<Pair> {
    let outcome = Learnt::NotSpent {
        retry_after: None,
        unsent: true,
        client_refused: false,
    };
    Report::new(ticket, outcome)
}
