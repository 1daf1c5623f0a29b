//! One situation: workers, store, network, server, and everything that may happen next.

use std::rc::Rc;

use evergrant::base::time::Now;
use evergrant::connection::ledger::{Fate, Learnt, Ledger, Report, Status, Ticket};
use evergrant::connection::rules::Rule;
use evergrant::connection::transition::{self, End, Event, Goal, Progress, Step, What, Worker};
use evergrant_emulator::kernel::{Grant, PairId, RefreshVerdict};

use super::faults::Fault;
use super::pair::{ACCESS_LIFE, Pair};
use super::scenario::Scenario;

/// When everything begins; nothing is special about it.
pub const START: i64 = 10_000_000;
/// How long a platform keeps an exchange open.
pub(super) const EXCHANGE: i64 = 120_000;
/// How much longer than the window the provider is away.
const OUTAGE_BEYOND: i64 = 12_000;
/// The longest window that an absence is made to outlast.
const LONGEST_OUTAGE: i64 = 60_000;
/// How soon a host asks again after the store did not answer.
const ASKS_AGAIN: i64 = 5_000;
/// How often, when everything is quiet, another worker looks whether the connection lives: once to resolve what is left
/// unresolved, and once more to use what came of that.
const EPILOGUES: u8 = 2;
/// How a work is marked after which another was begun.
const ASKED_AGAIN: Step<Pair> = Step::Done(End::Unconnected);
/// What a 429 asks for: more than any window has.
const RETRY_AFTER: i64 = 100_000;

/// One situation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The clock of everybody.
    pub now: i64,
    /// The processes.
    pub slots: Vec<Rc<Slot>>,
    /// What the store holds.
    pub store: Rc<Stored>,
    /// Requests and answers under way.
    pub messages: Vec<Message>,
    /// The server.
    pub grant: Grant<6>,
    /// Faults left.
    pub budget: u8,
    /// Until when the provider is away.
    pub away_until: i64,
    /// How often, after everything was quiet, another worker looked whether the connection still lives.
    pub epilogues: u8,
    /// No token is left anywhere that the server would take.
    pub lost: bool,
}

/// What the store holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    /// The ledger.
    pub ledger: Ledger<Pair>,
    /// Its version.
    pub version: i64,
}

/// One process with its worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The worker.
    pub worker: Worker<Pair>,
    /// Whether it runs.
    pub life: Life,
    /// Whether the current step is under way; before that it is only wished for.
    pub under_way: bool,
    /// For how long it stood still: its steady clock did not run meanwhile.
    pub slept: i64,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    /// It does.
    Running,
    /// It stands still until then.
    Paused(i64),
    /// It was told to ask again then, and does nothing before.
    Later(i64),
    /// It is gone.
    Crashed,
}

/// A request, or the answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Which attempt it belongs to.
    pub ticket: Ticket,
    /// The process that waits for the answer; `None` where nobody does any more.
    pub sender: Option<u8>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before the server. `lazy`: at any time until then; else at once.
    Request {
        /// The refresh token.
        refresh: PairId,
        /// The last moment.
        lazy: Option<i64>,
    },
    /// On its way back.
    Answer {
        /// What it says.
        outcome: Outcome,
        /// As in a request.
        lazy: Option<i64>,
    },
    /// Nothing will come; the sender sees the exchange end then.
    Nothing {
        /// When.
        ends: i64,
    },
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Tokens.
    Tokens(Pair),
    /// `invalid_grant`.
    Rejected,
    /// A 429.
    Throttled,
    /// A 5xx.
    ServerFault,
    /// A connection that ended.
    Unknown,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A process begins the step that its worker wishes for.
    Perform(u8),
    /// What a process waits for is due.
    Due(u8),
    /// The server takes a request.
    Process(u8),
    /// An answer, or the end of an exchange, reaches its sender.
    Deliver(u8),
    /// A fault strikes a process.
    Worker(Fault, u8),
    /// A fault strikes a message.
    Message(Fault, u8),
    /// The provider goes away.
    Outage,
    /// Time moves to the next moment at which something is due.
    Tick,
    /// Everything is quiet: later, another worker looks whether the connection lives.
    Epilogue,
}

