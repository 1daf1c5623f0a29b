//! The example `connect`, as a newcomer runs it.

mod program;

use std::sync::OnceLock;

use program::{Program, Run};

static PROGRAM: OnceLock<Program> = OnceLock::new();

fn connect(arguments: &[&str]) -> Run {
    let program = PROGRAM.get_or_init(|| Program::built(&[]));
    program.run(arguments, &[], |_| None)
}

/// What stands in the output, in this order.
fn told(output: &str, wanted: &[&str]) {
    let mut rest = output.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in wanted {
        let Some((_, after)) = rest.split_once(words) else {
            panic!("not told, or in another order: {words}\n{output}");
        };
        rest = after.to_owned();
    }
}

#[test]
fn the_whole_story() {
    let run = connect(&[]);
    assert!(run.succeeded, "{}", run.errors);
    assert_eq!(run.errors, "");
    told(
        &run.output,
        &[
            "0:00:00 > airwallex/main: connected",
            "GET /api/v1/account with token #",
            "0:05:01 > airwallex/main: attempt 1 brought a new pair of tokens",
            "== Airwallex: an answer is lost",
            "attempt 2: no answer came, and nobody knows whether the provider acted",
            "0:10:08 > airwallex/main: attempt 3 brought a new pair of tokens, inside the window",
            "recovered",
            "== Airwallex: a worker is killed",
            "0:15:09 > airwallex/main: attempt 4 is saved, and its request goes out",
            "0:15:26 > airwallex/main: attempt 5 brought a new pair of tokens, inside the window",
            "== Airwallex: a role is lost",
            "attempt 1: the provider refuses the refresh token (invalid_grant)",
            "consent given by admin); a current Owner, Admin or Finance Admin must",
            "the user is told: the connection was not allowed",
            "its code was sent only once",
            "GET /v1/payments/beneficiaries with token #",
            "the sweeper asks the store what is due, and looks after ofx/main",
            "> ofx/second: disconnected; the tokens are wiped",
            "whoever asks for a token is told: this connection was disconnected",
            "> wise: a service token for 43199 s",
            "GET /v2/profiles with token #",
            "4 codes exchanged, 7 refreshes answered, 1 refused; nothing used up was taken for stolen",
            "airwallex/main healthy owner 16 days ago",
            "airwallex/second needs reauthorization admin",
            "ofx/main healthy owner 0 s ago 30 days more",
            "ofx/second disconnected admin",
            "airwallex/second: the provider refuses the refresh token",
            "who can: Owner, Admin, Finance Admin",
            "Everything went as it should.",
        ],
    );
    assert!(!run.output.contains("emulated-secret"));
}

#[test]
fn one_provider() {
    for (name, wanted, other) in [
        ("airwallex", "airwallex/second needs reauthorization", "== OFX"),
        ("ofx", "ofx/second disconnected", "== Wise"),
        ("wise", "Everything went as it should.", "== OFX"),
    ] {
        let run = connect(&["--provider", name]);
        assert!(run.succeeded, "{name}: {}", run.errors);
        told(&run.output, &[wanted]);
        assert!(!run.output.contains(other), "{name}: {}", run.output);
    }
}

#[test]
fn what_it_does_not_know_fails() {
    for arguments in [&["--provider"][..], &["--provider", "stripe"], &["--now"]] {
        let run = connect(arguments);
        assert!(!run.succeeded);
        assert!(run.errors.contains("usage: connect"), "{}", run.errors);
    }
}

#[test]
fn live_names_its_feature() {
    let run = connect(&["--live"]);
    assert!(!run.succeeded);
    assert!(run.errors.contains("--features live"), "{}", run.errors);
}
