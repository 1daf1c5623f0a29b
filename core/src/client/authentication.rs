//! Client authentication at the token endpoint (RFC 6749 section 2.3).

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base::digest::base64;
use crate::base::percent;
use crate::base::secret::Secret;
use crate::client::assertion::SignatureAlgorithm;
use crate::provider::profile::SecretIn;

/// How this client proves who it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Authentication {
    /// A public client: its id alone. Also a client whose certificate is its proof (RFC 8705 section 2).
    None,
    /// A client secret, and during a rotation the next one.
    Secret { current: Secret, next: Option<Secret> },
    /// An assertion signed by the host.
    PrivateKey {
        algorithm: SignatureAlgorithm,
        key_id: String,
    },
}

impl Authentication {
    /// The client secrets.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (current, next) = match self {
            Self::Secret { current, next } => (Some(current), next.as_ref()),
            Self::None | Self::PrivateKey { .. } => (None, None),
        };
        current.into_iter().chain(next)
    }
}

/// Which of two client secrets a request uses while one replaces the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum SecretChoice {
    /// `client_secret`.
    #[default]
    Current,
    /// `next_client_secret`.
    Next,
}

impl SecretChoice {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Current => Self::Next,
            Self::Next => Self::Current,
        }
    }
}

/// What the credentials add to a request.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) authorization: Option<Secret>,
    pub(crate) parameters: Vec<(&'static str, Secret)>,
}

/// A client secret as the provider wants it.
pub(crate) fn secret(client_id: &str, secret: &Secret, place: SecretIn) -> Credentials {
    let pair = |id: &str, secret: &str| {
        let mut pair = Zeroizing::new(String::from(id));
        pair.push(':');
        pair.push_str(secret);
        let encoded = Zeroizing::new(base64(pair.as_bytes()));
        let mut value = String::from("Basic ");
        value.push_str(&encoded);
        Some(Secret::new(value))
    };
    match place {
        SecretIn::Body => Credentials {
            authorization: None,
            parameters: alloc::vec![("client_id", Secret::new(client_id)), ("client_secret", secret.clone())],
        },
        SecretIn::Basic => {
            let id = percent::encode_component(client_id);
            let secret = Zeroizing::new(percent::encode_component(secret.expose()));
            Credentials {
                authorization: pair(&id, &secret),
                parameters: Vec::new(),
            }
        }
        SecretIn::BasicRaw => Credentials {
            authorization: pair(client_id, secret.expose()),
            parameters: Vec::new(),
        },
    }
}
