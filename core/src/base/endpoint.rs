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
use core::fmt;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::percent;

/// The longest URL that is accepted, in bytes.
const LONGEST: usize = 2048;

/// Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207): a redirect URI with one of its own would
/// make every callback ambiguous.
const RESPONSE_PARAMETERS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// Schemes that mean something to browsers, operating systems or other programs, so that no app may claim them.
const FOREIGN_SCHEMES: &str = " about acct android-app blob brave callto chrome chrome-error chrome-extension \
    chrome-search chrome-untrusted cid content coap data dav devtools dict dns edge feed file filesystem ftp ftps geo git \
    gopher http https imap intent intents irc ircs jar javascript ldap ldaps livescript magnet mailto market mid mms mmsto \
    mocha moz-extension ms-appx ms-msdt ms-settings mhtml news nfs nntp opera pop resource rtsp safari-web-extension \
    search-ms sftp shell sip sips smb sms smsto snews ssh svn tel telnet tftp urn vbscript view-source vivaldi vnc wais \
    webcal ws wss wyciwyg xmpp ";

type Check = Result<(), &'static str>;

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
        to_url(&self.0)
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

/// The URI at which the host receives callbacks, exactly as it is registered with the provider.
///
/// One of three kinds (RFC 8252 section 7): `https`; `http` on a literal loopback host; or a private-use scheme of a
/// native app (`com.example.app:/cb`, `demoapp://redirect`). Schemes that browsers and operating systems use themselves
/// (`javascript`, `data`, `file`, `intent`, …) are refused, as are fragments (RFC 6749 section 3.1.2) and parameters that
/// the protocol itself sends to a callback (`code`, `state`, `iss`, `error`, …). A query of its own is kept.
///
/// ```
/// use evergrant::base::endpoint::RedirectUri;
///
/// assert!(RedirectUri::parse("https://app.example/callback?provider=wise").is_ok());
/// assert!(RedirectUri::parse("http://127.0.0.1:49152/callback").is_ok());
/// assert!(RedirectUri::parse("com.example.app:/oauth/callback").is_ok());
/// assert!(RedirectUri::parse("javascript:alert(1)").is_err());
/// assert!(RedirectUri::parse("https://app.example/callback#done").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Accepts the URI or says why not; the error has the code `invalid_endpoint` and does not repeat the URI.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        check(text, true).map_err(refusal)?;
        if let Some(query) = split(text).query {
            let pairs = percent::form_pairs(query).map_err(|fault| refusal(fault.message()))?;
            if pairs
                .iter()
                .any(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_str()))
            {
                return Err(refusal(
                    "the query of the redirect URI has a parameter that the protocol itself uses; rename it",
                ));
            }
        }
        Ok(Self(text.into()))
    }

    /// The exact bytes that were parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme: `https`, `http` or a private-use scheme.
    pub fn scheme(&self) -> &str {
        split(&self.0).scheme
    }

    /// Whether the scheme is one of a native app, neither `https` nor `http`.
    pub fn is_private_use(&self) -> bool {
        !is_web(self.scheme())
    }

    /// Whether the scheme is `http` or `https` and the host literally loopback (RFC 8252 section 7.3).
    pub fn is_loopback(&self) -> bool {
        let parts = split(&self.0);
        is_web(parts.scheme) && loopback(parts.host().0)
    }

    /// The path, still percent-encoded; `/` where none is written.
    pub fn path(&self) -> &str {
        or_root(split(&self.0).path)
    }

    /// The URI's own query, still percent-encoded.
    pub fn query(&self) -> Option<&str> {
        split(&self.0).query
    }

    /// Whether a callback may have arrived at this redirect URI.
    ///
    /// The callback is what the host saw: a full URL, a path with a query, or a bare query with or without its `?`.
    ///
    /// - For `https` and `http` the path must be the same, byte for byte (no path is `/`). Scheme, host and port are not
    ///   compared, because proxies rewrite them; but the callback's scheme must be one of the two.
    /// - For a private-use scheme, scheme and host are compared without case, the path byte for byte.
    /// - A bare query has no place of arrival, so none is compared.
    /// - The redirect URI's own parameters must all be there, with the same values in the same order and no further value
    ///   of the same name: RFC 6749 section 3.1.2 has the provider retain them, and a host that tells its providers apart
    ///   by such a parameter relies on it. They are compared decoded.
    ///
    /// A callback that cannot be read does not match.
    ///
    /// ```
    /// use evergrant::base::endpoint::RedirectUri;
    ///
    /// let redirect = RedirectUri::parse("https://app.example/callback")?;
    /// assert!(redirect.matches("http://10.0.0.7:3000/callback?code=abc&state=xyz"));
    /// assert!(redirect.matches("/callback?code=abc&state=xyz"));
    /// assert!(redirect.matches("code=abc&state=xyz"));
    /// assert!(!redirect.matches("https://app.example/other?code=abc&state=xyz"));
    /// # Ok::<(), evergrant::base::error::OAuthError>(())
    /// ```
    pub fn matches(&self, callback: &str) -> bool {
        let arrival = Arrival::of(callback);
        self.received(&arrival) && percent::form_pairs(arrival.query).is_ok_and(|pairs| self.kept_in(&pairs))
    }

    /// The first half of [`RedirectUri::matches`]: whether the callback arrived at the right place.
    pub(crate) fn received(&self, arrival: &Arrival<'_>) -> bool {
        let parts = split(&self.0);
        let Some(path) = arrival.path else { return true };
        if or_root(path) != or_root(parts.path) {
            return false;
        }
        match (is_web(parts.scheme), arrival.scheme) {
            (true, None) => true,
            (true, Some(scheme)) => {
                is_web(&scheme.to_ascii_lowercase()) && arrival.authority.is_some_and(|authority| !authority.is_empty())
            }
            (false, None) => false,
            (false, Some(scheme)) => {
                let authority = parts.authority.unwrap_or("");
                scheme.eq_ignore_ascii_case(parts.scheme)
                    && arrival.authority.unwrap_or("").eq_ignore_ascii_case(authority)
            }
        }
    }

    /// The second half of [`RedirectUri::matches`]: whether the redirect URI's own parameters are in the callback's.
    pub(crate) fn kept_in(&self, pairs: &[percent::Pair]) -> bool {
        // `parse` has read this query before.
        let own = self
            .query()
            .and_then(|query| percent::form_pairs(query).ok())
            .unwrap_or_default();
        own.iter().all(|(name, _)| {
            own.iter()
                .filter(|pair| pair.0 == *name)
                .eq(pairs.iter().filter(|pair| pair.0 == *name))
        })
    }

    /// The URI as the `url` crate reads it.
    ///
    /// Fails only for a host with an `xn--` label that is not valid IDNA; the error has the code `invalid_endpoint`.
    #[cfg(feature = "url")]
    pub fn to_url(&self) -> Result<url::Url, OAuthError> {
        to_url(&self.0)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "url")]
