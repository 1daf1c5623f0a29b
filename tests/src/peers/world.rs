//! One situation: processes with some policy, a store, a lock, a network and a server.
//!
//! The server is the rotation kernel of the emulated providers, and the faults are those of the model checker, so that
//! every policy meets the same world. Time moves only when nobody can act; to be slow is a fault.

use std::hash::Hash;

use evergrant::base::time::Now;
use evergrant_emulator::kernel::{Grant, PairId, Policy as Server, RefreshVerdict};

use super::client::{ACCESS_LIFE, AHEAD, Client, Done, Heard, Outcome, Wish};
use crate::model::faults::{Fault, FaultSet};

/// When everything begins; nothing is special about it.
pub const START: i64 = 10_000_000;
/// How long a platform keeps an exchange open.
const EXCHANGE: i64 = 120_000;
/// How much later a slow answer comes.
const SLOW: i64 = 100_000;
/// For how long after its sender saw the connection end a request may still arrive.
const STRAYS: i64 = 6_000;
/// How long a short pause is: longer than a lock of ten seconds lives.
const SHORT_PAUSE: i64 = 20_000;
/// How long a long pause is: longer than an access token lives.
const LONG_PAUSE: i64 = 400_000;
/// When a process that crashed is begun anew.
const RESTART: i64 = 5_000;
/// What a 429 asks for.
const RETRY_AFTER: i64 = 100_000;
/// How often, when everything is quiet, another process wants a new access token.
const LOOKS: u8 = 2;

/// Every fault of this world. A provider that is away, and a store that does not answer a read, lose nothing more here.
pub const FAULTS: [Fault; 15] = [
    Fault::Crash,
    Fault::ShortPause,
    Fault::LongPause,
    Fault::RequestLost,
    Fault::EarlyReset,
    Fault::FaultBefore,
    Fault::FaultAfter,
    Fault::Throttled,
    Fault::FalseRejection,
    Fault::AnswerLost,
    Fault::AnswerLostNoticed,
    Fault::SlowAnswer,
    Fault::SaveFails,
    Fault::UnknownSaved,
    Fault::UnknownNotSaved,
];

/// What stays the same.
#[derive(Clone, Debug)]
pub struct Setting<C> {
    /// The policy of the processes.
    pub client: C,
    /// The server.
    pub server: Server,
    /// Which faults there are.
    pub faults: FaultSet,
}

/// One situation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World<C: Client> {
    /// The clock of everybody.
    pub now: i64,
    /// The processes.
    pub slots: Vec<Slot<C::Mind>>,
    /// What the store holds.
    pub record: C::Record,
    /// Its version.
    pub version: i64,
    /// Who has the lock (a number of [`Slot::holder`]), and until when.
    pub lock: Option<(u32, i64)>,
    /// Requests and answers under way.
    pub messages: Vec<Message<C::Tag>>,
    /// The server.
    pub grant: Grant<8>,
    /// How many requests were sent, where [`Client::WAITS`] does not bound them.
    pub sent: u8,
    /// Faults left.
    pub budget: u8,
    /// How often another process wanted a token after all was quiet.
    pub looks: u8,
    /// Nobody has a token any more that the server would take.
    pub lost: bool,
    next_holder: u32,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot<M> {
    /// What it knows.
    pub mind: M,
    /// Its number; a process that is begun anew has another.
    pub holder: u32,
    /// Whether it runs.
    pub life: Life,
    /// Whether its wish was begun.
    pub under_way: bool,
    /// When what it waits for is due, where its wish was begun.
    pub due: i64,
    /// For how long it stood still: its steady clock did not run meanwhile.
    pub slept: i64,
    /// When it does what it wishes; only random schedules use it.
    pub ready: i64,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    /// It does.
    Running,
    /// It stands still until then.
    Paused(i64),
    /// It begins then.
    Later(i64),
}

/// A request, or the answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message<T> {
    /// How its sender knows it.
    pub tag: T,
    /// The process that waits for the answer.
    pub sender: Option<u8>,
    /// When it was sent.
    pub sent: i64,
    /// How far it is.
    pub stage: Stage,
    /// When it arrives; only random schedules use it.
    pub ready: i64,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before the server. `late`: at any time until then; else at once.
    Request {
        /// The refresh token.
        refresh: PairId,
        /// The last moment.
        late: Option<i64>,
    },
    /// On its way back; `late` as in a request.
    Answer {
        /// What it says.
        outcome: Outcome,
        /// The last moment.
        late: Option<i64>,
    },
    /// Nothing will come; the sender sees the exchange end then.
    Nothing {
        /// When.
        ends: i64,
    },
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A process begins one of its wishes.
    Perform(u8, u8),
    /// What a process waits for is due.
    Due(u8),
    /// The server takes a request.
    Process(u8),
    /// An answer, or the end of an exchange, reaches its sender.
    Deliver(u8),
    /// A fault strikes a process.
    Strike(Fault, u8),
    /// A fault strikes a message.
    Disturb(Fault, u8),
    /// Time moves to the next moment at which something is due.
    Tick,
    /// Everything is quiet: later, another process wants a token.
    Look,
}

