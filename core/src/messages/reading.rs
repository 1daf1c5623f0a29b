//! `endpoint`, `redirect_uri`, `profile`, `client`, `www_authenticate`, `retry_after`, `timestamp`, `http_date`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::date;
use crate::base::endpoint::Endpoint;
use crate::base::error::OAuthError;
use crate::base::json::Json;
use crate::base::reader::Node;
use crate::base::redirect_uri::RedirectUri;
use crate::base::retry_after::parse_retry_after;
use crate::client::configuration::Client;
use crate::message::www_authenticate::{self as header, Challenge};
use crate::messages::input;
use crate::provider::profile::Profile;

fn text(text: Option<&str>) -> Json {
    text.map_or(Json::Null, Json::string)
}

fn millis(millis: Option<i64>) -> Json {
    millis.map_or(Json::Null, Json::number)
}

pub(super) fn endpoint(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["url"])?;
    let endpoint = Endpoint::parse(object.required("url")?.str()?)?;
    Ok(Json::object()
        .set("scheme", Json::string(endpoint.scheme()))
        .set("host", Json::string(endpoint.host()))
        .set("port", millis(endpoint.port().map(i64::from)))
        .set("path", Json::string(endpoint.path()))
        .set("query", text(endpoint.query()))
        .set("loopback", Json::Bool(endpoint.is_loopback()))
        .done())
}

pub(super) fn redirect_uri(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["uri", "callback"])?;
    let uri = RedirectUri::parse(object.required("uri")?.str()?)?;
    let matches = object.read("callback", |callback| {
        callback.str().map(|callback| uri.matches(callback))
    })?;
    Ok(Json::object()
        .set("scheme", Json::string(uri.scheme()))
        .set("path", Json::string(uri.path()))
        .set("query", text(uri.query()))
        .set("private_use", Json::Bool(uri.is_private_use()))
        .set_some("matches", matches.map(Json::Bool))
        .done())
}

/// `profile`: an id, or a profile in full; out comes every field.
pub(super) fn profile(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["profile"])?;
    let node = object.required("profile")?;
    let profile = match node.json().as_str() {
        Some(id) => Profile::built_in(id)?,
        None => Profile::from_json(&node.json().print())?,
    };
    Ok(profile.to_tree())
}

pub(super) fn client(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["client"])?;
    let client: Client = input::client(&object)?;
    Ok(Json::object()
        .set("provider", Json::string(client.profile().id()))
        .set("environment", Json::string(client.environment().as_str()))
        .set("client_id", Json::string(client.client_id()))
        .set("token_endpoint", Json::string(client.token_endpoint().as_str()))
        .set("redirect_uri", text(client.redirect_uri().map(RedirectUri::as_str)))
        .set("client_certificate", Json::Bool(client.wants_client_certificate()))
        .done())
}

pub(super) fn www_authenticate(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["values"])?;
    let values = object.required("values")?.items()?;
    let values = values
        .iter()
        .map(Node::str)
        .collect::<Result<Vec<&str>, OAuthError>>()?;
    let challenge = |challenge: &Challenge| {
        let param = |(name, value): (&str, &str)| {
            Json::object()
                .set("name", Json::string(name))
                .set("value", Json::string(value))
                .done()
        };
        Json::object()
            .set("scheme", Json::string(challenge.scheme()))
            .set("token68", text(challenge.token68()))
            .set("params", Json::Array(challenge.params().map(param).collect()))
            .set(
                "duplicates",
                Json::strings(challenge.duplicates().iter().map(String::as_str)),
            )
            .done()
    };
    let challenges = header::parse(values).iter().map(challenge).collect();
    Ok(Json::object().set("challenges", Json::Array(challenges)).done())
}

pub(super) fn retry_after(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["value", "date", "now"])?;
    let date = object.read("date", Node::str)?;
    let delay = parse_retry_after(object.required("value")?.str()?, date, input::now(&object)?.wall);
    Ok(Json::object().set("delay_ms", millis(delay)).done())
}

pub(super) fn timestamp(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["text"])?;
    let moment = date::parse_timestamp(object.required("text")?.str()?);
    Ok(Json::object().set("wall", millis(moment)).done())
}

pub(super) fn http_date(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["text", "now"])?;
    let moment = date::parse_http_date(object.required("text")?.str()?, input::now(&object)?.wall);
    Ok(Json::object().set("wall", millis(moment)).done())
}
