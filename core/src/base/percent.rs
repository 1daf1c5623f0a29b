//! Percent-encoding and `application/x-www-form-urlencoded`: read strictly, written in one way.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::{Zeroize, Zeroizing};

/// The longest query that is read, in bytes.
pub(crate) const LONGEST_QUERY: usize = 16 * 1024;

/// The most parameters that are read from one query.
pub(crate) const MOST_PAIRS: usize = 100;

/// A decoded name and its decoded value; both may hold a code or a token, so both are wiped on drop.
pub(crate) type Pair = (Zeroizing<String>, Zeroizing<String>);

/// Why a query could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is longer than [`LONGEST_QUERY`].
    TooLong,
    /// It has more than [`MOST_PAIRS`] parameters.
    TooManyPairs,
    /// A `%` is not followed by two hexadecimal digits.
    MalformedPercent,
    /// The decoded bytes are not UTF-8.
    InvalidUtf8,
}

impl Fault {
    /// What was wrong, for the message of an error.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::TooLong => "the query is longer than 16 KiB",
            Self::TooManyPairs => "the query has more than 100 parameters",
            Self::MalformedPercent => "the query has a % that is not followed by two hexadecimal digits",
            Self::InvalidUtf8 => "the query does not decode to UTF-8",
        }
    }
}

/// The parameters of a query or form, decoded, in their order.
///
/// Pairs are separated by `&` only (never `;`), `+` is a space, a pair without `=` has an empty value, and empty pairs
/// are skipped. Where the WHATWG parser would keep a malformed `%` or replace broken UTF-8, this is a [`Fault`]:
/// a code that was changed on the way must not be sent. A name may occur twice; that is for the caller to judge.
pub(crate) fn form_pairs(query: &str) -> Result<Vec<Pair>, Fault> {
    if query.len() > LONGEST_QUERY {
        return Err(Fault::TooLong);
    }
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MOST_PAIRS {
            return Err(Fault::TooManyPairs);
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((form_decode(name)?, form_decode(value)?));
    }
    Ok(pairs)
}

fn form_decode(text: &str) -> Result<Zeroizing<String>, Fault> {
    // Decoding never lengthens, so the buffer never moves and leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let [high, low, tail @ ..] = tail else {
                    return Err(Fault::MalformedPercent);
                };
                rest = tail;
                match (nibble(*high), nibble(*low)) {
                    (Some(high), Some(low)) => high << 4 | low,
                    _ => return Err(Fault::MalformedPercent),
                }
            }
            byte => byte,
        });
    }
    match String::from_utf8(core::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(Fault::InvalidUtf8)
        }
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// How a space is written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryEncoding {
    /// As `+`: `application/x-www-form-urlencoded`, what RFC 6749 Appendix B prescribes.
    Plus,
    /// As `%20`: for authorization servers that read a `+` literally.
    Percent20,
}

/// A form body: `application/x-www-form-urlencoded` (RFC 6749 Appendix B).
///
/// The result may hold secrets; the caller puts it into custody. Its buffer is sized beforehand, so no shorter copies
/// stay behind in memory.
pub(crate) fn form_encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    query_encode(pairs, QueryEncoding::Plus)
}

/// A query, with its spaces written as asked.
///
/// Everything but letters, digits and `*-._` is percent-encoded, so it can stand behind `?` or `&` of any URL.
pub(crate) fn query_encode<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    encoding: QueryEncoding,
) -> String {
    let longest = |text: &str| text.len().saturating_mul(3).saturating_add(1);
    let size = pairs.clone().fold(0_usize, |size, (name, value)| {
        size.saturating_add(longest(name)).saturating_add(longest(value))
    });
    let mut out = String::with_capacity(size);
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        push_encoded(&mut out, name, encoding);
        out.push('=');
        push_encoded(&mut out, value, encoding);
    }
    out
}

/// One value, form-encoded: what RFC 6749 section 2.3.1 asks of client id and secret before they go into Basic
/// credentials.
///
/// The result may be a secret.
pub(crate) fn encode_component(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_mul(3));
    push_encoded(&mut out, text, QueryEncoding::Plus);
    out
}

