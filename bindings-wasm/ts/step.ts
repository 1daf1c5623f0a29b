// What the host must do next.

import { AccessToken } from "./access-token.js";
import type { Now } from "./arguments.js";
import { type OAuthError, decodeError } from "./errors.js";
import { HttpRequest } from "./http.js";
import { Redacted } from "./redacted.js";
import type * as wasm from "./wasm/evergrant_bg.js";

/** Load the record of this key. */
export interface Load {
  readonly key: string;
}

/** Store the record as `version` if the stored version is `expect` (0: none), else change nothing. */
export interface Save {
  readonly key: string;
  readonly expect: number;
  readonly version: number;
  /** When the record wants to be looked at, in milliseconds of the store's clock. */
  readonly due: number | null;
  /** The connection's status in a word. */
  readonly state: string;
}

/** A request, and how to send it: no redirects, and nothing repeats it by itself. */
export interface Send {
  readonly request: HttpRequest;
  /** Past this moment, on either clock, it must not be sent any more: answer `notSent`. */
  readonly sendBy: Now;
  /**
   * How long to wait for the answer, in milliseconds; then answer `noAnswer` with `over` false, go on, and keep listening
   * until `timeoutMs` is over.
   */
  readonly waitMs: number;
  /** The time for the whole exchange, the body included, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest body to read; past it answer `noAnswer` with what was read. */
  readonly maxBodyBytes: number;
  /** The request needs the host's client certificate (mutual TLS). */
  readonly clientCertificate: boolean;
}

/** Bytes to sign. */
export interface Sign {
  /** `ES256`, `ES384`, `RS256`, `PS256` or `EdDSA`. */
  readonly algorithm: string;
  /** The host's name for the key. */
  readonly keyId: string;
}

/** A wait. */
export interface Wait {
  readonly delayMs: number;
}

/** What every machine of the module tells of its current step. */
interface Machine {
  stepId(): number;
  step(): string;
  stepBytes(): Uint8Array | undefined;
  stepError(): string | undefined;
  stepAccessToken(): wasm.AccessToken | undefined;
}

/** One step of a machine, as it was when it was asked for: `type` says which of the accessors has a value. */
export class Step extends Redacted {
  /** Names the step; an input says which step it answers. */
  readonly id: number;
  readonly type: "load" | "save" | "send" | "sign" | "wait" | "done";
  readonly load: Load | undefined;
  readonly save: Save | undefined;
  readonly send: Send | undefined;
  readonly sign: Sign | undefined;
  readonly wait: Wait | undefined;
  /** What a machine ended with, where it ended badly. */
  readonly error: OAuthError | undefined;
  /** What a machine ended with, where it ended with a token. */
  readonly accessToken: AccessToken | undefined;
  readonly #bytes: Uint8Array | undefined;

  private constructor(machine: Machine) {
    super();
    const shown = JSON.parse(machine.step());
    const { type, key, send_by, delay_ms } = shown;
    this.id = machine.stepId();
    this.type = type;
    if (type === "load") this.load = { key };
    if (type === "save") {
      const { expect, version, due, state } = shown;
      this.save = { key, expect, version, due, state };
    }
    if (type === "send") {
      this.send = {
        request: HttpRequest.wrap(shown.method, shown.url, shown.headers, shown.body),
        sendBy: send_by,
        waitMs: shown.wait_ms,
        timeoutMs: shown.timeout_ms,
        maxBodyBytes: shown.max_body_bytes,
        clientCertificate: shown.client_certificate,
      };
    }
    if (type === "sign") this.sign = { algorithm: shown.algorithm, keyId: shown.key_id };
    if (type === "wait") this.wait = { delayMs: delay_ms };
    if (type === "done") {
      const error = machine.stepError();
      const token = machine.stepAccessToken();
      this.error = error === undefined ? undefined : decodeError(error);
      this.accessToken = token === undefined ? undefined : AccessToken.wrap(token);
    }
    this.#bytes = machine.stepBytes();
  }

  /** @internal */
  static of(machine: Machine): Step {
    return new Step(machine);
  }

  /** The record to save, or the bytes to sign. They may hold secrets. */
  get bytes(): Uint8Array | undefined {
    return this.#bytes;
  }

  protected print(): string {
    return `Step(${this.id} ${this.type})`;
  }
}
