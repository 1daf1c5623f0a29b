//! The low door: the pure functions of the core by name, JSON in and JSON out.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::json::{Fallible, thrown};

/// Calls the message function of this name. Secrets are plain text here, and nothing is saved before it is sent.
#[wasm_bindgen]
pub fn messages(name: &str, input: &str) -> Fallible<String> {
    evergrant::messages::call(name, input).map_err(thrown)
}

/// The names that `messages` knows, separated by spaces.
#[wasm_bindgen(js_name = messageNames)]
pub fn message_names() -> String {
    evergrant::messages::names().collect::<Vec<_>>().join(" ")
}
