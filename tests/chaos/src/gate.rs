//! The way to a provider: every request passes here, some get lost, and all are written down.
//!
//! The gate reads refresh tokens, so it knows which connection and which token each request is about, and keeps the faults
//! of one token below what the protocol promises to bear. It also keeps the assumption that every proof needs (A2): a
//! request that arrives later than requests can is dropped, as a network would have lost it long before.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::host::{SEND_BY, WHO};
use crate::http::{self, Message, parameter};
use crate::rng::Rng;
use crate::time::Scale;

/// How long after its last moment of sending a request may be processed.
const TRANSIT: i64 = 3_000;
/// A request is let in up to this long after it; the rest of the transit is for the provider to act.
const ENTRANCE: i64 = 1_500;

/// What happened to one request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: i64,
    /// Whose connection.
    pub key: String,
    /// Which refresh token of that connection, in the order of issue.
    pub serial: u32,
    /// Which process sent it.
    pub who: String,
    /// What.
    pub what: What,
}

/// What a gate writes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The request arrived.
    Arrived,
    /// A fault was made.
    Fault(&'static str),
    /// It arrived later than requests can, and was dropped.
    TooLate,
    /// The provider answered.
    Processed {
        /// With this status.
        status: u16,
        /// With this refresh token.
        issued: Option<u32>,
        /// Later than a request may be processed: the assumption A2 may be broken.
        late: bool,
    },
    /// The answer was written to the sender.
    Delivered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    RequestLost,
    RequestLostSilently,
    AnswerLost,
    AnswerLostSilently,
    EarlyReset,
    SlowAnswer,
    RefusedBefore,
    RefusedAfter,
    Throttled,
    ThrottledWithoutWord,
    CutOff,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::RequestLost => "request lost",
            Self::RequestLostSilently => "request lost silently",
            Self::AnswerLost => "answer lost",
            Self::AnswerLostSilently => "answer lost silently",
            Self::EarlyReset => "early reset",
            Self::SlowAnswer => "slow answer",
            Self::RefusedBefore => "5xx before",
            Self::RefusedAfter => "5xx after",
            Self::Throttled => "429 with Retry-After",
            Self::ThrottledWithoutWord => "429",
            Self::CutOff => "answer cut off",
        }
    }
}

/// How often each strikes, in a thousand requests, where there is a window.
const WITH_WINDOW: [(Fault, u64); 11] = [
    (Fault::RequestLost, 35),
    (Fault::RequestLostSilently, 20),
    (Fault::AnswerLost, 60),
    (Fault::AnswerLostSilently, 35),
    (Fault::EarlyReset, 35),
    (Fault::SlowAnswer, 40),
    (Fault::RefusedBefore, 30),
    (Fault::RefusedAfter, 50),
    (Fault::Throttled, 20),
    (Fault::ThrottledWithoutWord, 15),
    (Fault::CutOff, 30),
];
/// Where there is none: nothing that loses an answer after the provider has acted, which nobody could bear.
const WITHOUT_WINDOW: [(Fault, u64); 6] = [
    (Fault::RequestLost, 35),
    (Fault::RequestLostSilently, 20),
    (Fault::SlowAnswer, 40),
    (Fault::RefusedBefore, 30),
    (Fault::Throttled, 20),
    (Fault::ThrottledWithoutWord, 15),
];

/// One refresh token.
#[derive(Clone, Debug)]
struct Node {
    key: String,
    serial: u32,
    faults: u32,
    requests: u64,
}

#[derive(Default)]
struct State {
    nodes: HashMap<String, Node>,
    issued: HashMap<String, u32>,
    seen: Vec<Seen>,
    /// Whose login is under way.
    login: Option<String>,
    false_rejections: u64,
}

/// What all gates of a run share.
#[derive(Clone)]
pub struct Watch {
    scale: Scale,
    seed: u64,
    calm: Arc<AtomicBool>,
    state: Arc<Mutex<State>>,
}

impl Watch {
    /// Gates that make no faults yet.
    pub fn new(scale: Scale, seed: u64) -> Self {
        Self {
            scale,
            seed,
            calm: Arc::new(AtomicBool::new(true)),
            state: Arc::default(),
        }
    }

