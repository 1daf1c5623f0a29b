//! `begin`, `login_id`, `callback`, `typed_code`, `pkce`.

use alloc::borrow::ToOwned;

use crate::base::error::OAuthError;
use crate::base::json::Json;
use crate::base::reader::Node;
use crate::base::secret::Secret;
use crate::message::authorize::AuthorizationRequest;
use crate::message::callback::{self, AuthorizationCode, Callback};
use crate::message::pending::{Consenter, Pending};
use crate::message::pkce as pkce_message;
use crate::messages::input;

pub(super) fn pkce(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["verifier"])?;
    let challenge = pkce_message::challenge(object.required("verifier")?.str()?)?;
    Ok(Json::object().set("challenge", Json::string(challenge)).done())
}

pub(super) fn begin(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&[
        "client",
        "scopes",
        "granted",
        "parameters",
        "binding",
        "consenter",
        "life_ms",
        "now",
        "entropy",
    ])?;
    let mut request = AuthorizationRequest::new(input::binding(&object)?)
        .scopes(input::scopes(&object, "scopes")?)
        .beside(input::scopes(&object, "granted")?);
    for (name, value) in input::pairs(&object, "parameters")? {
        request = request.parameter(name, value);
    }
    if let Some(consenter) = object.optional("consenter") {
        let members = consenter.object(&["user", "role"])?;
        request = request.consenter(Consenter {
            user: members.required("user")?.str()?.to_owned(),
            role: members.read("role", |node| node.str().map(ToOwned::to_owned))?,
        });
    }
    if let Some(life) = object.read("life_ms", |node| node.whole(0))? {
        request = request.life_ms(life);
    }
    let login = input::client(&object)?.begin(&request, input::now(&object)?, input::entropy(&object)?)?;
    Ok(Json::object()
        .set("url", Json::string(login.url))
        .set("pending", Json::string(login.pending.expose().expose()))
        .set("id", Json::string(login.id))
        .done())
}

pub(super) fn login_id(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["callback"])?;
    let id = callback::login_id(object.required("callback")?.str()?)?;
    Ok(Json::object().set("id", Json::string(id)).done())
}

pub(super) fn callback(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["client", "pending", "callback", "binding", "now"])?;
    let client = input::client(&object)?;
    let pending = Pending::parse(object.required("pending")?.str()?)?;
    let callback = object.required("callback")?.str()?;
    match client.read_callback(&pending, callback, &input::binding(&object)?, input::now(&object)?)? {
        Callback::Approved(code) => Ok(approved(&code)),
        Callback::Refused(refusal) => Ok(Json::object()
            .set("type", Json::string("refused"))
            .set("oauth_error", Json::string(refusal.oauth_error))
            .set("words", Json::string(refusal.words))
            .done()),
    }
}

pub(super) fn typed_code(node: &Node<'_>) -> Result<Json, OAuthError> {
    let object = node.object(&["client", "pending", "code", "binding", "now"])?;
    let client = input::client(&object)?;
    let pending = Pending::parse(object.required("pending")?.str()?)?;
    let code = object.required("code")?.str()?;
    let code = client.read_typed_code(&pending, code, &input::binding(&object)?, input::now(&object)?)?;
    Ok(approved(&code))
}

fn approved(code: &AuthorizationCode) -> Json {
    let text = |text: Option<&str>| text.map_or(Json::Null, Json::string);
    let consenter = code.consenter().map(|consenter| {
        Json::object()
            .set("user", Json::string(consenter.user.as_str()))
            .set("role", text(consenter.role.as_deref()))
            .done()
    });
    Json::object()
        .set("type", Json::string("approved"))
        .set("code", Json::string(code.code().expose()))
        .set("verifier", text(code.verifier().map(Secret::expose)))
        .set("redirect_uri", Json::string(code.redirect_uri()))
        .set(
            "scopes",
            Json::strings(code.scopes().iter().map(|scope| scope.as_str())),
        )
        .set("kept", Json::of(&code.kept()))
        .set("account_ids", Json::of(&code.account_ids()))
        .set("consenter", consenter.unwrap_or(Json::Null))
        .set("issuer", text(code.issuer()))
        .done()
}
