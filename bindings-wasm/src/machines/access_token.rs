//! An access token in use.

use alloc::string::String;

use evergrant::message::access_token;
use evergrant::message::callback::NamedValue;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::json::to_json;
use crate::machines::numbers::now;

/// An access token.
#[wasm_bindgen]
pub struct AccessToken(pub(crate) access_token::AccessToken);

#[derive(Serialize)]
struct TokenFacts<'a> {
    fingerprint: String,
    scopes: &'a [String],
    account_ids: &'a [NamedValue],
}

#[wasm_bindgen]
impl AccessToken {
    /// The token itself, a secret.
    pub fn expose(&self) -> String {
        self.0.token().expose().into()
    }

    /// The value of an `Authorization` header, a secret.
    pub fn authorization(&self) -> String {
        self.0.authorization().expose().into()
    }

    /// What may be told of it, as JSON.
    pub fn facts(&self) -> String {
        to_json(&TokenFacts {
            fingerprint: self.0.fingerprint(),
            scopes: self.0.scopes(),
            account_ids: self.0.account_ids(),
        })
    }

    /// How much of its life is left.
    #[wasm_bindgen(js_name = remainingMs)]
    pub fn remaining_ms(&self, wall: f64, steady: f64) -> Option<f64> {
        self.0.remaining_ms(now(wall, steady)).map(|ms| ms as f64)
    }
}
