/**
 * cacheFolder: the one folder of the user's home in which tools and charts are kept, shared by all clones and removable
 * at any time; and the memory of charts that could not be had.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

import { chartName } from "./places.ts";
import type { ChartPin } from "../versions.ts";

/** Environment variables as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `CILIUM_PLATFORM_CACHE`, else a folder below `XDG_CACHE_HOME`, else below `~/.cache`. */
export function cacheFolder(env: Environment, home: string = homedir()): string {
  const own = env["CILIUM_PLATFORM_CACHE"];
  if (own !== undefined && own !== "") return resolve(own);
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG convention: a relative path is invalid and ignored.
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".cache"), "cilium-platform");
}

/** Charts inside the cache. */
export function chartFolder(env: Environment): string {
  return join(cacheFolder(env), "charts");
}

/** How long an upstream that did not answer is not asked again: a preview must not wait for it every time. */
const askAgainAfterMs = 24 * 3600 * 1000;

/** Where a failed download is remembered. */
function failureFile(pin: Pick<ChartPin, "name" | "version">, folder: string): string {
  return join(folder, `${chartName(pin)}.unavailable.json`);
}

/** Why the chart could not be had when it was last asked for, unless that is long ago. */
export function recentFailure(
  pin: Pick<ChartPin, "name" | "version">,
  folder: string,
  now = Date.now(),
): string | undefined {
  try {
    const failure = JSON.parse(readFileSync(failureFile(pin, folder), "utf8")) as { at: number; reason: string };
    return now - failure.at < askAgainAfterMs ? failure.reason : undefined;
  } catch {
    return undefined;
  }
}

/** Remember why a chart could not be had; without a reason, that it now can be. */
export function rememberFailure(pin: Pick<ChartPin, "name" | "version">, folder: string, reason?: string): void {
  const file = failureFile(pin, folder);
  if (reason === undefined) rmSync(file, { force: true });
  else writeFileSync(file, JSON.stringify({ at: Date.now(), reason }));
}
