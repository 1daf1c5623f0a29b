//! Reads a record, strictly, and names the path of every fault.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::digest::from_base64url;
use crate::base::error::{ErrorCode, OAuthError, ReauthorizationReason};
use crate::base::reader::{Node, Object, Reader};
use crate::base::secret::Secret;
use crate::connection::ledger::{Attempt, Fate, Held, Ledger, Login, LoginFate, Opening, Repeated, Status, Streak};
use crate::connection::record::{Consent, Counters, FORMAT, Failure, LastWords, Record};
use crate::message::callback::NamedValue;
use crate::message::pending::Consenter;
use crate::message::token_answer::{EvidenceKind, Tokens};
use crate::provider::environment::Environment;

/// The words for the reasons.
pub(crate) const REASONS: [(&str, ReauthorizationReason); 6] = [
    ("lost_rotation", ReauthorizationReason::LostRotation),
    ("idle_expired", ReauthorizationReason::IdleExpired),
    ("key_lost", ReauthorizationReason::KeyLost),
    ("revoked_or_role_lost", ReauthorizationReason::RevokedOrRoleLost),
    ("authorizing_user_gone", ReauthorizationReason::AuthorizingUserGone),
    ("no_refresh_token", ReauthorizationReason::NoRefreshToken),
];

/// The members that this release knows.
const KNOWN: [&str; 20] = [
    "format",
    "provider",
    "environment",
    "client_id",
    "token_endpoint",
    "consent",
    "status",
    "order",
    "tokens",
    "window",
    "not_before",
    "attempts",
    "next_attempt",
    "next_order",
    "unauthorized",
    "not_spent",
    "refusal",
    "client_refused",
    "logins",
    "counters",
];

/// The words for what a failure rested on.
pub(crate) const KINDS: [(&str, EvidenceKind); 16] = [
    ("tokens", EvidenceKind::Tokens),
    ("not_built", EvidenceKind::NotBuilt),
    ("not_sent", EvidenceKind::NotSent),
    ("no_answer", EvidenceKind::NoAnswer),
    ("throttled", EvidenceKind::Throttled),
    ("concurrent_refresh", EvidenceKind::ConcurrentRefresh),
    ("client_refused", EvidenceKind::ClientRefused),
    ("request_refused", EvidenceKind::RequestRefused),
    ("grant_refused", EvidenceKind::GrantRefused),
    ("grant_doubted", EvidenceKind::GrantDoubted),
    ("unauthorized", EvidenceKind::Unauthorized),
    ("other_error", EvidenceKind::OtherError),
    ("server_fault", EvidenceKind::ServerFault),
    ("redirected", EvidenceKind::Redirected),
    ("conflicting_tokens", EvidenceKind::ConflictingTokens),
    ("unreadable", EvidenceKind::Unreadable),
];

/// The words for the ends of a login.
pub(crate) const LOGIN_FATES: [(&str, LoginFate); 5] = [
    ("open", LoginFate::Open),
    ("closed", LoginFate::Closed),
    ("not_spent", LoginFate::NotSpent),
    ("lost", LoginFate::Lost),
    ("other_account", LoginFate::OtherAccount),
];

type Read<T> = Result<T, OAuthError>;

impl Record {
    /// Reads a stored record.
    ///
    /// # Errors
    /// `invalid_record` with the path of the field at fault: not JSON, missing, twice, or of the wrong type;
    /// `unknown_record_format` where it was written in a major format that this release does not know.
    pub fn from_json(text: &str) -> Result<Self, OAuthError> {
        read(text).map_err(|error| match error.details().field {
            Some(_) => error,
            // Not JSON at all.
            None => OAuthError::configuration(
                ErrorCode::InvalidRecord,
                "what the store holds under this key is no record of evergrant; it was left alone",
            )
            .at("record"),
        })
    }
}

