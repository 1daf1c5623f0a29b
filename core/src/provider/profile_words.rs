//! The words of a profile in JSON, and what they stand for.

use crate::provider::profile::{BodyFormat, ErrorClass, MutualTls, SecretIn, ServiceTokenPer};

pub(crate) const BODIES: [(&str, BodyFormat); 2] = [("form", BodyFormat::Form), ("json", BodyFormat::Json)];
pub(crate) const SECRETS: [(&str, SecretIn); 3] = [
    ("body", SecretIn::Body),
    ("basic", SecretIn::Basic),
    ("basic_raw", SecretIn::BasicRaw),
];
pub(crate) const MUTUAL_TLS: [(&str, MutualTls); 3] = [
    ("none", MutualTls::None),
    ("optional", MutualTls::Optional),
    ("required", MutualTls::Required),
];
pub(crate) const SEPARATORS: [(&str, char); 2] = [(" ", ' '), (",", ',')];
pub(crate) const CLASSES: [(&str, ErrorClass); 7] = [
    ("grant_refused", ErrorClass::GrantRefused),
    ("grant_doubted", ErrorClass::GrantDoubted),
    ("client_refused", ErrorClass::ClientRefused),
    ("request_refused", ErrorClass::RequestRefused),
    ("throttled", ErrorClass::Throttled),
    ("concurrent_refresh", ErrorClass::ConcurrentRefresh),
    ("unknown", ErrorClass::Unknown),
];
pub(crate) const PER: [(&str, ServiceTokenPer); 2] =
    [("app", ServiceTokenPer::App), ("worker", ServiceTokenPer::Worker)];
