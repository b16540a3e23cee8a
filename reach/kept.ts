/** Kept: the promises of a platform, and further ones, held against a scenario. */
import { checkEverywhere, type PlatformPromise, type PromiseResult } from "../policies/reachability/promises.ts";
import type { Scenario } from "./scenario.ts";

/** What becomes of the platform's promises, and of these, wherever the API server runs. Promises come in that order. */
export function keptIn(
  { world, elsewhere, platform, place }: Scenario,
  own: readonly PlatformPromise[] = [],
): readonly PromiseResult[] {
  return checkEverywhere([...(platform?.promises ?? []), ...own], [world, ...elsewhere()], place);
}
