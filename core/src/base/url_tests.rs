//! Tests of endpoints and redirect URIs together: the same tables feed both, and the `url` crate is asked too.

use crate::base::endpoint::Endpoint;
use crate::base::error::ErrorCode;
use crate::base::redirect_uri::RedirectUri;
use crate::base::url_rules::*;

mod tables {
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
#[cfg(feature = "url")]
mod oracle {
    use alloc::format;
    use alloc::vec::Vec;

    use super::tables::{ENDPOINTS, NOT_ENDPOINTS, NOT_REDIRECTS, REDIRECTS};
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
