/** publish: a finished folder appears in the cache in one step, so that nobody ever sees half of it. */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";

/** Move a finished folder to its place. Somebody who was faster wins: the content is the same. */
export function publish(finished: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true });
  try {
    renameSync(finished, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}
