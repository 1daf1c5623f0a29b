//! Compares what came with what was expected.

use evergrant::base::error::OAuthError;
use serde_json::{Map, Value};

/// Whether the value is the expected one; `Err` names the first difference.
pub fn equal(expected: &Value, actual: &Value) -> Result<(), String> {
    compare(expected, actual, "")
}

/// Like [`equal`], but of the outermost object only the expected members count.
pub fn members(expected: &Map<String, Value>, actual: &Value) -> Result<(), String> {
    expected
        .iter()
        .try_for_each(|(name, value)| compare(value, actual.get(name).unwrap_or(&Value::Null), name))
}

fn compare(expected: &Value, actual: &Value, path: &str) -> Result<(), String> {
    if let Some(kind) = wildcard(expected) {
        let fits = match kind {
            "string" => actual.as_str().is_some_and(|text| !text.is_empty()),
            "number" => actual.is_number(),
            _ => false,
        };
        return if fits {
            Ok(())
        } else {
            Err(format!("{path}: expected any {kind}, got {actual}"))
        };
    }
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                let actual = actual
                    .get(name)
                    .ok_or_else(|| format!("{path}.{name}: expected {value}, got no such member"))?;
                compare(value, actual, &format!("{path}.{name}"))?;
            }
            match actual.iter().find(|(name, _)| !expected.contains_key(*name)) {
                Some((name, value)) => Err(format!("{path}.{name}: {value} was not expected")),
                None => Ok(()),
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => expected
            .iter()
            .zip(actual)
            .enumerate()
            .try_for_each(|(at, (expected, actual))| compare(expected, actual, &format!("{path}[{at}]"))),
        _ if expected == actual => Ok(()),
        _ => Err(format!("{path}: expected {expected}, got {actual}")),
    }
}

fn wildcard(expected: &Value) -> Option<&str> {
    let object = expected.as_object().filter(|object| object.len() == 1)?;
    object.get("$any")?.as_str()
}

/// Whether the error is the expected one, and prints none of the secrets.
pub fn error(expected: &Value, actual: &OAuthError, secrets: &[&str]) -> Result<(), String> {
    let details = serde_json::to_value(actual.details()).map_err(|error| error.to_string())?;
    for (name, value) in expected.as_object().ok_or("the expected error is no object")? {
        let got = match name.as_str() {
            "action" => &details["action"]["type"],
            "delay_ms" => &details["action"]["delay_ms"],
            _ => &details[name],
        };
        compare(value, got, &format!("error.{name}")).map_err(|fault| format!("{fault}; the error is {details}"))?;
    }
    let prints = [actual.to_string(), format!("{actual:?}"), details.to_string()];
    no_secret(&prints, secrets)
}

pub fn no_secret(prints: &[String], secrets: &[&str]) -> Result<(), String> {
    match secrets
        .iter()
        .find(|secret| prints.iter().any(|print| print.contains(**secret)))
    {
        Some(secret) => Err(format!("{secret:?} is printed")),
        None => Ok(()),
    }
}