fn read(text: &str) -> Read<Record> {
    let reader = Reader::new(text, ErrorCode::InvalidRecord)?;
    let node = reader.root();
    let root = node.open_object()?;
    let newer_minor = read_format(root.required("format")?)?;
    let (status, evidence) = read_status(root.required("status")?)?;
    let whole = |name: &str, least| root.required(name).and_then(|node| node.whole(least));
    let ledger = Ledger {
        status,
        order: whole("order", 0)?,
        tokens: root.read("tokens", read_held)?,
        window: root.read("window", read_window)?,
        not_before: whole("not_before", 0)?,
        attempts: list(root.required("attempts")?, read_attempt)?,
        next_attempt: whole("next_attempt", 1)?,
        next_order: whole("next_order", 1)?,
        unauthorized: read_repeated(root.required("unauthorized")?)?,
        not_spent: read_repeated(root.required("not_spent")?)?,
        refusal: root.read("refusal", read_streak)?,
        client_refused: root.read("client_refused", read_streak)?,
        login: root.read("consent", read_login_of)?.flatten(),
        logins: list(root.required("logins")?, read_login)?,
    };
    let environment = root.required("environment")?;
    let unknown = node.members()?.into_iter().filter(|(name, _)| !KNOWN.contains(name));
    Ok(Record {
        provider: text_of(&root, "provider")?,
        environment: Environment::parse(environment.str()?).map_err(|error| environment.relocate(&error))?,
        client_id: text_of(&root, "client_id")?,
        token_endpoint: text_of(&root, "token_endpoint")?,
        consent: root.read("consent", read_consent)?,
        evidence,
        counters: read_counters(root.required("counters")?)?,
        ledger,
        newer_minor,
        unknown: unknown
            .map(|(name, node)| (name.to_owned(), node.json().clone()))
            .collect(),
    })
}

/// The minor version, where it is newer than this release's.
fn read_format(node: &Node<'_>) -> Read<Option<i64>> {
    let members = node.open_object()?;
    let major = members.required("major")?;
    if major.whole(1)? != FORMAT.0 {
        let error = OAuthError::configuration(
            ErrorCode::UnknownRecordFormat,
            "this record was written by a later release; it is left alone, read it with a release that knows its format",
        );
        return Err(error.at("format.major"));
    }
    let minor = members.required("minor")?.whole(0)?;
    Ok(Some(minor).filter(|minor| *minor > FORMAT.1))
}

fn read_status(node: &Node<'_>) -> Read<(Status, Option<LastWords>)> {
    let members = node.open_object()?;
    let since = || members.required("since").and_then(|node| node.whole(0));
    let kind = members.required("type")?;
    let status = match kind.str()? {
        "unconnected" => Status::Unconnected,
        "live" => Status::Live,
        "needs_reauthorization" => Status::NeedsReauthorization {
            reason: members.required("reason")?.word(&REASONS)?,
            since: since()?,
        },
        "closed" => Status::Closed { since: since()? },
        _ => return Err(kind.fault("must be one of unconnected, live, needs_reauthorization, closed")),
    };
    let words = read_words(&members)?;
    let said = words.status.is_some() || words.oauth_error.is_some();
    Ok((status, Some(words).filter(|_| said)))
}

fn read_words(members: &Object<'_>) -> Read<LastWords> {
    Ok(LastWords {
        status: members.read("http_status", |node| node.whole(0))?,
        oauth_error: members.read("oauth_error", |node| node.str().map(ToOwned::to_owned))?,
    })
}

fn read_counters(node: &Node<'_>) -> Read<Counters> {
    let members = node.open_object()?;
    let whole = |name: &str| members.required(name).and_then(|node| node.whole(0));
    Ok(Counters {
        last_success: members.read("last_success", |node| node.whole(0))?,
        last_failure: members.read("last_failure", read_failure)?,
        unknown_outcomes: whole("unknown_outcomes")?,
        recovered: whole("recovered")?,
        rejections: whole("rejections")?,
    })
}

fn read_failure(node: &Node<'_>) -> Read<Failure> {
    let members = node.open_object()?;
    let whole = |name: &str, least| members.required(name).and_then(|node| node.whole(least));
    Ok(Failure {
        kind: members.required("kind")?.word(&KINDS)?,
        words: read_words(&members)?,
        since: whole("since", 0)?,
        at: whole("at", 0)?,
        times: whole("times", 1)?,
    })
}

fn read_streak(node: &Node<'_>) -> Read<Streak> {
    let members = node.open_object()?;
    let whole = |name: &str, least| members.required(name).and_then(|node| node.whole(least));
    let sign = members.required("sign")?;
    let bytes: Option<[u8; 8]> = from_base64url(sign.str()?).and_then(|bytes| bytes.try_into().ok());
    let Some(bytes) = bytes else {
        return Err(sign.fault("must be 8 bytes in base64url"));
    };
    Ok(Streak {
        sign: u64::from_be_bytes(bytes),
        times: whole("times", 1)?,
        since: whole("since", 0)?,
        last: whole("last", 0)?,
    })
}

fn read_login(node: &Node<'_>) -> Read<Login> {
    let members = node.open_object()?;
    let whole = |name: &str, least| members.required(name).and_then(|node| node.whole(least));
    Ok(Login {
        order: whole("order", 1)?,
        digest: read_id(members.required("digest")?)?,
        holder: read_id(members.required("holder")?)?,
        claimed: whole("claimed", 0)?,
        send_by: whole("send_by", 0)?,
        tries: whole("tries", 0)?,
        fate: members.required("fate")?.word(&LOGIN_FATES)?,
    })
}

