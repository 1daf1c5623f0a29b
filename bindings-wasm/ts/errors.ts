// The one error type, made from what the wasm module throws.

import { type Action, type ErrorCode, type ErrorDetails, type Party, decodeErrorDetails } from "./types.js";

/**
 * What every function and machine of this package throws: who was at fault, a stable code, and what to do.
 *
 * It holds no secret and may be logged. Arguments of a wrong JavaScript type throw a `TypeError` instead.
 */
export class OAuthError extends Error {
  /** Everything there is to know, as plain data. */
  readonly details: ErrorDetails;
  readonly #description: string | undefined;

  /** @internal */
  constructor(text: string, details: ErrorDetails, description: string | undefined) {
    super(text);
    this.details = details;
    this.#description = description;
  }

  override get name(): string {
    return "OAuthError";
  }

  /** What went wrong, as a stable word in snake_case. */
  get code(): ErrorCode {
    return this.details.code;
  }

  /** Who was at fault. */
  get party(): Party {
    return this.details.party;
  }

  /** What to do. */
  get action(): Action {
    return this.details.action;
  }

  /** The provider's OAuth `error`, where there was one. */
  get oauthError(): string | undefined {
    return this.details.oauthError;
  }

  /** The HTTP status of the provider's answer, where there was one. */
  get status(): number | undefined {
    return this.details.status;
  }

  /** The argument or field that is wrong, as a path. */
  get field(): string | undefined {
    return this.details.field;
  }

  /** The server's own words (`error_description`). They may hold anything, so nothing prints them. */
  description(): string | undefined {
    return this.#description;
  }

  toJSON(): ErrorDetails {
    return this.details;
  }
}

/** Reads the JSON text in which an error leaves the module. */
export function decodeError(json: string): OAuthError {
  const { text, details, description } = JSON.parse(json);
  return new OAuthError(text, decodeErrorDetails(details), description ?? undefined);
}

/** Calls into the module; an error that it throws becomes an `OAuthError`. */
export function fallible<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw typeof thrown === "string" ? decodeError(thrown) : thrown;
  }
}
