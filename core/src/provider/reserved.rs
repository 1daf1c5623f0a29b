//! Parameters that the protocol itself sets, and nobody else.

use crate::base::endpoint::Endpoint;
use crate::base::error::{ErrorCode, OAuthError};

/// Parameters that the protocol itself sets; a profile cannot give them other values.
pub(crate) const RESERVED: [&str; 17] = [
    "response_type",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "client_assertion",
    "client_assertion_type",
    "request",
    "request_uri",
    "response_mode",
];

/// An authorization endpoint may have a query of its own (RFC 6749 section 3.1), but not one that says what the request
/// says: a parameter must not stand twice.
pub(crate) fn check_query(endpoint: &Endpoint) -> Result<(), OAuthError> {
    if endpoint
        .query_names()?
        .iter()
        .any(|name| RESERVED.contains(&name.as_str()))
    {
        return Err(OAuthError::configuration(
            ErrorCode::InvalidEndpoint,
            "the query of the authorization endpoint has a parameter that the protocol itself sets; remove it there",
        ));
    }
    Ok(())
}