fn read_login_of(consent: &Node<'_>) -> Read<Option<u128>> {
    consent.open_object()?.read("login", read_id)
}

/// 128 bits.
fn read_id(node: &Node<'_>) -> Read<u128> {
    let bytes: Option<[u8; 16]> = from_base64url(node.str()?).and_then(|bytes| bytes.try_into().ok());
    match bytes {
        Some(bytes) => Ok(u128::from_be_bytes(bytes)),
        None => Err(node.fault("must be 16 bytes in base64url")),
    }
}

fn read_consent(node: &Node<'_>) -> Read<Consent> {
    let members = node.open_object()?;
    let optional = |name: &str| members.read(name, |node| node.str().map(ToOwned::to_owned));
    let role = optional("role")?;
    Ok(Consent {
        id: text_of(&members, "id")?,
        at: members.required("at")?.whole(0)?,
        scopes_asked: members.required("scopes_asked")?.texts()?,
        consented_by: optional("user")?.map(|user| Consenter { user, role }),
    })
}

fn read_held(node: &Node<'_>) -> Read<Held<Tokens>> {
    let members = node.open_object()?;
    let whole = |name: &str, least| members.required(name).and_then(|node| node.whole(least));
    let optional = |name: &str| members.read(name, |node| node.whole(0));
    Ok(Held {
        generation: whole("generation", 1)?,
        tokens: read_answer(members.required("answer")?)?,
        born_at: whole("born_at", 0)?,
        access_not_after: whole("access_not_after", 0)?,
        idle_deadline: optional("idle_deadline")?,
        hard_deadline: optional("hard_deadline")?,
    })
}

fn read_answer(node: &Node<'_>) -> Read<Tokens> {
    let members = node.open_object()?;
    let secret = |name: &str| members.read(name, |node| node.text().map(Secret::new));
    let optional = |name: &str| members.read(name, |node| node.whole(0));
    Ok(Tokens {
        access_token: secret("access_token")?,
        access_life_ms: optional("access_life")?,
        refresh_token: secret("refresh_token")?,
        refresh_idle_ms: optional("refresh_idle")?,
        refresh_hard_ms: optional("refresh_hard")?,
        scopes: members.required("scopes")?.texts()?,
        account_ids: list(members.required("account_ids")?, read_account)?,
    })
}

fn read_window(node: &Node<'_>) -> Read<Opening> {
    let members = node.open_object()?;
    Ok(Opening {
        at: members.required("opened_at")?.whole(0)?,
        last_chances: members.required("last_chances")?.whole(0)?,
    })
}

fn read_attempt(node: &Node<'_>) -> Read<Attempt<Tokens>> {
    let members = node.open_object()?;
    let whole = |name: &str, least| members.required(name).and_then(|node| node.whole(least));
    Ok(Attempt {
        number: whole("number", 1)?,
        holder: read_id(members.required("holder")?)?,
        claimed: whole("claimed", 0)?,
        send_by: whole("send_by", 0)?,
        fate: read_fate(members.required("fate")?)?,
    })
}

fn read_fate(node: &Node<'_>) -> Read<Fate<Tokens>> {
    let members = node.open_object()?;
    let kind = members.required("type")?;
    match kind.str()? {
        "open" => Ok(Fate::Open),
        "closed" => Ok(Fate::Closed),
        "not_spent" => Ok(Fate::NotSpent),
        "rejected" => Ok(Fate::Rejected {
            doubtful: members.required("doubtful")?.bool()?,
        }),
        "answered" => Ok(Fate::Answered(read_answer(members.required("answer")?)?)),
        _ => Err(kind.fault("must be one of open, closed, not_spent, rejected, answered")),
    }
}

fn read_repeated(node: &Node<'_>) -> Read<Repeated> {
    let members = node.open_object()?;
    Ok(Repeated {
        times: members.required("times")?.whole(0)?,
        at: members.required("at")?.whole(0)?,
    })
}

fn read_account(node: &Node<'_>) -> Read<NamedValue> {
    let members = node.open_object()?;
    Ok(NamedValue {
        name: text_of(&members, "name")?,
        value: members.required("value")?.str()?.to_owned(),
    })
}

fn text_of(members: &Object<'_>, name: &str) -> Read<String> {
    members.required(name)?.text().map(ToOwned::to_owned)
}

fn list<'a, T>(node: &Node<'a>, read: impl Fn(&Node<'a>) -> Read<T>) -> Read<Vec<T>> {
    node.items()?.iter().map(read).collect()
}
