//! The machine that obtains a client-credentials token.
//!
//! States are named for what they await. Nothing is spent by such a request, so it is repeated where that may help, but
//! within one work never after more than five seconds of waiting.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use zeroize::Zeroizing;

use crate::base::entropy::Entropy;
use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::http::HttpRequest;
use crate::base::time::Now;
use crate::client::assertion::SignatureEncoding;
use crate::client::authentication::SecretChoice;
use crate::flow::event::Event;
use crate::flow::faults::{fresh_token_rejected, signing_failed};
use crate::flow::input::Input;
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::service_token::{ServiceToken, ServiceTokenCommand};
use crate::flow::step::{Send, Step, StepId, Wait};
use crate::message::access_token::AccessToken;
use crate::message::token_answer::{EvidenceKind, Reply, Settled, Verdict};
use crate::message::token_request::{Prepared, TokenRequest, Unsigned};

/// What one work waits by itself, all waits together.
const LONGEST_WAIT: i64 = 5_000;
/// While a token still serves, an exchange may take half of what that token has left, but this much at least.
const SHORTEST_TIMEOUT: i64 = 1_000;
/// What one work sends, at most, a second client secret apart.
const MOST_TRIES: u32 = 3;

/// The work of obtaining or replacing a service token: a [`Machine`].
#[derive(Clone)]
pub struct ServiceTokenWork {
    token: ServiceToken,
    min_life: Duration,
    /// The fingerprint of a token that a resource rejected: it is not handed out again by this work.
    rejected: Option<String>,
    /// The token that serves while another is fetched: with it, one try is enough and nothing is an outage.
    in_hand: Option<AccessToken>,
    entropy: Zeroizing<[u8; 32]>,
    state: State,
    step: Step,
    number: i64,
    sends: Vec<Sent>,
    tries: u32,
    waited: i64,
    tried_other_secret: bool,
    events: Vec<Event>,
}

/// A request that was put on the table, and whether its end is known.
#[derive(Clone, Copy)]
struct Sent {
    id: StepId,
    at: Now,
    settled: bool,
    choice: SecretChoice,
}

#[derive(Clone)]
enum State {
    AwaitsSignature(Box<Unsigned>),
    AwaitsAnswer,
    AwaitsWaking,
    Done,
}

impl ServiceToken {
    /// A machine that carries out the command. At most one runs at a time for one value.
    pub fn work(&self, command: ServiceTokenCommand, now: Now, entropy: [u8; 32]) -> ServiceTokenWork {
        ServiceTokenWork::begin(self.clone(), command, now, entropy)
    }
}

impl ServiceTokenWork {
    fn begin(token: ServiceToken, command: ServiceTokenCommand, now: Now, entropy: [u8; 32]) -> Self {
        let min_life = match &command {
            ServiceTokenCommand::Obtain { min_life } => *min_life,
            ServiceTokenCommand::Rejected { .. } => Duration::ZERO,
        };
        let rejected = match &command {
            ServiceTokenCommand::Obtain { .. } => None,
            ServiceTokenCommand::Rejected { fingerprint } => Some(fingerprint.clone()),
        };
        let mut work = Self {
            token,
            min_life,
            rejected,
            in_hand: None,
            entropy: Zeroizing::new(entropy),
            state: State::AwaitsWaking,
            // Replaced before anyone sees it.
            step: Step::Wait(Wait { delay_ms: 0 }),
            number: 0,
            sends: Vec::new(),
            tries: 0,
            waited: 0,
            tried_other_secret: false,
            events: Vec::new(),
        };
        work.start(&command, now);
        work
    }

    /// The service token as this work leaves it: take it over once the step is `Done`, and again after a late answer.
    pub fn service_token(&self) -> &ServiceToken {
        &self.token
    }

    fn start(&mut self, command: &ServiceTokenCommand, now: Now) {
        let in_hand = self.token.token(now, self.min_life).cloned();
        match (command, in_hand) {
            (ServiceTokenCommand::Obtain { .. }, Some(token)) if !self.token.is_near_its_end(now) => {
                self.finish(Ok(Outcome::ServiceToken(token)));
            }
            // Somebody else has replaced it already.
            (ServiceTokenCommand::Rejected { .. }, Some(token)) if !self.is_rejected(&token) => {
                self.finish(Ok(Outcome::ServiceToken(token)));
            }
            (ServiceTokenCommand::Rejected { .. }, Some(_)) => {
                match (self.token.backing_off(now), self.token.rejection_left(now)) {
                    (Some(error), _) => self.finish(Err(error)),
                    (None, 0) => self.send(now),
                    (None, left) => {
                        self.events.push(Event::FreshTokenRejected);
                        self.finish(Err(fresh_token_rejected(left)));
                    }
                }
            }
            (_, in_hand) => match (self.token.backing_off(now), in_hand) {
                (None, in_hand) => {
                    self.in_hand = in_hand;
                    self.send(now);
                }
                (Some(_), Some(token)) => self.finish(Ok(Outcome::ServiceToken(token))),
                (Some(error), None) => self.finish(Err(error)),
            },
        }
    }

