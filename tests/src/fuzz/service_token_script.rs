//! Any script of inputs for the machine that obtains a service token, beside a small model of what must be in hand.

use std::sync::OnceLock;
use std::time::Duration;

use evergrant::base::error::{Action, ErrorCode};
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::assertion::{SignatureAlgorithm, SignatureEncoding};
use evergrant::client::configuration::Client;
use evergrant::flow::input::{Input, StoreFailure};
use evergrant::flow::machine::Machine;
use evergrant::flow::outcome::Outcome;
use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
use evergrant::flow::service_token_work::ServiceTokenWork;
use evergrant::flow::step::{Step, StepId};
use evergrant::flow::stored::Stored;

use super::fixtures::{CLIENT_SECRET, NEXT_SECRET, NOW, builder, entropy};

/// Two bytes choose the client and the command; then three bytes for each input: its kind, its step, the time before it.
pub fn run(data: &[u8]) {
    let [setup, command, script @ ..] = data else { return };
    let mut trial = Trial::begin(*setup, *command);
    for operation in script.chunks_exact(3).take(64) {
        trial.play([operation[0], operation[1], operation[2]]);
    }
    // What the first work left, a second one takes over.
    let mut trial = trial.again(*command);
    for operation in script.chunks_exact(3).rev().take(64) {
        trial.play([operation[2], operation[1], operation[0]]);
    }
}

/// A token as the model holds it.
#[derive(Clone, Debug)]
struct Held {
    token: String,
    sent: Now,
    life: Option<i64>,
}

impl Held {
    fn left(&self, now: Now) -> Option<i64> {
        let wall = now.wall.saturating_sub(self.sent.wall);
        let steady = now.steady.saturating_sub(self.sent.steady);
        self.life.map(|life| life.saturating_sub(wall.max(steady).max(0)))
    }

    /// The rule of `ServiceToken::token`, in other words.
    fn serves(&self, now: Now, min_life: i64) -> bool {
        match (self.life, self.left(now)) {
            (Some(life), Some(left)) => left >= 1 && left >= min_life.min(life - (life / 5).min(60_000)),
            _ => true,
        }
    }
}

/// A machine, its twin, and the model.
pub struct Trial {
    work: ServiceTokenWork,
    twin: ServiceTokenWork,
    now: Now,
    held: Option<Held>,
    /// Each `Send`: its step, when it was put on the table, whether its end is known.
    sends: Vec<(StepId, Now, bool)>,
    ids: Vec<StepId>,
    waited: i64,
    signs: usize,
    minted: u32,
    has_next: bool,
    fallback: Option<i64>,
}

fn service_clients() -> &'static [Client] {
    static CLIENTS: OnceLock<Vec<Client>> = OnceLock::new();
    CLIENTS.get_or_init(|| {
        let secret = |profile: &str| builder(profile).client_secret(CLIENT_SECRET);
        [
            secret("wise"),
            secret("generic"),
            secret("generic").next_client_secret(NEXT_SECRET),
            builder("generic").private_key(SignatureAlgorithm::Es256, "key-1"),
            builder("generic").private_key(SignatureAlgorithm::EdDsa, "key-2"),
            // Without the grant, and without credentials: the work ends at once.
            secret("airwallex"),
            builder("generic"),
        ]
        .map(|builder| builder.build().expect("a client"))
        .into()
    })
}

impl Trial {
    /// A first work of a new service token.
    pub fn begin(setup: u8, command: u8) -> Self {
        let client = service_clients()[usize::from(setup & 0x0f) % service_clients().len()].clone();
        let scopes = if setup & 0x10 == 0 {
            Vec::new()
        } else {
            vec!["a".into(), "b".into()]
        };
        Self::start(ServiceToken::new(client, scopes), None, NOW, setup, command)
    }

    /// A further work of what this one left.
    pub fn again(self, command: u8) -> Self {
        let token = self.work.service_token().clone();
        let mut trial = Self::start(token, self.held, self.now, 0x40, command.wrapping_mul(3));
        trial.minted = self.minted;
        trial
    }

