//! The machine for client credentials.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use evergrant::flow::input::Input;
use evergrant::flow::machine::Machine;
use evergrant::flow::service_token::{self, ServiceTokenCommand};
use evergrant::flow::service_token_work;
use evergrant::flow::step::{SignatureEncoding, StepId};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::json::{Fallible, thrown, to_json};
use crate::machines::access_token::AccessToken;
use crate::machines::client::Client;
use crate::machines::http::HttpResponse;
use crate::machines::numbers::{entropy, integer, now};
use crate::machines::step;

/// The scopes of a service token, put together one by one: the core judges each as it is.
#[wasm_bindgen]
#[derive(Default)]
pub struct Scopes(Vec<String>);

#[wasm_bindgen]
impl Scopes {
    /// No scopes.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a scope.
    pub fn scope(&mut self, scope: String) {
        self.0.push(scope);
    }
}

/// A client-credentials token and its renewal.
#[wasm_bindgen]
pub struct ServiceToken(service_token::ServiceToken);

#[wasm_bindgen]
impl ServiceToken {
    /// A service token that has not been obtained yet.
    #[wasm_bindgen(constructor)]
    pub fn new(client: &Client, scopes: Scopes) -> Self {
        Self(service_token::ServiceToken::new(client.0.clone(), scopes.0))
    }

    /// The token, while it lives and has enough life left.
    pub fn token(&self, wall: f64, steady: f64, min_life_ms: f64) -> Option<AccessToken> {
        self.0
            .token(now(wall, steady), life(min_life_ms))
            .cloned()
            .map(AccessToken)
    }

    /// Whether it is time to run a work.
    #[wasm_bindgen(js_name = wantsRenewal)]
    pub fn wants_renewal(&self, wall: f64, steady: f64) -> bool {
        self.0.wants_renewal(now(wall, steady))
    }

    /// A machine that obtains a token.
    pub fn obtain(&self, min_life_ms: f64, wall: f64, steady: f64, random: &[u8]) -> ServiceTokenWork {
        let min_life = life(min_life_ms);
        self.work(ServiceTokenCommand::Obtain { min_life }, wall, steady, random)
    }

    /// A machine that replaces a token that a resource rejected.
    pub fn rejected(&self, fingerprint: String, wall: f64, steady: f64, random: &[u8]) -> ServiceTokenWork {
        self.work(ServiceTokenCommand::Rejected { fingerprint }, wall, steady, random)
    }
}

impl ServiceToken {
    fn work(&self, command: ServiceTokenCommand, wall: f64, steady: f64, random: &[u8]) -> ServiceTokenWork {
        ServiceTokenWork(self.0.work(command, now(wall, steady), entropy(random)))
    }
}

fn life(ms: f64) -> Duration {
    Duration::from_millis(integer(ms).max(0).unsigned_abs())
}

/// The work of obtaining or replacing a service token.
#[wasm_bindgen]
pub struct ServiceTokenWork(service_token_work::ServiceTokenWork);

#[wasm_bindgen]
impl ServiceTokenWork {
    /// The number that names the current step.
    #[wasm_bindgen(js_name = stepId)]
    pub fn step_id(&self) -> f64 {
        self.0.step().0.number() as f64
    }

    /// The current step as JSON; a request's headers and body hold secrets.
    pub fn step(&self) -> String {
        step::show(self.0.step().1)
    }

    /// The record to save or the bytes to sign.
    #[wasm_bindgen(js_name = stepBytes)]
    pub fn step_bytes(&self) -> Option<Vec<u8>> {
        step::bytes(self.0.step().1)
    }

    /// The error that the machine ended with, as JSON.
    #[wasm_bindgen(js_name = stepError)]
    pub fn step_error(&self) -> Option<String> {
        step::error(self.0.step().1)
    }

    /// The token that the machine ended with.
    #[wasm_bindgen(js_name = stepAccessToken)]
    pub fn step_access_token(&self) -> Option<AccessToken> {
        step::access_token(self.0.step().1)
    }

    /// What happened since the last call, as a JSON list.
    pub fn events(&mut self) -> String {
        to_json(&self.0.events())
    }

    /// The service token as this work leaves it.
    #[wasm_bindgen(js_name = serviceToken)]
    pub fn service_token(&self) -> ServiceToken {
        ServiceToken(self.0.service_token().clone())
    }

    /// A whole answer came.
    pub fn answer(&mut self, id: f64, wall: f64, steady: f64, response: HttpResponse) -> Fallible<()> {
        self.input(id, wall, steady, Input::Answer(response.into()))
    }

    /// The request certainly never left.
    #[wasm_bindgen(js_name = notSent)]
    pub fn not_sent(&mut self, id: f64, wall: f64, steady: f64) -> Fallible<()> {
        self.input(id, wall, steady, Input::NotSent)
    }

    /// No whole answer came.
    #[wasm_bindgen(js_name = noAnswer)]
    pub fn no_answer(
        &mut self,
        id: f64,
        wall: f64,
        steady: f64,
        over: bool,
        partial: Option<HttpResponse>,
    ) -> Fallible<()> {
        let partial = partial.map(Into::into);
        self.input(id, wall, steady, Input::NoAnswer { over, partial })
    }

    /// The host signed.
    pub fn signed(&mut self, id: f64, wall: f64, steady: f64, signature: Vec<u8>, der: bool) -> Fallible<()> {
        let encoding = if der {
            SignatureEncoding::Der
        } else {
            SignatureEncoding::Raw
        };
        self.input(id, wall, steady, Input::Signed { signature, encoding })
    }

    /// The host could not sign.
    #[wasm_bindgen(js_name = signFailed)]
    pub fn sign_failed(&mut self, id: f64, wall: f64, steady: f64) -> Fallible<()> {
        self.input(id, wall, steady, Input::SignFailed)
    }

    /// The wait is over.
    pub fn woke(&mut self, id: f64, wall: f64, steady: f64) -> Fallible<()> {
        self.input(id, wall, steady, Input::Woke)
    }
}

impl ServiceTokenWork {
    fn input(&mut self, id: f64, wall: f64, steady: f64, input: Input) -> Fallible<()> {
        self.0
            .answer(StepId::new(integer(id)), now(wall, steady), input)
            .map_err(thrown)
    }
}
