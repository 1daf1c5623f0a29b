//! A token of the client's own (client credentials, RFC 6749 section 4.4): held in memory, renewed before it ends.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::base::entropy::Entropy;
use crate::base::error::OAuthError;
use crate::base::time::{Now, millis};
use crate::client::authentication::SecretChoice;
use crate::client::configuration::Client;
use crate::message::access_token::AccessToken;

/// The most that a renewal comes before the end, in milliseconds.
const LARGEST_MARGIN: i64 = 60_000;
/// The most that chance adds to that, so that workers do not renew in step.
const LARGEST_JITTER: i64 = 30_000;
/// Refreshes caused by a resource's 401 are this far apart at least, doubling up to an hour.
const FIRST_REJECTION_SPACING: i64 = 30_000;
const LARGEST_REJECTION_SPACING: i64 = 3_600_000;
/// A token younger than this that is rejected is not replaced a second time.
const FRESH: i64 = 60_000;
/// Waits between failed renewals, doubling.
const FIRST_FAILURE_SPACING: i64 = 2_000;
const LARGEST_FAILURE_SPACING: i64 = 300_000;

/// A client-credentials token and its renewal, as a plain value.
///
/// It lives in memory only: such tokens are not to be persisted (Wise, "Authentication & Access"). Where
/// [`crate::provider::profile::Profile::service_token_per_worker`] says so, each worker keeps one of its own.
///
/// `token` answers without a step. When it gives nothing, or [`ServiceToken::wants_renewal`] says yes, run a work and
/// take over the value that [`crate::flow::service_token_work::ServiceTokenWork::service_token`] leaves. A renewal that fails while the token lives is no
/// outage: the token is served on, and the next try waits its turn.
///
/// ```
/// # use evergrant::base::http::HttpResponse;
/// # use evergrant::base::time::Now;
/// # use evergrant::client::configuration::Client;
/// # use evergrant::flow::input::Input;
/// # use evergrant::flow::machine::Machine;
/// # use evergrant::flow::service_token::{ServiceToken, ServiceTokenCommand};
/// # use evergrant::flow::step::Step;
/// # use evergrant::provider::{environment::Environment, profile::Profile};
/// # use core::time::Duration;
/// # let client = Client::builder(Profile::built_in("wise")?, Environment::Sandbox, "id").client_secret("s").build()?;
/// # let now = Now { wall: 1_790_000_000_000, steady: 0 };
/// # let entropy: [u8; 32] = core::array::from_fn(|at| at as u8);
/// let mut token = ServiceToken::new(client, Vec::new());
/// assert!(token.token(now, Duration::ZERO).is_none());
///
/// let mut work = token.work(ServiceTokenCommand::Obtain { min_life: Duration::ZERO }, now, entropy);
/// let (id, step) = work.step();
/// assert!(matches!(step, Step::Send(send) if send.client_certificate));
/// let answer = br#"{"access_token":"t","token_type":"bearer","expires_in":43199}"#.to_vec();
/// work.answer(id, now, Input::Answer(HttpResponse::new(200, Vec::new(), answer)))?;
/// assert!(matches!(work.step().1, Step::Done(result) if result.is_ok()));
///
/// token = work.service_token().clone();
/// assert!(token.token(now, Duration::from_secs(3600)).is_some());
/// # Ok::<(), evergrant::base::error::OAuthError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct ServiceToken {
    pub(crate) client: Client,
    pub(crate) scopes: Vec<String>,
    pub(crate) choice: SecretChoice,
    held: Option<Held>,
    failure: Option<(Spacing, OAuthError)>,
    rejection: Option<Spacing>,
}

/// A token in hand.
#[derive(Clone, PartialEq)]
struct Held {
    token: AccessToken,
    sent: Now,
    /// `None`: it never expires.
    life: Option<i64>,
    renew_after: Option<i64>,
    /// It came in place of one that a resource rejected.
    is_replacement: bool,
    /// A resource rejected it, and it could not be replaced yet.
    is_doubted: bool,
}

/// Something that must not be repeated at once.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Spacing {
    at: Now,
    wait: i64,
}

impl Spacing {
    /// Milliseconds until it may be done again.
    fn left(self, now: Now) -> i64 {
        self.wait.saturating_sub(steadily(self.at, now)).max(0)
    }
}

/// Milliseconds on the steady clock alone: a wall clock that is set back must not hold up what lives in memory, and a
/// machine that sleeps only waits longer.
fn steadily(from: Now, to: Now) -> i64 {
    to.steady.saturating_sub(from.steady).max(0)
}

/// What a service token is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum ServiceTokenCommand {
    /// A live token with at least this much life; the one in hand if it will do and is not near its end.
    Obtain {
        /// The life it must have left. More than a token's whole life is satisfied by a fresh one.
        min_life: Duration,
    },
    /// A resource answered 401 to the token with this fingerprint ([`AccessToken::fingerprint`]).
    Rejected {
        /// The fingerprint.
        fingerprint: String,
    },
}

impl ServiceToken {
    /// A service token that has not been obtained yet. Without scopes, the profile's default is asked for.
    pub fn new(client: Client, scopes: Vec<String>) -> Self {
        Self {
            client,
            scopes,
            choice: SecretChoice::Current,
            held: None,
            failure: None,
            rejection: None,
        }
    }

