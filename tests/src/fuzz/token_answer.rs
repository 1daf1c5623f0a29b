//! Any answer to a token request: a verdict always, and a refresh token that stands whole in it is never lost.

use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::secret::Secret;
use evergrant::client::configuration::Client;
use evergrant::message::oddity::Oddity;
use evergrant::message::token_answer::{EvidenceKind, Reply, Settled, Verdict};
use evergrant::message::token_request::TokenRequest;

use super::fixtures::{CLIENT_SECRET, NOW, clients};

/// The refresh token that was sent.
pub const SENT: &str = "Sent-Refresh-Token-0123456789";
/// A year, and a century: what lives are cut to.
const LONGEST_ACCESS_LIFE: i64 = 366 * 86_400_000;

const STATUSES: [u16; 16] = [
    200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 503, 0, 599,
];

/// Five bytes choose client, grant, status, kind of reply and headers; the rest is the body.
pub fn run(data: &[u8]) {
    let Some((head, body)) = data.split_first_chunk::<5>() else {
        return;
    };
    let [client, grant, status, kind, headers] = head.map(usize::from);
    let client = &clients()[client % clients().len()];
    let request = if grant % 8 == 7 {
        TokenRequest::client_credentials(&[])
    } else {
        TokenRequest::refresh_token(&Secret::new(SENT), &["a".into(), "b".into()])
    };
    let list = [
        ("Retry-After", "7"),
        ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"),
        ("Content-Type", "text/html"),
    ];
    let headers = list.iter().enumerate().filter(|(at, _)| headers >> at & 1 == 1);
    let headers = headers
        .map(|(_, (name, value))| ResponseHeader::new(*name, *value))
        .collect();
    let answer = HttpResponse::new(STATUSES[status % STATUSES.len()], headers, body.to_vec());
    let reply = if kind % 3 == 2 {
        Reply::NoAnswer(Some(&answer))
    } else {
        Reply::Answer(&answer)
    };
    let settled = client.settle(&request, reply, NOW);
    check(client, &settled);
    assert_eq!(settled, client.settle(&request, reply, NOW));
    if grant % 8 != 7 {
        check_harvest(refresh_name(client), body, &settled);
    }
    let resource = client.judge_resource(&answer);
    assert!(format!("{resource:?}").len() < 1_200);
}

/// The last step of the path at which this client's profile keeps the refresh token.
pub fn refresh_name(client: &Client) -> &'static str {
    if client.profile().id() == "nested" {
        "refresh"
    } else {
        "refresh_token"
    }
}

/// What holds of every verdict.
pub fn check(client: &Client, settled: &Settled) {
    let evidence = &settled.evidence;
    let print = format!(
        "{settled:?} {evidence:?} {}",
        serde_json::to_string(evidence).expect("evidence is JSON")
    );
    super::assert_unseen(CLIENT_SECRET, &print);
    assert!(
        evidence
            .retry_after_ms
            .is_none_or(|delay| (0..=86_400_000).contains(&delay))
    );
    assert!(
        evidence
            .oauth_error
            .as_ref()
            .is_none_or(|code| !code.is_empty() && code.len() <= 64)
    );
    match (&settled.verdict, settled.error()) {
        (Verdict::Answered(tokens), None) => {
            assert_eq!(evidence.kind, EvidenceKind::Tokens);
            assert!(tokens.access_token.is_some() || tokens.refresh_token.is_some());
            for token in tokens.access_token.iter().chain(&tokens.refresh_token) {
                assert!(!token.expose().is_empty());
                if token.expose().len() > 20 {
                    super::assert_unseen(token.expose(), &format!("{:?}", settled.verdict));
                }
            }
            if let Some(token) = &tokens.access_token {
                assert!(token.expose().bytes().all(|byte| matches!(byte, 0x21..=0x7e)));
            }
            assert!(
                tokens
                    .access_life_ms
                    .is_none_or(|life| (1..=LONGEST_ACCESS_LIFE).contains(&life))
            );
            for life in [tokens.refresh_idle_ms, tokens.refresh_hard_ms].into_iter().flatten() {
                assert!((1..=100 * LONGEST_ACCESS_LIFE).contains(&life));
                assert!(tokens.refresh_token.is_some());
            }
        }
        (Verdict::Answered(_), Some(error)) => panic!("an answer is an error: {error:?}"),
        (_, None) => panic!("{settled:?} is no error"),
        (_, Some(error)) => {
            let shown = format!("{error} {error:?}");
            super::assert_unseen(CLIENT_SECRET, &shown);
            if let Some(description) = error.description() {
                assert!(client.profile().id() != "wise");
                if description.len() > 64 {
                    super::assert_unseen(description, &shown);
                }
            }
        }
    }
}

