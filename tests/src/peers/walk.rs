//! Random schedules: the same rates of faults and the same lengths of time for every policy.
//!
//! One schedule is one connection with three processes for an hour of its life. Each process wants a token again when the
//! one it has is about to end, within ten seconds of each other. Reading and writing take up to 20 ms, each way to the
//! server 20 to 800 ms. Whenever a process begins something, a request arrives, or an answer arrives, each fault that can
//! happen there does so with the same small probability. A process that crashes is begun anew five seconds later.

use super::client::{ACCESS_LIFE, AHEAD, Client, Done, Wish};
use super::world::{Act, Life, START, Setting, Stage, World, disturbances};

/// How many processes there are.
pub const PROCESSES: usize = 3;
/// How long one schedule is.
const LENGTH: i64 = 12 * ACCESS_LIFE;
/// Within how long all processes want a token.
const SPREAD: i64 = 10_000;
/// How often a process looks whether a connection that was given up is back.
const LOOKS_AGAIN: i64 = 60_000;
/// How long the user may be asked to authorize again before that counts as a loss: longer than the longest pause, after
/// which a late answer may still come.
const ASKED_FOR: i64 = 600_000;

/// A pseudo-random sequence (SplitMix64), the same on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least).unwrap_or(0) + 1;
        least + i64::try_from(self.next() % width).unwrap_or(0)
    }
}

/// What came of many schedules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Schedules run.
    pub schedules: u64,
    /// Those in which no token was left that the server would take.
    pub lost: u64,
    /// Those in which the user was asked to authorize again for ten minutes although the connection lived.
    pub given_up: u64,
    /// Tokens obtained.
    pub refreshes: u64,
    /// Faults that happened.
    pub faults: u64,
}

impl Count {
    /// Connections that the user has to make again, per million schedules.
    pub fn per_million(&self) -> f64 {
        (self.lost + self.given_up) as f64 * 1e6 / self.schedules.max(1) as f64
    }
}

/// Runs so many schedules. Each fault happens where it can once in `one_in` times.
pub fn walk<C: Client>(setting: &Setting<C>, seed: u64, schedules: u64, one_in: u64) -> Count {
    let mut count = Count::default();
    for number in 0..schedules {
        let mut random = Random::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        one(setting, &mut random, one_in, &mut count, &mut |_, _| {});
    }
    count
}

/// What happened in the first schedule that loses a connection, with the time of each.
pub fn first_loss<C: Client>(setting: &Setting<C>, seed: u64, schedules: u64, one_in: u64) -> Option<Vec<(i64, Act)>> {
    (0..schedules).find_map(|number| {
        let mut random = Random::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        let (mut count, mut acts) = (Count::default(), Vec::new());
        one(setting, &mut random, one_in, &mut count, &mut |now, act| {
            acts.push((now, act))
        });
        (count.lost + count.given_up > 0).then_some(acts)
    })
}

fn one<C: Client>(
    setting: &Setting<C>,
    random: &mut Random,
    one_in: u64,
    count: &mut Count,
    watch: &mut dyn FnMut(i64, Act),
) {
    count.schedules += 1;
    let mut world = World::start(setting, PROCESSES, u8::MAX);
    for place in 0..PROCESSES {
        world.ask(setting, place, START - AHEAD + random.between(0, SPREAD));
    }
    world.now = START - AHEAD;
    let mut asked_since = None;
    while let Some((moment, act)) = next(setting, &mut world, random) {
        world.now = world.now.max(moment);
        if world.now > START + LENGTH {
            break;
        }
        world.budget = u8::MAX;
        let act = draw(setting, &world, act, random, one_in);
        count.faults += u64::from(act.fault().is_some());
        watch(world.now - START, act);
        // Time has moved already.
        if act != Act::Tick {
            world.happen(setting, act);
        }
        world.wake();
        host(setting, &mut world, random, count);
        if world.lost {
            count.lost += 1;
            return;
        }
        if !setting.client.asks_user(&world.record) {
            asked_since = None;
        } else if world.now - *asked_since.get_or_insert(world.now) > ASKED_FOR {
            count.given_up += 1;
            return;
        }
    }
    count.given_up += u64::from(asked_since.is_some());
}

