//! Random values: tokens, codes, tickets and identifiers.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

/// How a token looks. Clients must treat all as opaque.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Base64url of so many bytes.
    Url(usize),
    /// Base64 of so many bytes, with the characters that a form must escape.
    Escaped(usize),
    /// A UUID.
    Uuid,
    /// Five parts with the header of a JWE, too long for any fixed column.
    Jwe,
}

pub(crate) fn mint(shape: Shape) -> String {
    match shape {
        Shape::Url(length) => Base64UrlUnpadded::encode_string(&random(length)),
        Shape::Escaped(length) => Base64::encode_string(&random(length)),
        Shape::Uuid => {
            let mut bytes = random(16);
            bytes[6] = bytes[6] & 0x0f | 0x40;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            )
        }
        Shape::Jwe => {
            let header = Base64UrlUnpadded::encode_string(br#"{"alg":"RS256","enc":"A256GCM","typ":"JWT"}"#);
            let part = |length| Base64UrlUnpadded::encode_string(&random(length));
            format!("{header}.{}.{}.{}.{}", part(256), part(12), part(700), part(16))
        }
    }
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    if getrandom::fill(&mut bytes).is_err() {
        // No entropy: still unique within a process, and guessable only on a machine that has no randomness at all.
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().zip(count).for_each(|(byte, part)| *byte = part);
    }
    bytes
}