    /// The token, while it lives and has at least `min_life` left.
    ///
    /// A `min_life` above what any token of this provider has is satisfied by a fresh one: by one that has spent no more
    /// than its renewal margin.
    pub fn token(&self, now: Now, min_life: Duration) -> Option<&AccessToken> {
        let held = self.held.as_ref()?;
        let Some(life) = held.life else {
            return Some(&held.token);
        };
        let wanted = millis(min_life).min(life.saturating_sub(margin(life))).max(1);
        (held.left(now)? >= wanted).then_some(&held.token)
    }

    /// Whether it is time to run a work: nothing in hand, or so near the end that a renewal should begin while the token
    /// still serves. After a failure, not before the next try is due.
    pub fn wants_renewal(&self, now: Now) -> bool {
        let due = self.held.as_ref().is_none_or(|held| held.is_due(now));
        due && self.backing_off(now).is_none()
    }

    /// The client that it belongs to.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn is_near_its_end(&self, now: Now) -> bool {
        self.held.as_ref().is_none_or(|held| held.is_due(now))
    }

    /// How the last attempt failed, while the next one waits its turn.
    pub(crate) fn backing_off(&self, now: Now) -> Option<OAuthError> {
        let (spacing, error) = self.failure.as_ref()?;
        let left = spacing.left(now);
        (left > 0).then(|| error.clone().waiting(left))
    }

    /// Milliseconds until a rejected token may be replaced again.
    pub(crate) fn rejection_left(&self, now: Now) -> i64 {
        let spacing = self.rejection.map_or(0, |rejection| rejection.left(now));
        let replacement = self.held.as_ref().filter(|held| held.is_replacement);
        let fresh = replacement.map_or(0, |held| FRESH.saturating_sub(steadily(held.sent, now)));
        spacing.max(fresh)
    }

    /// A token was obtained with a request sent at `sent`. Says whether it was taken: a late answer to an earlier request
    /// does not replace a token of a later one, and one that is over on arrival does not replace one that lives.
    pub(crate) fn hold(
        &mut self,
        token: AccessToken,
        sent: Now,
        life: Option<i64>,
        now: Now,
        entropy: &Entropy,
    ) -> bool {
        let is_over = life.is_some_and(|life| life <= now.longest_since(sent));
        let keeps =
            |held: &Held| held.sent.steady > sent.steady || (is_over && held.left(now).is_none_or(|left| left > 0));
        if self.held.as_ref().is_some_and(keeps) {
            return false;
        }
        let jitter = |life: i64| entropy.below("renewal", LARGEST_JITTER.min(life / 10).saturating_add(1));
        let renew_after = life.map(|life| life.saturating_sub(margin(life)).saturating_sub(jitter(life)));
        self.held = Some(Held {
            token,
            sent,
            life,
            renew_after,
            is_replacement: false,
            is_doubted: false,
        });
        self.failure = None;
        true
    }

    /// An attempt failed; the next one waits, as long as the provider asked or twice as long as before.
    pub(crate) fn failed(&mut self, now: Now, asked: Option<i64>, error: &OAuthError) {
        let before = self.failure.as_ref().map(|(spacing, _)| spacing.wait.saturating_mul(2));
        let wait = before.unwrap_or(FIRST_FAILURE_SPACING).min(LARGEST_FAILURE_SPACING);
        self.failure = Some((
            Spacing {
                at: now,
                wait: asked.unwrap_or(0).max(wait),
            },
            error.clone(),
        ));
    }

    /// The token just obtained replaces one that a resource rejected; the next replacement waits twice as long, unless
    /// this was long ago.
    pub(crate) fn replaced(&mut self, now: Now) {
        let wait = match self.rejection {
            Some(last) if steadily(last.at, now) < LARGEST_REJECTION_SPACING => last.wait.saturating_mul(2),
            _ => FIRST_REJECTION_SPACING,
        };
        self.rejection = Some(Spacing {
            at: now,
            wait: wait.min(LARGEST_REJECTION_SPACING),
        });
        if let Some(held) = &mut self.held {
            held.is_replacement = true;
        }
    }

    /// A resource rejected the token in hand, and there is no other yet: renew it as soon as may be.
    pub(crate) fn doubted(&mut self, fingerprint: &str) {
        if let Some(held) = &mut self.held {
            held.is_doubted = held.token.fingerprint() == fingerprint;
        }
    }
}

impl Held {
    fn left(&self, now: Now) -> Option<i64> {
        self.life.map(|life| life.saturating_sub(now.longest_since(self.sent)))
    }

    fn is_due(&self, now: Now) -> bool {
        if self.is_doubted {
            return true;
        }
        self.renew_after
            .is_some_and(|after| now.longest_since(self.sent) >= after)
    }
}

/// How long before its end a token is renewed: it scales with the life, so that a five-minute token is not renewed at
/// every call.
fn margin(life: i64) -> i64 {
    LARGEST_MARGIN.min(life / 5)
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = if self.held.is_some() { "held" } else { "none" };
        write!(f, "ServiceToken({:?}, token {held}, redacted)", self.client)
    }
}
