/**
 * Reach as a library: what the verbs of the command do, as functions. Unusable input is a ProblemsError.
 *
 * The engine below it, which touches no file, is policies/reachability/index.ts.
 */
import { diffReport } from "../policies/reachability/report/diff-report.ts";
import { explain as explained, type Explanation } from "../policies/reachability/explain.ts";
import { matrixReport } from "../policies/reachability/report/matrix-report.ts";
import type { CiliumVersion } from "../policies/reachability/model.ts";
import { withNamed } from "../policies/reachability/report/named-outside.ts";
import type { PlatformPromise, PromiseResult } from "../policies/reachability/promises.ts";
import type { DiffReport, MatrixReport } from "../policies/reachability/report/report.ts";
import type { Selection } from "../policies/reachability/report/selection.ts";
import type { Finding } from "./findings.ts";
import type { Answer } from "./flows/answer.ts";
import { keptIn } from "./kept.ts";
import { linted, type Agents } from "./linted.ts";
import { selectedIn } from "./options.ts";
import { connectionsOf } from "./questions.ts";
import { readScenario, readScenarios, readUpgrade } from "./scenario.ts";
import type { Given } from "./surroundings.ts";

export { ProblemsError, type Problem } from "../policies/problems.ts";
export { explanationText, originText, type Explanation } from "../policies/reachability/explain.ts";
export { readPromises, type PlatformPromise, type PromiseResult } from "../policies/reachability/promises.ts";
export { portsText, remainsText } from "../policies/reachability/report/report-text.ts";
export type { ChangeRow, DiffReport, Edge, Group, MatrixReport, Risk } from "../policies/reachability/report/report.ts";
export type { Selection } from "../policies/reachability/report/selection.ts";
export type { Finding } from "./findings.ts";
export type { Answer, Proposal } from "./flows/answer.ts";
export { load, type Loaded } from "./input/load.ts";
export { readScenario, type Scenario } from "./scenario.ts";
export { usual, type Given, type Surroundings } from "./surroundings.ts";

/** Files and folders of manifests; `-` is standard input. */
export type Paths = readonly string[];

/** Everything that is not said is as the inventory says, else as in `usual`, and nothing is left out. */
export type Question = Given & { readonly selection?: Selection };

/** All pairs of workloads, and what is outside. */
export async function matrix(paths: Paths, { selection = {}, ...given }: Question = {}): Promise<MatrixReport> {
  const { world, findings, place } = await readScenario(paths, given);
  return matrixReport({ world, findings, selected: selectedIn(world, selection), place });
}

/**
 * What a change of manifests opens, closes or narrows. With `flows`, a file as `hubble observe -o jsonpb` prints it, every
 * change is told with how often it was used, and the report with who is unknown to the manifests.
 */
export async function diff(
  before: Paths,
  after: Paths,
  { selection = {}, flows, ...given }: Question & { readonly flows?: string } = {},
): Promise<DiffReport> {
  const states = await readScenarios(before, after, given);
  const report = diffReport({ before: states[0], after: states[1], selected: selectedIn(states[1].world, selection) });
  if (flows === undefined) return report;
  const { weigh } = await import("./flows/weigh.ts");
  return await weigh({ report, before: states[0].world, after: states[1].world }, flows);
}

/**
 * Why the dropped flows of a file were dropped, and for each the smallest change of the manifests that lets just it pass,
 * proved and as a unified diff. Each patch applies after those before it; its paths start at the working directory. Each
 * connection is answered once. `which` is the first dropped flow unless said otherwise.
 */
export async function why(
  flows: string,
  paths: Paths,
  {
    which = "the first dropped flow",
    ...given
  }: Partial<Pick<Given, "target" | "cilium" | "inventory">> & {
    readonly which?: "the first dropped flow" | "every dropped flow";
  } = {},
): Promise<readonly Answer[]> {
  const { answersTo } = await import("./flows/answers.ts");
  return (await answersTo({ file: flows, which, paths, surroundings: given })).answers;
}

/** What another version of Cilium does to the same manifests; `cilium` is the earlier one. */
export async function upgrade(
  paths: Paths,
  later: CiliumVersion,
  { selection = {}, ...given }: Question = {},
): Promise<DiffReport> {
  const [before, after] = await readUpgrade(paths, given, later);
  return diffReport({ before, after, selected: selectedIn(after.world, selection) });
}

/** Why a connection is possible or not: one walk for each protocol that the port means. */
export async function explain(
  connection: { readonly from: string; readonly to: string; readonly port: string },
  paths: Paths,
  given: Given = {},
): Promise<readonly Explanation[]> {
  const read = await readScenario(paths, given);
  const world = withNamed([connection.from, connection.to], read.world);
  return connectionsOf(connection, world).map((traffic) => explained(traffic, world));
}

/** What the agents can do that the manifests do not tell. */
export type LintQuestion = Given & Partial<Agents>;

/** What Cilium refuses, drops or ignores, what does not do what it says, and what the engine leaves open, the worst first. */
export async function lint(paths: Paths, given: LintQuestion = {}): Promise<readonly Finding[]> {
  return linted(await readScenario(paths, given), given);
}

/** Promises kept and broken: those of the platform, if there is an inventory, then these. */
export async function check(
  promises: readonly PlatformPromise[],
  paths: Paths,
  given: Given = {},
): Promise<readonly PromiseResult[]> {
  return keptIn(await readScenario(paths, given), promises);
}
