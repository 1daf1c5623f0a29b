//! Connections for a program of many threads: always a live token, one refresh, whoever else is running.

use core::time::Duration;
use std::sync::Arc;
use std::vec::Vec;

use crate::base::error::OAuthError;
use crate::base::secret::Secret;
use crate::client::configuration::Client;
use crate::connection::command::{Adoption, Command, Finish};
use crate::connection::health::Health;
use crate::drive::engine::Engine;
use crate::drive::finished::Finished;
use crate::drive::host::Host;
use crate::drive::slot::Slot;
use crate::drive::store::Store;
use crate::drive::surroundings::Blocking;
use crate::drive::wake::{block_on, block_on_for};
use crate::flow::event::Event;
use crate::message::access_token::AccessToken;
use crate::message::authorize::{AuthorizationRequest, Login};
use crate::message::binding::Binding;
use crate::message::callback::NamedValue;
use crate::message::pending::Pending;

/// The connections of one client, each under a key that the host chooses (`acct_123`).
///
/// Make one for the whole process and share it; a clone shares everything. Methods block the calling thread. Whatever they
/// begin runs on threads of its own, at most one work per connection, so that it ends also where nobody waits for it;
/// each request has a thread too, for as long as the provider may still answer (two minutes at most). Call
/// [`Connections::close`] before the process ends.
///
/// Up to 10,000 connections that nobody uses are remembered, a few kilobytes each; others are read from the store again.
/// After a `fork`, make a new value in the child: threads do not survive it, and its works would go on twice.
///
/// A host whose code panics counts as one that failed: the exchange has no answer, the store's outcome is unknown.
///
/// ```
/// use core::time::Duration;
/// use evergrant::connection::command::Adoption;
/// use evergrant::connection::health::HealthState;
/// use evergrant::drive::connections::Connections;
/// # use std::collections::BTreeMap;
/// # use std::sync::Mutex;
/// # use evergrant::client::configuration::Client;
/// # use evergrant::drive::{host::{Exchange, Host}, store::{Loaded, SaveResult, Store}};
/// # use evergrant::flow::{input::StoreFailure, step::{Save, Send}, stored::Stored};
/// # use evergrant::provider::{environment::Environment, profile::Profile};
/// # struct MyHost;
/// # impl Host for MyHost {
/// #     fn send(&self, _: &Send) -> Exchange { Exchange::NotSent }
/// # }
/// # #[derive(Default)]
/// # struct MyStore(Mutex<BTreeMap<String, Stored>>);
/// # fn clock() -> i64 { evergrant::base::time::Now::system().wall }
/// # impl Store for MyStore {
/// #     fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
/// #         Ok(Loaded { stored: self.0.lock().unwrap().get(key).cloned(), store_now: clock() })
/// #     }
/// #     fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
/// #         let mut records = self.0.lock().unwrap();
/// #         let stored = records.get(&save.key).cloned();
/// #         if stored.as_ref().map_or(0, Stored::version) != save.expect {
/// #             return Ok(SaveResult::Conflict { stored, store_now: clock() });
/// #         }
/// #         records.insert(save.key.clone(), save.record.clone());
/// #         Ok(SaveResult::Saved { store_now: clock() })
/// #     }
/// # }
/// # let client = Client::builder(Profile::built_in("airwallex")?, Environment::Sandbox, "id").client_secret("s").build()?;
/// let connections = Connections::new(client, MyStore::default(), MyHost)
///     .on_event(|key, event| println!("{key}: {event:?}"));
///
/// // One that lives already; for users who log in, see `begin` and `finish`.
/// let tokens = Adoption::new("from-elsewhere").access_token("live", Duration::from_secs(290));
/// let connection = connections.adopt("acct_123", tokens)?.connection().expect("connected");
///
/// let token = connection.token(Duration::from_secs(30))?;
/// assert_eq!(token.authorization().expose(), "Bearer live");
/// assert_eq!(connection.health()?.state, HealthState::Healthy);
/// connections.close();
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
pub struct Connections<H, S> {
    engine: Arc<Engine<Blocking<H, S>>>,
}

