//! The predicates that excuse a loss, each with a schedule that it takes and a near miss that it does not.

use evergrant_emulator::kernel::Policy as Server;
use evergrant_tests::model::attribute::{Impossible, attribute};
use evergrant_tests::model::faults::Fault;
use evergrant_tests::model::login;
use evergrant_tests::model::scenario::{Scenario, THREE, TWO};
use evergrant_tests::model::world::{Act, World};

/// Runs worker 0 alone up to its request, and does these things; between them time may pass.
fn schedule(scenario: &Scenario, then: &[Act]) -> Vec<Act> {
    let mut acts = vec![Act::Perform(0), Act::Perform(0), Act::Perform(0)];
    acts.extend_from_slice(then);
    // It must be one that can happen.
    let mut world = World::start(scenario);
    for act in &acts {
        world = world.after(scenario, *act);
    }
    acts
}

fn excuses(scenario: &Scenario, then: &[Act]) -> Vec<Impossible> {
    attribute(scenario, &schedule(scenario, then))
}

fn alone(server: Server, window: i64) -> Scenario {
    Scenario::new("one worker", server, window).workers(1).budget(9)
}

const LOST_ANSWER: [Act; 2] = [Act::Process(0), Act::Message(Fault::AnswerLostNoticed, 0)];

#[test]
fn no_window_needs_a_lost_answer() {
    let scenario = alone(Server::no_window(), 0);
    assert_eq!(excuses(&scenario, &LOST_ANSWER), [Impossible::NoWindow]);
    // A request that never arrived spent nothing.
    assert_eq!(excuses(&scenario, &[Act::Message(Fault::RequestLost, 0)]), []);
    // An answer that was lost inside a window can be had again.
    assert_eq!(excuses(&alone(Server::same_pair(THREE), THREE), &LOST_ANSWER), []);
}

#[test]
fn a_window_needs_as_many_faults_as_attempts() {
    let two = alone(Server::same_pair(TWO), TWO);
    assert_eq!(two.attempts(), 2);
    let twice = [
        Act::Message(Fault::AnswerLost, 0),
        Act::Tick,
        Act::Due(0),
        Act::Perform(0),
    ];
    let once = [&[Act::Process(0)], &twice[..]].concat();
    assert_eq!(excuses(&two, &once), []);
    let again = [
        &once[..],
        &[Act::Perform(0), Act::Perform(0), Act::Message(Fault::RequestLost, 0)],
    ]
    .concat();
    assert_eq!(excuses(&two, &again), [Impossible::WindowUsedUp]);
    // A third attempt is left where the window has room for it.
    assert_eq!(excuses(&alone(Server::same_pair(THREE), THREE), &again), []);
}

#[test]
fn a_pause_must_outlast_the_window() {
    let scenario = alone(Server::same_pair(THREE), THREE);
    let paused = |fault| [Act::Worker(fault, 0), Act::Process(0), Act::Tick, Act::Tick];
    assert!(excuses(&scenario, &paused(Fault::LongPause)[..3]).contains(&Impossible::WindowUsedUp));
    assert_eq!(excuses(&scenario, &paused(Fault::ShortPause)[..3]), []);
}

#[test]
fn a_silent_holder_must_have_the_answer_and_be_silent_for_long() {
    let scenario = alone(Server::no_window(), 0);
    let has_it = [Act::Worker(Fault::LongPause, 0), Act::Process(0), Act::Tick];
    assert_eq!(excuses(&scenario, &has_it), [Impossible::SilentHolder]);
    let short = [Act::Worker(Fault::ShortPause, 0), Act::Process(0), Act::Tick];
    assert_eq!(excuses(&scenario, &short), []);
    let has_nothing = [
        Act::Worker(Fault::LongPause, 0),
        Act::Message(Fault::RequestLost, 0),
        Act::Tick,
    ];
    assert_eq!(excuses(&scenario, &has_nothing), []);
}

#[test]
fn a_wrong_profile_promises_more_than_the_server_keeps() {
    let promises = |server, window| excuses(&alone(server, window), &[]);
    assert_eq!(promises(Server::same_pair(TWO), THREE), [Impossible::ProfileWrong]);
    assert_eq!(promises(Server::once(THREE), THREE), [Impossible::ProfileWrong]);
    assert_eq!(promises(Server::no_window(), THREE), [Impossible::ProfileWrong]);
    assert_eq!(promises(Server::same_pair(THREE), THREE), []);
    assert_eq!(promises(Server::same_pair(THREE), TWO), []);
    assert_eq!(promises(Server::once(THREE), 0), []);
    assert_eq!(promises(Server::no_rotation(), THREE), []);
}

/// A login alone: its request is with the server after as many steps as that of a refresh.
fn login_alone(kind: &str) -> Scenario {
    login::beside(kind, "alone", true).workers(0).finishes(0).budget(9)
}

#[test]
fn a_lost_login_needs_a_server_that_kills_and_an_answer_that_is_gone() {
    assert_eq!(
        excuses(&login_alone("kills"), &LOST_ANSWER),
        [Impossible::LoginAnswerLost]
    );
    assert_eq!(excuses(&login_alone("keeps"), &LOST_ANSWER), []);
    // A request that never arrived killed nothing, and a slow answer is still an answer.
    let lost_request = [Act::Message(Fault::RequestLost, 0)];
    assert_eq!(excuses(&login_alone("kills"), &lost_request), []);
    let slow = [Act::Process(0), Act::Message(Fault::SlowAnswer, 0)];
    assert_eq!(excuses(&login_alone("kills"), &slow), []);
    // The holder is gone: with the answer, or before the server acted.
    let with_it = [Act::Process(0), Act::Worker(Fault::Crash, 0)];
    assert_eq!(excuses(&login_alone("kills"), &with_it), [Impossible::LoginAnswerLost]);
    let acted = [Act::Worker(Fault::Crash, 0), Act::Process(0)];
    assert!(excuses(&login_alone("kills"), &acted).contains(&Impossible::LoginAnswerLost));
    assert_eq!(excuses(&login_alone("kills"), &acted[..1]), []);
    // A refresh whose answer is lost beside it is no excuse of this kind.
    let refresh = login::beside("kills", "a refresh", true).budget(9);
    assert_eq!(excuses(&refresh, &LOST_ANSWER), []);
}
