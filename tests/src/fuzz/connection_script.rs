//! Any script over works on one connection, which share a store: several at once, every failure of store and network,
//! answers late and repeated, misuse.

use std::sync::OnceLock;
use std::time::Duration;

use evergrant::base::error::Action;
use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::client::assertion::{SignatureAlgorithm, SignatureEncoding};
use evergrant::client::configuration::Client;
use evergrant::connection::command::{Adoption, ClientHealth, Command, Finish};
use evergrant::connection::ledger::{Fate, LoginFate};
use evergrant::connection::record::Record;
use evergrant::connection::work::Work;
use evergrant::flow::input::{Input, StoreFailure};
use evergrant::flow::machine::Machine;
use evergrant::flow::step::{Save, Step, StepId};
use evergrant::flow::stored::Stored;
use evergrant::message::authorize::AuthorizationRequest;

use super::fixtures::{CLIENT_SECRET, NEXT_SECRET, NOW, binding, builder, entropy};

const KEY: &str = "acct_1";
const WORKS: usize = 3;

/// The first byte chooses the client; then four bytes for each operation.
pub fn run(data: &[u8]) {
    let [setup, script @ ..] = data else { return };
    let mut trial = Trial::new(*setup);
    for operation in script.chunks_exact(4).take(96) {
        trial.play([operation[0], operation[1], operation[2], operation[3]]);
    }
    trial.settle();
}

/// A store, works over it, and what is known of both.
pub struct Trial {
    client: Client,
    stored: Option<Stored>,
    now: Now,
    /// The store's clock, which never goes back.
    store_now: i64,
    works: [Option<Begun>; WORKS],
    begun: u8,
    minted: u32,
    /// The highest (order, generation) that was ever stored.
    position: (i64, i64),
}

struct Begun {
    work: Work,
    ids: Vec<StepId>,
    sends: Vec<StepId>,
    /// What this work saved last.
    saved: Option<Record>,
}

fn clients() -> &'static [Client] {
    static CLIENTS: OnceLock<Vec<Client>> = OnceLock::new();
    CLIENTS.get_or_init(|| {
        [
            builder("airwallex").client_secret(CLIENT_SECRET),
            builder("ofx_payments").client_secret(CLIENT_SECRET),
            builder("wise").client_secret(CLIENT_SECRET),
            builder("generic")
                .client_secret(CLIENT_SECRET)
                .next_client_secret(NEXT_SECRET),
            builder("generic").private_key(SignatureAlgorithm::Es256, "key-1"),
        ]
        .map(|builder| builder.build().expect("a client"))
        .into()
    })
}

impl Trial {
    fn new(setup: u8) -> Self {
        Self {
            client: clients()[usize::from(setup) % clients().len()].clone(),
            stored: None,
            now: NOW,
            store_now: NOW.wall,
            works: [None, None, None],
            begun: 0,
            minted: 0,
            position: (0, 0),
        }
    }

    fn play(&mut self, [kind, which, what, time]: [u8; 4]) {
        let steps = [0, 0, 1, 1_000, 3_100, 17_000, 61_000, 300_000, 90_000_000];
        let step = steps[usize::from(time % 9)];
        self.now = match time / 9 % 8 {
            0 => Now {
                wall: self.now.wall + step,
                ..self.now
            },
            1 => Now {
                wall: self.now.wall - step,
                steady: self.now.steady + step,
            },
            _ => self.now.later(step),
        };
        self.store_now += step;
        let slot = usize::from(which) % WORKS;
        match kind % 8 {
            0 => self.begin(slot, what),
            1 => self.misuse(slot, which / 3, what),
            2 => self.late(slot, which / 3, what),
            3 => self.perform(slot, what, true),
            _ => self.perform(slot, what, false),
        }
        self.look(slot);
    }

