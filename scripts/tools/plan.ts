/** What is downloaded, what is built, and how that is said: decided before anything is fetched. */
import type { Problem } from "../../policies/problems.ts";
import { elapsed } from "./progress.ts";
import type { OfficialKind } from "./official-files.ts";
import type { RecipeName } from "./recipes.ts";
import type { Mode } from "./tool-paths.ts";

/** What the decision needs to know of a tool that is not there yet. */
export interface Wanted {
  readonly name: RecipeName;
  readonly version: string;
  /** How it is had officially, and from which hosts; absent where it can only be built. */
  readonly official?: { readonly kind: OfficialKind; readonly hosts: readonly string[] };
  readonly coldSeconds: number;
}

export interface Plan {
  readonly download: readonly RecipeName[];
  readonly build: readonly RecipeName[];
  /** Left to kwokctl, which downloads them when it makes a cluster. */
  readonly byKwokctl: readonly RecipeName[];
  /** Hosts that were asked and did not answer. */
  readonly silent: readonly string[];
}

/**
 * `build` asks nobody, `official` insists, `auto` takes each tool from where it can be had. `officialKwokctl`: the kwokctl
 * that is there already is the official one, which fetches its control plane by itself.
 */
export function planTools(
  wanted: readonly Wanted[],
  mode: Mode,
  answering: ReadonlySet<string>,
  officialKwokctl: boolean,
): Plan {
  const answers = (tool: Wanted): boolean =>
    mode !== "build" && tool.official?.hosts.every((host) => mode === "official" || answering.has(host)) === true;
  const kwokctlFetches = officialKwokctl || wanted.some((tool) => tool.name === "kwok" && answers(tool));
  const way = (tool: Wanted): "download" | "build" | "byKwokctl" => {
    if (!answers(tool)) return "build";
    if (tool.official?.kind !== "kwokctl") return "download";
    return kwokctlFetches ? "byKwokctl" : "build";
  };
  const names = (which: ReturnType<typeof way>): RecipeName[] =>
    wanted.filter((tool) => way(tool) === which).map((tool) => tool.name);
  const hosts = mode === "build" ? [] : wanted.flatMap((tool) => tool.official?.hosts ?? []);
  return {
    download: names("download"),
    build: names("build"),
    byKwokctl: names("byKwokctl"),
    silent: [...new Set(hosts.filter((host) => !answering.has(host)))].sort(),
  };
}

/** Refusals of a plan that cannot work: `official` where somebody does not answer. */
export function planProblems(plan: Plan, mode: Mode): Problem[] {
  if (mode !== "official" || plan.silent.length === 0) return [];
  return [
    {
      code: "tools/official-unreachable",
      where: "--tools=official",
      what: `no answer from ${plan.silent.join(", ")}`,
      expected: "the official download sites to answer",
      fix: "check the network or proxy, or use --tools=auto to build from source what cannot be downloaded",
    },
  ];
}

/** Seconds that building takes, roughly: measured on two cores, and more than eight do not help a linker. */
export function buildSeconds(wanted: readonly Wanted[], build: readonly RecipeName[], cores: number): number {
  const onTwoCores = wanted
    .filter((tool) => build.includes(tool.name))
    .reduce((sum, tool) => sum + tool.coldSeconds, 0);
  return (onTwoCores * 2) / Math.min(Math.max(cores, 1), 8);
}

/** What the user is told, once: what is done, why, and how long it takes. */
export function announcement(plan: Plan, wanted: readonly Wanted[], cores: number): string[] {
  const title = (name: RecipeName): string =>
    `${name} ${wanted.find((tool) => tool.name === name)?.version ?? ""}`.trim();
  const lines: string[] = [];
  if (plan.download.length > 0) lines.push(`tools: downloading ${plan.download.map(title).join(", ")}`);
  if (plan.byKwokctl.length > 0) lines.push(`tools: kwokctl will download ${plan.byKwokctl.map(title).join(", ")}`);
  if (plan.build.length > 0) {
    const why = plan.silent.length === 0 ? "" : ` because ${plan.silent.join(", ")} did not answer`;
    const seconds = buildSeconds(wanted, plan.build, cores);
    lines.push(
      `tools: building ${plan.build.map(title).join(", ")} from source${why}; ` +
        `about ${elapsed(roundUp(seconds))} the first time, much less when Go has cached them`,
    );
  }
  return lines;
}

/** An estimate is given in whole minutes above one. */
function roundUp(seconds: number): number {
  return seconds <= 60 ? Math.ceil(seconds / 10) * 10 : Math.ceil(seconds / 60) * 60;
}