impl Act {
    /// Whether it is something that goes wrong.
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Strike(fault, _) | Self::Disturb(fault, _) => Some(fault),
            _ => None,
        }
    }
}

impl<C: Client> World<C> {
    /// A connection whose access token is over, and so many processes that want one.
    pub fn start(setting: &Setting<C>, processes: usize, budget: u8) -> Self {
        let born = START - ACCESS_LIFE;
        let mut world = Self {
            now: START,
            slots: Vec::new(),
            record: setting.client.connected(PairId::FIRST, born),
            version: 1,
            lock: None,
            messages: Vec::new(),
            grant: Grant::new(&setting.server, born),
            sent: 0,
            budget,
            looks: 0,
            lost: false,
            next_holder: 1,
        };
        for _ in 0..processes {
            let slot = world.process(setting, Life::Running, START);
            world.slots.push(slot);
        }
        world
    }

    /// A new process that begins then.
    fn process(&mut self, setting: &Setting<C>, life: Life, at: i64) -> Slot<C::Mind> {
        let holder = self.next_holder;
        self.next_holder += 1;
        Slot {
            mind: setting.client.begin(holder, Now { wall: at, steady: at }),
            holder,
            life,
            under_way: false,
            due: i64::MAX,
            slept: 0,
            ready: 0,
        }
    }

    /// The process in this place wants a token then; what it still waits for stays its own.
    pub fn ask(&mut self, setting: &Setting<C>, place: usize, at: i64) {
        self.slots[place] = self.process(setting, Life::Later(at), at);
    }

    /// Everything that may happen now.
    pub fn acts(&self, setting: &Setting<C>, acts: &mut Vec<Act>) {
        acts.clear();
        let mut must_act = false;
        for (place, slot) in self.slots.iter().enumerate() {
            let number = place as u8;
            if slot.life != Life::Running {
                continue;
            }
            let wishes = setting.client.wishes(self, place);
            if slot.under_way {
                if self.now >= slot.due && !self.has_answer_for(place) {
                    must_act = true;
                    acts.push(Act::Due(number));
                }
                if matches!(wishes.first(), Some(Wish::Send { .. })) {
                    self.faults(setting, acts, &INTERRUPTIONS, |fault| Act::Strike(fault, number));
                }
                continue;
            }
            for (which, wish) in wishes.iter().enumerate() {
                if self.can_begin(slot.holder, wish) {
                    must_act = true;
                    acts.push(Act::Perform(number, which as u8));
                }
            }
            self.faults(setting, acts, self.strikes(&wishes), |fault| Act::Strike(fault, number));
        }
        for (place, message) in self.messages.iter().enumerate() {
            let number = place as u8;
            match message.stage {
                Stage::Request { late, .. } => {
                    must_act |= late.is_none_or(|end| self.now >= end);
                    acts.push(Act::Process(number));
                }
                Stage::Answer { late, .. } => {
                    if !self.is_reachable(message.sender) {
                        continue;
                    }
                    must_act |= late.is_none_or(|end| self.now >= end);
                    acts.push(Act::Deliver(number));
                }
                Stage::Nothing { ends } => {
                    if !self.is_reachable(message.sender) || self.now < ends {
                        continue;
                    }
                    must_act = true;
                    acts.push(Act::Deliver(number));
                }
            }
            self.faults(setting, acts, disturbances(&message.stage), |fault| {
                Act::Disturb(fault, number)
            });
        }
        if must_act {
            return;
        }
        if self.next_moment(setting).is_some() {
            acts.push(Act::Tick);
        } else if self.looks < LOOKS {
            acts.push(Act::Look);
        }
    }

