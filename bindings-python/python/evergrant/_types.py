# Generated from core/src by `cargo run -p evergrant-generate`; do not edit.
"""The values that core hands out, and their decoders from core's JSON.

Moments and spans are milliseconds. A later release may know more words, fields and types: have a default branch, and
build a value by keyword. Core and this file are parts of one wheel, so a decoder refuses a word that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Literal, TypeAlias, TypeVar

__all__ = [
    "Action",
    "ActionAdjustRequest",
    "ActionFixConfiguration",
    "ActionGiveUp",
    "ActionMisuse",
    "ActionReauthorize",
    "ActionRetryAfter",
    "Deadline",
    "Environment",
    "ErrorCode",
    "ErrorDetails",
    "Event",
    "EventAnswerIgnored",
    "EventAnswerOddity",
    "EventClientRefused",
    "EventClockOffset",
    "EventConnected",
    "EventDeadlineNear",
    "EventDisconnected",
    "EventFreshTokenRejected",
    "EventLoginFailed",
    "EventPersistFailing",
    "EventPersistRecovered",
    "EventReauthorizationNeeded",
    "EventRefreshNotSpent",
    "EventRefreshRejected",
    "EventRefreshStarted",
    "EventRefreshSucceeded",
    "EventRefreshUnknown",
    "EventScopesChanged",
    "EventServiceTokenFailed",
    "EventServiceTokenObtained",
    "EventSiblingRefreshed",
    "Evidence",
    "EvidenceKind",
    "Grant",
    "Health",
    "HealthState",
    "NamedValue",
    "Oddity",
    "Party",
    "ReauthorizationReason",
    "Recovery",
    "Refusal",
    "ResourceJudgement",
    "ResourceJudgementAccepted",
    "ResourceJudgementNotOurs",
    "ResourceJudgementScopeMissing",
    "ResourceJudgementStepUp",
    "ResourceJudgementTokenDead",
]

_T = TypeVar("_T")
_Decoder: TypeAlias = Callable[[object, str], _T]


class _Word(str, Enum):
    """An enum whose members are text, and print as it."""

    def __str__(self) -> str:
        return str(self.value)


class _Members:
    """The members of one JSON object, and whose they are, for messages."""

    __slots__ = ("_json", "_place")

    def __init__(self, json: object, place: str) -> None:
        if not isinstance(json, dict):
            raise TypeError(f"{place}: expected an object")
        self._json: dict[object, object] = json
        self._place = place

    def read(self, name: str, decode: _Decoder[_T]) -> _T:
        return decode(self._json.get(name), f"{self._place}.{name}")


def _text(json: object, place: str) -> str:
    if not isinstance(json, str):
        raise TypeError(f"{place}: expected text")
    return json


def _integer(json: object, place: str) -> int:
    if not isinstance(json, int) or isinstance(json, bool):
        raise TypeError(f"{place}: expected an integer")
    return json


def _flag(json: object, place: str) -> bool:
    if not isinstance(json, bool):
        raise TypeError(f"{place}: expected true or false")
    return json


def _optional(decode: _Decoder[_T]) -> _Decoder[_T | None]:
    return lambda json, place: None if json is None else decode(json, place)


def _list(decode: _Decoder[_T]) -> _Decoder[tuple[_T, ...]]:
    def read(json: object, place: str) -> tuple[_T, ...]:
        if not isinstance(json, list):
            raise TypeError(f"{place}: expected a list")
        return tuple(decode(item, f"{place}[{at}]") for at, item in enumerate(json))

    return read


class Party(_Word):
    """Who was at fault."""

    HOST = "host"
    """The program around evergrant: configuration, arguments, order of calls."""
    PROVIDER = "provider"
    """The OAuth provider: its authorization server answered, and this is about the answer."""
    NETWORK = "network"
    """The way between host and provider."""
    STORE = "store"
    """The host's store of records."""


