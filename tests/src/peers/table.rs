//! The table: every policy on every kind of server.

use std::fmt;

use evergrant::connection::policy::Policy;
use evergrant_emulator::kernel::Policy as Server;

use super::client::Client;
use super::floor;
use super::knowing::Knowing;
use super::ours::Ours;
use super::search::{self, Found};
use super::usual::Usual;
use super::walk::{Count, walk};
use super::world::{FAULTS, Setting};
use crate::model::faults::{Fault, FaultSet};

/// The window of the servers that have one, in milliseconds: Airwallex's.
const WINDOW: i64 = 60_000;

/// A kind of server, and the window that a right profile promises.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub server: Server,
    window: i64,
}

/// The kinds of servers; an old refresh token outside the window kills the connection in all of them.
pub fn kinds() -> [Kind; 5] {
    let kind = |name, server, window| Kind { name, server, window };
    [
        kind("newest wins", Server::newest_wins(WINDOW), WINDOW),
        kind("same pair", Server::same_pair(WINDOW), WINDOW),
        kind("another pair", Server::siblings(WINDOW), WINDOW),
        kind("until used", Server::until_used(), Policy::UNLIMITED),
        kind("no window", Server::no_window(), 0),
    ]
}

/// A policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// Refreshes, and saves afterwards.
    Naive,
    /// A lock that ends by itself.
    TimeToLive,
    /// A lock of one machine.
    OneHost,
    /// Ours.
    Ours,
    /// A client that knows everything.
    Floor,
}

impl Who {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Naive, Self::TimeToLive, Self::OneHost, Self::Ours, Self::Floor];
}

impl fmt::Display for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Naive => "refresh and save",
            Self::TimeToLive => "lock with time-to-live",
            Self::OneHost => "lock of one host",
            Self::Ours => "evergrant",
            Self::Floor => "the floor",
        })
    }
}

/// Something that is done with any policy.
trait With {
    type Out;
    fn run<C: Client>(&self, setting: &Setting<C>) -> Self::Out;
}

fn with<W: With>(who: Who, kind: &Kind, faults: FaultSet, task: &W) -> W::Out {
    let server = kind.server;
    let usual = |client| Setting { client, server, faults };
    match who {
        Who::Naive => task.run(&usual(Usual::NAIVE)),
        Who::TimeToLive => task.run(&usual(Usual::TIME_TO_LIVE)),
        Who::OneHost => task.run(&usual(Usual::ONE_HOST)),
        Who::Ours => task.run(&Setting {
            client: Ours::new(kind.window),
            server,
            faults,
        }),
        Who::Floor => task.run(&Knowing { server, free: None }.setting(faults)),
    }
}

/// Every fault of this world.
pub fn all_faults() -> FaultSet {
    FaultSet::of(&FAULTS)
}

/// How many faults a policy survives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Least {
    /// So many lose a connection.
    Faults(u8),
    /// So many lose none.
    MoreThan(u8),
}

impl fmt::Display for Least {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faults(number) => formatter.pad(&number.to_string()),
            Self::MoreThan(number) => formatter.pad(&format!("> {number}")),
        }
    }
}

struct Search {
    processes: usize,
    budget: u8,
}

impl With for Search {
    type Out = Found;
    fn run<C: Client>(&self, setting: &Setting<C>) -> Found {
        search::search(setting, self.processes, self.budget)
    }
}

/// The least number of these faults, up to `most`, that loses a connection.
///
/// For the floor the game is solved; for all others every situation is gone through.
pub fn least(who: Who, kind: &Kind, processes: usize, faults: FaultSet, most: u8) -> Least {
    if who == Who::Floor {
        return match floor::least_faults(kind.server, processes, faults, most) {
            Ok(Some(least)) => Least::Faults(least),
            Ok(None) => Least::MoreThan(most),
            Err(known) => Least::MoreThan(known),
        };
    }
    for budget in 0..=most {
        match with(who, kind, faults, &Search { processes, budget }) {
            Found::Loss(_) => return Least::Faults(budget),
            Found::Nothing(_) => {}
            Found::CutOff => return Least::MoreThan(budget.saturating_sub(1)),
        }
    }
    Least::MoreThan(most)
}

/// The faults of which a single one loses a connection.
pub fn alone(who: Who, kind: &Kind, processes: usize) -> Vec<Fault> {
    let loses = |fault: &Fault| {
        let faults = FaultSet::of(&[*fault]);
        least(who, kind, processes, faults, 1) == Least::Faults(1)
    };
    FAULTS.into_iter().filter(loses).collect()
}

