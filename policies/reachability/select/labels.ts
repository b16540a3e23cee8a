/**
 * Labels: what an identity carries, and which labels of a pod never reach it.
 *
 * A label has a source (`k8s`, `reserved`, …), a key and a value; selectors may leave the source open.
 */
import { Memory, remembered } from "../pairs/remembered.ts";

export interface Label {
  readonly source: string;
  readonly key: string;
  readonly value: string;
}

/** Labels of one identity by key: two sources may use the same key. */
export type IdentityLabels = ReadonlyMap<string, readonly Label[]>;

export const namespaceKey = "io.kubernetes.pod.namespace";
export const namespaceLabelsPrefix = "io.cilium.k8s.namespace.labels";
export const clusterKey = "io.cilium.k8s.policy.cluster";
export const serviceAccountKey = "io.cilium.k8s.policy.serviceaccount";

/** Labels whose key begins so are Cilium's to give: whoever else writes one has written nothing (S8). */
export const ownPrefix = "io.cilium.k8s";

/** We have single clusters, and Cilium calls a single cluster this. */
export const clusterName = "default";

/**
 * What the agent's default filter keeps or drops (S8). Each pattern must match at the start of the key;
 * the longest `keep` must be longer than the shortest `drop`.
 */
const kept: readonly RegExp[] = [
  /^io\.kubernetes\.pod\.namespace/,
  /^io\.cilium\.k8s\.namespace\.labels/,
  /^app\.kubernetes\.io/,
  /^io\.cilium\.k8s\.policy\.cluster/,
  /^io\.cilium\.k8s\.policy\.serviceaccount/,
];
const dropped: readonly RegExp[] = [
  /^io\.kubernetes/,
  /^kubernetes\.io/,
  /^statefulset\.kubernetes\.io\/pod-name/,
  /^apps\.kubernetes\.io\/pod-index/,
  /^batch\.kubernetes\.io\/job-completion-index/,
  /^batch\.kubernetes\.io\/controller-uid/,
  /^.*beta\.kubernetes\.io/,
  /^k8s\.io/,
  /^pod-template-generation/,
  /^pod-template-hash/,
  /^controller-revision-hash/,
  /^controller-uid/,
  /^annotation.*/,
  /^etcd_node/,
  /^topology\.kubernetes\.io/,
];

function matchedLengths(patterns: readonly RegExp[], key: string): number[] {
  return patterns.flatMap((pattern) => pattern.exec(key)?.[0].length ?? []);
}

const reaching = new Memory<boolean>();

/** Whether a label of this key becomes part of a pod's identity (S8). A selector on any other matches no pod. */
export function reachesIdentity(key: string): boolean {
  return remembered(reaching, key, () => passesFilter(key));
}

function passesFilter(key: string): boolean {
  const drops = matchedLengths(dropped, key);
  if (drops.length === 0) return true;
  return Math.max(0, ...matchedLengths(kept, key)) > Math.min(...drops);
}

export function identityLabels(labels: readonly Label[]): IdentityLabels {
  const byKey = new Map<string, Label[]>();
  for (const label of labels) {
    const same = byKey.get(label.key);
    if (same === undefined) byKey.set(label.key, [label]);
    else same.push(label);
  }
  return byKey;
}

interface LabelledPod {
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly namespaceLabels: ReadonlyMap<string, string>;
  readonly serviceAccount?: string;
}

/** By the labels of the namespace, which the pods of one namespace share. */
const podsOf = new WeakMap<LabelledPod["namespaceLabels"], Memory<IdentityLabels>>();

/** The identity of a pod: its own labels and its namespace's, filtered, and where it lives (S8). One for equal pods. */
export function podLabels(pod: LabelledPod): IdentityLabels {
  let known = podsOf.get(pod.namespaceLabels);
  if (known === undefined) podsOf.set(pod.namespaceLabels, (known = new Memory()));
  const key = JSON.stringify([pod.namespace, pod.serviceAccount ?? null, ...pod.labels]);
  return remembered(known, key, () => podLabelsAnew(pod));
}

/** What comes later counts. */
function podLabelsAnew(pod: LabelledPod): IdentityLabels {
  const found = new Map<string, readonly Label[]>();
  for (const [key, value] of pod.labels) if (!key.startsWith(ownPrefix)) keep(found, key, value);
  for (const [key, label] of labelsOfNamespace(pod.namespaceLabels)) found.set(key, label);
  keep(found, namespaceKey, pod.namespace);
  keep(found, clusterKey, clusterName);
  if (pod.serviceAccount !== undefined) keep(found, serviceAccountKey, pod.serviceAccount);
  return found;
}

function keep(found: Map<string, readonly Label[]>, key: string, value: string): void {
  if (reachesIdentity(key)) found.set(key, [{ source: "k8s", key, value }]);
}

const namespaces = new WeakMap<LabelledPod["namespaceLabels"], IdentityLabels>();

/** As its pods carry them: made once for all of them. */
function labelsOfNamespace(written: LabelledPod["namespaceLabels"]): IdentityLabels {
  let found = namespaces.get(written);
  if (found === undefined) {
    const own = new Map<string, readonly Label[]>();
    for (const [key, value] of written) keep(own, `${namespaceLabelsPrefix}.${key}`, value);
    namespaces.set(written, (found = own));
  }
  return found;
}

export function reservedLabels(...names: readonly string[]): IdentityLabels {
  return identityLabels(names.map((key) => ({ source: "reserved", key, value: "" })));
}

export function hasReserved(labels: IdentityLabels, name: string): boolean {
  return (labels.get(name) ?? []).some((label) => label.source === "reserved");
}

/**
 * Of whom is outside, which half of the world: Cilium tells IPv6 addresses from the rest (S13). Undefined for pods and nodes.
 */
export function worldFamily(labels: IdentityLabels): "ipv4" | "ipv6" | undefined {
  if (hasReserved(labels, "world")) return "ipv4";
  return hasReserved(labels, "world-ipv6") ? "ipv6" : undefined;
}

/** `k8s:app` → source `k8s`, key `app`. A key without a source means any (S9). `$host` is short for `reserved:host`. */
export function parseKey(written: string, sourceWhenAbsent: string): { readonly source: string; readonly key: string } {
  if (written.startsWith("$")) return { source: "reserved", key: written.slice(1) };
  const colon = written.indexOf(":");
  if (colon < 0) return { source: sourceWhenAbsent, key: written };
  const source = written.slice(0, colon);
  return { source: source === "" ? sourceWhenAbsent : source, key: written.slice(colon + 1) };
}

/** The value under this key, from the first source that has it. */
export function lookup(labels: IdentityLabels, source: string, key: string): string | undefined {
  const found = labels.get(key);
  return found === undefined ? undefined : valueFrom(found, source);
}

/** The same of the labels under one key. */
export function valueFrom(found: readonly Label[], source: string): string | undefined {
  return (source === "any" ? found[0] : found.find((label) => label.source === source))?.value;
}

/** Equal keys, equal identities. */
export function labelsKey(labels: IdentityLabels): string {
  const words = [...labels.values()].flat().map((label) => `${label.source}:${label.key}=${label.value}`);
  return words.sort().join(";");
}
