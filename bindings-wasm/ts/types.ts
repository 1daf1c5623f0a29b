// Generated from core/src by `cargo run -p evergrant-generate`; do not edit.

/**
 * The values that core hands out, and their decoders from core's JSON.
 *
 * Fields are in camel case, an absent one is `undefined`, moments and spans are milliseconds. A later release may know
 * more words and more `type`s: have a default branch. A decoder lets those it does not know pass as they are, because a
 * page may hold an older script beside a newer core.
 */

/**
 * Who was at fault.
 *
 * - `host`: The program around evergrant: configuration, arguments, order of calls.
 * - `provider`: The OAuth provider: its authorization server answered, and this is about the answer.
 * - `network`: The way between host and provider.
 * - `store`: The host's store of records.
 */
export type Party =
  | "host"
  | "provider"
  | "network"
  | "store";

/** What went wrong, as a stable word in snake_case. */
export type ErrorCode =
  | "invalid_profile"
  | "unknown_profile"
  | "invalid_configuration"
  | "invalid_endpoint"
  | "missing_endpoint"
  | "unsupported_grant"
  | "invalid_parameter"
  | "reserved_parameter"
  | "weak_entropy"
  | "invalid_pending"
  | "redacted_pending"
  | "pending_expired"
  | "invalid_callback"
  | "duplicate_parameter"
  | "state_mismatch"
  | "issuer_mismatch"
  | "issuer_missing"
  | "wrong_provider"
  | "wrong_environment"
  | "wrong_redirect_uri"
  | "wrong_user_session"
  | "wrong_key"
  | "missing_code"
  | "typed_code_not_allowed"
  | "signing_failed"
  | "invalid_signature"
  | "not_sent"
  | "outcome_unknown"
  | "throttled"
  | "provider_fault"
  | "invalid_client"
  | "invalid_grant"
  | "request_rejected"
  | "unexpected_answer"
  | "fresh_token_rejected"
  | "store_unavailable"
  | "store_locked"
  | "unknown_message"
  | "invalid_json"
  | "invalid_record"
  | "unknown_record_format"
  | "not_connected"
  | "disconnected"
  | "reauthorization_required"
  | "unexpected_input";

