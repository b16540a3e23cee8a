/**
 * known-values.json: the keys of a pinned chart, derived from the chart so that nobody writes them by hand.
 *
 * Usage: node scripts/docs/known-values.ts <cilium|kyverno> <folder of the chart>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { parse } from "yaml";

import type { KeyTree } from "../../components/charts/keys.ts";
import { readChartKeys } from "../../components/charts/values.ts";

/** What is committed beside a tool. */
export interface KnownValues {
  readonly chart: string;
  readonly version: string;
  readonly values: KeyTree;
  /** Flags the chart writes into the agent's ConfigMap, where it has one. */
  readonly flags?: readonly string[];
}

/** Where each chart's keys are committed, relative to the project. */
export const knownValuesFiles = {
  cilium: "components/cilium/known-values.json",
  kyverno: "components/kyverno/known-values.json",
} as const;

const foreignSubcharts = { cilium: [], kyverno: ["kyverno-api", "openreports", "reports-server"] } as const;

export function knownValues(tool: keyof typeof knownValuesFiles, folder: string): KnownValues {
  const { name, version } = parse(readFileSync(join(folder, "Chart.yaml"), "utf8")) as Record<
    "name" | "version",
    string
  >;
  const values = readChartKeys(folder, foreignSubcharts[tool]);
  return { chart: name, version, values, ...(tool === "cilium" ? { flags: agentFlags(folder) } : {}) };
}

/** The text of the committed file. */
export async function knownValuesText(tool: keyof typeof knownValuesFiles, folder: string): Promise<string> {
  return format(JSON.stringify(knownValues(tool, folder)), { parser: "json", printWidth: 120 });
}

function agentFlags(folder: string): readonly string[] {
  const configMap = readFileSync(join(folder, "templates", "cilium-configmap.yaml"), "utf8");
  const flags = [...configMap.matchAll(/^ {2}([a-z0-9][a-z0-9-]*):/gm)].map(([, flag = ""]) => flag);
  return [...new Set(flags)].filter((flag) => !["name", "namespace", "labels"].includes(flag)).sort();
}

if (import.meta.main) {
  const [tool, folder] = process.argv.slice(2);
  if ((tool !== "cilium" && tool !== "kyverno") || folder === undefined) {
    throw new Error("usage: node scripts/docs/known-values.ts <cilium|kyverno> <folder of the chart>");
  }
  writeFileSync(join(import.meta.dirname, "../..", knownValuesFiles[tool]), await knownValuesText(tool, folder));
}
