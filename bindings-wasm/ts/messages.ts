// What `evergrant/messages` exports, whatever loads its module.

import { text } from "./arguments.js";
import { fallible } from "./errors.js";
import * as wasm from "./wasm/messages_bg.js";

export { OAuthError } from "./errors.js";
export type { Action, ErrorCode, ErrorDetails, Party, ReauthorizationReason } from "./types.js";
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
