//! Chance that a seed decides. What is drawn is the same for the same seed; when processes meet is not.

/// A small generator (SplitMix64): no secrets come from it.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The generator of one purpose, so that what one part draws does not shift what another part draws.
    pub fn of(seed: u64, purpose: &str) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
        for byte in purpose.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(hash)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.draw() % end }
    }

    /// From `from` to below `to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        from.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// So many times in a thousand.
    pub fn permille(&mut self, part: u64) -> bool {
        self.below(1000) < part
    }

    /// One of these; the list must not be empty.
    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        let at = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list[at]
    }
}
