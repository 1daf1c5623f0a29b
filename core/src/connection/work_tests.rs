//! The machine around the table, against a store and a provider of a few lines.

use super::command::{Adoption, ClientHealth, Command, Finish};
use super::health::HealthState;
use super::record::Record;
use super::value::Connection;
use super::work::Work;
use crate::base::error::{Action, ErrorCode, OAuthError, ReauthorizationReason};
use crate::base::http::{HttpResponse, ResponseHeader};
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::flow::event::{Deadline, Event, Recovery};
use crate::flow::input::{Input, StoreFailure};
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::step::{Send, Step, StepId};
use crate::flow::stored::Stored;
use crate::message::authorize::AuthorizationRequest;
use crate::message::binding::Binding;
use crate::message::pending::{Consenter, Pending};
use crate::provider::environment::Environment;
use crate::provider::profile::Profile;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::time::Duration;

const START: i64 = 1_790_000_000_000;

fn client(profile: &str) -> Client {
    Client::builder(Profile::built_in(profile).unwrap(), Environment::Sandbox, "client-1")
        .client_secret("the-secret")
        .redirect_uri("https://app.example/callback")
        .build()
        .unwrap()
}

fn entropy(number: u8) -> [u8; 32] {
    core::array::from_fn(|at| number.wrapping_add(u8::try_from(at).unwrap()))
}

/// A store with one record, and the clock of everybody.
struct World {
    client: Client,
    stored: Option<Stored>,
    now: i64,
    works: u8,
    failing: Option<StoreFailure>,
    events: Vec<Event>,
    saves: usize,
}

fn json(status: u16, body: &str) -> Input {
    let headers = vec![ResponseHeader::new("Content-Type", "application/json")];
    Input::Answer(HttpResponse::new(status, headers, body.as_bytes().to_vec()))
}

fn tokens(number: i64) -> Input {
    json(
        200,
        &format!(
            r#"{{"access_token":"access-{number}","refresh_token":"refresh-{number}","token_type":"bearer","expires_in":300,"account_id":"acct_1"}}"#
        ),
    )
}

impl World {
    fn new(profile: &str) -> Self {
        Self::of(client(profile))
    }

    fn of(client: Client) -> Self {
        Self {
            client,
            stored: None,
            now: START,
            works: 0,
            failing: None,
            events: Vec::new(),
            saves: 0,
        }
    }

    /// One that is connected with tokens 1.
    fn connected(profile: &str) -> Self {
        let mut world = Self::new(profile);
        let adoption = Adoption::new("refresh-1")
            .access_token("access-1", Duration::from_secs(300))
            .account_id("account_id", "acct_1")
            .consenter(Consenter {
                user: "erika".to_string(),
                role: Some("Owner".to_string()),
            });
        let result = world.run(Command::Adopt(Box::new(adoption)), |_| panic!("nothing is sent"));
        assert_eq!(result, Ok(Outcome::Connected));
        world
    }

    fn now(&self) -> Now {
        Now {
            wall: self.now,
            steady: self.now - START,
        }
    }

    fn connection(&self) -> Connection {
        self.client.connection("acct_123").unwrap()
    }

    fn record(&self) -> Record {
        let stored = self.stored.as_ref().unwrap();
        Record::from_json(core::str::from_utf8(stored.record()).unwrap()).unwrap()
    }

    fn work(&mut self, command: Command) -> Work {
        self.works += 1;
        let health = ClientHealth::default();
        self.client
            .work(&self.connection(), command, health, self.now(), entropy(self.works))
    }

    fn run(&mut self, command: Command, server: impl FnMut(&Send) -> Input) -> Result<Outcome, OAuthError> {
        let mut work = self.work(command);
        self.drive(&mut work, server)
    }

    /// Performs steps until the end.
    fn drive(&mut self, work: &mut Work, mut server: impl FnMut(&Send) -> Input) -> Result<Outcome, OAuthError> {
        loop {
            if let Step::Done(result) = work.step().1 {
                let result = (**result).clone();
                self.events.extend(work.events());
                return result;
            }
            self.perform(work, &mut server);
        }
    }

