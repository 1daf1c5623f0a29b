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

/** What came back from the provider, whole or in part. It may hold secrets. */
export class HttpResponse extends Redacted {
  readonly status: number;
  readonly #headers: [name: string, value: string][];
  readonly #body: Uint8Array;

  /** The status, the headers (a `Headers` will do), and the bytes of the body. */
  constructor(status: number, headers: Iterable<readonly [string, string]>, body: Uint8Array) {
    super();
    this.status = integer("status", status);
    if (status < 0 || status > 65535) throw new TypeError("status must be an HTTP status");
    this.#headers = Array.from(headers, ([name, value]) => [text("header name", name), text("header value", value)]);
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
