//! Logins: what is explored.

use evergrant_emulator::kernel::{Login, Policy as Server};

use super::scenario::{Scenario, THREE};

/// What a new code does to the tokens before it.
const KINDS: [(&str, Login, bool); 3] = [
    ("keeps", Login::Keeps, false),
    ("kills", Login::Kills, false),
    // A token that was killed so is a theft.
    ("one line", Login::Kills, true),
];

/// How long a code lives.
const CODE_LIFE: i64 = 60_000;

/// A server whose codes live for a minute, and do this to the tokens before them.
pub fn server(base: Server, login: Login) -> Server {
    let mut server = base;
    server.login = login;
    server.code_ms = CODE_LIFE;
    server
}

/// One refresh at a server whose new codes do this to the tokens before them, with a window or without.
///
/// # Panics
/// When there is no such kind.
pub fn beside(kind: &str, what: &str, window: bool) -> Scenario {
    let (name, login, one_line) = KINDS
        .into_iter()
        .find(|(name, ..)| *name == kind)
        .expect("a kind of server");
    let (base, believed) = match window {
        true => (Server::same_pair(THREE), THREE),
        false => (Server::no_window(), 0),
    };
    let mut scenario = Scenario::new(&format!("a new code {name}: {what}"), server(base, login), believed);
    scenario.one_line = one_line;
    scenario.workers(1)
}

/// Logins at every kind of server, beside a refresh and beside each other.
pub fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (kind, ..) in KINDS {
        let base = |what: &str| beside(kind, what, true);
        let mut foreign = base("another account").finishes(0);
        foreign.foreign = Some(0);
        let mut revokes = base("disconnects and revokes").finishes(0).disconnects();
        revokes.client.revokes = true;
        scenarios.extend([
            base("same callback twice").finishes(0).finishes(0),
            base("two tabs").finishes(0).finishes(1),
            base("disconnects").finishes(0).disconnects(),
            revokes,
            base("adopts").finishes(0).adopts(),
            foreign,
            beside(kind, "no window", false).finishes(0),
        ]);
    }
    scenarios
}
