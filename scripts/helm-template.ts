/** helmTemplate: what a chart comes to with given values, without a cluster. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { HelmValues } from "../components/chart.ts";

export interface Rendering {
  /** Path of the helm CLI. */
  readonly helm: string;
  /** Folder or archive of the chart. */
  readonly chart: string;
  readonly releaseName: string;
  readonly namespace: string;
  readonly values: HelmValues;
  /** The chart asks for it; minor or full version. */
  readonly kubernetesVersion: string;
}

/** Kinds that a chart only uses where the cluster has them: an offline rendering takes them for given. */
const assumedApis = ["monitoring.coreos.com/v1"];

/** YAML of every object, hooks included, tests not. Rejects with helm's own words. */
export async function helmTemplate(rendering: Rendering): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "helm-template-"));
  try {
    const values = join(folder, "values.json");
    await writeFile(values, JSON.stringify(rendering.values));
    const args = [
      "template",
      rendering.releaseName,
      rendering.chart,
      "--skip-tests",
      ...["--namespace", rendering.namespace],
      ...["--values", values],
      ...["--kube-version", rendering.kubernetesVersion],
      ...assumedApis.flatMap((api) => ["--api-versions", api]),
    ];
    // Helm's own caches and plugins of this machine have no say in it.
    const env = { ...process.env, HELM_CONFIG_HOME: folder, HELM_CACHE_HOME: folder, HELM_DATA_HOME: folder };
    const { stdout } = await promisify(execFile)(rendering.helm, args, { env, maxBuffer: 256 * 1024 * 1024 });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
