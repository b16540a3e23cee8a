/**
 * obtainTools: whatever of the named tools is missing is there afterwards, from the official place or built from
 * source, and every later run only looks.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { ProblemsError } from "../../policies/problems.ts";
import { buildTool } from "./build.ts";
import { builtName, officialName, type BuildInput } from "./build-input.ts";
import { checkDisk, removeOldScratch } from "./disk.ts";
import { findGo } from "./go.ts";
import { untilInterrupted } from "./interruption.ts";
import { withLock } from "./lock.mjs";
import { officialSites, officialWay, type Sites } from "./official-files.ts";
import { downloadTool, isWrongContent } from "./official.ts";
import { announcement, planProblems, planTools, type Plan, type Wanted } from "./plan.ts";
import { answeringHosts } from "./probe.ts";
import { elapsed, type Log } from "./progress.ts";
import { assembleHome, homeFolder, homeIsComplete } from "./pulumi-home.ts";
import { runQueue, type Job } from "./queue.ts";
import type { ToolName } from "./recipes.ts";
import {
  homeParts,
  isOfficial,
  placeAll,
  toolPaths,
  workplace,
  type Mode,
  type Placed,
  type ToolPaths,
  type Workplace,
} from "./tool-paths.ts";

export interface ObtainOptions {
  readonly mode?: Mode;
  /** One line of progress. */
  readonly log: Log;
  readonly at?: Workplace;
  readonly sites?: Sites;
}

/** What goes along with every step of one run. */
interface Run {
  readonly names: readonly ToolName[];
  readonly mode: Mode;
  readonly log: Log;
  readonly at: Workplace;
  readonly sites: Sites;
  /** Ends the processes that are started. */
  readonly signal: AbortSignal;
}

/** Builds side by side: a Go build uses every core by itself, a second one fills its pauses. */
const sideBySide = Math.min(2, availableParallelism());

/** Have the named tools. Throws {@link ProblemsError} with everything that could not be had. */
export async function obtainTools(names: readonly ToolName[], options: ObtainOptions): Promise<ToolPaths> {
  const { mode = "auto", log, at = workplace(), sites = officialSites } = options;
  let paths = toolPaths(names, mode, at);
  if (paths.missing.length === 0) return paths;

  const start = performance.now();
  removeOldScratch(at.scratch);
  // A second time when a kwokctl that was to bring the control plane had to be built after all: then that is built too.
  for (let time = 0; time < 2 && paths.missing.length > 0; time++) {
    const absent = placeAll(names, at, mode).filter((tool) => tool.name === undefined && !tool.byKwokctl);
    if (absent.length > 0) {
      await untilInterrupted((signal) => obtainAbsent(absent, { names, mode, log, at, sites, signal }));
    }
    makeHome(names, mode, at);
    paths = toolPaths(names, mode, at);
  }
  if (paths.missing.length > 0) throw new Error(`obtained, but not found: ${paths.missing.join(", ")}`);
  log(`tools: complete in ${elapsed((performance.now() - start) / 1000)}, in ${at.cache}`);
  return paths;
}

async function obtainAbsent(absent: readonly Placed[], run: Run): Promise<void> {
  const wanted = absent.map(({ input }) => wantedOf(input, run));
  const plan = await makePlan(wanted, run);
  const refused = planProblems(plan, run.mode);
  if (refused.length > 0) throw new ProblemsError(refused);

  const inputs = absent.map(({ input }) => input);
  const toBuild = inputs.filter(({ recipe }) => plan.build.includes(recipe.name));
  const toDownload = inputs.filter(({ recipe }) => plan.download.includes(recipe.name));
  // Go and disk before the first line: what cannot work is refused before anything is begun.
  const build = await builder(toBuild, run);
  for (const line of announcement(plan, wanted, availableParallelism())) run.log(line);

  const jobs: Job[] = [
    ...toBuild.map((input) => ({ title: titleOf(input), work: () => build(input) })),
    ...toDownload.map((input) => ({ title: titleOf(input), work: () => download(input, run) })),
  ];
  // The CLI installs the provider: it must be there before.
  const last = jobs.filter(
    ({ title }) => plan.download.includes("pulumi-kubernetes") && title.startsWith("pulumi-kubernetes "),
  );
  const first = jobs.filter((job) => !last.includes(job));
  const problems = [...(await runQueue(first, sideBySide, run.log)), ...(await runQueue(last, sideBySide, run.log))];
  if (problems.length > 0) throw new ProblemsError(problems);
}

