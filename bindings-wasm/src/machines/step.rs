//! What the host must do next, in the pieces of which the layer in `bindings-wasm/ts` makes its `Step`.

use alloc::string::String;
use alloc::vec::Vec;

use evergrant::base::http::HttpRequest;
use evergrant::base::time::Now;
use evergrant::flow::outcome::Outcome;
use evergrant::flow::step::{Send, Step};
use serde::Serialize;

use crate::json::{error_to_json, to_json};
use crate::machines::access_token::AccessToken;

/// A step without the bytes in it.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Shown<'a> {
    Load {
        key: &'a str,
    },
    Save {
        key: &'a str,
        expect: i64,
        version: i64,
        due: Option<i64>,
        state: &'a str,
    },
    Send {
        method: &'a str,
        url: &'a str,
        headers: Vec<(&'a str, &'a str)>,
        body: &'a str,
        send_by: Moment,
        wait_ms: i64,
        timeout_ms: i64,
        max_body_bytes: i64,
        client_certificate: bool,
    },
    Sign {
        algorithm: &'a str,
        key_id: &'a str,
    },
    Wait {
        delay_ms: i64,
    },
    Done,
}

#[derive(Serialize)]
struct Moment {
    wall: i64,
    steady: i64,
}

/// A step as JSON; a request's headers and body hold secrets.
pub(crate) fn show(step: &Step) -> String {
    to_json(&match step {
        Step::Load { key } => Shown::Load { key },
        Step::Save(save) => Shown::Save {
            key: &save.key,
            expect: save.expect,
            version: save.version,
            due: save.due,
            state: &save.state,
        },
        Step::Send(send) => shown_send(send),
        Step::Sign(sign) => Shown::Sign {
            algorithm: sign.algorithm().as_str(),
            key_id: sign.key_id(),
        },
        Step::Wait(wait) => Shown::Wait {
            delay_ms: wait.delay_ms,
        },
        Step::Done(_) => Shown::Done,
    })
}

/// The record to save or the bytes to sign.
pub(crate) fn bytes(step: &Step) -> Option<Vec<u8>> {
    match step {
        Step::Save(save) => Some(save.record.record().into()),
        Step::Sign(sign) => Some(sign.bytes().into()),
        _ => None,
    }
}

/// The error that a machine ended with, as JSON.
pub(crate) fn error(step: &Step) -> Option<String> {
    match step {
        Step::Done(result) => result.as_ref().as_ref().err().map(error_to_json),
        _ => None,
    }
}

/// The token that a machine ended with.
pub(crate) fn access_token(step: &Step) -> Option<AccessToken> {
    match step {
        Step::Done(result) => match result.as_ref() {
            Ok(Outcome::ServiceToken(token) | Outcome::Token(token)) => Some(AccessToken(token.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn shown_send(send: &Send) -> Shown<'_> {
    let request: &HttpRequest = &send.request;
    let Now { wall, steady } = send.send_by;
    Shown::Send {
        method: request.method().as_str(),
        url: request.url(),
        headers: request
            .headers()
            .iter()
            .map(|header| (header.name(), header.value()))
            .collect(),
        body: request.body(),
        send_by: Moment { wall, steady },
        wait_ms: send.wait_ms,
        timeout_ms: send.timeout_ms,
        max_body_bytes: send.max_body_bytes,
        client_certificate: send.client_certificate,
    }
}
