//! `token_request`, `token_answer`, `authorization`, `resource`.

use alloc::string::String;

use crate::base::digest::{fingerprint, from_base64url};
use crate::base::error::OAuthError;
use crate::base::http::{HttpRequest, RequestHeader};
use crate::base::json::Json;
use crate::base::reader::{Node, Object};
use crate::base::secret::Secret;
use crate::client::assertion::SignatureEncoding;
use crate::client::authentication::SecretChoice;
use crate::client::configuration::Client;
use crate::message::access_token;
use crate::message::token_answer::{Reply, Settled, Tokens, Verdict};
use crate::message::token_request::{Prepared, TokenRequest};
use crate::messages::input;
use crate::provider::grant::Grant;

const GRANTS: [(&str, Grant); 3] = [
    ("authorization_code", Grant::AuthorizationCode),
    ("refresh_token", Grant::RefreshToken),
    ("client_credentials", Grant::ClientCredentials),
];
const CHOICES: [(&str, SecretChoice); 2] = [("current", SecretChoice::Current), ("next", SecretChoice::Next)];
const ENCODINGS: [(&str, SignatureEncoding); 2] = [("raw", SignatureEncoding::Raw), ("der", SignatureEncoding::Der)];

/// `request`: the grant and what it hands in.
fn token_request(object: &Object<'_>) -> Result<TokenRequest, OAuthError> {
    let members = object.required("request")?.object(&[
        "grant",
        "code",
        "redirect_uri",
        "verifier",
        "refresh_token",
        "scopes",
    ])?;
    let secret = |name: &str| members.required(name)?.text().map(Secret::new);
    let scopes = input::scopes(&members, "scopes")?;
    Ok(match members.required("grant")?.word(&GRANTS)? {
        Grant::AuthorizationCode => {
            let verifier = members.read("verifier", |node| node.text().map(Secret::new))?;
            let redirect_uri = members.required("redirect_uri")?.text()?;
            TokenRequest::code_exchange(&secret("code")?, redirect_uri, verifier.as_ref(), &scopes)
        }
        Grant::RefreshToken => TokenRequest::refresh_token(&secret("refresh_token")?, &scopes),
        Grant::ClientCredentials => TokenRequest::client_credentials(&scopes),
    })
}

pub(super) fn request(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["client", "request", "secret", "now", "entropy", "signature"])?;
    let client = input::client(&object)?;
    let request = token_request(&object)?;
    let choice = object.read("secret", |node| node.word(&CHOICES))?.unwrap_or_default();
    match client.token_request(&request, choice, input::now(&object)?, input::entropy(&object)?)? {
        Prepared::Ready(request) => Ok(ready(&client, &request)),
        Prepared::Unsigned(unsigned) => match object.optional("signature") {
            None => {
                let sign = unsigned.sign();
                Ok(Json::object()
                    .set("type", Json::string("unsigned"))
                    .set("algorithm", Json::string(sign.algorithm().as_str()))
                    .set("key_id", Json::string(sign.key_id()))
                    .set("input", Json::string(String::from_utf8_lossy(sign.bytes())))
                    .done())
            }
            Some(node) => {
                let members = node.object(&["octets", "encoding"])?;
                let octets = members.required("octets")?;
                let octets = from_base64url(octets.str()?).ok_or_else(|| octets.fault("must be base64url"))?;
                let encoding = members.required("encoding")?.word(&ENCODINGS)?;
                Ok(ready(&client, &unsigned.complete(&octets, encoding)?))
            }
        },
    }
}

fn ready(client: &Client, request: &HttpRequest) -> Json {
    let header = |header: &RequestHeader| {
        Json::object()
            .set("name", Json::string(header.name()))
            .set("value", Json::string(header.value()))
            .done()
    };
    Json::object()
        .set("type", Json::string("ready"))
        .set("method", Json::string(request.method().as_str()))
        .set("url", Json::string(request.url()))
        .set("headers", Json::Array(request.headers().iter().map(header).collect()))
        .set("body", Json::string(request.body()))
        .set("client_certificate", Json::Bool(client.wants_client_certificate()))
        .done()
}

pub(super) fn answer(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["client", "request", "reply", "now"])?;
    let client = input::client(&object)?;
    let request = token_request(&object)?;
    let now = input::now(&object)?;
    let reply = object
        .required("reply")?
        .object(&["type", "status", "headers", "body", "body_base64url"])?;
    let kind = reply
        .required("type")?
        .word(&[("answer", 0), ("not_sent", 1), ("no_answer", 2)])?;
    let response = match kind {
        0 => Some(input::response(&reply)?),
        2 if reply.optional("status").is_some() => Some(input::response(&reply)?),
        _ => None,
    };
    let settled = match (kind, &response) {
        (0, Some(response)) => client.settle(&request, Reply::Answer(response), now),
        (1, _) => client.settle(&request, Reply::NotSent, now),
        (_, partial) => client.settle(&request, Reply::NoAnswer(partial.as_ref()), now),
    };
    Ok(judged(&settled))
}

fn judged(settled: &Settled) -> Json {
    let (verdict, tokens) = match &settled.verdict {
        Verdict::NotSpent => ("not_spent", None),
        Verdict::Answered(answered) => ("answered", Some(tokens(answered))),
        Verdict::Rejected => ("rejected", None),
        Verdict::Unknown => ("unknown", None),
    };
    let error = settled.error().map(|error| Json::of(error.details()));
    Json::object()
        .set("verdict", Json::string(verdict))
        .set("tokens", tokens.unwrap_or(Json::Null))
        .set("evidence", Json::of(&settled.evidence))
        .set("error", error.unwrap_or(Json::Null))
        .set(
            "description",
            settled
                .description
                .as_ref()
                .map_or(Json::Null, |text| Json::string(text.expose())),
        )
        .done()
}

fn tokens(tokens: &Tokens) -> Json {
    let secret = |secret: &Option<Secret>| secret.as_ref().map_or(Json::Null, |text| Json::string(text.expose()));
    let millis = |millis: Option<i64>| millis.map_or(Json::Null, Json::number);
    Json::object()
        .set("access_token", secret(&tokens.access_token))
        .set("access_life_ms", millis(tokens.access_life_ms))
        .set("refresh_token", secret(&tokens.refresh_token))
        .set("refresh_idle_ms", millis(tokens.refresh_idle_ms))
        .set("refresh_hard_ms", millis(tokens.refresh_hard_ms))
        .set("scopes", Json::strings(tokens.scopes.iter().map(String::as_str)))
        .set("account_ids", Json::of(&tokens.account_ids))
        .done()
}

pub(super) fn authorization(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["access_token"])?;
    let token = object.required("access_token")?;
    let text = token.text()?;
    if !text.bytes().all(|byte| matches!(byte, 0x21..=0x7e)) {
        return Err(token.fault("must be visible ASCII without spaces (RFC 6750 section 2.1)"));
    }
    Ok(Json::object()
        .set(
            "authorization",
            Json::string(access_token::authorization(&Secret::new(text)).expose()),
        )
        .set("fingerprint", Json::string(fingerprint(text)))
        .done())
}

pub(super) fn resource(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["client", "status", "headers", "body", "body_base64url"])?;
    let judgement = input::client(&object)?.judge_resource(&input::response(&object)?);
    Ok(Json::of(&judgement))
}