    fn begin(&mut self, slot: usize, what: u8) {
        self.begun = self.begun.wrapping_add(1);
        let connection = self.client.connection(KEY).expect("a key");
        let command = match what % 8 {
            0 | 1 => Command::obtain(),
            2 => Command::Obtain {
                min_life: Duration::from_secs(u64::from(what) * 10),
            },
            3 => Command::KeepAlive,
            4 => Command::Signal,
            5 => Command::Disconnect,
            6 => Command::Adopt(Box::new(
                Adoption::new(format!("Refresh-Token-{}", what >> 4))
                    .access_token("Access-Token-0", Duration::from_secs(300)),
            )),
            _ => {
                let request = AuthorizationRequest::new(binding());
                let login = self.client.begin(&request, self.now, entropy(what)).expect("a login");
                let state = login.url.split("state=").nth(1).expect("a state");
                let state = state.split('&').next().expect("a state");
                let callback = format!("/callback?tenant=7&code=The-Code-{}&state={state}", what >> 4);
                Command::Finish(Box::new(Finish::callback(login.pending, callback, binding())))
            }
        };
        let health = ClientHealth::new(Some(Duration::from_secs(u64::from(what))), u32::from(what & 3));
        let work = self
            .client
            .work(&connection, command, health, self.now, entropy(self.begun));
        self.works[slot] = Some(Begun {
            work,
            ids: Vec::new(),
            sends: Vec::new(),
            saved: None,
        });
    }

    /// An input that does not answer the step changes nothing.
    fn misuse(&mut self, slot: usize, which: u8, what: u8) {
        let input = match what % 6 {
            0 => Input::Woke,
            1 => Input::SignFailed,
            2 => Input::Saved { store_now: 1 },
            3 => Input::StoreFailed(StoreFailure::Down),
            4 => Input::NotSent,
            _ => Input::Loaded {
                stored: None,
                store_now: 1,
            },
        };
        let now = self.now;
        let Some(begun) = &mut self.works[slot] else { return };
        let id = StepId::new([0, -1, i64::MIN, i64::MAX][usize::from(which) % 4]);
        let before = format!("{:?}", begun.work);
        let error = begun.work.answer(id, now, input).expect_err("no such step");
        assert_eq!(error.action(), &Action::Misuse);
        assert_eq!(before, format!("{:?}", begun.work));
    }

    /// Another word about an earlier request.
    fn late(&mut self, slot: usize, which: u8, what: u8) {
        let now = self.now;
        let reply = self.reply(what);
        let Some(begun) = &mut self.works[slot] else { return };
        let Some(id) = begun.sends.get(usize::from(which) % begun.sends.len().max(1)).copied() else {
            return;
        };
        begun.work.answer(id, now, reply).expect("an answer is never refused");
    }