    fn is_rejected(&self, token: &AccessToken) -> bool {
        self.rejected
            .as_ref()
            .is_some_and(|rejected| *rejected == token.fingerprint())
    }

    /// Puts the next request on the table, or what must be signed for it.
    fn send(&mut self, now: Now) {
        self.tries = self.tries.saturating_add(1);
        let prepared = Entropy::new(*self.entropy).and_then(|entropy| {
            let request = TokenRequest::client_credentials(&self.token.scopes);
            // Every request has an assertion id and a correlation id of its own.
            let fresh = entropy.child(self.number);
            self.token.client.token_request(&request, self.token.choice, now, fresh)
        });
        match prepared {
            Err(error) => self.end_without(error, now, None),
            Ok(Prepared::Ready(request)) => self.put_request(request, now),
            Ok(Prepared::Unsigned(unsigned)) => {
                let step = Step::Sign(unsigned.sign().clone());
                self.put(State::AwaitsSignature(Box::new(unsigned)), step);
            }
        }
    }

    fn put_request(&mut self, request: HttpRequest, now: Now) {
        let mut send = Send::new(request, now, self.token.client.wants_client_certificate());
        if let Some(left) = self.in_hand.as_ref().and_then(|token| token.remaining_ms(now)) {
            // The exchange is over while the token in hand still serves.
            send.timeout_ms = send.timeout_ms.min((left / 2).max(SHORTEST_TIMEOUT));
            send.wait_ms = send.timeout_ms;
        }
        let step = Step::Send(send);
        let id = self.put(State::AwaitsAnswer, step);
        self.sends.push(Sent {
            id,
            at: now,
            settled: false,
            choice: self.token.choice,
        });
    }

    fn put(&mut self, state: State, step: Step) -> StepId {
        self.number = self.number.saturating_add(1);
        self.state = state;
        self.step = step;
        StepId::new(self.number)
    }

    fn finish(&mut self, result: Result<Outcome, OAuthError>) {
        self.put(State::Done, Step::Done(Box::new(result)));
    }

    /// What came of a request, in time or late.
    fn settle(&mut self, id: StepId, now: Now, reply: Reply<'_>) {
        let Some(sent) = self.sends.iter_mut().find(|sent| sent.id == id) else {
            return;
        };
        let (at, choice) = (sent.at, sent.choice);
        let request = TokenRequest::client_credentials(&self.token.scopes);
        let settled = self.token.client.settle(&request, reply, now);
        self.events.extend(
            settled
                .evidence
                .oddities
                .iter()
                .map(|oddity| Event::AnswerOddity { oddity: *oddity }),
        );
        let is_current = StepId::new(self.number) == id;
        if self.take(&settled, at, choice, now) {
            match self.token.token(now, Duration::ZERO).cloned() {
                Some(token) if self.is_rejected(&token) => {
                    self.events.push(Event::FreshTokenRejected);
                    self.finish(Err(fresh_token_rejected(self.token.rejection_left(now))));
                }
                Some(token) => self.finish(Ok(Outcome::ServiceToken(token))),
                None => self.end_without(stillborn(), now, None),
            }
        } else if is_current {
            self.fail(&settled, now);
        }
    }

    /// Takes the token of an answer, if it has one.
    fn take(&mut self, settled: &Settled, sent: Now, choice: SecretChoice, now: Now) -> bool {
        let Verdict::Answered(tokens) = &settled.verdict else {
            return false;
        };
        let (Some(token), Ok(entropy)) = (tokens.in_use(sent), Entropy::new(*self.entropy)) else {
            return false;
        };
        if self.token.hold(token, sent, tokens.access_life_ms, now, &entropy) {
            if self.rejected.is_some() {
                self.token.replaced(now);
            }
            self.token.choice = choice;
            self.events.push(Event::ServiceTokenObtained {
                life_ms: tokens.access_life_ms,
                with_next_secret: choice == SecretChoice::Next,
            });
        }
        true
    }