    /// Performs one step.
    fn perform(&mut self, work: &mut Work, server: &mut impl FnMut(&Send) -> Input) -> StepId {
        let (id, step) = work.step();
        let input = match step {
            Step::Load { .. } => match self.failing {
                Some(failure) => Input::StoreFailed(failure),
                None => Input::Loaded {
                    stored: self.stored.clone(),
                    store_now: self.now,
                },
            },
            Step::Save(save) => {
                let version = self.stored.as_ref().map_or(0, Stored::version);
                match self.failing {
                    Some(failure) => Input::StoreFailed(failure),
                    None if version == save.expect => {
                        self.saves += 1;
                        self.stored = Some(save.record.clone());
                        Input::Saved { store_now: self.now }
                    }
                    None => Input::Conflict {
                        stored: self.stored.clone(),
                        store_now: self.now,
                    },
                }
            }
            Step::Send(send) => {
                let input = server(send);
                if matches!(input, Input::NoAnswer { over: false, .. }) {
                    self.now += send.wait_ms;
                }
                input
            }
            Step::Wait(wait) => {
                self.now += wait.delay_ms;
                Input::Woke
            }
            step => panic!("nothing to do for {step:?}"),
        };
        work.answer(id, self.now(), input).unwrap();
        self.events.extend(work.events());
        id
    }
}

fn served(result: Result<Outcome, OAuthError>) -> String {
    match result {
        Ok(Outcome::Token(token)) => token.token().expose().into(),
        other => panic!("no token: {other:?}"),
    }
}

fn silent() -> Input {
    Input::NoAnswer {
        over: false,
        partial: None,
    }
}

#[test]
fn a_live_token_is_served_without_a_step_and_an_old_one_is_renewed() {
    let mut world = World::connected("airwallex");
    let mut work = world.work(Command::obtain());
    assert_eq!(
        served(world.drive(&mut work, |_| panic!("nothing is sent"))),
        "access-1"
    );
    let connection = work.connection();
    assert!(connection.token(world.now(), Duration::ZERO).is_some());
    assert!(!connection.wants_work(world.now()));
    world.now += 250_000;
    assert!(connection.token(world.now(), Duration::ZERO).is_some());
    assert!(connection.wants_work(world.now()));
    world.now += 50_000;
    assert!(connection.token(world.now(), Duration::ZERO).is_none());
    let mut sent = 0;
    let result = world.run(Command::obtain(), |send| {
        sent += 1;
        assert!(send.request.body().contains("refresh-1"));
        assert_eq!(send.timeout_ms, 120_000);
        assert_eq!(send.wait_ms, 17_000);
        tokens(2)
    });
    assert_eq!(served(result), "access-2");
    assert_eq!(sent, 1);
    assert_eq!(world.record().ledger().generation(), 2);
    let renewed = |event: &Event| {
        matches!(
            event,
            Event::RefreshSucceeded {
                rotated: true,
                recovery: None,
                ..
            }
        )
    };
    assert!(world.events.iter().any(renewed), "{:?}", world.events);
}

#[test]
fn a_lost_answer_is_recovered_inside_the_window() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let mut sent = 0;
    let result = world.run(Command::obtain(), |_| {
        sent += 1;
        if sent == 1 { silent() } else { tokens(2) }
    });
    assert_eq!(served(result), "access-2");
    assert_eq!(sent, 2);
    let recovered = |event: &Event| {
        let in_window = Some(Recovery::InWindow);
        matches!(event, Event::RefreshSucceeded { recovery, .. } if *recovery == in_window)
    };
    assert!(world.events.iter().any(recovered), "{:?}", world.events);
    let health = world.run(Command::obtain(), |_| panic!("nothing is sent"));
    assert!(health.is_ok());
}

#[test]
fn a_late_answer_after_the_end_is_saved_and_served() {
    let mut world = World::connected("ofx_payments");
    world.now += 300_000;
    let mut work = world.work(Command::obtain());
    let mut send_id = None;
    let result = loop {
        if let Step::Done(result) = work.step().1 {
            break (**result).clone();
        }
        let is_send = matches!(work.step().1, Step::Send(_));
        let id = world.perform(&mut work, &mut |_| silent());
        if is_send {
            send_id = Some(id);
        }
    };
    let error = result.unwrap_err();
    assert!(matches!(error.action(), Action::RetryAfter { .. }), "{error:?}");
    assert_eq!(error.code(), ErrorCode::OutcomeUnknown);
    work.answer(send_id.unwrap(), world.now(), tokens(2)).unwrap();
    // What it ended with stays; the connection has changed.
    assert_eq!(world.drive(&mut work, |_| panic!("nothing is sent")), Err(error));
    let token = work.connection().token(world.now(), Duration::ZERO).cloned().unwrap();
    assert_eq!(token.token().expose(), "access-2");
    // A repeated one is ignored.
    work.answer(send_id.unwrap(), world.now(), tokens(3)).unwrap();
    assert!(matches!(work.step().1, Step::Done(_)));
    let late = |event: &Event| {
        matches!(
            event,
            Event::RefreshSucceeded {
                recovery: Some(Recovery::Late),
                ..
            }
        )
    };
    assert!(world.events.iter().any(late), "{:?}", world.events);
}