impl<H: Host + Send + Sync + 'static, S: Store + Send + Sync + 'static> Connections<H, S> {
    /// The connections of a client, kept in a store.
    pub fn new(client: Client, store: S, host: H) -> Self {
        Self {
            engine: Arc::new(Engine::new(client, Blocking { host, store })),
        }
    }

    /// Has every event handed to `listener`, with the key of its connection. In place of the one before.
    ///
    /// It is called on the threads of the works: while it runs, its connection waits, so it must not ask for anything there.
    #[must_use]
    pub fn on_event(self, listener: impl Fn(&str, Event) + Send + Sync + 'static) -> Self {
        self.engine.listen(Arc::new(listener));
        self
    }

    /// The client.
    pub fn client(&self) -> &Client {
        self.engine.client()
    }

    /// Begins a login: send the user's browser to `url`, and keep `pending` (it is secret) until the user is back.
    ///
    /// # Errors
    /// As [`Client::begin`].
    pub fn begin(&self, request: &AuthorizationRequest) -> Result<Login, OAuthError> {
        self.engine.begin(request)
    }

    /// Finishes a login with the URL that the user's browser came back to: a full URL, a path with a query, or a query.
    ///
    /// `binding` is the one of `begin`, of the session that the callback came in. The key may be that of a connection that
    /// needs its user again, or a new one. Calling it again with the same callback under the same
    /// key gives the same outcome; another key is another connection, and sends the code again, so name the
    /// key at `begin` ([`AuthorizationRequest::key`]), and that is refused.
    ///
    /// # Errors
    /// Those of the callback, which leave the pending login good for the right one (`state_mismatch`, `wrong_user_session`, …);
    /// begin another login after `pending_expired` and `missing_code`;
    /// `store_unavailable` and `outcome_unknown`, where the same call again goes on; `invalid_client`.
    pub fn finish(
        &self,
        pending: &Pending,
        callback: impl Into<Secret>,
        binding: &Binding,
        key: &str,
    ) -> Result<Finished<ConnectionHandle<H, S>>, OAuthError> {
        self.end_login(key, Finish::callback(pending.clone(), callback, binding.clone()))
    }

    /// Finishes a login with a code that the user typed, where the profile allows that (Wise).
    ///
    /// # Errors
    /// As [`Connections::finish`], and `typed_code_not_allowed`.
    pub fn finish_typed_code(
        &self,
        pending: &Pending,
        code: impl Into<Secret>,
        binding: &Binding,
        key: &str,
    ) -> Result<Finished<ConnectionHandle<H, S>>, OAuthError> {
        self.end_login(key, Finish::typed_code(pending.clone(), code, binding.clone()))
    }

    /// Takes over tokens that were obtained elsewhere.
    ///
    /// # Errors
    /// `store_unavailable`: ask again.
    pub fn adopt(&self, key: &str, adoption: Adoption) -> Result<Finished<ConnectionHandle<H, S>>, OAuthError> {
        let handle = self.connection(key)?;
        let finished = block_on(self.engine.adopt(&handle.slot, adoption))?;
        Ok(finished.with(handle))
    }

    /// The connection under this key, without a look at the store.
    ///
    /// # Errors
    /// `invalid_parameter` for a key that no store keeps.
    pub fn connection(&self, key: &str) -> Result<ConnectionHandle<H, S>, OAuthError> {
        Ok(ConnectionHandle {
            slot: self.engine.slot(key)?,
            engine: self.engine.clone(),
        })
    }

    /// Begins no more works, and waits for those under way, late answers included.
    ///
    /// A work whose new tokens the store does not take goes on until it takes them: [`Connections::close_within`] gives up.
    /// Tokens in memory are served as long as they live, also after that.
    pub fn close(&self) {
        block_on(self.engine.gate().close());
    }

    /// The same, for so long; whether all was over.
    pub fn close_within(&self, limit: Duration) -> bool {
        block_on_for(self.engine.gate().close(), limit).is_some()
    }

