//! Values and errors on their way to JavaScript, as JSON text.

use alloc::string::{String, ToString};

use evergrant::base::error::OAuthError;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// What a fallible export returns; `bindings-wasm/ts/errors.ts` makes an `OAuthError` of the text that is thrown.
pub(crate) type Fallible<T> = Result<T, JsValue>;

pub(crate) fn thrown(error: OAuthError) -> JsValue {
    JsValue::from_str(&error_to_json(&error))
}

/// `{"text": …, "details": …, "description": …}`: the description is the server's own words, which nothing prints.
pub(crate) fn error_to_json(error: &OAuthError) -> String {
    let (text, details, description) = (error.to_string(), error.details(), error.description());
    [
        r#"{"text":"#,
        &to_json(&text),
        r#","details":"#,
        &to_json(details),
        r#","description":"#,
        &to_json(&description),
        "}",
    ]
    .concat()
}

/// A value of the core as JSON. Strings, numbers, lists and structs always have one; anything else would be `null`.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}