impl TryFrom<&url::Url> for RedirectUri {
    type Error = OAuthError;

    fn try_from(url: &url::Url) -> Result<Self, OAuthError> {
        Self::parse(url.as_str())
    }
}

/// Where a callback arrived, and the query it brought; split, not judged.
pub(crate) struct Arrival<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    /// `None` for a bare query.
    path: Option<&'a str>,
    /// The query, still percent-encoded, without `?` and without a fragment. It holds the code.
    pub(crate) query: &'a str,
}

impl<'a> Arrival<'a> {
    /// Splits a full URL, a path with a query, or a bare query. Any text has such a reading; a fragment is dropped.
    pub(crate) fn of(callback: &'a str) -> Self {
        let text = callback.split_once('#').map_or(callback, |(text, _)| text);
        let bare = |query| Self {
            scheme: None,
            authority: None,
            path: None,
            query,
        };
        if let Some(query) = text.strip_prefix('?') {
            return bare(query);
        }
        let mark = text
            .find([':', '/', '?', '=', '&', '%'])
            .and_then(|at| text.get(at..)?.chars().next());
        match mark {
            Some(':') => {
                let parts = split(text);
                Self {
                    scheme: Some(parts.scheme),
                    authority: parts.authority,
                    path: Some(parts.path),
                    query: parts.query.unwrap_or(""),
                }
            }
            Some('/' | '?') => {
                let (path, query) = text.split_once('?').unwrap_or((text, ""));
                Self {
                    scheme: None,
                    authority: None,
                    path: Some(path),
                    query,
                }
            }
            _ => bare(text),
        }
    }
}

fn refusal(message: &'static str) -> OAuthError {
    OAuthError::configuration(ErrorCode::InvalidEndpoint, message)
}

#[cfg(feature = "url")]
fn to_url(text: &str) -> Result<url::Url, OAuthError> {
    url::Url::parse(text).map_err(|_| refusal("the host has an xn-- label that is not a valid internationalized name"))
}

/// A URL in its parts, split but not judged.
struct Parts<'a> {
    scheme: &'a str,
    /// What stands behind `//`; `None` where there is none.
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

fn split(text: &str) -> Parts<'_> {
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    let (rest, query) = rest
        .split_once('?')
        .map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let at = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(at).unwrap_or((rest, ""));
            (Some(authority), path)
        }
        None => (None, rest),
    };
    Parts {
        scheme,
        authority,
        path,
        query,
    }
}

impl<'a> Parts<'a> {
    /// The host and the text of the port.
    fn host(&self) -> (&'a str, Option<&'a str>) {
        let authority = self.authority.unwrap_or("");
        match authority.rsplit_once(':') {
            // A colon inside brackets belongs to an IPv6 address.
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        }
    }
}

fn is_web(scheme: &str) -> bool {
    scheme == "https" || scheme == "http"
}

fn or_root(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

fn loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || (host.starts_with("127.") && ipv4(host))
}

fn check(text: &str, private_use: bool) -> Check {
    if text.len() > LONGEST {
        return Err("the URL is longer than 2048 bytes");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the URL has a space, a control character or a character that is not ASCII; percent-encode it");
    }
    if text.contains('#') {
        return Err("the URL has a fragment; leave it out");
    }
    let parts = split(text);
    let lower = parts.scheme.to_ascii_lowercase();
    let web = is_web(&lower);
    if web || !private_use {
        if !web {
            return Err("the URL must be absolute and begin with https://");
        }
        if parts.scheme != lower {
            return Err("the scheme of the URL must be in lower case");
        }
        web_authority(&parts)?;
    } else {
        private_use_scheme(&lower)?;
        if parts.scheme != lower {
            return Err("the scheme of the URL must be in lower case");
        }
        private_use_authority(&parts)?;
    }
    path(parts.path)?;
    parts.query.map_or(Ok(()), query)
}

