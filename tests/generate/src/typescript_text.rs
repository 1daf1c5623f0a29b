//! The parts of the TypeScript file that do not depend on core.

/// What the file says of itself.
pub(crate) const OPENING: &str = "\
/**
 * The values that core hands out, and their decoders from core's JSON.
 *
 * Fields are in camel case, an absent one is `undefined`, moments and spans are milliseconds. A later release may know
 * more words and more `type`s: have a default branch. A decoder lets those it does not know pass as they are, because a
 * page may hold an older script beside a newer core.
 */";

/// What the decoders stand on.
pub(crate) const HELPERS: &str = r#"
type Decoder<T> = (json: unknown, place: string) => T;

/** Gives a function that reads one member of a JSON object; `place` is whose, for messages. */
function members(json: unknown, place: string): <T>(name: string, decode: Decoder<T>) => T {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`${place}: expected an object`);
  }
  const object: Readonly<Record<string, unknown>> = json as Record<string, unknown>;
  return (name, decode) => decode(object[name], `${place}.${name}`);
}

function text(json: unknown, place: string): string {
  if (typeof json !== "string") {
    throw new TypeError(`${place}: expected text`);
  }
  return json;
}

function integer(json: unknown, place: string): number {
  if (!Number.isSafeInteger(json)) {
    throw new TypeError(`${place}: expected an integer`);
  }
  return json as number;
}

function flag(json: unknown, place: string): boolean {
  if (typeof json !== "boolean") {
    throw new TypeError(`${place}: expected true or false`);
  }
  return json;
}

function optional<T>(decode: Decoder<T>): Decoder<T | undefined> {
  return (json, place) => (json === undefined || json === null ? undefined : decode(json, place));
}

function list<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (json, place) => {
    if (!Array.isArray(json)) {
      throw new TypeError(`${place}: expected a list`);
    }
    return json.map((item: unknown, index) => decode(item, `${place}[${index}]`));
  };
}
"#;
