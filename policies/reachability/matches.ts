/**
 * Matches: whom a selector selects, as positions in ascending order. Most selectors select few of very many.
 */
import type { Match } from "./selectors.ts";

export interface Matches {
  readonly positions: Int32Array;
  /** What the selector says of each of them; of all others it says no. */
  readonly as: Exclude<Match, "no">;
}

export function matchesAt(positions: Iterable<number>, as: Matches["as"] = "yes"): Matches {
  return { positions: Int32Array.from(positions), as };
}

export function matchAt({ positions, as }: Matches, position: number): Match {
  return indexIn(positions, position) === undefined ? "no" : as;
}

/** Where a number stands in an ascending list. */
export function indexIn(ascending: Int32Array, wanted: number): number | undefined {
  let [low, high] = [0, ascending.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = ascending[middle] ?? 0;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