    /// The faults that may strike a process that wishes for these things and has not begun.
    pub fn strikes(&self, wishes: &[Wish<C>]) -> &'static [Fault] {
        match wishes.first() {
            None | Some(Wish::Done(_) | Wish::Wait(_)) => &[],
            _ if wishes.iter().any(|wish| matches!(wish, Wish::Save(..))) => &WRITES,
            Some(_) => &INTERRUPTIONS,
        }
    }

    fn faults(&self, setting: &Setting<C>, acts: &mut Vec<Act>, faults: &[Fault], act: impl Fn(Fault) -> Act) {
        if self.budget > 0 && self.looks == 0 {
            let those = faults.iter().copied().filter(|fault| setting.faults.has(*fault));
            acts.extend(those.map(act));
        }
    }

    /// Whether a wish can be begun at once.
    pub fn can_begin(&self, holder: u32, wish: &Wish<C>) -> bool {
        match wish {
            Wish::Done(_) => false,
            Wish::Lock => self
                .lock
                .is_none_or(|(owner, until)| owner == holder || self.now >= until),
            _ => true,
        }
    }

    /// Whether an answer is there; it comes before anything that is due.
    pub fn has_answer_for(&self, place: usize) -> bool {
        self.messages.iter().any(|message| {
            message.sender == Some(place as u8) && matches!(message.stage, Stage::Answer { late: None, .. })
        })
    }

    /// The situation after it happened.
    pub fn after(&self, setting: &Setting<C>, act: Act) -> Self {
        let mut world = self.clone();
        world.happen(setting, act);
        world
    }

    /// It happens.
    pub fn happen(&mut self, setting: &Setting<C>, act: Act) {
        if act.fault().is_some() {
            self.budget -= 1;
        }
        match act {
            Act::Perform(number, which) => self.perform(setting, usize::from(number), usize::from(which)),
            Act::Due(number) => self.is_over_due(setting, usize::from(number)),
            Act::Process(number) => self.take(setting, usize::from(number), true),
            Act::Deliver(number) => self.deliver(setting, usize::from(number)),
            Act::Strike(fault, number) => self.strike(setting, fault, usize::from(number)),
            Act::Disturb(fault, number) => self.disturb(setting, fault, usize::from(number)),
            Act::Tick => {
                if let Some(next) = self.next_moment(setting) {
                    self.now = next;
                }
                self.wake();
            }
            Act::Look => {
                self.looks += 1;
                self.now += ACCESS_LIFE;
                let at = self.now;
                let slot = self.process(setting, Life::Running, at);
                self.slots = vec![slot];
            }
        }
        self.tidy(setting);
        self.lost = self.lost || !self.is_alive(setting);
    }

    /// Processes whose time has come run.
    pub fn wake(&mut self) {
        for slot in &mut self.slots {
            if let Life::Paused(until) | Life::Later(until) = slot.life
                && self.now >= until
            {
                slot.life = Life::Running;
            }
        }
    }

    fn perform(&mut self, setting: &Setting<C>, place: usize, which: usize) {
        let now = self.now;
        let clock = self.slots[place].clock(now);
        let Some(wish) = setting.client.wishes(self, place).into_iter().nth(which) else {
            return;
        };
        match wish {
            Wish::Lock => {
                let until = setting.client.lock_life().map_or(i64::MAX, |life| now + life);
                self.lock = Some((self.slots[place].holder, until));
                self.tell(setting, place, Heard::Locked);
            }
            Wish::Unlock => {
                if self.lock.is_some_and(|(owner, _)| owner == self.slots[place].holder) {
                    self.lock = None;
                }
                self.tell(setting, place, Heard::Unlocked);
            }
            Wish::Load => {
                let heard = Heard::Loaded(self.record.clone(), self.version, now);
                self.tell(setting, place, heard);
            }
            Wish::Save(record, expect) => {
                let heard = self.save(record, expect);
                self.tell(setting, place, heard);
            }
            Wish::Send {
                refresh,
                tag,
                by,
                silent_at,
                ..
            } => {
                if by.is_some_and(|by| clock.is_past(by)) {
                    return self.tell(setting, place, Heard::Unsent(tag));
                }
                self.slots[place].under_way = C::WAITS;
                self.slots[place].due = silent_at;
                self.slots[place].ready = 0;
                self.sent = if C::WAITS { 0 } else { self.sent.saturating_add(1) };
                self.messages.push(Message {
                    tag,
                    sender: Some(place as u8),
                    sent: now,
                    stage: Stage::Request { refresh, late: None },
                    ready: 0,
                });
            }
            Wish::Wait(until) => {
                self.slots[place].under_way = true;
                self.slots[place].due = until;
            }
            Wish::Done(_) => {}
        }
    }

    fn is_over_due(&mut self, setting: &Setting<C>, place: usize) {
        let heard = match setting.client.wishes(self, place).first() {
            Some(Wish::Send { hangs_up, .. }) => {
                if *hangs_up {
                    self.forget_sender(place);
                }
                Heard::Silent
            }
            _ => Heard::Woke,
        };
        self.tell(setting, place, heard);
    }

    fn forget_sender(&mut self, place: usize) {
        for message in &mut self.messages {
            if message.sender == Some(place as u8) {
                message.sender = None;
            }
        }
    }

    fn save(&mut self, record: C::Record, expect: Option<i64>) -> Heard<C> {
        if expect.is_some_and(|version| version != self.version) {
            return Heard::Conflict(self.record.clone(), self.version, self.now);
        }
        self.record = record;
        self.version += 1;
        Heard::Saved(self.now)
    }

    fn tell(&mut self, setting: &Setting<C>, place: usize, heard: Heard<C>) {
        let slot = &mut self.slots[place];
        let clock = slot.clock(self.now);
        if setting.client.tell(&mut slot.mind, slot.under_way, clock, heard) {
            slot.under_way = false;
            slot.due = i64::MAX;
            slot.ready = 0;
        }
    }

    /// The server takes a request; `answered`: and its answer sets out.
    fn take(&mut self, setting: &Setting<C>, place: usize, answered: bool) {
        let message = &mut self.messages[place];
        let Stage::Request { refresh, .. } = message.stage else {
            return;
        };
        let outcome = match self.grant.refresh(&setting.server, self.now, refresh) {
            RefreshVerdict::Issued { access, refresh, .. } => Outcome::Tokens { access, refresh },
            _ => Outcome::Rejected,
        };
        let outcome = if answered { outcome } else { Outcome::Unknown };
        message.stage = Stage::Answer { outcome, late: None };
        message.ready = 0;
    }

    fn deliver(&mut self, setting: &Setting<C>, place: usize) {
        let message = self.messages.remove(place);
        let Some(sender) = message.sender else { return };
        let outcome = match message.stage {
            Stage::Answer { outcome, .. } => outcome,
            _ => Outcome::Unknown,
        };
        let slot = &mut self.slots[usize::from(sender)];
        if matches!(slot.life, Life::Later(_)) {
            slot.life = Life::Running;
        }
        self.tell(setting, usize::from(sender), Heard::Answer(message.tag, outcome));
    }

    fn strike(&mut self, setting: &Setting<C>, fault: Fault, place: usize) {
        match fault {
            Fault::Crash => {
                self.forget_sender(place);
                // A lock without a life dies with its holder.
                if setting.client.lock_life().is_none()
                    && self.lock.is_some_and(|(owner, _)| owner == self.slots[place].holder)
                {
                    self.lock = None;
                }
                self.ask(setting, place, self.now + RESTART);
            }
            Fault::ShortPause => self.slots[place].pause(self.now, SHORT_PAUSE),
            Fault::LongPause => self.slots[place].pause(self.now, LONG_PAUSE),
            Fault::SaveFails => self.tell(setting, place, Heard::StoreFailed(false)),
            Fault::UnknownNotSaved => self.tell(setting, place, Heard::StoreFailed(true)),
            Fault::UnknownSaved => {
                let wishes = setting.client.wishes(self, place);
                if let Some(Wish::Save(record, expect)) = wishes.into_iter().find(|wish| matches!(wish, Wish::Save(..)))
                {
                    let _ = self.save(record, expect);
                }
                self.tell(setting, place, Heard::StoreFailed(true));
            }
            _ => unreachable!("not a fault of a process"),
        }
    }

    fn disturb(&mut self, setting: &Setting<C>, fault: Fault, place: usize) {
        let now = self.now;
        let message = &mut self.messages[place];
        let answer = |outcome| Stage::Answer { outcome, late: None };
        message.ready = 0;
        match fault {
            Fault::RequestLost | Fault::AnswerLost => {
                message.stage = Stage::Nothing {
                    ends: message.sent + EXCHANGE,
                };
            }
            Fault::AnswerLostNoticed | Fault::FaultBefore => message.stage = answer(Outcome::Unknown),
            Fault::FaultAfter => self.take(setting, place, false),
            Fault::Throttled => message.stage = answer(Outcome::Throttled(RETRY_AFTER)),
            Fault::FalseRejection => message.stage = answer(Outcome::Rejected),
            Fault::EarlyReset => {
                let mut stray = message.clone();
                stray.sender = None;
                if let Stage::Request { late, .. } = &mut stray.stage {
                    *late = Some(message.sent + STRAYS);
                }
                message.stage = answer(Outcome::Unknown);
                self.messages.push(stray);
            }
            Fault::SlowAnswer => {
                if let Stage::Answer { late, .. } = &mut message.stage {
                    *late = Some(now + SLOW);
                }
            }
            _ => unreachable!("not a fault of a message"),
        }
    }

    /// The next moment at which something is due.
    pub fn next_moment(&self, setting: &Setting<C>) -> Option<i64> {
        let slots = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(place, slot)| match slot.life {
                Life::Paused(until) | Life::Later(until) => Some(until),
                Life::Running if slot.under_way => Some(slot.due),
                Life::Running => match setting.client.wishes(self, place).first() {
                    Some(Wish::Lock) => self.lock.map(|(_, until)| until).filter(|until| *until < i64::MAX),
                    _ => None,
                },
            });
        let messages = self.messages.iter().filter_map(|message| match message.stage {
            Stage::Request { late, .. } => late,
            Stage::Answer { late, .. } => late.filter(|_| message.sender.is_some()),
            Stage::Nothing { ends } => Some(ends),
        });
        slots.chain(messages).filter(|moment| *moment > self.now).min()
    }

    /// Equal situations become equal values, and who is told to ask again does.
    fn tidy(&mut self, setting: &Setting<C>) {
        self.messages.retain(|message| match message.stage {
            Stage::Request { .. } => true,
            // An answer that nobody waits for is gone.
            _ => message.sender.is_some(),
        });
        for place in 0..self.slots.len() {
            if self.slots[place].life != Life::Running || self.slots[place].under_way {
                continue;
            }
            if let Some(Wish::Done(Done::Again(delay))) = setting.client.wishes(self, place).first() {
                self.ask(setting, place, self.now + delay);
            }
        }
    }

    /// Whether an answer can reach this process.
    pub fn is_reachable(&self, sender: Option<u8>) -> bool {
        sender.is_some_and(|number| matches!(self.slots[usize::from(number)].life, Life::Running | Life::Later(_)))
    }

    /// Whether the server would take this refresh token now.
    pub fn takes(&self, setting: &Setting<C>, pair: PairId) -> bool {
        self.grant.accepts(&setting.server, self.now, pair)
    }

    /// Whether anywhere there is a refresh token that the server would take: in the store, on its way to somebody, or in
    /// the hand of a process that is not gone.
    pub fn is_alive(&self, setting: &Setting<C>) -> bool {
        let client = &setting.client;
        let takes = |pair: &PairId| self.takes(setting, *pair);
        client.kept(&self.record).iter().any(takes)
            || self.messages.iter().any(|message| match message.stage {
                Stage::Answer {
                    outcome: Outcome::Tokens { refresh, .. },
                    ..
                } => message.sender.is_some() && takes(&refresh),
                _ => false,
            })
            || self
                .slots
                .iter()
                .any(|slot| client.in_hand(&slot.mind).iter().any(takes))
    }

    /// Whether nothing happens any more and yet something is wrong: the user is asked although the connection lives, or
    /// the last process that wanted a token has none.
    pub fn ends_badly(&self, setting: &Setting<C>) -> bool {
        let has_token = |place: usize| {
            let wishes = setting.client.wishes(self, place);
            matches!(wishes.first(), Some(Wish::Done(Done::Token(until))) if until - self.now > AHEAD)
        };
        setting.client.asks_user(&self.record) || (self.looks == LOOKS && !(0..self.slots.len()).any(has_token))
    }
}