#[test]
fn a_refused_refresh_token_asks_for_the_user_in_the_providers_words() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let result = world.run(Command::obtain(), |_| {
        json(
            400,
            r#"{"error":"invalid_grant","error_description":"refresh-1 is dead"}"#,
        )
    });
    let error = result.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ReauthorizationRequired);
    let Action::Reauthorize { reason, words } = error.action() else {
        panic!("{error:?}");
    };
    assert_eq!(*reason, ReauthorizationReason::RevokedOrRoleLost);
    assert!(
        words.contains("Finance Admin") && words.contains("Settings > Connections"),
        "{words}"
    );
    assert!(words.contains("erika, Owner"), "{words}");
    assert_eq!(error.details().oauth_error.as_deref(), Some("invalid_grant"));
    let mut work = world.work(Command::obtain());
    let again = world.drive(&mut work, |_| panic!("a dead grant is not tried again"));
    assert_eq!(again.unwrap_err().code(), ErrorCode::ReauthorizationRequired);
    let health = work.connection().health(world.now());
    assert_eq!(health.state, HealthState::NeedsReauthorization);
    assert_eq!(health.who, ["Owner", "Admin", "Finance Admin"]);
    assert_eq!(health.consented_by.as_deref(), Some("erika"));
    assert!(!health.recovers_by_itself);
}

#[test]
fn a_401_is_answered_with_another_token() {
    let mut world = World::connected("airwallex");
    let mut work = world.work(Command::obtain());
    let Ok(Outcome::Token(token)) = world.drive(&mut work, |_| panic!("nothing is sent")) else {
        panic!("no token");
    };
    world.now += 70_000;
    let rejected = |fingerprint: &str| Command::Rejected {
        fingerprint: fingerprint.to_string(),
    };
    let result = world.run(rejected(&token.fingerprint()), |_| tokens(2));
    assert_eq!(served(result), "access-2");
    // Somebody else hears of the old one again: the new one is used.
    let result = world.run(rejected(&token.fingerprint()), |_| panic!("nothing is sent"));
    assert_eq!(served(result), "access-2");
}

#[test]
fn a_store_that_fails_keeps_the_answer_in_hand() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let mut work = world.work(Command::obtain());
    loop {
        let is_send = matches!(work.step().1, Step::Send(_));
        world.perform(&mut work, &mut |_| tokens(2));
        if is_send {
            break;
        }
    }
    world.failing = Some(StoreFailure::Down);
    for _ in 0..20 {
        world.perform(&mut work, &mut |_| panic!("nothing is sent"));
        assert!(work.is_holding());
    }
    assert!(work.connection().token(world.now(), Duration::ZERO).is_none());
    world.failing = None;
    assert_eq!(
        served(world.drive(&mut work, |_| panic!("nothing is sent"))),
        "access-2"
    );
    assert!(!work.is_holding());
    assert!(world.events.contains(&Event::PersistFailing) && world.events.contains(&Event::PersistRecovered));
}

