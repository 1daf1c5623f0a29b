// Generated from core/src by `cargo run -p evergrant-generate`; do not edit.

//! The values of core, mirrored for Swift and Kotlin.

use evergrant::base::error::Action;
use evergrant::base::error::ErrorCode;
use evergrant::base::error::ErrorDetails;
use evergrant::base::error::Party;
use evergrant::base::error::ReauthorizationReason;
use evergrant::connection::health::Health;
use evergrant::connection::health::HealthState;
use evergrant::flow::event::Deadline;
use evergrant::flow::event::Event;
use evergrant::flow::event::Recovery;
use evergrant::message::callback::NamedValue;
use evergrant::message::callback::Refusal;
use evergrant::message::oddity::Oddity;
use evergrant::message::resource::ResourceJudgement;
use evergrant::message::token_answer::Evidence;
use evergrant::message::token_answer::EvidenceKind;
use evergrant::provider::environment::Environment;
use evergrant::provider::grant::Grant;

/// Who was at fault.
#[uniffi::remote(Enum)]
pub enum Party {
    /// The program around evergrant: configuration, arguments, order of calls.
    Host,
    /// The OAuth provider: its authorization server answered, and this is about the answer.
    Provider,
    /// The way between host and provider.
    Network,
    /// The host's store of records.
    Store,
}

/// What went wrong, as a stable word in snake_case.
#[uniffi::remote(Enum)]
pub enum ErrorCode {
    /// A profile could not be read; `field` names the place.
    InvalidProfile,
    /// No built-in profile has this id.
    UnknownProfile,
    /// The client configuration does not fit the profile or is malformed; `field` names the place.
    InvalidConfiguration,
    /// A URL is not acceptable as an endpoint or redirect URI.
    InvalidEndpoint,
    /// The profile or the chosen environment has no endpoint for what was asked; the host must give one.
    MissingEndpoint,
    /// The profile does not offer the grant that was asked for.
    UnsupportedGrant,
    /// An argument of the call is malformed; `field` names it.
    InvalidParameter,
    /// An extra parameter has a name that the protocol itself uses.
    ReservedParameter,
    /// The 32 bytes of entropy are all equal, so they did not come from a random source.
    WeakEntropy,
    /// The text is not a pending login of this library.
    InvalidPending,
    /// The text is the redacted print of a pending login, not the pending login itself.
    RedactedPending,
    /// The pending login is older than its life.
    PendingExpired,
    /// The callback is not a URL or query that can be read.
    InvalidCallback,
    /// A parameter that may occur once occurs twice.
    DuplicateParameter,
    /// The callback's `state` is missing or belongs to another login.
    StateMismatch,
    /// The callback's `iss` names another issuer than the one the login was begun with (RFC 9207).
    IssuerMismatch,
    /// The callback has no `iss` although the profile says this issuer always sends it (RFC 9207).
    IssuerMissing,
    /// The pending login was begun with another provider.
    WrongProvider,
    /// The pending login was begun in another environment.
    WrongEnvironment,
    /// The callback arrived at another path than the redirect URI of the login.
    WrongRedirectUri,
    /// The callback came in another user session than the one that began the login.
    WrongUserSession,
    /// The login was begun for a connection with another key.
    WrongKey,
    /// The callback has neither `code` nor `error`.
    MissingCode,
    /// The profile does not allow a code that the user types by hand.
    TypedCodeNotAllowed,
    /// The host could not sign.
    SigningFailed,
    /// The signature handed in has not the form its algorithm demands.
    InvalidSignature,
    /// The request certainly never reached the provider.
    NotSent,
    /// The request may have been processed; nothing is known of its outcome.
    OutcomeUnknown,
    /// The provider asks to slow down (429).
    Throttled,
    /// The provider answered with a fault of its own (5xx).
    ProviderFault,
    /// The provider does not accept the client's credentials.
    InvalidClient,
    /// The provider refuses the grant: revoked, expired, or already used.
    InvalidGrant,
    /// The provider refuses the request as it stands.
    RequestRejected,
    /// The provider's answer has none of the shapes that are known of it.
    UnexpectedAnswer,
    /// A protected resource rejects an access token that was issued a moment ago.
    FreshTokenRejected,
    /// The host's store did not answer.
    StoreUnavailable,
    /// The record cannot be opened: its key is missing.
    StoreLocked,
    /// There is no message function of this name.
    UnknownMessage,
    /// The text is not the JSON that was expected; `field` names the place.
    InvalidJson,
    /// A stored record cannot be read; `field` names the place. Nothing was changed.
    InvalidRecord,
    /// A stored record was written in a major format of a later release. Nothing was changed.
    UnknownRecordFormat,
    /// There is no connection under this key: nobody has logged in yet.
    NotConnected,
    /// The host disconnected this connection; only a login or an adoption brings it back.
    Disconnected,
    /// The consent is gone; the action says why, and what to tell whom.
    ReauthorizationRequired,
    /// The input does not answer the current step; nothing was changed.
    UnexpectedInput,
}