    fn start(token: ServiceToken, held: Option<Held>, now: Now, setup: u8, command: u8) -> Self {
        let in_hand = token.token(now, Duration::ZERO).map(|token| token.fingerprint());
        let command = match command % 4 {
            0 => ServiceTokenCommand::Obtain {
                min_life: Duration::ZERO,
            },
            1 => ServiceTokenCommand::Obtain {
                min_life: Duration::from_millis(u64::from(command) * 1_000),
            },
            2 => ServiceTokenCommand::Rejected {
                fingerprint: "another".into(),
            },
            _ => ServiceTokenCommand::Rejected {
                fingerprint: in_hand.unwrap_or_default(),
            },
        };
        let weak = setup & 0x20 != 0;
        let bytes = if weak { [7; 32] } else { entropy(setup) };
        let client = token.client();
        let (has_next, fallback) = (
            client.has_next_client_secret(),
            Some(if client.profile().id() == "wise" {
                43_200_000
            } else {
                300_000
            }),
        );
        let mut work = token.work(command.clone(), now, bytes);
        let mut twin = token.work(command, now, bytes);
        // What beginning itself said is not what an input did.
        assert_eq!(work.events(), twin.events());
        let mut trial = Self {
            work,
            twin,
            now,
            held,
            sends: Vec::new(),
            ids: Vec::new(),
            waited: 0,
            signs: 0,
            minted: 0,
            has_next,
            fallback,
        };
        trial.look();
        assert!(!weak || matches!(trial.work.step().1, Step::Done(_)));
        trial
    }

    /// One input, to the machine, its twin and the model.
    pub fn play(&mut self, [kind, which, time]: [u8; 3]) {
        self.pass(time);
        let id = self.id(which);
        let (input, minted) = self.input(kind);
        let before = self.work.clone();
        let was_done = matches!(before.step().1, Step::Done(_));
        let expected = self.is_expected(id, &input);
        let repeated = self.sends.iter().any(|(known, _, settled)| *known == id && *settled);
        let served = self.served().is_some();

        let result = self.work.answer(id, self.now, input.clone());
        assert_eq!(result, self.twin.answer(id, self.now, input.clone()));
        let events = self.work.events();
        assert_eq!(events, self.twin.events());
        assert!(self.work.events().is_empty(), "events are drained");
        let print = serde_json::to_string(&events).expect("events are JSON") + &format!("{events:?}");
        for secret in [CLIENT_SECRET, NEXT_SECRET, "Service-Token-"] {
            super::assert_unseen(secret, &print);
        }

        match &result {
            Ok(()) => assert!(expected, "{input:?} was taken for {id:?} at {before:?}"),
            Err(error) => {
                assert!(!expected, "{input:?} was refused for {id:?} at {before:?}");
                assert_eq!(
                    (error.code(), error.action()),
                    (ErrorCode::UnexpectedInput, &Action::Misuse)
                );
            }
        }
        if result.is_err() || repeated {
            assert!(
                self.unchanged(&before) && events.is_empty(),
                "{input:?} changed {before:?}"
            );
            return;
        }
        self.learn(id, &input, minted);
        self.look();
        if was_done {
            assert!(
                matches!(self.work.step().1, Step::Done(_)),
                "something new after the end"
            );
        }
        if let Step::Done(result) = self.work.step().1 {
            match result.as_ref() {
                Ok(Outcome::ServiceToken(token)) => {
                    assert!(
                        was_done || self.now.wall > 1 << 52 || token.remaining_ms(self.now) != Some(0),
                        "a dead token was handed out at {:?}: {:?} {input:?}",
                        self.now,
                        self.held
                    );
                }
                Ok(_) => {}
                Err(error) => {
                    let print = format!("{error} {error:?}");
                    super::assert_unseen(CLIENT_SECRET, &print);
                    super::assert_unseen("Service-Token-", &print);
                }
            }
        }
        assert!(
            !served || self.served().is_some(),
            "{input:?} took away a token that lives"
        );
    }

    /// Whether everything that shows is as it was.
    fn unchanged(&self, before: &ServiceTokenWork) -> bool {
        before.step() == self.work.step()
            && before.service_token() == self.work.service_token()
            && format!("{before:?}") == format!("{:?}", self.work)
    }

    fn served(&self) -> Option<String> {
        let token = self.work.service_token().token(self.now, Duration::ZERO);
        token.map(|token| token.token().expose().to_owned())
    }

