/**
 * Scenario: the world that manifests describe, with what was found while reading them.
 */
import type { Problem } from "../policies/problems.ts";
import type { CiliumVersion, Origin, Rule, World } from "../policies/reachability/model.ts";
import { needsExpressionCheck } from "../policies/reachability/judge/expressions.ts";
import { outsideOf } from "../policies/reachability/outside.ts";
import { withExternals, type ApiServer } from "../policies/reachability/read/externals.ts";
import { readWorld } from "../policies/reachability/read/world.ts";
import { load, type Loaded } from "./input/load.ts";
import type { Surroundings, Target } from "./surroundings.ts";

/** What each target makes of the API server. */
export const apiServers: Record<Target, ApiServer> = { kind: "on another node", aks: "outside the cluster" };

export interface Scenario {
  readonly world: World;
  readonly manifests: Loaded["manifests"];
  /** Of reading: what cannot be used, and what Cilium refuses, drops or ignores. */
  readonly findings: readonly Problem[];
  /** `file:line` of a rule's field. */
  readonly place: (origin: Origin) => string | undefined;
}

/** The world of these files and folders, with what lies outside it. */
export async function readScenario(paths: readonly string[], surroundings: Surroundings): Promise<Scenario> {
  const inside = await insideOf(await load(paths), surroundings);
  return withOutside(inside, surroundings, inside.world.rules);
}

/** Two worlds that are to be compared know the same peers outside: those of the policies of both. */
export async function readScenarios(
  before: readonly string[],
  after: readonly string[],
  surroundings: Surroundings,
): Promise<readonly [Scenario, Scenario]> {
  return withSharedOutside(
    await insideOf(await load(before), surroundings),
    await insideOf(await load(after), surroundings),
    surroundings,
  );
}

/** The same manifests under two versions of Cilium. */
export async function readUpgrade(
  paths: readonly string[],
  surroundings: Surroundings,
  later: CiliumVersion,
): Promise<readonly [Scenario, Scenario]> {
  const loaded = await load(paths);
  return withSharedOutside(
    await insideOf(loaded, surroundings),
    await insideOf(loaded, { ...surroundings, cilium: later }),
    surroundings,
  );
}

function withSharedOutside(
  before: Scenario,
  after: Scenario,
  surroundings: Surroundings,
): readonly [Scenario, Scenario] {
  const rules = [before, after].flatMap(({ world }) => world.rules);
  return [withOutside(before, surroundings, rules), withOutside(after, surroundings, rules)];
}

async function insideOf(
  { manifests, problems, place }: Loaded,
  { cilium, names, target }: Surroundings,
): Promise<Scenario> {
  // Few bundles hold an expression that only RE2 can judge, and loading it costs more than reading most of them.
  const check = needsExpressionCheck(manifests)
    ? { expressionError: (await import("../policies/reachability/judge/re2.ts")).re2Error }
    : {};
  const apiServer = apiServers[target];
  const { world, problems: found } = readWorld({ manifests, externals: [], cilium, names, apiServer, ...check });
  return { world, manifests, findings: [...problems, ...found], place };
}

function withOutside(inside: Scenario, { target, externals }: Surroundings, rules: readonly Rule[]): Scenario {
  const given = new Set(externals.map(({ name }) => name));
  const all = [...outsideOf(rules).filter(({ name }) => !given.has(name)), ...externals];
  return { ...inside, world: withExternals(inside.world, all, apiServers[target]) };
}
