//! Faults at named points, queued per provider.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::http::Response;
use crate::lock;

/// Which requests a fault is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Token requests.
    Token,
    /// Requests to protected resources.
    Resource,
    /// Authorize requests and the decisions on the consent page.
    Authorize,
    /// All of them.
    Any,
}

/// Where in the life of a request a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Point {
    /// Before the server has looked at the request.
    Before,
    /// While the server works on a refresh, so that a second one with the same token is concurrent. Only for delays of
    /// refreshes; anything else takes it as `Before`.
    Processing,
    /// After the server has acted: whatever it did stays done.
    After,
}

/// How a connection ends without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// An orderly close.
    Close,
    /// A TCP reset.
    Reset,
}

/// An answer that replaces the server's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers; Content-Length is added.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Answer {
        Answer::typed(status, "application/json", body.to_string())
    }

    /// A short HTML page, as proxies send it.
    pub fn html(status: u16) -> Answer {
        Answer::typed(
            status,
            "text/html",
            format!("<html><body><h1>{status}</h1></body></html>"),
        )
    }

    /// No body.
    pub fn empty(status: u16) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The 429 of Airwallex's gateway: not the shape of RFC 6749, no `Retry-After` (Airwallex API,
    /// "Errors").
    pub fn gateway_429() -> Answer {
        Answer::json(
            429,
            &json!({"code": "too_many_requests", "message": "Rate Limit Exceeded.", "trace_id": "emulated", "details": {}}),
        )
    }

    /// Airwallex's 429 for a concurrent refresh ("Troubleshooting OAuth errors").
    pub fn concurrent_429() -> Answer {
        Answer::json(
            429,
            &json!({"error": "too_many_requests", "error_description": "Concurrent token refresh is not allowed."}),
        )
    }

    /// The 429 of Wise: `{}` with `Retry-After` in seconds and `X-Rate-Limited-By` (token API).
    pub fn wise_429(retry_after_s: u32) -> Answer {
        let mut answer = Answer::json(429, &json!({}));
        answer
            .headers
            .push(("Retry-After".to_owned(), retry_after_s.to_string()));
        answer
            .headers
            .push(("X-Rate-Limited-By".to_owned(), "emulated-gateway".to_owned()));
        answer
    }

    fn typed(status: u16, media_type: &str, body: String) -> Answer {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Answer {
            status,
            headers,
            body: body.into_bytes(),
        }
    }

    pub(crate) fn into_response(self) -> Response {
        let plain = Response {
            status: self.status,
            headers: Vec::new(),
            body: self.body,
        };
        self.headers
            .iter()
            .fold(plain, |response, (name, value)| response.with(name, value))
    }
}

/// A change to the JSON of the server's own good answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Patch {
    /// Members to set, or to replace.
    pub set: Map<String, Value>,
    /// Members to remove.
    pub remove: Vec<String>,
    /// Whether to put a byte order mark first.
    pub bom: bool,
    /// Another status, such as 201.
    pub status: Option<u16>,
}

/// What a fault does.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// No answer.
    Drop {
        /// Whether the server acts first.
        point: Point,
        /// How the connection ends.
        ending: Ending,
    },
    /// Waits.
    Delay {
        /// Where.
        point: Point,
        /// How long, in milliseconds of real time.
        ms: u64,
    },
    /// Sends only so many bytes of the body; the head promises the full length.
    Truncate {
        /// How many bytes.
        keep: usize,
    },
    /// Another answer than the server's.
    Answer {
        /// Whether the server acts first.
        point: Point,
        /// The answer.
        answer: Answer,
    },
    /// The server's own answer, changed, if it is a good one (2xx) with a JSON object.
    Patch(Patch),
}

/// One fault in the queue.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// For which requests.
    pub place: Place,
    /// For which grant type only; `None` for all.
    pub grant_type: Option<String>,
    /// How many matching requests pass before it strikes.
    pub skip: u32,
    /// How many it strikes.
    pub times: u32,
    /// What it does.
    pub effect: Effect,
}

impl Fault {
    /// A fault for the next token request.
    pub fn token(effect: Effect) -> Fault {
        Fault {
            place: Place::Token,
            grant_type: None,
            skip: 0,
            times: 1,
            effect,
        }
    }

    /// A fault for the next refresh.
    pub fn refresh(effect: Effect) -> Fault {
        Fault {
            grant_type: Some("refresh_token".to_owned()),
            ..Fault::token(effect)
        }
    }

    /// A fault for the next code exchange.
    pub fn exchange(effect: Effect) -> Fault {
        Fault {
            grant_type: Some("authorization_code".to_owned()),
            ..Fault::token(effect)
        }
    }

    /// A fault for the next request to a protected resource.
    pub fn resource(effect: Effect) -> Fault {
        Fault {
            place: Place::Resource,
            ..Fault::token(effect)
        }
    }

    /// The same fault for so many matching requests.
    pub fn times(mut self, times: u32) -> Fault {
        self.times = times;
        self
    }

    /// The same fault after so many matching requests have passed.
    pub fn skip(mut self, skip: u32) -> Fault {
        self.skip = skip;
        self
    }

    fn matches(&self, place: Place, grant_type: Option<&str>) -> bool {
        (self.place == place || self.place == Place::Any)
            && self
                .grant_type
                .as_deref()
                .is_none_or(|wanted| Some(wanted) == grant_type)
    }
}

/// What strikes one request: at most one delay, and at most one other fault, each the oldest that matches.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) delay: Option<(Point, u64)>,
    pub(crate) effect: Option<Effect>,
}

/// The faults queued at one provider. Clones are the same queue.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    /// Queues a fault.
    pub fn push(&self, fault: Fault) {
        lock(&self.0).push(fault);
    }

    /// Forgets all that have not struck.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// How many are still queued.
    pub fn pending(&self) -> usize {
        lock(&self.0).len()
    }

    pub(crate) fn take(&self, place: Place, grant_type: Option<&str>) -> Plan {
        let mut plan = Plan::default();
        let mut queue = lock(&self.0);
        for fault in queue.iter_mut().filter(|fault| fault.matches(place, grant_type)) {
            let delays = matches!(fault.effect, Effect::Delay { .. });
            if (delays && plan.delay.is_some()) || (!delays && plan.effect.is_some()) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.saturating_sub(1);
            match &fault.effect {
                Effect::Delay { point, ms } => plan.delay = Some((*point, *ms)),
                effect => plan.effect = Some(effect.clone()),
            }
        }
        queue.retain(|fault| fault.times > 0);
        plan
    }
}

/// Applies a patch to a good JSON answer; anything else is left as it is.
pub(crate) fn patched(mut response: Response, patch: &Patch) -> Response {
    if !(200..300).contains(&response.status) {
        return response;
    }
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&response.body) else {
        return response;
    };
    members.extend(patch.set.clone());
    members.retain(|name, _| !patch.remove.contains(name));
    let bom = if patch.bom { "\u{feff}" } else { "" };
    response.body = format!("{bom}{}", Value::Object(members)).into_bytes();
    response.status = patch.status.unwrap_or(response.status);
    response
}

impl Effect {
    /// The fault in words, for the journal.
    pub(crate) fn words(&self) -> String {
        match self {
            Effect::Drop { point, ending } => format!("drop {point:?} {ending:?}"),
            Effect::Delay { point, ms } => format!("delay {point:?} {ms} ms"),
            Effect::Truncate { keep } => format!("truncate after {keep} bytes"),
            Effect::Answer { point, answer } => format!("answer {point:?} {}", answer.status),
            Effect::Patch(_) => "patch".to_owned(),
        }
        .to_lowercase()
    }
}