    fn pass(&mut self, time: u8) {
        let steps = [0, 1, 500, 3_000, 61_000, 250_000, 400_000, 50_000_000];
        let step = steps[usize::from(time & 7)];
        self.now = match time >> 3 & 7 {
            0 => Now {
                wall: self.now.wall - step,
                steady: self.now.steady,
            },
            1 => Now {
                wall: self.now.wall,
                steady: self.now.steady + step,
            },
            2 if time & 0xc0 == 0xc0 => Now {
                wall: i64::MAX,
                steady: i64::MIN,
            },
            3 if time & 0xc0 == 0xc0 => NOW,
            _ => self.now.later(step),
        };
        if time & 0xc0 == 0x80 {
            // The clocks of a host that lies.
            self.now.steady = self.now.steady.saturating_sub(step.saturating_mul(2));
        }
    }

    fn id(&self, which: u8) -> StepId {
        let current = self.work.step().0;
        match which % 8 {
            0..=3 => current,
            4 | 5 => self
                .ids
                .get(usize::from(which >> 3) % self.ids.len().max(1))
                .copied()
                .unwrap_or(current),
            6 => StepId::new(current.number() + 1 + i64::from(which >> 3)),
            _ => StepId::new([0, -1, i64::MIN, i64::MAX][usize::from(which >> 3) % 4]),
        }
    }

    /// An input, and the token and life in it if it is a good answer.
    fn input(&mut self, kind: u8) -> (Input, Option<(String, Option<i64>)>) {
        let stored = Some(Stored::new(1, b"record".to_vec()));
        let input = match kind % 16 {
            0 => Input::Loaded { stored, store_now: 1 },
            1 => Input::Saved { store_now: 1 },
            2 => Input::Conflict { stored, store_now: 1 },
            3 => Input::StoreFailed(StoreFailure::Unknown),
            4 => Input::NotSent,
            5 => Input::SignFailed,
            6 | 7 => Input::Woke,
            8 => Input::Signed {
                signature: vec![7; 64],
                encoding: SignatureEncoding::Raw,
            },
            9 => Input::Signed {
                signature: vec![kind; usize::from(kind)],
                encoding: SignatureEncoding::Der,
            },
            10 => Input::NoAnswer {
                over: kind & 0x10 == 0,
                partial: None,
            },
            11 => {
                let (answer, minted) = self.answer(kind >> 4);
                return (
                    Input::NoAnswer {
                        over: kind & 0x80 == 0,
                        partial: Some(answer),
                    },
                    minted,
                );
            }
            _ => {
                let (answer, minted) = self.answer((kind >> 4) + (kind & 3) * 16);
                return (Input::Answer(answer), minted);
            }
        };
        (input, None)
    }

