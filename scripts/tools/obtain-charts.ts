/**
 * obtainCharts: every chart that can be had is in the cache afterwards, from upstream or made from its Go module.
 *
 * What the program itself can download it does by itself; here is what needs Go, and what is said to a person.
 */
import { join } from "node:path";

import { chartFolder, recentFailure, rememberFailure } from "../../components/charts/cache.ts";
import type { ChartPlace } from "../../components/charts/places.ts";
import { findChart, mirrorFolder, type MissingChart, type PresentChart } from "../../components/charts/prepare.ts";
import { charts, type ChartKey, type ChartPin } from "../../components/versions.ts";
import { ProblemsError } from "../../policies/problems.ts";
import { makeClosedChart } from "./closed-charts.ts";
import { findGo, type Go } from "./go.ts";
import { withLock } from "./lock.mjs";
import type { Log } from "./progress.ts";
import { workplace, type Mode, type Workplace } from "./tool-paths.ts";

export interface ObtainedCharts {
  readonly present: readonly PresentChart[];
  readonly missing: readonly MissingChart[];
}

export interface ObtainChartsOptions {
  readonly mode?: Mode;
  readonly log: Log;
  readonly at?: Workplace;
}

/** Have the charts; one that cannot be had is said and returned as missing. */
export async function obtainCharts(keys: readonly ChartKey[], options: ObtainChartsOptions): Promise<ObtainedCharts> {
  const { mode = "auto", log, at = workplace() } = options;
  const folder = chartFolder({ CILIUM_PLATFORM_CACHE: at.cache });
  const mirror = mirrorFolder({ projectDir: at.root, env: process.env });
  const results = await Promise.all(
    keys.map(async (key): Promise<PresentChart | MissingChart> => {
      const pin: ChartPin = charts[key];
      const named = { key, name: pin.name, version: pin.version };
      const found = findChart(pin, folder, mirror);
      if (found !== undefined) return { ...named, ...found };
      const had = await obtainChart(key, pin, folder, mode, log, at);
      if ("reason" in had) return { ...named, reason: had.reason };
      log(`chart ${pin.name} ${pin.version}: ${had.origin === "official" ? "downloaded" : "made from its Go module"}`);
      return { ...named, ...had };
    }),
  );
  return {
    present: results.filter((result) => "path" in result),
    missing: results.filter((result) => "reason" in result),
  };
}

async function obtainChart(
  key: ChartKey,
  pin: ChartPin,
  folder: string,
  mode: Mode,
  log: Log,
  at: Workplace,
): Promise<ChartPlace | { readonly reason: string }> {
  const official = mode === "build" ? undefined : await downloadUnlessRecentlyRefused(pin, folder, mode, log);
  if (official !== undefined && "path" in official) return official;
  const why = official?.reason ?? "not downloaded, as asked (--tools=build)";
  if (mode === "official" || pin.closedNetwork === undefined) return { reason: why };
  let go: Go;
  try {
    go = findGo([`chart ${pin.name}`]);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { reason: `${why}; and no Go to make it from its module` };
  }
  return await withLock(join(at.cache, "locks", `chart-${pin.name}-${pin.version}.lock`), async () => {
    const made = findChart(pin, folder, undefined) ?? (await makeClosedChart(key, pin, go, at, folder));
    rememberFailure(pin, folder);
    return made;
  });
}

/** Upstream is asked once a day at most, unless it is insisted on; its silence is said the first time. */
async function downloadUnlessRecentlyRefused(
  pin: ChartPin,
  folder: string,
  mode: Mode,
  log: Log,
): Promise<ChartPlace | { readonly reason: string }> {
  const earlier = mode === "official" ? undefined : recentFailure(pin, folder);
  if (earlier !== undefined) return { reason: earlier };
  const { downloadOfficial } = await import("../../components/charts/official.ts");
  const result = await downloadOfficial(pin, folder);
  if ("reason" in result && pin.closedNetwork === undefined) {
    log(`chart ${pin.name} ${pin.version}: cannot be had, ${result.reason}`);
  }
  return result;
}
