// An access token in use.

import { type Now, clocks } from "./arguments.js";
import { Redacted } from "./redacted.js";
import { type NamedValue, decodeNamedValue } from "./types.js";
import type * as wasm from "./wasm/evergrant_bg.js";

/** An access token, and what is known of it. */
export class AccessToken extends Redacted {
  /** Names the token without telling it: for logs, and to say which token a resource rejected. */
  readonly fingerprint: string;
  /** The scopes that were granted. */
  readonly scopes: readonly string[];
  /** The provider's ids of the account that the token is for. */
  readonly accountIds: readonly NamedValue[];
  readonly #inner: wasm.AccessToken;

  private constructor(inner: wasm.AccessToken) {
    super();
    const facts = JSON.parse(inner.facts());
    this.fingerprint = facts.fingerprint;
    this.scopes = facts.scopes;
    this.accountIds = facts.account_ids.map((id: unknown) => decodeNamedValue(id));
    this.#inner = inner;
  }

  /** @internal */
  static wrap(inner: wasm.AccessToken): AccessToken {
    return new AccessToken(inner);
  }

  /** The token itself. It is a secret. */
  expose(): string {
    return this.#inner.expose();
  }

  /** The value of an `Authorization` header with this token. It is a secret. */
  authorization(): string {
    return this.#inner.authorization();
  }

  /** How much of its life is left, in milliseconds; undefined for one that never expires. */
  remainingMs(now: Now): number | undefined {
    return this.#inner.remainingMs(...clocks(now));
  }

  protected print(): string {
    return "AccessToken(redacted)";
  }
}
