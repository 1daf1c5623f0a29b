//! The usual policies, each in its best usual form.
//!
//! All of them read the record, send the refresh token that they read if the access token is old, and save what comes
//! back, over whatever is there. Requests are given up after eight seconds, and their connection is closed. A 5xx, a
//! broken connection and a time-out are tried again, up to three times in one call, a second and two seconds apart; after a
//! 429 the call fails, and is made again when it says. A save that fails is tried again every second, with the tokens kept in memory, until it
//! succeeds. After an `invalid_grant` the record is read again: a newer token is used; otherwise the connection is marked
//! as gone, and only if nobody has written meanwhile. Most libraries do less: many give up without that second look.

use evergrant::base::time::Now;
use evergrant_emulator::kernel::PairId;

use super::client::{ACCESS_LIFE, AHEAD, Client, Done, Heard, Outcome, Wish};
use super::world::World;

/// When a request is given up.
const TIME_OUT: i64 = 8_000;
/// How often a call tries.
const TRIES: u8 = 3;
/// How soon a failed call is made again.
const ASKS_AGAIN: i64 = 5_000;
/// The pause between tries to save.
const SAVES_AGAIN: i64 = 1_000;

/// What keeps two processes from refreshing at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Nothing.
    Nothing,
    /// A lock that ends by itself, let go only by its owner; each try takes it anew and reads inside it.
    TimeToLive(i64),
    /// A lock of one machine, which dies with its holder; each try takes it anew and reads inside it.
    OneHost,
}

/// A usual policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Usual(pub Guard);

impl Usual {
    /// Nothing but a hook that saves.
    pub const NAIVE: Self = Self(Guard::Nothing);
    /// A lock that ends after ten seconds: longer than a request may take.
    pub const TIME_TO_LIVE: Self = Self(Guard::TimeToLive(10_000));
    /// A lock of one machine.
    pub const ONE_HOST: Self = Self(Guard::OneHost);

    fn is_locking(self) -> bool {
        self.0 != Guard::Nothing
    }
}