/** Every {@link ErrorCode} by name, so that none has to be typed. */
export const errorCodes = {
  /** A profile could not be read; `field` names the place. */
  invalidProfile: "invalid_profile",
  /** No built-in profile has this id. */
  unknownProfile: "unknown_profile",
  /** The client configuration does not fit the profile or is malformed; `field` names the place. */
  invalidConfiguration: "invalid_configuration",
  /** A URL is not acceptable as an endpoint or redirect URI. */
  invalidEndpoint: "invalid_endpoint",
  /** The profile or the chosen environment has no endpoint for what was asked; the host must give one. */
  missingEndpoint: "missing_endpoint",
  /** The profile does not offer the grant that was asked for. */
  unsupportedGrant: "unsupported_grant",
  /** An argument of the call is malformed; `field` names it. */
  invalidParameter: "invalid_parameter",
  /** An extra parameter has a name that the protocol itself uses. */
  reservedParameter: "reserved_parameter",
  /** The 32 bytes of entropy are all equal, so they did not come from a random source. */
  weakEntropy: "weak_entropy",
  /** The text is not a pending login of this library. */
  invalidPending: "invalid_pending",
  /** The text is the redacted print of a pending login, not the pending login itself. */
  redactedPending: "redacted_pending",
  /** The pending login is older than its life. */
  pendingExpired: "pending_expired",
  /** The callback is not a URL or query that can be read. */
  invalidCallback: "invalid_callback",
  /** A parameter that may occur once occurs twice. */
  duplicateParameter: "duplicate_parameter",
  /** The callback's `state` is missing or belongs to another login. */
  stateMismatch: "state_mismatch",
  /** The callback's `iss` names another issuer than the one the login was begun with (RFC 9207). */
  issuerMismatch: "issuer_mismatch",
  /** The callback has no `iss` although the profile says this issuer always sends it (RFC 9207). */
  issuerMissing: "issuer_missing",
  /** The pending login was begun with another provider. */
  wrongProvider: "wrong_provider",
  /** The pending login was begun in another environment. */
  wrongEnvironment: "wrong_environment",
  /** The callback arrived at another path than the redirect URI of the login. */
  wrongRedirectUri: "wrong_redirect_uri",
  /** The callback came in another user session than the one that began the login. */
  wrongUserSession: "wrong_user_session",
  /** The login was begun for a connection with another key. */
  wrongKey: "wrong_key",
  /** The callback has neither `code` nor `error`. */
  missingCode: "missing_code",
  /** The profile does not allow a code that the user types by hand. */
  typedCodeNotAllowed: "typed_code_not_allowed",
  /** The host could not sign. */
  signingFailed: "signing_failed",
  /** The signature handed in has not the form its algorithm demands. */
  invalidSignature: "invalid_signature",
  /** The request certainly never reached the provider. */
  notSent: "not_sent",
  /** The request may have been processed; nothing is known of its outcome. */
  outcomeUnknown: "outcome_unknown",
  /** The provider asks to slow down (429). */
  throttled: "throttled",
  /** The provider answered with a fault of its own (5xx). */
  providerFault: "provider_fault",
  /** The provider does not accept the client's credentials. */
  invalidClient: "invalid_client",
  /** The provider refuses the grant: revoked, expired, or already used. */
  invalidGrant: "invalid_grant",
  /** The provider refuses the request as it stands. */
  requestRejected: "request_rejected",
  /** The provider's answer has none of the shapes that are known of it. */
  unexpectedAnswer: "unexpected_answer",
  /** A protected resource rejects an access token that was issued a moment ago. */
  freshTokenRejected: "fresh_token_rejected",
  /** The host's store did not answer. */
  storeUnavailable: "store_unavailable",
  /** The record cannot be opened: its key is missing. */
  storeLocked: "store_locked",
  /** There is no message function of this name. */
  unknownMessage: "unknown_message",
  /** The text is not the JSON that was expected; `field` names the place. */
  invalidJson: "invalid_json",
  /** A stored record cannot be read; `field` names the place. Nothing was changed. */
  invalidRecord: "invalid_record",
  /** A stored record was written in a major format of a later release. Nothing was changed. */
  unknownRecordFormat: "unknown_record_format",
  /** There is no connection under this key: nobody has logged in yet. */
  notConnected: "not_connected",
  /** The host disconnected this connection; only a login or an adoption brings it back. */
  disconnected: "disconnected",
  /** The consent is gone; the action says why, and what to tell whom. */
  reauthorizationRequired: "reauthorization_required",
  /** The input does not answer the current step; nothing was changed. */
  unexpectedInput: "unexpected_input",
} as const;

/**
 * Why a user has to authorize again.
 *
 * - `lost_rotation`: The answer that carried the rotated refresh token was lost, and the window for a repetition is
 *   over.
 * - `idle_expired`: The refresh token was not used within its idle life.
 * - `key_lost`: The key that seals the record is gone. Not said in this release: such a record is `store_locked`.
 * - `revoked_or_role_lost`: The provider refuses the refresh token: consent revoked, role lost, account closed.
 * - `authorizing_user_gone`: The user who gave the consent no longer exists.
 * - `no_refresh_token`: The access token is over, and the provider issued no refresh token.
 */
export type ReauthorizationReason =
  | "lost_rotation"
  | "idle_expired"
  | "key_lost"
  | "revoked_or_role_lost"
  | "authorizing_user_gone"
  | "no_refresh_token";

/** What the caller should do about an error. */
export type Action =
  | ActionRetryAfter
  | ActionReauthorize
  | ActionAdjustRequest
  | ActionFixConfiguration
  | ActionGiveUp
  | ActionMisuse;

/** Ask again later. After `outcome_unknown` only where what was sent may be sent twice: a code may not. */
export interface ActionRetryAfter {
  readonly type: "retry_after";
  /** How long to wait, in milliseconds from now. */
  readonly delayMs: number;
}

/** The user must authorize again. */
export interface ActionReauthorize {
  readonly type: "reauthorize";
  /** Why. */
  readonly reason: ReauthorizationReason;
  /** Words for the user: who may do it, and how. */
  readonly words: string;
}

/** The request itself must change: other parameters, other scopes. */
export interface ActionAdjustRequest {
  readonly type: "adjust_request";
}

/** The configuration of host, client or profile must change. */
export interface ActionFixConfiguration {
  readonly type: "fix_configuration";
}

