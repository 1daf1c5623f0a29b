//! Answers to token requests: a refresh token that stands whole in an answer is never lost, whatever else happened to it.

use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::secret::Secret;
use evergrant::client::configuration::Client;
use evergrant::message::oddity::Oddity;
use evergrant::message::token_answer::{EvidenceKind, Reply, Settled, Verdict};
use evergrant::message::token_request::TokenRequest;
use evergrant_tests::fuzz::fixtures::{NOW, clients};
use evergrant_tests::fuzz::mutation::cases;
use evergrant_tests::fuzz::token_answer::{SENT, check, check_harvest, refresh_name, stands_deeper};
use proptest::prelude::*;
use proptest::sample::Index;

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const NEW: &str = "Rotated-Refresh-Token/42";

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "(0|[1-9][0-9]{0,5})",
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1e5".to_owned()),
        Just("{}".to_owned()),
        Just("[1,\"a\"]".to_owned()),
        "\"[ !#-\\[\\]-~]{0,12}\"",
        "\"\\\\u00e9[a-z]{0,3}\"",
        Just("\"https://a.example/?a=1&error=2&b=3\"".to_owned()),
    ]
}

/// Members of a good answer, the refresh token among them; text before, in and behind them may be changed, but not the pair.
#[derive(Clone, Debug)]
struct Answer {
    before: String,
    pair: String,
    after: String,
}

impl Answer {
    fn body(&self) -> Vec<u8> {
        [&self.before, &self.pair, &self.after].concat_bytes()
    }
}

trait ConcatBytes {
    fn concat_bytes(&self) -> Vec<u8>;
}

impl ConcatBytes for [&String; 3] {
    fn concat_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|piece| piece.bytes()).collect()
    }
}

