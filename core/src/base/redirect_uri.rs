//! Where callbacks arrive: redirect URIs, and what a callback says of the place where it arrived.

use alloc::string::String;
use core::fmt;

use crate::base::error::OAuthError;
use crate::base::percent;
use crate::base::url_rules::{check, is_web, loopback, or_root, refusal, split};

/// Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207): a redirect URI with one of its own would
/// make every callback ambiguous.
pub(crate) const RESPONSE_PARAMETERS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// The URI at which the host receives callbacks, exactly as it is registered with the provider.
///
/// One of three kinds (RFC 8252 section 7): `https`; `http` on a literal loopback host; or a private-use scheme of a
/// native app (`com.example.app:/cb`, `demoapp://redirect`). Schemes that browsers and operating systems use themselves
/// (`javascript`, `data`, `file`, `intent`, …) are refused, as are fragments (RFC 6749 section 3.1.2) and parameters that
/// the protocol itself sends to a callback (`code`, `state`, `iss`, `error`, …). A query of its own is kept.
///
/// ```
/// use evergrant::base::redirect_uri::RedirectUri;
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
    /// use evergrant::base::redirect_uri::RedirectUri;
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
        crate::base::url_rules::to_url(&self.0)
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
        // What is pasted comes with a line's end; no URL has white space.
        let callback = callback.trim_matches(|letter: char| letter.is_ascii_whitespace());
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
