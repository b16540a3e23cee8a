/**
 * Fixes: what `lint --fix` writes into manifests. Only findings with one certain remedy are touched, and each fix is kept only
 * if the finding is gone with it and nothing is refused or dropped that was not before.
 */
import type { LintProblem } from "../policies/lint/lint.ts";
import { repairOfReading } from "../policies/lint/repairs.ts";
import { edited, type Edit } from "../policies/reachability/repair/edits.ts";
import type { Finding } from "./findings.ts";
import { newTexts, type NewText } from "./flows/patch.ts";
import { judgedIn, toldOf, type Agents } from "./linted.ts";
import { loadedOn, scenarioOf, type Read, type Scenario } from "./scenario.ts";
import type { Given } from "./surroundings.ts";

export interface Fix {
  /** As it was before. */
  readonly finding: Finding;
  /** What is done, continuing "fixed:". */
  readonly says: string;
}

export interface Fixes {
  /** In the order of their places. */
  readonly made: readonly Fix[];
  /** The files as they should be. */
  readonly texts: readonly NewText[];
  readonly before: Scenario;
  readonly after: Scenario;
}

/** What is written nowhere yet. Manifests of standard input are left as they are. */
export async function fixesFor(paths: readonly string[], given: Given, agents: Partial<Agents>): Promise<Fixes> {
  const read = await loadedOn(paths, given);
  const before = await scenarioOf(read, given);
  let state: State = { edits: [], scenario: before, read };
  const made: Fix[] = [];
  const tried = new Set<string>();
  for (;;) {
    const open = candidatesIn(state.scenario, agents, tried);
    if (open.length === 0) break;
    // One of each object at a time: edits of one object may stand in each other's way.
    const together = [...new Map([...open].reverse().map((each) => [each.manifest, each])).values()].reverse();
    for (const each of together) tried.add(each.key);
    const kept = await keeping(together, state, given, agents);
    state = kept.state;
    made.push(...kept.made);
  }
  const texts = await newTexts(state.edits, before.manifests, { kind: "folder", path: "." });
  return { made, texts: texts.filter((text) => text.before !== text.after), before, after: state.scenario };
}

interface State {
  readonly read: Read;
  readonly scenario: Scenario;
  readonly edits: readonly Edit[];
}

interface Candidate extends Fix {
  /** What is the same before and after another fix. */
  readonly key: string;
  /** Position among the manifests. */
  readonly manifest: number;
  readonly edits: readonly Edit[];
}

function candidatesIn(scenario: Scenario, agents: Partial<Agents>, tried: ReadonlySet<string>): readonly Candidate[] {
  const { manifests } = scenario;
  return judgedIn(scenario, agents).flatMap((judged): Candidate[] => {
    if (judged.accepted !== undefined) return [];
    const problem: LintProblem = judged.problem;
    const repair = problem.repair ?? repairOfReading(problem, manifests);
    const finding = toldOf(judged, scenario);
    const key = keyOf(finding);
    if (repair === undefined || tried.has(key)) return [];
    const manifest = manifests.indexOf(repair.manifest);
    if (manifest < 0 || !isInFile(repair.manifest.source)) return [];
    const edits = repair.edits.map((edit): Edit => ({ ...edit, manifest }));
    return [{ finding, key, says: repair.says, manifest, edits }];
  });
}

function isInFile(source: string | undefined): boolean {
  return source !== undefined && !source.startsWith("stdin:");
}

function keyOf({ code, object, field, what }: Finding): string {
  return [code, object, field, what].join("\n");
}

/** All of them if they do what they should, else those that do it one after the other. */
async function keeping(
  candidates: readonly Candidate[],
  state: State,
  given: Given,
  agents: Partial<Agents>,
): Promise<{ readonly state: State; readonly made: readonly Fix[] }> {
  const next = await withEdits(
    state,
    candidates.flatMap(({ edits }) => edits),
    given,
  );
  if (isBetter(candidates, state.scenario, next.scenario, agents)) return { state: next, made: candidates };
  if (candidates.length === 1) return { state, made: [] };
  let kept: { readonly state: State; readonly made: readonly Fix[] } = { state, made: [] };
  for (const candidate of candidates) {
    const one = await keeping([candidate], kept.state, given, agents);
    kept = { state: one.state, made: [...kept.made, ...one.made] };
  }
  return kept;
}

async function withEdits({ read, edits }: State, more: readonly Edit[], given: Given): Promise<State> {
  const manifests = edited(read.loaded.manifests, more);
  const changed: Read = { ...read, loaded: { ...read.loaded, manifests } };
  return { read: changed, scenario: await scenarioOf(changed, given), edits: [...edits, ...more] };
}

/** Whether their findings are gone, and nothing is refused or dropped that was not before. */
function isBetter(fixes: readonly Candidate[], before: Scenario, after: Scenario, agents: Partial<Agents>): boolean {
  const told = (scenario: Scenario): Finding[] =>
    judgedIn(scenario, agents).flatMap((each) => (each.accepted === undefined ? [toldOf(each, scenario)] : []));
  const [earlier, later] = [told(before), told(after)];
  const left = new Set(later.map(keyOf));
  const known = new Set(earlier.map(keyOf));
  const isWorse = (finding: Finding): boolean =>
    (finding.severity === "refused" || finding.severity === "dropped") && !known.has(keyOf(finding));
  return fixes.every(({ key }) => !left.has(key)) && !later.some(isWorse);
}
