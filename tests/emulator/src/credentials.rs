//! Client credentials in requests, and the comparisons that go with them.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::http::Request;

/// How a server reads id and secret in HTTP Basic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BasicEncoding {
    /// Form-encoded before they are joined (RFC 6749 section 2.3.1).
    Form,
    /// As they are.
    Raw,
}

/// What an `Authorization: Basic` header held.
pub(crate) struct Basic {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// The Basic credentials of a request; `None` if there is no such header or it cannot be read.
pub(crate) fn basic(request: &Request, encoding: BasicEncoding) -> Option<Basic> {
    let encoded = after_scheme(request, "basic")?;
    let text = String::from_utf8(Base64::decode_vec(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    match encoding {
        BasicEncoding::Raw => Some(Basic {
            id: id.to_owned(),
            secret: secret.to_owned(),
        }),
        BasicEncoding::Form => Some(Basic {
            id: form_decoded(id)?,
            secret: form_decoded(secret)?,
        }),
    }
}

/// The bearer token of a request.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    after_scheme(request, "bearer")
}

fn after_scheme<'a>(request: &'a Request, scheme: &str) -> Option<&'a str> {
    let (given, rest) = request.header("authorization")?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// One form-encoded value. `None` for what a form cannot hold, such as an escape of one digit or a bare `=`.
fn form_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let escaped = || {
            bytes
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        let plain = byte.is_ascii_alphanumeric() || b"*-._~+".contains(byte);
        if !(plain || (*byte == b'%' && escaped())) {
            return None;
        }
    }
    form_urlencoded::parse(format!("v={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

/// Whether `verifier` answers the S256 `challenge` (RFC 7636 sections 4.1 and 4.6).
pub(crate) fn verifies(challenge: &str, verifier: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len());
    let allowed = verifier
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    fits && allowed && Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.as_bytes())) == challenge
}

/// Whether a challenge can be one of S256.
pub(crate) fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && Base64UrlUnpadded::decode_vec(challenge).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_of_rfc_7636_appendix_b() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(verifies(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!verifies(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert!(is_challenge(challenge) && !is_challenge("short"));
    }

    #[test]
    fn verifiers_have_a_length_and_an_alphabet() {
        let challenge = |verifier: &str| Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.as_bytes()));
        for (verifier, good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
            ("a+".repeat(30), false),
        ] {
            assert_eq!(verifies(&challenge(&verifier), &verifier), good, "{verifier}");
        }
    }

    #[test]
    fn form_decoding_refuses_raw_secrets() {
        assert_eq!(form_decoded("a%2Bb%2Fc%3D%3D").as_deref(), Some("a+b/c=="));
        assert_eq!(form_decoded("a+b/c=="), None);
        assert_eq!(form_decoded("%4"), None);
    }
}
