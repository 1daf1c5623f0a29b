//! Connections for an asynchronous program, whatever its runtime: always a live token, one refresh, whoever else is running.

use core::time::Duration;
use std::sync::Arc;
use std::vec::Vec;

use crate::base::error::OAuthError;
use crate::base::secret::Secret;
use crate::base::time::millis;
use crate::client::configuration::Client;
use crate::connection::command::{Adoption, Command, Finish};
use crate::connection::health::Health;
use crate::drive::async_host::AsyncHost;
use crate::drive::async_store::AsyncStore;
use crate::drive::engine::Engine;
use crate::drive::finished::Finished;
use crate::drive::slot::Slot;
use crate::drive::surroundings::{Asynchronous, Surroundings};
use crate::drive::wake::within;
use crate::flow::event::Event;
use crate::message::access_token::AccessToken;
use crate::message::authorize::{AuthorizationRequest, Login};
use crate::message::binding::Binding;
use crate::message::callback::NamedValue;
use crate::message::pending::Pending;

/// The connections of one client, each under a key that the host chooses (`acct_123`).
///
/// [`crate::drive::connections::Connections`] in futures: the same names, the same memory, the same promises. Make one for
/// the whole process and share it; a clone shares everything.
///
/// Every future is `Send`, and may be dropped at any time: what it began runs in tasks of its own
/// ([`AsyncHost::spawn`]), at most one work per connection, and ends also where nobody waits for it. A future that was
/// never polled has begun nothing. Await [`AsyncConnections::close`] before the runtime ends, which would break off whatever
/// is under way. After a `fork`, make a new value in the child.
///
/// ```
/// use core::time::Duration;
/// use evergrant::OAuthError;
/// use evergrant::drive::async_connections::AsyncConnections;
/// use evergrant::drive::{async_host::AsyncHost, async_store::AsyncStore};
/// use evergrant::message::access_token::AccessToken;
///
/// async fn bearer<H: AsyncHost, S: AsyncStore>(
///     connections: &AsyncConnections<H, S>,
///     key: &str,
/// ) -> Result<AccessToken, OAuthError> {
///     connections.connection(key)?.token(Duration::from_secs(30)).await
/// }
/// ```
pub struct AsyncConnections<H, S> {
    engine: Arc<Engine<Asynchronous<H, S>>>,
}

impl<H: AsyncHost, S: AsyncStore> AsyncConnections<H, S> {
    /// The connections of a client, kept in a store.
    pub fn new(client: Client, store: S, host: H) -> Self {
        Self {
            engine: Arc::new(Engine::new(client, Asynchronous { host, store })),
        }
    }

    /// Has every event handed to `listener`, with the key of its connection. In place of the one before.
    ///
    /// It is called where the works are polled: it must not block.
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
    pub async fn finish(
        &self,
        pending: &Pending,
        callback: impl Into<Secret>,
        binding: &Binding,
        key: &str,
    ) -> Result<Finished<AsyncConnectionHandle<H, S>>, OAuthError> {
        self.end_login(key, Finish::callback(pending.clone(), callback, binding.clone()))
            .await
    }

    /// Finishes a login with a code that the user typed, where the profile allows that (Wise).
    ///
    /// # Errors
    /// As [`AsyncConnections::finish`], and `typed_code_not_allowed`.
    pub async fn finish_typed_code(
        &self,
        pending: &Pending,
        code: impl Into<Secret>,
        binding: &Binding,
        key: &str,
    ) -> Result<Finished<AsyncConnectionHandle<H, S>>, OAuthError> {
        self.end_login(key, Finish::typed_code(pending.clone(), code, binding.clone()))
            .await
    }

    /// Takes over tokens that were obtained elsewhere.
    ///
    /// # Errors
    /// `store_unavailable`: ask again.
    pub async fn adopt(
        &self,
        key: &str,
        adoption: Adoption,
    ) -> Result<Finished<AsyncConnectionHandle<H, S>>, OAuthError> {
        let handle = self.connection(key)?;
        let finished = self.engine.adopt(&handle.slot, adoption).await?;
        Ok(finished.with(handle))
    }

    /// The connection under this key, without a look at the store.
    ///
    /// # Errors
    /// `invalid_parameter` for a key that no store keeps.
    pub fn connection(&self, key: &str) -> Result<AsyncConnectionHandle<H, S>, OAuthError> {
        Ok(AsyncConnectionHandle {
            slot: self.engine.slot(key)?,
            engine: self.engine.clone(),
        })
    }