#[test]
fn a_client_that_is_refused_is_told_at_once() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let result = world.run(Command::obtain(), |_| json(401, r#"{"error":"invalid_client"}"#));
    let error = result.unwrap_err();
    assert_eq!(
        (error.code(), error.action()),
        (ErrorCode::InvalidClient, &Action::FixConfiguration)
    );
    assert_eq!(world.record().state(), "live");
    let mut work = world.work(Command::KeepAlive);
    let _ = world.drive(&mut work, |_| panic!("nothing is sent"));
    let health = work.connection().health(world.now());
    assert_eq!(health.state, HealthState::Degraded);
    assert!(!health.recovers_by_itself && health.what_to_do.is_some());
}

fn login(world: &World) -> (Pending, String) {
    let request = AuthorizationRequest::new(Binding::session("session-1").unwrap()).consenter(Consenter {
        user: "erika".to_string(),
        role: None,
    });
    let login = world.client.begin(&request, world.now(), entropy(77)).unwrap();
    let state = login.url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let callback = format!("https://app.example/callback?code=the-code&state={state}");
    (login.pending.clone(), callback)
}

fn finish(pending: &Pending, callback: &str) -> Command {
    let binding = Binding::session("session-1").unwrap();
    Command::Finish(Box::new(Finish::callback(pending.clone(), callback, binding)))
}

#[test]
fn a_login_is_finished_once_and_a_repeated_callback_finds_its_outcome() {
    let mut world = World::new("airwallex");
    let (pending, callback) = login(&world);
    let mut sent = 0;
    let result = world.run(finish(&pending, &callback), |send| {
        sent += 1;
        assert!(send.request.body().contains("the-code"));
        tokens(1)
    });
    assert_eq!(result, Ok(Outcome::Connected));
    assert_eq!(
        world
            .record()
            .consent
            .as_ref()
            .unwrap()
            .consented_by
            .as_ref()
            .unwrap()
            .user,
        "erika"
    );
    let result = world.run(finish(&pending, &callback), |_| panic!("a code is spent once"));
    assert_eq!(result, Ok(Outcome::Connected));
    assert_eq!(sent, 1);
    assert!(world.events.contains(&Event::Connected { again: false }));
    assert_eq!(
        served(world.run(Command::obtain(), |_| panic!("nothing is sent"))),
        "access-1"
    );
}

#[test]
fn a_login_for_one_key_is_not_finished_under_another() {
    let mut world = World::new("airwallex");
    let request = AuthorizationRequest::new(Binding::session("session-1").unwrap()).key("acct_9");
    let begun = world.client.begin(&request, world.now(), entropy(77)).unwrap();
    let state = begun.url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let callback = format!("https://app.example/callback?code=the-code&state={state}");
    let pending = Pending::parse(begun.pending.expose().expose()).unwrap();
    let error = world
        .run(finish(&pending, &callback), |_| panic!("nothing is sent"))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongKey);
    let connection = world.client.connection("acct_9").unwrap();
    let mut work = world.client.work(
        &connection,
        finish(&pending, &callback),
        ClientHealth::default(),
        world.now(),
        entropy(9),
    );
    assert_eq!(world.drive(&mut work, |_| tokens(1)), Ok(Outcome::Connected));
}

#[test]
fn a_callback_that_was_pasted_may_have_white_space_around_it() {
    let mut world = World::new("airwallex");
    let (pending, callback) = login(&world);
    let pasted = format!(" \n{callback}\r\n");
    assert_eq!(crate::message::callback::login_id(&pasted), Ok(pending.id()));
    assert_eq!(
        world.run(finish(&pending, &pasted), |_| tokens(1)),
        Ok(Outcome::Connected)
    );
}

#[test]
fn who_asks_again_is_told_why_nothing_is_tried_yet() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let away = |world: &mut World| world.run(Command::obtain(), |_| Input::NotSent).unwrap_err();
    assert_eq!(away(&mut world).code(), ErrorCode::NotSent);
    let error = world.run(Command::obtain(), |_| panic!("it is too early")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotSent);
    assert!(matches!(error.action(), Action::RetryAfter { .. }), "{error:?}");
}

#[test]
fn an_answer_that_is_not_good_is_not_called_odd() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let _ = world.run(Command::obtain(), |_| json(503, "<html>"));
    let odd = |event: &Event| matches!(event, Event::AnswerOddity { .. });
    assert!(!world.events.iter().any(odd), "{:?}", world.events);
}

