//! Mutations for the ordinary test run: the same ones every time, so that a failure is found again.

/// A small generator of numbers (xorshift); not for anything secret.
pub struct Numbers(u64);

impl Numbers {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() >> 11).unwrap_or(0) % bound.max(1)
    }
}

/// Pieces that mean something to one parser or another.
const PIECES: [&str; 44] = [
    "&",
    "=",
    "%",
    "%2",
    "%26",
    "%ff",
    "#",
    "?",
    ";",
    "+",
    " ",
    "\0",
    "\r\n",
    "\"",
    "\\",
    "\\\"",
    "\\u0022",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1e999",
    "-1",
    "\u{feff}",
    "\u{202e}",
    "\u{e9}",
    "&code=b",
    "&error=c",
    "&state=",
    "&iss=",
    "\"refresh_token\":\"",
    "\"access_token\":",
    "\"error\":\"invalid_grant\"",
    "<html>",
    "//",
    "..",
    "@",
    "xn--",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// A changed copy: one to four small changes.
pub fn mutate(seed: &[u8], others: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(data.len() + 1);
        let end = (at + 1 + numbers.below(8)).min(data.len());
        match numbers.below(8) {
            0 if at < data.len() => data[at] ^= 1 << numbers.below(8),
            1 if at < data.len() => data[at] = numbers.below(256) as u8,
            2 => drop(data.drain(at.min(end)..end)),
            3 => data.truncate(at),
            4 if at < end => {
                let copy = data[at..end].to_vec();
                let to = numbers.below(data.len() + 1);
                data.splice(to..to, copy);
            }
            5 if !others.is_empty() => {
                let other = &others[numbers.below(others.len())];
                data.truncate(at);
                data.extend_from_slice(&other[numbers.below(other.len() + 1)..]);
            }
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())];
                data.splice(at..at, piece.bytes());
            }
        }
    }
    data
}

/// How often a property is tried: `usual`, or `PROPTEST_CASES` where the long run sets it.
pub fn cases(usual: u32) -> u32 {
    let set = std::env::var("PROPTEST_CASES").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(usual)
}
