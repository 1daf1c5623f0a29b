//! A client that knows everything: what the server has done, which messages live, who will answer.
//!
//! It comes in two kinds. The *free* one may do anything at any time; the game in [`super::floor`] finds out what is best.
//! The other one follows a strategy: nothing is sent while an answer is certain to come; what was lost is sent again at
//! once; nothing is spent that cannot be had back. Random schedules run that one, and the game is the check that it is
//! as good as the best.

use evergrant::base::time::Now;
use evergrant_emulator::kernel::PairId;

use super::client::{ACCESS_LIFE, AHEAD, Client, Done, Heard, Outcome, Wish};
use super::world::{Life, Message, Setting, Stage, World};

/// How long it waits before it looks again.
const LOOKS_AGAIN: i64 = 400;
/// The most refresh tokens that it remembers.
const REMEMBERS: usize = 4;
/// A window that ends sooner is not relied on.
const SHORT: i64 = 10_000;
/// Longer than any window.
const LONG: i64 = 86_400_000;

/// A client that knows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Knowing {
    /// What the server does.
    pub server: evergrant_emulator::kernel::Policy,
    /// It may send so many requests, whenever it likes; `None`: it follows its strategy.
    pub free: Option<u8>,
}

/// Every refresh token that may still be of use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    /// In the order of their numbers.
    pub pairs: Vec<PairId>,
    /// Until when the newest access token is good.
    pub not_after: i64,
}

/// What a process has and has not saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hand {
    pairs: Vec<PairId>,
    not_after: i64,
}

impl Knowing {
    /// The world that this client lives in.
    pub fn setting(self, faults: crate::model::faults::FaultSet) -> Setting<Self> {
        Setting {
            client: self,
            server: self.server,
            faults,
        }
    }

    fn takes(&self, world: &World<Self>, pair: PairId) -> bool {
        world.grant.accepts(&self.server, world.now, pair)
    }

    /// Whether this refresh token is good, and not only for a window.
    fn lasts(&self, world: &World<Self>, pair: PairId) -> bool {
        self.takes(world, pair) && world.grant.accepts(&self.server, world.now + LONG, pair)
    }

    /// Whether the connection has a new access token, and a refresh token that nothing under way can kill.
    pub fn has_won(&self, world: &World<Self>) -> bool {
        let is_request = |message: &Message<()>| matches!(message.stage, Stage::Request { .. });
        let good = |pair: &PairId| *pair != PairId::FIRST && self.lasts(world, *pair);
        let rotates = self.server.rotates;
        let is_kept = world.record.pairs.iter().any(good) || (!rotates && world.record.not_after > world.now);
        is_kept && !world.messages.iter().any(is_request)
    }

    fn saved(&self, world: &World<Self>, hand: &Hand) -> Known {
        let mut known = world.record.clone();
        known.pairs.extend(&hand.pairs);
        known.pairs.sort_unstable();
        known.pairs.dedup();
        let superfluous = known.pairs.len().saturating_sub(REMEMBERS);
        known.pairs.drain(..superfluous);
        known.not_after = known.not_after.max(hand.not_after);
        known
    }

    /// Whether tokens are certain to come, from a process that runs.
    fn is_coming(&self, world: &World<Self>) -> bool {
        let runs =
            |sender: Option<u8>| sender.is_some_and(|number| world.slots[usize::from(number)].life == Life::Running);
        let hands = world.slots.iter().filter(|slot| slot.life == Life::Running);
        hands
            .flat_map(|slot| &slot.mind.pairs)
            .any(|pair| self.takes(world, *pair))
            || world.messages.iter().any(|message| match message.stage {
                // A stray one is not answered, but to send beside it could lose what it does.
                Stage::Request { refresh, late } => {
                    self.takes(world, refresh) && (late.is_some() || runs(message.sender))
                }
                Stage::Answer {
                    outcome: Outcome::Tokens { refresh, .. },
                    late: None,
                } => runs(message.sender) && self.takes(world, refresh),
                _ => false,
            })
    }

    /// Whether tokens are safe with somebody who stands still, or on their way for long.
    fn is_held(&self, world: &World<Self>) -> bool {
        let mut hands = world.slots.iter().flat_map(|slot| &slot.mind.pairs);
        hands.any(|pair| self.takes(world, *pair))
            || world.messages.iter().any(|message| match message.stage {
                Stage::Answer {
                    outcome: Outcome::Tokens { refresh, .. },
                    ..
                } => message.sender.is_some() && self.takes(world, refresh),
                _ => false,
            })
    }

    fn strategy(&self, world: &World<Self>, hand: &Hand) -> Wish<Self> {
        let record = &world.record;
        if hand.pairs.iter().any(|pair| self.takes(world, *pair)) {
            return Wish::Save(self.saved(world, hand), None);
        }
        let good = |pair: &PairId| self.lasts(world, *pair);
        if record.not_after - world.now > AHEAD && record.pairs.iter().any(good) {
            return Wish::Done(Done::Token(record.not_after));
        }
        let later = Wish::Wait(world.now + LOOKS_AGAIN);
        if self.is_coming(world) {
            return later;
        }
        let usable = record.pairs.iter().rev().find(|pair| self.takes(world, **pair));
        let Some(refresh) = usable.copied() else {
            return later;
        };
        let ends_soon = !world.grant.accepts(&self.server, world.now + SHORT, refresh);
        if ends_soon && self.is_held(world) {
            return later;
        }
        send(world, refresh)
    }
}

fn send(world: &World<Knowing>, refresh: PairId) -> Wish<Knowing> {
    Wish::Send {
        refresh,
        tag: (),
        by: None,
        silent_at: world.now,
        hangs_up: false,
    }
}

impl Client for Knowing {
    type Record = Known;
    type Mind = Hand;
    type Tag = ();

    const WAITS: bool = false;

    fn connected(&self, pair: PairId, born: i64) -> Known {
        Known {
            pairs: vec![pair],
            not_after: born + ACCESS_LIFE,
        }
    }

    fn begin(&self, _holder: u32, _now: Now) -> Hand {
        Hand::default()
    }

    fn wishes(&self, world: &World<Self>, process: usize) -> Vec<Wish<Self>> {
        let hand = &world.slots[process].mind;
        let Some(most) = self.free else {
            return vec![self.strategy(world, hand)];
        };
        let mut wishes = Vec::new();
        if hand.pairs.iter().any(|pair| self.takes(world, *pair)) {
            wishes.push(Wish::Save(self.saved(world, hand), None));
        }
        let requests = world.messages.len();
        if world.sent < most && requests < 3 {
            let usable = world.record.pairs.iter().filter(|pair| self.takes(world, **pair));
            wishes.extend(usable.map(|pair| send(world, *pair)));
        }
        wishes
    }

    fn tell(&self, mind: &mut Hand, _under_way: bool, now: Now, heard: Heard<Self>) -> bool {
        match heard {
            Heard::Answer((), Outcome::Tokens { refresh, .. }) => {
                mind.pairs.push(refresh);
                mind.pairs.sort_unstable();
                mind.pairs.dedup();
                mind.not_after = now.wall + ACCESS_LIFE;
            }
            Heard::Saved(_) => *mind = Hand::default(),
            _ => {}
        }
        true
    }

    fn in_hand(&self, mind: &Hand) -> Vec<PairId> {
        mind.pairs.clone()
    }

    fn kept(&self, record: &Known) -> Vec<PairId> {
        record.pairs.clone()
    }

    fn asks_user(&self, _record: &Known) -> bool {
        false
    }
}
