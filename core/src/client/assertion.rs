//! `private_key_jwt`: an assertion that the host signs with a key it keeps (RFC 7523 section 2.2).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::base::der;
use crate::base::digest::base64url;
use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::json::Json;
use crate::base::secret::Secret;
use crate::base::time::Now;

/// How an assertion is signed (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

impl SignatureAlgorithm {
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("RS256", Self::Rs256),
        ("PS256", Self::Ps256),
        ("EdDSA", Self::EdDsa),
    ];

    /// The value of `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Octets of one ECDSA integer.
    fn ecdsa_width(self) -> Option<usize> {
        match self {
            Self::Es256 => Some(32),
            Self::Es384 => Some(48),
            Self::Rs256 | Self::Ps256 | Self::EdDsa => None,
        }
    }
}

/// The form of a signature that the host hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum SignatureEncoding {
    /// As JWS wants it: r and s side by side (WebCrypto), or the plain octets of RSA and Ed25519.
    Raw,
    /// ASN.1 DER of an ECDSA signature (key management services, Secure Enclave, Android Keystore).
    Der,
}

/// What the host is to sign, with which key.
#[derive(Clone, PartialEq, Eq)]
pub struct Sign {
    algorithm: SignatureAlgorithm,
    key_id: String,
    input: Secret,
}

impl Sign {
    /// The algorithm.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The host's name for the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The bytes to sign.
    pub fn bytes(&self) -> &[u8] {
        self.input.expose().as_bytes()
    }
}

impl fmt::Debug for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sign({} with key {:?})", self.algorithm.as_str(), self.key_id)
    }
}

/// How long an assertion lives, in seconds: enough for a slow request, too short to be worth stealing.
const LIFE_SECONDS: i64 = 60;

/// The assertion before it is signed.
pub(crate) fn sign(
    algorithm: SignatureAlgorithm,
    key_id: &str,
    client_id: &str,
    audience: &str,
    id: &str,
    now: Now,
) -> Sign {
    let header = Json::object()
        .set("alg", Json::string(algorithm.as_str()))
        .set("kid", Json::string(key_id))
        .set("typ", Json::string("client-authentication+jwt"))
        .done();
    let issued = now.wall.div_euclid(1_000);
    let claims = Json::object()
        .set("iss", Json::string(client_id))
        .set("sub", Json::string(client_id))
        // One string, and never a value of the server's metadata: CVE-2025-27370.
        .set("aud", Json::string(audience))
        .set("jti", Json::string(id))
        .set("iat", Json::number(issued))
        .set("exp", Json::number(issued.saturating_add(LIFE_SECONDS)))
        .done();
    let mut input = base64url(header.print().as_bytes());
    input.push('.');
    input.push_str(&base64url(claims.print().as_bytes()));
    Sign {
        algorithm,
        key_id: key_id.into(),
        input: Secret::new(input),
    }
}

/// The signed assertion.
///
/// # Errors
/// `invalid_signature` where the octets are no signature of the algorithm: wrong length, not strict DER, r or s zero.
pub(crate) fn complete(sign: &Sign, signature: &[u8], encoding: SignatureEncoding) -> Result<Secret, OAuthError> {
    let octets = match (sign.algorithm.ecdsa_width(), encoding) {
        (Some(width), SignatureEncoding::Der) => der::der_to_raw(signature, width),
        (Some(width), SignatureEncoding::Raw) => der::check_raw(signature, width).then(|| signature.to_vec()),
        (None, SignatureEncoding::Der) => None,
        (None, SignatureEncoding::Raw) => plain(sign.algorithm, signature),
    };
    let Some(octets) = octets.map(Zeroizing::new) else {
        return Err(OAuthError::new(
            Party::Host,
            ErrorCode::InvalidSignature,
            Action::FixConfiguration,
            "the signature has not the form its algorithm demands; check the key's type and the encoding that was named",
        ));
    };
    let mut assertion = Zeroizing::new(String::from(sign.input.expose()));
    assertion.push('.');
    assertion.push_str(&base64url(&octets));
    Ok(Secret::new(core::mem::take(&mut *assertion)))
}

fn plain(algorithm: SignatureAlgorithm, signature: &[u8]) -> Option<Vec<u8>> {
    let fits = match algorithm {
        SignatureAlgorithm::EdDsa => signature.len() == 64,
        // RSA keys of 2048 to 8192 bits (RFC 7518 section 3.3: 2048 at least).
        _ => (256..=1_024).contains(&signature.len()),
    };
    (fits && signature.iter().any(|byte| *byte != 0)).then(|| signature.to_vec())
}
