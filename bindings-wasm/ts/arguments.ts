// Checks of arguments that the type declarations promise and JavaScript does not: the module below takes any value for
// what it expects.

/** Two clocks, both in whole milliseconds. */
export interface Now {
  /** Milliseconds since 1970: `Date.now()`. */
  readonly wall: number;
  /** Milliseconds on a clock that never goes back: `Math.floor(performance.now())`. */
  readonly steady: number;
}

/** Half a surrogate pair has no UTF-8: on the way to the module it would silently become another character. */
export function text(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  if (!value.isWellFormed()) throw new TypeError(`${name} must be well-formed Unicode`);
  return value;
}

/** A string is iterable too, and would be taken apart. */
export function list(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array`);
  return value;
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be a boolean`);
  return value;
}

export function integer(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a whole number`);
  return value as number;
}

/** The most bytes that are let in, 16 MiB: far above any `maxBodyBytes`, and far below what the module's memory holds. */
const MOST_BYTES = 16 * 1024 * 1024;

export function bytes(name: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (value.length > MOST_BYTES) throw new RangeError(`${name} must not be larger than 16 MiB`);
  return value;
}

export function clocks(now: Now): [wall: number, steady: number] {
  return [integer("now.wall", now?.wall), integer("now.steady", now?.steady)];
}

/** 32 fresh bytes of `crypto.getRandomValues`, for every login and every work. */
export function entropy(value: unknown): Uint8Array {
  if (bytes("entropy", value).length !== 32) throw new TypeError("entropy must be 32 bytes");
  return value as Uint8Array;
}
