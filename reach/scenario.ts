/**
 * Scenario: the world that manifests describe, with what was found while reading them.
 */
import type { Problem } from "../policies/problems.ts";
import type { CiliumVersion, Origin, World } from "../policies/reachability/model.ts";
import type { ApiServer, External } from "../policies/reachability/read/externals.ts";
import type { Manifest } from "../policies/reachability/read/fields.ts";
import { readWorld } from "../policies/reachability/read/world.ts";
import { load } from "./input/load.ts";

/** Where the cluster runs: it decides what the API server's address is to a policy (S12). */
export const targets = ["kind", "aks"] as const;
export type Target = (typeof targets)[number];

const apiServers: Record<Target, ApiServer> = { kind: "on another node", aks: "outside the cluster" };

/** What a world depends on besides its manifests. */
export interface Surroundings {
  readonly target: Target;
  readonly cilium: CiliumVersion;
  /** Besides those that the policies themselves tell apart. */
  readonly externals: readonly External[];
}

export interface Scenario {
  readonly world: World;
  /** Of reading: what cannot be used, and what Cilium refuses, drops or ignores. */
  readonly findings: readonly Problem[];
  /** `file:line` of a rule's field. */
  readonly place: (origin: Origin) => string | undefined;
}

export async function readScenario(paths: readonly string[], surroundings: Surroundings): Promise<Scenario> {
  const { manifests, problems, place } = await load(paths);
  const { target, cilium } = surroundings;
  const externals = [...outside(manifests), ...surroundings.externals];
  const read = readWorld({ manifests, externals, cilium, apiServer: apiServers[target] });
  return { world: read.world, findings: [...problems, ...read.problems], place };
}

function outside(_manifests: readonly Manifest[]): External[] {
  return [
    { name: "world", entity: "world" },
    { name: "host", entity: "host" },
    { name: "remote-node", entity: "remote-node" },
    { name: "kube-apiserver", entity: "kube-apiserver" },
  ];
}
