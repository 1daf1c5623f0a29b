//! A client's configuration read from JSON, strictly.

use alloc::borrow::ToOwned;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::reader::{Node, Reader};
use crate::client::assertion::SignatureAlgorithm;
use crate::client::configuration::{Client, ClientBuilder};
use crate::provider::environment::Environment;
use crate::provider::profile::Profile;

impl Client {
    /// Reads a configuration from JSON: `profile` (an id, or a profile in full), `environment`, `client_id`, and where
    /// wanted `client_secret`, `next_client_secret`, `private_key` {`algorithm`, `key_id`}, `redirect_uri`,
    /// `headers`, `variables`, `endpoints` {`authorize`, `token`, `issuer`}, `mutual_tls`.
    ///
    /// # Errors
    /// `invalid_configuration` with the path of the field at fault, and what the profile and [`ClientBuilder::build`] refuse.
    pub fn from_json(text: &str) -> Result<Self, OAuthError> {
        read(&Reader::new(text, ErrorCode::InvalidConfiguration)?.root())
    }
}

fn read(node: &Node<'_>) -> Result<Client, OAuthError> {
    let root = node.object(&[
        "profile",
        "environment",
        "client_id",
        "client_secret",
        "next_client_secret",
        "private_key",
        "redirect_uri",
        "headers",
        "variables",
        "endpoints",
        "mutual_tls",
    ])?;
    let profile = read_profile(root.required("profile")?)?;
    let environment = root.required("environment")?;
    let environment = Environment::parse(environment.str()?).map_err(|error| environment.relocate(&error))?;
    let mut builder = Client::builder(profile, environment, root.required("client_id")?.str()?);
    if let Some(secret) = root.read("client_secret", Node::str)? {
        builder = builder.client_secret(secret);
    }
    if let Some(secret) = root.read("next_client_secret", Node::str)? {
        builder = builder.next_client_secret(secret);
    }
    if let Some(node) = root.optional("private_key") {
        let members = node.object(&["algorithm", "key_id"])?;
        let algorithm = members.required("algorithm")?.word(&SignatureAlgorithm::NAMES)?;
        builder = builder.private_key(algorithm, members.required("key_id")?.str()?);
    }
    if let Some(uri) = root.read("redirect_uri", Node::str)? {
        builder = builder.redirect_uri(uri);
    }
    if let Some(headers) = root.optional("headers") {
        for (name, value) in headers.members()? {
            builder = builder.header(name, value.str()?);
        }
    }
    if let Some(variables) = root.optional("variables") {
        for (name, value) in variables.members()? {
            builder = builder.variable(name, value.str()?);
        }
    }
    if let Some(mutual_tls) = root.read("mutual_tls", Node::bool)? {
        builder = builder.mutual_tls(mutual_tls);
    }
    match root.optional("endpoints") {
        Some(node) => read_endpoints(node, builder)?.build(),
        None => builder.build(),
    }
}

/// An id, or a profile in full.
fn read_profile(node: &Node<'_>) -> Result<Profile, OAuthError> {
    match node.json().as_str() {
        Some(id) => Profile::built_in(id),
        None if node.json().is_object() => Profile::from_json(&node.json().print()).map_err(|error| {
            let field = error.details().field.clone();
            match field {
                Some(inner) => error.at(["profile.", &inner].concat()),
                None => error.at("profile"),
            }
        }),
        None => Err(node.fault("must be the id of a built-in profile, or a profile in full")),
    }
}

fn read_endpoints(node: &Node<'_>, mut builder: ClientBuilder) -> Result<ClientBuilder, OAuthError> {
    let members = node.object(&["authorize", "token", "revocation", "issuer"])?;
    if let Some(url) = members.read("authorize", |node| node.str().map(ToOwned::to_owned))? {
        builder = builder.authorize_endpoint(url);
    }
    if let Some(url) = members.read("token", |node| node.str().map(ToOwned::to_owned))? {
        builder = builder.token_endpoint(url);
    }
    if let Some(url) = members.read("revocation", |node| node.str().map(ToOwned::to_owned))? {
        builder = builder.revocation_endpoint(url);
    }
    if let Some(issuer) = members.read("issuer", |node| node.str().map(ToOwned::to_owned))? {
        builder = builder.issuer(issuer);
    }
    Ok(builder)
}
