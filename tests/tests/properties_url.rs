//! Endpoints and redirect URIs: whatever is accepted, the `url` crate reads in the same way.

use evergrant::base::endpoint::Endpoint;
use evergrant::base::redirect_uri::RedirectUri;
use evergrant_tests::fuzz::endpoint::{check_endpoint, check_redirect};
use evergrant_tests::fuzz::mutation::cases;
use proptest::prelude::*;

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Names that core accepts; never a number or an internationalised label at the end.
fn name() -> impl Strategy<Value = String> {
    proptest::collection::vec("[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", 0..3).prop_flat_map(|labels| {
        "[a-z][a-z0-9]{0,5}".prop_map(move |last| {
            let mut labels = labels.clone();
            labels.push(last);
            labels.join(".")
        })
    })
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => name(),
        1 => any::<[u8; 4]>().prop_map(|octets| octets.map(|octet| octet.to_string()).join(".")),
        1 => any::<u128>().prop_map(|bits| format!("[{}]", std::net::Ipv6Addr::from(bits))),
        1 => proptest::collection::vec(prop_oneof![Just(0_u16), any::<u16>()], 8).prop_map(|groups| {
            let groups: [u16; 8] = groups.try_into().unwrap();
            format!("[{}]", std::net::Ipv6Addr::from(groups))
        }),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let piece = prop_oneof![8 => "[A-Za-z0-9._~!$&'()*+,;=:@-]{1,6}", 1 => Just("%2F".to_owned()), 1 => Just("%C3%a9".to_owned())];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.iter().map(|piece| format!("/{piece}")).collect())
}

fn query() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "\\?([a-z]{2,5}=[A-Za-z0-9._~!$()*+,;:@/?-]{0,6}(&|%20)){0,3}"
    ]
}

/// What is almost always accepted.
fn good() -> impl Strategy<Value = String> {
    let port = prop_oneof![3 => Just(String::new()), 1 => any::<u16>().prop_map(|port| format!(":{port}"))];
    (host(), port, path(), query()).prop_map(|(host, port, path, query)| format!("https://{host}{port}{path}{query}"))
}

fn native() -> impl Strategy<Value = String> {
    let scheme = "[a-z][a-z0-9+-]{1,4}\\.[a-z0-9.]{1,8}";
    let authority = prop_oneof![
        Just(String::new()),
        "//[A-Za-z0-9._~-]{0,8}",
        "//[a-z]{1,4}:[1-9][0-9]{0,3}"
    ];
    (scheme, authority, path(), query())
        .prop_map(|(scheme, authority, path, query)| format!("{scheme}:{authority}{path}{query}"))
}

/// One small change anywhere.
fn changed(base: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]",
        "[ -~]{2,3}",
        proptest::sample::select(vec![
            "@", "\\", "//", "/../", "%2e", "%", "#", "?", "xn--a", ":443", "0x7f", "\t", "\u{3002}"
        ])
        .prop_map(String::from),
    ];
    (base, any::<proptest::sample::Index>(), 0_usize..3, piece).prop_map(|(base, at, remove, piece)| {
        let at = at.index(base.len() + 1);
        let end = (at + remove).min(base.len());
        let mut text = base;
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, &piece);
        }
        text
    })
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn urls_that_are_good_are_accepted_and_read_alike(text in good()) {
        // The ports that are the default, and dot segments, are the only reasons to refuse one of these.
        let refused = [":443", "/./", "/../"].iter().any(|part| text.contains(part))
            || text.split('?').next().unwrap().rsplit('/').next().is_some_and(|last| last == "." || last == "..");
        match Endpoint::parse(&text) {
            Ok(endpoint) => check_endpoint(&text, &endpoint),
            Err(error) => assert!(refused, "{text}: {error}"),
        }
        match RedirectUri::parse(&text) {
            Ok(redirect) => check_redirect(&text, &redirect),
            Err(error) => assert!(refused || error.details().message.contains("query"), "{text}: {error}"),
        }
    }

    #[test]
    fn urls_with_one_change_are_refused_or_read_alike(text in changed(good())) {
        if let Ok(endpoint) = Endpoint::parse(&text) {
            check_endpoint(&text, &endpoint);
        }
        if let Ok(redirect) = RedirectUri::parse(&text) {
            check_redirect(&text, &redirect);
        }
    }

    #[test]
    fn redirect_uris_of_apps_are_refused_or_read_alike(text in prop_oneof![native(), changed(native())]) {
        assert!(!RedirectUri::parse(&text).is_ok_and(|redirect| {
            check_redirect(&text, &redirect);
            redirect.is_private_use() && Endpoint::parse(&text).is_ok()
        }));
    }

    #[test]
    fn any_text_is_refused_or_read_alike(text in ".{0,40}") {
        for text in [text.clone(), format!("https://{text}"), format!("https://a.example/{text}"), format!("app:{text}")] {
            if let Ok(endpoint) = Endpoint::parse(&text) {
                check_endpoint(&text, &endpoint);
            }
            if let Ok(redirect) = RedirectUri::parse(&text) {
                check_redirect(&text, &redirect);
            }
        }
    }

    /// What a callback brings, written by the `url` crate, is at home at its redirect URI and nowhere else.
    #[test]
    fn callbacks_arrive_where_they_were_sent(text in good(), pairs in proptest::collection::vec((".{1,4}", ".{0,6}"), 0..4)) {
        let Ok(redirect) = RedirectUri::parse(&text) else { return Ok(()) };
        let mut url = url::Url::parse(&text).unwrap();
        let own: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        url.query_pairs_mut().extend_pairs(pairs.iter().filter(|(name, _)| !own.contains(name)));
        url.query_pairs_mut().append_pair("code", "a b+c&d");
        assert!(redirect.matches(url.as_str()), "{url}");
        let query = url.query().unwrap();
        for rewritten in [
            format!("http://10.0.0.7:3000{}?{query}", url.path()),
            format!("{}?{query}", url.path()),
            format!("?{query}"),
            format!("{url}#_=_"),
        ] {
            assert!(redirect.matches(&rewritten), "{rewritten}");
        }
        let elsewhere = format!("{}x?{query}", url.path());
        assert!(!redirect.matches(&elsewhere), "{elsewhere}");
    }
}
