//! The machine for client credentials.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evergrant::flow::event::Event;
use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{self, ServiceTokenCommand};
use evergrant::flow::service_token_work;
use evergrant::flow::step::{self, StepId};

use crate::access_token::AccessToken;
use crate::client::Client;
use crate::clock::{self, Now};
use crate::error::OAuthError;
use crate::http::HttpResponse;
use crate::step::Step;

/// A client-credentials token and its renewal, as a plain value. It lives in memory only.
///
/// `token` answers without a step. When it gives nothing, or `wants_renewal` says yes, run a work, and take over the
/// value that its `service_token` leaves.
#[derive(uniffi::Object)]
#[uniffi::export(Debug)]
pub struct ServiceToken(service_token::ServiceToken);

#[uniffi::export]
impl ServiceToken {
    /// A service token that has not been obtained yet. Without scopes, the profile's default is asked for.
    #[uniffi::constructor(default(scopes = []))]
    pub fn new(client: Arc<Client>, scopes: Vec<String>) -> Self {
        Self(service_token::ServiceToken::new(client.0.clone(), scopes))
    }

    /// The token, while it lives and has at least so much life left.
    #[uniffi::method(default(min_life_ms = 0))]
    pub fn token(&self, now: Now, min_life_ms: i64) -> Option<Arc<AccessToken>> {
        let token = self.0.token(now.into(), millis(min_life_ms)).cloned();
        token.map(|token| Arc::new(AccessToken(token)))
    }

    /// Whether it is time to run a work; after a failure, not before the next try is due.
    pub fn wants_renewal(&self, now: Now) -> bool {
        self.0.wants_renewal(now.into())
    }

    /// A machine that ends with a live token; the one in hand if it will do. At most one runs at a time for one value.
    #[uniffi::method(default(min_life_ms = 0))]
    pub fn obtain(&self, now: Now, entropy: Vec<u8>, min_life_ms: i64) -> ServiceTokenWork {
        let min_life = millis(min_life_ms);
        self.work(ServiceTokenCommand::Obtain { min_life }, now, &entropy)
    }

    /// A machine that replaces the token with this fingerprint, to which a resource answered 401.
    pub fn rejected(&self, fingerprint: String, now: Now, entropy: Vec<u8>) -> ServiceTokenWork {
        self.work(ServiceTokenCommand::Rejected { fingerprint }, now, &entropy)
    }
}

impl ServiceToken {
    fn work(&self, command: ServiceTokenCommand, now: Now, entropy: &[u8]) -> ServiceTokenWork {
        let work = self.0.work(command, now.into(), clock::entropy(entropy));
        ServiceTokenWork(Mutex::new(work))
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).unsigned_abs())
}

/// The form of a signature that the host hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SignatureEncoding {
    /// As JWS wants it: r and s side by side, or the plain octets of RSA and Ed25519.
    Raw,
    /// ASN.1 DER of an ECDSA signature (key management services, Secure Enclave, Android Keystore).
    Der,
}

impl From<SignatureEncoding> for step::SignatureEncoding {
    fn from(encoding: SignatureEncoding) -> Self {
        match encoding {
            SignatureEncoding::Raw => Self::Raw,
            SignatureEncoding::Der => Self::Der,
        }
    }
}

/// The work of obtaining or replacing a service token: a machine that never calls out.
///
/// It shows a step, the host performs it and hands in what came of it. An input that does not answer the current step is
/// an error of the case `Misuse` and changes nothing; but `answer`, `not_sent` and `no_answer` to an earlier send are
/// always taken, also after the end.
#[derive(uniffi::Object)]
pub struct ServiceTokenWork(Mutex<service_token_work::ServiceTokenWork>);

#[uniffi::export]
impl ServiceTokenWork {
    /// The current step, as often as asked.
    pub fn step(&self) -> Step {
        Step::new(self.machine().step())
    }

    /// What happened since the last call.
    pub fn events(&self) -> Vec<Event> {
        self.machine().events()
    }

    /// The service token as this work leaves it: take it over at the end, and again after a late answer.
    pub fn service_token(&self) -> ServiceToken {
        ServiceToken(self.machine().service_token().clone())
    }

    /// A whole answer came.
    pub fn answer(&self, id: i64, now: Now, response: Arc<HttpResponse>) -> Result<(), OAuthError> {
        self.input(id, now, Input::Answer(response.0.clone()))
    }

    /// The request certainly never left: no connection, or not one byte written.
    pub fn not_sent(&self, id: i64, now: Now) -> Result<(), OAuthError> {
        self.input(id, now, Input::NotSent)
    }

    /// No whole answer came; the provider may have acted.
    ///
    /// `over`: nothing can come any more, else the host only stopped waiting. `partial`: what was read.
    #[uniffi::method(default(partial = None))]
    pub fn no_answer(
        &self,
        id: i64,
        now: Now,
        over: bool,
        partial: Option<Arc<HttpResponse>>,
    ) -> Result<(), OAuthError> {
        let partial = partial.map(|response| response.0.clone());
        self.input(id, now, Input::NoAnswer { over, partial })
    }

    /// The host signed.
    pub fn signed(&self, id: i64, now: Now, signature: Vec<u8>, encoding: SignatureEncoding) -> Result<(), OAuthError> {
        let encoding = encoding.into();
        self.input(id, now, Input::Signed { signature, encoding })
    }

    /// The host could not sign.
    pub fn sign_failed(&self, id: i64, now: Now) -> Result<(), OAuthError> {
        self.input(id, now, Input::SignFailed)
    }

    /// The wait is over.
    pub fn woke(&self, id: i64, now: Now) -> Result<(), OAuthError> {
        self.input(id, now, Input::Woke)
    }
}

impl ServiceTokenWork {
    fn input(&self, id: i64, now: Now, input: Input) -> Result<(), OAuthError> {
        Ok(self.machine().answer(StepId::new(id), now.into(), input)?)
    }

    /// No call of the core panics, so a poisoned lock holds a whole machine.
    fn machine(&self) -> MutexGuard<'_, service_token_work::ServiceTokenWork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

crate::print::as_the_core_does!(ServiceToken);
