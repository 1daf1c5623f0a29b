// The client, and the beginning of a login.

import { type Now, clocks, entropy, integer, list, text } from "./arguments.js";
import { fallible } from "./errors.js";
import { Redacted } from "./redacted.js";
import * as wasm from "./wasm/evergrant_bg.js";

/** What a login asks for. */
export interface AuthorizationRequest {
  /** What identifies the signed-in user's session at the host, or `Binding.noSession()`. */
  readonly binding: string | Binding;
  /** The scopes to ask for; where none is named, the profile's default. */
  readonly scopes?: readonly string[];
  /** The scopes that the connection has already: a new consent replaces the old one, so they are asked for again. */
  readonly beside?: readonly string[];
  /** Further parameters of the provider's own. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Who is about to consent, as the host knows them. */
  readonly consenter?: { readonly user: string; readonly role?: string };
  /** How long the user may take, in milliseconds; an hour where it is not said. */
  readonly lifeMs?: number;
}

/** Who the host is to one provider in one environment. */
export class Client extends Redacted {
  /** The provider's id. */
  readonly provider: string;
  /** `production` or `sandbox`. */
  readonly environment: string;
  readonly clientId: string;
  readonly #inner: wasm.Client;

  private constructor(inner: wasm.Client) {
    super();
    const facts = JSON.parse(inner.facts());
    this.provider = facts.provider;
    this.environment = facts.environment;
    this.clientId = facts.client_id;
    this.#inner = inner;
  }

  /** @internal */
  static unwrap(client: Client): wasm.Client {
    return client.#inner;
  }

  /**
   * Reads a configuration: `profile` (an id, or a profile in full), `environment`, `client_id`, and where wanted
   * `client_secret`, `next_client_secret`, `private_key`, `redirect_uri`, `headers`, `variables`, `endpoints`, `mutual_tls`.
   */
  static fromJson(json: string): Client {
    return new Client(fallible(() => wasm.Client.fromJson(text("json", json))));
  }

  /**
   * Begins a login, without sending anything. `random` is 32 fresh bytes of `crypto.getRandomValues`.
   *
   * Send the browser to the login's `url`, and keep its `pending` under its `id` until the callback comes.
   */
  begin(request: AuthorizationRequest, now: Now, random: Uint8Array): Login {
    const given = authorization(request);
    return Login.fromJson(fallible(() => this.#inner.begin(given, ...clocks(now), entropy(random))));
  }

  protected print(): string {
    return `Client(${this.provider} ${this.environment}, client id ${JSON.stringify(this.clientId)})`;
  }
}

function authorization(request: AuthorizationRequest): wasm.AuthorizationRequest {
  const { binding, scopes = [], beside = [], parameters = {}, consenter, lifeMs } = request;
  const tie = binding instanceof Binding ? binding : Binding.session(binding);
  const given = new wasm.AuthorizationRequest(Binding.unwrap(tie));
  for (const scope of list("scopes", scopes)) given.scope(text("scopes", scope));
  for (const scope of list("beside", beside)) given.beside(text("beside", scope));
  for (const [name, value] of Object.entries(parameters)) {
    given.parameter(text("the name of a parameter", name), text(`parameters.${name}`, value));
  }
  if (consenter !== undefined) {
    const { user, role } = consenter;
    given.consenter(text("consenter.user", user), role === undefined ? undefined : text("consenter.role", role));
  }
  if (lifeMs !== undefined) given.lifeMs(integer("lifeMs", lifeMs));
  return given;
}

/** What ties a login to the user's session at the host, so that nobody finishes a login that somebody else began. */
export class Binding extends Redacted {
  readonly #inner: wasm.Binding;

  private constructor(inner: wasm.Binding) {
    super();
    this.#inner = inner;
  }

  /** @internal */
  static unwrap(binding: Binding): wasm.Binding {
    return binding.#inner;
  }

  /** Ties the login to a session: pass what identifies the signed-in user's session. A plain string means the same. */
  static session(session: string): Binding {
    return new Binding(fallible(() => wasm.Binding.session(text("binding", session))));
  }

  /** Ties the login to nothing but the pending login itself. */
  static noSession(): Binding {
    return new Binding(wasm.Binding.noSession());
  }

  protected print(): string {
    return "Binding(redacted)";
  }
}

/** A login that was begun. */
export class Login extends Redacted {
  /** Where to send the user's browser. */
  readonly url: string;
  /** The key under which to keep the pending login. */
  readonly id: string;
  /** What to keep until the callback comes. */
  readonly pending: Pending;

  private constructor(url: string, pending: Pending) {
    super();
    this.url = url;
    this.id = pending.id;
    this.pending = pending;
  }

  /** @internal */
  static fromJson(json: string): Login {
    const { url, id, pending } = JSON.parse(json);
    return new Login(url, Pending.wrap(id, pending));
  }

  protected print(): string {
    return `Login(${this.id})`;
  }
}

/** A pending login: opaque, and as secret as a password. */
export class Pending extends Redacted {
  /** The key under which to keep it; it tells nothing of it. */
  readonly id: string;
  readonly #text: string;

  private constructor(id: string, value: string) {
    super();
    this.id = id;
    this.#text = value;
  }

  /** @internal */
  static wrap(id: string, value: string): Pending {
    return new Pending(id, value);
  }

  /** Reads back what `expose` gave, in any process and any language. */
  static parse(stored: string): Pending {
    return new Pending(fallible(() => wasm.pendingId(text("pending", stored))), stored);
  }

  /** The text to store. */
  expose(): string {
    return this.#text;
  }

  protected print(): string {
    return "Pending(redacted)";
  }
}
