//! SHA-256 and base64url: PKCE challenges, fingerprints, ids.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide.
pub(crate) fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The first 128 bits of a hash, as a number.
pub(crate) fn first_128(hash: &[u8; 32]) -> u128 {
    hash.iter()
        .take(16)
        .fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

/// Plain SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// base64url without padding (RFC 4648 section 5).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of base64url without padding; `None` for anything else, also for non-zero trailing bits.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// base64 with padding (RFC 4648 section 4), as HTTP Basic wants it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// A short name for a token that does not tell the token: 128 bits of its hash, in base64url.
pub fn fingerprint(token: &str) -> String {
    let hash = sha256_parts(&[b"evergrant fingerprint", token.as_bytes()]);
    base64url(hash.get(..16).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_collide() {
        assert_ne!(sha256_parts(&[b"ab", b"c"]), sha256_parts(&[b"a", b"bc"]));
        assert_ne!(sha256_parts(&[b"abc"]), sha256_parts(&[b"abc", b""]));
    }

    #[test]
    fn fingerprints_are_short_and_differ() {
        assert_eq!(fingerprint("a").len(), 22);
        assert_ne!(fingerprint("a"), fingerprint("b"));
        assert!(!fingerprint("token").contains("token"));
    }

    #[test]
    fn base64url_is_strict() {
        assert_eq!(base64url(&[0xff, 0xfe]), "__4");
        assert_eq!(from_base64url("__4").as_deref(), Some(&[0xff, 0xfe][..]));
        for odd in ["__4=", "__5", "_", "a+b/", "a b"] {
            assert_eq!(from_base64url(odd), None, "{odd}");
        }
    }
}