/// What hosts do around the policy: begin processes anew, and want a token again when theirs is about to end.
fn host<C: Client>(setting: &Setting<C>, world: &mut World<C>, random: &mut Random, count: &mut Count) {
    for place in 0..world.slots.len() {
        let slot = &world.slots[place];
        let at = match slot.life {
            Life::Running if !slot.under_way => match setting.client.wishes(world, place).first() {
                Some(Wish::Done(Done::Token(until))) => {
                    count.refreshes += 1;
                    (until - AHEAD).max(world.now) + random.between(1, SPREAD)
                }
                Some(Wish::Done(_)) => world.now + LOOKS_AGAIN,
                _ => continue,
            },
            _ => continue,
        };
        world.ask(setting, place, at);
    }
}

/// What happens next, and when.
fn next<C: Client>(setting: &Setting<C>, world: &mut World<C>, random: &mut Random) -> Option<(i64, Act)> {
    let now = world.now;
    let mut first: Option<(i64, Act)> = None;
    let mut consider = |at: i64, act: Act| {
        if first.is_none_or(|(earliest, _)| at < earliest) {
            first = Some((at, act));
        }
    };
    for place in 0..world.slots.len() {
        let number = place as u8;
        match world.slots[place].life {
            Life::Paused(until) | Life::Later(until) => consider(until, Act::Tick),
            Life::Running if world.slots[place].under_way => {
                if !world.has_answer_for(place) {
                    consider(world.slots[place].due, Act::Due(number));
                }
            }
            Life::Running => {
                if world.slots[place].ready == 0 {
                    world.slots[place].ready = now + random.between(1, 20);
                }
                let slot = &world.slots[place];
                let wishes = setting.client.wishes(world, place);
                match wishes.first() {
                    None | Some(Wish::Done(_)) => {}
                    Some(Wish::Wait(_)) => consider(now, Act::Perform(number, 0)),
                    Some(Wish::Lock) if !world.can_begin(slot.holder, &Wish::Lock) => {
                        if let Some((_, until)) = world.lock.filter(|(_, until)| *until < i64::MAX) {
                            consider(until, Act::Tick);
                        }
                    }
                    Some(_) => consider(slot.ready, Act::Perform(number, 0)),
                }
            }
        }
    }
    for place in 0..world.messages.len() {
        let number = place as u8;
        let message = &mut world.messages[place];
        if message.ready == 0 {
            message.ready = match message.stage {
                Stage::Request { late: Some(end), .. } => random.between(now, end.max(now)),
                Stage::Answer { late: Some(end), .. } => end,
                Stage::Nothing { ends } => ends,
                _ => now + random.between(20, 800),
            };
        }
        let (ready, sender, stage) = (message.ready, message.sender, message.stage);
        match stage {
            Stage::Request { .. } => consider(ready, Act::Process(number)),
            _ if world.is_reachable(sender) => consider(ready, Act::Deliver(number)),
            _ => {}
        }
    }
    first
}

/// The same, or a fault in its place.
fn draw<C: Client>(setting: &Setting<C>, world: &World<C>, act: Act, random: &mut Random, one_in: u64) -> Act {
    let message = |number: u8| disturbances(&world.messages[usize::from(number)].stage);
    let faults = match act {
        Act::Perform(number, _) => world.strikes(&setting.client.wishes(world, usize::from(number))),
        Act::Process(number) | Act::Deliver(number) => message(number),
        _ => return act,
    };
    let drawn = random.next() % one_in.max(1);
    let fault = usize::try_from(drawn).ok().and_then(|drawn| faults.get(drawn).copied());
    match (fault.filter(|fault| setting.faults.has(*fault)), act) {
        (Some(fault), Act::Perform(number, _)) => Act::Strike(fault, number),
        (Some(fault), Act::Process(number) | Act::Deliver(number)) => Act::Disturb(fault, number),
        _ => act,
    }
}
