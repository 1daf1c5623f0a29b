//! The revocation request: tells the provider that a token is not wanted any more (RFC 7009).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::entropy::Entropy;
use crate::base::error::OAuthError;
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::client::authentication::SecretChoice;
use crate::client::configuration::Client;
use crate::message::token_answer::Tokens;
use crate::message::token_request::Prepared;
use crate::provider::grant::Grant;
use crate::provider::profile::BodyFormat;

impl Client {
    /// Builds the request that revokes tokens: the refresh token, with which the access token goes, or the access token
    /// where there is no other (RFC 7009 section 2.1). `None` where there is no endpoint, or nothing to revoke.
    ///
    /// Every answer counts as done: an error leaves nothing to do but to let the tokens end by themselves.
    ///
    /// # Errors
    /// As [`Client::token_request`].
    pub fn revocation_request(
        &self,
        tokens: &Tokens,
        choice: SecretChoice,
        now: Now,
        entropy: [u8; 32],
    ) -> Result<Option<Prepared>, OAuthError> {
        let entropy = Entropy::new(entropy)?;
        let hinted = |token: &Option<Secret>, hint| token.clone().map(|token| (token, hint));
        let token = hinted(&tokens.refresh_token, "refresh_token").or(hinted(&tokens.access_token, "access_token"));
        let (Some(endpoint), Some((token, hint))) = (self.revocation_endpoint(), token) else {
            return Ok(None);
        };
        let (credentials, sign) = self.credentials(Grant::RefreshToken, choice, now, &entropy)?;
        let mut parameters: Vec<(String, Secret)> =
            Vec::from([("token".to_owned(), token), ("token_type_hint".to_owned(), hint.into())]);
        // A client that sends no secret names itself in the body (RFC 6749 section 2.3.1).
        if credentials.parameters.is_empty() && credentials.authorization.is_none() && sign.is_none() {
            parameters.push(("client_id".to_owned(), self.client_id().into()));
        }
        for (name, value) in credentials.parameters {
            parameters.push((name.to_owned(), value));
        }
        let url = endpoint.as_str().to_owned();
        // RFC 7009 knows forms only, whatever the token endpoint reads.
        let draft = self.draft(url, BodyFormat::Form, parameters, credentials.authorization, &entropy);
        Ok(Some(draft.prepared(sign)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::environment::Environment;
    use crate::provider::profile::Profile;

    fn client(profile: &str) -> Client {
        Client::builder(Profile::built_in(profile).unwrap(), Environment::Sandbox, "client-1")
            .client_secret("the-secret")
            .token_endpoint("https://as.example/token")
            .revocation_endpoint("https://as.example/revoke")
            .build()
            .unwrap()
    }

    fn tokens(access: Option<&str>, refresh: Option<&str>) -> Tokens {
        Tokens {
            access_token: access.map(Secret::new),
            access_life_ms: None,
            refresh_token: refresh.map(Secret::new),
            refresh_idle_ms: None,
            refresh_hard_ms: None,
            scopes: Vec::new(),
            account_ids: Vec::new(),
        }
    }

    fn body(profile: &str, tokens: &Tokens) -> Option<String> {
        let now = Now { wall: 1, steady: 1 };
        let entropy = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let request = client(profile).revocation_request(tokens, SecretChoice::Current, now, entropy);
        request.unwrap().map(|prepared| match prepared {
            Prepared::Ready(request) => {
                assert_eq!(request.url(), "https://as.example/revoke");
                request.body().to_owned()
            }
            Prepared::Unsigned(_) => panic!("no key"),
        })
    }

    #[test]
    fn the_refresh_token_goes_first_and_as_a_form() {
        // Airwallex reads JSON at its token endpoint.
        let sent = body("airwallex", &tokens(Some("a"), Some("r"))).unwrap();
        assert_eq!(
            sent,
            "token=r&token_type_hint=refresh_token&client_id=client-1&client_secret=the-secret"
        );
        let sent = body("wise", &tokens(Some("a"), None)).unwrap();
        assert_eq!(sent, "token=a&token_type_hint=access_token");
        assert_eq!(body("wise", &tokens(None, None)), None);
    }
}
