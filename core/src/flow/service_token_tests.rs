//! What a service token does when things go wrong: nobody waits without need, nothing is hammered, nothing stalls.

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::error::{Action, ErrorCode};
use crate::base::http::{HttpResponse, ResponseHeader};
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::flow::input::Input;
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::service_token::{ServiceToken, ServiceTokenCommand};
use crate::flow::service_token_work::ServiceTokenWork;
use crate::flow::step::Step;
use crate::provider::environment::Environment;
use crate::provider::profile::Profile;

const START: Now = Now {
    wall: 1_790_000_000_000,
    steady: 1_000_000,
};
const OBTAIN: ServiceTokenCommand = ServiceTokenCommand::Obtain {
    min_life: Duration::ZERO,
};

fn entropy() -> [u8; 32] {
    core::array::from_fn(|at| at as u8)
}

fn empty() -> ServiceToken {
    let profile = Profile::built_in("wise").unwrap();
    let client = Client::builder(profile, Environment::Sandbox, "id")
        .client_secret("emulated-secret")
        .build()
        .unwrap();
    ServiceToken::new(client, Vec::new())
}

fn good(token: &str, life: i64) -> Input {
    let body = format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{life}}}"#);
    Input::Answer(HttpResponse::new(200, Vec::new(), body.into_bytes()))
}

fn status(status: u16, retry_after: Option<&str>) -> Input {
    let headers = retry_after
        .map(|value| ResponseHeader::new("Retry-After", value))
        .into_iter()
        .collect();
    Input::Answer(HttpResponse::new(status, headers, Vec::new()))
}

fn answer(work: &mut ServiceTokenWork, now: Now, input: Input) {
    let (id, _) = work.step();
    work.answer(id, now, input).unwrap();
}

fn held(life: i64) -> ServiceToken {
    let mut work = empty().work(OBTAIN, START, entropy());
    answer(&mut work, START, good("first", life));
    work.service_token().clone()
}

fn fingerprint(token: &ServiceToken, now: Now) -> String {
    token.token(now, Duration::ZERO).unwrap().fingerprint()
}

fn result(work: &ServiceTokenWork) -> Result<String, (ErrorCode, Action)> {
    match work.step().1 {
        Step::Done(result) => match &**result {
            Ok(Outcome::ServiceToken(token)) => Ok(token.token().expose().into()),
            Ok(other) => panic!("no service token: {other:?}"),
            Err(error) => Err((error.code(), error.action().clone())),
        },
        step => panic!("not done: {step:?}"),
    }
}

#[test]
fn with_a_token_in_hand_one_short_try_is_enough() {
    let now = START.later(3_570_000);
    let mut work = held(3_600).work(OBTAIN, now, entropy());
    let Step::Send(send) = work.step().1 else {
        panic!("{work:?}")
    };
    assert_eq!(send.timeout_ms, 15_000, "half of what the token has left");
    // It times out; the token still lives, so there is neither a wait nor a second try nor an error.
    answer(
        &mut work,
        now.later(15_000),
        Input::NoAnswer {
            over: false,
            partial: None,
        },
    );
    assert_eq!(result(&work), Ok("first".into()));
}

#[test]
fn without_a_token_it_tries_again() {
    let mut work = empty().work(OBTAIN, START, entropy());
    let Step::Send(send) = work.step().1 else {
        panic!("{work:?}")
    };
    assert_eq!(send.timeout_ms, 30_000);
    answer(&mut work, START, status(503, None));
    assert!(matches!(work.step().1, Step::Wait(_)));
}

#[test]
fn a_wall_clock_that_is_set_back_stalls_nothing() {
    let mut work = empty().work(OBTAIN, START, entropy());
    answer(&mut work, START, status(400, None));
    let token = work.service_token().clone();
    assert!(!token.wants_renewal(START));
    let set_back = Now {
        wall: START.wall - 86_400_000,
        steady: START.steady + 3_000,
    };
    assert!(token.wants_renewal(set_back));
}

#[test]
fn a_rejection_keeps_to_retry_after() {
    let now = START.later(3_590_000);
    let mut work = held(3_600).work(OBTAIN, now, entropy());
    answer(&mut work, now, status(429, Some("3600")));
    assert_eq!(result(&work), Ok("first".into()));
    let token = work.service_token().clone();
    let rejected = ServiceTokenCommand::Rejected {
        fingerprint: fingerprint(&token, now),
    };
    let work = token.work(rejected, now.later(2_000), entropy());
    assert_eq!(
        result(&work),
        Err((ErrorCode::Throttled, Action::RetryAfter { delay_ms: 3_598_000 }))
    );
}

#[test]
fn a_replacement_that_fails_is_no_fresh_token() {
    let now = START.later(1_000_000);
    let token = held(3_600);
    let rejected = ServiceTokenCommand::Rejected {
        fingerprint: fingerprint(&token, now),
    };
    let mut work = token.work(rejected.clone(), now, entropy());
    answer(&mut work, now, status(400, None));
    assert!(matches!(result(&work), Err((ErrorCode::UnexpectedAnswer, _))));
    let token = work.service_token().clone();
    // The doubted token is due for renewal at once, and the next rejection is answered with the last failure.
    let later = now.later(15_000);
    assert!(token.wants_renewal(later));
    let mut work = token.work(rejected, later, entropy());
    answer(&mut work, later, good("second", 3_600));
    assert_eq!(result(&work), Ok("second".into()));
}

#[test]
fn the_rejected_token_is_not_handed_back() {
    let now = START.later(1_000_000);
    let token = held(3_600);
    let rejected = ServiceTokenCommand::Rejected {
        fingerprint: fingerprint(&token, now),
    };
    let mut work = token.work(rejected, now, entropy());
    answer(&mut work, now, good("first", 3_600));
    assert!(
        matches!(result(&work), Err((ErrorCode::FreshTokenRejected, Action::RetryAfter { delay_ms }) ) if delay_ms >= 30_000)
    );
}

#[test]
fn a_stillborn_token_is_not_asked_for_at_every_call() {
    let mut work = empty().work(OBTAIN, START, entropy());
    answer(&mut work, START.later(1_500), good("short", 1));
    assert!(matches!(
        result(&work),
        Err((ErrorCode::UnexpectedAnswer, Action::RetryAfter { delay_ms: 2_000 }))
    ));
    let work = work.service_token().work(OBTAIN, START.later(1_600), entropy());
    assert!(
        matches!(result(&work), Err((ErrorCode::UnexpectedAnswer, _))),
        "no request"
    );
}

#[test]
fn the_delay_named_is_the_delay_kept() {
    let mut work = empty().work(OBTAIN, START, entropy());
    for _ in 0..3 {
        answer(&mut work, START, status(503, Some("0")));
        if matches!(work.step().1, Step::Wait(_)) {
            answer(&mut work, START, Input::Woke);
        }
    }
    assert_eq!(
        result(&work),
        Err((ErrorCode::ProviderFault, Action::RetryAfter { delay_ms: 2_000 }))
    );
}
