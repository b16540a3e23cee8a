/** Room on disk: asked for before the first minute of a cold build, not after the tenth. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";

import { ProblemsError } from "../../policies/problems.ts";
import type { BuildInput } from "./build-input.ts";
import type { Go } from "./go.ts";
import { diskProblem } from "./go-problems.ts";

/** Room for what Go writes beside modules and build cache: linking, and the binaries themselves. */
const restGigabytes = 1;

/** Room that building needs. What Go has already downloaded it has also compiled, most likely: that needs none. */
export function neededGigabytes(cold: readonly { readonly coldGigabytes: number }[]): number {
  return cold.reduce((sum, { coldGigabytes }) => sum + coldGigabytes, restGigabytes);
}

/** Refuses when there is too little room for these builds. */
export async function checkDisk(toBuild: readonly BuildInput[], go: Go, cache: string): Promise<void> {
  const cold = toBuild.filter(
    ({ recipe, moduleVersion }) => !existsSync(join(go.moduleCache, `${recipe.module}@${moduleVersion}`)),
  );
  if (cold.length === 0) return;
  const needed = neededGigabytes(cold.map(({ recipe }) => recipe));
  mkdirSync(cache, { recursive: true });
  for (const folder of new Set([go.moduleCache, go.buildCache, cache])) {
    const { bavail, bsize } = await statfs(nearestFolder(folder));
    const free = (bavail * bsize) / 1e9;
    if (free < needed) throw new ProblemsError([diskProblem(folder, free, needed)]);
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}

/** What a killed run left behind: nobody works on the same build for a day. */
export function removeOldScratch(scratch: string): void {
  if (!existsSync(scratch)) return;
  for (const name of readdirSync(scratch)) {
    const path = join(scratch, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 24 * 3600 * 1000) rmSync(path, { recursive: true, force: true });
  }
}
