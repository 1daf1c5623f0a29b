//! What a work is asked to do.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::scope;
use crate::base::secret::Secret;
use crate::base::time::{Now, millis};
use crate::client::configuration::Client;
use crate::message::binding::Binding;
use crate::message::callback::{AuthorizationCode, Callback, NamedValue};
use crate::message::pending::{Consenter, Pending};
use crate::message::token_answer::Tokens;

/// What a work does to a connection.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Command {
    /// A live access token with at least this much life.
    Obtain {
        /// The life it must have left. A wish above four fifths of a token's life is satisfied by that much.
        min_life: Duration,
    },
    /// A resource answered 401 to the access token with this fingerprint
    /// ([`crate::message::access_token::AccessToken::fingerprint`]): another one.
    Rejected {
        /// The fingerprint.
        fingerprint: String,
    },
    /// Whatever is due: a refresh token that lies unused for long is used, what is unresolved is resolved, what a crash
    /// left half done is finished. For a sweeper that goes over the records whose `due` is past.
    KeepAlive,
    /// Somebody says that the consent is gone (a webhook). A hint, never a verdict: the refresh token is tried.
    Signal,
    /// Exchange the code that the user's browser brought back.
    Finish(Box<Finish>),
    /// Close the connection, for good, and wipe its tokens.
    Disconnect,
    /// Take over tokens that were obtained elsewhere.
    Adopt(Box<Adoption>),
}

impl Command {
    /// A live access token, with no demand on its life.
    pub fn obtain() -> Self {
        Self::Obtain {
            min_life: Duration::ZERO,
        }
    }
}

/// A login to be finished.
#[derive(Clone)]
pub struct Finish {
    pending: Pending,
    came: Came,
    binding: Binding,
}

#[derive(Clone)]
enum Came {
    Callback(Secret),
    TypedCode(Secret),
}

impl Finish {
    /// With the callback: a full URL, a path with a query, or a bare query.
    pub fn callback(pending: Pending, callback: impl Into<Secret>, binding: Binding) -> Self {
        Self {
            pending,
            came: Came::Callback(callback.into()),
            binding,
        }
    }

    /// With a code that the user typed by hand, where the profile allows that (Wise).
    pub fn typed_code(pending: Pending, code: impl Into<Secret>, binding: Binding) -> Self {
        Self {
            pending,
            came: Came::TypedCode(code.into()),
            binding,
        }
    }

    pub(crate) fn read(&self, client: &Client, key: &str, now: Now) -> Result<Callback, OAuthError> {
        if self.pending.key.as_deref().is_some_and(|known| known != key) {
            return Err(OAuthError::argument(
                ErrorCode::WrongKey,
                "the login was begun for another key; finish it under that one, so that its code is sent once",
            )
            .at("key"));
        }
        match &self.came {
            Came::Callback(url) => client.read_callback(&self.pending, url.expose(), &self.binding, now),
            Came::TypedCode(code) => client
                .read_typed_code(&self.pending, code.expose(), &self.binding, now)
                .map(|code| Callback::Approved(Box::new(code))),
        }
    }

    /// What tells this login and code from every other, without telling them.
    pub(crate) fn parts<'a>(&self, code: &'a AuthorizationCode) -> (String, &'a str) {
        (self.pending.id(), code.code().expose())
    }
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finish(redacted)")
    }
}

/// Tokens that were obtained elsewhere, for users who come with connections that live already.
///
/// Nobody else may use the refresh token from then on: a rotation that happens elsewhere is lost here.
#[derive(Clone)]
pub struct Adoption {
    refresh_token: Secret,
    access_token: Option<(Secret, i64)>,
    scopes: Vec<String>,
    account_ids: Vec<NamedValue>,
    pub(crate) consenter: Option<Consenter>,
}

impl Adoption {
    /// A refresh token.
    pub fn new(refresh_token: impl Into<Secret>) -> Self {
        Self {
            refresh_token: refresh_token.into(),
            access_token: None,
            scopes: Vec::new(),
            account_ids: Vec::new(),
            consenter: None,
        }
    }

    /// An access token that came with it, and how long it still lives; that counts as its whole life. Without one, the
    /// first use refreshes.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<Secret>, life: Duration) -> Self {
        self.access_token = Some((token.into(), millis(life)));
        self
    }

    /// The scopes of the consent. Where the profile sends them in each refresh (OFX), they must be right.
    #[must_use]
    pub fn scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }

    /// An account that the consent is for, named as the profile names it.
    #[must_use]
    pub fn account_id(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.account_ids.push(NamedValue {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Who consented.
    #[must_use]
    pub fn consenter(mut self, consenter: Consenter) -> Self {
        self.consenter = Some(consenter);
        self
    }

    pub(crate) fn refresh_token(&self) -> &Secret {
        &self.refresh_token
    }

    pub(crate) fn asked(&self) -> &[String] {
        &self.scopes
    }

    /// Refuses what no record keeps, and scopes that no request can carry.
    pub(crate) fn check(&self, client: &Client) -> Result<(), OAuthError> {
        let is_token = |token: &Secret| {
            let text = token.expose();
            !text.trim().is_empty() && !text.chars().any(char::is_control)
        };
        let fault =
            |field: &str, message: &str| Err(OAuthError::argument(ErrorCode::InvalidParameter, message).at(field));
        if !is_token(&self.refresh_token) {
            return fault(
                "refresh_token",
                "must not be empty, and must have no control characters",
            );
        }
        if self.access_token.as_ref().is_some_and(|(token, _)| !is_token(token)) {
            return fault("access_token", "must not be empty, and must have no control characters");
        }
        if self.account_ids.iter().any(|id| id.name.is_empty()) {
            return fault(
                "account_ids",
                "an account must have the name of the field that it comes from",
            );
        }
        let separator = client.profile().authorize.scope_separator;
        scope::join(&self.scopes, separator)
            .map(drop)
            .map_err(|error| error.at("scopes"))
    }

    pub(crate) fn tokens(&self, client: &Client) -> Tokens {
        let lifetimes = &client.profile().lifetimes;
        Tokens {
            access_token: self.access_token.as_ref().map(|(token, _)| token.clone()),
            access_life_ms: self.access_token.as_ref().map(|(_, life)| *life),
            refresh_token: Some(self.refresh_token.clone()),
            refresh_idle_ms: lifetimes.refresh_idle,
            refresh_hard_ms: lifetimes.refresh_hard,
            scopes: self.scopes.clone(),
            account_ids: self.account_ids.clone(),
        }
    }
}

impl fmt::Debug for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adoption(redacted)")
    }
}

/// How the client fares with its other connections, as the host knows it from memory.
///
/// It tells a client that is misconfigured (all connections fail) from a connection whose user is gone (Airwallex: a
/// deleted user gives an authentication error, which looks like the client's).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct ClientHealth {
    /// How long ago another connection of the client last got tokens.
    pub last_success: Option<Duration>,
    /// How many other connections the provider refuses the client for, and none has succeeded since.
    pub failing: u32,
}

impl ClientHealth {
    /// What the host knows.
    pub fn new(last_success: Option<Duration>, failing: u32) -> Self {
        Self { last_success, failing }
    }
}