#[test]
fn a_refused_login_leaves_the_connection_as_it_was() {
    let mut world = World::connected("airwallex");
    let (pending, callback) = login(&world);
    let refused = callback.replace("code=the-code", "error=access_denied");
    let saves = world.saves;
    let result = world.run(finish(&pending, &refused), |_| panic!("nothing is sent"));
    assert!(matches!(result, Ok(Outcome::Refused(_))), "{result:?}");
    assert_eq!(world.saves, saves);
    let result = world.run(finish(&pending, &callback), |_| {
        json(400, r#"{"error":"invalid_grant"}"#)
    });
    assert_eq!(result, Ok(Outcome::LoginLost));
    assert_eq!(
        served(world.run(Command::obtain(), |_| panic!("nothing is sent"))),
        "access-1"
    );
}

#[test]
fn another_account_does_not_take_the_place_of_the_one_that_is_there() {
    let mut world = World::connected("airwallex");
    let (pending, callback) = login(&world);
    let other = json(
        200,
        r#"{"access_token":"x","refresh_token":"y","token_type":"bearer","expires_in":300,"account_id":"acct_2"}"#,
    );
    let result = world.run(finish(&pending, &callback), |_| other.clone());
    assert_eq!(result, Ok(Outcome::DifferentAccount));
    assert_eq!(
        served(world.run(Command::obtain(), |_| panic!("nothing is sent"))),
        "access-1"
    );
}

#[test]
fn a_disconnected_connection_keeps_no_secret_and_can_be_connected_again() {
    let mut world = World::connected("airwallex");
    let result = world.run(Command::Disconnect, |_| panic!("nothing is sent"));
    assert_eq!(result, Ok(Outcome::Disconnected));
    let text = String::from_utf8(world.stored.as_ref().unwrap().record().to_vec()).unwrap();
    assert!(!text.contains("refresh-1") && !text.contains("access-1"), "{text}");
    assert!(world.events.contains(&Event::Disconnected));
    let error = world.run(Command::obtain(), |_| panic!("nothing is sent")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Disconnected);
    let (pending, callback) = login(&world);
    let result = world.run(finish(&pending, &callback), |_| tokens(5));
    assert_eq!(result, Ok(Outcome::Connected));
    assert!(world.events.contains(&Event::Connected { again: true }));
}

#[test]
fn tokens_are_revoked_where_the_provider_can() {
    let revoking = Client::builder(Profile::built_in("generic").unwrap(), Environment::Sandbox, "client-1")
        .client_secret("the-secret")
        .token_endpoint("https://as.example/token")
        .revocation_endpoint("https://as.example/revoke")
        .build()
        .unwrap();
    let mut world = World::of(revoking);
    let adopt = Command::Adopt(Box::new(Adoption::new("refresh-1")));
    assert_eq!(world.run(adopt, |_| panic!("nothing is sent")), Ok(Outcome::Connected));
    // A crash after the first save: the next work goes on from there.
    let mut work = world.work(Command::Disconnect);
    for _ in 0..2 {
        world.perform(&mut work, &mut |_| panic!("nothing is sent yet"));
    }
    assert_eq!(world.record().state(), "closed");
    drop(work);
    let mut revoked = Vec::new();
    let result = world.run(Command::KeepAlive, |send| {
        assert_eq!(send.request.url(), "https://as.example/revoke");
        revoked.push(String::from(send.request.body()));
        json(200, "")
    });
    assert_eq!(result, Ok(Outcome::Kept));
    assert_eq!(revoked.len(), 1);
    assert!(
        revoked[0].starts_with("token=refresh-1&token_type_hint=refresh_token"),
        "{revoked:?}"
    );
    let text = String::from_utf8(world.stored.as_ref().unwrap().record().to_vec()).unwrap();
    assert!(!text.contains("refresh-1"), "{text}");
    let result = world.run(Command::Disconnect, |_| panic!("nothing is left to revoke"));
    assert_eq!(result, Ok(Outcome::Disconnected));
}

#[test]
fn without_a_refresh_token_the_user_is_asked_when_the_access_token_is_over() {
    let mut world = World::new("airwallex");
    let (pending, callback) = login(&world);
    let only_access = r#"{"access_token":"access-1","token_type":"bearer","expires_in":300}"#;
    let result = world.run(finish(&pending, &callback), |_| json(200, only_access));
    assert_eq!(result, Ok(Outcome::Connected));
    world.now += 290_000;
    assert_eq!(
        served(world.run(Command::obtain(), |_| panic!("nothing is sent"))),
        "access-1"
    );
    world.now += 10_000;
    let error = world.run(Command::obtain(), |_| panic!("nothing is sent")).unwrap_err();
    let reason = ReauthorizationReason::NoRefreshToken;
    assert!(
        matches!(error.action(), Action::Reauthorize { reason: why, .. } if *why == reason),
        "{error:?}"
    );
}

#[test]
fn the_end_of_a_consent_is_announced() {
    const DAY: i64 = 86_400_000;
    let mut world = World::connected("airwallex");
    world.now += 53 * DAY;
    let look = |world: &World| {
        let stored = world.stored.as_ref();
        world
            .connection()
            .read(stored, world.now, world.now())
            .unwrap()
            .health(world.now())
    };
    let health = look(&world);
    assert_eq!((health.state, health.idle_days_left), (HealthState::AtRisk, Some(7)));
    assert_eq!(world.run(Command::KeepAlive, |_| tokens(2)), Ok(Outcome::Kept));
    let idle = Event::DeadlineNear {
        deadline: Deadline::Idle,
        left_ms: 7 * DAY,
    };
    assert!(world.events.contains(&idle), "{:?}", world.events);
    assert_eq!(look(&world).state, HealthState::Healthy);

    // One that ends whatever is done.
    let profile = r#"{"id": "ending", "grants": {"authorization_code": {}, "refresh_token": {}},
        "environments": {"sandbox": {"authorize": "https://as.example/authorize", "token": "https://as.example/token"}},
        "answer": {"refresh_hard_expires_in": "authorization_expires_in"}}"#;
    let client = Client::builder(Profile::from_json(profile).unwrap(), Environment::Sandbox, "client-1")
        .client_secret("the-secret")
        .redirect_uri("https://app.example/callback")
        .build()
        .unwrap();
    let mut world = World::of(client);
    let (pending, callback) = login(&world);
    let year = r#"{"access_token":"access-1","refresh_token":"refresh-1","token_type":"bearer","expires_in":300,
        "authorization_expires_in":31536000}"#;
    assert_eq!(
        world.run(finish(&pending, &callback), |_| json(200, year)),
        Ok(Outcome::Connected)
    );
    assert_eq!(look(&world).hard_days_left, Some(365));
    world.now += 352 * DAY;
    let health = look(&world);
    assert_eq!((health.state, health.hard_days_left), (HealthState::AtRisk, Some(13)));
    assert!(health.what_to_do.is_some() && !health.recovers_by_itself);
    // A refresh does not move it.
    assert!(world.run(Command::obtain(), |_| tokens(2)).is_ok());
    assert_eq!(look(&world).hard_days_left, Some(13));
}

