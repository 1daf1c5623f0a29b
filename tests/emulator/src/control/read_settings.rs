//! Settings and policies from JSON and to JSON.

use serde_json::{Value, json};

use super::Result;
use super::fields::{Fields, name_of, one_of};
use crate::credentials::BasicEncoding;
use crate::kernel::{Grace, Login, Policy, Retry, Reuse};
use crate::settings::{ErrorShape, Settings};

const GRACES: [(&str, Grace); 4] = [
    ("none", Grace::None),
    ("window", Grace::Window),
    ("until_successor_used", Grace::UntilSuccessorUsed),
    ("until_access_used", Grace::UntilAccessUsed),
];
const RETRIES: [(&str, Retry); 3] = [
    ("same_pair", Retry::SamePair),
    ("sibling", Retry::Sibling),
    ("newest_wins", Retry::NewestWins),
];
const REUSES: [(&str, Reuse); 2] = [("kills", Reuse::Kills), ("harmless", Reuse::Harmless)];
const LOGINS: [(&str, Login); 3] = [
    ("keeps", Login::Keeps),
    ("kills_refresh", Login::KillsRefresh),
    ("kills", Login::Kills),
];
const SHAPES: [(&str, ErrorShape); 3] = [
    ("error_code", ErrorShape::ErrorCode),
    ("fault", ErrorShape::Fault),
    ("rfc6749", ErrorShape::Rfc6749),
];
const ENCODINGS: [(&str, BasicEncoding); 2] = [("form", BasicEncoding::Form), ("raw", BasicEncoding::Raw)];
const MINUTE: i64 = 60_000;
/// Named policies; where a window belongs to it, a minute unless `window_ms` says otherwise.
const VARIANTS: [(&str, Policy); 8] = [
    ("no_rotation", Policy::no_rotation()),
    ("no_window", Policy::no_window()),
    ("same_pair", Policy::same_pair(MINUTE)),
    ("siblings", Policy::siblings(MINUTE)),
    ("newest_wins", Policy::newest_wins(MINUTE)),
    ("once", Policy::once(MINUTE)),
    ("until_used", Policy::until_used()),
    ("until_access_used", Policy::until_access_used()),
];

pub(super) fn to_json(settings: &Settings) -> Value {
    let policy = &settings.policy;
    json!({
        "policy": {
            "rotates": policy.rotates,
            "grace": name_of(&GRACES, policy.grace),
            "window_ms": policy.window_ms,
            "once": policy.once,
            "retry": name_of(&RETRIES, policy.retry),
            "reuse": name_of(&REUSES, policy.reuse),
            "login": name_of(&LOGINS, policy.login),
            "refresh_kills_access": policy.refresh_kills_access,
            "refuses_concurrent": policy.refuses_concurrent,
            "access_ms": policy.access_ms,
            "refresh_ms": policy.refresh_ms,
            "code_ms": policy.code_ms,
            "code_reuse": name_of(&REUSES, policy.code_reuse),
        },
        "service_ms": settings.service_ms,
        "form_and_basic": settings.form_and_basic,
        "refresh_life_in_answer": settings.refresh_life_in_answer,
        "account_in_answer": settings.account_in_answer,
        "deleted_user_as_api_error": settings.deleted_user_as_api_error,
        "error_shape": name_of(&SHAPES, settings.error_shape),
        "tokens_without_mtls": settings.tokens_without_mtls,
        "refusal_redirects": settings.refusal_redirects,
        "profile_parameter": settings.profile_parameter,
        "exchange_rejection_status": settings.exchange_rejection_status,
        "refresh_rejection_status": settings.refresh_rejection_status,
        "basic": name_of(&ENCODINGS, settings.basic),
        "issuer_in_callback": settings.issuer_in_callback,
        "service_token_replaces": settings.service_token_replaces,
    })
}

pub(super) fn apply(settings: &mut Settings, fields: &mut Fields<'_>) -> Result<()> {
    let status = |value: &Value| value.as_u64().and_then(|status| u16::try_from(status).ok());
    if let Some(value) = fields.may("policy", Some)? {
        settings.policy = policy(settings.policy, value)?;
    }
    fields.put("service_ms", &mut settings.service_ms, Value::as_i64)?;
    fields.put("form_and_basic", &mut settings.form_and_basic, Value::as_bool)?;
    fields.put(
        "refresh_life_in_answer",
        &mut settings.refresh_life_in_answer,
        Value::as_bool,
    )?;
    fields.put("account_in_answer", &mut settings.account_in_answer, Value::as_bool)?;
    fields.put(
        "deleted_user_as_api_error",
        &mut settings.deleted_user_as_api_error,
        Value::as_bool,
    )?;
    fields.put("error_shape", &mut settings.error_shape, one_of(&SHAPES))?;
    fields.put("tokens_without_mtls", &mut settings.tokens_without_mtls, Value::as_bool)?;
    fields.put("refusal_redirects", &mut settings.refusal_redirects, Value::as_bool)?;
    fields.put("profile_parameter", &mut settings.profile_parameter, |value| {
        value.as_str().map(str::to_owned)
    })?;
    fields.put(
        "exchange_rejection_status",
        &mut settings.exchange_rejection_status,
        status,
    )?;
    fields.put(
        "refresh_rejection_status",
        &mut settings.refresh_rejection_status,
        status,
    )?;
    fields.put("basic", &mut settings.basic, one_of(&ENCODINGS))?;
    fields.put("issuer_in_callback", &mut settings.issuer_in_callback, Value::as_bool)?;
    fields.put(
        "service_token_replaces",
        &mut settings.service_token_replaces,
        Value::as_bool,
    )
}

fn policy(current: Policy, value: &Value) -> Result<Policy> {
    let mut fields = Fields::new(value)?;
    let mut policy = current;
    if let Some(named) = fields.may("variant", one_of(&VARIANTS))? {
        let Policy {
            rotates,
            grace,
            window_ms,
            once,
            retry,
            ..
        } = named;
        policy = Policy {
            rotates,
            grace,
            window_ms,
            once,
            retry,
            ..current
        };
    }
    fields.put("rotates", &mut policy.rotates, Value::as_bool)?;
    fields.put("grace", &mut policy.grace, one_of(&GRACES))?;
    fields.put("window_ms", &mut policy.window_ms, Value::as_i64)?;
    fields.put("once", &mut policy.once, Value::as_bool)?;
    fields.put("retry", &mut policy.retry, one_of(&RETRIES))?;
    fields.put("reuse", &mut policy.reuse, one_of(&REUSES))?;
    fields.put("login", &mut policy.login, one_of(&LOGINS))?;
    fields.put("refresh_kills_access", &mut policy.refresh_kills_access, Value::as_bool)?;
    fields.put("refuses_concurrent", &mut policy.refuses_concurrent, Value::as_bool)?;
    fields.put("access_ms", &mut policy.access_ms, Value::as_i64)?;
    fields.put("refresh_ms", &mut policy.refresh_ms, Value::as_i64)?;
    fields.put("code_ms", &mut policy.code_ms, Value::as_i64)?;
    fields.put("code_reuse", &mut policy.code_reuse, one_of(&REUSES))?;
    fields.done()?;
    Ok(policy)
}