/** Nothing to be done with this attempt; a new one may be begun. */
export interface ActionGiveUp {
  readonly type: "give_up";
}

/** The program called in an order that makes no sense; fix the program. */
export interface ActionMisuse {
  readonly type: "misuse";
}

/** Everything about an error that may be shown, logged and sent to other languages; it holds no secret. */
export interface ErrorDetails {
  /** Who was at fault. */
  readonly party: Party;
  /** What went wrong. */
  readonly code: ErrorCode;
  /** The provider's OAuth `error` value, where there was one (RFC 6749 section 5.2). */
  readonly oauthError: string | undefined;
  /** The HTTP status of the provider's answer, where there was one. */
  readonly status: number | undefined;
  /** The argument or field that is wrong, as a path such as `environments.sandbox.token`. */
  readonly field: string | undefined;
  /** One sentence: what was wrong and what to do. Lower case, no final stop. */
  readonly message: string;
  /** What to do. */
  readonly action: Action;
}

/**
 * Which of the provider's worlds a client lives in. Credentials and tokens of one are worth nothing in the other.
 *
 * - `production`: Real accounts and real money.
 * - `sandbox`: The provider's test world; providers also call it demo, test or beta.
 */
export type Environment =
  | "production"
  | "sandbox";

/**
 * A way to obtain tokens at the token endpoint (RFC 6749 section 1.3).
 *
 * - `authorization_code`: A code from the authorization endpoint (RFC 6749 section 4.1).
 * - `refresh_token`: A refresh token (RFC 6749 section 6).
 * - `client_credentials`: The client's own credentials (RFC 6749 section 4.4).
 */
export type Grant =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials";

/** A name and a value, such as a parameter that a callback brought or an account id. */
export interface NamedValue {
  /** The name, as the profile spells it. */
  readonly name: string;
  /** The value. */
  readonly value: string;
}

/** The user, or the provider, said no. Nothing is wrong with the program. */
export interface Refusal {
  /** The provider's `error` value, such as `access_denied` (RFC 6749 section 4.1.2.1). */
  readonly oauthError: string;
  /** Words for the user: what happened, and what can be done. */
  readonly words: string;
}

/**
 * Something in an answer that is not as it should be, reported beside what could be harvested from it.
 *
 * - `unexpected_status`: The status does not go with an answer that carries tokens.
 * - `damaged_body`: The body is damaged or cut off; the tokens were read from what is whole.
 * - `form_body`: The body is a form, not JSON.
 * - `error_beside_tokens`: There are tokens, and an error code beside them.
 * - `conflicting_fields`: A field stands twice with different values.
 * - `unusable_access_token`: The access token has characters that no token may have, so it counts as none (RFC 6749
 *   appendix A.12).
 * - `unusable_refresh_token`: The refresh token has characters that no token may have, or is a placeholder such as
 *   `****`, so it counts as none.
 * - `token_not_text`: A token is not text.
 * - `missing_token_type`: There is no `token_type`; `Bearer` is taken.
 * - `unknown_token_type`: The `token_type` is not `Bearer`; it is used as one all the same.
 * - `missing_life`: The answer names no life of the access token; the profile's is taken.
 * - `unreadable_life`: The life is null, zero, negative or unreadable; the profile's is taken.
 * - `huge_life`: The life is longer than any real one; it was cut to a year.
 * - `unreadable_refresh_life`: The life of the refresh token or the consent is null, zero, negative or unreadable;
 *   the profile's is taken.
 * - `unreadable_scope`: The scope is not text.
 * - `wider_scope`: The answer grants scopes that were not asked for.
 * - `narrower_scope`: The answer grants less than was asked for.
 * - `dropped_refresh_token`: A refresh token came with client credentials and was dropped (RFC 6749 section 4.4.3).
 */
export type Oddity =
  | "unexpected_status"
  | "damaged_body"
  | "form_body"
  | "error_beside_tokens"
  | "conflicting_fields"
  | "unusable_access_token"
  | "unusable_refresh_token"
  | "token_not_text"
  | "missing_token_type"
  | "unknown_token_type"
  | "missing_life"
  | "unreadable_life"
  | "huge_life"
  | "unreadable_refresh_life"
  | "unreadable_scope"
  | "wider_scope"
  | "narrower_scope"
  | "dropped_refresh_token";

