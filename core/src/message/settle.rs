//! Judges the answer to a token request: what is in it, and what became of the credential that was sent.
//!
//! Order of judgement. Tokens first: an answer that carries a usable refresh token is *answered*, whatever else is wrong
//! with it; so is one with an access token alone, unless its status and its error code both speak against it, or part of
//! it is missing. Then the status, where it forbids a verdict (429, 5xx, 3xx).
//! Then the error code, wherever the profile says it stands, and whatever the status: Wise sends `invalid_grant` with 401,
//! Slack sends errors with 200. What is left is *unknown*: servers consume a token before checks that can still fail.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::date;
use crate::base::http::HttpResponse;
use crate::base::json::Json;
use crate::base::retry_after::parse_retry_after;
use crate::base::scope;
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::message::callback::NamedValue;
use crate::message::harvest::Fields;
use crate::message::oddity::Oddity;
use crate::message::token_answer::{Evidence, EvidenceKind, Reply, Settled, Tokens, Verdict};
use crate::message::token_error::{self, TokenError};
use crate::message::token_life::{Life, Lives};
use crate::message::token_request::TokenRequest;
use crate::provider::grant::Grant;
use crate::provider::profile::{AccessLife, ErrorClass};

/// Lives past this many milliseconds are cut: no access token lives longer than a year.
const LONGEST_ACCESS_LIFE: i64 = 366 * 86_400_000;
/// The same for refresh tokens and consents: a century (Wise says twenty years).
const LONGEST_REFRESH_LIFE: i64 = 100 * LONGEST_ACCESS_LIFE;

impl Client {
    /// Judges what came of a token request. Total: every status and body gives a verdict.
    ///
    /// `now` is the moment of the answer; it is used only where neither `expires_in` nor the answer's own `Date` tells.
    ///
    /// ```
    /// # use evergrant::base::http::HttpResponse;
    /// # use evergrant::base::{secret::Secret, time::Now};
    /// # use evergrant::client::configuration::Client;
    /// # use evergrant::message::token_answer::{Reply, Verdict};
    /// # use evergrant::message::token_request::TokenRequest;
    /// # use evergrant::provider::{environment::Environment, profile::Profile};
    /// # let client = Client::builder(Profile::built_in("airwallex")?, Environment::Sandbox, "id").build()?;
    /// # let now = Now { wall: 1_790_000_000_000, steady: 0 };
    /// let request = TokenRequest::refresh_token(&Secret::new("old"), &[]);
    /// // Cut off behind the refresh token, and with a 502: the token is harvested all the same.
    /// let answer = HttpResponse::new(502, Vec::new(), br#"{"refresh_token":"new","access_to"#.to_vec());
    /// let settled = client.settle(&request, Reply::Answer(&answer), now);
    /// assert!(matches!(settled.verdict, Verdict::Answered(_)));
    /// # Ok::<(), evergrant::base::error::OAuthError>(())
    /// ```
    pub fn settle(&self, request: &TokenRequest, reply: Reply<'_>, now: Now) -> Settled {
        match reply {
            Reply::NotSent => bare(Verdict::NotSpent, EvidenceKind::NotSent),
            Reply::NoAnswer(None) => bare(Verdict::Unknown, EvidenceKind::NoAnswer),
            Reply::NoAnswer(Some(partial)) => self.judge(request, partial, false, now),
            Reply::Answer(answer) => self.judge(request, answer, true, now),
        }
    }

