//! The answer to a token request, judged: what is in it, and what became of the credential that was sent.
//!
//! Order of judgement. Tokens first: an answer that carries a usable refresh token, or an access token without an error
//! beside it, is *answered*, whatever else is wrong with it. Then the status, where it forbids a verdict (429, 5xx, 3xx).
//! Then the error code, wherever the profile says it stands, and whatever the status: Wise sends `invalid_grant` with 401,
//! Slack sends errors with 200. What is left is *unknown*: servers consume a token before checks that can still fail.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

use crate::base::date;
use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::http::HttpResponse;
use crate::base::json::Json;
use crate::base::retry_after::parse_retry_after;
use crate::base::scope;
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::message::access_token::AccessToken;
use crate::message::callback::NamedValue;
use crate::message::harvest::Fields;
use crate::message::oddity::Oddity;
use crate::message::token_error::{self, TokenError};
use crate::message::token_request::TokenRequest;
use crate::provider::grant::Grant;
use crate::provider::profile::{AccessLife, ErrorClass};

/// Lives past this many milliseconds are cut: no access token lives longer than a year.
const LONGEST_ACCESS_LIFE: i64 = 366 * 86_400_000;
/// The same for refresh tokens and consents: a century (Wise says twenty years).
const LONGEST_REFRESH_LIFE: i64 = 100 * LONGEST_ACCESS_LIFE;

/// What came of sending a token request.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Reply<'a> {
    /// A whole answer.
    Answer(&'a HttpResponse),
    /// Proof that the request never left.
    NotSent,
    /// No whole answer: time-out, reset, cut off. With what was read of it, where anything was.
    NoAnswer(Option<&'a HttpResponse>),
}

/// What became of the credential that was sent: a code, a refresh token.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Verdict {
    /// It was not looked at; the same request may be sent again.
    NotSpent,
    /// It was spent, and this came for it.
    Answered(Tokens),
    /// The provider refuses it.
    Rejected,
    /// Nobody knows whether it was spent.
    Unknown,
}

/// What an answer carried.
#[derive(Clone, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Tokens {
    /// The access token, where there is a usable one.
    pub access_token: Option<Secret>,
    /// Its life in milliseconds, counted from when the request was sent; `None` for one that never expires.
    pub access_life_ms: Option<i64>,
    /// The refresh token. It may equal the one that was sent.
    pub refresh_token: Option<Secret>,
    /// How long the refresh token may lie unused, in milliseconds from the sending.
    pub refresh_idle_ms: Option<i64>,
    /// When the consent ends whatever is done, in milliseconds from the sending.
    pub refresh_hard_ms: Option<i64>,
    /// The scopes granted; those asked for where the answer does not say.
    pub scopes: Vec<String>,
    /// The accounts, where the answer names them.
    pub account_ids: Vec<NamedValue>,
}

impl Tokens {
    /// The access token in use, its life counted from when the request was sent, never from the answer.
    pub fn access_token(&self, sent: Now) -> Option<AccessToken> {
        self.access_token.as_ref().map(|token| AccessToken {
            token: token.clone(),
            scopes: self.scopes.clone(),
            account_ids: self.account_ids.clone(),
            not_after: self.access_life_ms.map(|life| sent.later(life)),
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = |token: &Option<Secret>| if token.is_some() { "redacted" } else { "none" };
        write!(
            f,
            "Tokens(access {}, refresh {})",
            there(&self.access_token),
            there(&self.refresh_token)
        )
    }
}

/// On what a verdict rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum EvidenceKind {
    /// Tokens came.
    Tokens,
    /// The request never left.
    NotSent,
    /// No whole answer came.
    NoAnswer,
    /// The provider asks to slow down.
    Throttled,
    /// The provider says that another refresh of the same token is under way.
    ConcurrentRefresh,
    /// The provider does not accept the client.
    ClientRefused,
    /// The provider does not accept the request, before looking at the grant.
    RequestRefused,
    /// The provider says that the grant is dead.
    GrantRefused,
    /// A 401 without a code that is known.
    Unauthorized,
    /// A code that says nothing about the credential.
    OtherError,
    /// A 5xx.
    ServerFault,
    /// A redirection, which is never followed.
    Redirected,
    /// Two different refresh tokens in one answer.
    ConflictingTokens,
    /// A body that is none of the known shapes.
    Unreadable,
}

/// What a verdict rests on, as data without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Evidence {
    /// The kind.
    pub kind: EvidenceKind,
    /// The HTTP status, where there was one.
    pub status: Option<i64>,
    /// The provider's error code, where there was one.
    pub oauth_error: Option<String>,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// What was odd about the answer.
    pub oddities: Vec<Oddity>,
}

