/**
 * Matches: whom a selector selects, as positions in ascending order. Most selectors select few of very many.
 */
import type { Match } from "./selectors.ts";

export interface Matches {
  readonly positions: Int32Array;
  /** What the selector says of each of them; of all others it says no. */
  readonly as: Exclude<Match, "no">;
  /** Those whose own labels are selected, where others are selected with their group: a group calls no port by a name (S34). */
  readonly own?: Int32Array;
}

/** Whether the names of this peer's ports count for whoever is selected so. */
export function hasOwnPorts({ own }: Matches, position: number): boolean {
  return own === undefined || indexIn(own, position) !== undefined;
}

export function matchesAt(positions: readonly number[], as: Matches["as"] = "yes"): Matches {
  return { positions: new Int32Array(positions), as };
}

export function matchAt({ positions, as }: Matches, position: number): Match {
  return indexIn(positions, position) === undefined ? "no" : as;
}

/** Where a number stands in an ascending list. */
export function indexIn(ascending: Int32Array, wanted: number): number | undefined {
  const index = lowerBound(ascending, wanted);
  return ascending[index] === wanted ? index : undefined;
}

/** Where the first number stands that is not below the wanted one. */
export function lowerBound(ascending: Int32Array, wanted: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
