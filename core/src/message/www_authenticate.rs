//! The header `WWW-Authenticate`: every challenge of an answer, also of an odd one.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::secret::Secret;

/// The most challenges that are read from one answer.
const MOST_CHALLENGES: usize = 16;

/// The most parameters that are read for one challenge.
const MOST_PARAMETERS: usize = 32;

/// The longest header value that is read whole, in bytes.
const LONGEST_VALUE: usize = 8 * 1024;

/// One challenge: a scheme with a token68 or with parameters (RFC 9110 section 11.3).
///
/// Values may hold secrets, because servers have been seen to write the rejected token into `error_description` (Wise,
/// "Errors"): they print redacted, and are wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    token68: Option<Secret>,
    params: Vec<(String, Secret)>,
}

impl Challenge {
    /// The scheme as it was written; compare it with [`Challenge::is`].
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether this is the scheme, compared without case (RFC 9110 section 11.1).
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The token68, where one stands behind the scheme; it may be a secret.
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_ref().map(Secret::expose)
    }

    /// The first parameter of this name, compared without case; quotes and escapes are gone. It may be a secret.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Names, as they were written, and values of all parameters in their order; values may be secret.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// The names that occur more than once although they may not (RFC 9110 section 11.2), each once, in lower case.
    pub fn duplicates(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (at, (name, _)) in self.params.iter().enumerate() {
            let name = name.to_ascii_lowercase();
            let earlier = self
                .params
                .iter()
                .take(at)
                .any(|(known, _)| known.eq_ignore_ascii_case(&name));
            if earlier && !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({:?}", self.scheme)?;
        if self.token68.is_some() {
            f.write_str(", token68")?;
        }
        for (name, _) in &self.params {
            write!(f, ", {name}")?;
        }
        f.write_str(", values redacted)")
    }
}

/// Reads the challenges of all `WWW-Authenticate` values of one answer (RFC 9110 sections 11.3 and 11.6.1).
///
/// Several values are read as if they stood in one list (RFC 9110 section 5.3), except that a quote left open ends with
/// its value. An odd header does not hide what was complete in it: what cannot be read is skipped up to the next comma, a
/// parameter whose quote is never closed is left out, commas may be missing behind quoted values, and an unquoted value
/// may have any visible characters but `"` and `,`. At most 16 challenges with 32 parameters each are read, and of a value
/// longer than 8 KiB what stands before its last comma within them. There is no error: what is not a challenge is not in
/// the result.
///
/// ```
/// use evergrant::message::www_authenticate;
///
/// let header = r#"Basic realm="simple", Bearer realm="api", error="invalid_token", error_description="token, expired""#;
/// let challenges = www_authenticate::parse([header]);
/// assert_eq!(challenges.len(), 2);
/// assert!(challenges[1].is("bearer"));
/// assert_eq!(challenges[1].param("error"), Some("invalid_token"));
/// assert_eq!(format!("{:?}", challenges[0]), r#"Challenge("Basic", realm, values redacted)"#);
/// ```
pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    for value in values {
        if read(value, &mut challenges).is_none() {
            break;
        }
    }
    challenges
}

/// Reads one value; `None` when there would be one challenge too many.
fn read(value: &str, challenges: &mut Vec<Challenge>) -> Option<()> {
    let mut reader = Reader(shorten(value));
    // Whether a new challenge may begin here.
    let mut fresh = true;
    loop {
        fresh |= reader.separators();
        if reader.0.is_empty() {
            return Some(());
        }
        let word = reader.take(token_character);
        let space = !reader.take(blank).is_empty();
        if word.is_empty() {
            reader.skip_element();
            fresh = true;
        } else if reader.0.starts_with('=') {
            reader.advance(1);
            fresh = match reader.value() {
                Some((text, quoted)) => {
                    if let Some(challenge) = challenges.last_mut()
                        && challenge.params.len() < MOST_PARAMETERS
                    {
                        challenge.params.push((word.into(), text));
                    }
                    quoted && reader.0.starts_with(blank)
                }
                None => {
                    reader.skip_element();
                    true
                }
            };
        } else if !fresh {
            // A word without a comma before it is a piece of what it follows: `error_description=token expired`.
        } else if space || reader.0.is_empty() || reader.0.starts_with(',') {
            if challenges.len() == MOST_CHALLENGES {
                return None;
            }
            let token68 = if space { reader.token68() } else { None };
            challenges.push(Challenge {
                scheme: word.into(),
                token68,
                params: Vec::new(),
            });
            fresh = false;
        } else {
            reader.skip_element();
        }
    }
}

