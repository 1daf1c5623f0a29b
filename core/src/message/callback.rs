//! The authorization response: what the user's browser brings back (RFC 6749 section 4.1.2, RFC 9207).

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::percent::{self, Pair};
use crate::base::redirect_uri::{Arrival, RedirectUri};
use crate::base::secret::Secret;
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::message::binding::Binding;
use crate::message::pending::{self, Consenter, Origin, Pending};

/// How far the host's wall clock may be off between `begin` and the callback, in milliseconds.
const CLOCK_TOLERANCE: i64 = 5 * 60 * 1_000;
/// The longest code that is taken, in bytes.
const LONGEST_CODE: usize = 4_096;
/// Parameters of which a second one is refused (RFC 6749 section 3.1), beside those the profile keeps.
const KNOWN: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// A name and a value, such as a parameter that a callback brought or an account id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct NamedValue {
    /// The name, as the profile spells it.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The user, or the provider, said no. Nothing is wrong with the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Refusal {
    /// The provider's `error` value, such as `access_denied` (RFC 6749 section 4.1.2.1).
    pub oauth_error: String,
    /// Words for the user: what happened, and what can be done.
    pub words: String,
}

/// What the user's browser brought back.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub enum Callback {
    /// A code to be exchanged for tokens.
    Approved(Box<AuthorizationCode>),
    /// A refusal.
    Refused(Refusal),
}

/// An authorization code, and all that its exchange needs. It can be spent once.
#[derive(Clone, PartialEq)]
pub struct AuthorizationCode {
    code: Secret,
    verifier: Option<Secret>,
    redirect_uri: String,
    scopes: Vec<String>,
    kept: Vec<NamedValue>,
    account_ids: Vec<NamedValue>,
    consenter: Option<Consenter>,
    issuer: Option<String>,
    origin: Origin,
}

impl AuthorizationCode {
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The code itself.
    pub fn code(&self) -> &Secret {
        &self.code
    }

    /// The PKCE verifier.
    pub fn verifier(&self) -> Option<&Secret> {
        self.verifier.as_ref()
    }

    /// The redirect URI of the login, which the exchange must repeat.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The scopes that were asked for.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Parameters of the callback that the profile keeps (Wise: `profileId`).
    pub fn kept(&self) -> &[NamedValue] {
        &self.kept
    }

    /// Those among them that name the account.
    pub fn account_ids(&self) -> &[NamedValue] {
        &self.account_ids
    }

    /// Who consented, as the host said at `begin`.
    pub fn consenter(&self) -> Option<&Consenter> {
        self.consenter.as_ref()
    }

    /// The callback's `iss`, kept as data where the profile names no issuer.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationCode(redacted)")
    }
}

/// The id of the login to which a callback belongs: the key under which the host keeps the pending login.
///
/// The callback may be a full URL, a path with a query, or a bare query.
///
/// # Errors
/// `invalid_callback` or `duplicate_parameter` for a callback that cannot be read, `state_mismatch` for one without state.
pub fn login_id(callback: &str) -> Result<String, OAuthError> {
    let pairs = read(callback)?;
    match single(&pairs, "state")? {
        Some(state) if !state.is_empty() => Ok(pending::id_of_state(state)),
        _ => Err(stateless()),
    }
}

impl Client {
    /// Judges a callback against the pending login, without I/O.
    ///
    /// Path and parameters are compared, not scheme and host, because proxies rewrite those. The code is not spent here.
    ///
    /// # Errors
    /// In the order of the checks: `invalid_callback`, `duplicate_parameter`, `wrong_provider`, `wrong_environment`,
    /// `state_mismatch`, `wrong_redirect_uri`, `wrong_user_session`, `issuer_mismatch`, `issuer_missing`,
    /// `pending_expired`, `missing_code`. The pending login stays good after any of them but the last two.
    pub fn read_callback(
        &self,
        pending: &Pending,
        callback: &str,
        binding: &Binding,
        now: Now,
    ) -> Result<Callback, OAuthError> {
        let pairs = read(callback)?;
        for name in KNOWN {
            single(&pairs, name)?;
        }
        self.check_origin(&pending.origin())?;
        let state = single(&pairs, "state")?.ok_or_else(stateless)?;
        if Secret::new(state) != pending.state {
            return Err(attack(
                ErrorCode::StateMismatch,
                "the callback belongs to another login: its state is not the one this login began with",
            ));
        }
        self.check_arrival(pending, callback, &pairs)?;
        check_session(pending, binding)?;
        let issuer = single(&pairs, "iss")?;
        self.check_issuer(pending, issuer)?;
        check_life(pending, now)?;
        let kept = self.kept(&pairs)?;
        // One without a value counts as left out (RFC 6749 section 3.1).
        let given = |name| single(&pairs, name).map(|value| value.filter(|value| !value.is_empty()));
        match (given("code")?, given("error")?) {
            (Some(_), Some(_)) => Err(invalid("the callback has both a code and an error")),
            (None, Some(error)) => Ok(Callback::Refused(self.refusal(error))),
            (Some(code), None) => Ok(Callback::Approved(Box::new(self.approved(
                pending,
                code,
                kept,
                issuer.map(ToOwned::to_owned),
            )?))),
            (None, None) => Err(missing_code()),
        }
    }

