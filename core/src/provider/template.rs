//! Endpoints with variables in the host, as of providers that give each customer a host (Shopify).

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::endpoint::Endpoint;
use crate::base::error::{ErrorCode, OAuthError};

/// An endpoint in whose host whole labels may be variables, written `{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointTemplate(String);

impl EndpointTemplate {
    /// Accepts what is an endpoint once each variable has become a DNS label, and nothing else.
    pub(crate) fn parse(text: &str) -> Result<Self, OAuthError> {
        let template = Self(text.into());
        template.sample()?;
        Ok(template)
    }

    /// The endpoint with some label for each variable.
    pub(crate) fn sample(&self) -> Result<Endpoint, OAuthError> {
        self.fill(|_| Some("x"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The endpoint with its variables' values; each value is one DNS label.
    ///
    /// # Errors
    /// `invalid_configuration` for a value that is missing or no label, `invalid_endpoint` where the result is none.
    pub(crate) fn resolve(&self, variables: &[(String, String)]) -> Result<Endpoint, OAuthError> {
        let value = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        self.fill(value)
    }

    fn fill<'a>(&'a self, value: impl Fn(&str) -> Option<&'a str>) -> Result<Endpoint, OAuthError> {
        let mut url = String::new();
        let mut rest = self.0.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(misplaced());
            };
            url.push_str(before);
            // INVARIANT: a variable is a whole label of the host, so no value can reach another host or the path.
            if !starts_a_label(&url) || !ends_a_label(after) || !is_name(name) {
                return Err(misplaced());
            }
            let Some(value) = value(name) else {
                return Err(variable(name, "has no value; give one under variables"));
            };
            if !is_dns_label(value) {
                return Err(variable(
                    name,
                    "must be one DNS label: letters, digits and hyphens, such as my-shop",
                ));
            }
            url.push_str(value);
            rest = after;
        }
        url.push_str(rest);
        Endpoint::parse(&url)
    }
}

/// Whether what stands before a variable is the scheme, or labels of the host and a dot.
fn starts_a_label(before: &str) -> bool {
    match before.split_once("://") {
        Some((_, "")) => true,
        Some((_, host)) => host.ends_with('.') && !host.contains(['/', '?', '#', '@', ':']),
        None => false,
    }
}

/// Whether two labels or more follow, so that no value makes a host of its own of `{shop}.com`.
fn ends_a_label(after: &str) -> bool {
    let host = after.split(['/', ':', '?']).next().unwrap_or("");
    host.strip_prefix('.')
        .is_some_and(|rest| rest.split('.').filter(|label| !label.is_empty()).count() > 1)
}

/// A variable's name: lower-case letters, digits and underscores.
fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=32).contains(&text.len()) && text.bytes().all(inner)
}

fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn misplaced() -> OAuthError {
    OAuthError::configuration(
        ErrorCode::InvalidEndpoint,
        "a variable must be a whole label of the host with two further ones behind it, as in https://{shop}.example.com/",
    )
}

fn variable(name: &str, message: &str) -> OAuthError {
    let mut field = String::from("variables.");
    field.push_str(name);
    OAuthError::configuration(ErrorCode::InvalidConfiguration, message).at(field)
}

/// The names of the variables that these templates use, each once.
pub(crate) fn variables<'a>(templates: impl Iterator<Item = &'a EndpointTemplate>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for template in templates {
        for piece in template.0.split('{').skip(1) {
            if let Some((name, _)) = piece.split_once('}')
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(template: &str, value: &str) -> Result<Endpoint, OAuthError> {
        EndpointTemplate::parse(template)?.resolve(&[("shop".into(), value.into())])
    }

    #[test]
    fn a_variable_is_one_label() {
        let template = "https://{shop}.myshopify.com/admin/oauth/authorize";
        assert_eq!(
            shop(template, "my-shop").unwrap().as_str(),
            "https://my-shop.myshopify.com/admin/oauth/authorize"
        );
        for odd in [
            "",
            "a.b",
            "evil.com/",
            "a/",
            "a#",
            "a?",
            "a@b",
            "a:1",
            "-a",
            "a-",
            "A",
            "{shop}",
            "a%2e",
            "é",
        ] {
            let error = shop(template, odd).unwrap_err();
            assert_eq!(error.details().field.as_deref(), Some("variables.shop"), "{odd}");
        }
        let long = "a".repeat(64);
        assert!(shop(template, &long).is_err());
    }

    #[test]
    fn a_variable_stands_only_in_the_host() {
        for odd in [
            "https://{shop}/",
            "https://{shop}",
            "https://a.com/{shop}",
            "https://x{shop}.a.com/",
            "https://{shop}x.a.com/",
            "{shop}://a.com",
            "https://{shop.a.com/",
            "https://a.com?x={shop}.b",
            "https://u@{shop}.a.com/",
            "https://a.com:{shop}.1/",
            "https://{shop}.com/",
            "https://{shop}.com",
            "https://{shop}.com./",
            "https://{shop}.com/a.b",
        ] {
            assert!(EndpointTemplate::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_missing_value_is_named() {
        let template = EndpointTemplate::parse("https://{shop}.{region}.example.com/").unwrap();
        let error = template.resolve(&[("shop".into(), "a".into())]).unwrap_err();
        assert_eq!(error.details().field.as_deref(), Some("variables.region"));
        assert_eq!(variables([&template].into_iter()), ["shop", "region"]);
    }
}
