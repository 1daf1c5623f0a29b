//! Numbers and bytes as JavaScript has them. The layer in `bindings-wasm/ts` refuses what does not fit before it gets here.
//!
//! Not inlined: a conversion is a dozen instructions here, and every export needs some.

use evergrant::base::time::Now;

/// JavaScript's numbers are floating point; all that the core counts is below 2^53 and whole.
#[inline(never)]
pub(crate) fn integer(number: f64) -> i64 {
    number as i64
}

#[inline(never)]
pub(crate) fn now(wall: f64, steady: f64) -> Now {
    Now {
        wall: integer(wall),
        steady: integer(steady),
    }
}

/// Anything but 32 bytes becomes 32 equal ones, which the core refuses as weak.
#[inline(never)]
pub(crate) fn entropy(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or([0; 32])
}
