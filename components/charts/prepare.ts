/**
 * prepareCharts: every chart lies where installChart looks for it, whatever it came from, so that the inputs of a release
 * are the same on every machine.
 *
 * It runs at every preview: when the charts are there it only looks, and nothing that downloads is even loaded.
 */
import { existsSync, mkdirSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

import { ProblemsError } from "../../policies/problems.ts";
import { chartFolder, recentFailure, type Environment } from "./cache.ts";
import { chartName, chartPlaces, originOf, type ChartOrigin, type ChartPlace } from "./places.ts";
import { stackFolder } from "../cluster/state-folder.ts";
import { charts, type ChartKey, type ChartPin } from "../versions.ts";

export interface ChartOptions {
  readonly stack: string;
  /** Setting `chartMirror`, relative to the project or absolute; `CILIUM_PLATFORM_CHART_MIRROR` stands in for it. */
  readonly chartMirror?: string | undefined;
  readonly projectDir: string;
  readonly env: Environment;
}

export interface PresentChart {
  readonly key: ChartKey;
  readonly name: string;
  readonly version: string;
  readonly origin: ChartOrigin;
  /** Where the chart really lies. Differs between machines: for people to read, not for inputs. */
  readonly path: string;
}

export interface MissingChart {
  readonly key: ChartKey;
  readonly name: string;
  readonly version: string;
  /** Why, and what to do about it: one line. */
  readonly reason: string;
}

export interface PreparedCharts {
  readonly present: readonly PresentChart[];
  readonly missing: readonly MissingChart[];
}

/** Have these charts for this stack. A chart that cannot be had is reported; whether that is an error the caller says. */
export async function prepareCharts(keys: readonly ChartKey[], options: ChartOptions): Promise<PreparedCharts> {
  const mirror = mirrorFolder(options);
  const results = await Promise.all(keys.map((key) => prepareChart(key, mirror, options)));
  return {
    present: results.filter((result) => "path" in result),
    missing: results.filter((result) => "reason" in result),
  };
}

/** Where the charts of a stack came from the last time they were prepared. */
export function preparedCharts(keys: readonly ChartKey[], options: ChartOptions): PresentChart[] {
  const folder = chartFolder(options.env);
  return keys.flatMap((key) => {
    const pin: ChartPin = charts[key];
    const path = linkTarget(linkPath(pin, options));
    if (path === undefined || !existsSync(path)) return [];
    return [{ key, name: pin.name, version: pin.version, origin: originOf(path, folder), path }];
  });
}

async function prepareChart(
  key: ChartKey,
  mirror: string | undefined,
  options: ChartOptions,
): Promise<PresentChart | MissingChart> {
  const pin: ChartPin = charts[key];
  const named = { key, name: pin.name, version: pin.version };
  const folder = chartFolder(options.env);
  const found = findChart(pin, folder, mirror) ?? (await downloadChart(pin, folder));
  if ("reason" in found) return { ...named, reason: found.reason };
  pointTo(linkPath(pin, options), found.path);
  return { ...named, ...found };
}

/** The first place at which a chart lies. */
export function findChart(pin: ChartPin, folder: string, mirror: string | undefined): ChartPlace | undefined {
  return chartPlaces(pin, folder, mirror).find(({ path }) => existsSync(path));
}

/** The user's own folder of charts; refuses one that is not there, because charts from elsewhere were not asked for. */
export function mirrorFolder(options: Omit<ChartOptions, "stack">): string | undefined {
  const fromEnvironment = options.env["CILIUM_PLATFORM_CHART_MIRROR"];
  const mirror = options.chartMirror ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  if (mirror === undefined) return undefined;
  const folder = resolve(options.projectDir, mirror);
  if (existsSync(folder)) return folder;
  throw new ProblemsError([
    {
      code: "charts/mirror-missing",
      where: options.chartMirror === undefined ? "CILIUM_PLATFORM_CHART_MIRROR" : "chartMirror",
      what: `no such folder, got \`${mirror}\``,
      expected: "a folder with charts as `<chart>-<version>` or `<chart>-<version>.tgz`",
    },
  ]);
}

async function downloadChart(pin: ChartPin, folder: string): Promise<ChartPlace | { readonly reason: string }> {
  const earlier = recentFailure(pin, folder);
  if (earlier !== undefined) return { reason: earlier };
  const { downloadOfficial } = await import("./official.ts");
  return await downloadOfficial(pin, folder);
}

function linkPath(pin: ChartPin, options: ChartOptions): string {
  return join(stackFolder(options.stack, options.projectDir), "charts", chartName(pin));
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** Atomic, because an update that is running may be reading the chart. */
function pointTo(link: string, target: string): void {
  if (linkTarget(link) === target) return;
  mkdirSync(join(link, ".."), { recursive: true });
  const next = `${link}.${String(process.pid)}`;
  symlinkSync(target, next);
  renameSync(next, link);
}
