//! A login that has been begun: what must be remembered until the user comes back.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::base::digest::{base64url, from_base64url, sha256_parts};
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::json::Json;
use crate::base::reader::{Node, Reader};
use crate::base::redirect_uri::RedirectUri;
use crate::base::secret::Secret;
use crate::message::binding::Binding;
use crate::provider::environment::Environment;

/// What every printed pending login says in place of itself.
pub(crate) const REDACTED: &str = "Pending(redacted)";
const ENVIRONMENTS: [(&str, Environment); 2] = [
    ("production", Environment::Production),
    ("sandbox", Environment::Sandbox),
];
/// Names format and major version, so that a stray text is recognised for what it is.
const PREFIX: &str = "evergrant-login-1.";
/// No pending login is longer, in bytes; a text from outside is not read past it.
pub(crate) const LONGEST: usize = 32 * 1024;

/// A pending login: opaque, secret, and to be kept by the host until the callback comes.
///
/// It holds the state and the PKCE verifier. Keep it on the server or in the user's session, under [`Pending::id`];
/// [`Pending::expose`] gives the text to store, [`Pending::parse`] reads it back, in any process and any language.
#[derive(Clone, PartialEq)]
pub struct Pending {
    pub(crate) provider: String,
    pub(crate) environment: Environment,
    pub(crate) client_id: String,
    pub(crate) state: Secret,
    pub(crate) verifier: Option<Secret>,
    pub(crate) issuer: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) binding: Binding,
    pub(crate) scopes: Vec<String>,
    pub(crate) consenter: Option<Consenter>,
    /// The key of the connection that it is for, where the host said so.
    pub(crate) key: Option<String>,
    /// Wall time in milliseconds.
    pub(crate) begun_at: i64,
    /// Milliseconds.
    pub(crate) life: i64,
}

/// Who is about to consent, as the host knows them. Kept with the connection, so that it can say later whose role was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consenter {
    /// The user, in the host's own words: a name, an id.
    pub user: String,
    /// The user's role at the provider, where the host knows it.
    pub role: Option<String>,
}

/// Which client at which provider began a login: what comes of it goes nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) provider: String,
    pub(crate) environment: Environment,
    pub(crate) client_id: String,
}

impl Pending {
    /// The text to store. It is as secret as a password.
    pub fn expose(&self) -> Secret {
        let optional = |text: Option<&str>| text.map(Json::string);
        let consenter = self.consenter.as_ref().map(|consenter| {
            Json::object()
                .set("user", Json::string(consenter.user.as_str()))
                .set_some("role", optional(consenter.role.as_deref()))
                .done()
        });
        let tree = Json::object()
            .set("provider", Json::string(self.provider.as_str()))
            .set("environment", Json::string(self.environment.as_str()))
            .set("client_id", Json::string(self.client_id.as_str()))
            .set("state", Json::string(self.state.expose()))
            .set_some("verifier", optional(self.verifier.as_ref().map(Secret::expose)))
            .set_some("issuer", optional(self.issuer.as_deref()))
            .set("redirect_uri", Json::string(self.redirect_uri.as_str()))
            .set_some("binding", optional(self.binding.digest()))
            .set("scopes", Json::strings(self.scopes.iter().map(String::as_str)))
            .set_some("consenter", consenter)
            .set_some("key", optional(self.key.as_deref()))
            .set("begun_at", Json::number(self.begun_at))
            .set("life", Json::number(self.life))
            .done();
        let encoded = Zeroizing::new(base64url(tree.print().as_bytes()));
        let mut text = String::with_capacity(PREFIX.len().saturating_add(encoded.len()));
        text.push_str(PREFIX);
        text.push_str(&encoded);
        Secret::new(text)
    }

    /// Reads the stored text back.
    ///
    /// Fields that a newer release of the same major version has added are ignored.
    ///
    /// # Errors
    /// `redacted_pending` for the redacted print of a pending login; `invalid_pending` for any other text.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let text = text.trim();
        if text == REDACTED {
            return Err(OAuthError::argument(
                ErrorCode::RedactedPending,
                "this is the printed, redacted form of a pending login; store the text that expose gives",
            )
            .at("pending"));
        }
        let json = Some(text)
            .filter(|text| text.len() <= LONGEST)
            .and_then(|text| text.strip_prefix(PREFIX))
            .and_then(from_base64url)
            .map(Zeroizing::new);
        let json = json.as_ref().and_then(|bytes| core::str::from_utf8(bytes).ok());
        let Some(json) = json else {
            return Err(OAuthError::argument(
                ErrorCode::InvalidPending,
                "this is no pending login of this major version; pass the text that begin returned, unchanged",
            )
            .at("pending"));
        };
        let reader = Reader::new(json, ErrorCode::InvalidPending)?;
        let root = reader.root().open_object()?;
        // Borrowed until all is read, so that a fault has nothing to throw away.
        let text = |name: &str| root.required(name).and_then(Node::text);
        let optional = |name: &str| root.read(name, Node::text);
        let provider = text("provider")?;
        let environment = root.required("environment")?.word(&ENVIRONMENTS)?;
        let client_id = text("client_id")?;
        let state = text("state")?;
        let verifier = optional("verifier")?;
        let issuer = optional("issuer")?;
        let redirect_uri = root.required("redirect_uri").and_then(read_redirect_uri)?;
        let binding = optional("binding")?;
        let scopes = root.required("scopes")?.texts()?;
        let consenter = root.read("consenter", read_consenter)?;
        let key = optional("key")?;
        let begun_at = root.required("begun_at")?.whole(0)?;
        let life = root.required("life")?.whole(1)?;
        Ok(Self {
            provider: provider.to_owned(),
            environment,
            client_id: client_id.to_owned(),
            state: state.into(),
            verifier: verifier.map(Secret::new),
            issuer: issuer.map(ToOwned::to_owned),
            redirect_uri: redirect_uri.to_owned(),
            binding: Binding::of_digest(binding),
            scopes,
            consenter,
            key: key.map(ToOwned::to_owned),
            begun_at,
            life,
        })
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            provider: self.provider.clone(),
            environment: self.environment,
            client_id: self.client_id.clone(),
        }
    }

    /// The key under which to keep the pending login; it tells nothing of it.
    pub fn id(&self) -> String {
        id_of_state(self.state.expose())
    }
}

fn read_redirect_uri<'a>(node: &Node<'a>) -> Result<&'a str, OAuthError> {
    let uri = node.str()?;
    RedirectUri::parse(uri).map_err(|error| node.relocate(&error))?;
    Ok(uri)
}

fn read_consenter(node: &Node<'_>) -> Result<Consenter, OAuthError> {
    let members = node.open_object()?;
    Ok(Consenter {
        user: members.required("user")?.str()?.to_owned(),
        role: members.read("role", |node| node.str().map(ToOwned::to_owned))?,
    })
}

/// The id of the login to which a state belongs: 128 bits of its hash.
pub(crate) fn id_of_state(state: &str) -> String {
    let hash = sha256_parts(&[b"evergrant login", state.as_bytes()]);
    base64url(hash.get(..16).unwrap_or(&hash))
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}