    /// Faults begin, or end.
    pub fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::SeqCst);
    }

    /// The next code exchange is this connection's.
    pub fn expect_login(&self, key: &str) {
        self.state().login = Some(key.to_owned());
    }

    /// Everything so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How many good access tokens were rejected at a resource.
    pub fn false_rejections(&self) -> u64 {
        self.state().false_rejections
    }

    /// Which of its connection's tokens a refresh token is, and how many there were.
    pub fn serial(&self, refresh_token: &str) -> Option<(u32, u32)> {
        let state = self.state();
        let node = state.nodes.get(refresh_token)?;
        Some((node.serial, state.issued.get(&node.key).copied().unwrap_or(0)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a gate before `upstream` (`host:port`); says where it listens. `token` is the path of token requests, and
    /// `most_faults` how many faults one refresh token has to bear.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn open(&self, upstream: &str, token: &str, has_window: bool, most_faults: u32) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let gate = Gate {
            watch: self.clone(),
            upstream: upstream.to_owned(),
            token: token.to_owned(),
            has_window,
            most_faults,
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let gate = gate.clone();
                std::thread::spawn(move || gate.serve(stream));
            }
        });
        Ok(address)
    }
}

#[derive(Clone)]
struct Gate {
    watch: Watch,
    upstream: String,
    token: String,
    has_window: bool,
    most_faults: u32,
}

/// A refresh on its way.
struct Passage {
    key: String,
    serial: u32,
    who: String,
    /// When the provider must have acted.
    last: i64,
}

impl Gate {
    fn serve(&self, mut stream: TcpStream) {
        let request = http::read(&mut stream, Duration::from_secs(5));
        // Half a request is none.
        if !request.whole {
            return;
        }
        if request.target() != self.token {
            return self.resource(&mut stream, &request);
        }
        let body = String::from_utf8_lossy(&request.body).into_owned();
        match parameter(&body, "refresh_token") {
            Some(token) => self.refresh(stream, &request, &token),
            None => {
                let answer = self.forward(&request);
                let login = self.watch.state().login.take();
                if let (Some(key), Some(token)) = (login, refresh_token(&answer)) {
                    self.admit(&key, &token);
                }
                let _ = stream.write_all(&answer.bytes());
            }
        }
    }

    /// A resource now and then rejects a good token.
    fn resource(&self, stream: &mut TcpStream, request: &Message) {
        let number = {
            let mut state = self.watch.state();
            state.false_rejections += 1;
            state.false_rejections
        };
        let mut rng = Rng::of(self.watch.seed, &format!("resource {number}"));
        let strikes = !self.watch.calm.load(Ordering::SeqCst) && rng.permille(20);
        if !strikes {
            self.watch.state().false_rejections -= 1;
        }
        let answer = if strikes {
            Message::answer(401, &[], "{}")
        } else {
            self.forward(request)
        };
        let _ = stream.write_all(&answer.bytes());
    }

    fn refresh(&self, mut stream: TcpStream, request: &Message, token: &str) {
        let scale = self.watch.scale;
        let Some((passage, fault)) = self.enter(request, token) else {
            let answer = self.forward(request);
            let _ = stream.write_all(&answer.bytes());
            return;
        };
        match fault {
            Some(Fault::RequestLost) => {}
            Some(Fault::RequestLostSilently) => {
                std::thread::sleep(scale.real(25_000));
            }
            Some(Fault::RefusedBefore) => self.deliver(&mut stream, &passage, &Message::answer(503, &[], "<html>")),
            Some(Fault::Throttled) => {
                let answer = Message::answer(429, &[("Retry-After", "4")], "{}");
                self.deliver(&mut stream, &passage, &answer);
            }
            Some(Fault::ThrottledWithoutWord) => {
                let body = r#"{"code":"too_many_requests","message":"Rate Limit Exceeded."}"#;
                self.deliver(&mut stream, &passage, &Message::answer(429, &[], body));
            }
            Some(Fault::EarlyReset) => {
                let _ = stream.shutdown(Shutdown::Both);
                drop(stream);
                // As late as a request may still live.
                let left = passage.last - TRANSIT + ENTRANCE - 300 - scale.now();
                std::thread::sleep(scale.real(left));
                self.act(request, &passage);
            }
            Some(Fault::AnswerLost) => {
                self.act(request, &passage);
            }
            Some(Fault::AnswerLostSilently) => {
                self.act(request, &passage);
                std::thread::sleep(scale.real(25_000));
            }
            Some(Fault::RefusedAfter) => {
                if self.act(request, &passage).is_some() {
                    self.deliver(&mut stream, &passage, &Message::answer(502, &[], "<html>"));
                }
            }
            Some(Fault::CutOff) => {
                if let Some(answer) = self.act(request, &passage) {
                    let bytes = answer.bytes();
                    let _ = stream.write_all(&bytes[..bytes.len() - answer.body.len() / 2]);
                }
            }
            Some(Fault::SlowAnswer) => {
                if let Some(answer) = self.act(request, &passage) {
                    let mut rng = Rng::of(self.watch.seed, token);
                    std::thread::sleep(scale.real(rng.between(4_000, 30_000)));
                    self.deliver(&mut stream, &passage, &answer);
                }
            }
            None => {
                if let Some(answer) = self.act(request, &passage) {
                    self.deliver(&mut stream, &passage, &answer);
                }
            }
        }
    }