fn web_authority(parts: &Parts<'_>) -> Check {
    let Some(authority) = parts.authority else {
        return Err("the URL must have // and a host after its scheme");
    };
    if authority.contains('@') {
        return Err("the URL has user information before its host; leave it out");
    }
    let (host, port_text) = parts.host();
    self::host(host)?;
    if let Some(text) = port_text {
        let default = if parts.scheme == "https" { 443 } else { 80 };
        match port(text) {
            None => return Err("the port of the URL must be a number from 0 to 65535 without leading zeros"),
            Some(port) if port == default => return Err("the port of the URL is the default one; leave it out"),
            Some(_) => {}
        }
    }
    if parts.scheme == "http" && !loopback(host) {
        return Err("http is accepted for 127.x.y.z, [::1] and localhost only; use https");
    }
    Ok(())
}

/// RFC 3986 section 3.1; a single letter would be a drive.
fn private_use_scheme(scheme: &str) -> Check {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if scheme.len() < 2
        || !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        || !scheme.bytes().all(letters)
    {
        return Err("the URL must be absolute: https://, or the private-use scheme of a native app");
    }
    if FOREIGN_SCHEMES.split(' ').any(|foreign| foreign == scheme) {
        return Err(
            "the scheme of the URL belongs to browsers or the operating system; use https or a scheme of your own",
        );
    }
    Ok(())
}

fn private_use_authority(parts: &Parts<'_>) -> Check {
    let Some(authority) = parts.authority else {
        return if parts.path.is_empty() {
            Err("the URL has nothing after its scheme")
        } else {
            Ok(())
        };
    };
    if authority.contains('@') {
        return Err("the URL has user information before its host; leave it out");
    }
    let (host, port_text) = parts.host();
    if host.starts_with('[') {
        self::host(host)?;
    } else if !host.bytes().all(unreserved) {
        return Err("the host of the URL may have letters, digits, hyphens, dots, underscores and tildes only");
    }
    match port_text {
        Some(text) if host.is_empty() || port(text).is_none() => {
            Err("the port of the URL must follow a host and be a number from 0 to 65535 without leading zeros")
        }
        _ => Ok(()),
    }
}

fn host(host: &str) -> Check {
    if let Some(address) = host.strip_prefix('[') {
        return match address.strip_suffix(']') {
            Some(address) if ipv6(address) => Ok(()),
            _ => {
                Err("the host of the URL is not an IPv6 address in its shortest form (RFC 5952), in hexadecimal groups")
            }
        };
    }
    if host.is_empty() {
        return Err("the URL has no host");
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("the host of the URL must be in lower case");
    }
    if ipv4(host) {
        return Ok(());
    }
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(
            "the host of the URL must be labels of at most 63 letters, digits and inner hyphens, separated by single dots",
        );
    }
    // The WHATWG parser takes any host whose last label is a number for an IPv4 address, `https://2130706433` too.
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("the host of the URL ends in a number; write an IPv4 address as four decimal numbers");
    }
    Ok(())
}

/// A label of letters, digits and hyphens (RFC 5890 section 2.3.1).
fn label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn ipv4(host: &str) -> bool {
    let part = |part: &str| matches!(port(part), Some(0..=255));
    host.split('.').count() == 4 && host.split('.').all(part)
}

/// An IPv6 address as the WHATWG parser writes it: RFC 5952 section 4 without the dotted form of section 5.
fn ipv6(address: &str) -> bool {
    match address.split_once("::") {
        None => matches!(groups(address), Some((8, 0..=1))),
        Some((left, right)) => {
            let (Some((before, left_run)), Some((after, right_run))) = (groups(left), groups(right)) else {
                return false;
            };
            // `::` stands for the longest run of zeros, the first of several, and for all of it.
            let gap = 8_usize.saturating_sub(before.saturating_add(after));
            gap >= 2
                && left_run < gap
                && right_run <= gap
                && left.rsplit(':').next() != Some("0")
                && right.split(':').next() != Some("0")
        }
    }
}

/// How many groups there are, and the longest run of zeros among them.
fn groups(text: &str) -> Option<(usize, usize)> {
    let (mut count, mut run, mut longest) = (0_usize, 0_usize, 0_usize);
    if text.is_empty() {
        return Some((0, 0));
    }
    for group in text.split(':') {
        let digits = group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !digits || !(1..=4).contains(&group.len()) || (group.starts_with('0') && group.len() > 1) {
            return None;
        }
        count = count.saturating_add(1);
        run = if group == "0" { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
    }
    Some((count, longest))
}

/// A decimal number without leading zeros.
fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (text == "0" || !text.starts_with('0')) {
        text.parse().ok()
    } else {
        None
    }
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn path(path: &str) -> Check {
    if !encoded(path, b"!$&'()*+,;=:@/") {
        return Err("the path of the URL has a character that must be percent-encoded, or a malformed %");
    }
    if path.split('/').any(dot_segment) {
        return Err("the path of the URL has a . or .. segment; leave it out");
    }
    Ok(())
}

fn query(query: &str) -> Check {
    // The WHATWG parser percent-encodes `'` here.
    if encoded(query, b"!$&()*+,;=:@/?") {
        Ok(())
    } else {
        Err("the query of the URL has a character that must be percent-encoded, or a malformed %")
    }
}

/// Whether the text has only unreserved characters, these others, and complete percent-encodings.
fn encoded(text: &str, others: &[u8]) -> bool {
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match tail {
            [high, low, tail @ ..] if byte == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => tail,
            _ if unreserved(byte) || others.contains(&byte) => tail,
            _ => return false,
        };
    }
    true
}

