//! What is explored: a server, what the client believes of it, how many workers, how many faults.

use evergrant::connection::policy::Policy;
use evergrant::connection::transition::Goal;
use evergrant_emulator::kernel::{Policy as Server, Reuse};

use super::faults::{Fault, FaultSet};
use super::pair::Pair;

const SECOND: i64 = 1_000;

/// A window with room for two attempts of silent holders.
pub const TWO: i64 = 25 * SECOND;
/// A window with room for three.
pub const THREE: i64 = 40 * SECOND;
/// Airwallex's window, with room for four.
pub const FOUR: i64 = 60 * SECOND;

/// The digest of the tokens that the host adopts.
const ADOPTION: u128 = 100;

/// The code of a login.
pub fn code_of(goal: Goal) -> u8 {
    match goal {
        Goal::Finish { digest } => u8::try_from(digest - 1).unwrap_or(u8::MAX),
        _ => unreachable!("only a login has a code"),
    }
}

/// One exploration.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the workers are told is kept, to be played again.
    pub records: bool,
    /// Its name.
    pub name: String,
    /// What the server does.
    pub server: Server,
    /// What the client does, with what it believes of the server.
    pub client: Policy,
    /// How many workers.
    pub workers: usize,
    /// How many faults.
    pub budget: u8,
    /// Which ones.
    pub faults: FaultSet,
    /// Every rejection uses a code that this provider also uses for throttling.
    pub doubtful: bool,
    /// The refresh token is ten seconds old.
    pub young: bool,
    /// All workers but the first come because a resource answered 401.
    pub unauthorized: bool,
    /// How often everything begins anew.
    pub rounds: u8,
    /// More workers.
    pub others: Vec<Goal>,
    /// An old token that a new code killed kills what the new code gave: a user has one line of tokens.
    pub one_line: bool,
    /// This code is for another account.
    pub foreign: Option<u8>,
}

impl Scenario {
    /// A server, and the window that the client's profile promises.
    pub fn new(name: &str, server: Server, window: i64) -> Self {
        let mut client = Policy::for_window(window);
        // Every wait is explored; ending early and asking again later is the shell's.
        client.longest_wait = Policy::UNLIMITED;
        Self {
            records: false,
            name: name.to_owned(),
            server,
            client,
            workers: 2,
            budget: 1,
            faults: FaultSet::ALL,
            doubtful: true,
            young: false,
            unauthorized: false,
            rounds: 0,
            others: Vec::new(),
            one_line: false,
            foreign: None,
        }
    }

    /// The same with another budget.
    #[must_use]
    pub fn budget(mut self, budget: u8) -> Self {
        self.budget = budget;
        self
    }

    /// The same with these faults only.
    #[must_use]
    pub fn faults(mut self, faults: FaultSet) -> Self {
        self.faults = faults;
        self
    }

    /// The same with so many workers.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// The same with works that end instead of waiting for long, as they ship; the host asks again when it was told to.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.client.longest_wait = Policy::for_window(self.client.window).longest_wait;
        self
    }

    /// The same, where all workers but the first come because a resource answered 401.
    #[must_use]
    pub fn unauthorized(mut self) -> Self {
        self.unauthorized = true;
        self
    }

    /// The same, where everything begins anew so many times.
    #[must_use]
    pub fn rounds(mut self, rounds: u8) -> Self {
        self.rounds = rounds;
        self
    }

    /// The same with one more worker.
    #[must_use]
    pub fn beside(mut self, goal: Goal) -> Self {
        self.others.push(goal);
        self
    }

    /// The same with one more worker, which disconnects.
    #[must_use]
    pub fn disconnects(self) -> Self {
        self.beside(Goal::Disconnect)
    }

    /// The same with one more worker, which finishes the login with this code.
    #[must_use]
    pub fn finishes(self, code: u8) -> Self {
        let digest = u128::from(code) + 1;
        self.beside(Goal::Finish { digest })
    }

    /// The same with one more worker, which adopts tokens that the host has from elsewhere.
    #[must_use]
    pub fn adopts(self) -> Self {
        self.beside(Goal::Adopt { digest: ADOPTION })
    }

    /// The same with one more worker, which was told that the consent is gone.
    #[must_use]
    pub fn verifies(self) -> Self {
        self.beside(Goal::Verify { generation: 1 })
    }

    /// What each worker is for.
    pub fn goals(&self) -> Vec<Goal> {
        let goal = |number: usize| match self.unauthorized && number > 0 {
            true => Goal::Unauthorized { generation: 1 },
            false => Goal::Obtain { min_life: 0 },
        };
        let obtain = (0..self.workers).map(goal);
        obtain.chain(self.others.iter().copied()).collect()
    }

    /// How many codes there are.
    pub fn codes(&self) -> u8 {
        let codes = self.others.iter().filter(|goal| matches!(goal, Goal::Finish { .. }));
        codes.map(|goal| code_of(*goal) + 1).max().unwrap_or(0)
    }

    /// The tokens that the host has from elsewhere.
    pub fn adopted(&self) -> Option<Pair> {
        let adopts = |goal: &Goal| matches!(goal, Goal::Adopt { .. });
        self.others.iter().any(adopts).then_some(Pair::first(1, 0))
    }

    /// The same with a refresh token that is ten seconds old, and rejections that are not doubtful by themselves.
    #[must_use]
    pub fn young(mut self) -> Self {
        self.young = true;
        self.doubtful = false;
        self
    }

    /// How many attempts of silent holders fit into the window that the client believes in.
    pub fn attempts(&self) -> usize {
        let policy = &self.client;
        if policy.window >= Policy::UNLIMITED {
            return usize::MAX;
        }
        let spacing = policy.send_within + policy.silence;
        let room = policy.window - policy.window / 1_000 * policy.drift - policy.send_within - policy.transit - 1;
        usize::try_from(room.max(0) / spacing).map_or(usize::MAX, |further| further + 1)
    }
}