    fn end_login(&self, key: &str, finish: Finish) -> Result<Finished<ConnectionHandle<H, S>>, OAuthError> {
        let handle = self.connection(key)?;
        let finished = block_on(self.engine.finish(&handle.slot, finish))?;
        Ok(finished.with(handle))
    }
}

impl<H, S> Clone for Connections<H, S> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
        }
    }
}

impl<H, S> core::fmt::Debug for Connections<H, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Connections({:?})", self.engine)
    }
}

/// One connection. A clone is the same connection.
///
/// Its calls wait for each other only where they must: a token that serves is handed out at once, also while a refresh is
/// under way, while the store is down and after [`Connections::close`].
pub struct ConnectionHandle<H, S> {
    engine: Arc<Engine<Blocking<H, S>>>,
    slot: Arc<Slot>,
}

impl<H: Host + Send + Sync + 'static, S: Store + Send + Sync + 'static> ConnectionHandle<H, S> {
    /// The key.
    pub fn key(&self) -> &str {
        self.slot.key()
    }

    /// The accounts that the consent is for, where the provider named them; none before anything was read.
    pub fn account_ids(&self) -> Vec<NamedValue> {
        self.engine.account_ids(&self.slot)
    }

    /// A live access token with at least `min_life` left, or a fresh one: a wish above four fifths of a token's life (what was
    /// left of it, for an adopted one) is satisfied by that much.
    ///
    /// Near its end a token is replaced on a thread beside the caller, who gets the old one meanwhile. While the store
    /// takes no new tokens, the previous one is handed out for as long as it lives, also with less than `min_life`.
    ///
    /// # Errors
    /// The action says what to do: `retry_after` (provider, network or store; nothing is lost), `reauthorize` (the consent
    /// is gone; begin a login under the same key), `fix_configuration`; `not_connected` and `disconnected` where there is
    /// no consent; `unexpected_input` after [`Connections::close`].
    pub fn token(&self, min_life: Duration) -> Result<AccessToken, OAuthError> {
        block_on(self.engine.token(&self.slot, min_life))
    }

    /// A token in place of one that a resource answered with 401; the one in use, where that is another already.
    ///
    /// # Errors
    /// As [`ConnectionHandle::token`], and `fresh_token_rejected` where another token would fare no better.
    pub fn rejected(&self, token: &AccessToken) -> Result<AccessToken, OAuthError> {
        block_on(self.engine.rejected(&self.slot, token))
    }

    /// How well the connection is. The store is asked where the record in memory is older than a minute.
    ///
    /// # Errors
    /// `store_unavailable` where nothing is known yet, and faults of the record.
    pub fn health(&self) -> Result<Health, OAuthError> {
        block_on(self.engine.health(&self.slot))
    }

    /// Does whatever is due: uses a refresh token that has lain for long, settles what is unresolved. For a sweeper that
    /// goes over the records whose `due` is past.
    ///
    /// # Errors
    /// As [`ConnectionHandle::token`].
    pub fn keep_alive(&self) -> Result<(), OAuthError> {
        block_on(self.engine.carry_out(&self.slot, Command::KeepAlive))
    }

    /// Follows a hint that the consent is gone (a webhook): the refresh token is tried.
    ///
    /// # Errors
    /// As [`ConnectionHandle::token`]; `reauthorize` where the consent is gone indeed.
    pub fn signal(&self) -> Result<(), OAuthError> {
        block_on(self.engine.carry_out(&self.slot, Command::Signal))
    }

    /// Closes the connection, revokes its tokens where the provider can, and wipes them. Only a login or an adoption brings
    /// it back.
    ///
    /// # Errors
    /// `store_unavailable`: ask again.
    pub fn disconnect(&self) -> Result<(), OAuthError> {
        block_on(self.engine.carry_out(&self.slot, Command::Disconnect))
    }
}

impl<H, S> Clone for ConnectionHandle<H, S> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            slot: self.slot.clone(),
        }
    }
}

impl<H, S> core::fmt::Debug for ConnectionHandle<H, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ConnectionHandle({:?})", self.slot.key())
    }
}
