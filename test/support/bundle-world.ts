/** Bundle worlds: objects and example pods of bundles as the engine reads them, and what it answers about them. */
import assert from "node:assert/strict";

import type { Bundle, BundleContext, Manifest } from "../../policies/bundle.ts";
import { clusterDnsPod } from "../../policies/inventory.ts";
import { judged } from "../../policies/lint/lint.ts";
import { explain, explanationText } from "../../policies/reachability/explain.ts";
import { connect } from "../../policies/reachability/matrix.ts";
import type { World } from "../../policies/reachability/model.ts";
import { withNamed } from "../../policies/reachability/report/named-outside.ts";
import { outsideOf } from "../../policies/reachability/outside.ts";
import { withExternals } from "../../policies/reachability/read/externals.ts";
import { readWorld } from "../../policies/reachability/read/world.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";

/** Everything that is applied, and everybody it is about. */
export function objectsOf(bundles: readonly Bundle[], context: BundleContext): readonly Manifest[] {
  return [clusterDnsPod, ...bundles.flatMap((bundle) => [...bundle.manifests(context), ...bundle.examples(context)])];
}

/** Cilium accepts all of it, and whoever the policies tell apart is there. */
export function worldOf(objects: readonly Manifest[]): World {
  const manifests = objects.map((object) => ({ object: { ...object } }));
  const { world, problems } = readWorld({ manifests, externals: [], names: "as learned" });
  // Lint is not asked here, so what is accepted of its findings matches none.
  const open = judged(problems, manifests).filter(
    ({ problem, accepted }) => accepted === undefined && problem.code !== "lint/unused-suppression",
  );
  assert.deepEqual(open, []);
  return withExternals(world, outsideOf(world.rules));
}

/** What is told about `dev/web -> dev/api TCP 80`, each line without its indentation. */
export function told(question: string, world: World): readonly string[] {
  const [, from = "", to = "", protocol, port] = /^(\S+) -> (\S+) (TCP|UDP) (\d+)$/.exec(question) ?? [];
  const known = withNamed([from, to], world);
  const at = (name: string): number => {
    const position = known.endpoints.findIndex((endpoint) => endpoint.name === name);
    assert.notEqual(position, -1, `nobody is called ${name}`);
    return position;
  };
  const traffic = {
    from: at(from),
    to: at(to),
    protocol: protocol === "UDP" ? "UDP" : "TCP",
    port: Number(port),
  } as const;
  return explanationText(explain(traffic, known))
    .split("\n")
    .map((line) => line.trim());
}

/** `allowed`, `denied` or `unknown`. */
export function outcome(question: string, world: World): string {
  return told(question, world)[0]?.replace(/^.*: /, "") ?? "";
}

/** A policy that lets every pod of a namespace do everything, as somebody else might write it. */
export function allowEverything(namespace: string): Manifest {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "allow-everything", namespace },
    spec: { endpointSelector: {}, ingress: [{ fromEntities: ["all"] }], egress: [{ toEntities: ["all"] }] },
  };
}

/** Every connection that is not denied and that begins or ends in a namespace, but for name resolution and the node. */
export function edgesOf(namespace: string, world: World): readonly string[] {
  const { cell } = connect(world);
  const inside = (name: string): boolean => name.startsWith(`${namespace}/`);
  return world.endpoints.flatMap((client, from) =>
    world.endpoints.flatMap((server, to) => {
      if (client === server || !(inside(client.name) || inside(server.name))) return [];
      if (client.name === "host" || server.name === clusterDns || isHostName(client.name)) return [];
      const possible = cell(from, to);
      return possible.length === 0 ? [] : [`${client.name} -> ${server.name} ${portsText(possible)}`];
    }),
  );
}

const clusterDns = "kube-system/coredns";

/** A name is how a server is known; as a client it is the world. */
function isHostName(name: string): boolean {
  return name.includes(".");
}
