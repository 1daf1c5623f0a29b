//! Each fault, seen from outside.

mod common;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use common::*;
use evergrant_emulator::fault::{Answer, Effect, Ending, Fault, Patch, Place, Point};
use evergrant_emulator::{Emulator, What};
use serde_json::json;

fn connected() -> (Emulator, Airwallex, String) {
    let emulator = start();
    let airwallex = Airwallex(emulator.airwallex());
    let token = airwallex.connect();
    (emulator, airwallex, token)
}

fn try_refresh(airwallex: &Airwallex, token: &str) -> std::io::Result<Reply> {
    let body = Airwallex::refresh_body(token).to_string();
    try_send(
        "POST",
        &airwallex.0.token_url(),
        &[("Content-Type", "application/json")],
        &body,
    )
}

#[test]
fn dropped_before_and_after() {
    for (point, acted) in [(Point::Before, 0), (Point::After, 1)] {
        for (ending, kind) in [
            (Ending::Close, ErrorKind::UnexpectedEof),
            (Ending::Reset, ErrorKind::ConnectionReset),
        ] {
            let (emulator, airwallex, token) = connected();
            airwallex
                .0
                .faults()
                .push(Fault::refresh(Effect::Drop { point, ending }));
            let error = try_refresh(&airwallex, &token).unwrap_err();
            assert_eq!(error.kind(), kind, "{point:?} {ending:?}");
            assert_eq!(emulator.journal().count("airwallex", What::Refreshed), acted);
            assert_eq!(emulator.journal().count("airwallex", What::Fault), 1);
            assert_eq!(airwallex.refresh(&token).status, 200);
        }
    }
}

#[test]
fn delayed() {
    for point in [Point::Before, Point::Processing, Point::After] {
        let (_emulator, airwallex, token) = connected();
        airwallex
            .0
            .faults()
            .push(Fault::refresh(Effect::Delay { point, ms: 60 }));
        let begun = Instant::now();
        assert_eq!(airwallex.refresh(&token).status, 200);
        assert!(begun.elapsed() >= Duration::from_millis(60), "{point:?}");
    }
}

#[test]
fn truncated() {
    let (emulator, airwallex, token) = connected();
    airwallex.0.faults().push(Fault::refresh(Effect::Truncate { keep: 20 }));
    let reply = airwallex.refresh(&token);
    assert_eq!((reply.status, reply.body.len()), (200, 20));
    assert!(reply.promised() > 100);
    assert_eq!(emulator.journal().count("airwallex", What::Refreshed), 1);
}

#[test]
fn answered_with_something_else() {
    for (answer, kind, length) in [
        (
            Answer::json(503, &json!({"error": "temporarily_unavailable"})),
            Some("application/json"),
            35,
        ),
        (Answer::html(502), Some("text/html"), 38),
        (Answer::empty(500), None, 0),
    ] {
        for (point, acted) in [(Point::Before, 0), (Point::After, 1)] {
            let (emulator, airwallex, token) = connected();
            airwallex.0.faults().push(Fault::refresh(Effect::Answer {
                point,
                answer: answer.clone(),
            }));
            let reply = airwallex.refresh(&token);
            assert_eq!(
                (reply.status, reply.body.len(), reply.promised()),
                (answer.status, length, length)
            );
            assert_eq!(reply.header("content-type").as_deref(), kind);
            assert_eq!(emulator.journal().count("airwallex", What::Refreshed), acted);
        }
    }
}

#[test]
fn throttled() {
    let (emulator, airwallex, token) = connected();
    let next = |answer| {
        airwallex.0.faults().push(Fault::refresh(Effect::Answer {
            point: Point::Before,
            answer,
        }));
        airwallex.refresh(&token)
    };
    let gateway = next(Answer::gateway_429());
    assert_eq!(
        (gateway.status, gateway.text("code")),
        (429, "too_many_requests".into())
    );
    assert_eq!(gateway.header("retry-after"), None);
    assert_eq!(next(Answer::concurrent_429()).text("error"), "too_many_requests");
    let wise = next(Answer::wise_429(7));
    assert_eq!((wise.status, wise.body.as_slice()), (429, b"{}".as_slice()));
    assert_eq!(wise.header("retry-after").as_deref(), Some("7"));
    assert!(wise.header("x-rate-limited-by").is_some());
    assert_eq!(emulator.journal().count("airwallex", What::Refreshed), 0);
}

#[test]
fn patched() {
    let (_emulator, airwallex, token) = connected();
    let patch = Patch {
        set: json!({"expires_in": "3600", "scope": null})
            .as_object()
            .cloned()
            .unwrap(),
        remove: vec!["token_type".to_owned()],
        bom: true,
        status: Some(201),
    };
    airwallex.0.faults().push(Fault::refresh(Effect::Patch(patch)));
    let reply = airwallex.refresh(&token);
    assert_eq!(reply.status, 201);
    let text = String::from_utf8(reply.body).unwrap();
    let body: serde_json::Value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap()).unwrap();
    assert_eq!(body["expires_in"], "3600");
    assert!(body["scope"].is_null() && body.get("token_type").is_none() && body["refresh_token"].is_string());
}

#[test]
fn queued_skipped_and_matched() {
    let (_emulator, airwallex, token) = connected();
    let faults = airwallex.0.faults();
    let unavailable = || Effect::Answer {
        point: Point::Before,
        answer: Answer::empty(503),
    };
    faults.push(Fault::refresh(unavailable()).skip(1).times(2));
    // A code exchange is no refresh.
    let other = airwallex.connect();
    let token = airwallex.refresh(&token).text("refresh_token");
    assert_eq!(
        [
            airwallex.refresh(&token).status,
            airwallex.refresh(&other).status,
            airwallex.refresh(&token).status
        ],
        [503, 503, 200]
    );
    faults.push(Fault::resource(unavailable()));
    faults.push(Fault {
        place: Place::Authorize,
        ..Fault::token(unavailable())
    });
    faults.push(Fault::exchange(unavailable()));
    assert_eq!(send("GET", &airwallex.url(), &[], "").status, 503);
    let code = airwallex.code(evergrant_emulator::Decision::ALLOW);
    assert_eq!(
        (airwallex.exchange(&code).status, airwallex.exchange(&code).status),
        (503, 200)
    );
    assert_eq!(
        [
            get_with(&airwallex.0.resource_url(), "t").status,
            get_with(&airwallex.0.resource_url(), "t").status
        ],
        [503, 401]
    );
    assert_eq!(faults.pending(), 0);
    faults.push(Fault {
        place: Place::Any,
        ..Fault::token(unavailable())
    });
    faults.clear();
    assert_eq!(send("GET", &airwallex.url(), &[], "").status, 200);
}

#[test]
fn a_delay_joins_another_fault() {
    let (_emulator, airwallex, token) = connected();
    airwallex.0.faults().push(Fault::refresh(Effect::Truncate { keep: 1 }));
    airwallex.0.faults().push(Fault::refresh(Effect::Delay {
        point: Point::Before,
        ms: 40,
    }));
    let begun = Instant::now();
    assert_eq!(airwallex.refresh(&token).body.len(), 1);
    assert!(begun.elapsed() >= Duration::from_millis(40));
}