/** What a resource's answer says about the access token. */
export type ResourceJudgement =
  | ResourceJudgementAccepted
  | ResourceJudgementTokenDead
  | ResourceJudgementScopeMissing
  | ResourceJudgementStepUp
  | ResourceJudgementNotOurs;

/** Nothing against it: the status is below 400. */
export interface ResourceJudgementAccepted {
  readonly type: "accepted";
}

/** The token is dead: get another, then repeat the request once. */
export interface ResourceJudgementTokenDead {
  readonly type: "token_dead";
  /** The challenge's error code, where there was one (RFC 6750 section 3.1). */
  readonly oauthError: string | undefined;
}

/** The token lacks a scope: ask the user for more, a refresh does not help. */
export interface ResourceJudgementScopeMissing {
  readonly type: "scope_missing";
  /** The scope the resource wants, where it says so. */
  readonly scope: string | undefined;
}

/** The user must prove more (step-up: Wise's strong customer authentication, RFC 9470); a refresh does not help. */
export interface ResourceJudgementStepUp {
  readonly type: "step_up";
  /** The challenge's error code, where there was one. */
  readonly oauthError: string | undefined;
  /** The authentication contexts that would do, separated by spaces, where the challenge names them (RFC 9470). */
  readonly acrValues: string | undefined;
  /** How old the user's authentication may be, in seconds, where the challenge says so (RFC 9470). */
  readonly maxAgeSeconds: number | undefined;
}

/** Refused for a reason that no token mends. */
export interface ResourceJudgementNotOurs {
  readonly type: "not_ours";
  /** The HTTP status. */
  readonly status: number;
}

/**
 * On what a verdict rests.
 *
 * - `tokens`: Tokens came.
 * - `not_built`: The request could not be built or signed.
 * - `not_sent`: The request never left.
 * - `no_answer`: No whole answer came.
 * - `throttled`: The provider asks to slow down.
 * - `concurrent_refresh`: The provider says that another refresh of the same token is under way.
 * - `client_refused`: The provider does not accept the client.
 * - `request_refused`: The provider does not accept the request, before looking at the grant.
 * - `grant_refused`: The provider says that the grant is dead.
 * - `grant_doubted`: The provider says that the grant is dead, with a code that it also uses when it asks to slow
 *   down.
 * - `unauthorized`: A 401 without a code that is known.
 * - `other_error`: A code that says nothing about the credential.
 * - `server_fault`: A 5xx.
 * - `redirected`: A redirection, which is never followed.
 * - `conflicting_tokens`: Two different refresh tokens in one answer.
 * - `unreadable`: A body that is none of the known shapes.
 */
export type EvidenceKind =
  | "tokens"
  | "not_built"
  | "not_sent"
  | "no_answer"
  | "throttled"
  | "concurrent_refresh"
  | "client_refused"
  | "request_refused"
  | "grant_refused"
  | "grant_doubted"
  | "unauthorized"
  | "other_error"
  | "server_fault"
  | "redirected"
  | "conflicting_tokens"
  | "unreadable";

/** What a verdict rests on, as data without secrets. */
export interface Evidence {
  /** The kind. */
  readonly kind: EvidenceKind;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
  /** The provider's error code, where there was one. */
  readonly oauthError: string | undefined;
  /** How long the provider asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What was odd about the answer. */
  readonly oddities: readonly Oddity[];
}

/**
 * How a refresh succeeded that did not at the first try.
 *
 * - `in_window`: A further attempt inside the window in which the old refresh token still works.
 * - `promoted`: An answer that was saved and waiting was taken into use when no better one could come.
 * - `last_chance`: An attempt after the window: there was nothing left to lose.
 * - `late`: The answer came after nobody waited for it any more.
 */
export type Recovery =
  | "in_window"
  | "promoted"
  | "last_chance"
  | "late";

/**
 * Which end of a consent is near.
 *
 * - `idle`: The refresh token may not lie unused for longer.
 * - `hard`: The consent ends, whatever is done.
 */
export type Deadline =
  | "idle"
  | "hard";

/** Something that happened inside a machine. */
export type Event =
  | EventServiceTokenObtained
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
  | EventClockOffset;