/// Why a user has to authorize again.
#[uniffi::remote(Enum)]
pub enum ReauthorizationReason {
    /// The answer that carried the rotated refresh token was lost, and the window for a repetition is over.
    LostRotation,
    /// The refresh token was not used within its idle life.
    IdleExpired,
    /// The key that seals the record is gone. Not said in this release: such a record is `store_locked`.
    KeyLost,
    /// The provider refuses the refresh token: consent revoked, role lost, account closed.
    RevokedOrRoleLost,
    /// The user who gave the consent no longer exists.
    AuthorizingUserGone,
    /// The access token is over, and the provider issued no refresh token.
    NoRefreshToken,
}

/// What the caller should do about an error.
#[uniffi::remote(Enum)]
pub enum Action {
    /// Ask again later. After `outcome_unknown` only where what was sent may be sent twice: a code may not.
    RetryAfter {
        /// How long to wait, in milliseconds from now.
        delay_ms: i64,
    },
    /// The user must authorize again.
    Reauthorize {
        /// Why.
        reason: ReauthorizationReason,
        /// Words for the user: who may do it, and how.
        words: String,
    },
    /// The request itself must change: other parameters, other scopes.
    AdjustRequest,
    /// The configuration of host, client or profile must change.
    FixConfiguration,
    /// Nothing to be done with this attempt; a new one may be begun.
    GiveUp,
    /// The program called in an order that makes no sense; fix the program.
    Misuse,
}

/// Everything about an error that may be shown, logged and sent to other languages; it holds no secret.
#[uniffi::remote(Record)]
pub struct ErrorDetails {
    /// Who was at fault.
    pub party: Party,
    /// What went wrong.
    pub code: ErrorCode,
    /// The provider's OAuth `error` value, where there was one (RFC 6749 section 5.2).
    pub oauth_error: Option<String>,
    /// The HTTP status of the provider's answer, where there was one.
    pub status: Option<i64>,
    /// The argument or field that is wrong, as a path such as `environments.sandbox.token`.
    pub field: Option<String>,
    /// One sentence: what was wrong and what to do. Lower case, no final stop.
    pub message: String,
    /// What to do.
    pub action: Action,
}

/// Which of the provider's worlds a client lives in. Credentials and tokens of one are worth nothing in the other.
#[uniffi::remote(Enum)]
pub enum Environment {
    /// Real accounts and real money.
    Production,
    /// The provider's test world; providers also call it demo, test or beta.
    Sandbox,
}

/// A way to obtain tokens at the token endpoint (RFC 6749 section 1.3).
#[uniffi::remote(Enum)]
pub enum Grant {
    /// A code from the authorization endpoint (RFC 6749 section 4.1).
    AuthorizationCode,
    /// A refresh token (RFC 6749 section 6).
    RefreshToken,
    /// The client's own credentials (RFC 6749 section 4.4).
    ClientCredentials,
}

