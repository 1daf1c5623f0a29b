//! A connection as a plain value: the record as it was last seen, and what can be told from it without a step.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::base::error::{ErrorCode, OAuthError};
use crate::base::time::{MAX_MS, Now, millis};
use crate::client::authentication::SecretChoice;
use crate::client::configuration::Client;
use crate::connection::health::{self, Health};
use crate::connection::ledger::{Fate, Held, Status};
use crate::connection::policy::Policy;
use crate::connection::record::Record;
use crate::connection::tokens::TokenSet;
use crate::flow::stored::Stored;
use crate::message::access_token::AccessToken;
use crate::message::callback::NamedValue;
use crate::message::token_answer::Tokens;

/// The longest key, in bytes.
const LONGEST_KEY: usize = 512;

/// One user's consent under a key that the host chose, as it was last seen.
///
/// A plain value: `token` and `health` answer at once. When `token` gives nothing or [`Connection::wants_work`] says yes,
/// run a work ([`Client::work`]) and go on with the value that it leaves.
///
/// It holds tokens, so it prints redacted.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    key: String,
    policy: Policy,
    /// Which of two client secrets worked last; known to this process only.
    pub(crate) choice: SecretChoice,
    seen: Option<Snapshot>,
}

/// A record, when it was read, and the tokens in it that can be served.
#[derive(Clone)]
struct Snapshot {
    record: Record,
    store_now: i64,
    asked: Now,
    /// The access token in use, and one of a saved answer that waits to be taken into use.
    tokens: [Option<Served>; 2],
}

#[derive(Clone)]
struct Served {
    token: AccessToken,
    /// `None`: it never expires.
    life: Option<i64>,
}

impl Client {
    /// The connection under a key that the host chooses (`acct_123`), of which nothing has been read yet.
    ///
    /// # Errors
    /// `invalid_parameter` for a key that is empty, longer than 512 bytes or holds a NUL: no store keeps such a key.
    ///
    /// ```
    /// use core::time::Duration;
    /// use evergrant::base::time::Now;
    /// # use evergrant::client::configuration::Client;
    /// # use evergrant::connection::health::HealthState;
    /// # use evergrant::provider::{environment::Environment, profile::Profile};
    /// # let client = Client::builder(Profile::built_in("airwallex")?, Environment::Sandbox, "id").build()?;
    /// let now = Now { wall: 1_790_000_000_000, steady: 0 };
    /// let connection = client.connection("acct_123")?;
    /// assert!(connection.token(now, Duration::ZERO).is_none());
    /// assert_eq!(connection.health(now).state, HealthState::NotConnected);
    /// # Ok::<(), evergrant::base::error::OAuthError>(())
    /// ```
    pub fn connection(&self, key: impl Into<String>) -> Result<Connection, OAuthError> {
        let key = key.into();
        if key.is_empty() || key.len() > LONGEST_KEY || key.contains('\0') {
            return Err(
                OAuthError::argument(ErrorCode::InvalidParameter, "a key must have 1 to 512 bytes and no NUL")
                    .at("key"),
            );
        }
        let mut policy = Policy::of(self.profile());
        policy.revokes = self.revocation_endpoint().is_some();
        Ok(Connection {
            policy,
            client: self.clone(),
            key,
            choice: SecretChoice::Current,
            seen: None,
        })
    }
}

impl Connection {
    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The client that it belongs to.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The accounts that the consent is for, where the provider named them.
    pub fn account_ids(&self) -> &[NamedValue] {
        self.record().map(Record::account_ids).unwrap_or_default()
    }

    /// The record as it was last seen; `None` before the first work.
    pub fn record(&self) -> Option<&Record> {
        self.seen.as_ref().map(|seen| &seen.record)
    }

