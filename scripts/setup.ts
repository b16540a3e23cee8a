/** `npm run setup`: everything a stack needs on this machine, obtained once and then only looked at. */
import { charts, type ChartKey } from "../components/versions.ts";
import type { Target } from "../components/settings.ts";
import { UserError } from "../policies/problems.ts";
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

/** Whether the images of a kind cluster are to be built: only ever when somebody says so. */
export function readImagesOption(args: readonly string[]): {
  readonly rest: readonly string[];
  readonly images: "pull" | "build";
} {
  const rest = args.filter((arg) => arg !== "--images" && !arg.startsWith("--images="));
  const said = args.filter((arg) => !rest.includes(arg));
  const wrong = said.find((arg) => arg !== "--images=build");
  if (wrong !== undefined) throw new UserError(`${wrong}: unknown\n  expected --images=build, or no such option`);
  return { rest, images: said.length > 0 ? "build" : "pull" };
}

/** Images into the cache, and a container engine where none answers. */
async function buildImages(): Promise<void> {
  const { obtainImages } = await import("./kind-images/obtain-images.ts");
  const { startEngine } = await import("./kind-images/engine.ts");
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  await obtainImages(log);
  await startEngine(log);
}

export async function setup(args: readonly string[]): Promise<number> {
  const { rest, images } = readImagesOption(args);
  const { stack, tools } = readOwnCommand(rest);
  const started = Date.now();
  const target = await targetOf(stack, process.cwd());
  if (images === "build" && target !== "kind") {
    throw new UserError(`--images=build: ${stack} stands on ${target}\n  expected a stack on kind`);
  }
  await prepare(target, tools);
  if (images === "build") await buildImages();
  process.stderr.write(`set up for ${stack} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return 0;
}
