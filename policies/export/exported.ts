/**
 * Export: the policies of a cluster as plain NetworkPolicies for one without Cilium, with what is lost, by measurement.
 *
 * Never wider: an export in which the engine finds an open connection more, or a lost one without a reason, is refused.
 */
import type { Problem } from "../problems.ts";
import { policyText } from "../reachability/explain.ts";
import { outsideOf } from "../reachability/outside.ts";
import type { World } from "../reachability/model.ts";
import { withExternals, type ApiServer, type External } from "../reachability/read/externals.ts";
import { isFields, type Fields, type Manifest } from "../reachability/read/fields.ts";
import { kindOf } from "../reachability/read/other-kinds.ts";
import { policyOf } from "../reachability/read/policy-objects.ts";
import { readWorld } from "../reachability/read/world.ts";
import { portsText } from "../reachability/report/report-text.ts";
import { parseCidr } from "../reachability/select/cidr.ts";
import type { Block } from "./blocks.ts";
import type { Loss } from "./loss.ts";
import { measure, type LostEdge } from "./measure.ts";
import { nameLabel } from "./pods.ts";
import type { Namespaces } from "./subjects.ts";
import { translate, type TranslatedPolicy } from "./translate.ts";

export type { Loss } from "./loss.ts";
export type { LostEdge } from "./measure.ts";
export type { TranslatedPolicy } from "./translate.ts";
export type { NetworkPolicy } from "./write.ts";

export interface ExportInput {
  /** Policies of all kinds, and whom they are about: namespaces, workloads, Services, CIDR groups. */
  readonly manifests: readonly Manifest[];
  /** Ranges of pods and nodes of the cluster that takes the result; {@link privateRanges} where they are not known. */
  readonly inside: readonly string[];
  /** Where the API server may run, seen from a pod. The export is measured for each. */
  readonly apiServer: readonly [ApiServer, ...ApiServer[]];
}

export interface Exported {
  readonly policies: readonly TranslatedPolicy[];
  readonly losses: readonly Loss[];
  /** Connections among the manifests' workloads, and with the outside, that are no longer possible. */
  readonly lost: readonly LostEdge[];
  /** Ordered pairs that are as before. */
  readonly unchanged: number;
  /** Objects that are no policies of who may talk to whom and need Cilium: left out. */
  readonly others: readonly string[];
  /** Why the result must not be used. */
  readonly problems: readonly Problem[];
}

/**
 * What clusters take pod addresses from where nobody says which.
 * {@link https://www.rfc-editor.org/rfc/rfc1918} {@link https://www.rfc-editor.org/rfc/rfc6598}
 * {@link https://www.rfc-editor.org/rfc/rfc1112#section-4}
 */
export const privateRanges: readonly string[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "240.0.0.0/4",
];

export function exportPolicies({ manifests, inside, apiServer }: ExportInput): Exported {
  const ranges = inside.map((text) => ({ text, cidr: parseCidr(text) }));
  const blocks = ranges.flatMap(({ cidr }): Block[] => (cidr === undefined ? [] : [{ cidr, except: [] }]));
  const read = readWorld({ manifests, externals: [], names: "known" });
  const { policies, losses } = translate(read.world, { namespaces: namespacesIn(manifests), inside: blocks });
  const bare = manifests.filter(({ object }) => policyOf(object) === undefined);
  const after = readWorld({
    manifests: [...bare, ...policies.map(({ manifest }) => ({ object: manifest as unknown as Fields }))],
    externals: [],
    names: "known",
  }).world;
  const outside = outsideOf([...read.world.rules, ...after.rules]);
  // Names that Cilium may never learn are open to some and closed to others: neither may open by the export.
  const says = namesIn(read.world) ? (["known", "as learned"] as const) : (["known"] as const);
  const worlds = apiServer.flatMap((place) =>
    says.map((names): [World, World] => [
      seenFrom({ ...read.world, names }, outside, place),
      seenFrom({ ...after, names }, outside, place),
    ]),
  );
  const [first, ...more] = worlds.map(([old, now]) => measure(old, now, { policies, losses }));
  const all = first === undefined ? [] : [first, ...more];
  const opened = [...new Set(all.flatMap((each) => each.opened))];
  const lost = distinctEdges(all.flatMap((each) => each.lost));
  const unsayable = [
    ...manifests.flatMap(({ object }) => (kindOf(object) === "ClusterNetworkPolicy" ? [tiered(object)] : [])),
    ...[...new Set(read.world.hostRules.map(({ origin }) => policyText(origin.policy)))].map(ofNodes),
  ];
  return {
    policies,
    losses,
    lost,
    unchanged: first?.unchanged ?? 0,
    others: manifests.flatMap(({ object }) => otherKind(object) ?? []),
    problems: [
      ...ranges.flatMap(({ text, cidr }) => (cidr === undefined ? [noRange(text)] : [])),
      ...read.problems.filter(({ code }) => code === "cilium/refused"),
      ...unsayable,
      // What nothing can be said of is not measured either.
      ...(unsayable.length === 0 ? opened.map(wider) : []),
      ...lost.filter(({ losses: causes }) => causes.length === 0).map(unexplained),
    ],
  };
}