function titleOf(input: BuildInput): string {
  return `${input.recipe.name} ${input.version}`;
}

function wantedOf({ recipe, version }: BuildInput, { at, sites }: Run): Wanted {
  const { name, coldSeconds } = recipe;
  const way = officialWay(name, at.platform);
  if (way === undefined) return { name, version, coldSeconds };
  const hosts = way.sites.map((site) => new URL(sites[site]).host);
  return { name, version, coldSeconds, official: { kind: way.kind, hosts } };
}

async function makePlan(wanted: readonly Wanted[], { names, mode, at, sites }: Run): Promise<Plan> {
  const needed = wanted.flatMap(({ name }) => officialWay(name, at.platform)?.sites ?? []);
  const answering = mode === "build" ? [] : await answeringHosts(needed.map((site) => sites[site]));
  return planTools(wanted, mode, new Set(answering), placeAll(names, at, mode).some(isOfficialKwok));
}

function isOfficialKwok({ input, name }: Placed): boolean {
  return input.recipe.name === "kwok" && isOfficial(name);
}

/** A function that builds one of these tools. Refuses when there is no Go or no room. */
async function builder(inputs: readonly BuildInput[], run: Run): Promise<(input: BuildInput) => Promise<void>> {
  if (inputs.length === 0) return () => Promise.reject(new Error("nothing is to be built"));
  const go = findGo(inputs.map(({ recipe }) => recipe.name));
  await checkDisk(inputs, go, run.at.cache);
  return (input) => once(builtName(input), run, () => buildTool(input, go, run.at, run));
}

/** Download one tool; where everything is allowed, a download that fails is made up for by a build. */
async function download(input: BuildInput, run: Run): Promise<void> {
  const { at, sites, mode, log } = run;
  const name = officialName(input, at.platform);
  try {
    await once(name, run, () => downloadTool(input, { name, at, sites, pulumi: pulumiIn(at) }));
  } catch (error) {
    if (mode === "official" || !(error instanceof ProblemsError) || isWrongContent(error)) throw error;
    const why = error.problems.map(({ what }) => what).join("; ");
    log(`${titleOf(input)}: not downloaded (${why}), building it`);
    const build = await builder([input], run);
    await build(input);
  }
}

/** The CLI as it lies in the cache, for installing plugins before there is a home. */
function pulumiIn(at: Workplace): string | undefined {
  const name = placeAll(["pulumi"], at, "auto")[0]?.name;
  return name === undefined ? undefined : join(at.tools, name, "bin", "pulumi");
}

/** Do it unless another process has done it while we waited. */
async function once(name: string, { at, log }: Run, work: () => Promise<void>): Promise<void> {
  const onWait = (pid: number | undefined): void => {
    log(`${name}: waiting for process ${String(pid ?? "?")}, which is obtaining it`);
  };
  await withLock(
    join(at.cache, "locks", `${name}.lock`),
    async () => {
      if (!existsSync(join(at.tools, name, "bin"))) await work();
    },
    { onWait },
  );
}

function makeHome(names: readonly ToolName[], mode: Mode, at: Workplace): void {
  const parts = homeParts(placeAll(names, at, mode), at);
  if (parts === undefined) return;
  const home = homeFolder(at.homes, parts);
  if (!homeIsComplete(home, parts.pulumiVersion)) assembleHome(home, parts, at.scratch);
}