/// A verdict with its evidence.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Settled {
    /// What became of the credential.
    pub verdict: Verdict,
    /// On what that rests.
    pub evidence: Evidence,
    /// The server's own words, never printed.
    pub description: Option<Secret>,
}

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
        let fields = Fields::of(answer.body(), &[&shape.access_token, &shape.refresh_token, "error"]);
        let error = token_error::read(&fields, self.profile(), answer.status());
        let mut oddities = Vec::new();
        match &fields {
            Fields::Bytes(_) => oddities.push(Oddity::DamagedBody),
            Fields::Form(_) => oddities.push(Oddity::FormBody),
            Fields::Tree(_) => {}
        }
        let retry_after_ms = answer
            .header("Retry-After")
            .and_then(|value| parse_retry_after(value, answer.header("Date"), now.wall));
        let harvested = self.harvest(request, answer, &fields, error.is_some(), now, &mut oddities);
        let (verdict, kind) = match harvested {
            Harvest::Tokens(tokens) => {
                if !(200..300).contains(&answer.status()) {
                    oddities.push(Oddity::UnexpectedStatus);
                }
                if error.is_some() {
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

    fn harvest(
        &self,
        request: &TokenRequest,
        answer: &HttpResponse,
        fields: &Fields<'_>,
        has_error: bool,
        now: Now,
        oddities: &mut Vec<Oddity>,
    ) -> Harvest {
        let shape = &self.profile().answer;
        let good_status = (200..300).contains(&answer.status());
        let doubtful = !good_status || has_error || matches!(fields, Fields::Bytes(_));
        let mut refresh_tokens = tokens_at(fields, &shape.refresh_token, oddities);
        // An error page that shows the request again shows the token that was sent; that one is no news.
        if doubtful {
            refresh_tokens.retain(|token| Some(token) != request.sent_refresh_token());
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
        let is_usable = |token: &Secret| token.expose().bytes().all(|byte| matches!(byte, 0x21..=0x7e));
        let access_token = access_tokens.pop().filter(|token| {
            let usable = is_usable(token);
            if !usable {
                oddities.push(Oddity::UnusableAccessToken);
            }
            usable
        });
        if request.grant() == Grant::ClientCredentials && refresh_token.take().is_some() {
            oddities.push(Oddity::DroppedRefreshToken);
        }
        // An access token alone beside an error code proves nothing.
        if refresh_token.is_none() && (access_token.is_none() || (has_error && !good_status)) {
            return Harvest::Nothing;
        }
        let date = answer
            .header("Date")
            .and_then(|value| date::parse_http_date(value, now.wall))
            .unwrap_or(now.wall);
        let reading = Reading { fields, date };
        if access_token.is_some() {
            self.check_token_type(fields, oddities);
        }
        let lifetimes = &self.profile().lifetimes;
        Harvest::Tokens(Tokens {
            access_life_ms: self.access_life(&reading, oddities),
            refresh_idle_ms: reading
                .life(&shape.refresh_expires_in, &shape.refresh_expires_at)
                .cut(LONGEST_REFRESH_LIFE)
                .or(lifetimes.refresh_idle)
                .filter(|_| refresh_token.is_some()),
            refresh_hard_ms: reading
                .life(&shape.refresh_hard_expires_in, "")
                .cut(LONGEST_REFRESH_LIFE)
                .or(lifetimes.refresh_hard)
                .filter(|_| refresh_token.is_some()),
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

    fn access_life(&self, reading: &Reading<'_, '_>, oddities: &mut Vec<Oddity>) -> Option<i64> {
        let shape = &self.profile().answer;
        let fallback = match self.profile().lifetimes.access {
            AccessLife::Never => None,
            AccessLife::Millis(millis) => Some(millis),
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

enum Harvest {
    Tokens(Tokens),
    Conflict,
    Nothing,
}

/// The distinct tokens at a path.
fn tokens_at(fields: &Fields<'_>, path: &str, oddities: &mut Vec<Oddity>) -> Vec<Secret> {
    let mut tokens: Vec<Secret> = Vec::new();
    for value in fields.all(path) {
        let token = match &value {
            Json::String(text) => Secret::new(text.as_str()),
            Json::Number(_) => {
                oddities.push(Oddity::TokenNotText);
                Secret::new(value.print().as_str())
            }
            _ => continue,
        };
        if !token.expose().is_empty() && !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens
}

fn account_ids(fields: &Fields<'_>, paths: &[String]) -> Vec<NamedValue> {
    let id = |path: &String| {
        let value = match fields.first(path)? {
            Json::String(text) if !text.is_empty() => String::from(text.as_str()),
            number @ Json::Number(_) => String::from(number.print().as_str()),
            _ => return None,
        };
        Some(NamedValue {
            name: path.clone(),
            value,
        })
    };
    paths.iter().filter_map(id).collect()
}

/// The times of an answer.
struct Reading<'r, 'b> {
    fields: &'r Fields<'b>,
    /// The answer's own clock, or the host's where the answer shows none.
    date: i64,
}

enum Life {
    Missing,
    Unreadable,
    Millis(i64),
}

impl Life {
    fn cut(self, longest: i64) -> Option<i64> {
        match self {
            Self::Millis(millis) => Some(millis.min(longest)),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

impl Reading<'_, '_> {
    /// `expires_in` wins over `expires_at`, because it needs no clock.
    fn life(&self, expires_in: &str, expires_at: &str) -> Life {
        let relative = self.fields.first(expires_in);
        if let Some(millis) = relative.as_ref().and_then(number).map(|seconds| seconds * 1_000.0)
            && millis >= 1.0
        {
            // Saturates: a float cast never overflows.
            return Life::Millis(millis as i64);
        }
        let absolute = self.fields.first(expires_at);
        if let Some(millis) = absolute
            .as_ref()
            .and_then(moment)
            .map(|end| end.saturating_sub(self.date))
            && millis > 0
        {
            return Life::Millis(millis);
        }
        if relative.is_none() && absolute.is_none() {
            Life::Missing
        } else {
            Life::Unreadable
        }
    }
}

/// A finite number, also one written as text (`"3600"`, as Apigee and PayPal send it).
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

fn moment(value: &Json) -> Option<i64> {
    value
        .as_str()
        .and_then(|text| date::parse_timestamp(text.trim()))
        .or_else(|| number(value).and_then(date::epoch_fraction))
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

impl Settled {
    /// The verdict as an error that says who, which code and what to do; `None` where tokens came.
    ///
    /// A refused grant is `give_up` here, never `reauthorize`: one answer is no proof that the connection is dead.
    pub fn error(&self) -> Option<OAuthError> {
        let evidence = &self.evidence;
        let wait = |usual: i64| Action::RetryAfter {
            delay_ms: evidence.retry_after_ms.unwrap_or(usual),
        };
        let (party, code, action, message) = match evidence.kind {
            EvidenceKind::Tokens => return None,
            EvidenceKind::NotSent => (
                Party::Network,
                ErrorCode::NotSent,
                wait(1_000),
                "the request did not reach the provider; nothing was spent",
            ),
            EvidenceKind::NoAnswer => (
                Party::Network,
                ErrorCode::OutcomeUnknown,
                wait(1_000),
                "no whole answer came; the provider may have acted",
            ),
            EvidenceKind::Throttled => (
                Party::Provider,
                ErrorCode::Throttled,
                wait(5_000),
                "the provider asks to slow down",
            ),
            EvidenceKind::ConcurrentRefresh => (
                Party::Provider,
                ErrorCode::Throttled,
                wait(2_000),
                "another refresh of the same token is under way; read the store again, then retry",
            ),
            EvidenceKind::ClientRefused => (
                Party::Provider,
                ErrorCode::InvalidClient,
                Action::FixConfiguration,
                "the provider does not accept the client; check client id, secret, method and environment",
            ),
            EvidenceKind::Unauthorized => (
                Party::Provider,
                ErrorCode::InvalidClient,
                Action::FixConfiguration,
                "the provider answered 401 without a code that is known; check client id, secret, method and environment",
            ),
            EvidenceKind::RequestRefused => (
                Party::Provider,
                ErrorCode::RequestRejected,
                Action::FixConfiguration,
                "the provider does not allow this client that request",
            ),
            EvidenceKind::GrantRefused => (
                Party::Provider,
                ErrorCode::InvalidGrant,
                Action::GiveUp,
                "the provider refuses the grant: revoked, expired or already used",
            ),
            EvidenceKind::OtherError => (
                Party::Provider,
                ErrorCode::RequestRejected,
                Action::AdjustRequest,
                "the provider refuses the request; its error code says what about it",
            ),
            EvidenceKind::ServerFault => (
                Party::Provider,
                ErrorCode::ProviderFault,
                wait(5_000),
                "the provider answered with a fault of its own",
            ),
            EvidenceKind::Redirected => (
                Party::Provider,
                ErrorCode::UnexpectedAnswer,
                Action::FixConfiguration,
                "the token endpoint answered with a redirection, which is never followed; check its URL",
            ),
            EvidenceKind::ConflictingTokens | EvidenceKind::Unreadable => (
                Party::Provider,
                ErrorCode::UnexpectedAnswer,
                wait(5_000),
                "the provider's answer has none of the shapes that are known of it",
            ),
        };
        Some(
            OAuthError::new(party, code, action, message)
                .with_status(evidence.status)
                .with_oauth_error(evidence.oauth_error.clone())
                .with_description(self.description.clone()),
        )
    }
}