/// The record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The pair in use.
    pub pair: PairId,
    /// Until when its access token is good.
    pub not_after: i64,
    /// The user must authorize again.
    pub gone: bool,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mind {
    at: At,
    locked: bool,
    /// The refresh token that was read.
    token: Option<PairId>,
    tries: u8,
    /// What came and is not saved.
    hand: Option<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Lock,
    Read,
    Send,
    Keep,
    /// Waits before it saves again.
    KeepLater(i64),
    /// Reads again after a rejection.
    Look,
    Mark(Row, i64),
    Unlock(Next),
    Rest(i64),
    Done(Done),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Next {
    Rest(i64),
    Done(Done),
}

impl Usual {
    /// The beginning of a try.
    fn start(self) -> At {
        if self.is_locking() { At::Lock } else { At::Read }
    }

    /// Lets the lock go first, where there is one.
    fn leave(mind: &mut Mind, next: Next) {
        mind.at = match next {
            _ if mind.locked => At::Unlock(next),
            Next::Rest(until) => At::Rest(until),
            Next::Done(done) => At::Done(done),
        };
    }

    fn failed(mind: &mut Mind, now: i64) {
        mind.tries += 1;
        let next = if mind.tries < TRIES {
            Next::Rest(now + (1_000 << (mind.tries - 1)))
        } else {
            Next::Done(Done::Again(ASKS_AGAIN))
        };
        Self::leave(mind, next);
    }

    fn has_read(mind: &mut Mind, row: Row, now: i64) {
        if row.gone {
            Self::leave(mind, Next::Done(Done::Gone));
        } else if row.not_after - now > AHEAD {
            Self::leave(mind, Next::Done(Done::Token(row.not_after)));
        } else {
            mind.token = Some(row.pair);
            mind.at = At::Send;
        }
    }

    /// After a rejection: somebody else's newer token, or the end.
    fn has_looked(mind: &mut Mind, row: Row, version: i64) {
        if mind.token != Some(row.pair) || row.gone {
            let done = if row.gone {
                Done::Gone
            } else {
                Done::Token(row.not_after)
            };
            Self::leave(mind, Next::Done(done));
        } else {
            mind.at = At::Mark(Row { gone: true, ..row }, version);
        }
    }
}

impl Client for Usual {
    type Record = Row;
    type Mind = Mind;
    type Tag = ();

    fn connected(&self, pair: PairId, born: i64) -> Row {
        Row {
            pair,
            not_after: born + ACCESS_LIFE,
            gone: false,
        }
    }

    fn begin(&self, _holder: u32, _now: Now) -> Mind {
        Mind {
            at: self.start(),
            locked: false,
            token: None,
            tries: 0,
            hand: None,
        }
    }

    fn wishes(&self, world: &World<Self>, process: usize) -> Vec<Wish<Self>> {
        let mind = &world.slots[process].mind;
        vec![match mind.at {
            At::Lock => Wish::Lock,
            At::Unlock(_) => Wish::Unlock,
            At::Read | At::Look => Wish::Load,
            At::Send => Wish::Send {
                refresh: mind.token.unwrap_or(PairId::FIRST),
                tag: (),
                by: None,
                silent_at: world.now + TIME_OUT,
                hangs_up: true,
            },
            At::Keep => match mind.hand {
                Some(row) => Wish::Save(row, None),
                None => Wish::Load,
            },
            At::Mark(row, version) => Wish::Save(row, Some(version)),
            At::Rest(until) | At::KeepLater(until) => Wish::Wait(until),
            At::Done(done) => Wish::Done(done),
        }]
    }

    fn tell(&self, mind: &mut Mind, _under_way: bool, now: Now, heard: Heard<Self>) -> bool {
        let now = now.wall;
        match (mind.at, heard) {
            (At::Lock, Heard::Locked) => {
                mind.locked = true;
                mind.at = At::Read;
            }
            (At::Unlock(next), Heard::Unlocked) => {
                mind.locked = false;
                Self::leave(mind, next);
            }
            (At::Read, Heard::Loaded(row, ..)) => Self::has_read(mind, row, now),
            (At::Look, Heard::Loaded(row, version, _)) | (At::Mark(..), Heard::Conflict(row, version, _)) => {
                Self::has_looked(mind, row, version);
            }
            (At::Mark(..), Heard::Saved(_)) => Self::leave(mind, Next::Done(Done::Gone)),
            (At::Mark(..), Heard::StoreFailed(_)) => mind.at = At::Look,
            (At::Keep, Heard::Saved(_)) => {
                let until = mind.hand.take().map_or(0, |row| row.not_after);
                Self::leave(mind, Next::Done(Done::Token(until)));
            }
            (At::Keep, Heard::StoreFailed(_)) => mind.at = At::KeepLater(now + SAVES_AGAIN),
            (At::KeepLater(_), Heard::Woke) => mind.at = At::Keep,
            (At::Send, Heard::Answer((), outcome)) => match outcome {
                Outcome::Tokens { refresh, .. } => {
                    mind.hand = Some(Row {
                        pair: refresh,
                        not_after: now + ACCESS_LIFE,
                        gone: false,
                    });
                    mind.at = At::Keep;
                }
                Outcome::Rejected => mind.at = At::Look,
                Outcome::Throttled(wait) => Self::leave(mind, Next::Done(Done::Again(wait))),
                Outcome::Unknown => Self::failed(mind, now),
            },
            (At::Send, Heard::Silent) => Self::failed(mind, now),
            // Without a lock the same token is sent again; with one, everything begins anew.
            (At::Rest(_), Heard::Woke) => {
                mind.at = if self.is_locking() { At::Lock } else { At::Send };
            }
            _ => return false,
        }
        true
    }

    fn in_hand(&self, mind: &Mind) -> Vec<PairId> {
        mind.hand.iter().map(|row| row.pair).collect()
    }

    fn kept(&self, record: &Row) -> Vec<PairId> {
        vec![record.pair]
    }

    fn asks_user(&self, record: &Row) -> bool {
        record.gone
    }

    fn lock_life(&self) -> Option<i64> {
        match self.0 {
            Guard::TimeToLive(life) => Some(life),
            _ => None,
        }
    }
}
