//! Everything that `--live` must be told, from environment variables: secrets do not belong on a command line.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use evergrant::base::error::{ErrorCode, OAuthError};
use evergrant::client::configuration::Client;
use evergrant::provider::environment::Environment;
use evergrant::provider::profile::Profile;

use crate::ureq_host::UreqHost;

pub const HELP: &str = "\
connect --live is set up by environment variables:
  EVERGRANT_PROVIDER            a built-in profile (airwallex, ofx_payments, wise, generic, ...), or the path of one of
                                your own that ends in .json
  EVERGRANT_CLIENT_ID           the client id that the provider gave you
  EVERGRANT_CLIENT_SECRET       the client secret
  EVERGRANT_REDIRECT_URI        a redirect URI that is registered there; nothing has to listen at it
  EVERGRANT_DATABASE            a SQLite file of your own for the connection; it will hold its tokens
and where wanted:
  EVERGRANT_ENVIRONMENT         sandbox (also where it is not set) or production
  EVERGRANT_SCOPES              separated by spaces; where not set, the profile's default
  EVERGRANT_AUTHORIZE_ENDPOINT  in place of the profile's
  EVERGRANT_TOKEN_ENDPOINT      in place of the profile's
  EVERGRANT_KEY                 the name of the connection in the file; where not set, main
  EVERGRANT_RESOURCE_URL        a URL of the provider's API, to be called with the token
and where the provider demands mutual TLS (Wise), the paths of PEM files:
  EVERGRANT_CLIENT_CERTIFICATE  the client's certificate
  EVERGRANT_CLIENT_KEY          its private key
  EVERGRANT_AUTHORITY           the certificate of the authority that signed the server's";

const NEEDED: [&str; 5] = [
    "EVERGRANT_PROVIDER",
    "EVERGRANT_CLIENT_ID",
    "EVERGRANT_CLIENT_SECRET",
    "EVERGRANT_REDIRECT_URI",
    "EVERGRANT_DATABASE",
];
const NEEDED_FOR_MUTUAL_TLS: [&str; 3] = [
    "EVERGRANT_CLIENT_CERTIFICATE",
    "EVERGRANT_CLIENT_KEY",
    "EVERGRANT_AUTHORITY",
];

pub struct Settings {
    pub client: Client,
    pub http: UreqHost,
    pub database: PathBuf,
    pub key: String,
    pub scopes: Vec<String>,
    pub redirect_uri: String,
    pub resource_url: Option<String>,
}

impl Settings {
    /// From the environment, or words that name everything that is missing or wrong.
    pub fn read() -> Result<Self, Box<dyn Error>> {
        let [provider, client_id, client_secret, redirect_uri, database] = all(NEEDED)?;
        let profile = if provider.ends_with(".json") {
            let text = fs::read_to_string(&provider).map_err(|error| format!("EVERGRANT_PROVIDER: {error}"))?;
            Profile::from_json(&text)
        } else {
            Profile::built_in(&provider)
        };
        let profile = profile.map_err(|error| format!("EVERGRANT_PROVIDER: {error}"))?;
        let environment = optional("EVERGRANT_ENVIRONMENT")?.unwrap_or_else(|| "sandbox".to_owned());
        let environment =
            Environment::parse(&environment).map_err(|error| format!("EVERGRANT_ENVIRONMENT: {error}"))?;
        let mut builder = Client::builder(profile, environment, client_id)
            .client_secret(client_secret)
            .redirect_uri(redirect_uri.as_str());
        if let Some(url) = optional("EVERGRANT_AUTHORIZE_ENDPOINT")? {
            builder = builder.authorize_endpoint(url);
        }
        if let Some(url) = optional("EVERGRANT_TOKEN_ENDPOINT")? {
            builder = builder.token_endpoint(url);
        }
        let client = builder.build().map_err(|error| endpoint_hint(&error))?;
        let http = if client.wants_client_certificate() {
            let [certificate, key, authority] = all(NEEDED_FOR_MUTUAL_TLS)?;
            UreqHost::with_client_certificate(&pem(&certificate)?, &pem(&key)?, &pem(&authority)?)?
        } else {
            UreqHost::new()
        };
        let scopes = optional("EVERGRANT_SCOPES")?.unwrap_or_default();
        Ok(Self {
            client,
            http,
            database: database.into(),
            key: optional("EVERGRANT_KEY")?.unwrap_or_else(|| "main".to_owned()),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            redirect_uri,
            resource_url: optional("EVERGRANT_RESOURCE_URL")?,
        })
    }
}

/// An error of the configuration, and the variables that mend it where it is an endpoint.
pub fn endpoint_hint(error: &OAuthError) -> String {
    match error.code() {
        ErrorCode::MissingEndpoint => {
            format!("{error}; set EVERGRANT_AUTHORIZE_ENDPOINT and EVERGRANT_TOKEN_ENDPOINT")
        }
        _ => error.to_string(),
    }
}

fn all<const N: usize>(names: [&str; N]) -> Result<[String; N], Box<dyn Error>> {
    let mut missing = Vec::new();
    let mut values = [const { String::new() }; N];
    for (value, name) in values.iter_mut().zip(names) {
        match optional(name)? {
            Some(text) => *value = text,
            None => missing.push(name),
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(format!("not set: {}\n\n{HELP}", missing.join(", ")).into())
    }
}

/// A variable that is set to nothing is not set.
fn optional(name: &str) -> Result<Option<String>, Box<dyn Error>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is not text").into()),
    }
}

fn pem(path: &str) -> Result<String, Box<dyn Error>> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}").into())
}