/// A name and a value, such as a parameter that a callback brought or an account id.
#[uniffi::remote(Record)]
pub struct NamedValue {
    /// The name, as the profile spells it.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The user, or the provider, said no. Nothing is wrong with the program.
#[uniffi::remote(Record)]
pub struct Refusal {
    /// The provider's `error` value, such as `access_denied` (RFC 6749 section 4.1.2.1).
    pub oauth_error: String,
    /// Words for the user: what happened, and what can be done.
    pub words: String,
}

/// Something in an answer that is not as it should be, reported beside what could be harvested from it.
#[uniffi::remote(Enum)]
pub enum Oddity {
    /// The status does not go with an answer that carries tokens.
    UnexpectedStatus,
    /// The body is damaged or cut off; the tokens were read from what is whole.
    DamagedBody,
    /// The body is a form, not JSON.
    FormBody,
    /// There are tokens, and an error code beside them.
    ErrorBesideTokens,
    /// A field stands twice with different values.
    ConflictingFields,
    /// The access token has characters that no token may have, so it counts as none (RFC 6749 appendix A.12).
    UnusableAccessToken,
    /// The refresh token has characters that no token may have, or is a placeholder such as `****`, so it counts as
    /// none.
    UnusableRefreshToken,
    /// A token is not text.
    TokenNotText,
    /// There is no `token_type`; `Bearer` is taken.
    MissingTokenType,
    /// The `token_type` is not `Bearer`; it is used as one all the same.
    UnknownTokenType,
    /// The answer names no life of the access token; the profile's is taken.
    MissingLife,
    /// The life is null, zero, negative or unreadable; the profile's is taken.
    UnreadableLife,
    /// The life is longer than any real one; it was cut to a year.
    HugeLife,
    /// The life of the refresh token or the consent is null, zero, negative or unreadable; the profile's is taken.
    UnreadableRefreshLife,
    /// The scope is not text.
    UnreadableScope,
    /// The answer grants scopes that were not asked for.
    WiderScope,
    /// The answer grants less than was asked for.
    NarrowerScope,
    /// A refresh token came with client credentials and was dropped (RFC 6749 section 4.4.3).
    DroppedRefreshToken,
}

/// What a resource's answer says about the access token.
#[uniffi::remote(Enum)]
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

/// On what a verdict rests.
#[uniffi::remote(Enum)]
pub enum EvidenceKind {
    /// Tokens came.
    Tokens,
    /// The request could not be built or signed.
    NotBuilt,
    /// The request never left.
    NotSent,
    /// No whole answer came.
    NoAnswer,
    /// The provider asks to slow down.
    Throttled,
    /// The provider says that another refresh of the same token is under way.
    ConcurrentRefresh,
    /// The provider does not accept the client.
    ClientRefused,
    /// The provider does not accept the request, before looking at the grant.
    RequestRefused,
    /// The provider says that the grant is dead.
    GrantRefused,
    /// The provider says that the grant is dead, with a code that it also uses when it asks to slow down.
    GrantDoubted,
    /// A 401 without a code that is known.
    Unauthorized,
    /// A code that says nothing about the credential.
    OtherError,
    /// A 5xx.
    ServerFault,
    /// A redirection, which is never followed.
    Redirected,
    /// Two different refresh tokens in one answer.
    ConflictingTokens,
    /// A body that is none of the known shapes.
    Unreadable,
}

/// What a verdict rests on, as data without secrets.
#[uniffi::remote(Record)]
pub struct Evidence {
    /// The kind.
    pub kind: EvidenceKind,
    /// The HTTP status, where there was one.
    pub status: Option<i64>,
    /// The provider's error code, where there was one.
    pub oauth_error: Option<String>,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// What was odd about the answer.
    pub oddities: Vec<Oddity>,
}

/// How a refresh succeeded that did not at the first try.
#[uniffi::remote(Enum)]
pub enum Recovery {
    /// A further attempt inside the window in which the old refresh token still works.
    InWindow,
    /// An answer that was saved and waiting was taken into use when no better one could come.
    Promoted,
    /// An attempt after the window: there was nothing left to lose.
    LastChance,
    /// The answer came after nobody waited for it any more.
    Late,
}

/// Which end of a consent is near.
#[uniffi::remote(Enum)]
pub enum Deadline {
    /// The refresh token may not lie unused for longer.
    Idle,
    /// The consent ends, whatever is done.
    Hard,
}

/// Something that happened inside a machine.
#[uniffi::remote(Enum)]
pub enum Event {
    /// A service token was obtained.
    ServiceTokenObtained {
        /// Its life in milliseconds; none where it never expires.
        life_ms: Option<i64>,
        /// It was the second client secret that was accepted: the rotation can be completed.
        with_next_secret: bool,
    },
    /// An attempt to obtain a service token failed.
    ServiceTokenFailed {
        /// How.
        code: ErrorCode,
        /// A token that still lives is served meanwhile, so this is no outage.
        still_serving: bool,
    },
    /// A resource rejects a token that was obtained a moment ago; another one would fare no better.
    FreshTokenRejected,
    /// An answer was good, and odd.
    AnswerOddity {
        /// What was odd.
        oddity: Oddity,
    },
    /// A refresh was written down, and its request goes out now.
    RefreshStarted {
        /// The number of the attempt; it never repeats within a connection.
        attempt: i64,
        /// The window is over, and nothing can be lost by trying.
        last_chance: bool,
    },
    /// New tokens are saved and in use.
    RefreshSucceeded {
        /// The number of the attempt that brought them.
        attempt: i64,
        /// There is a new refresh token.
        rotated: bool,
        /// How, where it was not the first try that succeeded.
        recovery: Option<Recovery>,
    },
    /// An attempt ended, and the refresh token was certainly not looked at.
    RefreshNotSpent {
        /// The number of the attempt.
        attempt: i64,
        /// Why.
        kind: EvidenceKind,
        /// How long the provider asks to wait, in milliseconds.
        retry_after_ms: Option<i64>,
    },
    /// An attempt ended, and nobody knows whether the provider acted; the next one will show.
    RefreshUnknown {
        /// The number of the attempt.
        attempt: i64,
        /// Why.
        kind: EvidenceKind,
        /// The HTTP status, where there was one.
        status: Option<i64>,
    },
    /// The provider refused the refresh token in one attempt; that alone is no verdict.
    RefreshRejected {
        /// The number of the attempt.
        attempt: i64,
        /// The provider's error code.
        oauth_error: Option<String>,
    },
    /// Another worker has renewed the tokens meanwhile.
    SiblingRefreshed {
        /// The generation of its tokens.
        generation: i64,
    },
    /// The store does not take new tokens; they are held in memory and written again and again. Look at the store now.
    PersistFailing,
    /// The store has taken the tokens that were held.
    PersistRecovered,
    /// The scopes granted are not those of the tokens before.
    ScopesChanged {
        /// The scopes now.
        granted: Vec<String>,
    },
    /// The consent ends soon.
    DeadlineNear {
        /// Which end.
        deadline: Deadline,
        /// How long it is until then, in milliseconds.
        left_ms: i64,
    },
    /// The consent is gone; the user must authorize again.
    ReauthorizationNeeded {
        /// Why.
        reason: ReauthorizationReason,
        /// The provider's error code, where there was one.
        oauth_error: Option<String>,
    },
    /// A login or an adoption brought tokens, and they are in use.
    Connected {
        /// The connection had a consent before.
        again: bool,
    },
    /// The exchange of a login's code ended without tokens.
    LoginFailed {
        /// How.
        kind: EvidenceKind,
        /// The provider's error code, where there was one.
        oauth_error: Option<String>,
    },
    /// The host disconnected, and the tokens are wiped.
    Disconnected,
    /// The provider does not accept the client; this is about the configuration, not about one connection.
    ClientRefused {
        /// The provider's error code, where there was one.
        oauth_error: Option<String>,
    },
    /// Tokens came for a consent that is not in use any more, and were dropped.
    AnswerIgnored {
        /// The order of that consent.
        order: i64,
    },
    /// The provider's clock and this machine's differ by more than a minute.
    ClockOffset {
        /// The provider's clock less this machine's, in milliseconds.
        offset_ms: i64,
    },
}

/// How well a connection is, in a word.
#[uniffi::remote(Enum)]
pub enum HealthState {
    /// All is well.
    Healthy,
    /// Something failed and is tried again; the access token in use is still good, or there is no reason to worry yet.
    Degraded,
    /// The consent ends soon, or it is not known whether the refresh token still lives.
    AtRisk,
    /// Only the user can mend it.
    NeedsReauthorization,
    /// The host disconnected it.
    Disconnected,
    /// There was never a consent.
    NotConnected,
}

/// How well a connection is, and what to do.
///
/// All times are milliseconds since 1970 on the store's clock. Nothing in it is secret.
#[uniffi::remote(Record)]
pub struct Health {
    /// In a word.
    pub state: HealthState,
    /// Since when it is so, where that is known.
    pub since: Option<i64>,
    /// Why, in words. Lower case, no final stop.
    pub reason: String,
    /// Nobody has to do anything: all is well, or it may come right by itself.
    pub recovers_by_itself: bool,
    /// What to do, in words for the user, where something is to be done.
    pub what_to_do: Option<String>,
    /// The roles whose holders can do it, where the provider names them.
    pub who: Vec<String>,
    /// Why the user must authorize again, where that is so.
    pub reauthorization: Option<ReauthorizationReason>,
    /// The provider's error code behind that, where there was one.
    pub oauth_error: Option<String>,
    /// Whole days until the refresh token has been unused for too long, where that is known.
    pub idle_days_left: Option<i64>,
    /// Whole days until the consent ends whatever is done, where that is known.
    pub hard_days_left: Option<i64>,
    /// When tokens last came.
    pub last_success: Option<i64>,
    /// When something last went wrong, since tokens last came.
    pub last_failure: Option<i64>,
    /// Failures since tokens last came.
    pub failures_in_a_row: i64,
    /// Who consented, as the host said at the login.
    pub consented_by: Option<String>,
    /// That user's role at the provider, as the host said.
    pub role: Option<String>,
    /// When the consent was given.
    pub consented_at: Option<i64>,
    /// The scopes granted.
    pub scopes: Vec<String>,
}

/// The stable word of an error code, the same in every language, for logs and metrics.
#[uniffi::export]
pub fn error_code_word(code: ErrorCode) -> String {
    let word = match code {
        ErrorCode::InvalidProfile => "invalid_profile",
        ErrorCode::UnknownProfile => "unknown_profile",
        ErrorCode::InvalidConfiguration => "invalid_configuration",
        ErrorCode::InvalidEndpoint => "invalid_endpoint",
        ErrorCode::MissingEndpoint => "missing_endpoint",
        ErrorCode::UnsupportedGrant => "unsupported_grant",
        ErrorCode::InvalidParameter => "invalid_parameter",
        ErrorCode::ReservedParameter => "reserved_parameter",
        ErrorCode::WeakEntropy => "weak_entropy",
        ErrorCode::InvalidPending => "invalid_pending",
        ErrorCode::RedactedPending => "redacted_pending",
        ErrorCode::PendingExpired => "pending_expired",
        ErrorCode::InvalidCallback => "invalid_callback",
        ErrorCode::DuplicateParameter => "duplicate_parameter",
        ErrorCode::StateMismatch => "state_mismatch",
        ErrorCode::IssuerMismatch => "issuer_mismatch",
        ErrorCode::IssuerMissing => "issuer_missing",
        ErrorCode::WrongProvider => "wrong_provider",
        ErrorCode::WrongEnvironment => "wrong_environment",
        ErrorCode::WrongRedirectUri => "wrong_redirect_uri",
        ErrorCode::WrongUserSession => "wrong_user_session",
        ErrorCode::WrongKey => "wrong_key",
        ErrorCode::MissingCode => "missing_code",
        ErrorCode::TypedCodeNotAllowed => "typed_code_not_allowed",
        ErrorCode::SigningFailed => "signing_failed",
        ErrorCode::InvalidSignature => "invalid_signature",
        ErrorCode::NotSent => "not_sent",
        ErrorCode::OutcomeUnknown => "outcome_unknown",
        ErrorCode::Throttled => "throttled",
        ErrorCode::ProviderFault => "provider_fault",
        ErrorCode::InvalidClient => "invalid_client",
        ErrorCode::InvalidGrant => "invalid_grant",
        ErrorCode::RequestRejected => "request_rejected",
        ErrorCode::UnexpectedAnswer => "unexpected_answer",
        ErrorCode::FreshTokenRejected => "fresh_token_rejected",
        ErrorCode::StoreUnavailable => "store_unavailable",
        ErrorCode::StoreLocked => "store_locked",
        ErrorCode::UnknownMessage => "unknown_message",
        ErrorCode::InvalidJson => "invalid_json",
        ErrorCode::InvalidRecord => "invalid_record",
        ErrorCode::UnknownRecordFormat => "unknown_record_format",
        ErrorCode::NotConnected => "not_connected",
        ErrorCode::Disconnected => "disconnected",
        ErrorCode::ReauthorizationRequired => "reauthorization_required",
        ErrorCode::UnexpectedInput => "unexpected_input",
    };
    String::from(word)
}
