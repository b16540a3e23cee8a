/**
 * obtainTools: whatever of the named tools is missing is there afterwards, from the official place or built from
 * source, and every later run only looks.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { buildTool } from "./build.ts";
import { builtName, officialName, type BuildInput } from "./build-input.ts";
import { checkDisk, removeOldScratch } from "./disk.ts";
import { findGo } from "./go.ts";
import { untilInterrupted } from "./interruption.ts";
import { withLock } from "./lock.mjs";
import { officialSites, officialWay } from "./official-files.ts";
import { downloadTool } from "./official.ts";
import { announcement, planProblems, planTools, type Wanted } from "./plan.ts";
import { answeringHosts } from "./probe.ts";
import { elapsed, type Log } from "./progress.ts";
import { assembleHome, homeFolder, homeIsComplete } from "./pulumi-home.ts";
import type { RecipeName, ToolName } from "./recipes.ts";
import {
  homeParts,
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
}

/** Builds side by side: a Go build uses every core by itself, a second one fills its pauses. */
const sideBySide = Math.min(2, availableParallelism());

/** Have the named tools. Throws {@link ProblemsError} with everything that could not be had. */
export async function obtainTools(names: readonly ToolName[], options: ObtainOptions): Promise<ToolPaths> {
  const { mode = "auto", log, at = workplace() } = options;
  const present = toolPaths(names, mode, at);
  if (present.missing.length === 0) return present;

  const start = performance.now();
  removeOldScratch(at.scratch);
  const absent = placeAll(names, at, mode).filter((tool) => tool.name === undefined && !tool.byKwokctl);
  await untilInterrupted((signal) => obtainAbsent(absent, names, mode, { log, signal }, at));
  makeHome(names, mode, at);
  const paths = toolPaths(names, mode, at);
  if (paths.missing.length > 0) throw new Error(`obtained, but not found: ${paths.missing.join(", ")}`);
  log(`tools: complete in ${elapsed((performance.now() - start) / 1000)}, in ${at.cache}`);
  return paths;
}

async function obtainAbsent(
  absent: readonly Placed[],
  names: readonly ToolName[],
  mode: Mode,
  run: Run,
  at: Workplace,
): Promise<void> {
  const { log } = run;
  if (absent.length === 0) return;
  const wanted = absent.map(({ input }) => wantedOf(input, at));
  const hosts = wanted.flatMap((tool) => tool.official?.hosts ?? []);
  const answering = mode === "build" ? new Set<string>() : await answeringHosts(hosts);
  const plan = planTools(wanted, mode, answering, hasOfficialKwokctl(names, mode, at));
  const refused = planProblems(plan, mode);
  if (refused.length > 0) throw new ProblemsError(refused);

  const build = await prepareBuild(absent, plan.build, run, at);
  for (const line of announcement(plan, wanted, availableParallelism())) log(line);
  const download = async (tool: Placed): Promise<void> => {
    const name = officialName(tool.input, at.platform);
    const pulumi = pulumiIn(at);
    try {
      await once(name, log, at, () => downloadTool(tool.input, { name, at, pulumi }));
    } catch (error) {
      if (mode === "official" || !(error instanceof ProblemsError) || isWrongContent(error)) throw error;
      log(`${tool.input.recipe.name} ${tool.input.version}: download failed, building instead`);
      await (
        await prepareBuild([tool], [tool.input.recipe.name], run, at)
      )(tool);
    }
  };
  const jobFor = (tool: Placed): Job => ({
    tool,
    work: () => (plan.build.includes(tool.input.recipe.name) ? build(tool) : download(tool)),
  });

  const mine = absent.filter(({ input }) => !plan.byKwokctl.includes(input.recipe.name));
  // The CLI installs the provider: it must be there before.
  const later = mine.filter(
    ({ input }) => input.recipe.name === "pulumi-kubernetes" && plan.download.includes("pulumi-kubernetes"),
  );
  const first = mine.filter((tool) => !later.includes(tool));
  const problems = [
    ...(await runAll(first.map(jobFor), sideBySide, log)),
    ...(await runAll(later.map(jobFor), sideBySide, log)),
  ];
  if (problems.length > 0) throw new ProblemsError(problems);
}

/** What goes along with every step of one run. */
interface Run {
  readonly log: Log;
  /** Ends the processes that are started. */
  readonly signal: AbortSignal;
}

interface Job {
  readonly tool: Placed;
  readonly work: () => Promise<void>;
}

function wantedOf(input: BuildInput, at: Workplace): Wanted {
  const { name, coldSeconds } = input.recipe;
  const way = officialWay(name, at.platform);
  const hosts = way?.sites.map((site) => new URL(officialSites[site]).host) ?? [];
  return {
    name,
    version: input.version,
    coldSeconds,
    ...(way === undefined ? {} : { official: { kind: way.kind, hosts } }),
  };
}

/** Go and disk are checked before the first build begins; then a function that builds one tool. */
async function prepareBuild(
  absent: readonly Placed[],
  names: readonly RecipeName[],
  run: Run,
  at: Workplace,
): Promise<(tool: Placed) => Promise<void>> {
  const toBuild = absent.filter(({ input }) => names.includes(input.recipe.name));
  if (toBuild.length === 0) return () => Promise.reject(new Error("nothing to build"));
  const go = findGo(names);
  await checkDisk(
    toBuild.map(({ input }) => input),
    go,
    at.cache,
  );
  return async ({ input }) => {
    await once(builtName(input), run.log, at, () => buildTool(input, go, at, run));
  };
}

function isWrongContent(error: ProblemsError): boolean {
  return error.problems.some(({ code }) => code === "tools/download-checksum");
}

function hasOfficialKwokctl(names: readonly ToolName[], mode: Mode, at: Workplace): boolean {
  return placeAll(names, at, mode).some(
    ({ input, name }) => input.recipe.name === "kwok" && name?.includes("-official-") === true,
  );
}

/** The CLI as it lies in the cache, for installing plugins before there is a home. */
function pulumiIn(at: Workplace): string | undefined {
  const name = placeAll(["pulumi"], at, "auto")[0]?.name;
  return name === undefined ? undefined : join(at.tools, name, "bin", "pulumi");
}

/** Do it unless another process has done it while we waited. */
async function once(name: string, log: Log, at: Workplace, work: () => Promise<void>): Promise<void> {
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

/** Run the jobs, so many at a time; one that fails does not keep the others from finishing. */
async function runAll(jobs: readonly Job[], atATime: number, log: Log): Promise<Problem[]> {
  const waiting = [...jobs];
  const problems: Problem[] = [];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const title = `${job.tool.input.recipe.name} ${job.tool.input.version}`;
      const start = performance.now();
      log(`${title}: started`);
      try {
        await job.work();
        log(`${title}: done in ${elapsed((performance.now() - start) / 1000)}`);
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        problems.push(...error.problems);
        log(`${title}: failed after ${elapsed((performance.now() - start) / 1000)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return problems;
}

function makeHome(names: readonly ToolName[], mode: Mode, at: Workplace): void {
  const parts = homeParts(placeAll(names, at, mode), at);
  if (parts === undefined) return;
  const home = homeFolder(at.homes, parts);
  if (!homeIsComplete(home, parts.pulumiVersion)) assembleHome(home, parts, at.scratch);
}
