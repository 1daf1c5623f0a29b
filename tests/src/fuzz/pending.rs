//! Any text as a pending login, as it stands and as the payload of one.

use evergrant::base::error::ErrorCode;
use evergrant::message::pending::Pending;

use super::fixtures::{NOW, base64url, binding, clients};

/// The text itself, and the text as the JSON inside a pending login.
pub fn run(data: &[u8]) {
    check(&String::from_utf8_lossy(data));
    check(&format!("evergrant-login-1.{}", base64url(data)));
}

fn check(text: &str) {
    match Pending::parse(text) {
        Ok(pending) => {
            let stored = pending.expose();
            let again = Pending::parse(stored.expose()).expect("what expose gives is read back");
            assert!(again == pending && again.expose() == stored && again.id() == pending.id());
            assert_eq!(format!("{pending:?} {pending}"), "Pending(redacted) Pending(redacted)");
            // A forged one may say anything; it is judged without a panic.
            for client in clients() {
                let _ = client.read_callback(&pending, "/callback?tenant=7&code=a&state=b", &binding(), NOW);
                let _ = client.read_typed_code(&pending, "a", &binding(), NOW);
            }
        }
        Err(error) => {
            assert!(
                matches!(
                    error.code(),
                    ErrorCode::InvalidPending | ErrorCode::RedactedPending | ErrorCode::InvalidConfiguration
                ),
                "{error:?}"
            );
            if text.len() > 32 {
                super::assert_unseen(text, &format!("{error} {error:?}"));
            }
        }
    }
}