    fn judge(&self, request: &TokenRequest, answer: &HttpResponse, whole: bool, now: Now) -> Settled {
        let shape = &self.profile().answer;
        let known = [
            shape.access_token.as_slice(),
            &shape.refresh_token,
            &self.profile().errors.code,
        ];
        let fields = Fields::of(answer.body(), &known, whole);
        // Error codes are printed, and pages that show the request again have been seen.
        let repeats_secret = |code: &str| {
            let sent = request.secrets().chain(self.authentication().secrets());
            sent.map(Secret::expose)
                .any(|secret| !secret.is_empty() && code.contains(secret))
        };
        let error = token_error::read(&fields, self.profile(), answer.status(), repeats_secret);
        let mut oddities = Vec::new();
        match &fields {
            Fields::Bytes(_) => oddities.push(Oddity::DamagedBody),
            Fields::Form(_) => oddities.push(Oddity::FormBody),
            Fields::Tree(_) => {}
        }
        let retry_after_ms = answer
            .header("Retry-After")
            .and_then(|value| parse_retry_after(value, answer.header("Date"), now.wall));
        let body = Body {
            // Whoever closes a JSON object has said all, even if the connection broke behind it.
            complete: matches!(fields, Fields::Tree(_)) || (whole && matches!(fields, Fields::Form(_))),
            good_status: (200..300).contains(&answer.status()),
            is_refusal: (400..500).contains(&answer.status()),
            has_error: error.is_some(),
            date: answer
                .header("Date")
                .and_then(|value| date::parse_http_date(value, now.wall))
                .unwrap_or(now.wall),
            fields: &fields,
        };
        let harvested = self.harvest(request, &body, &mut oddities);
        let (verdict, kind) = match harvested {
            Harvest::Tokens(tokens) => {
                if !body.good_status {
                    oddities.push(Oddity::UnexpectedStatus);
                }
                if body.has_error {
                    oddities.push(Oddity::ErrorBesideTokens);
                }
                (Verdict::Answered(tokens), EvidenceKind::Tokens)
            }
            Harvest::Conflict => (Verdict::Unknown, EvidenceKind::ConflictingTokens),
            Harvest::Nothing => verdict_of(answer.status(), error.as_ref(), &fields, whole),
        };
        let (oauth_error, description) = match error {
            Some(error) => (Some(error.code), error.description),
            None => (None, None),
        };
        let status = Some(i64::from(answer.status()));
        Settled {
            verdict,
            evidence: Evidence {
                kind,
                status,
                oauth_error,
                retry_after_ms,
                oddities,
            },
            description,
        }
    }

    fn harvest(&self, request: &TokenRequest, body: &Body<'_, '_>, oddities: &mut Vec<Oddity>) -> Harvest {
        let shape = &self.profile().answer;
        let fields = body.fields;
        let mut refresh_tokens = tokens_at(fields, &shape.refresh_token, oddities);
        // An error page that shows the request again shows the token that was sent; that one is no news.
        if !body.good_status || body.has_error || !body.complete {
            refresh_tokens.retain(|token| Some(token) != request.sent_refresh_token());
        }
        let found = refresh_tokens.len();
        // It goes into bodies only, where anything can be encoded; but an error page has more than tokens to show.
        let is_token = |token: &Secret| {
            if body.good_status {
                is_text(token)
            } else {
                is_usable(token) && !is_placeholder(token)
            }
        };
        refresh_tokens.retain(is_token);
        if refresh_tokens.len() < found {
            oddities.push(Oddity::UnusableRefreshToken);
        }
        if request.grant() == Grant::ClientCredentials && !refresh_tokens.is_empty() {
            refresh_tokens.clear();
            oddities.push(Oddity::DroppedRefreshToken);
        }
        if refresh_tokens.len() > 1 {
            oddities.push(Oddity::ConflictingFields);
            return Harvest::Conflict;
        }
        let mut refresh_token = refresh_tokens.pop();
        let mut access_tokens = tokens_at(fields, &shape.access_token, oddities);
        if access_tokens.len() > 1 {
            oddities.push(Oddity::ConflictingFields);
            access_tokens.clear();
        }
        let access_token = access_tokens.pop().filter(|token| {
            let usable = is_usable(token);
            if !usable {
                oddities.push(Oddity::UnusableAccessToken);
            }
            usable
        });
        // A refresh token alone in a 4xx is what a validation says of the one that was sent ("refresh_token": "expired").
        if body.is_refusal && access_token.is_none() && refresh_token.take().is_some() {
            oddities.push(Oddity::UnusableRefreshToken);
        }
        // An access token alone beside an error code proves nothing. Nor does one in a body that is not complete: the
        // refresh token that replaces the old one may have stood in the part that is missing.
        let may_rotate = request.grant() != Grant::ClientCredentials;
        let proves_nothing = (may_rotate && !body.complete) || (body.has_error && !body.good_status);
        if refresh_token.is_none() && (access_token.is_none() || proves_nothing) {
            return Harvest::Nothing;
        }
        let reading = Lives {
            fields,
            date: body.date,
        };
        if access_token.is_some() {
            self.check_token_type(fields, oddities);
        }
        let lifetimes = &self.profile().lifetimes;
        let idle = (shape.refresh_expires_in.as_slice(), shape.refresh_expires_at.as_slice());
        let hard = (shape.refresh_hard_expires_in.as_slice(), [].as_slice());
        Harvest::Tokens(Tokens {
            access_life_ms: self.access_life(&reading, oddities),
            refresh_idle_ms: refresh_token
                .as_ref()
                .and_then(|_| refresh_life(&reading, idle, lifetimes.refresh_idle, oddities)),
            refresh_hard_ms: refresh_token
                .as_ref()
                .and_then(|_| refresh_life(&reading, hard, lifetimes.refresh_hard, oddities)),
            scopes: self.granted(request, fields, oddities),
            account_ids: account_ids(fields, &shape.account_ids),
            access_token,
            refresh_token,
        })
    }