    /// Begins no more works, and waits for those under way, late answers included.
    ///
    /// A work whose new tokens the store does not take goes on until it takes them: [`AsyncConnections::close_within`] gives up.
    /// Tokens in memory are served as long as they live, also after that.
    pub async fn close(&self) {
        self.engine.gate().close().await;
    }

    /// The same, for so long; whether all was over.
    pub async fn close_within(&self, limit: Duration) -> bool {
        let around = self.engine.around();
        within(self.engine.gate().close(), around.wait(millis(limit)))
            .await
            .is_some()
    }

    async fn end_login(&self, key: &str, finish: Finish) -> Result<Finished<AsyncConnectionHandle<H, S>>, OAuthError> {
        let handle = self.connection(key)?;
        let finished = self.engine.finish(&handle.slot, finish).await?;
        Ok(finished.with(handle))
    }
}

impl<H, S> Clone for AsyncConnections<H, S> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
        }
    }
}

impl<H, S> core::fmt::Debug for AsyncConnections<H, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AsyncConnections({:?})", self.engine)
    }
}

/// One connection. A clone is the same connection.
///
/// Its calls wait for each other only where they must: a token that serves is handed out at once, also while a refresh is
/// under way, while the store is down and after [`AsyncConnections::close`].
pub struct AsyncConnectionHandle<H, S> {
    engine: Arc<Engine<Asynchronous<H, S>>>,
    slot: Arc<Slot>,
}

impl<H: AsyncHost, S: AsyncStore> AsyncConnectionHandle<H, S> {
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
    /// Near its end a token is replaced in a task beside the caller, who gets the old one meanwhile. While the store
    /// takes no new tokens, the previous one is handed out for as long as it lives, also with less than `min_life`.
    ///
    /// # Errors
    /// The action says what to do: `retry_after` (provider, network or store; nothing is lost), `reauthorize` (the consent
    /// is gone; begin a login under the same key), `fix_configuration`; `not_connected` and `disconnected` where there is
    /// no consent; `unexpected_input` after [`AsyncConnections::close`].
    pub async fn token(&self, min_life: Duration) -> Result<AccessToken, OAuthError> {
        self.engine.token(&self.slot, min_life).await
    }

    /// A token in place of one that a resource answered with 401; the one in use, where that is another already.
    ///
    /// # Errors
    /// As [`AsyncConnectionHandle::token`], and `fresh_token_rejected` where another token would fare no better.
    pub async fn rejected(&self, token: &AccessToken) -> Result<AccessToken, OAuthError> {
        self.engine.rejected(&self.slot, token).await
    }

    /// How well the connection is. The store is asked where the record in memory is older than a minute.
    ///
    /// # Errors
    /// `store_unavailable` where nothing is known yet, and faults of the record.
    pub async fn health(&self) -> Result<Health, OAuthError> {
        self.engine.health(&self.slot).await
    }

    /// Does whatever is due: uses a refresh token that has lain for long, settles what is unresolved. For a sweeper that
    /// goes over the records whose `due` is past.
    ///
    /// # Errors
    /// As [`AsyncConnectionHandle::token`].
    pub async fn keep_alive(&self) -> Result<(), OAuthError> {
        self.engine.carry_out(&self.slot, Command::KeepAlive).await
    }

    /// Follows a hint that the consent is gone (a webhook): the refresh token is tried.
    ///
    /// # Errors
    /// As [`AsyncConnectionHandle::token`]; `reauthorize` where the consent is gone indeed.
    pub async fn signal(&self) -> Result<(), OAuthError> {
        self.engine.carry_out(&self.slot, Command::Signal).await
    }

    /// Closes the connection, revokes its tokens where the provider can, and wipes them. Only a login or an adoption brings
    /// it back.
    ///
    /// # Errors
    /// `store_unavailable`: ask again.
    pub async fn disconnect(&self) -> Result<(), OAuthError> {
        self.engine.carry_out(&self.slot, Command::Disconnect).await
    }
}

impl<H, S> Clone for AsyncConnectionHandle<H, S> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            slot: self.slot.clone(),
        }
    }
}

impl<H, S> core::fmt::Debug for AsyncConnectionHandle<H, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AsyncConnectionHandle({:?})", self.slot.key())
    }
}