/// Every kind of server, each with reuse that kills and reuse that does not, with windows of two and three attempts, and
/// with clients whose profile is right, too short, or says nothing.
pub fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (window, size) in [(TWO, "2"), (THREE, "3")] {
        for (name, server) in [
            ("same pair", Server::same_pair(window)),
            ("another pair", Server::siblings(window)),
            ("newest wins", Server::newest_wins(window)),
            ("usable once", Server::once(window)),
        ] {
            for (profile, believed) in [("right", window), ("too short", window * 2 / 3), ("none", 0)] {
                push(
                    &mut scenarios,
                    &format!("{name} {size}, profile {profile}"),
                    server,
                    believed,
                );
            }
        }
    }
    for (name, server) in [
        ("no rotation", Server::no_rotation()),
        ("until used", Server::until_used()),
        ("until access used", Server::until_access_used()),
    ] {
        for (profile, believed) in [("right", Policy::UNLIMITED), ("too short", TWO), ("none", 0)] {
            push(&mut scenarios, &format!("{name}, profile {profile}"), server, believed);
        }
    }
    push(&mut scenarios, "no window, profile right", Server::no_window(), 0);
    scenarios
}

/// What the first three providers do, as far as they say.
///
/// Airwallex: sixty seconds, what a second use returns is not documented. OFX and Wise: no window is documented; whether
/// Wise rotates is not either.
pub fn providers() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (retry, server) in [
        ("same pair", Server::same_pair(FOUR)),
        ("another pair", Server::siblings(FOUR)),
        ("newest wins", Server::newest_wins(FOUR)),
    ] {
        scenarios.push(Scenario::new(&format!("Airwallex, {retry}"), server, FOUR));
    }
    scenarios.push(Scenario::new("OFX", Server::no_window(), 0));
    scenarios.push(Scenario::new("Wise, rotating", Server::no_window().harmless(), 0));
    scenarios.push(Scenario::new("Wise, not rotating", Server::no_rotation(), 0));
    scenarios
}

fn push(scenarios: &mut Vec<Scenario>, name: &str, server: Server, believed: i64) {
    for (reuse, word) in [(Reuse::Kills, "kills"), (Reuse::Harmless, "harmless")] {
        let mut server = server;
        server.reuse = reuse;
        scenarios.push(Scenario::new(&format!("{name}, {word}"), server, believed));
    }
}

/// Scenarios with so many faults at once. More than one leaves out the absence of the provider, which multiplies the
/// situations without adding to them.
///
/// From the environment come `ONLY`, a part of the names, and `WITHOUT`, faults to leave out (with commas between).
pub fn with_faults(scenarios: Vec<Scenario>, budget: u8) -> Vec<Scenario> {
    let only = std::env::var("ONLY").unwrap_or_default();
    let left_out = std::env::var("WITHOUT").unwrap_or_default();
    let is_left_out = |fault: &Fault| {
        let named = left_out.split(',').any(|name| name == format!("{fault:?}"));
        named || (*fault == Fault::Outage && budget > 1)
    };
    let left_out: Vec<_> = Fault::ALL.into_iter().filter(is_left_out).collect();
    scenarios
        .into_iter()
        .filter(|scenario| scenario.name.contains(&only))
        .map(|scenario| scenario.budget(budget).faults(FaultSet::ALL.without(&left_out)))
        .collect()
}