    fn check_token_type(&self, fields: &Fields<'_>, oddities: &mut Vec<Oddity>) {
        match fields.text(&self.profile().answer.token_type) {
            None => oddities.push(Oddity::MissingTokenType),
            Some(kind) if !kind.eq_ignore_ascii_case("bearer") => oddities.push(Oddity::UnknownTokenType),
            Some(_) => {}
        }
    }

    fn access_life(&self, reading: &Lives<'_, '_>, oddities: &mut Vec<Oddity>) -> Option<i64> {
        let shape = &self.profile().answer;
        let fallback = match self.profile().lifetimes.access {
            AccessLife::Never => None,
            AccessLife::Millis(millis) => Some(millis.min(LONGEST_ACCESS_LIFE)),
            // RFC 6749 leaves it open; five minutes is the shortest life among ordinary providers.
            AccessLife::Unknown => Some(300_000),
        };
        match reading.life(&shape.expires_in, &shape.expires_at) {
            Life::Millis(millis) if millis > LONGEST_ACCESS_LIFE => {
                oddities.push(Oddity::HugeLife);
                Some(LONGEST_ACCESS_LIFE)
            }
            Life::Millis(millis) => Some(millis),
            Life::Missing => {
                if fallback.is_some() {
                    oddities.push(Oddity::MissingLife);
                }
                fallback
            }
            Life::Unreadable => {
                oddities.push(Oddity::UnreadableLife);
                fallback
            }
        }
    }

    /// RFC 6749 section 5.1: absent means as asked. Empty means the same, and never *everything* (CVE-2022-31690).
    fn granted(&self, request: &TokenRequest, fields: &Fields<'_>, oddities: &mut Vec<Oddity>) -> Vec<String> {
        let usual = self
            .profile()
            .grant(request.grant())
            .map(|form| form.default_scopes.as_slice())
            .unwrap_or_default();
        let asked = if request.scopes().is_empty() {
            usual
        } else {
            request.scopes()
        };
        let text = match fields.first(&self.profile().answer.scope) {
            Some(Json::String(text)) => text,
            Some(Json::Null) | None => return asked.to_vec(),
            Some(_) => {
                oddities.push(Oddity::UnreadableScope);
                return asked.to_vec();
            }
        };
        let granted = scope::split(&text, self.profile().authorize.scope_separator);
        if granted.is_empty() {
            return asked.to_vec();
        }
        if !asked.is_empty() {
            if granted.iter().any(|scope| !asked.contains(scope)) {
                oddities.push(Oddity::WiderScope);
            }
            if asked.iter().any(|scope| !granted.contains(scope)) {
                oddities.push(Oddity::NarrowerScope);
            }
        }
        granted
    }
}

/// A body that was read, and what surrounds it.
struct Body<'r, 'b> {
    fields: &'r Fields<'b>,
    /// Nothing can be missing behind what was read.
    complete: bool,
    good_status: bool,
    /// 4xx.
    is_refusal: bool,
    has_error: bool,
    /// The answer's own clock, or the host's where the answer shows none.
    date: i64,
}

enum Harvest {
    Tokens(Tokens),
    Conflict,
    Nothing,
}

/// Visible ASCII without spaces (RFC 6749 appendix A.12 and A.17, RFC 6750 section 2.1).
fn is_usable(token: &Secret) -> bool {
    token.expose().bytes().all(|byte| matches!(byte, 0x21..=0x7e))
}