function seenFrom(world: World, outside: readonly External[], place: ApiServer): World {
  return withExternals(world, outside, place);
}

function namesIn({ rules }: World): boolean {
  return rules.some(({ peers }) => peers.kind === "selected" && peers.selectors.some(({ kind }) => kind === "fqdn"));
}

function distinctEdges(edges: readonly LostEdge[]): readonly LostEdge[] {
  return [...new Map(edges.map((edge) => [JSON.stringify(edge), edge])).values()];
}

/** Those that an object is or is in, and those of every cluster. */
function namespacesIn(manifests: readonly Manifest[]): Namespaces {
  const found = new Map<string, ReadonlyMap<string, string>>();
  const add = (name: string, labels: Fields): void => {
    const own = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    found.set(name, new Map([...(found.get(name) ?? []), ...own, [nameLabel, name]]));
  };
  for (const name of ["default", "kube-system"]) add(name, {});
  for (const { object } of manifests) {
    const metadata = isFields(object["metadata"]) ? object["metadata"] : {};
    const { name, namespace, labels } = metadata;
    if (typeof namespace === "string") add(namespace, {});
    if (object["kind"] === "Namespace" && typeof name === "string") add(name, isFields(labels) ? labels : {});
  }
  return found;
}

/** Kinds of Cilium that nothing else understands. */
function otherKind(object: Fields): string | undefined {
  const { apiVersion, kind, metadata } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || !/^cilium\.io\//.test(apiVersion)) return undefined;
  if (policyOf(object) !== undefined || kind === "CiliumCIDRGroup") return undefined;
  const { namespace, name } = isFields(metadata) ? metadata : {};
  return `${kind} ${[namespace, name].filter((part) => typeof part === "string").join("/")}`;
}

function noRange(text: string): Problem {
  return { code: "export/no-range", where: "--inside", what: `\`${text}\` is no range`, expected: "10.244.0.0/16" };
}

function tiered(object: Fields): Problem {
  const { name } = isFields(object["metadata"]) ? object["metadata"] : {};
  return {
    code: "export/tiers",
    where: `ClusterNetworkPolicy ${typeof name === "string" ? name : ""}`,
    what: "its tiers come before and after all other policies, which no NetworkPolicy does",
    expected: "policies of one tier",
    fix: "leave the object out; a cluster that knows its kind takes it as it is",
  };
}

function ofNodes(policy: string): Problem {
  return {
    code: "export/host-policy",
    where: policy,
    what: "it governs nodes, which no NetworkPolicy does",
    expected: "policies of pods",
    fix: "leave the object out, and close the nodes by what the other cluster has for that",
  };
}

function wider(edge: string): Problem {
  return {
    code: "export/opens",
    where: edge,
    what: "is closed or asks for more today, and no NetworkPolicy can keep it so",
    expected: "an export that opens nothing",
    fix: "`npx reach explain` names the policy that keeps it closed; a pod's own node cannot be kept out",
  };
}

function unexplained({ from, to, ports }: LostEdge): Problem {
  return {
    code: "export/unexplained",
    where: `${from[0] ?? ""} -> ${to.find((name) => name !== from[0]) ?? ""} ${portsText(ports)}`,
    what: "is lost, and the translation names no reason",
    expected: "a reason for everything that is lost; this is a mistake of ours",
  };
}
