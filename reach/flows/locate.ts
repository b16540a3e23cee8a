/**
 * Locate: which workload of the manifests, or what outside them, one end of a flow is.
 */
import {
  clusterKey,
  namespaceKey,
  namespaceLabelsPrefix,
  parseKey,
  serviceAccountKey,
} from "../../policies/reachability/select/labels.ts";
import type { Endpoint, World } from "../../policies/reachability/model.ts";
import type { ApiServer, Entity, External } from "../../policies/reachability/read/externals.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import type { Party } from "./flow.ts";

export type Located =
  | { readonly kind: "pod"; readonly name: string; readonly differs: readonly string[] }
  /** A pod that no manifest describes, as the flow itself describes it. */
  | { readonly kind: "unlisted"; readonly name: string; readonly objects: readonly Fields[] }
  | { readonly kind: "external"; readonly external: External; readonly apiServer?: ApiServer }
  | { readonly kind: "ambiguous"; readonly name: string; readonly candidates: readonly string[] }
  /** The flow says too little: neither a name nor labels. */
  | { readonly kind: "unknown"; readonly name: string };

/** Finds the ends of flows in one world. */
export type Locator = (party: Party) => Located;

export function locatorIn(world: World): Locator {
  const pods = new Map<string, Endpoint>();
  for (const each of world.endpoints) if (each.kind === "pod") pods.set(each.name, each);
  return (party) => {
    const outside = externalOf(party);
    if (outside !== undefined && party.pod === undefined && party.workloads.length === 0) return outside;
    return podOf(party, pods);
  };
}

/** Numbers of identities that Cilium reserves. */
const reserved: ReadonlyMap<number, Entity> = new Map([
  [1, "host"],
  [2, "world"],
  [3, "unmanaged"],
  [4, "health"],
  [5, "init"],
  [6, "remote-node"],
  [7, "kube-apiserver"],
  [8, "ingress"],
  [9, "world"],
  [10, "world"],
]);

/** Identities from here on are addresses or nodes, made by one node for itself. */
const localIdentities = 1 << 24;
const nodeIdentities = 2 << 24;

const entityOrder: readonly Entity[] = [
  "kube-apiserver",
  "host",
  "remote-node",
  "health",
  "ingress",
  "init",
  "unmanaged",
];

function externalOf(party: Party): Extract<Located, { kind: "external" }> | undefined {
  const has = (source: string): string[] =>
    party.labels
      .filter((label) => label.startsWith(`${source}:`))
      .map((label) => label.slice(source.length + 1).split("=")[0] ?? "");
  const words = has("reserved");
  const numbered = reserved.get(party.identity);
  const entity = entityOrder.find((each) => words.includes(each)) ?? (numbered === "world" ? undefined : numbered);
  if (entity !== undefined)
    return { kind: "external", external: { name: entity, entity }, ...apiServerOf(entity, words, has("cidr")) };
  const names = [...party.names, ...has("fqdn").filter((name) => name !== "" && !name.includes("*"))];
  const local = party.identity >= localIdentities;
  if (party.identity >= nodeIdentities)
    return { kind: "external", external: { name: "remote-node", entity: "remote-node" } };
  const world =
    words.some((word) => word.startsWith("world")) || numbered === "world" || local || has("cidr").length > 0;
  if (!world && names.length === 0) return undefined;
  return { kind: "external", external: addressOf(party.ip, names[0]) };
}

/** Where the API server runs, if its labels say it (S12). */
function apiServerOf(
  entity: Entity,
  words: readonly string[],
  ranges: readonly string[],
): { readonly apiServer?: ApiServer } {
  if (entity !== "kube-apiserver") return {};
  if (words.includes("host")) return { apiServer: "on the pod's node" };
  if (words.includes("remote-node")) return { apiServer: "on another node" };
  return words.some((word) => word.startsWith("world")) || ranges.length > 0
    ? { apiServer: "outside the cluster" }
    : {};
}

function addressOf(ip: string | undefined, name: string | undefined): External {
  if (name !== undefined) return { name, fqdn: name, ...(ip === undefined ? {} : { ip }) };
  return ip === undefined ? { name: "world", entity: "world" } : { name: ip, ip };
}