/// `.` and `..`, each dot perhaps percent-encoded.
fn dot_segment(segment: &str) -> bool {
    let mut dots = 0_u8;
    let mut rest = segment;
    while dots < 3 {
        let Some(tail) = [".", "%2e", "%2E"].iter().find_map(|dot| rest.strip_prefix(dot)) else {
            break;
        };
        rest = tail;
        dots = dots.saturating_add(1);
    }
    rest.is_empty() && (dots == 1 || dots == 2)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;
    use crate::base::error::{Action, Party};

    pub(super) const ENDPOINTS: &[&str] = &[
        "https://api.example.com/oauth2/token",
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com?",
        "https://api.example.com?a=b",
        "https://api.example.com/a?b?c/d",
        "https://api.example.com//a//",
        "https://a/token",
        "https://1a/token",
        "https://a-b.c--d.e1/token",
        "https://1.2.3.com/token",
        "https://0x7f.com/token",
        "https://0xg/token",
        "https://x0x7f/token",
        "https://xn--bcher-kva.example/token",
        "https://api.example.com:8443/token",
        "https://api.example.com:80/token",
        "https://api.example.com:0/token",
        "https://api.example.com:65535/token",
        "https://10.0.0.1/token",
        "https://0.0.0.0/token",
        "https://255.255.255.255/token",
        "https://[2001:db8::1]/token",
        "https://[2001:db8::1]:8443/token",
        "https://[::]/token",
        "https://[::ffff:c000:201]/token",
        "https://localhost/token",
        "http://localhost/token",
        "http://localhost:3000",
        "http://127.0.0.1:8080/token",
        "http://127.255.0.3/token",
        "http://127.0.0.1:443/token",
        "http://[::1]:8080/token",
        "https://example.com/!$&'()*+,;=:@-._~",
        "https://example.com/?!$&()*+,;=:@-._~/?",
        "https://example.com/%20%2F%e2%82%ac%00?%27",
        "https://example.com/...",
        "https://example.com/.well-known/x.",
        "https://example.com/%2e%2e%2e",
        "https://example.com/a%2e/..b",
        "https://example.com/?../..",
    ];

    pub(super) const NOT_ENDPOINTS: &[&str] = &[
        "",
        "/",
        "https",
        "https:",
        "https:/",
        "https://",
        "https:///",
        "https:///example.com",
        "https://?a",
        "https://:8443/",
        "https:example.com",
        "https:/example.com/x",
        "//example.com/x",
        "/token",
        "example.com/token",
        "http://example.com/token",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://a.localhost/",
        "http://localhost./",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://[::2]/",
        "http://[::ffff:7f00:1]/",
        "http://127.0.0.1@example.com/",
        "http://example.com@127.0.0.1/",
        "ftp://example.com/",
        "ws://example.com/",
        "wss://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/cb",
        "HTTPS://example.com/",
        "Https://example.com/",
        "https://Example.com/",
        "https://EXAMPLE.COM/",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://:@example.com/",
        "https://example.com@evil.example/",
        "https://example.com/#",
        "https://example.com/#fragment",
        "https://example.com#fragment",
        "https://example.com?a#b",
        "https://example.com:443/",
        "http://localhost:80/",
        "https://example.com:/",
        "https://example.com:",
        "https://example.com:65536/",
        "https://example.com:99999999999999999999/",
        "https://example.com:08443/",
        "https://example.com:00/",
        "https://example.com:+80/",
        "https://example.com:-1/",
        "https://example.com:8o/",
        "https://example.com:80:80/",
        "https://example.com:%38/",
        "https://.example.com/",
        "https://example..com/",
        "https://example.com./",
        "https://./",
        "https://../",
        "https://-example.com/",
        "https://example-.com/",
        "https://exa_mple.com/",
        "https://exa%6dple.com/",
        "https://ex*mple.com/",
        "https://a,b.com/",
        "https://b\u{fc}cher.example/",
        "https://example\u{3002}com/",
        "https://\u{ff45}xample.com/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x/",
        "https://a.0x/",
        "https://a.0xff/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.01/",
        "https://127.0.0.1./",
        "https://127.0.0.256/",
        "https://1.2.3/",
        "https://1.2.3.4.5/",
        "https://example.1/",
        "https://example.09/",
        "https://[::1/",
        "https://::1/",
        "https://[]/",
        "https://[:]/",
        "https://[1]/",
        "https://[::1]a/",
        "https://a[::1]/",
        "https://[::1]]/",
        "https://[[::1]]/",
        "https://[::1%25eth0]/",
        "https://[::1%eth0]/",
        "https://[v1.x]/",
        "https://[::1]8443/",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/\t",
        "https://exam\nple.com/",
        "ht\ttps://example.com/",
        "\u{0}https://example.com/",
        "https://example.com/\u{7f}",
        "https:\\\\example.com\\x",
        "https:/\\example.com/x",
        "https://example.com\\@evil.example/",
        "https://example.com/a\\b",
        "https://example.com/.",
        "https://example.com/..",
        "https://example.com/./a",
        "https://example.com/a/../b",
        "https://example.com/%2e",
        "https://example.com/%2E%2e/a",
        "https://example.com/.%2e/a",
        "https://example.com/a/%2e./b",
        "https://example.com/a/.?b",
        "https://example.com/\"",
        "https://example.com/<",
        "https://example.com/>",
        "https://example.com/`",
        "https://example.com/{",
        "https://example.com/}",
        "https://example.com/^",
        "https://example.com/|",
        "https://example.com/[",
        "https://example.com/]",
        "https://example.com/\u{e9}",
        "https://example.com/?\"",
        "https://example.com/?<",
        "https://example.com/?'",
        "https://example.com/?\u{e9}",
        "https://example.com/?{}",
        "https://example.com/?a[]=1",
        "https://example.com/%",
        "https://example.com/%4",
        "https://example.com/%zz",
        "https://example.com/%4g",
        "https://example.com/?%",
        "https://example.com/?%u0041",
    ];

    pub(super) const REDIRECTS: &[&str] = &[
        "https://app.example/callback",
        "https://app.example",
        "https://app.example/callback?provider=wise",
        "https://app.example/callback?a=1&a=2&b",
        "http://127.0.0.1:49152/callback",
        "http://[::1]:61023/oauth2redirect/example-provider",
        "http://localhost/cb",
        // RFC 8252 section 7.1.
        "com.example.app:/oauth2redirect/example-provider",
        "com.example.app:/cb",
        "com.example.app:/",
        "com.example.app:cb",
        "com.example.app:oauth2redirect/cb?x=y",
        "demoapp://redirect",
        "demoapp://redirect/",
        "demoapp://redirect/cb?x=y",
        "demoapp://Redirect_1/cb",
        "demoapp://redirect:8080/cb",
        "demoapp://127.1:19000/--/cb",
        "demoapp://[::1]/cb",
        "demoapp://",
        "demoapp:///",
        "demoapp:///cb",
        "demoapp:////cb",
        "web+demo:/cb",
        "a1.b-c+d:/cb",
        "https2://cb",
        "chromed://cb",
        "intent.example://cb",
    ];

    pub(super) const NOT_REDIRECTS: &[&str] = &[
        "demoapp",
        "demoapp:",
        "demoapp:?x",
        ":/cb",
        "://cb",
        "c:/cb",
        "1app:/cb",
        "+app:/cb",
        ".app:/cb",
        "demo_app:/cb",
        "demo app:/cb",
        "d%65moapp:/cb",
        "DemoApp://redirect",
        "JavaScript:alert(1)",
        "JAVASCRIPT:/cb",
        "javascript:alert(1)",
        "javascript://redirect/%0aalert(1)",
        "java\tscript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///cb",
        "file:/cb",
        "about:blank",
        "blob:https://example.com/x",
        "filesystem:https://example.com/x",
        "view-source:https://example.com/",
        "ftp://example.com/cb",
        "ws://example.com/cb",
        "wss://example.com/cb",
        "mailto:a",
        "tel:1",
        "sms:1",
        "intent://cb",
        "content://cb",
        "chrome://settings",
        "chrome-extension://abc/cb",
        "moz-extension://abc/cb",
        "ms-msdt:/id",
        "search-ms:query",
        "urn:ietf:wg:oauth:2.0:oob",
        "xmpp:a",
        "demoapp://user@redirect/cb",
        "demoapp://redirect@/cb",
        "demoapp://re%64irect/cb",
        "demoapp://re,direct/cb",
        "demoapp://redirect:/cb",
        "demoapp://redirect:99999/cb",
        "demoapp://redirect:080/cb",
        "demoapp://:80/cb",
        "demoapp://[::0]/cb",
        "demoapp://[x]/cb",
        "demoapp://redirect/../cb",
        "demoapp:/./cb",
        "demoapp:..",
        "demoapp:a/%2e%2e/b",
        "demoapp:/cb#f",
        "demoapp:/c b",
        "demoapp:/c\\b",
        "demoapp:/cb?'",
        "demoapp:/%zz",
        "https://app.example/cb?code=1",
        "https://app.example/cb?x&state=1",
        "https://app.example/cb?is%73=1",
        "https://app.example/cb?error",
        "https://app.example/cb?error_description=x",
        "https://app.example/cb?error_uri=x",
        "https://app.example/cb?x=%ff",
    ];

    #[test]
    fn endpoints() {
        for text in ENDPOINTS {
            let endpoint = Endpoint::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(endpoint.as_str(), *text);
            assert_eq!(endpoint.to_string(), *text);
            assert!(RedirectUri::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn refused_endpoints() {
        for text in NOT_ENDPOINTS {
            let error = Endpoint::parse(text).expect_err(text);
            assert_eq!(
                (error.details().party, error.code()),
                (Party::Host, ErrorCode::InvalidEndpoint)
            );
            assert_eq!(*error.action(), Action::FixConfiguration);
        }
        for text in NOT_REDIRECTS {
            assert!(Endpoint::parse(text).is_err() || text.contains("?"), "{text}");
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn messages_name_the_fault_and_hide_the_url() {
        for (text, part) in [
            ("https://user:hunter2@example.com/", "user information"),
            ("https://example.com/#hunter2", "fragment"),
            ("hunter2://example.com/", "begin with https://"),
            ("http://hunter2/", "use https"),
            ("https://HUNTER2/", "lower case"),
            ("HTTPS://hunter2/", "lower case"),
            ("https:hunter2", "//"),
            ("https://hunter2:443/", "default"),
            ("https://hunter2:x/", "0 to 65535"),
            ("https://hunter2.1/", "ends in a number"),
            ("https://hunter_2/", "labels"),
            ("https://[hunter2]/", "IPv6"),
            ("https://:1/", "no host"),
            ("https://hunter2/..", "segment"),
            ("https://hunter2/%", "path"),
            ("https://hunter2/?'", "query"),
            ("https://hunter2/ ", "space"),
        ] {
            let message = Endpoint::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
            assert!(
                !message.to_lowercase().contains("hunter2") && !message.ends_with('.'),
                "{message}"
            );
        }
    }

    #[test]
    fn lengths() {
        let of = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
        assert!(Endpoint::parse(&of(2048)).is_ok());
        assert!(Endpoint::parse(&of(2049)).is_err());
        assert!(Endpoint::parse(&format!("https://{}.com/", "a".repeat(63))).is_ok());
        assert!(Endpoint::parse(&format!("https://{}.com/", "a".repeat(64))).is_err());
        let host = |length: usize| format!("https://{}{}/", "a.".repeat(100), "b".repeat(length - 200));
        assert!(Endpoint::parse(&host(253)).is_ok());
        assert!(Endpoint::parse(&host(254)).is_err());
    }

    #[test]
    fn parts() {
        for (text, scheme, host, port, path, query, loopback) in [
            ("https://a.example", "https", "a.example", None, "/", None, false),
            ("https://a.example?", "https", "a.example", None, "/", Some(""), false),
            (
                "https://a.example:8443/x?y=z",
                "https",
                "a.example",
                Some(8443),
                "/x",
                Some("y=z"),
                false,
            ),
            (
                "https://a.example/x:1/@?y=/:?",
                "https",
                "a.example",
                None,
                "/x:1/@",
                Some("y=/:?"),
                false,
            ),
            ("http://127.0.0.2:1", "http", "127.0.0.2", Some(1), "/", None, true),
            ("http://[::1]", "http", "[::1]", None, "/", None, true),
            ("https://[::1]:9/", "https", "[::1]", Some(9), "/", None, true),
            ("http://localhost/a", "http", "localhost", None, "/a", None, true),
            ("https://126.0.0.1/", "https", "126.0.0.1", None, "/", None, false),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(
                (endpoint.scheme(), endpoint.host(), endpoint.port()),
                (scheme, host, port),
                "{text}"
            );
            assert_eq!((endpoint.path(), endpoint.query()), (path, query), "{text}");
            assert_eq!(endpoint.is_loopback(), loopback, "{text}");
            assert_eq!(format!("{endpoint:?}"), format!("Endpoint({text:?})"));
        }
    }

    #[test]
    fn origins() {
        let same = |one, two| {
            Endpoint::parse(one)
                .unwrap()
                .same_origin(&Endpoint::parse(two).unwrap())
        };
        assert!(same("https://a.example", "https://a.example/token?x"));
        assert!(same("https://[::1]:8/x", "https://[::1]:8/y"));
        assert!(!same("https://a.example/", "https://b.example/"));
        assert!(!same("https://a.example/", "https://a.example:8443/"));
        assert!(!same("https://a.example/", "https://a.example.com/"));
        assert!(!same("https://localhost/", "http://localhost/"));
        assert!(!same("http://localhost/", "http://127.0.0.1/"));
    }

    #[test]
    fn ipv6_addresses_in_one_form_only() {
        for address in ":: ::1 1:: 1::2 fe80::1 2001:db8::1:0:0:1 2001:db8:0:1:1:1:1:1 1:2:3:4:5:6:7:8 0:1:2:3:4:5:6:7 \
            ::2:3:4:5:6:7 1:2:3:4:5:6:: 1::3:0:0:6:7 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            .split(' ')
        {
            assert!(ipv6(address), "{address}");
        }
        for address in ": ::: 1 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1:2:3::5:6:7:8 0:: ::0 0::1 \
            1::0 1:0::2 1::0:2 1:0:0:4:5:6:7:8 1:0:0:4:5::8 1:0:0:0:5::8 2001:DB8::1 2001:db8::0001 01::1 1::00 1::2::3 \
            1::12345 g::1 1:::2 ::1.2.3.4 ::ffff:1.2.3.4 +1::1 1::-2 :1::2 1::2: 1:2:3:4:5:6:7:8:"
            .split(' ')
            .chain(["", " ::1", "::1 "])
        {
            assert!(!ipv6(address), "{address}");
        }
    }

    #[test]
    fn redirect_uris() {
        for text in REDIRECTS {
            let redirect = RedirectUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((redirect.as_str(), redirect.to_string().as_str()), (*text, *text));
            assert_eq!(
                redirect.is_private_use(),
                !text.starts_with("http:") && !text.starts_with("https:")
            );
        }
        for text in NOT_ENDPOINTS.iter().filter(|text| **text != "com.example.app:/cb") {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn redirect_uri_parts() {
        for (text, scheme, path, query, loopback) in [
            ("https://app.example", "https", "/", None, false),
            ("http://127.0.0.1:1/cb?a", "http", "/cb", Some("a"), true),
            ("com.example.app:/cb", "com.example.app", "/cb", None, false),
            ("com.example.app:cb?x", "com.example.app", "cb", Some("x"), false),
            ("demoapp://redirect", "demoapp", "/", None, false),
            ("demoapp://localhost/cb", "demoapp", "/cb", None, false),
        ] {
            let redirect = RedirectUri::parse(text).unwrap();
            assert_eq!(
                (redirect.scheme(), redirect.path(), redirect.query()),
                (scheme, path, query)
            );
            assert_eq!(redirect.is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn callbacks_at_the_redirect_uri() {
        for (redirect, callback) in [
            ("https://app.example/cb", "https://app.example/cb?code=1&state=2"),
            ("https://app.example/cb", "https://app.example/cb"),
            ("https://app.example/cb", "http://10.0.0.1:3000/cb?code=1"),
            ("https://app.example/cb", "HTTPS://APP.EXAMPLE/cb?code=1"),
            ("https://app.example/cb", "https://app.example/cb?code=1#_=_"),
            ("https://app.example/cb", "/cb?code=1"),
            ("https://app.example/cb", "/cb"),
            ("https://app.example/cb", "?code=1"),
            ("https://app.example/cb", "code=1&state=2"),
            ("https://app.example/cb", "code=a/b:c?d&state=https://x/y"),
            ("https://app.example/cb", ""),
            ("https://app.example", "https://app.example/?code=1"),
            ("https://app.example/", "https://app.example?code=1"),
            ("https://app.example", "?code=1"),
            ("http://127.0.0.1:49152/cb", "http://127.0.0.1:49152/cb?code=1"),
            ("https://app.example/cb?p=wise", "https://app.example/cb?p=wise&code=1"),
            ("https://app.example/cb?p=wise", "https://app.example/cb?code=1&p=wise"),
            ("https://app.example/cb?p=wise", "code=1&%70=w%69se"),
            ("https://app.example/cb?p=a%20b", "/cb?p=a+b"),
            ("https://app.example/cb?p=1&p=2&q", "/cb?code=1&p=1&q=&p=2"),
            ("com.example.app:/cb", "com.example.app:/cb?code=1"),
            ("com.example.app:/cb", "COM.example.App:/cb?code=1"),
            ("com.example.app:/cb", "com.example.app:///cb?code=1"),
            ("com.example.app:cb", "com.example.app:cb?code=1"),
            ("web+demo:/cb", "web+demo:/cb?code=1"),
            ("demoapp://redirect", "demoapp://redirect?code=1"),
            ("demoapp://redirect", "demoapp://redirect/?code=1"),
            ("demoapp://Redirect/cb", "demoapp://redirect/cb?code=1"),
            ("demoapp://redirect", "code=1"),
        ] {
            assert!(
                RedirectUri::parse(redirect).unwrap().matches(callback),
                "{redirect} {callback}"
            );
        }
    }

    #[test]
    fn callbacks_elsewhere() {
        for (redirect, callback) in [
            ("https://app.example/cb", "https://app.example/?code=1"),
            ("https://app.example/cb", "https://app.example?code=1"),
            ("https://app.example/cb", "https://app.example/cb/?code=1"),
            ("https://app.example/cb", "https://app.example/CB?code=1"),
            ("https://app.example/cb", "https://app.example/x/../cb?code=1"),
            ("https://app.example/cb", "https://app.example/c%62?code=1"),
            ("https://app.example/cb", "https://app.example/x?/cb"),
            ("https://app.example/cb", "https://app.example/x#/cb"),
            ("https://app.example/cb", "https:/cb?code=1"),
            ("https://app.example/cb", "https:///cb?code=1"),
            ("https://app.example/cb", "//app.example/cb?code=1"),
            ("https://app.example/cb", "/?code=1"),
            ("https://app.example/cb", "cb?code=1"),
            ("https://app.example/cb", "demoapp://app.example/cb?code=1"),
            ("https://app.example/cb", "app.example:443/cb?code=1"),
            ("https://app.example/cb", "code=%"),
            ("https://app.example/cb", "/cb?code=%ff"),
            ("https://app.example/cb?p=wise", "https://app.example/cb?code=1"),
            ("https://app.example/cb?p=wise", "?code=1"),
            ("https://app.example/cb?p=wise", "/cb?p=ofx&code=1"),
            ("https://app.example/cb?p=wise", "/cb?p=wise&p=ofx&code=1"),
            ("https://app.example/cb?p=wise", "/cb?p=wise&p=wise"),
            ("https://app.example/cb?p=wise", "/cb?P=wise"),
            ("https://app.example/cb?p=1&p=2", "/cb?p=2&p=1"),
            ("https://app.example/cb?p=1&p=2", "/cb?p=1"),
            ("com.example.app:/cb", "https://com.example.app/cb?code=1"),
            ("com.example.app:/cb", "com.example.app2:/cb?code=1"),
            ("com.example.app:/cb", "com.example.app://cb?code=1"),
            ("com.example.app:/cb", "com.example.app://x/cb?code=1"),
            ("com.example.app:/cb", "/cb?code=1"),
            ("com.example.app:cb", "com.example.app:/cb?code=1"),
            ("demoapp://redirect", "demoapp://other?code=1"),
            ("demoapp://redirect", "demoapp://redirect/x?code=1"),
            ("demoapp://redirect", "otherapp://redirect?code=1"),
            ("demoapp://redirect", "demoapp://user@redirect?code=1"),
            ("demoapp://redirect:1", "demoapp://redirect?code=1"),
        ] {
            assert!(
                !RedirectUri::parse(redirect).unwrap().matches(callback),
                "{redirect} {callback}"
            );
        }
    }
}

/// The `url` crate as oracle: whatever is accepted here, it reads in the same way.
#[cfg(all(test, feature = "url"))]
mod oracle {
    use alloc::format;
    use alloc::vec::Vec;

    use super::tests::{ENDPOINTS, NOT_ENDPOINTS, NOT_REDIRECTS, REDIRECTS};
    use super::*;

    /// Whether the text is accepted as an endpoint.
    fn compare(text: &str) -> bool {
        if let Ok(redirect) = RedirectUri::parse(text) {
            let url = redirect.to_url().unwrap_or_else(|_| panic!("{text}"));
            let web = is_web(redirect.scheme());
            assert_eq!(
                (url.scheme(), url.query(), url.fragment()),
                (redirect.scheme(), redirect.query(), None),
                "{text}"
            );
            let parts = split(text);
            assert_eq!(url.path(), if web { redirect.path() } else { parts.path }, "{text}");
            assert_eq!(url.host_str().unwrap_or(""), parts.host().0, "{text}");
            assert_eq!((url.username(), url.password()), ("", None), "{text}");
            let rest = if web && parts.path.is_empty() {
                text.replacen('?', "/?", 1)
            } else {
                text.into()
            };
            let rest = if web && parts.path.is_empty() && parts.query.is_none() {
                rest + "/"
            } else {
                rest
            };
            assert_eq!(url.as_str(), rest);
            assert_eq!(RedirectUri::try_from(&url).unwrap().as_str(), rest);
        }
        let Ok(endpoint) = Endpoint::parse(text) else {
            return false;
        };
        let url = endpoint.to_url().unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(
            (url.scheme(), url.host_str()),
            (endpoint.scheme(), Some(endpoint.host())),
            "{text}"
        );
        assert_eq!(
            (url.port(), url.path(), url.query()),
            (endpoint.port(), endpoint.path(), endpoint.query()),
            "{text}"
        );
        let again = Endpoint::try_from(&url).unwrap();
        assert!(again.same_origin(&endpoint) && again.as_str() == url.as_str());
        true
    }

    #[test]
    fn tables() {
        for text in ENDPOINTS.iter().chain(REDIRECTS) {
            compare(text);
        }
        for text in NOT_ENDPOINTS.iter().chain(NOT_REDIRECTS) {
            compare(text);
        }
        assert!(Endpoint::parse("https://xn--a.example/").unwrap().to_url().is_err());
    }

    #[test]
    fn every_character_at_every_place() {
        for base in [
            "https://a1.example:81/b/c?d=e",
            "http://[::1]:8/x?",
            "https://1.2.3.4/a",
            "demoapp://host:1/b?c",
            "demoapp:a/b",
        ] {
            assert!(RedirectUri::parse(base).is_ok());
            for at in 0..=base.len() {
                let (before, after) = base.split_at(at);
                for code in (0..0x100).chain([0x3002, 0xff0e, 0xff41, 0x200b, 0xfeff, 0x2028, 0x1f600]) {
                    let middle = char::from_u32(code).unwrap();
                    compare(&format!("{before}{middle}{after}"));
                    compare(&format!("{before}{middle}{middle}{after}"));
                    compare(&format!("{before}{middle}{}", after.get(1..).unwrap_or("")));
                }
                for middle in [
                    "%2e",
                    "/./",
                    "/..",
                    "/%2E.",
                    "//",
                    "0x",
                    "[",
                    "xn-",
                    "127.0.0.1",
                    "::",
                    "?'",
                ] {
                    compare(&format!("{before}{middle}{after}"));
                }
            }
        }
    }

    #[test]
    fn every_combination() {
        let (mut accepted, mut refused) = (0, 0);
        let hosts = "example.com Example.com localhost 127.0.0.1 127.1 0x7f.1 1.2.3.4 [::1] [::01] [1:0:0:2::] a.b-c.d u@h a.1 \
            1.a a..b a. ";
        for scheme in ["https:", "http:", "HTTPS:", "demoapp:", "ws:", ""] {
            for slashes in ["//", "/", "", "///", "/\\", "\\\\"] {
                for host in hosts.split(' ') {
                    for port in ["", ":", ":80", ":443", ":8080", ":08", ":65536"] {
                        for path in ["", "/", "/a", "/a/..", "/.", "/%2e", "/a%20b", "/a b", "//", "/a;b=c"] {
                            for query in ["", "?", "?a=b", "?a='", "?a=%2"] {
                                let text = format!("{scheme}{slashes}{host}{port}{path}{query}");
                                if compare(&text) { accepted += 1 } else { refused += 1 }
                            }
                        }
                    }
                }
            }
        }
        assert!(accepted > 500 && refused > 10_000, "{accepted} {refused}");
    }

    /// Labels that only Unicode tables can judge: `url` keeps them or refuses them, but never rewrites them.
    #[test]
    fn labels_in_punycode_are_kept_or_refused() {
        let (mut kept, mut refused) = (0, 0);
        let mut seed = 7_u32;
        for _ in 0..20_000 {
            let mut label = String::from("xn--");
            for _ in 0..8 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                label.push(b"abgkpstz0369-a-b"[(seed >> 28) as usize].into());
            }
            let text = format!("https://{label}.example/");
            let Ok(endpoint) = Endpoint::parse(&text) else { continue };
            match endpoint.to_url() {
                Ok(url) => {
                    assert_eq!(url.as_str(), text);
                    kept += 1;
                }
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::InvalidEndpoint);
                    refused += 1;
                }
            }
        }
        assert!(kept > 100 && refused > 100, "{kept} {refused}");
    }

    /// Here the two agree in both directions: accepted is exactly what `url` leaves as it is.
    #[test]
    fn addresses_both_ways() {
        let check = |host: &str| {
            let url = url::Url::parse(&format!("https://{host}/"));
            let kept = url.is_ok_and(|url| url.host_str() == Some(host));
            assert_eq!(Endpoint::parse(&format!("https://{host}/")).is_ok(), kept, "{host}");
        };
        let mut seed = 1_u32;
        let mut next = |bound: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % bound
        };
        for _ in 0..4000 {
            let groups: Vec<_> = (0..next(10))
                .map(|_| ["0", "", "1", "0", "ab", "00", "fffff"][next(7) as usize])
                .collect();
            check(&format!("[{}]", groups.join(":")));
            let groups: Vec<_> = (0..8).map(|_| ["0", "1", "0", "ab"][next(4) as usize]).collect();
            let address: core::net::Ipv6Addr = groups.join(":").parse().unwrap();
            check(&format!("[{}]", groups.join(":")));
            check(&format!("[{address}]"));
            let parts: Vec<_> = (0..3 + next(3))
                .map(|_| ["0", "1", "255", "256", "01", "0x1", "127", "a"][next(8) as usize])
                .collect();
            check(&parts.join("."));
        }
    }
}
