/** `npm run setup`: everything a stack needs on this machine, obtained once and then only looked at. */
import { charts, type ChartKey } from "../components/versions.ts";
import type { Target } from "../components/settings.ts";
import { readOwnCommand } from "./command-line.ts";
import { targetOf } from "./pulumi/stack-file.ts";
import { obtainCharts } from "./tools/obtain-charts.ts";
import { obtainTools } from "./tools/obtain.ts";
import type { ToolName } from "./tools/recipes.ts";
import type { Mode, ToolPaths } from "./tools/tool-paths.ts";

/** The tools a target needs; on a shared cluster the person's own CLI and login are used where there is one. */
export function toolsFor(target: Target): readonly ToolName[] {
  const pulumi: readonly ToolName[] = ["pulumi", "pulumi-resource-kubernetes"];
  switch (target) {
    case "kwok":
      return [
        ...pulumi,
        ...(["kwok", "kwokctl", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const),
        "cilium-operator-generic",
      ];
    case "kind":
      return [...pulumi, "kind"];
    case "aks":
    case "existing":
      return pulumi;
  }
}

/** Tools and charts of a target, obtained where they are missing. */
export async function prepare(target: Target, mode: Mode, more: readonly ToolName[] = []): Promise<ToolPaths> {
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const tools = await obtainTools([...toolsFor(target), ...more], { mode, log });
  await obtainCharts(Object.keys(charts) as ChartKey[], { mode, log });
  return tools;
}

export async function setup(args: readonly string[]): Promise<number> {
  const { stack, tools } = readOwnCommand(args);
  const started = Date.now();
  await prepare(await targetOf(stack, process.cwd()), tools);
  process.stderr.write(`set up for ${stack} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return 0;
}