impl<M> Slot<M> {
    /// Its own clocks: the steady one stands still while it does.
    fn clock(&self, now: i64) -> Now {
        Now {
            wall: now,
            steady: now - self.slept,
        }
    }

    fn pause(&mut self, now: i64, length: i64) {
        self.life = Life::Paused(now + length);
        self.slept += length;
    }
}

const INTERRUPTIONS: [Fault; 3] = [Fault::Crash, Fault::ShortPause, Fault::LongPause];
const WRITES: [Fault; 6] = [
    Fault::Crash,
    Fault::ShortPause,
    Fault::LongPause,
    Fault::SaveFails,
    Fault::UnknownSaved,
    Fault::UnknownNotSaved,
];

/// The faults that may strike a message.
pub fn disturbances(stage: &Stage) -> &'static [Fault] {
    match stage {
        Stage::Request { late: None, .. } => &[
            Fault::RequestLost,
            Fault::EarlyReset,
            Fault::FaultBefore,
            Fault::FaultAfter,
            Fault::Throttled,
            Fault::FalseRejection,
        ],
        Stage::Answer {
            late: None,
            outcome: Outcome::Tokens { .. } | Outcome::Rejected,
        } => &[Fault::AnswerLost, Fault::AnswerLostNoticed, Fault::SlowAnswer],
        _ => &[],
    }
}