class ErrorCode(_Word):
    """What went wrong, as a stable word in snake_case."""

    INVALID_PROFILE = "invalid_profile"
    """A profile could not be read; `field` names the place."""
    UNKNOWN_PROFILE = "unknown_profile"
    """No built-in profile has this id."""
    INVALID_CONFIGURATION = "invalid_configuration"
    """The client configuration does not fit the profile or is malformed; `field` names the place."""
    INVALID_ENDPOINT = "invalid_endpoint"
    """A URL is not acceptable as an endpoint or redirect URI."""
    MISSING_ENDPOINT = "missing_endpoint"
    """The profile or the chosen environment has no endpoint for what was asked; the host must give one."""
    UNSUPPORTED_GRANT = "unsupported_grant"
    """The profile does not offer the grant that was asked for."""
    INVALID_PARAMETER = "invalid_parameter"
    """An argument of the call is malformed; `field` names it."""
    RESERVED_PARAMETER = "reserved_parameter"
    """An extra parameter has a name that the protocol itself uses."""
    WEAK_ENTROPY = "weak_entropy"
    """The 32 bytes of entropy are all equal, so they did not come from a random source."""
    INVALID_PENDING = "invalid_pending"
    """The text is not a pending login of this library."""
    REDACTED_PENDING = "redacted_pending"
    """The text is the redacted print of a pending login, not the pending login itself."""
    PENDING_EXPIRED = "pending_expired"
    """The pending login is older than its life."""
    INVALID_CALLBACK = "invalid_callback"
    """The callback is not a URL or query that can be read."""
    DUPLICATE_PARAMETER = "duplicate_parameter"
    """A parameter that may occur once occurs twice."""
    STATE_MISMATCH = "state_mismatch"
    """The callback's `state` is missing or belongs to another login."""
    ISSUER_MISMATCH = "issuer_mismatch"
    """The callback's `iss` names another issuer than the one the login was begun with (RFC 9207)."""
    ISSUER_MISSING = "issuer_missing"
    """The callback has no `iss` although the profile says this issuer always sends it (RFC 9207)."""
    WRONG_PROVIDER = "wrong_provider"
    """The pending login was begun with another provider."""
    WRONG_ENVIRONMENT = "wrong_environment"
    """The pending login was begun in another environment."""
    WRONG_REDIRECT_URI = "wrong_redirect_uri"
    """The callback arrived at another path than the redirect URI of the login."""
    WRONG_USER_SESSION = "wrong_user_session"
    """The callback came in another user session than the one that began the login."""
    WRONG_KEY = "wrong_key"
    """The login was begun for a connection with another key."""
    MISSING_CODE = "missing_code"
    """The callback has neither `code` nor `error`."""
    TYPED_CODE_NOT_ALLOWED = "typed_code_not_allowed"
    """The profile does not allow a code that the user types by hand."""
    SIGNING_FAILED = "signing_failed"
    """The host could not sign."""
    INVALID_SIGNATURE = "invalid_signature"
    """The signature handed in has not the form its algorithm demands."""
    NOT_SENT = "not_sent"
    """The request certainly never reached the provider."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """The request may have been processed; nothing is known of its outcome."""
    THROTTLED = "throttled"
    """The provider asks to slow down (429)."""
    PROVIDER_FAULT = "provider_fault"
    """The provider answered with a fault of its own (5xx)."""
    INVALID_CLIENT = "invalid_client"
    """The provider does not accept the client's credentials."""
    INVALID_GRANT = "invalid_grant"
    """The provider refuses the grant: revoked, expired, or already used."""
    REQUEST_REJECTED = "request_rejected"
    """The provider refuses the request as it stands."""
    UNEXPECTED_ANSWER = "unexpected_answer"
    """The provider's answer has none of the shapes that are known of it."""
    FRESH_TOKEN_REJECTED = "fresh_token_rejected"
    """A protected resource rejects an access token that was issued a moment ago."""
    STORE_UNAVAILABLE = "store_unavailable"
    """The host's store did not answer."""
    STORE_LOCKED = "store_locked"
    """The record cannot be opened: its key is missing."""
    UNKNOWN_MESSAGE = "unknown_message"
    """There is no message function of this name."""
    INVALID_JSON = "invalid_json"
    """The text is not the JSON that was expected; `field` names the place."""
    INVALID_RECORD = "invalid_record"
    """A stored record cannot be read; `field` names the place. Nothing was changed."""
    UNKNOWN_RECORD_FORMAT = "unknown_record_format"
    """A stored record was written in a major format of a later release. Nothing was changed."""
    NOT_CONNECTED = "not_connected"
    """There is no connection under this key: nobody has logged in yet."""
    DISCONNECTED = "disconnected"
    """The host disconnected this connection; only a login or an adoption brings it back."""
    REAUTHORIZATION_REQUIRED = "reauthorization_required"
    """The consent is gone; the action says why, and what to tell whom."""
    UNEXPECTED_INPUT = "unexpected_input"
    """The input does not answer the current step; nothing was changed."""


