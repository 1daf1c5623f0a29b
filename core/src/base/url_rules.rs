//! The rules that endpoints and redirect URIs share: a strict reading of URLs, byte for byte.

use crate::base::error::{ErrorCode, OAuthError};

/// The longest URL that is accepted, in bytes.
const LONGEST: usize = 2048;

/// Schemes that mean something to browsers, operating systems or other programs, so that no app may claim them.
const FOREIGN_SCHEMES: &str = " about acct android-app blob brave callto chrome chrome-error chrome-extension \
    chrome-search chrome-untrusted cid content coap data dav devtools dict dns edge feed file filesystem ftp ftps geo git \
    gopher http https imap intent intents irc ircs jar javascript ldap ldaps livescript magnet mailto market mid mms mmsto \
    mocha moz-extension ms-appx ms-msdt ms-settings mhtml news nfs nntp opera pop resource rtsp safari-web-extension \
    search-ms sftp shell sip sips smb sms smsto snews ssh svn tel telnet tftp urn vbscript view-source vivaldi vnc wais \
    webcal ws wss wyciwyg xmpp ";

pub(crate) type Check = Result<(), &'static str>;

pub(crate) fn refusal(message: &'static str) -> OAuthError {
    OAuthError::configuration(ErrorCode::InvalidEndpoint, message)
}

#[cfg(feature = "url")]
pub(crate) fn to_url(text: &str) -> Result<url::Url, OAuthError> {
    url::Url::parse(text).map_err(|_| refusal("the host has an xn-- label that is not a valid internationalized name"))
}

/// A URL in its parts, split but not judged.
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    /// What stands behind `//`; `None` where there is none.
    pub(crate) authority: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

pub(crate) fn split(text: &str) -> Parts<'_> {
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
    pub(crate) fn host(&self) -> (&'a str, Option<&'a str>) {
        let authority = self.authority.unwrap_or("");
        match authority.rsplit_once(':') {
            // A colon inside brackets belongs to an IPv6 address.
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        }
    }
}

pub(crate) fn is_web(scheme: &str) -> bool {
    scheme == "https" || scheme == "http"
}

pub(crate) fn or_root(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

pub(crate) fn loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || (host.starts_with("127.") && ipv4(host))
}

pub(crate) fn check(text: &str, private_use: bool) -> Check {
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
pub(crate) fn ipv6(address: &str) -> bool {
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
pub(crate) fn port(text: &str) -> Option<u16> {
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