/// Something to see, and nothing that would break a line.
fn is_text(token: &Secret) -> bool {
    let text = token.expose();
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// What a page that shows the request puts in place of a secret: `[FILTERED]`, `<hidden>`, `****`.
fn is_placeholder(token: &Secret) -> bool {
    let text = token.expose();
    text.starts_with(['[', '<']) || text.contains("***")
}

/// The life of a refresh token or a consent: as the answer says it, else as the profile does.
fn refresh_life(
    lives: &Lives<'_, '_>,
    (relative, absolute): (&[String], &[String]),
    usual: Option<i64>,
    oddities: &mut Vec<Oddity>,
) -> Option<i64> {
    match lives.life(relative, absolute) {
        Life::Millis(millis) => Some(millis.min(LONGEST_REFRESH_LIFE)),
        Life::Missing => usual,
        Life::Unreadable => {
            oddities.push(Oddity::UnreadableRefreshLife);
            usual
        }
    }
}

/// The distinct tokens at a path.
fn tokens_at(fields: &Fields<'_>, paths: &[String], oddities: &mut Vec<Oddity>) -> Vec<Secret> {
    let mut tokens: Vec<Secret> = Vec::new();
    for value in fields.at_first(paths) {
        let token = match &value {
            Json::String(text) => Secret::new(text.as_str()),
            Json::Number(number) => {
                oddities.push(Oddity::TokenNotText);
                // What fits no 64 bits would come out changed.
                if !number.is_exact() {
                    continue;
                }
                Secret::new(value.print().as_str())
            }
            _ => continue,
        };
        if !token.expose().is_empty() && !tokens.contains(&token) {
            tokens.push(token);
        }
        // The one that was sent, and two more that differ: more can only be a flood.
        if tokens.len() > 2 {
            break;
        }
    }
    tokens
}

fn account_ids(fields: &Fields<'_>, paths: &[String]) -> Vec<NamedValue> {
    let id = |path: &String| {
        let value = fields.first(core::slice::from_ref(path))?;
        let text = match &value {
            Json::String(text) if !text.is_empty() => text.clone(),
            // What fits no 64 bits would come out as another account.
            Json::Number(number) if number.is_exact() => value.print(),
            _ => return None,
        };
        Some(NamedValue {
            name: path.clone(),
            value: String::from(text.as_str()),
        })
    };
    paths.iter().filter_map(id).collect()
}

fn verdict_of(status: u16, error: Option<&TokenError>, fields: &Fields<'_>, whole: bool) -> (Verdict, EvidenceKind) {
    let concurrent = error.is_some_and(|error| error.class == ErrorClass::ConcurrentRefresh);
    match status {
        // A code in the body of a 429 or a 5xx is not a verdict.
        429 if concurrent => (Verdict::NotSpent, EvidenceKind::ConcurrentRefresh),
        429 => (Verdict::NotSpent, EvidenceKind::Throttled),
        500.. => (Verdict::Unknown, EvidenceKind::ServerFault),
        300..=399 => (Verdict::Unknown, EvidenceKind::Redirected),
        // Half an error is none.
        _ if !whole && !matches!(fields, Fields::Tree(_)) => (Verdict::Unknown, EvidenceKind::NoAnswer),
        _ => match error.map(|error| error.class) {
            Some(ErrorClass::GrantRefused) => (Verdict::Rejected, EvidenceKind::GrantRefused),
            Some(ErrorClass::GrantDoubted) => (Verdict::Rejected, EvidenceKind::GrantDoubted),
            Some(ErrorClass::ClientRefused) => (Verdict::NotSpent, EvidenceKind::ClientRefused),
            Some(ErrorClass::RequestRefused) => (Verdict::NotSpent, EvidenceKind::RequestRefused),
            Some(ErrorClass::Throttled) => (Verdict::NotSpent, EvidenceKind::Throttled),
            Some(ErrorClass::ConcurrentRefresh) => (Verdict::NotSpent, EvidenceKind::ConcurrentRefresh),
            Some(ErrorClass::Unknown) | None if status == 401 => (Verdict::Unknown, EvidenceKind::Unauthorized),
            Some(ErrorClass::Unknown) => (Verdict::Unknown, EvidenceKind::OtherError),
            None => (Verdict::Unknown, EvidenceKind::Unreadable),
        },
    }
}

fn bare(verdict: Verdict, kind: EvidenceKind) -> Settled {
    let evidence = Evidence {
        kind,
        status: None,
        oauth_error: None,
        retry_after_ms: None,
        oddities: Vec::new(),
    };
    Settled {
        verdict,
        evidence,
        description: None,
    }
}
