//! 128-bit fingerprints of states: two states with one fingerprint are as good as impossible.

use std::hash::{BuildHasherDefault, Hash, Hasher};

/// The fingerprint of a value.
pub fn fingerprint(value: &impl Hash) -> u128 {
    let mut hasher = Wide {
        low: 0x9e37_79b9_7f4a_7c15,
        high: 0xc2b2_ae3d_27d4_eb4f,
    };
    value.hash(&mut hasher);
    (u128::from(hasher.high) << 64) | u128::from(hasher.finish())
}

/// A set of fingerprints; they are hashes already.
pub type FingerprintSet = std::collections::HashSet<u128, BuildHasherDefault<Identity>>;

/// Two independent lanes of multiply-and-fold.
struct Wide {
    low: u64,
    high: u64,
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    (product as u64) ^ ((product >> 64) as u64)
}

impl Hasher for Wide {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ ((chunk.len() as u64) << 56));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.low = fold(self.low ^ value, 0xa076_1d64_78bd_642f).wrapping_add(value.rotate_left(23));
        self.high = fold(self.high ^ value.rotate_left(32), 0xe703_7ed1_a0b4_28db).wrapping_add(self.low);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        fold(self.low, 0x8ebc_6af0_9c88_c6e3)
    }
}

/// Takes a fingerprint as its own hash.
#[derive(Default)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u128(&mut self, value: u128) {
        self.0 = (value >> 64) as u64 ^ value as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