class ReauthorizationReason(_Word):
    """Why a user has to authorize again."""

    LOST_ROTATION = "lost_rotation"
    """The answer that carried the rotated refresh token was lost, and the window for a repetition is over."""
    IDLE_EXPIRED = "idle_expired"
    """The refresh token was not used within its idle life."""
    KEY_LOST = "key_lost"
    """The key that seals the record is gone. Not said in this release: such a record is `store_locked`."""
    REVOKED_OR_ROLE_LOST = "revoked_or_role_lost"
    """The provider refuses the refresh token: consent revoked, role lost, account closed."""
    AUTHORIZING_USER_GONE = "authorizing_user_gone"
    """The user who gave the consent no longer exists."""
    NO_REFRESH_TOKEN = "no_refresh_token"
    """The access token is over, and the provider issued no refresh token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRetryAfter:
    """Ask again later. After `outcome_unknown` only where what was sent may be sent twice: a code may not."""

    type: ClassVar[Literal["retry_after"]] = "retry_after"
    delay_ms: int
    """How long to wait, in milliseconds from now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionReauthorize:
    """The user must authorize again."""

    type: ClassVar[Literal["reauthorize"]] = "reauthorize"
    reason: ReauthorizationReason
    """Why."""
    words: str
    """Words for the user: who may do it, and how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionAdjustRequest:
    """The request itself must change: other parameters, other scopes."""

    type: ClassVar[Literal["adjust_request"]] = "adjust_request"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionFixConfiguration:
    """The configuration of host, client or profile must change."""

    type: ClassVar[Literal["fix_configuration"]] = "fix_configuration"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionGiveUp:
    """Nothing to be done with this attempt; a new one may be begun."""

    type: ClassVar[Literal["give_up"]] = "give_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionMisuse:
    """The program called in an order that makes no sense; fix the program."""

    type: ClassVar[Literal["misuse"]] = "misuse"


Action: TypeAlias = (
    ActionRetryAfter | ActionReauthorize | ActionAdjustRequest | ActionFixConfiguration | ActionGiveUp | ActionMisuse
)
"""What the caller should do about an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorDetails:
    """Everything about an error that may be shown, logged and sent to other languages; it holds no secret."""

    party: Party
    """Who was at fault."""
    code: ErrorCode
    """What went wrong."""
    oauth_error: str | None
    """The provider's OAuth `error` value, where there was one (RFC 6749 section 5.2)."""
    status: int | None
    """The HTTP status of the provider's answer, where there was one."""
    field: str | None
    """The argument or field that is wrong, as a path such as `environments.sandbox.token`."""
    message: str
    """One sentence: what was wrong and what to do. Lower case, no final stop."""
    action: Action
    """What to do."""


class Environment(_Word):
    """Which of the provider's worlds a client lives in. Credentials and tokens of one are worth nothing in the
    other.
    """

    PRODUCTION = "production"
    """Real accounts and real money."""
    SANDBOX = "sandbox"
    """The provider's test world; providers also call it demo, test or beta."""


class Grant(_Word):
    """A way to obtain tokens at the token endpoint (RFC 6749 section 1.3)."""

    AUTHORIZATION_CODE = "authorization_code"
    """A code from the authorization endpoint (RFC 6749 section 4.1)."""
    REFRESH_TOKEN = "refresh_token"
    """A refresh token (RFC 6749 section 6)."""
    CLIENT_CREDENTIALS = "client_credentials"
    """The client's own credentials (RFC 6749 section 4.4)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedValue:
    """A name and a value, such as a parameter that a callback brought or an account id."""

    name: str
    """The name, as the profile spells it."""
    value: str
    """The value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The user, or the provider, said no. Nothing is wrong with the program."""

    oauth_error: str
    """The provider's `error` value, such as `access_denied` (RFC 6749 section 4.1.2.1)."""
    words: str
    """Words for the user: what happened, and what can be done."""


