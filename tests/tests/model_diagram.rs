//! The diagram in docs/lifecycle.md is what the workers of the model do.
//!
//! With `DIAGRAM=write` it is written there instead.

use std::fs;
use std::path::Path;

use evergrant_emulator::kernel::Policy as Server;
use evergrant_tests::model::diagram::{mermaid, watch};
use evergrant_tests::model::explore::{Limits, explore};
use evergrant_tests::model::login;
use evergrant_tests::model::scenario::{Scenario, TWO};

/// Enough to see everything that a worker does.
fn scenarios() -> Vec<Scenario> {
    let mut scenarios = login::all();
    scenarios.retain(|scenario| scenario.name.contains("one line"));
    for (server, window) in [(Server::no_window(), 0), (Server::newest_wins(TWO), TWO)] {
        scenarios.push(Scenario::new("refreshes", server, window));
        scenarios.push(Scenario::new("refreshes", server, window).impatient());
        let mut revokes = Scenario::new("revokes", server, window).disconnects();
        revokes.client.revokes = true;
        scenarios.push(revokes);
    }
    scenarios
}

#[test]
fn the_diagram_shows_what_workers_do() {
    let edges = watch(|| {
        for scenario in scenarios() {
            explore(&scenario, Limits::default());
        }
    });
    let drawn = mermaid(&edges);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lifecycle.md");
    let text = fs::read_to_string(&file).expect("the page");
    let start = text.find("```mermaid\n").expect("a diagram");
    let length = text[start..].find("\n```\n").expect("its end") + "\n```\n".len();
    let written = &text[start..start + length];
    if std::env::var("DIAGRAM").is_ok_and(|word| word == "write") {
        fs::write(&file, text.replace(written, &drawn)).expect("the page is writable");
    } else {
        assert_eq!(written, drawn, "DIAGRAM=write draws it anew");
    }
}
