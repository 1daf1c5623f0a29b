// The machine for client credentials.

import { AccessToken } from "./access-token.js";
import { type Now, boolean, bytes, clocks, entropy, integer, list, text } from "./arguments.js";
import { Client } from "./client.js";
import { fallible } from "./errors.js";
import { HttpResponse } from "./http.js";
import { Redacted } from "./redacted.js";
import { Step } from "./step.js";
import { type Event, decodeEvent } from "./types.js";
import * as wasm from "./wasm/evergrant_bg.js";

/**
 * A client-credentials token and its renewal, as a plain value. It lives in memory only.
 *
 * `token` answers without a step. When it gives nothing, or `wantsRenewal` says yes, run a work, and take over the value
 * that its `serviceToken` leaves.
 */
export class ServiceToken extends Redacted {
  readonly #inner: wasm.ServiceToken;

  /** A service token that has not been obtained yet. Without scopes, the profile's default is asked for. */
  constructor(client: Client, scopes?: readonly string[]);
  /** @internal */
  constructor(inner: wasm.ServiceToken);
  constructor(from: Client | wasm.ServiceToken, scopes: readonly string[] = []) {
    super();
    if (from instanceof wasm.ServiceToken) {
      this.#inner = from;
    } else {
      if (!(from instanceof Client)) throw new TypeError("client must be a Client");
      const given = new wasm.Scopes();
      for (const scope of list("scopes", scopes)) given.scope(text("scopes", scope));
      this.#inner = new wasm.ServiceToken(Client.unwrap(from), given);
    }
  }

  /** The token, while it lives and has at least `minLifeMs` left. */
  token(now: Now, minLifeMs = 0): AccessToken | undefined {
    const token = this.#inner.token(...clocks(now), integer("minLifeMs", minLifeMs));
    return token === undefined ? undefined : AccessToken.wrap(token);
  }

  /** Whether it is time to run a work; after a failure, not before the next try is due. */
  wantsRenewal(now: Now): boolean {
    return this.#inner.wantsRenewal(...clocks(now));
  }

  /** A machine that ends with a live token; the one in hand if it will do. At most one runs at a time for one value. */
  obtain(now: Now, random: Uint8Array, minLifeMs = 0): ServiceTokenWork {
    return ServiceTokenWork.wrap(this.#inner.obtain(integer("minLifeMs", minLifeMs), ...clocks(now), entropy(random)));
  }

  /** A machine that replaces the token with this fingerprint, to which a resource answered 401. */
  rejected(fingerprint: string, now: Now, random: Uint8Array): ServiceTokenWork {
    return ServiceTokenWork.wrap(this.#inner.rejected(text("fingerprint", fingerprint), ...clocks(now), entropy(random)));
  }

  protected print(): string {
    return "ServiceToken(redacted)";
  }
}

/**
 * The work of obtaining or replacing a service token: a machine that never calls out. It shows a step, the host performs
 * it and hands in what came of it.
 *
 * An input that does not answer the current step throws an `OAuthError` whose action is `misuse`, and changes nothing;
 * but an `answer`, `notSent` or `noAnswer` to an earlier send is always taken, also after the end.
 */
export class ServiceTokenWork extends Redacted {
  readonly #inner: wasm.ServiceTokenWork;

  private constructor(inner: wasm.ServiceTokenWork) {
    super();
    this.#inner = inner;
  }

  /** @internal */
  static wrap(inner: wasm.ServiceTokenWork): ServiceTokenWork {
    return new ServiceTokenWork(inner);
  }

  /** The current step, as often as asked. */
  step(): Step {
    return Step.of(this.#inner);
  }

  /** What happened since the last call. */
  events(): Event[] {
    return (JSON.parse(this.#inner.events()) as unknown[]).map((event) => decodeEvent(event));
  }

  /** The service token as this work leaves it: take it over at the end, and again after a late answer. */
  serviceToken(): ServiceToken {
    return new ServiceToken(this.#inner.serviceToken());
  }

  /** A whole answer came. */
  answer(id: number, now: Now, response: HttpResponse): void {
    this.#input(id, now, (...at) => this.#inner.answer(...at, HttpResponse.unwrap(response)));
  }

  /** The request certainly never left: no connection, or not one byte written. */
  notSent(id: number, now: Now): void {
    this.#input(id, now, (...at) => this.#inner.notSent(...at));
  }

  /**
   * No whole answer; the provider may have acted. `over`: nothing can come any more, else the host only stopped waiting.
   * `partial`: what was read.
   */
  noAnswer(id: number, now: Now, over: boolean, partial?: HttpResponse): void {
    const read = partial === undefined ? undefined : HttpResponse.unwrap(partial);
    this.#input(id, now, (...at) => this.#inner.noAnswer(...at, boolean("over", over), read));
  }

  /** The host signed. WebCrypto gives `raw` signatures, key management services `der` ones. */
  signed(id: number, now: Now, signature: Uint8Array, encoding: "raw" | "der"): void {
    if (encoding !== "raw" && encoding !== "der") throw new TypeError("encoding must be raw or der");
    this.#input(id, now, (...at) => this.#inner.signed(...at, bytes("signature", signature), encoding === "der"));
  }

  /** The host could not sign. */
  signFailed(id: number, now: Now): void {
    this.#input(id, now, (...at) => this.#inner.signFailed(...at));
  }

  /** The wait is over. */
  woke(id: number, now: Now): void {
    this.#input(id, now, (...at) => this.#inner.woke(...at));
  }

  #input(id: number, now: Now, call: (id: number, wall: number, steady: number) => void): void {
    const at = [integer("id", id), ...clocks(now)] as const;
    fallible(() => call(...at));
  }

  protected print(): string {
    return "ServiceTokenWork(redacted)";
  }
}
