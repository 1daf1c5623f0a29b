//! Any text as an endpoint and as a redirect URI: what is accepted, the `url` crate reads in the same way.

use evergrant::base::endpoint::Endpoint;
use evergrant::base::redirect_uri::RedirectUri;
use url::Url;

/// Lines: a URL, and perhaps a callback.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (uri, callback) = text.split_once('\n').unwrap_or((&text, ""));
    let endpoint = Endpoint::parse(uri);
    let redirect = RedirectUri::parse(uri);
    if let Ok(endpoint) = &endpoint {
        check_endpoint(uri, endpoint);
    } else if uri.len() > 8 {
        for error in [endpoint.as_ref().err(), redirect.as_ref().err()].into_iter().flatten() {
            super::assert_unseen(uri, &format!("{error} {error:?}"));
        }
    }
    if let Ok(redirect) = &redirect {
        check_redirect(uri, redirect);
        let _ = redirect.matches(callback);
        assert!(!redirect.is_private_use() || endpoint.is_err());
    }
}

/// Holds an endpoint that was accepted to the `url` crate's reading.
pub fn check_endpoint(text: &str, endpoint: &Endpoint) {
    assert_eq!(endpoint.as_str(), text);
    assert_eq!(endpoint.to_string(), text);
    assert!(matches!(endpoint.scheme(), "https" | "http"), "{text}");
    let Some(url) = read(text) else { return };
    assert_eq!(url.scheme(), endpoint.scheme(), "{text}");
    assert_eq!(url.host_str(), Some(endpoint.host()), "{text}");
    assert_eq!(url.port(), endpoint.port(), "{text}");
    assert_eq!(url.path(), endpoint.path(), "{text}");
    assert_eq!(url.query(), endpoint.query(), "{text}");
    assert_eq!(
        (url.username(), url.password(), url.fragment()),
        ("", None, None),
        "{text}"
    );
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    assert_eq!(endpoint.is_loopback(), loopback, "{text}");
    assert!(loopback || endpoint.scheme() == "https", "{text}");
    assert!(endpoint.same_origin(endpoint));
}

/// The same for a redirect URI, of which a private-use scheme may have no host.
pub fn check_redirect(text: &str, redirect: &RedirectUri) {
    assert_eq!(redirect.as_str(), text);
    let Some(url) = read(text) else { return };
    assert_eq!(url.scheme(), redirect.scheme(), "{text}");
    assert_eq!(url.query(), redirect.query(), "{text}");
    assert_eq!(url.fragment(), None, "{text}");
    assert_eq!((url.username(), url.password()), ("", None), "{text}");
    let path = if url.path().is_empty() { "/" } else { url.path() };
    assert_eq!(path, redirect.path(), "{text}");
    assert!(
        redirect.is_private_use() || redirect.is_loopback() || url.scheme() == "https",
        "{text}"
    );
    for name in ["code", "state", "iss", "error"] {
        assert!(url.query_pairs().all(|(known, _)| known != name), "{text}");
    }
    // What a provider appends to it arrives at it.
    let joint = if redirect.query().is_some() { '&' } else { '?' };
    assert!(redirect.matches(&format!("{text}{joint}code=a&state=b")), "{text}");
}

/// The oracle's reading: the same text, but for the slash of an empty path. It may refuse hosts with `xn--` only.
fn read(text: &str) -> Option<Url> {
    match Url::parse(text) {
        Ok(url) => {
            let with_slash = match text.find('?') {
                Some(at) => format!("{}/{}", &text[..at], &text[at..]),
                None => format!("{text}/"),
            };
            assert!(
                url.as_str() == text || url.as_str() == with_slash,
                "{text} is rewritten to {url}"
            );
            Some(url)
        }
        Err(error) => {
            assert!(text.contains("xn--"), "{text} is refused: {error}");
            None
        }
    }
}
