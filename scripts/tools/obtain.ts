/**
 * obtainTools: whatever of the named tools is missing is there afterwards, from the official place or built from
 * source, and every later run only looks.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { buildTool } from "./build.ts";
import { builtName, officialName } from "./build-input.ts";
import { findGo, type Go } from "./go.ts";
import { diskProblem } from "./go-problems.ts";
import { withLock } from "./lock.mjs";
import { downloadTool, officialHosts } from "./official.ts";
import { announcement, neededGigabytes, planProblems, planTools, type Wanted } from "./plan.ts";
import { answeringHosts } from "./probe.ts";
import { elapsed, type Log } from "./progress.ts";
import { assembleHome, homeFolder, homeIsComplete } from "./pulumi-home.ts";
import type { ToolName } from "./recipes.ts";
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
  await obtainAbsent(absent, mode, log, at);
  makeHome(names, mode, at);
  const paths = toolPaths(names, mode, at);
  if (paths.missing.length > 0) throw new Error(`obtained, but not found: ${paths.missing.join(", ")}`);
  log(`tools: complete in ${elapsed((performance.now() - start) / 1000)}, in ${at.cache}`);
  return paths;
}

async function obtainAbsent(absent: readonly Placed[], mode: Mode, log: Log, at: Workplace): Promise<void> {
  if (absent.length === 0) return;
  const wanted = absent.map(({ input }): Wanted => ({
    name: input.recipe.name,
    version: input.version,
    hosts: officialHosts(input.recipe.name),
    coldSeconds: input.recipe.coldSeconds,
    coldGigabytes: input.recipe.coldGigabytes,
  }));
  const answering = mode === "build" ? new Set<string>() : await answeringHosts(wanted.flatMap((tool) => tool.hosts));
  const plan = planTools(wanted, mode, answering);
  const refused = planProblems(plan, mode);
  if (refused.length > 0) throw new ProblemsError(refused);

  const toBuild = absent.filter(({ input }) => plan.build.includes(input.recipe.name));
  const go = toBuild.length === 0 ? undefined : findGo(plan.build);
  if (go !== undefined) await checkDisk(toBuild, wanted, go, at);
  for (const line of announcement(plan, wanted, availableParallelism())) log(line);

  const jobs = absent.map((tool) => ({
    tool,
    work: () =>
      plan.build.includes(tool.input.recipe.name) && go !== undefined
        ? build(tool, go, log, at)
        : download(tool, log, at),
  }));
  const problems = await runAll(jobs, sideBySide, log);
  if (problems.length > 0) throw new ProblemsError(problems);
}

async function build({ input }: Placed, go: Go, log: Log, at: Workplace): Promise<void> {
  const name = builtName(input);
  await once(name, log, at, () => buildTool(input, go, at.platform, at, log));
}

async function download({ input }: Placed, log: Log, at: Workplace): Promise<void> {
  const name = officialName(input, at.platform);
  await once(name, log, at, () => downloadTool(input, name, at, log));
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
async function runAll(
  jobs: readonly { readonly tool: Placed; readonly work: () => Promise<void> }[],
  atATime: number,
  log: Log,
): Promise<Problem[]> {
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

/** A cold build fills the disk: better to know before the first minute than after the tenth. */
async function checkDisk(toBuild: readonly Placed[], wanted: readonly Wanted[], go: Go, at: Workplace): Promise<void> {
  const cold = toBuild
    .filter(({ input }) => !existsSync(join(go.moduleCache, `${input.recipe.module}@${input.moduleVersion}`)))
    .map(({ input }) => input.recipe.name);
  if (cold.length === 0) return;
  const needed = neededGigabytes(wanted, cold);
  mkdirSync(at.cache, { recursive: true });
  for (const folder of new Set([go.moduleCache, go.buildCache, at.cache])) {
    const { bavail, bsize } = await statfs(nearestFolder(folder));
    const free = (bavail * bsize) / 1e9;
    if (free < needed) throw new ProblemsError([diskProblem(folder, free, needed)]);
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}

/** What a killed run left behind: nobody works on the same build for a day. */
function removeOldScratch(scratch: string): void {
  if (!existsSync(scratch)) return;
  for (const name of readdirSync(scratch)) {
    const path = join(scratch, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 24 * 3600 * 1000) rmSync(path, { recursive: true, force: true });
  }
}
