//! Any text as a callback of logins that were begun: what is approved, another reader finds in the text too.

use evergrant::base::error::OAuthError;
use evergrant::message::callback::{Callback, login_id};

use super::fixtures::{ISSUER, NOW, binding, clients, logins, state, verifier};

/// The first byte chooses the login; `{state}` and `{iss}` in the text stand for the right ones.
pub fn run(data: &[u8]) {
    let (choice, text) = super::choice_and_text(data);
    let at = choice % clients().len();
    let (client, login) = (&clients()[at], &logins()[at]);
    let state = state(login);
    let text = text
        .replace("{state}", &state)
        .replace("{iss}", "https://as.example/tenant/1");
    let id = login_id(&text);
    let judged = client.read_callback(&login.pending, &text, &binding(), NOW);
    if let Err(error) = &id {
        check_error(error, &state);
    }
    match judged {
        Ok(Callback::Approved(code)) => {
            let pairs = pairs(&text);
            assert_eq!(values(&pairs, "code"), [code.code().expose()]);
            assert_eq!(values(&pairs, "state"), [state.as_str()]);
            assert!(given(&pairs, "error").is_empty());
            assert_eq!(id.as_deref(), Ok(login.id.as_str()));
            if client.profile().id() == "with_issuer" {
                assert_eq!(values(&pairs, "iss"), [ISSUER]);
            }
            assert!(code.code().expose().bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
            for kept in code.kept() {
                assert!(
                    pairs
                        .iter()
                        .any(|(name, value)| name.eq_ignore_ascii_case(&kept.name) && *value == kept.value)
                );
            }
            assert!(code.account_ids().iter().all(|account| code.kept().contains(account)));
            assert_eq!(format!("{code:?}"), "AuthorizationCode(redacted)");
            assert_eq!(values(&pairs, "tenant"), ["7"]);
        }
        Ok(Callback::Refused(refusal)) => {
            let pairs = pairs(&text);
            assert_eq!(values(&pairs, "state"), [state.as_str()]);
            assert!(given(&pairs, "code").is_empty() && given(&pairs, "error").len() == 1);
            assert!(refusal.oauth_error.len() <= 64 && !refusal.oauth_error.is_empty());
            assert!(
                refusal
                    .oauth_error
                    .bytes()
                    .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
            );
        }
        Ok(_) => {}
        Err(error) => {
            check_error(&error, &state);
            super::assert_unseen(&verifier(login), &format!("{error} {error:?}"));
        }
    }
}

fn check_error(error: &OAuthError, state: &str) {
    super::assert_unseen(state, &format!("{error} {error:?}"));
    assert!(error.description().is_none());
}

/// The query of a callback, decoded by the `url` crate.
pub fn pairs(callback: &str) -> Vec<(String, String)> {
    let text = callback.split('#').next().unwrap_or("");
    let query = match text.find([':', '/', '?', '=', '&', '%']) {
        Some(at) if matches!(text.as_bytes()[at], b':' | b'/' | b'?') => {
            text.split_once('?').map_or("", |(_, query)| query)
        }
        _ => text,
    };
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// All values of a name.
pub fn values<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let of_name = pairs.iter().filter(|(known, _)| known == name);
    of_name.map(|(_, value)| value.as_str()).collect()
}

/// Those that are not empty: a parameter without a value counts as left out (RFC 6749 section 3.1).
fn given<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let mut values = values(pairs, name);
    values.retain(|value| !value.is_empty());
    values
}