    /// Whose request it is, and what is to happen to it; nothing for a token that nobody was given.
    fn enter(&self, request: &Message, token: &str) -> Option<(Passage, Option<Fault>)> {
        let now = self.watch.scale.now();
        let send_by = request.header(SEND_BY).and_then(|at| at.parse().ok());
        let mut state = self.watch.state();
        let node = state.nodes.get_mut(token)?;
        node.requests += 1;
        let purpose = format!("{} {} {}", node.key, node.serial, node.requests);
        let may = !self.watch.calm.load(Ordering::SeqCst) && node.faults < self.most_faults;
        let fault = self.fault(&mut Rng::of(self.watch.seed, &purpose)).filter(|_| may);
        node.faults += u32::from(fault.is_some());
        let passage = Passage {
            key: node.key.clone(),
            serial: node.serial,
            who: request.header(WHO).unwrap_or_default().to_owned(),
            last: send_by.unwrap_or(now).saturating_add(TRANSIT),
        };
        drop(state);
        self.note(&passage, What::Arrived);
        if let Some(fault) = fault {
            self.note(&passage, What::Fault(fault.name()));
        }
        Some((passage, fault))
    }

    fn fault(&self, rng: &mut Rng) -> Option<Fault> {
        let list: &[(Fault, u64)] = if self.has_window { &WITH_WINDOW } else { &WITHOUT_WINDOW };
        let mut drawn = rng.below(1000);
        for (fault, part) in list {
            if drawn < *part {
                return Some(*fault);
            }
            drawn -= *part;
        }
        None
    }

    /// Has the provider act, where it is not too late for that.
    fn act(&self, request: &Message, passage: &Passage) -> Option<Message> {
        if self.watch.scale.now() > passage.last - TRANSIT + ENTRANCE {
            self.note(passage, What::TooLate);
            return None;
        }
        let answer = self.forward(request);
        let late = self.watch.scale.now() > passage.last;
        let issued = refresh_token(&answer).map(|token| self.admit(&passage.key, &token));
        let status = answer.status();
        self.note(passage, What::Processed { status, issued, late });
        Some(answer)
    }

    fn deliver(&self, stream: &mut TcpStream, passage: &Passage, answer: &Message) {
        if stream.write_all(&answer.bytes()).is_ok() && answer.status() == 200 {
            self.note(passage, What::Delivered);
        }
    }

    fn forward(&self, request: &Message) -> Message {
        http::call(&self.upstream, &request.bytes(), Duration::from_secs(10)).unwrap_or_default()
    }

    /// Remembers whose refresh token this is; says which one.
    fn admit(&self, key: &str, token: &str) -> u32 {
        let mut state = self.watch.state();
        if let Some(node) = state.nodes.get(token) {
            return node.serial;
        }
        let count = state.issued.entry(key.to_owned()).or_default();
        *count += 1;
        let node = Node {
            key: key.to_owned(),
            serial: *count,
            faults: 0,
            requests: 0,
        };
        let serial = node.serial;
        state.nodes.insert(token.to_owned(), node);
        serial
    }

    fn note(&self, passage: &Passage, what: What) {
        let seen = Seen {
            at: self.watch.scale.now(),
            key: passage.key.clone(),
            serial: passage.serial,
            who: passage.who.clone(),
            what,
        };
        self.watch.state().seen.push(seen);
    }
}

fn refresh_token(answer: &Message) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body.get("refresh_token")?.as_str().map(str::to_owned)
}