    /// A live access token with at least `min_life` left, without a step.
    ///
    /// It is served while a refresh is under way, while the store is down and while the outcome of a refresh is unknown:
    /// it is saved, and it lives. A `min_life` above what any token of this provider has is satisfied by a fresh one.
    pub fn token(&self, now: Now, min_life: Duration) -> Option<&AccessToken> {
        let seen = self.seen.as_ref().filter(|seen| seen.is_live())?;
        let serves = |served: &&Served| {
            let Some(life) = served.life else { return true };
            let wanted = self.policy.needed(millis(min_life), life);
            served.token.remaining_ms(now).is_none_or(|left| left >= wanted)
        };
        let mut tokens = seen.tokens.iter().flatten();
        tokens.find(serves).map(|served| &served.token)
    }

    /// Whether the record last seen holds an access token in use, however old.
    pub(crate) fn has_access_token(&self) -> bool {
        matches!(
            &self.seen,
            Some(Snapshot {
                tokens: [Some(_), _],
                ..
            })
        )
    }

    /// Whether it is time for a work with `Obtain`: nothing read yet, no token, or one so near its end that a refresh
    /// should begin while it still serves.
    pub fn wants_work(&self, now: Now) -> bool {
        let Some(seen) = &self.seen else { return true };
        if !seen.is_live() {
            return true;
        }
        let [Some(served), _] = &seen.tokens else { return true };
        let Some(life) = served.life else { return false };
        let left = served.token.remaining_ms(now).unwrap_or(MAX_MS);
        left < self.policy.ahead_of(life)
    }

    /// How well it is, as far as the record last seen tells.
    pub fn health(&self, now: Now) -> Health {
        match &self.seen {
            Some(seen) => {
                let store_now = seen.store_now.saturating_add(now.longest_since(seen.asked));
                health::health(self.client.profile(), &self.policy, &seen.record, store_now)
            }
            None => {
                let record = Record::unconnected(&self.client);
                health::health(self.client.profile(), &self.policy, &record, now.wall)
            }
        }
    }

    /// The same connection with what a store answered to a question of `asked`, for hosts that only want to look.
    ///
    /// # Errors
    /// `invalid_record`, `unknown_record_format`; `wrong_provider`, `wrong_environment` or `invalid_configuration` for a
    /// record of another client.
    pub fn read(&self, stored: Option<&Stored>, store_now: i64, asked: Now) -> Result<Self, OAuthError> {
        let record = Record::stored(stored, &self.client)?;
        Ok(self.with_record(record, store_now, asked))
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The same connection with a record that was read when the store's clock showed `store_now`.
    pub(crate) fn with_record(&self, record: Record, store_now: i64, asked: Now) -> Self {
        let ledger = &record.ledger;
        let held = ledger.tokens.as_ref().and_then(|held| in_use(held, store_now, asked));
        let waiting = ledger.attempts.iter().rev().find_map(|attempt| match &attempt.fate {
            Fate::Answered(tokens) => served(tokens, attempt.claimed, store_now, asked),
            _ => None,
        });
        Self {
            seen: Some(Snapshot {
                tokens: [held, waiting],
                record,
                store_now,
                asked,
            }),
            ..self.clone()
        }
    }
}

impl Snapshot {
    fn is_live(&self) -> bool {
        self.record.ledger.status == Status::Live
    }
}

fn in_use(held: &Held<Tokens>, store_now: i64, asked: Now) -> Option<Served> {
    let life = held.tokens.access_life()?;
    let claimed = held.access_not_after.saturating_sub(life);
    served(&held.tokens, claimed, store_now, asked)
}

/// An access token on the host's clocks: what is left of its life is counted from before the store was asked.
fn served(tokens: &Tokens, claimed: i64, store_now: i64, asked: Now) -> Option<Served> {
    let since = store_now.saturating_sub(claimed).max(0);
    let life = tokens.access_life_ms;
    let left = life.map(|life| life.saturating_sub(since));
    let token = AccessToken {
        token: tokens.access_token.clone()?,
        scopes: tokens.scopes.clone(),
        account_ids: tokens.account_ids.clone(),
        not_after: left.map(|left| asked.later(left)),
    };
    Some(Served { token, life })
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("key", &self.key)
            .field("record", &self.record())
            .finish()
    }
}
