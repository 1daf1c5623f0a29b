//! Our policy: the shipping transition table.

use evergrant::base::time::Now;
use evergrant::connection::ledger::{Fate, Learnt, Ledger, Report, Status, Ticket};
use evergrant::connection::policy::Policy;
use evergrant::connection::transition::{self, End, Event, Goal, Progress, Step, What, Worker};
use evergrant_emulator::kernel::PairId;

use super::client::{AHEAD, Client, Done, Heard, Outcome, Wish};
use super::tokens::Tokens;
use super::world::World;

/// How soon a host asks again after the store did not answer.
const ASKS_AGAIN: i64 = 5_000;

/// The shipping table with these timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ours(pub Policy);

impl Ours {
    /// A client whose profile promises this window.
    pub fn new(window: i64) -> Self {
        let mut policy = Policy::for_window(window);
        // Every wait happens inside one call.
        policy.longest_wait = Policy::UNLIMITED;
        policy.ahead = AHEAD;
        Self(policy)
    }

    fn event(&self, mind: &mut Worker<Tokens>, now: Now, what: What<Tokens>) -> Progress {
        let worker = std::mem::replace(mind, transition::begin(0, Goal::Settle, now));
        let (worker, progress) = transition::next(&self.0, worker, Event::new(now, what));
        assert_ne!(progress, Progress::Misplaced, "the world answers what was asked");
        *mind = worker;
        progress
    }
}

impl Client for Ours {
    type Record = Ledger<Tokens>;
    type Mind = Worker<Tokens>;
    type Tag = Ticket;

    fn connected(&self, pair: PairId, born: i64) -> Ledger<Tokens> {
        Ledger::connected(
            Tokens {
                access: pair,
                refresh: pair,
            },
            born,
        )
    }

    fn begin(&self, holder: u32, now: Now) -> Worker<Tokens> {
        transition::begin(u128::from(holder), Goal::Obtain { min_life: 0 }, now)
    }

    fn wishes(&self, world: &World<Self>, process: usize) -> Vec<Wish<Self>> {
        let worker = &world.slots[process].mind;
        vec![match &worker.step {
            Step::Load { .. } => Wish::Load,
            Step::Save { expect, ledger, .. } => Wish::Save(Ledger::clone(ledger), Some(*expect)),
            Step::Send {
                ticket,
                tokens,
                send_by,
                silent_at,
                ..
            } => Wish::Send {
                refresh: tokens.refresh,
                tag: *ticket,
                by: Some(*send_by),
                silent_at: silent_at.wall,
                hangs_up: false,
            },
            Step::Wait { since, delay } => Wish::Wait(since.wall + delay),
            Step::Done(end) => Wish::Done(match end {
                End::Token | End::Settled => {
                    let held = worker.seen.as_ref().and_then(|seen| seen.ledger.tokens.as_ref());
                    Done::Token(held.map_or(0, |held| held.access_not_after))
                }
                End::StoreUnavailable => Done::Again(ASKS_AGAIN),
                End::RetryAfter { delay } => Done::Again(*delay),
                _ => Done::Gone,
            }),
            _ => unreachable!("nobody logs in here"),
        }]
    }

    fn tell(&self, mind: &mut Worker<Tokens>, under_way: bool, now: Now, heard: Heard<Self>) -> bool {
        let unsent = |ticket| {
            let outcome = Learnt::NotSpent {
                retry_after: None,
                unsent: true,
                client_refused: false,
            };
            What::Learnt(Report::new(ticket, outcome))
        };
        let wished = match &mind.step {
            Step::Send { ticket, .. } if !under_way => Some(*ticket),
            _ => None,
        };
        let was_unsent = matches!(&heard, Heard::Unsent(ticket) if Some(*ticket) == wished);
        let what = match heard {
            Heard::Loaded(ledger, version, store_now) => What::Loaded {
                ledger,
                version,
                store_now,
            },
            Heard::Saved(store_now) => What::Saved { store_now },
            Heard::Conflict(ledger, version, store_now) => What::Conflict {
                ledger,
                version,
                store_now,
            },
            Heard::StoreFailed(unknown) => What::StoreFailed { unknown },
            Heard::Unsent(ticket) => unsent(ticket),
            Heard::Answer(ticket, outcome) => What::Learnt(Report::new(
                ticket,
                match outcome {
                    Outcome::Tokens { access, refresh } => Learnt::Answered(Tokens { access, refresh }),
                    Outcome::Rejected => Learnt::Rejected { doubtful: true },
                    Outcome::Throttled(wait) => Learnt::NotSpent {
                        retry_after: Some(wait),
                        unsent: false,
                        client_refused: false,
                    },
                    Outcome::Unknown => Learnt::Closed { sign: None },
                },
            )),
            Heard::Silent => What::Silent,
            Heard::Woke => What::Woke,
            Heard::Locked | Heard::Unlocked => unreachable!("it takes no lock"),
        };
        let mut progress = self.event(mind, now, what);
        // A request that was wished for and replaced by another step is answered with the truth: it never left.
        let replaced = |ticket: &Ticket| !matches!(&mind.step, Step::Send { ticket: now, .. } if now == ticket);
        if let Some(ticket) = wished.filter(|_| !was_unsent).filter(replaced)
            && self.event(mind, now, unsent(ticket)) == Progress::NewStep
        {
            progress = Progress::NewStep;
        }
        progress == Progress::NewStep
    }

    fn in_hand(&self, mind: &Worker<Tokens>) -> Vec<PairId> {
        let reports = mind.hand.iter().filter_map(|report| match &report.outcome {
            Learnt::Answered(pair) => Some(pair.refresh),
            _ => None,
        });
        let saving = match &mind.step {
            Step::Save { ledger, .. } => ledger.tokens.as_ref().map(|held| held.tokens.refresh),
            _ => None,
        };
        reports.chain(saving).collect()
    }

    fn kept(&self, record: &Ledger<Tokens>) -> Vec<PairId> {
        let held = record.tokens.as_ref().map(|held| held.tokens.refresh);
        let waiting = record.attempts.iter().filter_map(|attempt| match &attempt.fate {
            Fate::Answered(pair) => Some(pair.refresh),
            _ => None,
        });
        held.into_iter().chain(waiting).collect()
    }

    fn asks_user(&self, record: &Ledger<Tokens>) -> bool {
        matches!(record.status, Status::NeedsReauthorization { .. })
    }
}
