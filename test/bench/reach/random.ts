/** Random numbers that are the same on every machine: a measured world must be the one of the last measurement. */

export interface Random {
  /** A whole number from 0 up to, but without, `limit`. */
  readonly below: (limit: number) => number;
  /** `count` different elements, in the order drawn; all of them if there are no more. */
  readonly sample: <T>(from: readonly T[], count: number) => T[];
}

/** A 32-bit linear congruential generator with a mixed output: even enough to choose peers and ports. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 16), 0x45d9f3b) >>> 0;
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  return {
    below,
    sample: (from, count) => {
      const chosen = new Set<number>();
      while (chosen.size < Math.min(count, from.length)) chosen.add(below(from.length));
      return [...chosen].flatMap((index) => from[index] ?? []);
    },
  };
}
