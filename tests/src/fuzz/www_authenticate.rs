//! Any header values: a bounded reading that, printed by the grammar of RFC 9110, reads the same again.

use evergrant::message::www_authenticate::{self, Challenge};

/// Lines, each one value.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let challenges = www_authenticate::parse(text.split('\n'));
    check(&challenges);
}

/// Holds a reading to its bounds and to its round trip.
pub fn check(challenges: &[Challenge]) {
    assert!(challenges.len() <= 16);
    for challenge in challenges {
        assert!(!challenge.scheme().is_empty() && challenge.is(&challenge.scheme().to_ascii_uppercase()));
        assert!(challenge.params().count() <= 32);
        for (name, value) in challenge.params() {
            assert!(!name.is_empty() && !value.contains(['\r', '\n', '\0']));
            assert!(challenge.param(name).is_some());
            if value.len() > 16
                && !challenge.scheme().contains(value)
                && challenge.params().all(|(name, _)| !name.contains(value))
            {
                super::assert_unseen(value, &format!("{challenge:?}"));
            }
        }
        for name in challenge.duplicates() {
            assert!(
                challenge
                    .params()
                    .filter(|(known, _)| known.eq_ignore_ascii_case(&name))
                    .count()
                    > 1
            );
        }
    }
    let printed: Vec<String> = challenges.iter().map(print).collect();
    if printed.iter().all(|value| value.len() <= 8 * 1024) {
        let again = www_authenticate::parse(printed.iter().map(String::as_str));
        assert!(again == challenges, "{printed:?}");
    }
}

/// A challenge by the grammar, every value quoted.
fn print(challenge: &Challenge) -> String {
    let mut out = challenge.scheme().to_owned();
    if let Some(token68) = challenge.token68() {
        out.push(' ');
        out.push_str(token68);
    }
    for (at, (name, value)) in challenge.params().enumerate() {
        out.push_str(if at == 0 && challenge.token68().is_none() {
            " "
        } else {
            ", "
        });
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        out.push_str(&format!("{name}=\"{value}\""));
    }
    out
}