    fn reply(&mut self, what: u8) -> Input {
        let answer = |status: u16, headers: &[(&str, &str)], body: &str| {
            let headers = headers.iter().map(|(name, value)| ResponseHeader::new(*name, *value));
            HttpResponse::new(status, headers.collect(), body.as_bytes().to_vec())
        };
        self.minted += 1;
        let pair = format!(
            r#"{{"access_token":"Access-Token-{0}","refresh_token":"Refresh-Token-{0}","token_type":"bearer","expires_in":300}}"#,
            self.minted
        );
        let half = pair.get(..60).unwrap_or_default();
        match what % 16 {
            0..=4 => Input::Answer(answer(200, &[], &pair)),
            5 => Input::Answer(answer(200, &[], r#"{"access_token":"Access-Token-x","expires_in":60}"#)),
            6 => Input::Answer(answer(400, &[], r#"{"error":"invalid_grant"}"#)),
            7 => Input::Answer(answer(429, &[("Retry-After", "100000")], "")),
            8 => Input::Answer(answer(503, &[], "<html>")),
            9 => Input::Answer(answer(401, &[], r#"{"error":"invalid_client"}"#)),
            10 => Input::Answer(answer(418, &[("Date", "Thu, 01 Jan 1970 00:00:00 GMT")], "tea")),
            11 => Input::NotSent,
            12 | 13 => Input::NoAnswer {
                over: false,
                partial: None,
            },
            14 => Input::NoAnswer {
                over: true,
                partial: None,
            },
            _ => Input::NoAnswer {
                over: what & 0x10 == 0,
                partial: Some(answer(200, &[], half)),
            },
        }
    }

    /// Does what the work wishes, well or badly.
    fn perform(&mut self, slot: usize, what: u8, badly: bool) {
        let reply = self.reply(what);
        let store_now = self.store_now;
        let Some(begun) = &mut self.works[slot] else { return };
        let (id, step) = begun.work.step();
        let step = step.clone();
        let failure = match what % 3 {
            0 => StoreFailure::Down,
            1 => StoreFailure::Locked,
            _ => StoreFailure::Unknown,
        };
        let input = match step {
            Step::Load { ref key } => {
                assert_eq!(key, KEY);
                if badly {
                    Input::StoreFailed(failure)
                } else {
                    Input::Loaded {
                        stored: self.stored.clone(),
                        store_now,
                    }
                }
            }
            Step::Save(save) => {
                let applied = !badly || (failure == StoreFailure::Unknown && what & 0x10 == 0);
                let saved = applied && self.save(slot, &save);
                match (badly, saved) {
                    (true, _) => Input::StoreFailed(failure),
                    (false, true) => Input::Saved { store_now },
                    (false, false) => Input::Conflict {
                        stored: self.stored.clone(),
                        store_now,
                    },
                }
            }
            Step::Send(send) if self.now.is_past(send.send_by) => Input::NotSent,
            Step::Send(_) => reply,
            Step::Sign(_) if badly => Input::SignFailed,
            Step::Sign(_) => Input::Signed {
                signature: vec![7; 64],
                encoding: SignatureEncoding::Raw,
            },
            Step::Wait(wait) => {
                self.now = self.now.later(wait.delay_ms);
                self.store_now += wait.delay_ms;
                Input::Woke
            }
            Step::Done(_) => return,
        };
        let now = self.now;
        let Some(begun) = &mut self.works[slot] else { return };
        begun.work.answer(id, now, input).expect("it answers the step");
    }

    fn save(&mut self, slot: usize, save: &Save) -> bool {
        let version = self.stored.as_ref().map_or(0, Stored::version);
        assert_eq!((save.key.as_str(), save.version), (KEY, save.expect + 1));
        let text = core::str::from_utf8(save.record.record()).expect("a record is text");
        let record = Record::from_json(text).expect("what is saved can be read");
        assert_eq!(record.to_json().expose(), text);
        assert_eq!(record.state(), save.state);
        for secret in [CLIENT_SECRET, NEXT_SECRET, "The-Code-"] {
            super::assert_unseen(secret, text);
        }
        if version != save.expect {
            return false;
        }
        let position = (record.ledger().order, record.ledger().generation());
        assert!(position >= self.position, "order and generation never go back");
        self.position = position;
        self.stored = Some(save.record.clone());
        if let Some(begun) = &mut self.works[slot] {
            begun.saved = Some(record);
        }
        true
    }

    /// Looks at a work, and holds it to the contract.
    fn look(&mut self, slot: usize) {
        let Some(begun) = &mut self.works[slot] else { return };
        let events = begun.work.events();
        let print = serde_json::to_string(&events).expect("events are JSON")
            + &format!("{events:?} {:?} {:?}", begun.work, begun.work.connection());
        let print = print + &serde_json::to_string(&begun.work.connection().health(self.now)).expect("health is JSON");
        for secret in [
            CLIENT_SECRET,
            NEXT_SECRET,
            "Access-Token-",
            "Refresh-Token-",
            "The-Code-",
        ] {
            super::assert_unseen(secret, &print);
        }
        let (id, step) = begun.work.step();
        if begun.ids.contains(&id) {
            return;
        }
        assert!(begun.ids.iter().all(|known| *known < id), "ids grow");
        match step {
            Step::Send(send) => {
                assert!(send.wait_ms <= send.timeout_ms && send.wait_ms > 0);
                assert_eq!(send.request.url(), self.client.token_endpoint().as_str());
                // Save before send: what this work saved last holds the attempt or the login, open.
                let saved = begun.saved.as_ref().expect("nothing is sent before a save");
                let ledger = saved.ledger();
                let is_code = send.request.body().contains("The-Code-");
                let open = if is_code {
                    ledger.logins.iter().any(|login| login.fate == LoginFate::Open)
                } else {
                    ledger.attempts.iter().any(|attempt| attempt.fate == Fate::Open)
                };
                assert!(open, "a request without its entry: {ledger:?}");
                begun.sends.push(id);
            }
            Step::Wait(wait) => assert!((0..1 << 31).contains(&wait.delay_ms)),
            Step::Done(result) => {
                let print = format!("{result:?}");
                for secret in [
                    CLIENT_SECRET,
                    NEXT_SECRET,
                    "Access-Token-",
                    "Refresh-Token-",
                    "The-Code-",
                ] {
                    super::assert_unseen(secret, &print);
                }
            }
            _ => {}
        }
        begun.ids.push(id);
    }

    /// Store and provider are well again: every work comes to its end.
    fn settle(&mut self) {
        for slot in 0..WORKS {
            let mut steps = 0;
            while let Some(begun) = &self.works[slot]
                && !matches!(begun.work.step().1, Step::Done(_))
            {
                self.perform(slot, 0, false);
                self.look(slot);
                steps += 1;
                assert!(steps < 500, "a work that never ends");
            }
        }
    }
}