/** A service token was obtained. */
export interface EventServiceTokenObtained {
  readonly type: "service_token_obtained";
  /** Its life in milliseconds; none where it never expires. */
  readonly lifeMs: number | undefined;
  /** It was the second client secret that was accepted: the rotation can be completed. */
  readonly withNextSecret: boolean;
}

/** An attempt to obtain a service token failed. */
export interface EventServiceTokenFailed {
  readonly type: "service_token_failed";
  /** How. */
  readonly code: ErrorCode;
  /** A token that still lives is served meanwhile, so this is no outage. */
  readonly stillServing: boolean;
}

/** A resource rejects a token that was obtained a moment ago; another one would fare no better. */
export interface EventFreshTokenRejected {
  readonly type: "fresh_token_rejected";
}

/** An answer was good, and odd. */
export interface EventAnswerOddity {
  readonly type: "answer_oddity";
  /** What was odd. */
  readonly oddity: Oddity;
}

/** A refresh was written down, and its request goes out now. */
export interface EventRefreshStarted {
  readonly type: "refresh_started";
  /** The number of the attempt; it never repeats within a connection. */
  readonly attempt: number;
  /** The window is over, and nothing can be lost by trying. */
  readonly lastChance: boolean;
}

/** New tokens are saved and in use. */
export interface EventRefreshSucceeded {
  readonly type: "refresh_succeeded";
  /** The number of the attempt that brought them. */
  readonly attempt: number;
  /** There is a new refresh token. */
  readonly rotated: boolean;
  /** How, where it was not the first try that succeeded. */
  readonly recovery: Recovery | undefined;
}