/// Performs at most so many steps.
fn steps_to_the_end(
    world: &mut World,
    work: &mut Work,
    mut perform: impl FnMut(&mut World, &mut Work),
) -> Option<Result<Outcome, OAuthError>> {
    for _ in 0..300 {
        if let Step::Done(result) = work.step().1 {
            return Some((**result).clone());
        }
        perform(world, work);
    }
    None
}

#[test]
fn a_store_that_never_says_whether_it_wrote_is_not_asked_for_ever() {
    for command in [Command::obtain(), Command::Disconnect] {
        let mut world = World::connected("airwallex");
        world.now += 300_000;
        let mut work = world.work(command);
        let result = steps_to_the_end(&mut world, &mut work, |world, work| {
            world.failing = matches!(work.step().1, Step::Save(_)).then_some(StoreFailure::Unknown);
            world.perform(work, &mut |_| panic!("nothing is saved, so nothing is sent"));
        });
        assert_eq!(result.unwrap().unwrap_err().code(), ErrorCode::StoreUnavailable);
    }
}

#[test]
fn a_store_that_only_shows_conflicts_is_not_asked_for_ever() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let mut work = world.work(Command::obtain());
    let result = steps_to_the_end(&mut world, &mut work, |world, work| {
        let (id, step) = work.step();
        if matches!(step, Step::Save(_)) {
            let stored = world.stored.clone();
            let store_now = world.now;
            work.answer(id, world.now(), Input::Conflict { stored, store_now })
                .unwrap();
        } else {
            world.perform(work, &mut |_| panic!("nothing is saved, so nothing is sent"));
        }
    });
    assert_eq!(result.unwrap().unwrap_err().code(), ErrorCode::StoreUnavailable);
}

#[test]
fn a_store_that_is_too_slow_for_any_claim_is_said_to_be() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let mut work = world.work(Command::obtain());
    let result = steps_to_the_end(&mut world, &mut work, |world, work| {
        world.now += 1_600;
        world.perform(work, &mut |_| panic!("every claim is too late"));
    });
    assert_eq!(result.unwrap().unwrap_err().code(), ErrorCode::StoreUnavailable);
    // What was claimed in vain is written down, and the next work goes on at once.
    assert_eq!(served(world.run(Command::obtain(), |_| tokens(2))), "access-2");
}

