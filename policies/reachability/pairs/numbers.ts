/** Numbers: things by number, so that comparing two of them is comparing numbers. */

/** Equal keys, one number; the first is 1, and 0 stays free for "nothing". */
export class Numbers<T extends object> {
  readonly #keyOf: (thing: T) => string;
  readonly #things: (T | undefined)[] = [undefined];
  readonly #byObject = new Map<T, number>();
  readonly #byKey = new Map<string, number>();

  constructor(keyOf: (thing: T) => string) {
    this.#keyOf = keyOf;
  }

  of(thing: T): number {
    let number = this.#byObject.get(thing);
    if (number === undefined) this.#byObject.set(thing, (number = this.#ofKey(thing)));
    return number;
  }

  at(number: number): T | undefined {
    return this.#things[number];
  }

  /** In the order of their numbers. */
  all(): readonly T[] {
    return this.#things.flatMap((thing) => thing ?? []);
  }

  #ofKey(thing: T): number {
    const key = this.#keyOf(thing);
    let number = this.#byKey.get(key);
    if (number === undefined) this.#byKey.set(key, (number = this.#things.push(thing) - 1));
    return number;
  }
}
