/**
 * Dice: chance that is the same for the same seed, on every machine.
 */
export class Dice {
  #state: number;

  /** Any whole number; neighbours give unlike series. */
  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
  }

  /** From 0 up to 1: mulberry32, which is plenty for choosing words. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  /** `probability` from 0 to 1. */
  happens(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.between(0, list.length - 1)] ?? list[0];
  }

  /** Different elements, in their order. */
  some<T>(list: readonly T[], least: number, most: number): T[] {
    const wanted = Math.min(this.between(least, most), list.length);
    const taken = new Set<number>();
    while (taken.size < wanted) taken.add(this.between(0, list.length - 1));
    return list.filter((_each, index) => taken.has(index));
  }

  /** As many as it says, each made anew. */
  times<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.between(least, most) }, (_none, index) => make(index));
  }

  /** One of these ways, by weight. */
  choose<T>(...ways: readonly (readonly [number, () => T])[]): T {
    let left = this.#next() * ways.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of ways) {
      left -= weight;
      if (left < 0) return make();
    }
    const last = ways.at(-1);
    if (last === undefined) throw new RangeError("nothing to choose from");
    return last[1]();
  }
}