#[test]
fn a_caller_does_not_wait_for_ever_for_a_provider_that_is_silent() {
    let square = r#"{"id": "square", "grants": {"refresh_token": {}}, "refresh": {"window": {"type": "unlimited"}},
        "environments": {"sandbox": {"token": "https://as.example/token"}}}"#;
    let client = Client::builder(Profile::from_json(square).unwrap(), Environment::Sandbox, "client-1")
        .client_secret("the-secret")
        .build()
        .unwrap();
    let mut world = World::of(client);
    let adoption = Command::Adopt(Box::new(Adoption::new("refresh-1")));
    assert_eq!(
        world.run(adoption, |_| panic!("nothing is sent")),
        Ok(Outcome::Connected)
    );
    let began = world.now;
    let error = world.run(Command::obtain(), |_| silent()).unwrap_err();
    assert!(
        matches!(error.action(), Action::RetryAfter { delay_ms: 1_000 }),
        "{error:?}"
    );
    assert!(world.now - began < 150_000, "{}", world.now - began);
    assert_eq!(served(world.run(Command::obtain(), |_| tokens(2))), "access-2");
}

#[test]
fn what_no_record_keeps_is_not_adopted() {
    let mut world = World::connected("airwallex");
    let adoptions = [
        (Adoption::new(""), "refresh_token"),
        (Adoption::new("r").access_token("\n", Duration::ZERO), "access_token"),
        (Adoption::new("r").account_id("", "1"), "account_ids"),
        (Adoption::new("r").scopes(vec![String::new()]), "scopes"),
    ];
    for (adoption, field) in adoptions {
        let error = world
            .run(Command::Adopt(Box::new(adoption)), |_| panic!("nothing is sent"))
            .unwrap_err();
        assert_eq!(error.details().field.as_deref(), Some(field), "{error:?}");
    }
    assert_eq!(
        served(world.run(Command::obtain(), |_| panic!("nothing is sent"))),
        "access-1"
    );
}

#[test]
fn one_401_does_not_give_up_a_token_that_cannot_be_renewed() {
    let mut world = World::new("airwallex");
    let (pending, callback) = login(&world);
    let only_access = r#"{"access_token":"access-1","token_type":"bearer","expires_in":36000}"#;
    assert_eq!(
        world.run(finish(&pending, &callback), |_| json(200, only_access)),
        Ok(Outcome::Connected)
    );
    let fingerprint = crate::base::digest::fingerprint("access-1");
    let mut reported = Vec::new();
    for _ in 0..4 {
        let fingerprint = fingerprint.clone();
        let result = world.run(Command::Rejected { fingerprint }, |_| panic!("nothing can be sent"));
        let error = result.unwrap_err();
        reported.push(error.code());
        if let Action::RetryAfter { delay_ms } = error.action() {
            assert_eq!(
                served(world.run(Command::obtain(), |_| panic!("nothing is sent"))),
                "access-1"
            );
            world.now += delay_ms;
        }
    }
    let rejected = ErrorCode::FreshTokenRejected;
    assert_eq!(
        reported,
        [rejected, rejected, rejected, ErrorCode::ReauthorizationRequired]
    );
}

/// The work up to where an answer is in its hand and about to be saved.
fn with_answer_in_hand(world: &mut World) -> Work {
    world.now += 300_000;
    let mut work = world.work(Command::obtain());
    loop {
        let is_send = matches!(work.step().1, Step::Send(_));
        world.perform(&mut work, &mut |_| tokens(2));
        if is_send {
            return work;
        }
    }
}

#[test]
fn a_record_that_cannot_be_read_does_not_cost_the_answer_in_hand() {
    let mut world = World::connected("airwallex");
    let mut work = with_answer_in_hand(&mut world);
    let stored = world
        .stored
        .replace(Stored::new(9, b"{\"format\":{\"major\":2,\"minor\":0}}".to_vec()));
    for _ in 0..10 {
        world.perform(&mut work, &mut |_| panic!("nothing is sent"));
    }
    assert!(work.is_holding() && world.events.contains(&Event::PersistFailing));
    world.stored = stored;
    assert_eq!(
        served(world.drive(&mut work, |_| panic!("nothing is sent"))),
        "access-2"
    );
    assert!(!work.is_holding() && world.events.contains(&Event::PersistRecovered));
}

