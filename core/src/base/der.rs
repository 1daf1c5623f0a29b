//! ECDSA signatures: from the DER that key stores give to the fixed width that JWS demands, and the check of the latter.
//!
//! Both refuse what a broken or hostile signer may hand in: zero for `r` or `s`, which verifiers have been seen to
//! accept for any message, lengths that are not the algorithm's, and DER that is not the one encoding of its numbers.
//! Whether `r` and `s` are below the order of the curve is left to the verifier, which must check it anyway.

use alloc::vec::Vec;

/// The octets of one number for P-256, P-384 and P-521.
const WIDTHS: [usize; 3] = [32, 48, 66];

/// Converts an `ECDSA-Sig-Value` (RFC 3279 section 2.2.3) to `r` and `s` side by side (RFC 7518 section 3.4).
///
/// `width` is the number of octets of each: 32 for P-256, 48 for P-384, 66 for P-521. `None` for anything but the
/// distinguished encoding (X.690 section 10) of two positive numbers of at most this width.
pub(crate) fn der_to_raw(der: &[u8], width: usize) -> Option<Vec<u8>> {
    if !WIDTHS.contains(&width) {
        return None;
    }
    let (content, rest) = element(der, 0x30)?;
    let (r, content) = element(content, 0x02)?;
    let (s, content) = element(content, 0x02)?;
    if !rest.is_empty() || !content.is_empty() {
        return None;
    }
    let mut raw = Vec::with_capacity(2 * width);
    for number in [r, s] {
        let number = magnitude(number)?;
        raw.resize(raw.len().checked_add(width.checked_sub(number.len())?)?, 0);
        raw.extend_from_slice(number);
    }
    Some(raw)
}

/// Whether this is a signature of `r` and `s` side by side, each of `width` octets and neither of them zero.
pub(crate) fn check_raw(raw: &[u8], width: usize) -> bool {
    let nonzero = |number: &[u8]| number.iter().any(|&octet| octet != 0);
    WIDTHS.contains(&width)
        && raw.len() == 2 * width
        && raw
            .split_at_checked(width)
            .is_some_and(|(r, s)| nonzero(r) && nonzero(s))
}

/// The content of one element with this tag, and what stands behind it. Its length is in the shortest form.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match input {
        [first, length @ ..=0x7f, rest @ ..] if *first == tag => (*length, rest),
        // Two numbers of 66 octets need more than 127, but never more than 255.
        [first, 0x81, length @ 0x80..=0xff, rest @ ..] if *first == tag => (*length, rest),
        _ => return None,
    };
    rest.split_at_checked(usize::from(length))
}

