// Checks of arguments that the type declarations promise and JavaScript does not: the module below takes any value for
// what it expects.

/** Two clocks, both in whole milliseconds. */
export interface Now {
  /** Milliseconds since 1970: `Date.now()`. */
  readonly wall: number;
  /** Milliseconds on a clock that never goes back: `Math.floor(performance.now())`. */
  readonly steady: number;
}

export function text(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  return value;
}

export function integer(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a whole number`);
  return value as number;
}

export function bytes(name: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
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