    /// Judges a code that the user typed by hand; only where the profile allows it (Wise).
    ///
    /// Nothing but the binding ties such a code to the login, so a binding to a session is demanded.
    ///
    /// # Errors
    /// `typed_code_not_allowed`, `wrong_provider`, `wrong_environment`, `wrong_user_session`, `pending_expired`, `missing_code`.
    pub fn read_typed_code(
        &self,
        pending: &Pending,
        code: &str,
        binding: &Binding,
        now: Now,
    ) -> Result<AuthorizationCode, OAuthError> {
        if !self.profile().callback.typed_code {
            return Err(OAuthError::configuration(
                ErrorCode::TypedCodeNotAllowed,
                "this provider does not hand out codes to be typed; finish with the callback",
            ));
        }
        self.check_origin(&pending.origin())?;
        if binding.digest().is_none() {
            return Err(attack(
                ErrorCode::WrongUserSession,
                "a typed code needs the binding to the user's session",
            ));
        }
        check_session(pending, binding)?;
        check_life(pending, now)?;
        self.approved(pending, code.trim(), Vec::new(), None)
    }

    pub(crate) fn check_origin(&self, origin: &Origin) -> Result<(), OAuthError> {
        if origin.provider != self.profile().id() || origin.client_id != self.client_id() {
            return Err(attack(
                ErrorCode::WrongProvider,
                "the login was begun with another provider or client; finish it with the one that began it",
            ));
        }
        if origin.environment != self.environment() {
            return Err(attack(
                ErrorCode::WrongEnvironment,
                "the login was begun in another environment; finish it in the one that began it",
            ));
        }
        Ok(())
    }

    fn check_arrival(&self, pending: &Pending, callback: &str, pairs: &[Pair]) -> Result<(), OAuthError> {
        let redirect_uri = RedirectUri::parse(&pending.redirect_uri)?;
        if redirect_uri.received(&Arrival::of(callback)) && redirect_uri.kept_in(pairs) {
            return Ok(());
        }
        Err(attack(
            ErrorCode::WrongRedirectUri,
            "the callback arrived at another path than the login's redirect URI, or without its parameters",
        ))
    }

    fn check_issuer(&self, pending: &Pending, issuer: Option<&str>) -> Result<(), OAuthError> {
        match (&pending.issuer, issuer) {
            // Compared as bytes (RFC 9207 section 2.4), on refusals too, and also where it is not advertised.
            (Some(expected), Some(issuer)) if expected != issuer => Err(attack(
                ErrorCode::IssuerMismatch,
                "the callback's iss names another issuer than the login began with: a mix-up of two providers",
            )),
            (Some(_), None) if self.profile().callback.requires_iss => Err(attack(
                ErrorCode::IssuerMissing,
                "the callback has no iss, which this issuer always sends; check that no proxy of your own drops it",
            )),
            _ => Ok(()),
        }
    }

    fn kept(&self, pairs: &[Pair]) -> Result<Vec<NamedValue>, OAuthError> {
        let mut kept = Vec::new();
        for name in &self.profile().callback.keep {
            // Without case: Wise writes both profileId and profileID.
            let mut values = pairs.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            match (values.next(), values.next()) {
                (Some(_), Some(_)) => return Err(duplicate(name)),
                (Some((_, value)), None) => {
                    kept.push(NamedValue {
                        name: name.clone(),
                        value: value.as_str().to_owned(),
                    });
                }
                (None, _) => {}
            }
        }
        Ok(kept)
    }

