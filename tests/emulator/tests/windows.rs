//! Each meaning of the window, over the wire, with the clock standing still.

mod common;

use std::sync::Arc;
use std::thread;

use common::*;
use evergrant_emulator::fault::{Effect, Fault, Point};
use evergrant_emulator::kernel::{Login, Policy};
use evergrant_emulator::{Decision, Emulator, What};

const MINUTE: i64 = 60_000;

fn with(policy: Policy) -> (Emulator, Airwallex) {
    let emulator = start();
    emulator.clock().freeze();
    let airwallex = Airwallex(emulator.airwallex());
    airwallex
        .0
        .configure(|settings| settings.policy = policy.lives(5 * MINUTE, 0));
    (emulator, airwallex)
}

/// The refresh token in the answer, `None` for a refusal.
fn refreshed(airwallex: &Airwallex, token: &str) -> Option<String> {
    let reply = airwallex.refresh(token);
    (reply.status == 200).then(|| reply.text("refresh_token"))
}

#[test]
fn no_rotation() {
    let (_emulator, airwallex) = with(Policy::no_rotation());
    let token = airwallex.connect();
    let (one, two) = (airwallex.refresh(&token), airwallex.refresh(&token));
    assert_eq!(
        (one.text("refresh_token"), two.text("refresh_token")),
        (token.clone(), token)
    );
    assert_ne!(one.text("access_token"), two.text("access_token"));
}

#[test]
fn same_pair() {
    let (emulator, airwallex) = with(Policy::same_pair(MINUTE));
    let old = airwallex.connect();
    let first = airwallex.refresh(&old);
    emulator.advance(MINUTE - 1);
    let again = airwallex.refresh(&old);
    assert_eq!(again.text("refresh_token"), first.text("refresh_token"));
    assert_eq!(again.text("access_token"), first.text("access_token"));
    assert_eq!(again.json()["expires_in"], 240, "what is left of the same token's life");
    emulator.advance(1);
    assert_eq!(refreshed(&airwallex, &old), None);
}

#[test]
fn siblings() {
    let (_emulator, airwallex) = with(Policy::siblings(MINUTE));
    let old = airwallex.connect();
    let one = refreshed(&airwallex, &old).unwrap();
    let two = refreshed(&airwallex, &old).unwrap();
    assert_ne!(one, two);
    assert!(refreshed(&airwallex, &one).is_some() && refreshed(&airwallex, &two).is_some());
}

#[test]
fn newest_wins() {
    let (emulator, airwallex) = with(Policy::newest_wins(MINUTE));
    let old = airwallex.connect();
    let lower = refreshed(&airwallex, &old).unwrap();
    let newest = refreshed(&airwallex, &old).unwrap();
    let next = refreshed(&airwallex, &newest).unwrap();
    assert_eq!(refreshed(&airwallex, &lower), None);
    assert_eq!(emulator.journal().count("airwallex", What::ReuseDetected), 1);
    assert_eq!(refreshed(&airwallex, &next), None);
}

#[test]
fn until_used() {
    let (emulator, airwallex) = with(Policy::until_used());
    let old = airwallex.connect();
    refreshed(&airwallex, &old).unwrap();
    emulator.advance(1000 * MINUTE);
    let newest = refreshed(&airwallex, &old).unwrap();
    assert!(refreshed(&airwallex, &newest).is_some());
    assert_eq!(refreshed(&airwallex, &old), None);
}

#[test]
fn until_access_used() {
    let (_emulator, airwallex) = with(Policy::until_access_used());
    let old = airwallex.connect();
    refreshed(&airwallex, &old).unwrap();
    let newest = airwallex.refresh(&old);
    assert_eq!(
        get_with(&airwallex.0.resource_url(), &newest.text("access_token")).status,
        200
    );
    assert_eq!(refreshed(&airwallex, &old), None);
}

#[test]
fn once_and_harmless() {
    let (_emulator, airwallex) = with(Policy::once(MINUTE).harmless());
    let old = airwallex.connect();
    refreshed(&airwallex, &old).unwrap();
    let second = refreshed(&airwallex, &old).unwrap();
    assert_eq!(refreshed(&airwallex, &old), None);
    assert!(refreshed(&airwallex, &second).is_some());
}

#[test]
fn no_window() {
    let (_emulator, airwallex) = with(Policy::no_window());
    let old = airwallex.connect();
    let next = refreshed(&airwallex, &old).unwrap();
    assert_eq!(refreshed(&airwallex, &old), None);
    assert_eq!(refreshed(&airwallex, &next), None);
}

#[test]
fn a_new_login_kills_or_keeps() {
    for (login, lives) in [
        (Login::Keeps, true),
        (Login::KillsRefresh, false),
        (Login::Kills, false),
    ] {
        let (emulator, airwallex) = with(Policy {
            login,
            ..Policy::no_window()
        });
        let old = airwallex.connect();
        let of_another = airwallex.exchange(&airwallex.code(Decision::Allow {
            user: "owner",
            account: "acct_2",
        }));
        airwallex.connect();
        assert_eq!(refreshed(&airwallex, &old).is_some(), lives, "{login:?}");
        assert_eq!(
            emulator.journal().count("airwallex", What::GrantEnded),
            usize::from(!lives)
        );
        assert!(refreshed(&airwallex, &of_another.text("refresh_token")).is_some());
    }
}

#[test]
fn two_refreshes_at_once() {
    let emulator = start();
    let airwallex = Arc::new(Airwallex(emulator.airwallex()));
    let token = airwallex.connect();
    airwallex.0.faults().push(Fault::refresh(Effect::Delay {
        point: Point::Processing,
        ms: 300,
    }));
    let slow = thread::spawn({
        let (airwallex, token) = (airwallex.clone(), token.clone());
        move || airwallex.refresh(&token).status
    });
    while airwallex.0.faults().pending() > 0 {
        thread::yield_now();
    }
    thread::sleep(std::time::Duration::from_millis(50));
    let second = airwallex.refresh(&token);
    assert_eq!((second.status, second.text("error")), (429, "too_many_requests".into()));
    assert_eq!(
        second.text("error_description"),
        "Concurrent token refresh is not allowed."
    );
    assert_eq!(slow.join().unwrap(), 200);
    assert_eq!(
        airwallex.refresh(&token).status,
        200,
        "afterwards it is a retry inside the window"
    );
}