fn push_encoded(out: &mut String, text: &str, encoding: QueryEncoding) {
    for piece in form_urlencoded::byte_serialize(text.as_bytes()) {
        // A literal `+` becomes `%2B`, so a piece `+` is always a space.
        out.push_str(if piece == "+" && encoding == QueryEncoding::Percent20 {
            "%20"
        } else {
            piece
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Vec<(String, String)>, Fault> {
        Ok(form_pairs(query)?
            .iter()
            .map(|(name, value)| (String::from(&**name), String::from(&**value)))
            .collect())
    }

    #[test]
    fn pairs_are_decoded() {
        for (query, expected) in [
            ("", &[][..]),
            ("&", &[]),
            ("&&&", &[]),
            // RFC 6749 section 4.1.2.
            (
                "code=SplxlOBeZQQYbYS6WxSbIA&state=xyz",
                &[("code", "SplxlOBeZQQYbYS6WxSbIA"), ("state", "xyz")],
            ),
            ("a=1&&b=2&", &[("a", "1"), ("b", "2")]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=b", &[("", "b")]),
            ("=", &[("", "")]),
            ("a=b=c==", &[("a", "b=c==")]),
            ("a=x+y", &[("a", "x y")]),
            ("a=x%20y", &[("a", "x y")]),
            ("a=x%2By", &[("a", "x+y")]),
            ("a%3Db=c%26d", &[("a=b", "c&d")]),
            ("a=1;b=2", &[("a", "1;b=2")]),
            ("a=1&a=2", &[("a", "1"), ("a", "2")]),
            ("%61=1&a=2", &[("a", "1"), ("a", "2")]),
            ("a=%e2%82%AC", &[("a", "\u{20ac}")]),
            ("a=\u{20ac}", &[("a", "\u{20ac}")]),
            ("a=%25zz", &[("a", "%zz")]),
            ("a=%00%0d%0a", &[("a", "\0\r\n")]),
            ("a=b?c/d:e@f", &[("a", "b?c/d:e@f")]),
        ] {
            let read = read(query).unwrap();
            let read: Vec<_> = read
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(read, expected, "{query}");
        }
    }

    #[test]
    fn malformed_encoding_is_a_fault() {
        for (query, expected) in [
            ("%", Fault::MalformedPercent),
            ("a=%", Fault::MalformedPercent),
            ("a=%2", Fault::MalformedPercent),
            ("a=%2&b=1", Fault::MalformedPercent),
            ("a=%z1", Fault::MalformedPercent),
            ("a=%1z", Fault::MalformedPercent),
            ("a=%%41", Fault::MalformedPercent),
            ("a=%+1", Fault::MalformedPercent),
            ("a=%-1", Fault::MalformedPercent),
            ("a=% 1", Fault::MalformedPercent),
            ("a=%u0041", Fault::MalformedPercent),
            ("a=%\u{20ac}", Fault::MalformedPercent),
            ("%g0=a", Fault::MalformedPercent),
            ("a=%ff", Fault::InvalidUtf8),
            ("a=%80", Fault::InvalidUtf8),
            ("a=%c0%af", Fault::InvalidUtf8),
            ("a=%e2%82", Fault::InvalidUtf8),
            ("a=%e2&b=%82%ac", Fault::InvalidUtf8),
            ("a=%ed%a0%80", Fault::InvalidUtf8),
            ("a=%f4%90%80%80", Fault::InvalidUtf8),
            ("%ff=a", Fault::InvalidUtf8),
            ("good=1&bad=%", Fault::MalformedPercent),
        ] {
            assert_eq!(read(query), Err(expected), "{query}");
        }
    }

    #[test]
    fn limits_hold() {
        let pairs = |count: usize| "a=1&".repeat(count);
        assert_eq!(read(&pairs(MOST_PAIRS)).unwrap().len(), MOST_PAIRS);
        assert_eq!(read(&pairs(MOST_PAIRS + 1)), Err(Fault::TooManyPairs));
        assert_eq!(read(&"&".repeat(LONGEST_QUERY)).unwrap().len(), 0);
        assert_eq!(read(&"a".repeat(LONGEST_QUERY)).unwrap().len(), 1);
        assert_eq!(read(&"a".repeat(LONGEST_QUERY + 1)), Err(Fault::TooLong));
        assert_eq!(read(&"&".repeat(LONGEST_QUERY + 1)), Err(Fault::TooLong));
    }

    #[test]
    fn faults_say_what_was_wrong() {
        for fault in [
            Fault::TooLong,
            Fault::TooManyPairs,
            Fault::MalformedPercent,
            Fault::InvalidUtf8,
        ] {
            assert!(fault.message().starts_with("the query") && !fault.message().ends_with('.'));
        }
    }

    #[test]
    fn components_are_encoded() {
        for (plain, encoded) in [
            ("", ""),
            ("abcXYZ019*-._", "abcXYZ019*-._"),
            ("a+b/c==", "a%2Bb%2Fc%3D%3D"),
            ("a b", "a+b"),
            ("~", "%7E"),
            ("%", "%25"),
            ("a&b=c", "a%26b%3Dc"),
            ("\r\n", "%0D%0A"),
            // RFC 6749 Appendix B.
            (" %&+\u{a3}\u{20ac}", "+%25%26%2B%C2%A3%E2%82%AC"),
        ] {
            assert_eq!(encode_component(plain), encoded, "{plain:?}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        let pairs = [("response_type", "code"), ("scope", "a b+c"), ("", ""), ("x y", "1")];
        assert_eq!(
            form_encode(pairs.iter().copied()),
            "response_type=code&scope=a+b%2Bc&=&x+y=1"
        );
        assert_eq!(
            query_encode(pairs.iter().copied(), QueryEncoding::Percent20),
            "response_type=code&scope=a%20b%2Bc&=&x%20y=1"
        );
        assert_eq!(form_encode([].iter().copied()), "");
        // RFC 6749 section 4.1.3.
        assert_eq!(
            form_encode(
                [
                    ("grant_type", "authorization_code"),
                    ("code", "SplxlOBeZQQYbYS6WxSbIA"),
                    ("redirect_uri", "https://client.example.com/cb")
                ]
                .into_iter()
            ),
            "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA\
             &redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let every: String = (0..=0x2ff).filter_map(char::from_u32).collect();
        for encoding in [QueryEncoding::Plus, QueryEncoding::Percent20] {
            let written = query_encode([("n", every.as_str()), (every.as_str(), "v")].into_iter(), encoding);
            assert!(
                written
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"*-._%+&=".contains(&byte))
            );
            assert_eq!(
                read(&written).unwrap(),
                [("n".into(), every.clone()), (every.clone(), "v".into())]
            );
        }
    }

    #[test]
    fn the_buffer_never_moves() {
        let value = "\u{20ac} ".repeat(50);
        let pairs = [("code", value.as_str()), ("state", "\r")];
        let size: usize = pairs
            .iter()
            .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
            .sum();
        let written = form_encode(pairs.into_iter());
        assert!(written.len() <= size && written.capacity() >= size);
    }
}
