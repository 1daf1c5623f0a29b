// What the package exports, whatever loads the module.

import { text } from "./arguments.js";
import { fallible } from "./errors.js";
import * as wasm from "./wasm/evergrant_bg.js";

export { AccessToken } from "./access-token.js";
export type { Now } from "./arguments.js";
export { type AuthorizationRequest, Binding, Client, Login, Pending } from "./client.js";
export { OAuthError } from "./errors.js";
export { HttpRequest, HttpResponse } from "./http.js";
export { ServiceToken, ServiceTokenWork } from "./service-token.js";
export { type Load, type Save, type Send, type Sign, Step, type Wait } from "./step.js";
export type * from "./types.js";
export { errorCodes } from "./types.js";

/**
 * Calls the message function of this name: JSON in, JSON out.
 *
 * This is the low door. Secrets are plain text here, and nothing makes sure that anything is saved before it is sent.
 */
export function messages(name: string, input: string): string {
  return fallible(() => wasm.messages(text("name", name), text("input", input)));
}

/** The names that `messages` knows. */
export function messageNames(): string[] {
  return wasm.messageNames().split(" ");
}
