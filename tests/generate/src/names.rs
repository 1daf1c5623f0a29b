//! One name, spelled as each language wants it.

/// `RetryAfter` as `retry_after`, by the rule of serde's `rename_all = "snake_case"`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, char) in name.char_indices() {
        if char.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(char.to_ascii_lowercase());
    }
    out
}

/// `RetryAfter` as `RETRY_AFTER`.
pub(crate) fn screaming(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// `delay_ms` as `delayMs`.
pub(crate) fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for char in name.chars() {
        if char == '_' {
            upper = true;
        } else if upper {
            out.push(char.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(char);
        }
    }
    out
}

/// Whether a name is that of a field which every spelling can tell from every other.
pub(crate) fn is_field(name: &str) -> bool {
    name.split('_')
        .all(|word| word.starts_with(|char: char| char.is_ascii_lowercase()) && is_plain(word))
        && !name.contains(|char: char| char.is_ascii_uppercase())
}

/// Whether a name is that of a type or variant.
pub(crate) fn is_type(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_uppercase()) && is_plain(name)
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|char| char.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        assert_eq!(snake("RevokedOrRoleLost"), "revoked_or_role_lost");
        assert_eq!(screaming("NotSent"), "NOT_SENT");
        assert_eq!(camel("retry_after_ms"), "retryAfterMs");
        assert!(is_field("retry_after_ms") && is_field("sha256"));
        assert!(
            !["_x", "x_", "x__y", "x_1", "xY", "", "r#type"]
                .into_iter()
                .any(is_field)
        );
        assert!(is_type("OAuthScope") && !is_type("Snake_case") && !is_type("lower"));
    }
}
