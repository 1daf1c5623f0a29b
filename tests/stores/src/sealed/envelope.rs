//! The sealing envelope as `docs/stores.md` specifies it, byte for byte. Pure functions.
//!
//! ```text
//! 45 47 53 4C | 01 | length of kid | kid | nonce (12) | ciphertext (as long as the record) | tag (16)
//! ```

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};

use crate::sealed::keys::{KeyRing, SealingKey, is_kid};

/// What an envelope begins with: `EGSL`. No JSON text does.
const MAGIC: &[u8; 4] = b"EGSL";
/// The one format there is.
const FORMAT: u8 = 1;
/// The length of a nonce, in bytes.
pub const NONCE: usize = 12;
/// The length of an authentication tag, in bytes.
const TAG: usize = 16;
/// What the associated data begins with.
const LABEL: &str = "evergrant";

/// Why an envelope cannot be opened. To a work all of them are `Locked`; they are for the host's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not begin like an envelope.
    NotSealed,
    /// It is of a format that this release does not know.
    OtherFormat,
    /// It is too short for what it must hold, or its key id is none.
    Damaged,
    /// It names a key that is not in the ring.
    UnknownKid,
    /// The key is there and does not open it: changed bytes, another key under the same id, another environment, or a
    /// record that was copied from another connection.
    NotAuthentic,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSealed => "the stored record is not sealed",
            Self::OtherFormat => "the stored record is sealed in a format of a later release",
            Self::Damaged => "the stored record's envelope is cut off or malformed",
            Self::UnknownKid => "the stored record is sealed with a key that is not in the key ring",
            Self::NotAuthentic => "the stored record was changed, moved, or sealed with another key of that id",
        })
    }
}

impl std::error::Error for Refusal {}

/// Seals a record with the ring's newest key. The nonce must be fresh and random; one that is used twice with a key gives
/// the records away. `None` where the record is too large for the cipher.
pub fn seal(ring: &KeyRing, environment: &str, key: &str, nonce: [u8; NONCE], record: &[u8]) -> Option<Vec<u8>> {
    let newest = ring.newest();
    let aad = associated_data(environment, key)?;
    let payload = Payload { msg: record, aad: &aad };
    let sealed = cipher(newest).encrypt(&Nonce::from(nonce), payload).ok()?;
    let mut out = Vec::with_capacity(MAGIC.len() + 2 + newest.kid.len() + NONCE + sealed.len());
    out.extend_from_slice(MAGIC);
    out.push(FORMAT);
    out.push(u8::try_from(newest.kid.len()).ok()?);
    out.extend_from_slice(newest.kid.as_bytes());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Some(out)
}

/// Opens an envelope with the key that it names.
///
/// # Errors
/// [`Refusal`].
pub fn open(ring: &KeyRing, environment: &str, key: &str, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let parts = read(sealed)?;
    let opener = ring.find(parts.kid).ok_or(Refusal::UnknownKid)?;
    let aad = associated_data(environment, key).ok_or(Refusal::NotAuthentic)?;
    let payload = Payload {
        msg: parts.body,
        aad: &aad,
    };
    cipher(opener)
        .decrypt(&Nonce::from(parts.nonce), payload)
        .map_err(|_| Refusal::NotAuthentic)
}

/// The id of the key that an envelope names, unproven.
///
/// # Errors
/// [`Refusal`].
pub fn kid(sealed: &[u8]) -> Result<&str, Refusal> {
    read(sealed).map(|parts| parts.kid)
}

struct Parts<'a> {
    kid: &'a str,
    nonce: [u8; NONCE],
    /// Ciphertext and tag.
    body: &'a [u8],
}

fn read(sealed: &[u8]) -> Result<Parts<'_>, Refusal> {
    let rest = sealed.strip_prefix(MAGIC).ok_or(Refusal::NotSealed)?;
    let (&format, rest) = rest.split_first().ok_or(Refusal::Damaged)?;
    if format != FORMAT {
        return Err(Refusal::OtherFormat);
    }
    let (&length, rest) = rest.split_first().ok_or(Refusal::Damaged)?;
    let (kid, rest) = rest.split_at_checked(usize::from(length)).ok_or(Refusal::Damaged)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(Refusal::Damaged)?;
    if body.len() < TAG || !is_kid(kid) {
        return Err(Refusal::Damaged);
    }
    Ok(Parts {
        kid: str::from_utf8(kid).map_err(|_| Refusal::Damaged)?,
        nonce: *nonce,
        body,
    })
}

fn cipher(key: &SealingKey) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key.bytes))
}

/// Each part after its length in bytes, as 32 bits, the most significant byte first.
fn associated_data(environment: &str, key: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for part in [LABEL, environment, key] {
        out.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
        out.extend_from_slice(part.as_bytes());
    }
    Some(out)
}
