/**
 * nearest: the known name somebody probably meant.
 */
import { distance } from "fastest-levenshtein";

/** Undefined where no name is close enough to be worth suggesting. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, apart: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.apart - b.apart);
  const best = ranked[0];
  return best !== undefined && best.apart <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}
