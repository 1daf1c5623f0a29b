//! What is explored: a server, what the client believes of it, how many workers, how many faults.

use evergrant::connection::policy::Policy;
use evergrant_emulator::kernel::{Policy as Server, Reuse};

use super::faults::FaultSet;

const SECOND: i64 = 1_000;

/// A window with room for two attempts of silent holders.
pub const TWO: i64 = 25 * SECOND;
/// A window with room for three.
pub const THREE: i64 = 40 * SECOND;
/// Airwallex's window, with room for four.
pub const FOUR: i64 = 60 * SECOND;

/// One exploration.
#[derive(Clone, Debug)]
pub struct Scenario {
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
    /// One more worker, which disconnects.
    pub disconnects: bool,
}

impl Scenario {
    /// A server, and the window that the client's profile promises.
    pub fn new(name: &str, server: Server, window: i64) -> Self {
        let mut client = Policy::for_window(window);
        // Every wait is explored; ending early and asking again later is the shell's.
        client.longest_wait = Policy::UNLIMITED;
        Self {
            name: name.to_owned(),
            server,
            client,
            workers: 2,
            budget: 1,
            faults: FaultSet::ALL,
            doubtful: true,
            young: false,
            unauthorized: false,
            disconnects: false,
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

    /// The same with one more worker, which disconnects.
    #[must_use]
    pub fn disconnects(mut self) -> Self {
        self.disconnects = true;
        self
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