    fn refusal(&self, error: &str) -> Refusal {
        let oauth_error = printable(error);
        let mut words = String::from(match oauth_error.as_str() {
            "access_denied" => "the connection was not allowed; nothing has changed",
            "temporarily_unavailable" | "server_error" => "the provider could not do it just now; try again later",
            _ => "the provider refused the request",
        });
        if oauth_error == "access_denied" && !self.profile().consent_roles().is_empty() {
            words.push_str("; at ");
            words.push_str(self.profile().name());
            words.push_str(" it can be allowed by: ");
            words.push_str(&self.profile().consent_roles().join(", "));
        }
        Refusal { oauth_error, words }
    }

    fn approved(
        &self,
        pending: &Pending,
        code: &str,
        kept: Vec<NamedValue>,
        issuer: Option<String>,
    ) -> Result<AuthorizationCode, OAuthError> {
        // RFC 6749 appendix A.11: code = 1*VSCHAR
        if code.is_empty() {
            return Err(missing_code());
        }
        if code.len() > LONGEST_CODE || !code.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
            return Err(invalid(
                "the code has characters that no code has, or is longer than 4096 bytes",
            ));
        }
        let names_account = |value: &&NamedValue| self.profile().callback.account_ids.contains(&value.name);
        Ok(AuthorizationCode {
            code: Secret::new(code),
            verifier: pending.verifier.clone(),
            redirect_uri: pending.redirect_uri.clone(),
            scopes: pending.scopes.clone(),
            account_ids: kept.iter().filter(names_account).cloned().collect(),
            kept,
            consenter: pending.consenter.clone(),
            issuer,
            origin: pending.origin(),
        })
    }
}

fn read(callback: &str) -> Result<Vec<Pair>, OAuthError> {
    percent::form_pairs(Arrival::of(callback).query).map_err(|fault| invalid(fault.message()))
}

/// The value of a parameter that may stand once.
fn single<'a>(pairs: &'a [Pair], name: &str) -> Result<Option<&'a str>, OAuthError> {
    let mut values = pairs.iter().filter(|(known, _)| known.as_str() == name);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(duplicate(name)),
        (value, None) => Ok(value.map(|(_, value)| value.as_str())),
    }
}

fn check_session(pending: &Pending, binding: &Binding) -> Result<(), OAuthError> {
    // Digests of 256 bits: an ordinary comparison tells an attacker nothing of use.
    if pending.binding == *binding {
        return Ok(());
    }
    Err(attack(
        ErrorCode::WrongUserSession,
        "the callback came in another user session than the one that began the login",
    ))
}

fn check_life(pending: &Pending, now: Now) -> Result<(), OAuthError> {
    let age = now.wall.saturating_sub(pending.begun_at);
    if age <= pending.life.saturating_add(CLOCK_TOLERANCE) && age >= -CLOCK_TOLERANCE {
        return Ok(());
    }
    Err(attack(
        ErrorCode::PendingExpired,
        "the login is older than its life, or the clock was set back; begin a new one",
    ))
}

/// An error code is NQSCHAR (RFC 6749 appendix A.7); what is not is left out, and no more than 64 of it are kept.
fn printable(error: &str) -> String {
    let fits = |char: &char| matches!(*char, ' ' | '!' | '#'..='[' | ']'..='~');
    let text: String = error.chars().filter(fits).take(64).collect();
    if text.is_empty() { String::from("unnamed") } else { text }
}

fn attack(code: ErrorCode, message: &str) -> OAuthError {
    OAuthError::new(Party::Host, code, Action::GiveUp, message)
}

fn stateless() -> OAuthError {
    attack(
        ErrorCode::StateMismatch,
        "the callback has no state, so it cannot be told to which login it belongs",
    )
}

fn missing_code() -> OAuthError {
    OAuthError::new(
        Party::Provider,
        ErrorCode::MissingCode,
        Action::GiveUp,
        "the callback has neither a code nor an error; begin a new login",
    )
}

fn invalid(message: &str) -> OAuthError {
    attack(ErrorCode::InvalidCallback, message)
}

fn duplicate(name: &str) -> OAuthError {
    attack(
        ErrorCode::DuplicateParameter,
        "the callback has this parameter twice, so it was tampered with or mangled on the way",
    )
    .at(name)
}