/// What of a value is read: all of it, or what stands before the last comma within the limit.
fn shorten(value: &str) -> &str {
    if value.len() <= LONGEST_VALUE {
        return value;
    }
    let end = (0..=LONGEST_VALUE)
        .rev()
        .find(|&at| value.is_char_boundary(at))
        .unwrap_or(0);
    value
        .get(..end)
        .and_then(|start| start.rsplit_once(','))
        .map_or("", |(complete, _)| complete)
}

/// RFC 9110 section 5.6.2.
fn token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

/// RFC 9110 section 11.2, without the `=` at the end.
fn token68_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~+/".contains(character)
}

fn blank(character: char) -> bool {
    character == ' ' || character == '\t'
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn take(&mut self, matches: fn(char) -> bool) -> &'a str {
        let start = self.0;
        self.0 = start.trim_start_matches(matches);
        self.since(start)
    }

    /// What was consumed since this state.
    fn since(&self, start: &'a str) -> &'a str {
        start.get(..start.len().saturating_sub(self.0.len())).unwrap_or("")
    }

    fn advance(&mut self, bytes: usize) {
        self.0 = self.0.get(bytes..).unwrap_or("");
    }

    /// Skips blanks and commas; tells whether there was a comma.
    fn separators(&mut self) -> bool {
        self.take(|character| blank(character) || character == ',')
            .contains(',')
    }

    /// Skips to the next comma outside quotes.
    fn skip_element(&mut self) {
        let (mut quoted, mut escaped) = (false, false);
        let end = self.0.find(|character| {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = quoted,
                '"' => quoted = !quoted,
                _ => return character == ',' && !quoted,
            }
            false
        });
        self.advance(end.unwrap_or(self.0.len()));
    }

    /// A token68, if the element has nothing else.
    fn token68(&mut self) -> Option<Secret> {
        let start = self.0;
        let body = self.take(token68_character);
        self.take(|character| character == '=');
        let text = self.since(start);
        self.take(blank);
        if !body.is_empty() && (self.0.is_empty() || self.0.starts_with(',')) {
            Some(text.into())
        } else {
            self.0 = start;
            None
        }
    }

    /// The value behind a `=`, and whether it was quoted. `None` if it has no end, or characters that no value may have.
    fn value(&mut self) -> Option<(Secret, bool)> {
        self.take(blank);
        if self.0.starts_with('"') {
            return self.quoted().map(|text| (text, true));
        }
        let text = self.take(|character| !blank(character) && !character.is_control() && !",\"".contains(character));
        let end = self.0.is_empty() || self.0.starts_with([',', ' ', '\t']);
        end.then(|| (text.into(), false))
    }

    /// RFC 9110 section 5.6.4. On failure nothing is consumed.
    fn quoted(&mut self) -> Option<Secret> {
        let inner = self.0.strip_prefix('"')?;
        let mut escaped = false;
        let end = inner.find(|character| {
            let end = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            end
        })?;
        let inner = inner.get(..end)?;
        if inner.contains(|character: char| character.is_control() && character != '\t') {
            return None;
        }
        // Without escapes it is only shorter, so the buffer never moves and leaves no copy behind.
        let mut text = String::with_capacity(end);
        let mut escaped = false;
        for character in inner.chars() {
            escaped = character == '\\' && !escaped;
            if !escaped {
                text.push(character);
            }
        }
        self.advance(end.saturating_add(2));
        Some(text.into())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec;

    use super::*;

    /// `Scheme token68 a=1 b=2|Other`, values in angle brackets where they are not a token.
    fn show(challenges: &[Challenge]) -> String {
        let mut out = String::new();
        for challenge in challenges {
            if !out.is_empty() {
                out.push('|');
            }
            out.push_str(challenge.scheme());
            if let Some(token68) = challenge.token68() {
                out.push_str(&format!(" {token68}"));
            }
            for (name, value) in challenge.params() {
                out.push_str(&format!(" {name}=<{value}>"));
            }
        }
        out
    }

    #[test]
    fn well_formed() {
        for (value, expected) in [
            // RFC 9110 section 11.6.1.
            (
                r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
                r#"Basic realm=<simple>|Newauth realm=<apps> type=<1> title=<Login to "apps">"#,
            ),
            // RFC 6750 section 3.
            (r#"Bearer realm="example""#, "Bearer realm=<example>"),
            (
                r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
                "Bearer realm=<example> error=<invalid_token> error_description=<The access token expired>",
            ),
            // RFC 9449 section 7.1.
            (r#"DPoP algs="ES256 PS256""#, "DPoP algs=<ES256 PS256>"),
            // RFC 7616 section 3.9.1.
            (
                r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
                "Digest realm=<http-auth@example.org> qop=<auth, auth-int> algorithm=<SHA-256> nonce=<7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v> opaque=<FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS>",
            ),
            // RFC 4559 section 5.
            (
                "Negotiate a87421000492aa874209af8bc028",
                "Negotiate a87421000492aa874209af8bc028",
            ),
            ("Negotiate", "Negotiate"),
            ("Negotiate, NTLM", "Negotiate|NTLM"),
            ("Negotiate abc+/==, Basic realm=x", "Negotiate abc+/==|Basic realm=<x>"),
            ("Negotiate abc== , Basic realm=x", "Negotiate abc==|Basic realm=<x>"),
            ("Basic realm=x, Negotiate YWJj", "Basic realm=<x>|Negotiate YWJj"),
            ("A, B, C x=1, D", "A|B|C x=<1>|D"),
            ("bearer", "bearer"),
            ("BEARER Realm=a", "BEARER Realm=<a>"),
            ("Bearer a=1,b=2", "Bearer a=<1> b=<2>"),
            ("Bearer a = 1 ,\tb\t=\t\"2\"", "Bearer a=<1> b=<2>"),
            ("Bearer   a=1", "Bearer a=<1>"),
            (r#"Bearer a="""#, "Bearer a=<>"),
            (r#"Bearer a="\\", b="\"", c="\,""#, r#"Bearer a=<\> b=<"> c=<,>"#),
            ("Bearer a=\"x\ty\"", "Bearer a=<x\ty>"),
            ("Bearer a=\"\u{e9}\u{20ac}\"", "Bearer a=<\u{e9}\u{20ac}>"),
            (r#"Bearer a="Basic realm=x, b=1""#, "Bearer a=<Basic realm=x, b=1>"),
            ("Bearer a*=UTF-8''x", "Bearer a*=<UTF-8''x>"),
            (", Bearer a=1", "Bearer a=<1>"),
            (",, ,Bearer ,, a=1,,b=2, ,", "Bearer a=<1> b=<2>"),
            ("Bearer a=1, a=2", "Bearer a=<1> a=<2>"),
        ] {
            assert_eq!(show(&parse([value])), expected, "{value}");
        }
    }

    #[test]
    fn odd() {
        for (value, expected) in [
            ("", ""),
            (" ", ""),
            (",", ""),
            ("\"", ""),
            ("=", ""),
            ("a=1", ""),
            ("\u{e9}", ""),
            ("Bearer\0", ""),
            ("\"Bearer\"", ""),
            ("Bearer\"x\"", ""),
            ("Bearer: x", ""),
            ("(Bearer) a=1", ""),
            ("=, Bearer", "Bearer"),
            ("a=1, Bearer b=2", "Bearer b=<2>"),
            ("[garbage, Bearer a=1", "Bearer a=<1>"),
            ("Bearer a=1, [garbage], b=2", "Bearer a=<1> b=<2>"),
            ("Bearer a=1, \"x, y\", b=2", "Bearer a=<1> b=<2>"),
            ("Bearer a=1, [\\, b=2", "Bearer a=<1> b=<2>"),
            // Quotes that are never closed.
            ("Bearer a=\"", "Bearer"),
            ("Bearer a=\"x", "Bearer"),
            ("Bearer a=\"x\\\"", "Bearer"),
            ("Bearer a=\"x\\", "Bearer"),
            ("Bearer a=1, b=\"x, c=3", "Bearer a=<1>"),
            ("Basic realm=\"a\", Bearer error=\"x", "Basic realm=<a>|Bearer"),
            // Characters that no value may have.
            ("Bearer a=\"x\r\ny\", b=2", "Bearer b=<2>"),
            ("Bearer a=\"x\\\0\", b=2", "Bearer b=<2>"),
            ("Bearer a=x\u{7}, b=2", "Bearer b=<2>"),
            ("Bearer a=x\"y\", b=2", "Bearer b=<2>"),
            ("Bearer a=x\"y, b=\"2, c=3", "Bearer c=<3>"),
            ("Bearer a=x\"y, b=2", "Bearer"),
            // Commas are missing.
            (r#"Bearer a="1" b="2" c=3"#, "Bearer a=<1> b=<2> c=<3>"),
            (r#"Bearer a="1"b="2""#, "Bearer a=<1> b=<2>"),
            (
                r#"Basic realm="x" Bearer error="y""#,
                "Basic realm=<x>|Bearer error=<y>",
            ),
            (r#"Bearer a="x"y, b=2"#, "Bearer a=<x> b=<2>"),
            (r#"Bearer a="token "secret" expired", b=2"#, "Bearer a=<token > b=<2>"),
            // Quotes are missing.
            (
                "Bearer error=invalid_token, error_description=The access token expired, b=2",
                "Bearer error=<invalid_token> error_description=<The> b=<2>",
            ),
            (
                "Bearer resource_metadata=https://a.example/x?y=z",
                "Bearer resource_metadata=<https://a.example/x?y=z>",
            ),
            ("Bearer a==b", "Bearer a=<=b>"),
            ("Bearer a=, b=2", "Bearer a= b=<2>"),
            ("Bearer x=1, a= , b=2", "Bearer x=<1> a=<> b=<2>"),
            ("Bearer x=1, a=", "Bearer x=<1> a=<>"),
            // Words that are neither.
            ("Bearer abc def, Basic", "Bearer|Basic"),
            ("Bearer abc def a=1", "Bearer a=<1>"),
            ("Bearer error invalid_token", "Bearer"),
            ("Bearer abc=def=", "Bearer abc=<def=>"),
            ("Negotiate abc, x=1", "Negotiate abc x=<1>"),
            ("Negotiate ab=c", "Negotiate ab=<c>"),
            ("Negotiate =", ""),
            ("Negotiate ==, Basic", "Basic"),
            ("Bearer \u{e9}, Basic", "Bearer|Basic"),
        ] {
            assert_eq!(show(&parse([value])), expected, "{value}");
        }
    }

    #[test]
    fn several_values() {
        let challenges = parse(["Basic realm=\"a\"", "", "Bearer error=\"invalid_token\"", "Negotiate"]);
        assert_eq!(
            show(&challenges),
            "Basic realm=<a>|Bearer error=<invalid_token>|Negotiate"
        );
        // One list that was sent in pieces.
        assert_eq!(
            show(&parse(["Bearer realm=\"a\"", "error=\"b\", Basic", "realm=c"])),
            "Bearer realm=<a> error=<b>|Basic realm=<c>"
        );
        // An open quote ends with its value.
        assert_eq!(
            show(&parse(["Basic realm=\"a", "Bearer error=\"b\""])),
            "Basic|Bearer error=<b>"
        );
        assert_eq!(show(&parse([])), "");
    }

    #[test]
    fn lookup() {
        let challenges = parse(["bEaReR Realm=\"A\", ERROR=x, error=y, Scope=s, realm=z, error=w"]);
        let [bearer] = challenges.as_slice() else { panic!() };
        assert!(bearer.is("Bearer") && bearer.is("BEARER") && !bearer.is("Beare") && !bearer.is("Basic"));
        assert_eq!(bearer.scheme(), "bEaReR");
        assert_eq!((bearer.param("realm"), bearer.param("REALM")), (Some("A"), Some("A")));
        assert_eq!(
            (bearer.param("error"), bearer.param("scope"), bearer.param("nonce")),
            (Some("x"), Some("s"), None)
        );
        assert_eq!(bearer.duplicates(), ["error", "realm"]);
        assert_eq!(bearer.token68(), None);
        assert!(
            parse(["Bearer a=1, b=2"])
                .iter()
                .all(|challenge| challenge.duplicates().is_empty())
        );
        // A name is a duplicate within one challenge only.
        assert!(
            parse(["A a=1, B a=1"])
                .iter()
                .all(|challenge| challenge.duplicates().is_empty())
        );
    }

    #[test]
    fn limits() {
        let many = "Bearer a=1, ".repeat(MOST_CHALLENGES + 1);
        assert_eq!(parse([many.as_str()]).len(), MOST_CHALLENGES);
        let more = vec!["Bearer a=1"; MOST_CHALLENGES + 9];
        assert_eq!(parse(more).len(), MOST_CHALLENGES);
        // What follows a challenge too many belongs to none that was read.
        let full = "A, ".repeat(MOST_CHALLENGES) + "B, c=1";
        assert!(
            parse([full.as_str(), "d=1"])
                .iter()
                .all(|challenge| challenge.params().next().is_none())
        );

        let params = format!("Bearer {}, Basic realm=x", vec!["a=1"; MOST_PARAMETERS + 1].join(", "));
        let challenges = parse([params.as_str()]);
        assert_eq!(
            challenges
                .iter()
                .map(|challenge| challenge.params().count())
                .collect::<Vec<_>>(),
            [MOST_PARAMETERS, 1]
        );

        let long = format!("Basic realm=x, Bearer error={}", "y".repeat(LONGEST_VALUE));
        assert_eq!(show(&parse([long.as_str()])), "Basic realm=<x>");
        let long = format!("Basic realm=x, Bearer error=\"a,{}\"", "\u{e9}".repeat(LONGEST_VALUE));
        assert_eq!(show(&parse([long.as_str(), "Digest"])), "Basic realm=<x>|Bearer|Digest");
        assert_eq!(
            show(&parse([format!("Basic {}", "y".repeat(LONGEST_VALUE)).as_str()])),
            ""
        );
        let exact = format!("Basic {}", "y".repeat(LONGEST_VALUE - 6));
        assert_eq!(show(&parse([exact.as_str()])), exact);
    }

    #[test]
    fn prints_hold_no_values() {
        let challenges = parse(["Bearer error_description=\"945fdc16-56cb\", realm=hunter2, Negotiate c2VjcmV0"]);
        let print = format!("{challenges:?}");
        assert_eq!(
            print,
            "[Challenge(\"Bearer\", error_description, realm, values redacted), \
             Challenge(\"Negotiate\", token68, values redacted)]"
        );
    }

    /// Any text at all has a reading, and a complete challenge before it stays.
    #[test]
    fn no_text_hides_what_came_before() {
        let pieces = [
            "Bearer", "a", "=", "\"", "\\", ",", " ", "\t", "==", "b=\"c\"", "\u{e9}", "\0", "x/y",
        ];
        let mut seed = 3_u32;
        for _ in 0..20_000 {
            let mut text = String::from("Basic realm=\"first, of all\", ");
            for _ in 0..12 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(pieces[(seed >> 16) as usize % pieces.len()]);
            }
            let challenges = parse([text.as_str(), "Last realm=last"]);
            let (first, last) = (challenges.first().unwrap(), challenges.last().unwrap());
            assert_eq!(first.param("realm"), Some("first, of all"), "{text}");
            assert_eq!((last.scheme(), last.param("realm")), ("Last", Some("last")), "{text}");
        }
    }
}
