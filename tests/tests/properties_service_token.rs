//! The machine contract on the work that obtains a service token: any inputs, for any steps, at any times.

use std::time::Duration;

use evergrant::base::http::HttpResponse;
use evergrant::base::time::Now;
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::service_token_work::ServiceTokenWork;
use evergrant::flow::step::{Step, StepId};
use evergrant_tests::fuzz::fixtures::{CLIENT_SECRET, NEXT_SECRET, NOW, builder, client, entropy};
use evergrant_tests::fuzz::mutation::cases;
use evergrant_tests::fuzz::service_token_script::Trial;
use proptest::prelude::*;

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Inputs that mostly answer the current step, so that the work gets somewhere.
fn likely() -> impl Strategy<Value = [u8; 3]> {
    let kind = prop_oneof![3 => 12_u8..=255, 2 => Just(6_u8), 2 => Just(8_u8), 1 => any::<u8>()];
    let which = prop_oneof![4 => Just(0_u8), 2 => any::<u8>()];
    let time = prop_oneof![3 => Just(0_u8), 3 => 0x20_u8..0x28, 1 => any::<u8>()];
    (kind, which, time).prop_map(|(kind, which, time)| [kind, which, time])
}

proptest! {
    #![proptest_config(config(1_000))]

    /// The model and the checks are in the fuzz target's body: misuse changes nothing, a repeated answer is ignored, a late
    /// one is taken, at most three tries and the other secret, waits of five seconds at most, nothing new after the end,
    /// the same inputs give the same steps, and `token` gives what the model says.
    #[test]
    fn any_script_keeps_the_contract(setup in any::<u8>(), commands in proptest::collection::vec(any::<u8>(), 1..4), script in proptest::collection::vec(prop_oneof![likely(), any::<[u8; 3]>()], 0..24)) {
        let mut trial = Trial::begin(setup, commands[0]);
        for command in &commands {
            for operation in &script {
                trial.play(*operation);
            }
            trial = trial.again(*command);
        }
    }
}

fn begin(token: &ServiceToken, now: Now) -> ServiceTokenWork {
    token.work(
        ServiceTokenCommand::Obtain {
            min_life: Duration::ZERO,
        },
        now,
        entropy(1),
    )
}

fn tokens(token: &str, life: i64) -> Input {
    let body = format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{life}}}"#);
    Input::Answer(HttpResponse::new(200, Vec::new(), body.into_bytes()))
}

fn status(status: u16) -> Input {
    Input::Answer(HttpResponse::new(status, Vec::new(), Vec::new()))
}

/// The first send, given up, and the second one behind it.
fn two_sends() -> (ServiceTokenWork, StepId, StepId, Now) {
    let mut work = begin(&ServiceToken::new(client("wise"), Vec::new()), NOW);
    let first = work.step().0;
    let now = NOW.later(1_000);
    work.answer(
        first,
        now,
        Input::NoAnswer {
            over: false,
            partial: None,
        },
    )
    .unwrap();
    let now = now.later(500);
    work.answer(work.step().0, now, Input::Woke).unwrap();
    let second = work.step().0;
    assert!(matches!(work.step().1, Step::Send(_)));
    (work, first, second, now)
}

#[test]
fn a_late_answer_is_taken_after_the_end() {
    let (mut work, first, second, now) = two_sends();
    work.answer(second, now, status(400)).unwrap();
    assert!(matches!(work.step().1, Step::Done(result) if result.is_err()));
    work.answer(first, now.later(10), tokens("late", 3_600)).unwrap();
    assert!(matches!(work.step().1, Step::Done(result) if result.is_ok()));
    let token = work.service_token().token(now.later(10), Duration::ZERO).unwrap();
    assert_eq!(token.token().expose(), "late");
    // Its life counts from its own request.
    assert_eq!(token.remaining_ms(NOW), Some(3_600_000));
}

#[test]
fn a_late_answer_does_not_replace_a_later_token() {
    let (mut work, first, second, now) = two_sends();
    work.answer(second, now, tokens("later", 3_600)).unwrap();
    work.answer(first, now.later(10), tokens("late", 3_600)).unwrap();
    let token = work.service_token().token(now.later(10), Duration::ZERO).unwrap();
    assert_eq!(token.token().expose(), "later");
}

/// A token that is over when its answer comes is no reason to throw away one that lives.
#[test]
fn a_dead_token_does_not_replace_a_living_one() {
    let (mut work, first, second, now) = two_sends();
    work.answer(first, now, tokens("living", 3_600)).unwrap();
    let now = now.later(5_000);
    work.answer(second, now, tokens("dead", 1)).unwrap();
    let token = work.service_token().token(now, Duration::ZERO);
    assert_eq!(token.map(|token| token.token().expose()), Some("living"));
}

#[test]
fn both_secrets_are_tried_and_no_more() {
    let client = builder("generic")
        .client_secret(CLIENT_SECRET)
        .next_client_secret(NEXT_SECRET)
        .build()
        .unwrap();
    let mut work = begin(&ServiceToken::new(client, Vec::new()), NOW);
    let mut sends = 0;
    while let (id, Step::Send(send)) = work.step() {
        sends += 1;
        assert!(
            !send
                .request
                .headers()
                .iter()
                .all(|header| header.name() != "Authorization")
        );
        work.answer(id, NOW, status(401)).unwrap();
    }
    assert_eq!(sends, 2);
}

#[test]
fn three_tries_and_short_waits() {
    let mut work = begin(&ServiceToken::new(client("wise"), Vec::new()), NOW);
    let (mut sends, mut waited) = (0, 0);
    loop {
        let (id, step) = work.step();
        let input = match step {
            Step::Send(_) => {
                sends += 1;
                status(503)
            }
            Step::Wait(wait) => {
                waited += wait.delay_ms;
                Input::Woke
            }
            Step::Done(result) => break assert!(result.is_err()),
            step => panic!("{step:?}"),
        };
        work.answer(id, NOW, input).unwrap();
    }
    assert_eq!((sends, waited), (3, 1_500));
}