struct Walk {
    seed: u64,
    schedules: u64,
    one_in: u64,
}

impl With for Walk {
    type Out = Count;
    fn run<C: Client>(&self, setting: &Setting<C>) -> Count {
        walk(setting, self.seed, self.schedules, self.one_in)
    }
}

/// Runs random schedules.
pub fn count(who: Who, kind: &Kind, faults: FaultSet, seed: u64, schedules: u64, one_in: u64) -> Count {
    let task = Walk {
        seed,
        schedules,
        one_in,
    };
    with(who, kind, faults, &task)
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The most faults of a search.
    pub faults: u8,
    /// How many processes a search has.
    pub processes: usize,
    /// How many random schedules are run.
    pub schedules: u64,
    /// Each fault happens where it can once in so many times.
    pub one_in: u64,
    /// The seed of the random schedules.
    pub seed: u64,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The server.
    pub kind: &'static str,
    /// The policy.
    pub who: Who,
    /// The least faults that lose a connection.
    pub least: Least,
    /// The faults of which a single one does.
    pub alone: Vec<Fault>,
    /// Random schedules with all faults.
    pub all: Count,
    /// Random schedules in which no rejection is false.
    pub truthful: Count,
}

/// Measures every policy on these kinds of servers, and hands out each line with the floor's beside it.
pub fn rows(kinds: &[Kind], effort: Effort, mut done: impl FnMut(&Row, &Row)) {
    let truthful = all_faults().without(&[Fault::FalseRejection]);
    for kind in kinds {
        let measure = |who| {
            let count = |faults| count(who, kind, faults, effort.seed, effort.schedules, effort.one_in);
            let least = least(who, kind, effort.processes, all_faults(), effort.faults);
            Row {
                kind: kind.name,
                who,
                alone: match least {
                    Least::Faults(1) => alone(who, kind, effort.processes),
                    _ => Vec::new(),
                },
                least,
                all: count(all_faults()),
                truthful: count(truthful),
            }
        };
        let floor = measure(Who::Floor);
        for who in Who::ALL {
            match who {
                Who::Floor => done(&floor, &floor),
                _ => done(&measure(who), &floor),
            }
        }
    }
}

/// A line as docs/reliability.md has it.
pub fn words(row: &Row, floor: &Row) -> String {
    let alone: Vec<_> = row.alone.iter().map(|fault| short(*fault)).collect();
    let above = |count: &Count, floor: &Count| count.per_million() - floor.per_million();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        row.kind,
        row.who,
        row.least,
        match row.least {
            Least::Faults(0) => "no fault is needed".to_owned(),
            _ if alone.is_empty() => "none".to_owned(),
            _ => alone.join(", "),
        },
        grouped(row.all.per_million()),
        grouped(above(&row.all, &floor.all)),
        grouped(row.truthful.per_million()),
        grouped(above(&row.truthful, &floor.truthful)),
    )
}

/// A whole number with a comma between thousands.
fn grouped(number: f64) -> String {
    let sign = if number < -0.5 { "-" } else { "" };
    let digits = format!("{:.0}", number.abs());
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    format!("{sign}{}", groups.join(","))
}

/// The head of the table.
pub const HEAD: &str = "\
| server | policy | least faults | one of these is enough | losses per million | above the floor | no false rejections: losses | above the floor |
| --- | --- | --- | --- | --- | --- | --- | --- |";

fn short(fault: Fault) -> &'static str {
    match fault {
        Fault::Crash => "crash",
        Fault::ShortPause => "pause of 20 s",
        Fault::LongPause => "pause of 400 s",
        Fault::RequestLost => "request lost",
        Fault::EarlyReset => "connection ends early",
        Fault::FaultBefore => "5xx before",
        Fault::FaultAfter => "5xx after the rotation",
        Fault::Throttled => "429",
        Fault::FalseRejection => "false rejection",
        Fault::AnswerLost => "answer lost unnoticed",
        Fault::AnswerLostNoticed => "answer lost",
        Fault::SlowAnswer => "slow answer",
        Fault::SaveFails => "save fails",
        Fault::UnknownSaved => "save unknown, done",
        Fault::UnknownNotSaved => "save unknown, not done",
        Fault::LoadFails => "load fails",
        Fault::Outage => "outage",
    }
}
