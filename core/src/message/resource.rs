//! Using an access token: what a protected resource's refusal means (RFC 6750 section 3).

use alloc::string::String;

use serde::Serialize;

use crate::base::http::HttpResponse;
use crate::client::configuration::Client;
use crate::message::token_error;
use crate::message::www_authenticate::{self, Challenge};

/// What a resource's answer says about the access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum ResourceJudgement {
    /// Nothing against it: the status is below 400.
    Accepted,
    /// The token is dead: get another, then repeat the request once.
    TokenDead {
        /// The challenge's error code, where there was one (RFC 6750 section 3.1).
        oauth_error: Option<String>,
    },
    /// The token lacks a scope: ask the user for more, a refresh does not help.
    ScopeMissing {
        /// The scope the resource wants, where it says so.
        scope: Option<String>,
    },
    /// The user must prove more (step-up: Wise's strong customer authentication, RFC 9470); a refresh does not help.
    StepUp {
        /// The challenge's error code, where there was one.
        oauth_error: Option<String>,
        /// The authentication contexts that would do, separated by spaces, where the challenge names them (RFC 9470).
        acr_values: Option<String>,
        /// How old the user's authentication may be, in seconds, where the challenge says so (RFC 9470).
        max_age_seconds: Option<i64>,
    },
    /// Refused for a reason that no token mends.
    NotOurs {
        /// The HTTP status.
        status: i64,
    },
}

impl Client {
    /// Judges the answer of a protected resource.
    ///
    /// A 401 is a dead token, unless its challenge asks for step-up authentication or names a missing scope. A 403 never
    /// leads to a refresh: Wise answers 403 both for *access denied* and for its step-up challenge. No text of the answer
    /// is kept but codes and scopes, because Wise puts the token itself into `error_description`.
    ///
    /// ```
    /// # use evergrant::client::configuration::Client;
    /// # use evergrant::provider::{environment::Environment, profile::Profile};
    /// use evergrant::base::http::{HttpResponse, ResponseHeader};
    /// use evergrant::message::resource::ResourceJudgement;
    ///
    /// # let client = Client::builder(Profile::built_in("wise")?, Environment::Sandbox, "id").build()?;
    /// let challenge = ResponseHeader::new("WWW-Authenticate", r#"Bearer error="invalid_token""#);
    /// let answer = HttpResponse::new(401, vec![challenge], Vec::new());
    /// let judgement = client.judge_resource(&answer);
    /// assert_eq!(judgement, ResourceJudgement::TokenDead { oauth_error: Some("invalid_token".into()) });
    /// # Ok::<(), evergrant::base::error::OAuthError>(())
    /// ```
    pub fn judge_resource(&self, answer: &HttpResponse) -> ResourceJudgement {
        let status = answer.status();
        if status < 400 {
            return ResourceJudgement::Accepted;
        }
        let challenges = www_authenticate::parse(answer.header_values("WWW-Authenticate"));
        let ours = |challenge: &&Challenge| challenge.is("Bearer") || challenge.is("DPoP");
        let telling = challenges
            .iter()
            .find(|challenge| ours(challenge) && challenge.param("error").is_some());
        let challenge = telling.or_else(|| challenges.iter().find(ours));
        let param = |name: &str| challenge.and_then(|challenge| challenge.param(name));
        let oauth_error = param("error").map(token_error::printable);
        let scope = || param("scope").map(scope_list);
        let step_up = self
            .profile()
            .step_up_header
            .as_deref()
            .is_some_and(|name| answer.header(name).is_some());
        match (status, oauth_error.as_deref()) {
            (401 | 403, Some("insufficient_scope")) => ResourceJudgement::ScopeMissing { scope: scope() },
            // RFC 9470 section 3.
            (401 | 403, Some("insufficient_user_authentication")) => ResourceJudgement::StepUp {
                oauth_error,
                acr_values: param("acr_values").map(scope_list),
                max_age_seconds: param("max_age")
                    .and_then(|age| age.parse().ok())
                    .filter(|age| *age >= 0),
            },
            (403, _) if step_up => ResourceJudgement::StepUp {
                oauth_error,
                acr_values: None,
                max_age_seconds: None,
            },
            (401, _) => ResourceJudgement::TokenDead { oauth_error },
            _ => ResourceJudgement::NotOurs {
                status: i64::from(status),
            },
        }
    }
}

/// Words as they may be shown: the characters of RFC 6750 section 3, 256 at most.
fn scope_list(text: &str) -> String {
    text.chars()
        .filter(|char| matches!(*char, ' ' | '!' | '#'..='[' | ']'..='~'))
        .take(256)
        .collect()
}
