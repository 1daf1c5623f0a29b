//! Time and randomness, as Swift and Kotlin hand them in.

use evergrant::base::time;

/// The moment of a call on both of the host's clocks, in milliseconds.
#[derive(Clone, Copy, Debug, uniffi::Record)]
pub struct Now {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub wall: i64,
    /// Milliseconds on a clock that never goes back.
    pub steady: i64,
}

impl From<Now> for time::Now {
    fn from(Now { wall, steady }: Now) -> Self {
        Self { wall, steady }
    }
}

impl From<time::Now> for Now {
    fn from(time::Now { wall, steady }: time::Now) -> Self {
        Self { wall, steady }
    }
}

/// Anything but 32 bytes becomes 32 equal ones, which the core refuses as weak.
pub(crate) fn entropy(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or([0; 32])
}