class Oddity(_Word):
    """Something in an answer that is not as it should be, reported beside what could be harvested from it."""

    UNEXPECTED_STATUS = "unexpected_status"
    """The status does not go with an answer that carries tokens."""
    DAMAGED_BODY = "damaged_body"
    """The body is damaged or cut off; the tokens were read from what is whole."""
    FORM_BODY = "form_body"
    """The body is a form, not JSON."""
    ERROR_BESIDE_TOKENS = "error_beside_tokens"
    """There are tokens, and an error code beside them."""
    CONFLICTING_FIELDS = "conflicting_fields"
    """A field stands twice with different values."""
    UNUSABLE_ACCESS_TOKEN = "unusable_access_token"
    """The access token has characters that no token may have, so it counts as none (RFC 6749 appendix A.12)."""
    UNUSABLE_REFRESH_TOKEN = "unusable_refresh_token"
    """The refresh token has characters that no token may have, or is a placeholder such as `****`, so it counts as
    none.
    """
    TOKEN_NOT_TEXT = "token_not_text"
    """A token is not text."""
    MISSING_TOKEN_TYPE = "missing_token_type"
    """There is no `token_type`; `Bearer` is taken."""
    UNKNOWN_TOKEN_TYPE = "unknown_token_type"
    """The `token_type` is not `Bearer`; it is used as one all the same."""
    MISSING_LIFE = "missing_life"
    """The answer names no life of the access token; the profile's is taken."""
    UNREADABLE_LIFE = "unreadable_life"
    """The life is null, zero, negative or unreadable; the profile's is taken."""
    HUGE_LIFE = "huge_life"
    """The life is longer than any real one; it was cut to a year."""
    UNREADABLE_REFRESH_LIFE = "unreadable_refresh_life"
    """The life of the refresh token or the consent is null, zero, negative or unreadable; the profile's is taken."""
    UNREADABLE_SCOPE = "unreadable_scope"
    """The scope is not text."""
    WIDER_SCOPE = "wider_scope"
    """The answer grants scopes that were not asked for."""
    NARROWER_SCOPE = "narrower_scope"
    """The answer grants less than was asked for."""
    DROPPED_REFRESH_TOKEN = "dropped_refresh_token"
    """A refresh token came with client credentials and was dropped (RFC 6749 section 4.4.3)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceJudgementAccepted:
    """Nothing against it: the status is below 400."""

    type: ClassVar[Literal["accepted"]] = "accepted"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceJudgementTokenDead:
    """The token is dead: get another, then repeat the request once."""

    type: ClassVar[Literal["token_dead"]] = "token_dead"
    oauth_error: str | None
    """The challenge's error code, where there was one (RFC 6750 section 3.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceJudgementScopeMissing:
    """The token lacks a scope: ask the user for more, a refresh does not help."""

    type: ClassVar[Literal["scope_missing"]] = "scope_missing"
    scope: str | None
    """The scope the resource wants, where it says so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceJudgementStepUp:
    """The user must prove more (step-up: Wise's strong customer authentication, RFC 9470); a refresh does not help."""

    type: ClassVar[Literal["step_up"]] = "step_up"
    oauth_error: str | None
    """The challenge's error code, where there was one."""
    acr_values: str | None
    """The authentication contexts that would do, separated by spaces, where the challenge names them (RFC 9470)."""
    max_age_seconds: int | None
    """How old the user's authentication may be, in seconds, where the challenge says so (RFC 9470)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceJudgementNotOurs:
    """Refused for a reason that no token mends."""

    type: ClassVar[Literal["not_ours"]] = "not_ours"
    status: int
    """The HTTP status."""


ResourceJudgement: TypeAlias = (
    ResourceJudgementAccepted
    | ResourceJudgementTokenDead
    | ResourceJudgementScopeMissing
    | ResourceJudgementStepUp
    | ResourceJudgementNotOurs
)
"""What a resource's answer says about the access token."""


class EvidenceKind(_Word):
    """On what a verdict rests."""

    TOKENS = "tokens"
    """Tokens came."""
    NOT_BUILT = "not_built"
    """The request could not be built or signed."""
    NOT_SENT = "not_sent"
    """The request never left."""
    NO_ANSWER = "no_answer"
    """No whole answer came."""
    THROTTLED = "throttled"
    """The provider asks to slow down."""
    CONCURRENT_REFRESH = "concurrent_refresh"
    """The provider says that another refresh of the same token is under way."""
    CLIENT_REFUSED = "client_refused"
    """The provider does not accept the client."""
    REQUEST_REFUSED = "request_refused"
    """The provider does not accept the request, before looking at the grant."""
    GRANT_REFUSED = "grant_refused"
    """The provider says that the grant is dead."""
    GRANT_DOUBTED = "grant_doubted"
    """The provider says that the grant is dead, with a code that it also uses when it asks to slow down."""
    UNAUTHORIZED = "unauthorized"
    """A 401 without a code that is known."""
    OTHER_ERROR = "other_error"
    """A code that says nothing about the credential."""
    SERVER_FAULT = "server_fault"
    """A 5xx."""
    REDIRECTED = "redirected"
    """A redirection, which is never followed."""
    CONFLICTING_TOKENS = "conflicting_tokens"
    """Two different refresh tokens in one answer."""
    UNREADABLE = "unreadable"
    """A body that is none of the known shapes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a verdict rests on, as data without secrets."""

    kind: EvidenceKind
    """The kind."""
    status: int | None
    """The HTTP status, where there was one."""
    oauth_error: str | None
    """The provider's error code, where there was one."""
    retry_after_ms: int | None
    """How long the provider asks to wait, in milliseconds."""
    oddities: tuple[Oddity, ...]
    """What was odd about the answer."""


class Recovery(_Word):
    """How a refresh succeeded that did not at the first try."""

    IN_WINDOW = "in_window"
    """A further attempt inside the window in which the old refresh token still works."""
    PROMOTED = "promoted"
    """An answer that was saved and waiting was taken into use when no better one could come."""
    LAST_CHANCE = "last_chance"
    """An attempt after the window: there was nothing left to lose."""
    LATE = "late"
    """The answer came after nobody waited for it any more."""


class Deadline(_Word):
    """Which end of a consent is near."""

    IDLE = "idle"
    """The refresh token may not lie unused for longer."""
    HARD = "hard"
    """The consent ends, whatever is done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventServiceTokenObtained:
    """A service token was obtained."""

    type: ClassVar[Literal["service_token_obtained"]] = "service_token_obtained"
    life_ms: int | None
    """Its life in milliseconds; none where it never expires."""
    with_next_secret: bool
    """It was the second client secret that was accepted: the rotation can be completed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventServiceTokenFailed:
    """An attempt to obtain a service token failed."""

    type: ClassVar[Literal["service_token_failed"]] = "service_token_failed"
    code: ErrorCode
    """How."""
    still_serving: bool
    """A token that still lives is served meanwhile, so this is no outage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFreshTokenRejected:
    """A resource rejects a token that was obtained a moment ago; another one would fare no better."""

    type: ClassVar[Literal["fresh_token_rejected"]] = "fresh_token_rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventAnswerOddity:
    """An answer was good, and odd."""

    type: ClassVar[Literal["answer_oddity"]] = "answer_oddity"
    oddity: Oddity
    """What was odd."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRefreshStarted:
    """A refresh was written down, and its request goes out now."""

    type: ClassVar[Literal["refresh_started"]] = "refresh_started"
    attempt: int
    """The number of the attempt; it never repeats within a connection."""
    last_chance: bool
    """The window is over, and nothing can be lost by trying."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRefreshSucceeded:
    """New tokens are saved and in use."""

    type: ClassVar[Literal["refresh_succeeded"]] = "refresh_succeeded"
    attempt: int
    """The number of the attempt that brought them."""
    rotated: bool
    """There is a new refresh token."""
    recovery: Recovery | None
    """How, where it was not the first try that succeeded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRefreshNotSpent:
    """An attempt ended, and the refresh token was certainly not looked at."""

    type: ClassVar[Literal["refresh_not_spent"]] = "refresh_not_spent"
    attempt: int
    """The number of the attempt."""
    kind: EvidenceKind
    """Why."""
    retry_after_ms: int | None
    """How long the provider asks to wait, in milliseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRefreshUnknown:
    """An attempt ended, and nobody knows whether the provider acted; the next one will show."""

    type: ClassVar[Literal["refresh_unknown"]] = "refresh_unknown"
    attempt: int
    """The number of the attempt."""
    kind: EvidenceKind
    """Why."""
    status: int | None
    """The HTTP status, where there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRefreshRejected:
    """The provider refused the refresh token in one attempt; that alone is no verdict."""

    type: ClassVar[Literal["refresh_rejected"]] = "refresh_rejected"
    attempt: int
    """The number of the attempt."""
    oauth_error: str | None
    """The provider's error code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSiblingRefreshed:
    """Another worker has renewed the tokens meanwhile."""

    type: ClassVar[Literal["sibling_refreshed"]] = "sibling_refreshed"
    generation: int
    """The generation of its tokens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventPersistFailing:
    """The store does not take new tokens; they are held in memory and written again and again. Look at the store
    now.
    """

    type: ClassVar[Literal["persist_failing"]] = "persist_failing"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventPersistRecovered:
    """The store has taken the tokens that were held."""

    type: ClassVar[Literal["persist_recovered"]] = "persist_recovered"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventScopesChanged:
    """The scopes granted are not those of the tokens before."""

    type: ClassVar[Literal["scopes_changed"]] = "scopes_changed"
    granted: tuple[str, ...]
    """The scopes now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDeadlineNear:
    """The consent ends soon."""

    type: ClassVar[Literal["deadline_near"]] = "deadline_near"
    deadline: Deadline
    """Which end."""
    left_ms: int
    """How long it is until then, in milliseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventReauthorizationNeeded:
    """The consent is gone; the user must authorize again."""

    type: ClassVar[Literal["reauthorization_needed"]] = "reauthorization_needed"
    reason: ReauthorizationReason
    """Why."""
    oauth_error: str | None
    """The provider's error code, where there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventConnected:
    """A login or an adoption brought tokens, and they are in use."""

    type: ClassVar[Literal["connected"]] = "connected"
    again: bool
    """The connection had a consent before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLoginFailed:
    """The exchange of a login's code ended without tokens."""

    type: ClassVar[Literal["login_failed"]] = "login_failed"
    kind: EvidenceKind
    """How."""
    oauth_error: str | None
    """The provider's error code, where there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDisconnected:
    """The host disconnected, and the tokens are wiped."""

    type: ClassVar[Literal["disconnected"]] = "disconnected"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventClientRefused:
    """The provider does not accept the client; this is about the configuration, not about one connection."""

    type: ClassVar[Literal["client_refused"]] = "client_refused"
    oauth_error: str | None
    """The provider's error code, where there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventAnswerIgnored:
    """Tokens came for a consent that is not in use any more, and were dropped."""

    type: ClassVar[Literal["answer_ignored"]] = "answer_ignored"
    order: int
    """The order of that consent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventClockOffset:
    """The provider's clock and this machine's differ by more than a minute."""

    type: ClassVar[Literal["clock_offset"]] = "clock_offset"
    offset_ms: int
    """The provider's clock less this machine's, in milliseconds."""


Event: TypeAlias = (
    EventServiceTokenObtained
    | EventServiceTokenFailed
    | EventFreshTokenRejected
    | EventAnswerOddity
    | EventRefreshStarted
    | EventRefreshSucceeded
    | EventRefreshNotSpent
    | EventRefreshUnknown
    | EventRefreshRejected
    | EventSiblingRefreshed
    | EventPersistFailing
    | EventPersistRecovered
    | EventScopesChanged
    | EventDeadlineNear
    | EventReauthorizationNeeded
    | EventConnected
    | EventLoginFailed
    | EventDisconnected
    | EventClientRefused
    | EventAnswerIgnored
    | EventClockOffset
)
"""Something that happened inside a machine."""


class HealthState(_Word):
    """How well a connection is, in a word."""

    HEALTHY = "healthy"
    """All is well."""
    DEGRADED = "degraded"
    """Something failed and is tried again; the access token in use is still good, or there is no reason to worry
    yet.
    """
    AT_RISK = "at_risk"
    """The consent ends soon, or it is not known whether the refresh token still lives."""
    NEEDS_REAUTHORIZATION = "needs_reauthorization"
    """Only the user can mend it."""
    DISCONNECTED = "disconnected"
    """The host disconnected it."""
    NOT_CONNECTED = "not_connected"
    """There was never a consent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How well a connection is, and what to do.

    All times are milliseconds since 1970 on the store's clock. Nothing in it is secret.
    """

    state: HealthState
    """In a word."""
    since: int | None
    """Since when it is so, where that is known."""
    reason: str
    """Why, in words. Lower case, no final stop."""
    recovers_by_itself: bool
    """Nobody has to do anything: all is well, or it may come right by itself."""
    what_to_do: str | None
    """What to do, in words for the user, where something is to be done."""
    who: tuple[str, ...]
    """The roles whose holders can do it, where the provider names them."""
    reauthorization: ReauthorizationReason | None
    """Why the user must authorize again, where that is so."""
    oauth_error: str | None
    """The provider's error code behind that, where there was one."""
    idle_days_left: int | None
    """Whole days until the refresh token has been unused for too long, where that is known."""
    hard_days_left: int | None
    """Whole days until the consent ends whatever is done, where that is known."""
    last_success: int | None
    """When tokens last came."""
    last_failure: int | None
    """When something last went wrong, since tokens last came."""
    failures_in_a_row: int
    """Failures since tokens last came."""
    consented_by: str | None
    """Who consented, as the host said at the login."""
    role: str | None
    """That user's role at the provider, as the host said."""
    consented_at: int | None
    """When the consent was given."""
    scopes: tuple[str, ...]
    """The scopes granted."""


def decode_party(json: object, place: str = "Party") -> Party:
    """Reads `Party` from core's JSON."""
    return Party(_text(json, place))


def decode_error_code(json: object, place: str = "ErrorCode") -> ErrorCode:
    """Reads `ErrorCode` from core's JSON."""
    return ErrorCode(_text(json, place))


def decode_reauthorization_reason(json: object, place: str = "ReauthorizationReason") -> ReauthorizationReason:
    """Reads `ReauthorizationReason` from core's JSON."""
    return ReauthorizationReason(_text(json, place))


def decode_action(json: object, place: str = "Action") -> Action:
    """Reads `Action` from core's JSON."""
    members = _Members(json, place)
    match members.read("type", _text):
        case "retry_after":
            return ActionRetryAfter(
                delay_ms=members.read("delay_ms", _integer),
            )
        case "reauthorize":
            return ActionReauthorize(
                reason=members.read("reason", decode_reauthorization_reason),
                words=members.read("words", _text),
            )
        case "adjust_request":
            return ActionAdjustRequest()
        case "fix_configuration":
            return ActionFixConfiguration()
        case "give_up":
            return ActionGiveUp()
        case "misuse":
            return ActionMisuse()
        case unknown:
            raise ValueError(f"{place}: {unknown!r} is no type of it")


def decode_error_details(json: object, place: str = "ErrorDetails") -> ErrorDetails:
    """Reads `ErrorDetails` from core's JSON."""
    members = _Members(json, place)
    return ErrorDetails(
        party=members.read("party", decode_party),
        code=members.read("code", decode_error_code),
        oauth_error=members.read("oauth_error", _optional(_text)),
        status=members.read("status", _optional(_integer)),
        field=members.read("field", _optional(_text)),
        message=members.read("message", _text),
        action=members.read("action", decode_action),
    )


def decode_environment(json: object, place: str = "Environment") -> Environment:
    """Reads `Environment` from core's JSON."""
    return Environment(_text(json, place))


def decode_grant(json: object, place: str = "Grant") -> Grant:
    """Reads `Grant` from core's JSON."""
    return Grant(_text(json, place))


def decode_named_value(json: object, place: str = "NamedValue") -> NamedValue:
    """Reads `NamedValue` from core's JSON."""
    members = _Members(json, place)
    return NamedValue(
        name=members.read("name", _text),
        value=members.read("value", _text),
    )


def decode_refusal(json: object, place: str = "Refusal") -> Refusal:
    """Reads `Refusal` from core's JSON."""
    members = _Members(json, place)
    return Refusal(
        oauth_error=members.read("oauth_error", _text),
        words=members.read("words", _text),
    )


def decode_oddity(json: object, place: str = "Oddity") -> Oddity:
    """Reads `Oddity` from core's JSON."""
    return Oddity(_text(json, place))


def decode_resource_judgement(json: object, place: str = "ResourceJudgement") -> ResourceJudgement:
    """Reads `ResourceJudgement` from core's JSON."""
    members = _Members(json, place)
    match members.read("type", _text):
        case "accepted":
            return ResourceJudgementAccepted()
        case "token_dead":
            return ResourceJudgementTokenDead(
                oauth_error=members.read("oauth_error", _optional(_text)),
            )
        case "scope_missing":
            return ResourceJudgementScopeMissing(
                scope=members.read("scope", _optional(_text)),
            )
        case "step_up":
            return ResourceJudgementStepUp(
                oauth_error=members.read("oauth_error", _optional(_text)),
                acr_values=members.read("acr_values", _optional(_text)),
                max_age_seconds=members.read("max_age_seconds", _optional(_integer)),
            )
        case "not_ours":
            return ResourceJudgementNotOurs(
                status=members.read("status", _integer),
            )
        case unknown:
            raise ValueError(f"{place}: {unknown!r} is no type of it")


def decode_evidence_kind(json: object, place: str = "EvidenceKind") -> EvidenceKind:
    """Reads `EvidenceKind` from core's JSON."""
    return EvidenceKind(_text(json, place))


def decode_evidence(json: object, place: str = "Evidence") -> Evidence:
    """Reads `Evidence` from core's JSON."""
    members = _Members(json, place)
    return Evidence(
        kind=members.read("kind", decode_evidence_kind),
        status=members.read("status", _optional(_integer)),
        oauth_error=members.read("oauth_error", _optional(_text)),
        retry_after_ms=members.read("retry_after_ms", _optional(_integer)),
        oddities=members.read("oddities", _list(decode_oddity)),
    )


def decode_recovery(json: object, place: str = "Recovery") -> Recovery:
    """Reads `Recovery` from core's JSON."""
    return Recovery(_text(json, place))


def decode_deadline(json: object, place: str = "Deadline") -> Deadline:
    """Reads `Deadline` from core's JSON."""
    return Deadline(_text(json, place))


def decode_event(json: object, place: str = "Event") -> Event:
    """Reads `Event` from core's JSON."""
    members = _Members(json, place)
    match members.read("type", _text):
        case "service_token_obtained":
            return EventServiceTokenObtained(
                life_ms=members.read("life_ms", _optional(_integer)),
                with_next_secret=members.read("with_next_secret", _flag),
            )
        case "service_token_failed":
            return EventServiceTokenFailed(
                code=members.read("code", decode_error_code),
                still_serving=members.read("still_serving", _flag),
            )
        case "fresh_token_rejected":
            return EventFreshTokenRejected()
        case "answer_oddity":
            return EventAnswerOddity(
                oddity=members.read("oddity", decode_oddity),
            )
        case "refresh_started":
            return EventRefreshStarted(
                attempt=members.read("attempt", _integer),
                last_chance=members.read("last_chance", _flag),
            )
        case "refresh_succeeded":
            return EventRefreshSucceeded(
                attempt=members.read("attempt", _integer),
                rotated=members.read("rotated", _flag),
                recovery=members.read("recovery", _optional(decode_recovery)),
            )
        case "refresh_not_spent":
            return EventRefreshNotSpent(
                attempt=members.read("attempt", _integer),
                kind=members.read("kind", decode_evidence_kind),
                retry_after_ms=members.read("retry_after_ms", _optional(_integer)),
            )
        case "refresh_unknown":
            return EventRefreshUnknown(
                attempt=members.read("attempt", _integer),
                kind=members.read("kind", decode_evidence_kind),
                status=members.read("status", _optional(_integer)),
            )
        case "refresh_rejected":
            return EventRefreshRejected(
                attempt=members.read("attempt", _integer),
                oauth_error=members.read("oauth_error", _optional(_text)),
            )
        case "sibling_refreshed":
            return EventSiblingRefreshed(
                generation=members.read("generation", _integer),
            )
        case "persist_failing":
            return EventPersistFailing()
        case "persist_recovered":
            return EventPersistRecovered()
        case "scopes_changed":
            return EventScopesChanged(
                granted=members.read("granted", _list(_text)),
            )
        case "deadline_near":
            return EventDeadlineNear(
                deadline=members.read("deadline", decode_deadline),
                left_ms=members.read("left_ms", _integer),
            )
        case "reauthorization_needed":
            return EventReauthorizationNeeded(
                reason=members.read("reason", decode_reauthorization_reason),
                oauth_error=members.read("oauth_error", _optional(_text)),
            )
        case "connected":
            return EventConnected(
                again=members.read("again", _flag),
            )
        case "login_failed":
            return EventLoginFailed(
                kind=members.read("kind", decode_evidence_kind),
                oauth_error=members.read("oauth_error", _optional(_text)),
            )
        case "disconnected":
            return EventDisconnected()
        case "client_refused":
            return EventClientRefused(
                oauth_error=members.read("oauth_error", _optional(_text)),
            )
        case "answer_ignored":
            return EventAnswerIgnored(
                order=members.read("order", _integer),
            )
        case "clock_offset":
            return EventClockOffset(
                offset_ms=members.read("offset_ms", _integer),
            )
        case unknown:
            raise ValueError(f"{place}: {unknown!r} is no type of it")


def decode_health_state(json: object, place: str = "HealthState") -> HealthState:
    """Reads `HealthState` from core's JSON."""
    return HealthState(_text(json, place))


def decode_health(json: object, place: str = "Health") -> Health:
    """Reads `Health` from core's JSON."""
    members = _Members(json, place)
    return Health(
        state=members.read("state", decode_health_state),
        since=members.read("since", _optional(_integer)),
        reason=members.read("reason", _text),
        recovers_by_itself=members.read("recovers_by_itself", _flag),
        what_to_do=members.read("what_to_do", _optional(_text)),
        who=members.read("who", _list(_text)),
        reauthorization=members.read("reauthorization", _optional(decode_reauthorization_reason)),
        oauth_error=members.read("oauth_error", _optional(_text)),
        idle_days_left=members.read("idle_days_left", _optional(_integer)),
        hard_days_left=members.read("hard_days_left", _optional(_integer)),
        last_success=members.read("last_success", _optional(_integer)),
        last_failure=members.read("last_failure", _optional(_integer)),
        failures_in_a_row=members.read("failures_in_a_row", _integer),
        consented_by=members.read("consented_by", _optional(_text)),
        role=members.read("role", _optional(_text)),
        consented_at=members.read("consented_at", _optional(_integer)),
        scopes=members.read("scopes", _list(_text)),
    )
