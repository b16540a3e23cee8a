/**
 * Rendering for tests: the pinned chart as it lies in the cache, through the pinned helm.
 *
 * What this machine lacks is a skip with a name for a person and a failure in CI, where nothing may be skipped in silence.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { chartFolder } from "../../components/charts/cache.ts";
import { originOf, type ChartOrigin } from "../../components/charts/places.ts";
import { findChart } from "../../components/charts/prepare.ts";
import type { HelmValues } from "../../components/chart.ts";
import { charts, kubernetesVersion, type ChartKey } from "../../components/versions.ts";
import { helmTemplate } from "../../scripts/helm-template.ts";
import { toolPaths } from "../../scripts/tools/tool-paths.ts";

export interface ChartAtHand {
  readonly origin: ChartOrigin;
  /** The chart's own defaults, as YAML. */
  defaults(): Promise<string>;
  /** YAML of every object. */
  render(values: HelmValues, release?: { readonly name: string; readonly namespace: string }): Promise<string>;
}

/** The chart, or why it is not here. */
export function chartAtHand(key: ChartKey): ChartAtHand | { readonly lacking: string } {
  const helm = toolPaths(["helm"]).path.helm;
  if (helm === undefined) return { lacking: "helm is not in the tool cache: npm run setup" };
  const pin = charts[key];
  const folder = chartFolder(process.env);
  const place = findChart(pin, folder, process.env["CILIUM_PLATFORM_CHART_MIRROR"]);
  if (place === undefined) return { lacking: `${pin.name} ${pin.version} cannot be had on this machine` };
  return {
    origin: originOf(place.path, folder),
    defaults: async () => (await promisify(execFile)(helm, ["show", "values", place.path])).stdout,
    render: async (values, { name, namespace } = { name: pin.name, namespace: pin.name }) =>
      await helmTemplate({ helm, chart: place.path, releaseName: name, namespace, values, kubernetesVersion }),
  };
}

/**
 * The chart for the tests of a suite. Where it is lacking they are skipped by name, or fail in CI; a chart that no closed
 * network can have is a skip there too.
 */
export function chartOrSkip(context: Mocha.Context, key: ChartKey): ChartAtHand {
  const chart = chartAtHand(key);
  if (!("lacking" in chart)) return chart;
  if (process.env["CI"] !== undefined && "closedNetwork" in charts[key]) throw new Error(chart.lacking);
  return skip(context, chart.lacking);
}

/** The chart, unless all there is of it is made of upstream's plain manifests, which know no values. */
export function chartWithValuesOrSkip(context: Mocha.Context, key: ChartKey): ChartAtHand {
  const chart = chartOrSkip(context, key);
  if (key !== "argoCd" || chart.origin !== "go-module") return chart;
  return skip(context, "its chart cannot be had on this machine, only its plain manifests");
}

/** A skip that says why. */
function skip(context: Mocha.Context, why: string): never {
  const { test } = context;
  if (test !== undefined) test.title = `${test.title} (skipped: ${why})`;
  return context.skip();
}