impl World {
    /// The first situation: a connection whose access token is over, and workers that want one.
    pub fn start(scenario: &Scenario) -> Self {
        let born = if scenario.young {
            START - 10_000
        } else {
            START - ACCESS_LIFE
        };
        let grant = Grant::new(&scenario.server, born);
        let mut ledger = Ledger::connected(Pair::whole(PairId::FIRST), born);
        if let Some(held) = &mut ledger.tokens {
            held.access_not_after = START;
        }
        let goal = |number: usize| match scenario.unauthorized && number > 0 {
            true => Goal::Unauthorized { generation: 1 },
            false => Goal::Obtain { min_life: 0 },
        };
        let slot = |number: usize| Slot {
            worker: transition::begin(number as u128 + 1, goal(number), at(START)),
            life: Life::Running,
            under_way: false,
            slept: 0,
        };
        let mut slots: Vec<_> = (0..scenario.workers).map(|number| Rc::new(slot(number))).collect();
        if scenario.disconnects {
            let mut last = slot(scenario.workers);
            last.worker.goal = Goal::Disconnect;
            slots.push(Rc::new(last));
        }
        Self {
            now: START,
            slots,
            store: Rc::new(Stored { ledger, version: 1 }),
            messages: Vec::new(),
            grant,
            budget: scenario.budget,
            away_until: 0,
            epilogues: 0,
            lost: false,
        }
    }

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
        }
        world.tidy();
        world.lost = world.lost || !world.is_alive(scenario);
        world
    }

    fn perform(&mut self, scenario: &Scenario, number: u8) {
        let now = self.now;
        let slot = Rc::make_mut(&mut self.slots[usize::from(number)]);
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
                let (ticket, refresh) = (*ticket, tokens.refresh);
                if slot.clock(now).is_past(*send_by) {
                    let outcome = Learnt::NotSpent {
                        retry_after: None,
                        unsent: true,
                        client_refused: false,
                    };
                    return self.tell(scenario, number, What::Learnt(Report::new(ticket, outcome)));
                }
                slot.under_way = true;
                self.messages.push(Message {
                    ticket,
                    sender: Some(number),
                    stage: Stage::Request { refresh, lazy: None },
                });
            }
            Step::Wait { .. } => slot.under_way = true,
            Step::Done(_) => {}
            _ => unreachable!("a step that the model does not know"),
        }
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
            Step::Send { ticket, .. } if !slot.under_way => Some(*ticket),
            _ => None,
        };
        let was_unsent = matches!(&what, What::Learnt(report) if Some(report.ticket) == replaced);
        let worker = std::mem::replace(&mut slot.worker, transition::begin(0, Goal::Settle, at(0)));
        let (worker, progress) = transition::next(&scenario.client, worker, Event::new(now, what));
        assert_ne!(progress, Progress::Misplaced, "the model answers what was asked");
        slot.worker = worker;
        if progress == Progress::NewStep {
            slot.under_way = false;
        }
        if slot.worker.step == Step::Done(End::Token)
            && let Some(seen) = &slot.worker.seen
            && let Some(held) = &seen.ledger.tokens
        {
            // The token is used.
            self.grant.access(&scenario.server, self.now, held.tokens.access);
        }
        // A request that was wished for and replaced by another step is answered with the truth: it never left.
        if let Some(ticket) = replaced.filter(|_| !was_unsent) {
            let outcome = Learnt::NotSpent {
                retry_after: None,
                unsent: true,
                client_refused: false,
            };
            self.tell(scenario, number, What::Learnt(Report::new(ticket, outcome)));
        }
    }

    /// The server takes a request; `answered`: and its answer sets out.
    pub(super) fn process(&mut self, scenario: &Scenario, number: u8, answered: bool) {
        let now = self.now;
        let away = now < self.away_until;
        let message = &mut self.messages[usize::from(number)];
        let Stage::Request { refresh, .. } = message.stage else {
            unreachable!("only a request is processed");
        };
        let outcome = if away {
            Outcome::Unknown
        } else {
            match self.grant.refresh(&scenario.server, now, refresh) {
                RefreshVerdict::Issued { access, refresh, .. } => Outcome::Tokens(Pair { access, refresh }),
                _ => Outcome::Rejected,
            }
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

    /// The next moment at which something is due.
    fn next_moment(&self) -> Option<i64> {
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

    fn begin_epilogue(&mut self) {
        self.epilogues += 1;
        // Where nothing is resolved, somebody asks again soon; else when the access token is over.
        let unresolved = !self.store.ledger.attempts.is_empty() && !self.is_given_up();
        self.now += if unresolved { ASKS_AGAIN } else { ACCESS_LIFE };
        let generation = self.store.ledger.generation();
        self.slots.clear();
        self.slots.push(Rc::new(Slot {
            worker: transition::begin(100, Goal::Verify { generation }, at(self.now)),
            life: Life::Running,
            under_way: false,
            slept: 0,
        }));
    }

    /// Equal situations become equal values.
    fn tidy(&mut self) {
        self.messages.retain(|message| match message.stage {
            Stage::Request { .. } => true,
            // An answer that nobody waits for is gone.
            _ => message.sender.is_some(),
        });
        self.messages
            .sort_by_key(|message| (message.ticket.number, message.ticket.holder, message.sender));
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
            let next = Rc::new(Slot {
                worker: transition::begin(holder, self.slots[number].worker.goal, at(until)),
                life: Life::Later(until),
                under_way: false,
                slept: 0,
            });
            if self.has_messages(number as u8) {
                Rc::make_mut(&mut self.slots[number]).worker.step = ASKED_AGAIN;
                self.slots.push(next);
            } else {
                self.slots[number] = next;
            }
        }
    }

    fn has_messages(&self, number: u8) -> bool {
        self.messages.iter().any(|message| message.sender == Some(number))
    }

    fn has_answer_for(&self, number: u8) -> bool {
        self.messages
            .iter()
            .any(|message| message.sender == Some(number) && matches!(message.stage, Stage::Answer { lazy: None, .. }))
    }

    fn is_reachable(&self, sender: Option<u8>) -> bool {
        sender.is_some_and(|number| self.slots[usize::from(number)].life == Life::Running)
    }

    /// Whether anywhere there is a refresh token that the server would take: in the ledger, on its way, or in the hand of
    /// a process that is not gone.
    pub fn is_alive(&self, scenario: &Scenario) -> bool {
        let takes = |pair: PairId| self.grant.accepts(&scenario.server, self.now, pair);
        let ledger = &self.store.ledger;
        if matches!(ledger.status, Status::Closed { .. }) {
            return true;
        }
        if ledger.tokens.as_ref().is_some_and(|held| takes(held.tokens.refresh)) {
            return true;
        }
        if ledger.attempts.iter().any(|attempt| match &attempt.fate {
            Fate::Answered(pair) => takes(pair.refresh),
            _ => false,
        }) {
            return true;
        }
        if self.messages.iter().any(|message| match message.stage {
            Stage::Answer {
                outcome: Outcome::Tokens(pair),
                ..
            } => message.sender.is_some() && takes(pair.refresh),
            _ => false,
        }) {
            return true;
        }
        self.slots.iter().filter(|slot| slot.life != Life::Crashed).any(|slot| {
            let in_hand = slot.worker.hand.iter().any(|report| match &report.outcome {
                Learnt::Answered(pair) => takes(pair.refresh),
                _ => false,
            });
            in_hand
                || match &slot.worker.step {
                    Step::Save { ledger, .. } => ledger.tokens.as_ref().is_some_and(|held| takes(held.tokens.refresh)),
                    _ => false,
                }
        })
    }

    /// Whether the ledger says that the host disconnected.
    pub fn is_closed(&self) -> bool {
        matches!(self.store.ledger.status, Status::Closed { .. })
    }

    /// Whether the ledger says that the user must authorize again.
    pub fn is_given_up(&self) -> bool {
        matches!(self.store.ledger.status, Status::NeedsReauthorization { .. })
    }
}

impl Slot {
    /// Its own clocks: the steady one stands still while it does.
    fn clock(&self, now: i64) -> Now {
        Now {
            wall: now,
            steady: now - self.slept,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.worker.step, Step::Done(_))
    }

    /// The interruptions that make a difference now.
    ///
    /// To be gone, or to stand still, in a wait or before a load with nothing in the hand is the same as to be so a moment
    /// earlier or later; only a breath is different, because it is held against this.
    fn interruptions(&self) -> &'static [Fault] {
        let all = &[Fault::Crash, Fault::ShortPause, Fault::LongPause];
        match self.worker.step {
            Step::Save { .. } | Step::Send { .. } => all,
            _ if !self.worker.hand.is_empty() => all,
            Step::Load { .. } => &[Fault::ShortPause, Fault::LongPause],
            Step::Wait { .. } if self.worker.breath.is_some() => &[Fault::ShortPause, Fault::LongPause],
            _ => &[],
        }
    }

    fn due(&self) -> i64 {
        match &self.worker.step {
            Step::Wait { since, delay } => since.wall + delay,
            Step::Send { silent_at, .. } => silent_at.wall,
            _ => i64::MAX,
        }
    }
}

fn at(moment: i64) -> Now {
    Now {
        wall: moment,
        steady: moment,
    }
}
