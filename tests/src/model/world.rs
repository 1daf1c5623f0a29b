//! One situation: workers, store, network, server, and everything that may happen next.

use std::rc::Rc;

use evergrant::base::time::Now;
use evergrant::connection::ledger::{Ledger, Status, Ticket};
use evergrant::connection::transition::{self, Goal, Step, Worker};

use super::faults::Fault;
use super::heard::Heard;
use super::pair::{ACCESS_LIFE, Pair};
use super::provider::Provider;
use super::scenario::Scenario;

/// When everything begins; nothing is special about it.
pub const START: i64 = 10_000_000;
/// How long a platform keeps an exchange open.
pub(super) const EXCHANGE: i64 = 120_000;
/// How many names one round has for its workers.
pub(super) const HOLDERS: u128 = 1_000;

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
    pub provider: Rc<Provider>,
    /// Faults left.
    pub budget: u8,
    /// Until when the provider is away.
    pub away_until: i64,
    /// How often, after everything was quiet, another worker looked whether the connection still lives.
    pub epilogues: u8,
    /// How often everything began anew.
    pub rounds: u8,
    /// No token is left anywhere that the server would take.
    pub lost: bool,
    /// What the workers were told, where the scenario records it.
    pub heard: Heard,
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
        /// What it spends.
        spends: Spends,
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

/// What a request spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spends {
    /// A refresh token.
    Refresh(Pair),
    /// An authorization code.
    Code(u8),
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
    /// It was quiet for long: all works begin anew, with new faults.
    Anew,
}

impl World {
    /// The first situation: a connection whose access token is over, and workers that want one.
    pub fn start(scenario: &Scenario) -> Self {
        let born = if scenario.young {
            START - 10_000
        } else {
            START - ACCESS_LIFE
        };
        let mut ledger = Ledger::connected(Pair::first(0, 0), born);
        if let Some(held) = &mut ledger.tokens {
            held.access_not_after = START;
        }
        Self {
            now: START,
            slots: Self::works(scenario, 0, START),
            store: Rc::new(Stored { ledger, version: 1 }),
            messages: Vec::new(),
            provider: Rc::new(Provider::start(scenario, born, START)),
            budget: scenario.budget,
            away_until: 0,
            epilogues: 0,
            rounds: 0,
            lost: false,
            heard: Heard::default(),
        }
    }

    /// Workers that begin, after so many rounds.
    pub(super) fn works(scenario: &Scenario, rounds: u8, now: i64) -> Vec<Rc<Slot>> {
        let first = u128::from(rounds) * HOLDERS + 1;
        let slots = scenario.goals().into_iter().zip(first..).map(|(goal, holder)| {
            let mut worker = transition::begin(holder, goal, at(now));
            worker.adopts = scenario.adopted().filter(|_| matches!(goal, Goal::Adopt { .. }));
            Rc::new(Slot::new(worker))
        });
        slots.collect()
    }

    pub(super) fn has_messages(&self, number: u8) -> bool {
        self.messages.iter().any(|message| message.sender == Some(number))
    }

    pub(super) fn has_answer_for(&self, number: u8) -> bool {
        self.messages
            .iter()
            .any(|message| message.sender == Some(number) && matches!(message.stage, Stage::Answer { lazy: None, .. }))
    }

    pub(super) fn is_reachable(&self, sender: Option<u8>) -> bool {
        sender.is_some_and(|number| self.slots[usize::from(number)].life == Life::Running)
    }

    /// Whether nothing has gone wrong yet, and every work began once.
    pub(super) fn is_untouched(&self, scenario: &Scenario) -> bool {
        (self.rounds, self.epilogues, self.budget) == (0, 0, scenario.budget)
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
    /// A process that begins this work.
    pub(super) fn new(worker: Worker<Pair>) -> Self {
        Self {
            worker,
            life: Life::Running,
            under_way: false,
            slept: 0,
        }
    }

    /// Its own clocks: the steady one stands still while it does.
    pub(super) fn clock(&self, now: i64) -> Now {
        Now {
            wall: now,
            steady: now - self.slept,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.worker.step, Step::Done(_))
    }

    /// The interruptions that make a difference now.
    ///
    /// To be gone, or to stand still, in a wait or before a load with nothing in the hand is the same as to be so a moment
    /// earlier or later; only a breath is different, because it is held against this.
    pub(super) fn interruptions(&self) -> &'static [Fault] {
        let all = &[Fault::Crash, Fault::ShortPause, Fault::LongPause];
        match self.worker.step {
            Step::Save { .. } | Step::Send { .. } | Step::Exchange { .. } | Step::Revoke { .. } => all,
            _ if !self.worker.hand.is_empty() => all,
            Step::Load { .. } => &[Fault::ShortPause, Fault::LongPause],
            Step::Wait { .. } if self.worker.breath.is_some() => &[Fault::ShortPause, Fault::LongPause],
            _ => &[],
        }
    }

    pub(super) fn due(&self) -> i64 {
        match &self.worker.step {
            Step::Wait { since, delay } => since.wall + delay,
            Step::Send { silent_at, .. } | Step::Exchange { silent_at, .. } => silent_at.wall,
            _ => i64::MAX,
        }
    }
}

pub(super) fn at(moment: i64) -> Now {
    Now {
        wall: moment,
        steady: moment,
    }
}
