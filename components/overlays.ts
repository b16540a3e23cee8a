/**
 * overlayProblems: Helm values of a stack's own that a chart does not know.
 *
 * For charts whose keys are not derived ahead of time: the chart itself is read, and only when the stack says something.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Problem } from "../policies/problems.ts";
import { unknownValues } from "./charts/keys.ts";
import type { Settings } from "./settings.ts";
import type { ChartKey } from "./versions.ts";

/** A chart where it lies: a folder, or an archive as upstream publishes it. */
export interface ChartAtHand {
  readonly key: ChartKey;
  readonly path: string;
}

/** Where the stack's own values of a chart stand; undefined for charts that are judged without being at hand. */
function overlayOf(chart: ChartKey, settings: Settings) {
  switch (chart) {
    case "nginxGatewayFabric":
      return { block: "gateway", values: settings.gateway.values };
    case "argoCd":
      return { block: "argocd", values: settings.argocd.values };
    case "cilium":
    case "kyverno":
    case "gatewayApi":
      return undefined;
  }
}

/** Nothing of a chart is read while the stack says nothing of its own about it. */
export async function overlayProblems(
  charts: readonly ChartAtHand[],
  settings: Settings,
  file: string,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { key, path } of charts) {
    const overlay = overlayOf(key, settings);
    if (overlay === undefined || Object.keys(overlay.values).length === 0) continue;
    const known = await keysOf(path);
    // A chart around plain manifests has no values at all; what the stack says reaches the objects another way.
    if (known !== undefined)
      problems.push(...unknownValues(known, overlay.values, `${file} › ${overlay.block}.values`));
  }
  return problems;
}

async function keysOf(path: string) {
  const { readChartKeys } = await import("./charts/values.ts");
  if (statSync(path).isDirectory()) return existsSync(join(path, "values.yaml")) ? readChartKeys(path) : undefined;
  const folder = mkdtempSync(join(tmpdir(), "chart-"));
  try {
    const tar = await import("tar");
    // An archive holds one folder of the chart's name.
    await tar.extract({ file: path, cwd: folder, strip: 1 });
    return existsSync(join(folder, "values.yaml")) ? readChartKeys(folder) : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