function podOf(party: Party, pods: ReadonlyMap<string, Endpoint>): Located {
  const { namespace = "default", pod, workloads } = party;
  const full = `${namespace}/${pod ?? workloads[0] ?? ""}`;
  const listed = (name: string): boolean => pods.has(`${namespace}/${name}`);
  for (const name of [...workloads.filter(listed), ...(pod === undefined ? [] : makersOf(pod).filter(listed))]) {
    const found = `${namespace}/${name}`;
    return { kind: "pod", name: found, differs: differences(party, pods.get(found)) };
  }
  const own = labelsIn(party);
  if (own.size === 0) {
    const name = pod === undefined && workloads.length === 0 ? (party.ip ?? "nobody") : full;
    return { kind: "unknown", name };
  }
  const same = [...pods.values()].filter((each) => differences(party, each).length === 0);
  const [first, ...more] = same;
  if (first !== undefined && more.length === 0) return { kind: "pod", name: first.name, differs: [] };
  // Equal labels are one identity: who of them it was makes no difference to a policy, but to a person.
  if (first !== undefined) return { kind: "ambiguous", name: full, candidates: same.map(({ name }) => name) };
  return {
    kind: "unlisted",
    name: full.endsWith("/") ? `${namespace}/unnamed` : full,
    objects: objectsOf(party, full),
  };
}

const letters = "[bcdfghjklmnpqrstvwxz2456789]";

/** How controllers name their pods, the longest name of a maker first. */
const suffixes = [
  // StatefulSet.
  /-\d+$/,
  // ReplicaSet, DaemonSet, Job.
  new RegExp(`-${letters}{5}$`),
  // Job of a CronJob, by its minute; one of several pods of a Job, by its number.
  new RegExp(`-\\d+-${letters}{5}$`),
  // ReplicaSet of a Deployment.
  new RegExp(`-${letters}{1,10}-${letters}{5}$`),
  // Several pods of a CronJob's Job.
  new RegExp(`-\\d{7,10}-\\d+-${letters}{5}$`),
];

/** Names that the object may have that made a pod of this name. */
function makersOf(pod: string): readonly string[] {
  const names = suffixes.filter((suffix) => suffix.test(pod)).map((suffix) => pod.replace(suffix, ""));
  return [pod, ...names].sort((a, b) => b.length - a.length);
}

/** Labels of the pod, as an identity has them: by key, without what the cluster adds. */
function labelsIn({ labels }: Party): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const label of labels) {
    const equals = label.indexOf("=");
    const { source, key } = parseKey(equals < 0 ? label : label.slice(0, equals), "k8s");
    if (source === "k8s") found.set(key, equals < 0 ? "" : label.slice(equals + 1));
  }
  return found;
}

/** Labels in which the flow and the manifest are at odds. A flow without labels contradicts nothing. */
function differences(party: Party, pod: Endpoint | undefined): readonly string[] {
  const seen = labelsIn(party);
  if (seen.size === 0 || pod === undefined) return [];
  const listed = new Map([...pod.labels].map(([key, labels]) => [key, labels[0]?.value ?? ""]));
  return (
    [...new Set([...seen.keys(), ...listed.keys()])]
      // The manifests may leave these out although every pod has them.
      .filter((key) => key !== serviceAccountKey && key !== clusterKey && !key.startsWith(namespaceLabelsPrefix))
      .filter((key) => seen.get(key) !== listed.get(key))
      .map((key) => `${key}: ${seen.get(key) ?? "none"} in the flow, ${listed.get(key) ?? "none"} in the manifests`)
  );
}

function objectsOf(party: Party, full: string): readonly Fields[] {
  const labels = labelsIn(party);
  const [namespace = "default", name = ""] = full.split("/");
  const account = labels.get(serviceAccountKey);
  const prefix = `${namespaceLabelsPrefix}.`;
  const split = (own: (key: string) => boolean, cut = 0): Record<string, string> =>
    Object.fromEntries([...labels].filter(([key]) => own(key)).map(([key, value]) => [key.slice(cut), value]));
  const cluster = (key: string): boolean => key === namespaceKey || key === clusterKey || key === serviceAccountKey;
  return [
    { kind: "Namespace", metadata: { name: namespace, labels: split((key) => key.startsWith(prefix), prefix.length) } },
    {
      kind: "Pod",
      metadata: {
        namespace,
        name: name === "" ? "unnamed" : name,
        labels: split((key) => !cluster(key) && !key.startsWith(prefix)),
      },
      spec: account === undefined ? {} : { serviceAccountName: account },
    },
  ];
}