/// The octets of a positive INTEGER in its shortest form, without the zero that keeps it positive.
fn magnitude(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, rest @ ..] => rest.first().is_some_and(|first| *first >= 0x80).then_some(rest),
        [1..=0x7f, ..] => Some(content),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn integer(content: &[u8]) -> Vec<u8> {
        let mut out = vec![0x02, u8::try_from(content.len()).unwrap()];
        out.extend_from_slice(content);
        out
    }

    fn sequence(parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u8::try_from(content.len()).unwrap();
        let mut out = if length < 0x80 {
            vec![0x30, length]
        } else {
            vec![0x30, 0x81, length]
        };
        out.extend_from_slice(&content);
        out
    }

    fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
        sequence(&[&integer(r), &integer(s)])
    }

    fn raw(r: &[u8], s: &[u8], width: usize) -> Vec<u8> {
        let pad = |number: &[u8]| [vec![0; width - number.len()], number.to_vec()].concat();
        [pad(r), pad(s)].concat()
    }

    #[test]
    fn numbers_of_every_length() {
        for width in [32, 48, 66] {
            for length in 1..=width {
                for first in [0x01, 0x7f, 0x80, 0xff] {
                    let number = [vec![first], vec![0xa5; length - 1]].concat();
                    let content = if first >= 0x80 {
                        [vec![0], number.clone()].concat()
                    } else {
                        number.clone()
                    };
                    let converted = der_to_raw(&signature(&content, &[5]), width).unwrap();
                    assert_eq!(converted, raw(&number, &[5], width));
                    assert!(check_raw(&converted, width));
                    assert_eq!(
                        der_to_raw(&signature(&[5], &content), width).unwrap(),
                        raw(&[5], &number, width)
                    );
                }
            }
            let full = [vec![0], vec![0xff; width]].concat();
            let der = signature(&full, &full);
            assert_eq!(der_to_raw(&der, width).unwrap(), vec![0xff; 2 * width]);
            // Every one of its beginnings, and with one octet more.
            for end in 0..der.len() {
                assert_eq!(der_to_raw(der.get(..end).unwrap(), width), None);
            }
            assert_eq!(der_to_raw(&[der, vec![0]].concat(), width), None);
        }
    }

    /// RFC 7515 appendix A.3.1.
    #[test]
    fn the_signature_of_the_standard() {
        let r = [
            14, 209, 33, 83, 121, 99, 108, 72, 60, 47, 127, 21, 88, 7, 212, 2, 163, 178, 40, 3, 58, 249, 124, 126, 23,
            129, 154, 195, 22, 158, 166, 101,
        ];
        let s = [
            197, 10, 7, 211, 140, 60, 112, 229, 216, 241, 45, 175, 8, 74, 84, 128, 166, 101, 144, 197, 242, 147, 80,
            154, 143, 63, 127, 138, 131, 163, 84, 213,
        ];
        let der = signature(&r, &[&[0][..], &s].concat());
        assert_eq!(der.len(), 71);
        assert_eq!(der_to_raw(&der, 32).unwrap(), [r, s].concat());
        assert!(check_raw(&[r, s].concat(), 32));
    }

    #[test]
    fn refused_der() {
        let one: &[u8] = &[0x02, 1, 1];
        let wide = [vec![1], vec![0; 32]].concat();
        for (name, der) in [
            ("nothing", vec![]),
            ("a tag", vec![0x30]),
            ("an empty sequence", sequence(&[])),
            ("one number", sequence(&[one])),
            ("three numbers", sequence(&[one, one, one])),
            ("a null behind", sequence(&[one, one, &[0x05, 0]])),
            ("r = 0", signature(&[0], &[1])),
            ("s = 0", signature(&[1], &[0])),
            ("both 0", signature(&[0], &[0])),
            ("an empty r", signature(&[], &[1])),
            ("an empty s", signature(&[1], &[])),
            ("a negative r", signature(&[0x80], &[1])),
            ("a negative s", signature(&[1], &[0xff, 1])),
            ("a needless zero in r", signature(&[0, 1], &[1])),
            ("a needless zero in s", signature(&[1], &[0, 0x7f])),
            ("two zeros", signature(&[0, 0, 0x80], &[1])),
            ("r too wide", signature(&wide, &[1])),
            ("s too wide", signature(&[1], &wide)),
            (
                "r too wide with its zero",
                signature(&[vec![0, 0x80], vec![0; 32]].concat(), &[1]),
            ),
            ("a set", vec![0x31, 6, 2, 1, 1, 2, 1, 1]),
            ("a primitive sequence", vec![0x10, 6, 2, 1, 1, 2, 1, 1]),
            ("a bit string", vec![0x30, 6, 3, 1, 1, 2, 1, 1]),
            ("an octet string", vec![0x30, 6, 2, 1, 1, 4, 1, 1]),
            ("a long length of the sequence", vec![0x30, 0x81, 6, 2, 1, 1, 2, 1, 1]),
            (
                "a longer length of the sequence",
                vec![0x30, 0x82, 0, 6, 2, 1, 1, 2, 1, 1],
            ),
            ("an indefinite length", vec![0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0]),
            ("a long length of r", vec![0x30, 7, 2, 0x81, 1, 1, 2, 1, 1]),
            ("a long length of s", vec![0x30, 7, 2, 1, 1, 2, 0x81, 1, 1]),
            ("a reserved length", vec![0x30, 0xff, 2, 1, 1, 2, 1, 1]),
            ("a short sequence", vec![0x30, 5, 2, 1, 1, 2, 1, 1]),
            ("a long sequence", vec![0x30, 7, 2, 1, 1, 2, 1, 1]),
            ("s past the sequence", vec![0x30, 6, 2, 1, 1, 2, 2, 1, 1]),
            ("r past the sequence", vec![0x30, 6, 2, 0x7f, 1, 2, 1, 1]),
            ("an octet behind", vec![0x30, 6, 2, 1, 1, 2, 1, 1, 0]),
            ("a raw signature", vec![1; 64]),
        ] {
            assert_eq!(der_to_raw(&der, 32), None, "{name}");
        }
        assert_eq!(der_to_raw(&signature(&[1], &[1]), 0), None);
        assert_eq!(der_to_raw(&signature(&[1], &[1]), usize::MAX), None);
    }

    #[test]
    fn raw_signatures() {
        for width in [32_usize, 48, 66] {
            let good = raw(&[1], &[1], width);
            assert!(check_raw(&good, width));
            assert!(!check_raw(&raw(&[], &[1], width), width), "r = 0");
            assert!(!check_raw(&raw(&[1], &[], width), width), "s = 0");
            assert!(!check_raw(&vec![0; 2 * width], width), "both 0");
            assert!(!check_raw(&[], width));
            assert!(!check_raw(good.get(1..).unwrap(), width));
            assert!(!check_raw(&[good.clone(), vec![1]].concat(), width));
            assert!(!check_raw(&[vec![0], good.clone()].concat(), width));
            assert!(!check_raw(&vec![1; width], width));
            assert!(!check_raw(&signature(&[1], &[1]), width));
            for other in [32, 48, 66].into_iter().filter(|other| *other != width) {
                assert!(!check_raw(&good, other));
            }
        }
        assert!(!check_raw(&[], 0));
        assert!(!check_raw(&[1], usize::MAX));
    }
}