/** An attempt ended, and the refresh token was certainly not looked at. */
export interface EventRefreshNotSpent {
  readonly type: "refresh_not_spent";
  /** The number of the attempt. */
  readonly attempt: number;
  /** Why. */
  readonly kind: EvidenceKind;
  /** How long the provider asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** An attempt ended, and nobody knows whether the provider acted; the next one will show. */
export interface EventRefreshUnknown {
  readonly type: "refresh_unknown";
  /** The number of the attempt. */
  readonly attempt: number;
  /** Why. */
  readonly kind: EvidenceKind;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
}

/** The provider refused the refresh token in one attempt; that alone is no verdict. */
export interface EventRefreshRejected {
  readonly type: "refresh_rejected";
  /** The number of the attempt. */
  readonly attempt: number;
  /** The provider's error code. */
  readonly oauthError: string | undefined;
}

/** Another worker has renewed the tokens meanwhile. */
export interface EventSiblingRefreshed {
  readonly type: "sibling_refreshed";
  /** The generation of its tokens. */
  readonly generation: number;
}

/** The store does not take new tokens; they are held in memory and written again and again. Look at the store now. */
export interface EventPersistFailing {
  readonly type: "persist_failing";
}

/** The store has taken the tokens that were held. */
export interface EventPersistRecovered {
  readonly type: "persist_recovered";
}

/** The scopes granted are not those of the tokens before. */
export interface EventScopesChanged {
  readonly type: "scopes_changed";
  /** The scopes now. */
  readonly granted: readonly string[];
}

/** The consent ends soon. */
export interface EventDeadlineNear {
  readonly type: "deadline_near";
  /** Which end. */
  readonly deadline: Deadline;
  /** How long it is until then, in milliseconds. */
  readonly leftMs: number;
}

/** The consent is gone; the user must authorize again. */
export interface EventReauthorizationNeeded {
  readonly type: "reauthorization_needed";
  /** Why. */
  readonly reason: ReauthorizationReason;
  /** The provider's error code, where there was one. */
  readonly oauthError: string | undefined;
}

/** A login or an adoption brought tokens, and they are in use. */
export interface EventConnected {
  readonly type: "connected";
  /** The connection had a consent before. */
  readonly again: boolean;
}

/** The exchange of a login's code ended without tokens. */
export interface EventLoginFailed {
  readonly type: "login_failed";
  /** How. */
  readonly kind: EvidenceKind;
  /** The provider's error code, where there was one. */
  readonly oauthError: string | undefined;
}

/** The host disconnected, and the tokens are wiped. */
export interface EventDisconnected {
  readonly type: "disconnected";
}

/** The provider does not accept the client; this is about the configuration, not about one connection. */
export interface EventClientRefused {
  readonly type: "client_refused";
  /** The provider's error code, where there was one. */
  readonly oauthError: string | undefined;
}

/** Tokens came for a consent that is not in use any more, and were dropped. */
export interface EventAnswerIgnored {
  readonly type: "answer_ignored";
  /** The order of that consent. */
  readonly order: number;
}

/** The provider's clock and this machine's differ by more than a minute. */
export interface EventClockOffset {
  readonly type: "clock_offset";
  /** The provider's clock less this machine's, in milliseconds. */
  readonly offsetMs: number;
}

/**
 * How well a connection is, in a word.
 *
 * - `healthy`: All is well.
 * - `degraded`: Something failed and is tried again; the access token in use is still good, or there is no reason
 *   to worry yet.
 * - `at_risk`: The consent ends soon, or it is not known whether the refresh token still lives.
 * - `needs_reauthorization`: Only the user can mend it.
 * - `disconnected`: The host disconnected it.
 * - `not_connected`: There was never a consent.
 */
export type HealthState =
  | "healthy"
  | "degraded"
  | "at_risk"
  | "needs_reauthorization"
  | "disconnected"
  | "not_connected";

/**
 * How well a connection is, and what to do.
 *
 * All times are milliseconds since 1970 on the store's clock. Nothing in it is secret.
 */
export interface Health {
  /** In a word. */
  readonly state: HealthState;
  /** Since when it is so, where that is known. */
  readonly since: number | undefined;
  /** Why, in words. Lower case, no final stop. */
  readonly reason: string;
  /** Nobody has to do anything: all is well, or it may come right by itself. */
  readonly recoversByItself: boolean;
  /** What to do, in words for the user, where something is to be done. */
  readonly whatToDo: string | undefined;
  /** The roles whose holders can do it, where the provider names them. */
  readonly who: readonly string[];
  /** Why the user must authorize again, where that is so. */
  readonly reauthorization: ReauthorizationReason | undefined;
  /** The provider's error code behind that, where there was one. */
  readonly oauthError: string | undefined;
  /** Whole days until the refresh token has been unused for too long, where that is known. */
  readonly idleDaysLeft: number | undefined;
  /** Whole days until the consent ends whatever is done, where that is known. */
  readonly hardDaysLeft: number | undefined;
  /** When tokens last came. */
  readonly lastSuccess: number | undefined;
  /** When something last went wrong, since tokens last came. */
  readonly lastFailure: number | undefined;
  /** Failures since tokens last came. */
  readonly failuresInARow: number;
  /** Who consented, as the host said at the login. */
  readonly consentedBy: string | undefined;
  /** That user's role at the provider, as the host said. */
  readonly role: string | undefined;
  /** When the consent was given. */
  readonly consentedAt: number | undefined;
  /** The scopes granted. */
  readonly scopes: readonly string[];
}

/** Reads {@link Party} from core's JSON. */
export function decodeParty(json: unknown): Party {
  return text(json, "Party") as Party;
}

/** Reads {@link ErrorCode} from core's JSON. */
export function decodeErrorCode(json: unknown): ErrorCode {
  return text(json, "ErrorCode") as ErrorCode;
}

/** Reads {@link ReauthorizationReason} from core's JSON. */
export function decodeReauthorizationReason(json: unknown): ReauthorizationReason {
  return text(json, "ReauthorizationReason") as ReauthorizationReason;
}

/** Reads {@link Action} from core's JSON. */
export function decodeAction(json: unknown): Action {
  const read = members(json, "Action");
  const type = read("type", text);
  switch (type) {
    case "retry_after":
      return {
        type: "retry_after",
        delayMs: read("delay_ms", integer),
      };
    case "reauthorize":
      return {
        type: "reauthorize",
        reason: read("reason", decodeReauthorizationReason),
        words: read("words", text),
      };
    case "adjust_request":
      return { type: "adjust_request" };
    case "fix_configuration":
      return { type: "fix_configuration" };
    case "give_up":
      return { type: "give_up" };
    case "misuse":
      return { type: "misuse" };
    default:
      return { type } as unknown as Action;
  }
}

/** Reads {@link ErrorDetails} from core's JSON. */
export function decodeErrorDetails(json: unknown): ErrorDetails {
  const read = members(json, "ErrorDetails");
  return {
    party: read("party", decodeParty),
    code: read("code", decodeErrorCode),
    oauthError: read("oauth_error", optional(text)),
    status: read("status", optional(integer)),
    field: read("field", optional(text)),
    message: read("message", text),
    action: read("action", decodeAction),
  };
}

/** Reads {@link Environment} from core's JSON. */
export function decodeEnvironment(json: unknown): Environment {
  return text(json, "Environment") as Environment;
}

/** Reads {@link Grant} from core's JSON. */
export function decodeGrant(json: unknown): Grant {
  return text(json, "Grant") as Grant;
}

/** Reads {@link NamedValue} from core's JSON. */
export function decodeNamedValue(json: unknown): NamedValue {
  const read = members(json, "NamedValue");
  return {
    name: read("name", text),
    value: read("value", text),
  };
}

/** Reads {@link Refusal} from core's JSON. */
export function decodeRefusal(json: unknown): Refusal {
  const read = members(json, "Refusal");
  return {
    oauthError: read("oauth_error", text),
    words: read("words", text),
  };
}

/** Reads {@link Oddity} from core's JSON. */
export function decodeOddity(json: unknown): Oddity {
  return text(json, "Oddity") as Oddity;
}

/** Reads {@link ResourceJudgement} from core's JSON. */
export function decodeResourceJudgement(json: unknown): ResourceJudgement {
  const read = members(json, "ResourceJudgement");
  const type = read("type", text);
  switch (type) {
    case "accepted":
      return { type: "accepted" };
    case "token_dead":
      return {
        type: "token_dead",
        oauthError: read("oauth_error", optional(text)),
      };
    case "scope_missing":
      return {
        type: "scope_missing",
        scope: read("scope", optional(text)),
      };
    case "step_up":
      return {
        type: "step_up",
        oauthError: read("oauth_error", optional(text)),
        acrValues: read("acr_values", optional(text)),
        maxAgeSeconds: read("max_age_seconds", optional(integer)),
      };
    case "not_ours":
      return {
        type: "not_ours",
        status: read("status", integer),
      };
    default:
      return { type } as unknown as ResourceJudgement;
  }
}

/** Reads {@link EvidenceKind} from core's JSON. */
export function decodeEvidenceKind(json: unknown): EvidenceKind {
  return text(json, "EvidenceKind") as EvidenceKind;
}

/** Reads {@link Evidence} from core's JSON. */
export function decodeEvidence(json: unknown): Evidence {
  const read = members(json, "Evidence");
  return {
    kind: read("kind", decodeEvidenceKind),
    status: read("status", optional(integer)),
    oauthError: read("oauth_error", optional(text)),
    retryAfterMs: read("retry_after_ms", optional(integer)),
    oddities: read("oddities", list(decodeOddity)),
  };
}

/** Reads {@link Recovery} from core's JSON. */
export function decodeRecovery(json: unknown): Recovery {
  return text(json, "Recovery") as Recovery;
}

/** Reads {@link Deadline} from core's JSON. */
export function decodeDeadline(json: unknown): Deadline {
  return text(json, "Deadline") as Deadline;
}

/** Reads {@link Event} from core's JSON. */
export function decodeEvent(json: unknown): Event {
  const read = members(json, "Event");
  const type = read("type", text);
  switch (type) {
    case "service_token_obtained":
      return {
        type: "service_token_obtained",
        lifeMs: read("life_ms", optional(integer)),
        withNextSecret: read("with_next_secret", flag),
      };
    case "service_token_failed":
      return {
        type: "service_token_failed",
        code: read("code", decodeErrorCode),
        stillServing: read("still_serving", flag),
      };
    case "fresh_token_rejected":
      return { type: "fresh_token_rejected" };
    case "answer_oddity":
      return {
        type: "answer_oddity",
        oddity: read("oddity", decodeOddity),
      };
    case "refresh_started":
      return {
        type: "refresh_started",
        attempt: read("attempt", integer),
        lastChance: read("last_chance", flag),
      };
    case "refresh_succeeded":
      return {
        type: "refresh_succeeded",
        attempt: read("attempt", integer),
        rotated: read("rotated", flag),
        recovery: read("recovery", optional(decodeRecovery)),
      };
    case "refresh_not_spent":
      return {
        type: "refresh_not_spent",
        attempt: read("attempt", integer),
        kind: read("kind", decodeEvidenceKind),
        retryAfterMs: read("retry_after_ms", optional(integer)),
      };
    case "refresh_unknown":
      return {
        type: "refresh_unknown",
        attempt: read("attempt", integer),
        kind: read("kind", decodeEvidenceKind),
        status: read("status", optional(integer)),
      };
    case "refresh_rejected":
      return {
        type: "refresh_rejected",
        attempt: read("attempt", integer),
        oauthError: read("oauth_error", optional(text)),
      };
    case "sibling_refreshed":
      return {
        type: "sibling_refreshed",
        generation: read("generation", integer),
      };
    case "persist_failing":
      return { type: "persist_failing" };
    case "persist_recovered":
      return { type: "persist_recovered" };
    case "scopes_changed":
      return {
        type: "scopes_changed",
        granted: read("granted", list(text)),
      };
    case "deadline_near":
      return {
        type: "deadline_near",
        deadline: read("deadline", decodeDeadline),
        leftMs: read("left_ms", integer),
      };
    case "reauthorization_needed":
      return {
        type: "reauthorization_needed",
        reason: read("reason", decodeReauthorizationReason),
        oauthError: read("oauth_error", optional(text)),
      };
    case "connected":
      return {
        type: "connected",
        again: read("again", flag),
      };
    case "login_failed":
      return {
        type: "login_failed",
        kind: read("kind", decodeEvidenceKind),
        oauthError: read("oauth_error", optional(text)),
      };
    case "disconnected":
      return { type: "disconnected" };
    case "client_refused":
      return {
        type: "client_refused",
        oauthError: read("oauth_error", optional(text)),
      };
    case "answer_ignored":
      return {
        type: "answer_ignored",
        order: read("order", integer),
      };
    case "clock_offset":
      return {
        type: "clock_offset",
        offsetMs: read("offset_ms", integer),
      };
    default:
      return { type } as unknown as Event;
  }
}

/** Reads {@link HealthState} from core's JSON. */
export function decodeHealthState(json: unknown): HealthState {
  return text(json, "HealthState") as HealthState;
}

/** Reads {@link Health} from core's JSON. */
export function decodeHealth(json: unknown): Health {
  const read = members(json, "Health");
  return {
    state: read("state", decodeHealthState),
    since: read("since", optional(integer)),
    reason: read("reason", text),
    recoversByItself: read("recovers_by_itself", flag),
    whatToDo: read("what_to_do", optional(text)),
    who: read("who", list(text)),
    reauthorization: read("reauthorization", optional(decodeReauthorizationReason)),
    oauthError: read("oauth_error", optional(text)),
    idleDaysLeft: read("idle_days_left", optional(integer)),
    hardDaysLeft: read("hard_days_left", optional(integer)),
    lastSuccess: read("last_success", optional(integer)),
    lastFailure: read("last_failure", optional(integer)),
    failuresInARow: read("failures_in_a_row", integer),
    consentedBy: read("consented_by", optional(text)),
    role: read("role", optional(text)),
    consentedAt: read("consented_at", optional(integer)),
    scopes: read("scopes", list(text)),
  };
}

type Decoder<T> = (json: unknown, place: string) => T;

/** Gives a function that reads one member of a JSON object; `place` is whose, for messages. */
function members(json: unknown, place: string): <T>(name: string, decode: Decoder<T>) => T {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`${place}: expected an object`);
  }
  const object: Readonly<Record<string, unknown>> = json as Record<string, unknown>;
  return (name, decode) => decode(object[name], `${place}.${name}`);
}

function text(json: unknown, place: string): string {
  if (typeof json !== "string") {
    throw new TypeError(`${place}: expected text`);
  }
  return json;
}

function integer(json: unknown, place: string): number {
  if (!Number.isSafeInteger(json)) {
    throw new TypeError(`${place}: expected an integer`);
  }
  return json as number;
}

function flag(json: unknown, place: string): boolean {
  if (typeof json !== "boolean") {
    throw new TypeError(`${place}: expected true or false`);
  }
  return json;
}

function optional<T>(decode: Decoder<T>): Decoder<T | undefined> {
  return (json, place) => (json === undefined || json === null ? undefined : decode(json, place));
}

function list<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (json, place) => {
    if (!Array.isArray(json)) {
      throw new TypeError(`${place}: expected a list`);
    }
    return json.map((item: unknown, index) => decode(item, `${place}[${index}]`));
  };
}