#[test]
fn a_save_that_was_done_without_anybody_knowing_is_told_when_it_is_found() {
    let mut world = World::connected("airwallex");
    let mut work = with_answer_in_hand(&mut world);
    let Step::Save(save) = work.step().1.clone() else {
        panic!("the answer is saved");
    };
    world.stored = Some(save.record);
    world.failing = Some(StoreFailure::Unknown);
    world.perform(&mut work, &mut |_| panic!("nothing is sent"));
    world.failing = None;
    assert_eq!(
        served(world.drive(&mut work, |_| panic!("nothing is sent"))),
        "access-2"
    );
    let succeeded = |event: &&Event| matches!(event, Event::RefreshSucceeded { .. });
    assert_eq!(world.events.iter().filter(succeeded).count(), 1, "{:?}", world.events);
    assert!(
        !world
            .events
            .iter()
            .any(|event| matches!(event, Event::SiblingRefreshed { .. }))
    );
    assert!(!work.is_holding());
}

#[test]
fn a_login_says_nothing_about_the_tokens_in_use() {
    let mut world = World::connected("airwallex");
    let (pending, callback) = login(&world);
    let refused = json(400, r#"{"error":"invalid_grant"}"#);
    assert_eq!(
        world.run(finish(&pending, &callback), |_| refused.clone()),
        Ok(Outcome::LoginLost)
    );
    let mut work = world.work(Command::KeepAlive);
    let _ = world.drive(&mut work, |_| panic!("nothing is sent"));
    let health = work.connection().health(world.now());
    assert_eq!((health.state, health.failures_in_a_row), (HealthState::Healthy, 0));
}

#[test]
fn the_second_secret_is_tried_at_once_also_while_others_fail() {
    let two = Client::builder(
        Profile::built_in("airwallex").unwrap(),
        Environment::Sandbox,
        "client-1",
    )
    .client_secret("the-secret")
    .next_client_secret("the-next-one")
    .build()
    .unwrap();
    let mut world = World::of(two);
    let adoption = Command::Adopt(Box::new(Adoption::new("refresh-1")));
    assert_eq!(
        world.run(adoption, |_| panic!("nothing is sent")),
        Ok(Outcome::Connected)
    );
    let health = ClientHealth::new(None, 5);
    let mut work = world
        .client
        .work(&world.connection(), Command::obtain(), health, world.now(), entropy(99));
    let began = world.now;
    let result = world.drive(&mut work, |send| {
        if send.request.body().contains("the-next-one") {
            tokens(2)
        } else {
            json(401, r#"{"error":"invalid_client"}"#)
        }
    });
    assert_eq!(served(result), "access-2");
    assert_eq!(world.now, began);
}

#[test]
fn a_record_of_another_client_or_format_is_left_alone() {
    let mut world = World::connected("airwallex");
    let stored = world.stored.clone();
    world.client = client("ofx_payments");
    let error = world.run(Command::obtain(), |_| panic!("nothing is sent")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongProvider);
    assert_eq!(world.stored, stored);
    world.client = client("airwallex");
    world.stored = Some(Stored::new(9, b"{\"format\":{\"major\":2,\"minor\":0}}".to_vec()));
    let error = world.run(Command::obtain(), |_| panic!("nothing is sent")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnknownRecordFormat);
}

#[test]
fn keys_that_no_store_keeps_are_refused() {
    let client = client("airwallex");
    for key in ["", "a\0b", &"x".repeat(513)] {
        assert_eq!(client.connection(key).unwrap_err().code(), ErrorCode::InvalidParameter);
    }
    assert!(client.connection("x".repeat(512)).is_ok());
}

#[test]
fn what_does_not_answer_the_step_changes_nothing() {
    let mut world = World::connected("airwallex");
    let mut work = world.work(Command::obtain());
    let (id, _) = work.step();
    for input in [Input::Woke, Input::SignFailed, Input::NotSent, tokens(9)] {
        let error = work.answer(id, world.now(), input).unwrap_err();
        assert_eq!(error.action(), &Action::Misuse);
    }
    assert_eq!(work.step().0, id);
    assert_eq!(
        served(world.drive(&mut work, |_| panic!("nothing is sent"))),
        "access-1"
    );
}

#[test]
fn prints_tell_no_secret() {
    let mut world = World::connected("airwallex");
    world.now += 300_000;
    let mut work = world.work(Command::obtain());
    let mut printed = String::new();
    while !matches!(work.step().1, Step::Done(_)) {
        printed.push_str(&format!("{work:?} {:?}", work.connection()));
        world.perform(&mut work, &mut |_| tokens(2));
    }
    printed.push_str(&format!("{work:?} {:?} {:?}", work.connection(), world.events));
    for secret in ["refresh-1", "refresh-2", "access-1", "access-2", "the-secret"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
