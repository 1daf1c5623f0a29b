// What the host sends, and what it hands back.

import { bytes, integer, text } from "./arguments.js";
import { Redacted } from "./redacted.js";
import * as wasm from "./wasm/evergrant_bg.js";

/** A request to send exactly as it is: no redirects, no repetition. It holds secrets. */
export class HttpRequest extends Redacted {
  readonly method: string;
  readonly url: string;
  readonly #headers: [name: string, value: string][];
  readonly #body: string;

  private constructor(method: string, url: string, headers: [string, string][], body: string) {
    super();
    this.method = method;
    this.url = url;
    this.#headers = headers;
    this.#body = body;
  }

  /** @internal */
  static wrap(method: string, url: string, headers: [string, string][], body: string): HttpRequest {
    return new HttpRequest(method, url, headers, body);
  }

  /** The headers in order, fit for `new Headers(…)`; values may be secret. */
  get headers(): [name: string, value: string][] {
    return this.#headers.map(([name, value]) => [name, value]);
  }

  /** The body; it may hold secrets. */
  get body(): string {
    return this.#body;
  }

  protected print(): string {
    return `HttpRequest(${this.method} ${this.url}, redacted)`;
  }
}

/** Headers as pairs (a `Headers` or a `Map` will do), or as Node's `IncomingMessage.headers` has them. */
export type ResponseHeaders =
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** What came back from the provider, whole or in part. It may hold secrets. */
export class HttpResponse extends Redacted {
  readonly status: number;
  readonly #headers: [name: string, value: string][];
  readonly #body: Uint8Array;

  /** The status, the headers, and the bytes of the body: read no more than `maxBodyBytes`; above 16 MiB is a `RangeError`. */
  constructor(status: number, headers: ResponseHeaders, body: Uint8Array) {
    super();
    this.status = integer("status", status);
    if (status < 0 || status > 65535) throw new TypeError("status must be an HTTP status");
    this.#headers = pairs(headers).map(([name, value]) => [text("header name", name), text("header value", value)]);
    this.#body = bytes("body", body);
  }

  /** @internal */
  static unwrap(response: HttpResponse): wasm.HttpResponse {
    if (!(response instanceof HttpResponse)) throw new TypeError("response must be an HttpResponse");
    const inner = new wasm.HttpResponse(response.status, response.#body);
    for (const [name, value] of response.#headers) inner.header(name, value);
    return inner;
  }

  protected print(): string {
    return `HttpResponse(${this.status}, redacted)`;
  }
}

function pairs(headers: unknown): (readonly unknown[])[] {
  if (typeof headers === "object" && headers !== null) {
    if (Symbol.iterator in headers) return Array.from(headers as Iterable<unknown>, pair);
    if (isPlain(headers)) return Object.entries(headers).flatMap(spread);
  }
  throw new TypeError("headers must be pairs or a plain object");
}

/** Two characters can be taken apart like a pair. */
function pair(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== 2) throw new TypeError("a header must be a name and a value");
  return value;
}

/** Node lists the values of a header that may come more than once. */
function spread([name, value]: [string, unknown]): [string, unknown][] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map((one) => [name, one]) : [[name, value]];
}

/** Of any realm: a test runner's `Object` is not always Node's. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
