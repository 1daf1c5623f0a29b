//! The keys that seal records, by name.

use std::fmt;

use zeroize::Zeroizing;

/// Keys by their ids: the newest seals, all of them open. Prints the ids and no key.
pub struct KeyRing {
    newest: SealingKey,
    older: Vec<SealingKey>,
}

pub(crate) struct SealingKey {
    pub(crate) kid: String,
    pub(crate) bytes: Zeroizing<[u8; 32]>,
}

/// A key that cannot be taken into a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// A key id is 1 to 255 visible ASCII characters, without spaces.
    Kid,
    /// The ring has another key of that id; an id names one key for ever.
    Taken,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kid => "the key id is not 1 to 255 visible ASCII characters; choose another",
            Self::Taken => "the key ring already has a key of that id; give each key its own",
        })
    }
}

impl std::error::Error for KeyError {}

impl KeyRing {
    /// A ring of one key.
    ///
    /// # Errors
    /// [`KeyError::Kid`].
    pub fn new(kid: &str, key: [u8; 32]) -> Result<Self, KeyError> {
        Ok(Self {
            newest: SealingKey::new(kid, key)?,
            older: Vec::new(),
        })
    }

    /// The same ring with an older key, which opens what it once sealed.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn with_older(mut self, kid: &str, key: [u8; 32]) -> Result<Self, KeyError> {
        if self.find(kid).is_some() {
            return Err(KeyError::Taken);
        }
        self.older.push(SealingKey::new(kid, key)?);
        Ok(self)
    }

    pub(crate) fn newest(&self) -> &SealingKey {
        &self.newest
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&SealingKey> {
        std::iter::once(&self.newest)
            .chain(&self.older)
            .find(|key| key.kid == kid)
    }
}

impl SealingKey {
    fn new(kid: &str, key: [u8; 32]) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(key);
        if kid.len() > 255 || !is_kid(kid.as_bytes()) {
            return Err(KeyError::Kid);
        }
        Ok(Self {
            kid: kid.to_owned(),
            bytes,
        })
    }
}

/// Whether these bytes may be a key id, apart from their number.
pub(crate) fn is_kid(kid: &[u8]) -> bool {
    !kid.is_empty() && kid.iter().all(u8::is_ascii_graphic)
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(newest {}", self.newest.kid)?;
        for key in &self.older {
            write!(f, ", {}", key.kid)?;
        }
        f.write_str(", keys redacted)")
    }
}
