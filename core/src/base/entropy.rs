//! Randomness from the host: 32 fresh bytes for each login and each work.

use alloc::string::String;

use zeroize::Zeroizing;

use crate::base::digest::{base64url, first_128, sha256_parts};
use crate::base::error::{ErrorCode, OAuthError};
use crate::base::secret::Secret;

/// 32 bytes of the operating system's randomness, from which ids, state, verifier and jitter are derived.
pub(crate) struct Entropy(Zeroizing<[u8; 32]>);

impl Entropy {
    /// Takes the host's bytes; 32 equal bytes are refused, because no random source gives them (1 in 2^248).
    pub(crate) fn new(bytes: [u8; 32]) -> Result<Self, OAuthError> {
        let bytes = Zeroizing::new(bytes);
        if bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return Err(OAuthError::configuration(
                ErrorCode::WeakEntropy,
                "the entropy is 32 equal bytes; pass fresh bytes of the operating system's random source for every call",
            )
            .at("entropy"));
        }
        Ok(Self(bytes))
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(sha256_parts(&[b"evergrant entropy", purpose.as_bytes(), &*self.0]))
    }

    /// 256 bits as 43 characters of base64url: a state, a verifier (RFC 7636 section 4.1).
    pub(crate) fn token(&self, purpose: &str) -> Secret {
        Secret::new(base64url(&*self.derive(purpose)))
    }

    /// 128 bits as 22 characters of base64url.
    pub(crate) fn id(&self, purpose: &str) -> String {
        let bytes = self.derive(purpose);
        base64url(bytes.get(..16).unwrap_or(&*bytes))
    }

    /// 128 bits as a number.
    pub(crate) fn number(&self, purpose: &str) -> u128 {
        first_128(&self.derive(purpose))
    }

    /// A UUID of version 4 (RFC 9562 section 5.4).
    pub(crate) fn uuid(&self, purpose: &str) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(36);
        for (at, byte) in self.derive(purpose).iter().take(16).enumerate() {
            let byte = match at {
                6 => (byte & 0x0f) | 0x40,
                8 => (byte & 0x3f) | 0x80,
                _ => *byte,
            };
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for nibble in [byte >> 4, byte & 0x0f] {
                text.push(HEX.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit)));
            }
        }
        text
    }

    /// Entropy for one of several requests of the same work.
    pub(crate) fn child(&self, number: i64) -> [u8; 32] {
        sha256_parts(&[b"evergrant child", &number.to_be_bytes(), &*self.0])
    }

    /// A number below `bound`, for jitter; 0 for a bound below 1.
    pub(crate) fn below(&self, purpose: &str, bound: i64) -> i64 {
        let bytes = self.derive(purpose);
        let number = bytes
            .iter()
            .take(7)
            .fold(0i64, |number, byte| (number << 8) | i64::from(*byte));
        number.checked_rem(bound).filter(|_| bound > 0).unwrap_or(0)
    }
}

/// 32 bytes of the operating system's random source.
///
/// # Errors
/// `weak_entropy` where the operating system has none to give, which on a running system does not happen.
#[cfg(feature = "std")]
pub fn system() -> Result<[u8; 32], OAuthError> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(OAuthError::configuration(
            ErrorCode::WeakEntropy,
            "the operating system's random source does not answer",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy() -> Entropy {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        Entropy::new(bytes).unwrap()
    }

    #[test]
    fn equal_bytes_are_refused() {
        for byte in [0u8, 1, 0xff] {
            assert_eq!(
                Entropy::new([byte; 32]).err().map(|e| e.code()),
                Some(ErrorCode::WeakEntropy)
            );
        }
    }

    #[test]
    fn purposes_are_independent_and_repeatable() {
        assert_eq!(entropy().token("state"), entropy().token("state"));
        assert_ne!(entropy().token("state"), entropy().token("verifier"));
        assert_eq!(entropy().token("state").expose().len(), 43);
        assert_eq!(entropy().id("attempt").len(), 22);
    }

    #[test]
    fn uuids_are_version_4() {
        let uuid = entropy().uuid("correlation");
        let parts: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }

    #[test]
    fn jitter_stays_below_its_bound() {
        for bound in [1, 2, 1_000, i64::MAX] {
            assert!((0..bound).contains(&entropy().below("jitter", bound)));
        }
        assert_eq!(entropy().below("jitter", 0), 0);
        assert_eq!(entropy().below("jitter", -5), 0);
    }
}
