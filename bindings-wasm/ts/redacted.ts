// What may hold a secret: it prints without it, wherever it is printed.

const inspect = Symbol.for("nodejs.util.inspect.custom");

/** The base of every class that may hold a secret; its prints are its name and what may be told. */
export abstract class Redacted {
  /** @internal */
  protected abstract print(): string;

  toString(): string {
    return this.print();
  }

  toJSON(): string {
    return this.print();
  }

  /** @internal */
  [inspect](): string {
    return this.print();
  }
}