fn answer(name: &'static str) -> impl Strategy<Value = Answer> {
    let fields = proptest::sample::select(vec![
        "access_token",
        "token_type",
        "expires_in",
        "expires_at",
        "scope",
        "id_token",
        "account_id",
        "refresh_token_expires_in",
        "error",
        "x",
    ]);
    let member = (fields, value()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let space = proptest::sample::select(vec!["", " ", "\n  "]);
    (proptest::collection::vec(member, 1..7), any::<Index>(), space).prop_map(move |(members, at, space)| {
        let at = at.index(members.len() + 1);
        let comma = format!(",{space}");
        let mut before: String = members[..at].iter().map(|member| format!("{member}{comma}")).collect();
        before.insert(0, '{');
        let after: String = members[at..].iter().map(|member| format!("{comma}{member}")).collect();
        Answer {
            before,
            pair: format!("\"{name}\":{space}\"{NEW}\""),
            after: after + "}",
        }
    })
}

/// What may happen to the text around the pair.
#[derive(Clone, Debug)]
enum Damage {
    None,
    CutBehind(Index),
    CutBefore(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Flip(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let pieces = proptest::sample::select(vec![
        "\u{feff}",
        ",",
        ",,",
        "}",
        "{",
        "[",
        "]",
        "\"",
        "\\",
        "\n",
        "NaN",
        "1e999",
        "\"\\ud800\"",
        "&",
        "&error=invalid_grant",
        "&access_token=x",
        "&scope=a",
        "=",
        "%",
        "<html>",
        "\0",
        "//",
        "\"error\":\"invalid_grant\",",
        "\"access_token\":\"b\",",
    ]);
    let bytes = prop_oneof![
        pieces.prop_map(|piece| piece.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 1..4)
    ];
    prop_oneof![
        1 => Just(Damage::None),
        2 => any::<Index>().prop_map(Damage::CutBehind),
        1 => any::<Index>().prop_map(Damage::CutBefore),
        4 => (any::<Index>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (any::<Index>(), 1_usize..5).prop_map(|(at, many)| Damage::Remove(at, many)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
    ]
}

/// The damaged body, with the pair still whole in it.
fn apply(answer: &Answer, damages: &[Damage]) -> Vec<u8> {
    let (mut before, mut after) = (answer.before.clone().into_bytes(), answer.after.clone().into_bytes());
    for damage in damages {
        let total = before.len() + after.len();
        let side = |at: &Index| {
            let at = at.index(total + 2);
            if at <= before.len() {
                (true, at)
            } else {
                (false, at - before.len() - 1)
            }
        };
        match damage {
            Damage::None => {}
            Damage::CutBehind(at) => after.truncate(at.index(after.len() + 1)),
            Damage::CutBefore(at) => drop(before.drain(..at.index(before.len() + 1))),
            Damage::Insert(at, bytes) => {
                let (first, at) = side(at);
                let part = if first { &mut before } else { &mut after };
                part.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(at, many) => {
                let (first, at) = side(at);
                let part = if first { &mut before } else { &mut after };
                let end = (at + many).min(part.len());
                part.drain(at..end);
            }
            Damage::Flip(at, byte) => {
                let (first, at) = side(at);
                let part = if first { &mut before } else { &mut after };
                if let Some(old) = part.get_mut(at) {
                    *old = *byte;
                }
            }
        }
    }
    [before, answer.pair.clone().into_bytes(), after].concat()
}

fn settle(client: &Client, status: u16, headers: &[(&str, &str)], body: &[u8], whole: bool) -> Settled {
    let headers = headers
        .iter()
        .map(|(name, value)| ResponseHeader::new(*name, *value))
        .collect();
    let response = HttpResponse::new(status, headers, body.to_vec());
    let reply = if whole {
        Reply::Answer(&response)
    } else {
        Reply::NoAnswer(Some(&response))
    };
    client.settle(&TokenRequest::refresh_token(&Secret::new(SENT), &[]), reply, NOW)
}

fn refresh_token(settled: &Settled) -> Option<&str> {
    match &settled.verdict {
        Verdict::Answered(tokens) => tokens.refresh_token.as_ref().map(Secret::expose),
        _ => None,
    }
}

fn show(body: &[u8]) -> String {
    body.escape_ascii().to_string()
}

proptest! {
    #![proptest_config(config(2_000))]

    /// Rule 4 of the design: harvest first, complain later.
    #[test]
    fn a_refresh_token_that_stands_whole_is_never_lost(
        at in 0_usize..5,
        answer in answer("refresh_token"),
        damages in proptest::collection::vec(damage(), 0..4),
        status in 100_u16..=599,
        kind in proptest::sample::select(vec!["application/json", "text/html; charset=latin1", "application/x-www-form-urlencoded", ""]),
        whole in any::<bool>(),
    ) {
        let client = &clients()[at];
        let body = apply(&answer, &damages);
        let settled = settle(client, status, &[("Content-Type", kind), ("Retry-After", "5")], &body, whole);
        // Alone in a refusal it may be what a validation says of the token that was sent.
        let alone = (400..500).contains(&status) && settled.evidence.oddities.contains(&Oddity::UnusableRefreshToken);
        // Inside an opened brace it is another field: one that was taken for this one would replace the live token.
        let elsewhere = stands_deeper("refresh_token", &body);
        let harvested = refresh_token(&settled) == Some(NEW);
        assert!(harvested || alone || elsewhere, "lost in {status} {}", show(&body));
        check(client, &settled);
    }

    /// The same where a profile keeps it deeper: no other token is ever taken for it, and what is only cut off loses nothing.
    #[test]
    fn a_nested_refresh_token_that_stands_whole_is_never_lost(answer in answer("refresh"), damages in proptest::collection::vec(damage(), 0..3), at in any::<Index>(), status in 100_u16..=599) {
        let client = &clients()[5];
        assert_eq!(refresh_name(client), "refresh");
        let mut nested = answer.clone();
        nested.before.insert_str(0, "{\"ok\":1,\"data\":");
        nested.after.push('}');
        let body = apply(&nested, &damages);
        let settled = settle(client, status, &[], &body, true);
        assert!(matches!(refresh_token(&settled), Some(NEW) | None), "another token in {status} {}", show(&body));
        let cut = apply(&nested, &[Damage::CutBehind(at)]);
        let settled = settle(client, status, &[], &cut, true);
        let alone = (400..500).contains(&status) && settled.evidence.oddities.contains(&Oddity::UnusableRefreshToken);
        assert!(alone || refresh_token(&settled) == Some(NEW), "lost in {status} {}", show(&cut));
    }

    /// Another, different one in the same answer: nobody knows which lives.
    #[test]
    fn two_different_refresh_tokens_are_unknown(answer in answer("refresh_token"), status in 100_u16..=599, first in any::<bool>()) {
        let client = &clients()[3];
        let mut two = answer.clone();
        if first {
            two.before.insert_str(1, "\"refresh_token\":\"another\",");
        } else {
            two.after.insert_str(0, ",\"refresh_token\":\"another\"");
        }
        let settled = settle(client, status, &[], &two.body(), true);
        assert_eq!((&settled.verdict, settled.evidence.kind), (&Verdict::Unknown, EvidenceKind::ConflictingTokens));
        // The same one twice, or one that is null, is one.
        for surplus in [format!("\"refresh_token\":\"{NEW}\","), "\"refresh_token\":null,".to_owned(), "\"refresh_token\":\"\",".to_owned()] {
            let mut one = answer.clone();
            one.before.insert_str(1, &surplus);
            let settled = settle(client, status, &[], &one.body(), true);
            let alone = (400..500).contains(&status) && settled.evidence.oddities.contains(&Oddity::UnusableRefreshToken);
            assert!(alone || refresh_token(&settled) == Some(NEW), "{surplus}");
        }
    }

    /// A token that is cut off is none: a piece of one would be stored in place of the live one.
    #[test]
    fn a_refresh_token_that_is_cut_off_is_none(answer in answer("refresh_token"), at in any::<Index>(), form in any::<bool>(), status in 100_u16..=599, newline in any::<bool>()) {
        let client = &clients()[3];
        let mut body = if form { format!("access_token=a&refresh_token={NEW}") } else { format!("{}{}", answer.before, answer.pair) };
        let start = body.find(NEW).unwrap();
        body.truncate(start + at.index(NEW.len()));
        if newline {
            body.push('\n');
        }
        let settled = settle(client, status, &[], body.as_bytes(), false);
        assert_eq!(refresh_token(&settled), None, "a piece was taken from {body}");
    }

    /// Every field may be of any type, and the token is there all the same; lives stay within bounds.
    #[test]
    fn lives_are_bounded(life in value(), until in value(), idle in value(), number in any::<f64>(), at in 0_usize..5, whole in any::<i64>()) {
        for life in [life, number.to_string(), whole.to_string(), format!("\"{number}\"")] {
            let body = format!(r#"{{"access_token":"a","refresh_token":"{NEW}","expires_in":{life},"expires_at":{until},"refresh_token_expires_in":{idle},"refresh_token_expires_at":{life},"authorization_expires_in":{life}}}"#);
            let settled = settle(&clients()[at], 200, &[("Date", "Sun, 06 Nov 1994 08:49:37 GMT")], body.as_bytes(), true);
            check(&clients()[at], &settled);
            assert_eq!(refresh_token(&settled), Some(NEW), "{body}");
        }
    }

    /// Any bytes at all have a verdict.
    #[test]
    fn any_bytes_are_judged(at in 0_usize..6, status in any::<u16>(), body in proptest::collection::vec(any::<u8>(), 0..80), text in ".{0,60}", whole in any::<bool>(), headers in proptest::collection::vec((".{0,12}", ".{0,12}"), 0..3)) {
        let client = &clients()[at];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("Date", text.as_str()), ("Retry-After", text.as_str())]).collect();
        for body in [body.as_slice(), text.as_bytes()] {
            let settled = settle(client, status, &headers, body, whole);
            check(client, &settled);
            check_harvest(refresh_name(client), body, &settled);
        }
    }
}