/// Holds a verdict to the tokens that another reader finds whole in the body.
pub fn check_harvest(name: &str, body: &[u8], settled: &Settled) {
    if std::str::from_utf8(body).is_ok_and(|text| json_object(text).is_some()) {
        // A whole document: where a field stands in it is the profile's business.
        return;
    }
    // Alone in a refusal, or as a placeholder, it is what a validation says of the token that was sent.
    if settled.evidence.oddities.contains(&Oddity::UnusableRefreshToken) {
        return;
    }
    // A name that stands at another place than the profile's is another field; damage may have moved it.
    if name == "refresh" {
        return;
    }
    let (found, others) = pairs(name, body);
    let others = others || stands_deeper(name, body);
    // A form with a token of its own, whose values show JSON.
    let others = others
        || body
            .split(|byte| *byte == b'&')
            .any(|pair| pair.starts_with(format!("{name}=").as_bytes()));
    let news: Vec<&String> = found.iter().filter(|token| *token != SENT).collect();
    match &settled.verdict {
        Verdict::Answered(tokens) => {
            if let (Some(token), false) = (&tokens.refresh_token, found.is_empty()) {
                assert!(others || found.iter().any(|known| known == token.expose()));
            } else {
                assert!(
                    others || news.is_empty(),
                    "lost: {news:?} in {}",
                    String::from_utf8_lossy(body)
                );
            }
        }
        _ if settled.evidence.kind == EvidenceKind::ConflictingTokens => assert!(others || news.len() > 1),
        _ => assert!(
            others || news.is_empty(),
            "lost: {news:?} in {}",
            String::from_utf8_lossy(body)
        ),
    }
}

/// Whether the name stands inside braces or brackets that belong to a name: there it is another field.
pub fn stands_deeper(name: &str, body: &[u8]) -> bool {
    let wanted = format!("\"{name}\"");
    let (mut named, mut in_text, mut escaped) = (Vec::new(), false, false);
    let mut before = b' ';
    for (at, byte) in body.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => {
                if !in_text && named.contains(&true) && body[at..].starts_with(wanted.as_bytes()) {
                    return true;
                }
                in_text = !in_text;
            }
            b'{' | b'[' if !in_text => named.push(before == b':'),
            b'}' | b']' if !in_text => drop(named.pop()),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = *byte;
        }
    }
    false
}

/// The text as a JSON object, if it is one.
fn json_object(text: &str) -> Option<serde_json::Value> {
    let tree: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    tree.is_object().then_some(tree)
}

/// Every different `"<name>": "<value>"` with a plain value, and whether there are pairs of the name with any other.
fn pairs(name: &str, body: &[u8]) -> (Vec<String>, bool) {
    let quoted = format!("\"{name}\"");
    let (mut found, mut others) = (Vec::new(), false);
    for at in 0..body.len() {
        let Some(rest) = body[at..].strip_prefix(quoted.as_bytes()) else {
            continue;
        };
        let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else {
            continue;
        };
        let Some(value) = value.trim_ascii_start().strip_prefix(b"\"") else {
            others = true;
            continue;
        };
        let plain = |byte: &u8| matches!(byte, 0x21..=0x7e) && !b"\"\\".contains(byte);
        let end = value.iter().take_while(|byte| plain(byte)).count();
        match (end, value.get(end)) {
            (1.., Some(b'"')) => {
                let token = String::from_utf8_lossy(&value[..end]).into_owned();
                if !found.contains(&token) {
                    found.push(token);
                }
            }
            _ => others = true,
        }
    }
    (found, others)
}