    /// The current request brought nothing: the other secret, a wait and another try, or the end.
    fn fail(&mut self, settled: &Settled, now: Now) {
        let kind = settled.evidence.kind;
        let refuses_client = matches!(kind, EvidenceKind::ClientRefused | EvidenceKind::Unauthorized);
        if refuses_client && self.token.client.has_next_client_secret() && !self.tried_other_secret {
            self.tried_other_secret = true;
            self.tries = self.tries.saturating_sub(1);
            self.token.choice = self.token.choice.other();
            return self.send(now);
        }
        if refuses_client && self.tried_other_secret {
            // Neither is accepted, so neither is known to work: begin with the same one next time.
            self.token.choice = self.token.choice.other();
        }
        let asked = settled.evidence.retry_after_ms;
        let wait = asked.unwrap_or(500_i64.saturating_mul(i64::from(self.tries)));
        if self.in_hand.is_none()
            && may_help(kind)
            && self.tries < MOST_TRIES
            && self.waited.saturating_add(wait) <= LONGEST_WAIT
        {
            self.waited = self.waited.saturating_add(wait);
            self.put(State::AwaitsWaking, Step::Wait(Wait { delay_ms: wait }));
            return;
        }
        let error = settled.error().unwrap_or_else(unusable);
        self.end_without(error, now, asked);
    }

    /// No new token: the one in hand where it lives, else the error, with the time until the next try.
    fn end_without(&mut self, error: OAuthError, now: Now, asked: Option<i64>) {
        self.token.failed(now, asked, &error);
        let code = error.code();
        let error = self.token.backing_off(now).unwrap_or(error);
        let lives = |token: &AccessToken| token.remaining_ms(now) != Some(0);
        let serving = self.token.token(now, self.min_life).or(self.in_hand.as_ref());
        let serving = serving
            .filter(|token| lives(token) && !self.is_rejected(token))
            .cloned();
        if let Some(fingerprint) = &self.rejected {
            self.token.doubted(fingerprint);
        }
        let still_serving = serving.is_some();
        self.events.push(Event::ServiceTokenFailed { code, still_serving });
        self.finish(serving.map(Outcome::ServiceToken).ok_or(error));
    }

    fn sign(&mut self, unsigned: Unsigned, now: Now, signature: &[u8], encoding: SignatureEncoding) {
        match unsigned.complete(signature, encoding) {
            Ok(request) => self.put_request(request, now),
            Err(error) => self.end_without(error, now, None),
        }
    }

    fn is_send(&self, id: StepId) -> bool {
        self.sends.iter().any(|sent| sent.id == id)
    }

    /// What came of a request; a second word about one that is over is ignored.
    fn take_reply(&mut self, id: StepId, now: Now, reply: Reply<'_>, over: bool) {
        let Some(sent) = self.sends.iter_mut().find(|sent| sent.id == id && !sent.settled) else {
            return;
        };
        sent.settled = over;
        self.settle(id, now, reply);
    }
}

impl Machine for ServiceTokenWork {
    fn step(&self) -> (StepId, &Step) {
        (StepId::new(self.number), &self.step)
    }

    fn answer(&mut self, id: StepId, now: Now, input: Input) -> Result<(), OAuthError> {
        let is_current = StepId::new(self.number) == id;
        match (&self.state, input) {
            // What came of a Send, also of an earlier one and after Done: an answer is never refused.
            (_, Input::Answer(answer)) if self.is_send(id) => self.take_reply(id, now, Reply::Answer(&answer), true),
            (_, Input::NotSent) if self.is_send(id) => self.take_reply(id, now, Reply::NotSent, true),
            (_, Input::NoAnswer { over, partial }) if self.is_send(id) => {
                self.take_reply(id, now, Reply::NoAnswer(partial.as_ref()), over);
            }
            (State::AwaitsSignature(unsigned), Input::Signed { signature, encoding }) if is_current => {
                let unsigned = (**unsigned).clone();
                self.sign(unsigned, now, &signature, encoding);
            }
            (State::AwaitsSignature(_), Input::SignFailed) if is_current => {
                self.end_without(signing_failed(), now, None);
            }
            (State::AwaitsWaking, Input::Woke) if is_current => self.send(now),
            (_, input) => return Err(input.unexpected()),
        }
        Ok(())
    }

    fn events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }
}

impl fmt::Debug for ServiceTokenWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceTokenWork(step {}, {:?})", self.number, self.step)
    }
}

/// Whether the same request may fare better in a moment.
fn may_help(kind: EvidenceKind) -> bool {
    matches!(
        kind,
        EvidenceKind::NotSent | EvidenceKind::NoAnswer | EvidenceKind::Throttled | EvidenceKind::ServerFault
    )
}

fn unusable() -> OAuthError {
    OAuthError::new(
        Party::Provider,
        ErrorCode::UnexpectedAnswer,
        Action::RetryAfter { delay_ms: 5_000 },
        "the provider's answer has no usable access token",
    )
}

fn stillborn() -> OAuthError {
    OAuthError::new(
        Party::Provider,
        ErrorCode::UnexpectedAnswer,
        Action::RetryAfter { delay_ms: 1_000 },
        "the token was over before its answer came",
    )
}
