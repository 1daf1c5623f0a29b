//! A profile written to JSON, every field.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::base::json::Json;
use crate::provider::profile::{AccessLife, Profile, Window};
use crate::provider::profile_words::{BODIES, CLASSES, MUTUAL_TLS, PER, SECRETS, SEPARATORS};
use crate::provider::template::EndpointTemplate;

impl Profile {
    /// The profile as JSON, every field written out; [`Profile::from_json`] reads it back.
    pub fn to_json(&self) -> String {
        String::from(self.to_tree().print().as_str())
    }

    pub(crate) fn to_tree(&self) -> Json {
        write(self)
    }
}

fn word<T: PartialEq>(words: &[(&str, T)], value: &T) -> Json {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or(Json::Null, |(word, _)| Json::string(*word))
}

fn seconds(millis: i64) -> Json {
    Json::number(millis / 1_000)
}

fn parameters(parameters: &[(String, String)]) -> Json {
    Json::Object(
        parameters
            .iter()
            .map(|(name, value)| (name.clone(), Json::string(value.as_str())))
            .collect(),
    )
}

fn texts(texts: &[String]) -> Json {
    Json::strings(texts.iter().map(String::as_str))
}

/// One path as a text, several as a list.
fn places(paths: &[String]) -> Json {
    match paths {
        [path] => Json::string(path.as_str()),
        paths => texts(paths),
    }
}

fn optional_text(text: Option<&str>) -> Option<Json> {
    text.map(Json::string)
}

fn write(profile: &Profile) -> Json {
    let environments = profile.environments.iter().map(|hosts| {
        let template =
            |template: &Option<EndpointTemplate>| optional_text(template.as_ref().map(EndpointTemplate::as_str));
        let members = Json::object()
            .set_some("issuer", optional_text(hosts.issuer.as_deref()))
            .set_some("authorize", template(&hosts.authorize))
            .set_some("token", template(&hosts.token))
            .set_some("mutual_tls_token", template(&hosts.mutual_tls_token))
            .set_some("revocation", template(&hosts.revocation));
        (hosts.environment.as_str().to_owned(), members.done())
    });
    let grants = profile.grants.iter().map(|form| {
        let members = Json::object()
            .set("scope", Json::Bool(form.scope))
            .set("default_scopes", texts(&form.default_scopes))
            .set("client_id_in_body", Json::Bool(form.client_id_in_body))
            .set("parameters", parameters(&form.parameters));
        (form.grant.as_str().to_owned(), members.done())
    });
    let classes = profile
        .errors
        .classes
        .iter()
        .map(|(code, class)| (code.clone(), word(&CLASSES, class)));
    let window = match profile.refresh.window {
        Window::None => Json::object().set("type", Json::string("none")),
        Window::Millis(millis) => Json::object()
            .set("type", Json::string("seconds"))
            .set("seconds", seconds(millis)),
        Window::Unlimited => Json::object().set("type", Json::string("unlimited")),
    };
    let (access_seconds, never) = match profile.lifetimes.access {
        AccessLife::Unknown => (None, None),
        AccessLife::Never => (None, Some(Json::Bool(true))),
        AccessLife::Millis(millis) => (Some(seconds(millis)), None),
    };
    let sent = |text: &Option<String>| text.as_deref().map_or(Json::Null, Json::string);
    let (authorize, answer, errors) = (&profile.authorize, &profile.answer, &profile.errors);
    Json::object()
        .set("id", Json::string(profile.id.as_str()))
        .set("name", Json::string(profile.name.as_str()))
        .set("environments", Json::Object(environments.collect()))
        .set("grants", Json::Object(grants.collect()))
        .set("body", word(&BODIES, &profile.body))
        .set(
            "authentication",
            Json::object()
                .set("secret", word(&SECRETS, &profile.authentication.secret))
                .set("mutual_tls", word(&MUTUAL_TLS, &profile.authentication.mutual_tls))
                .done(),
        )
        .set(
            "authorize",
            Json::object()
                .set("response_type", sent(&authorize.response_type))
                .set("scope_parameter", sent(&authorize.scope_parameter))
                .set("scope_separator", word(&SEPARATORS, &authorize.scope_separator))
                .set("pkce", Json::Bool(authorize.pkce))
                .set("parameters", parameters(&authorize.parameters))
                .done(),
        )
        .set_some(
            "correlation_header",
            optional_text(profile.correlation_header.as_deref()),
        )
        .set_some("step_up_header", optional_text(profile.step_up_header.as_deref()))
        .set(
            "answer",
            Json::object()
                .set("access_token", places(&answer.access_token))
                .set("refresh_token", places(&answer.refresh_token))
                .set("token_type", places(&answer.token_type))
                .set("scope", places(&answer.scope))
                .set("expires_in", places(&answer.expires_in))
                .set("expires_at", places(&answer.expires_at))
                .set("refresh_expires_in", places(&answer.refresh_expires_in))
                .set("refresh_expires_at", places(&answer.refresh_expires_at))
                .set("refresh_hard_expires_in", places(&answer.refresh_hard_expires_in))
                .set("account_ids", texts(&answer.account_ids))
                .done(),
        )
        .set(
            "errors",
            Json::object()
                .set("code", texts(&errors.code))
                .set("description", texts(&errors.description))
                .set("classes", Json::Object(classes.collect()))
                .set(
                    "description_may_hold_token",
                    Json::Bool(errors.description_may_hold_token),
                )
                .done(),
        )
        .set(
            "lifetimes",
            Json::object()
                .set_some("access_seconds", access_seconds)
                .set_some("access_never_expires", never)
                .set_some("refresh_idle_seconds", profile.lifetimes.refresh_idle.map(seconds))
                .set_some("refresh_hard_seconds", profile.lifetimes.refresh_hard.map(seconds))
                .set_some("code_seconds", profile.lifetimes.code.map(seconds))
                .done(),
        )
        .set(
            "refresh",
            Json::object()
                .set("window", window.done())
                .set(
                    "invalidates_access_token",
                    Json::Bool(profile.refresh.invalidates_access_token),
                )
                .done(),
        )
        .set(
            "callback",
            Json::object()
                .set("keep", texts(&profile.callback.keep))
                .set("account_ids", texts(&profile.callback.account_ids))
                .set("requires_iss", Json::Bool(profile.callback.requires_iss))
                .set("typed_code", Json::Bool(profile.callback.typed_code))
                .done(),
        )
        .set("service_token_per", word(&PER, &profile.service_token_per))
        .set(
            "consent",
            Json::object()
                .set("roles", texts(&profile.consent.roles))
                .set_some("reconnect", optional_text(profile.consent.reconnect.as_deref()))
                .done(),
        )
        .done()
}