    fn answer(&mut self, which: u8) -> (HttpResponse, Option<(String, Option<i64>)>) {
        let answer = |status: u16, headers: &[(&str, &str)], body: &str| {
            let headers = headers
                .iter()
                .map(|(name, value)| ResponseHeader::new(*name, *value))
                .collect();
            HttpResponse::new(status, headers, body.as_bytes().to_vec())
        };
        self.minted += 1;
        let token = format!("Service-Token-{}", self.minted);
        let lives = [
            ("1", 1_000),
            ("60", 60_000),
            ("\"3600\"", 3_600_000),
            ("1e300", 366 * 86_400_000),
        ];
        match which % 16 {
            at @ 0..=3 => {
                let (text, life) = lives[usize::from(at)];
                let body = format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":{text}}}"#);
                (answer(200, &[], &body), Some((token, Some(life))))
            }
            4 => {
                // Without a readable life, damaged, and with a status that does not go with it.
                let body = format!(r#"{{"access_token":"{token}","expires_in":null,}}"#);
                (answer(502, &[], &body), Some((token, self.fallback)))
            }
            5 => (answer(401, &[], r#"{"error":"invalid_client"}"#), None),
            6 => (answer(401, &[], ""), None),
            7 => (answer(400, &[], r#"{"error":"invalid_grant"}"#), None),
            8 => (answer(429, &[("Retry-After", "1")], ""), None),
            9 => (answer(429, &[("Retry-After", "86400")], ""), None),
            10 => (answer(503, &[("Retry-After", "0")], "<html>"), None),
            11 => (answer(500, &[], &format!(r#"{{"access_tok":"{token}"}}"#)), None),
            12 => (answer(302, &[], ""), None),
            13 => (answer(200, &[], r#"{"access_token":"with space and \u0000"}"#), None),
            14 => (answer(200, &[], ""), None),
            _ => (
                answer(
                    400,
                    &[],
                    r#"{"error":"unauthorized_client","error_description":"Service-Token-0"}"#,
                ),
                None,
            ),
        }
    }

    fn is_expected(&self, id: StepId, input: &Input) -> bool {
        let (current, step) = self.work.step();
        match input {
            Input::Answer(_) | Input::NotSent | Input::NoAnswer { .. } => {
                self.sends.iter().any(|(known, ..)| *known == id)
            }
            Input::Signed { .. } | Input::SignFailed => id == current && matches!(step, Step::Sign(_)),
            Input::Woke => id == current && matches!(step, Step::Wait(_)),
            _ => false,
        }
    }

    /// What the model makes of an input that was taken.
    fn learn(&mut self, id: StepId, input: &Input, minted: Option<(String, Option<i64>)>) {
        let Some((_, sent, settled)) = self.sends.iter_mut().find(|(known, ..)| *known == id) else {
            return;
        };
        match input {
            Input::Answer(_) | Input::NotSent | Input::NoAnswer { over: true, .. } => *settled = true,
            Input::NoAnswer { over: false, .. } => {}
            _ => return,
        }
        let Some((token, life)) = minted else { return };
        let new = Held {
            token,
            sent: *sent,
            life,
        };
        // A late answer to an earlier request does not replace a later token, nor a dead token a living one.
        let keeps = self.held.as_ref().is_some_and(|held| {
            held.sent.steady > new.sent.steady || (held.serves(self.now, 0) && !new.serves(self.now, 0))
        });
        if !keeps {
            self.held = Some(new);
        }
    }

    /// Looks at the step, and holds it and the token in hand to the contract.
    fn look(&mut self) {
        let (id, step) = self.work.step();
        assert_eq!((id, step), self.work.step(), "a step is shown as often as asked");
        assert_eq!((id, step), self.twin.step(), "the same inputs, the same step");
        let print = format!("{:?} {step:?} {:?}", self.work, self.work.service_token());
        for secret in [CLIENT_SECRET, NEXT_SECRET, "Service-Token-"] {
            super::assert_unseen(secret, &print);
        }
        if !self.ids.contains(&id) {
            assert!(self.ids.iter().all(|known| *known < id), "ids grow");
            self.ids.push(id);
            match step {
                Step::Send(send) => {
                    assert_eq!((send.send_by, send.max_body_bytes), (self.now.later(3_000), 1 << 20));
                    // Shorter while a token serves, so that the exchange is over before that one is.
                    assert!((1_000..=30_000).contains(&send.timeout_ms), "{}", send.timeout_ms);
                    assert_eq!(
                        send.request.url(),
                        self.work.service_token().client().token_endpoint().as_str()
                    );
                    assert_eq!(
                        send.client_certificate,
                        self.work.service_token().client().wants_client_certificate()
                    );
                    self.sends.push((id, self.now, false));
                }
                Step::Wait(wait) => {
                    assert!((0..1 << 31).contains(&wait.delay_ms));
                    self.waited += wait.delay_ms;
                }
                Step::Sign(sign) => {
                    assert!(!sign.bytes().is_empty());
                    self.signs += 1;
                }
                Step::Done(_) => {}
                Step::Load { .. } | Step::Save(_) => panic!("a service token is not stored"),
            }
        }
        let most = if self.has_next { 4 } else { 3 };
        assert!(self.sends.len() <= most && self.signs <= most, "more than three tries");
        assert!(self.waited <= 5_000, "waits of {} ms", self.waited);
        for min_life in [0, 1, 999, 1_000, 48_000, 60_000, 3_600_000, i64::MAX] {
            let duration = Duration::from_millis(min_life.unsigned_abs());
            let token = self.work.service_token().token(self.now, duration);
            let modelled = self.held.as_ref().filter(|held| held.serves(self.now, min_life));
            assert_eq!(
                token.map(|token| token.token().expose()),
                modelled.map(|held| held.token.as_str()),
                "for {min_life} ms at {:?} with {:?}",
                self.now,
                self.held
            );
        }
    }
}
