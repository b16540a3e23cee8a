/**
 * Scenario: the world that manifests describe, with what was found while reading them.
 */
import { ProblemsError, type Problem } from "../policies/problems.ts";
import type { CiliumVersion, Origin, Rule, World } from "../policies/reachability/model.ts";
import { needsExpressionCheck } from "../policies/reachability/judge/expressions.ts";
import { outsideOf } from "../policies/reachability/outside.ts";
import { withExternals, type ApiServer, type External } from "../policies/reachability/read/externals.ts";
import { readWorld, type ReadWorld, type WorldInput } from "../policies/reachability/read/world.ts";
import { load, type Loaded } from "./input/load.ts";
import type { Applied, Platform } from "./platform.ts";
import { ciliumVersions, usual, type Given, type Target } from "./surroundings.ts";

/** What each target makes of the API server. */
export const apiServers: Record<Target, ApiServer> = { kind: "on another node", aks: "outside the cluster" };

export interface Scenario {
  readonly world: World;
  /** Where it is in this world. */
  readonly apiServer: ApiServer;
  readonly manifests: Loaded["manifests"];
  /** Of reading: what cannot be used, and what Cilium refuses, drops or ignores. */
  readonly findings: readonly Problem[];
  /** `file:line` of a rule's field. */
  readonly place: (origin: Origin) => string | undefined;
  /** What runs below the manifests, where an inventory says it. */
  readonly platform?: Platform;
  /** Whether a problem is one of the platform's own objects, beside others that are judged. */
  readonly isPlatforms: (problem: Problem) => boolean;
  /** The world with the API server at each other place where the platform says that it may run. */
  readonly elsewhere: () => readonly World[];
}

/** The world of these files and folders, with what lies outside it. */
export async function readScenario(paths: readonly string[], given: Given): Promise<Scenario> {
  return scenarioOf(await loadedOn(paths, given), given);
}

/** The same of manifests that were read before. */
export async function scenarioOf(read: Read, given: Given): Promise<Scenario> {
  const inside = await insideOf(read, given);
  return withOutside(inside, inside.world.rules);
}

/** Two worlds that are to be compared know the same peers outside: those of the policies of both. */
export async function readScenarios(
  before: readonly string[],
  after: readonly string[],
  given: Given,
  /** Of the later side, if it is not the same. */
  later: Given = given,
): Promise<readonly [Scenario, Scenario]> {
  const inside = await insideOf(await loadedOn(before, given), given);
  return withSharedOutside(inside, await insideOf(await loadedOn(after, later), later));
}

/** The same manifests under two versions of Cilium. */
export async function readUpgrade(
  paths: readonly string[],
  given: Given,
  later: CiliumVersion,
): Promise<readonly [Scenario, Scenario]> {
  const read = await loadedOn(paths, given);
  return withSharedOutside(await insideOf(read, given), await insideOf(read, { ...given, cilium: later }));
}

/** A world that is still without what lies outside. */
interface Inside extends ReadWorld {
  readonly loaded: Loaded & Partial<Pick<Applied, "platforms">>;
  readonly platform?: Platform;
  readonly externals: readonly External[];
  readonly apiServers: readonly [ApiServer, ...ApiServer[]];
  readonly input: WorldInput;
}

function withSharedOutside(before: Inside, after: Inside): readonly [Scenario, Scenario] {
  const rules = [before, after].flatMap(({ world }) => world.rules);
  return [withOutside(before, rules), withOutside(after, rules)];
}

async function insideOf({ loaded, platform }: Read, given: Given): Promise<Inside> {
  const { manifests } = loaded;
  // Few bundles hold an expression that only RE2 can judge, and loading it costs more than reading most of them.
  const check = needsExpressionCheck(manifests)
    ? { expressionError: (await import("../policies/reachability/judge/re2.ts")).re2Error }
    : {};
  const servers = apiServersOf(given, platform);
  const [apiServer] = servers;
  const { names = usual.names } = given;
  const cilium = versionOf(given, platform);
  const input: WorldInput = { manifests, externals: [], cilium, names, apiServer, ...check };
  return {
    ...readWorld(input),
    loaded,
    ...(platform === undefined ? {} : { platform }),
    externals: given.externals ?? usual.externals,
    apiServers: servers,
    input,
  };
}

export type Read = Pick<Inside, "loaded" | "platform">;

/** The manifests of these files and folders, on their platform if there is one. */
export async function loadedOn(paths: readonly string[], { inventory }: Given): Promise<Read> {
  if (inventory === undefined) return { loaded: await load(paths) };
  // Most runs know of no platform.
  const { applied, readInventory } = await import("./platform.ts");
  const below = await readInventory(inventory);
  const own = paths.length === 0 ? undefined : await load(paths, { empty: "allowed" });
  return { loaded: applied(own, below), platform: below.platform };
}

/** Where the API server may run. */
export function apiServersOf({ target }: Given, platform: Platform | undefined): readonly [ApiServer, ...ApiServer[]] {
  const places = target === undefined ? platform?.apiServer : undefined;
  return places ?? [apiServers[target ?? usual.target]];
}

export function versionOf({ cilium }: Given, platform: Platform | undefined): CiliumVersion {
  if (cilium !== undefined || platform === undefined) return cilium ?? usual.cilium;
  const { version } = platform.cilium;
  const found = ciliumVersions.find((each) => version.startsWith(`${each}.`));
  if (found !== undefined) return found;
  throw new ProblemsError([
    {
      code: "reach/unknown-version",
      where: `inventory of ${platform.stack}`,
      what: `verdicts of Cilium \`${version}\` are not known`,
      expected: ciliumVersions.join(", "),
      fix: "say --cilium with the nearest of them",
    },
  ]);
}

function withOutside(inside: Inside, rules: readonly Rule[]): Scenario {
  const { loaded, platform, externals, world, problems, input } = inside;
  const [apiServer, ...others] = inside.apiServers;
  const platforms = loaded.platforms ?? new Set<string>();
  const isPlatforms = ({ where }: Problem): boolean => platforms.has(where.split(" › ")[0] ?? "");
  const given = new Set(externals.map(({ name }) => name));
  const all = [...outsideOf(rules).filter(({ name }) => !given.has(name)), ...externals];
  return {
    world: withExternals(world, all, apiServer),
    apiServer,
    manifests: loaded.manifests,
    findings: [...loaded.problems, ...problems].filter((problem) => !isPlatforms(problem)),
    place: loaded.place,
    ...(platform === undefined ? {} : { platform }),
    isPlatforms,
    elsewhere: () => others.map((place) => withExternals(readWorld({ ...input, apiServer: place }).world, all, place)),
  };
}
