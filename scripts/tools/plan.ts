/** What is downloaded, what is built, and how that is said: decided before anything is fetched. */
import type { Problem } from "../../policies/problems.ts";
import { elapsed } from "./progress.ts";
import type { RecipeName } from "./recipes.ts";
import type { Mode } from "./tool-paths.ts";

/** What the decision needs to know of a tool that is not there yet. */
export interface Wanted {
  readonly name: RecipeName;
  readonly version: string;
  /** Hosts that an official download comes from; all must answer. */
  readonly hosts: readonly string[];
  readonly coldSeconds: number;
  readonly coldGigabytes: number;
}

export interface Plan {
  readonly download: readonly RecipeName[];
  readonly build: readonly RecipeName[];
  /** Hosts that were asked and did not answer. */
  readonly silent: readonly string[];
}

/** `build` asks nobody, `official` insists, `auto` takes each tool from where it can be had. */
export function planTools(wanted: readonly Wanted[], mode: Mode, answering: ReadonlySet<string>): Plan {
  if (mode === "build") return { download: [], build: wanted.map((tool) => tool.name), silent: [] };
  const silent = new Set(wanted.flatMap((tool) => tool.hosts).filter((host) => !answering.has(host)));
  const downloadable = (tool: Wanted): boolean =>
    mode === "official" || tool.hosts.every((host) => answering.has(host));
  return {
    download: wanted.filter(downloadable).map((tool) => tool.name),
    build: wanted.filter((tool) => !downloadable(tool)).map((tool) => tool.name),
    silent: [...silent].sort(),
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
  if (plan.build.length > 0) {
    const why = plan.silent.length === 0 ? "as asked" : `because ${plan.silent.join(", ")} did not answer`;
    const seconds = buildSeconds(wanted, plan.build, cores);
    lines.push(
      `tools: building ${plan.build.map(title).join(", ")} from source ${why}; ` +
        `about ${elapsed(roundUp(seconds))} the first time, much less when Go has cached them`,
    );
  }
  return lines;
}

/** Free room that building needs; what Go has already downloaded needs none again. */
export function neededGigabytes(wanted: readonly Wanted[], cold: readonly RecipeName[]): number {
  return wanted.filter((tool) => cold.includes(tool.name)).reduce((sum, tool) => sum + tool.coldGigabytes, 1);
}

/** An estimate is given in whole minutes above one. */
function roundUp(seconds: number): number {
  return seconds <= 60 ? Math.ceil(seconds / 10) * 10 : Math.ceil(seconds / 60) * 60;
}
