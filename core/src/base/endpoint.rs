//! URLs as OAuth needs them: strict, compared byte for byte, and never rewritten.
//!
//! OAuth compares redirect URIs and issuers as exact strings, and a URL that two parsers read differently sends
//! credentials to the wrong host. So these types accept only what every parser reads in the same way: the characters of
//! RFC 3986, in the form in which the WHATWG URL parser leaves them. Where that parser would rewrite a URL (upper case
//! in the host, `0x7f.1`, a default port, dot segments, backslashes), it is refused, with a message that says how to write
//! it. One thing is left to the parser: a host without a path gets its `/` there, and keeps its exact bytes here.
//!
//! Hosts in another script are written in their ASCII form (`xn--…`). Whether such a label is valid IDNA cannot be
//! decided without Unicode tables, and real providers may have such hosts, so any label of that form is accepted: a parser
//! with the tables either reads it as it stands or refuses the URL, but never reads another host.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::base::error::OAuthError;
use crate::base::percent;
use crate::base::url_rules::{check, loopback, or_root, port, refusal, split};

/// The strict URL of a provider's endpoint.
///
/// Absolute, ASCII, at most 2048 bytes, `https` (or `http` where the host is literally loopback: `127.x.y.z`, `[::1]` or
/// `localhost`), without user information and fragment (RFC 6749 section 3.1). Two endpoints are equal when their bytes
/// are.
///
/// ```
/// use evergrant::base::endpoint::Endpoint;
///
/// let token = Endpoint::parse("https://api.example.com/oauth2/token?v=1")?;
/// assert_eq!((token.host(), token.port()), ("api.example.com", None));
/// assert_eq!((token.path(), token.query()), ("/oauth2/token", Some("v=1")));
/// assert!(Endpoint::parse("http://api.example.com/oauth2/token").is_err());
/// assert!(Endpoint::parse("https://api.example.com@evil.example/").is_err());
/// assert!(Endpoint::parse("http://127.0.0.1:8080/token")?.is_loopback());
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint(String);

impl Endpoint {
    /// Accepts the URL or says why not; the error has the code `invalid_endpoint` and does not repeat the URL.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        check(text, false).map_err(refusal)?;
        Ok(Self(text.into()))
    }

    /// The exact bytes that were parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &str {
        split(&self.0).scheme
    }

    /// The host: a name, an IPv4 address, or an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        split(&self.0).host().0
    }

    /// The port, where one is written; a default port never is.
    pub fn port(&self) -> Option<u16> {
        split(&self.0).host().1.and_then(port)
    }

    /// The path, still percent-encoded; `/` where none is written (RFC 3986 section 6.2.3).
    pub fn path(&self) -> &str {
        or_root(split(&self.0).path)
    }

    /// What stands behind `?`, still percent-encoded; `Some("")` for a bare `?`.
    pub fn query(&self) -> Option<&str> {
        split(&self.0).query
    }

    /// An issuer identifier: an endpoint without a query (RFC 8414 section 2).
    pub(crate) fn parse_issuer(text: &str) -> Result<Self, OAuthError> {
        let issuer = Self::parse(text)?;
        if issuer.query().is_some() {
            return Err(refusal("an issuer has no query (RFC 8414 section 2)"));
        }
        Ok(issuer)
    }

    /// The decoded names of the query's parameters.
    pub(crate) fn query_names(&self) -> Result<Vec<String>, OAuthError> {
        let pairs = percent::form_pairs(self.query().unwrap_or("")).map_err(|fault| refusal(fault.message()))?;
        Ok(pairs.iter().map(|(name, _)| String::from(name.as_str())).collect())
    }

    /// Whether the host is literally loopback: `127.x.y.z`, `[::1]` or `localhost`.
    pub fn is_loopback(&self) -> bool {
        loopback(self.host())
    }

    /// Whether scheme, host and port are the same (RFC 6454 section 5).
    pub fn same_origin(&self, other: &Self) -> bool {
        let (one, two) = (split(&self.0), split(&other.0));
        one.scheme == two.scheme && one.authority == two.authority
    }

    /// The URL as the `url` crate reads it: the same scheme, host, port, path and query.
    ///
    /// Fails only for a host with an `xn--` label that is not valid IDNA; the error has the code `invalid_endpoint`.
    #[cfg(feature = "url")]
    pub fn to_url(&self) -> Result<url::Url, OAuthError> {
        crate::base::url_rules::to_url(&self.0)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "url")]
impl TryFrom<&url::Url> for Endpoint {
    type Error = OAuthError;

    fn try_from(url: &url::Url) -> Result<Self, OAuthError> {
        Self::parse(url.as_str())
    }
}
