/**
 * Selectors: who is meant. Each has a key; equal keys are the same selector to Cilium, which then merges rules (S23).
 */
import { containsAddress, parseAddress, type Address, type Cidr } from "./cidr.ts";
import { matchesName } from "./dns-names.ts";
import { clusterKey, clusterName, lookup, namespaceKey, parseKey, worldFamily } from "./labels.ts";
import { namespaceLabelsPrefix, type IdentityLabels } from "./labels.ts";

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

/** A selector as written, keys with their source: `any:app`. */
export interface LabelSelector {
  readonly matchLabels: ReadonlyMap<string, string>;
  readonly matchExpressions: readonly Expression[];
}

export interface Expression {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** Pods that a rule governs. */
export interface SubjectSelector {
  readonly key: string;
  readonly labels: LabelSelector;
}

export type PeerSelector =
  /** `wide`: an entity that Cilium also keeps an entry of its own for, where it keeps its peers together (S27). */
  | { readonly kind: "labels"; readonly key: string; readonly labels: LabelSelector; readonly wide?: true }
  | { readonly kind: "cidr"; readonly key: string; readonly cidrs: readonly Cidr[]; readonly except: readonly Cidr[] }
  | { readonly kind: "fqdn"; readonly key: string; readonly pattern: string }
  /** A field that is not modelled: it may select any of these (L1). */
  | { readonly kind: "unmodelled"; readonly key: string; readonly field: string; readonly among: "anyone" | "world" };

export type CidrSelector = Extract<PeerSelector, { kind: "cidr" }>;
export type NameSelector = Extract<PeerSelector, { kind: "fqdn" }>;

export const emptySelector: LabelSelector = { matchLabels: new Map(), matchExpressions: [] };

/** Gives every key without a source this one (S9). */
export function withSource(selector: LabelSelector, source: string): LabelSelector {
  const encode = (written: string): string => {
    const { source: found, key } = parseKey(written, source);
    return `${found}:${key}`;
  };
  return {
    matchLabels: new Map([...selector.matchLabels].map(([key, value]) => [encode(key), value])),
    matchExpressions: selector.matchExpressions.map((each) => ({ ...each, key: encode(each.key) })),
  };
}

export function withLabel(selector: LabelSelector, key: string, value: string): LabelSelector {
  return { ...selector, matchLabels: new Map([...selector.matchLabels, [key, value]]) };
}

export function withExpression(selector: LabelSelector, expression: Expression): LabelSelector {
  return { ...selector, matchExpressions: [...selector.matchExpressions, expression] };
}

function keysOf(selector: LabelSelector): string[] {
  return [...selector.matchLabels.keys(), ...selector.matchExpressions.map(({ key }) => key)];
}

/** Adds what a Cilium policy leaves unsaid about its peers: the namespace (S10) and the cluster (S11). */
export function withImplicitScope(
  selector: LabelSelector,
  namespace: string | undefined,
  scope: PeerScope,
): LabelSelector {
  const keys = keysOf(selector);
  if (keys.some((key) => key.startsWith("reserved:"))) return selector;
  let scoped = selector;
  if (!keys.includes(`k8s:${namespaceKey}`) && !keys.includes(`any:${namespaceKey}`)) {
    if (namespace === undefined) {
      scoped = withExpression(scoped, { key: `k8s:${namespaceKey}`, operator: "Exists", values: [] });
    } else if (!keys.some((key) => /^(k8s|any):/.test(key) && key.includes(`:${namespaceLabelsPrefix}.`))) {
      scoped = withLabel(scoped, `k8s:${namespaceKey}`, namespace);
    }
  }
  return withinCluster(scoped, scope);
}

/** The chart's `policyDefaultLocalCluster`: true, the default since 1.19, is the local cluster. */
export type PeerScope = "local cluster" | "any cluster";

/** Peers are in this cluster unless the selector names one (S11). */
export function withinCluster(selector: LabelSelector, scope: PeerScope): LabelSelector {
  const keys = keysOf(selector);
  if (scope === "any cluster") return selector;
  if (keys.includes(`k8s:${clusterKey}`) || keys.includes(`any:${clusterKey}`)) return selector;
  return withLabel(selector, `k8s:${clusterKey}`, clusterName);
}

/** What both ask for. Where both give a value to one label, the second one's counts, as in Cilium's parser. */
export function mergedSelector(first: LabelSelector, second: LabelSelector): LabelSelector {
  return {
    matchLabels: new Map([...first.matchLabels, ...second.matchLabels]),
    matchExpressions: [...first.matchExpressions, ...second.matchExpressions],
  };
}

export function selectorKey(selector: LabelSelector): string {
  const labels = [...selector.matchLabels].sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = selector.matchExpressions.map(({ key, operator, values }) => [key, operator, ...values]);
  return JSON.stringify([labels, expressions]);
}

export function labelPeer(labels: LabelSelector): PeerSelector {
  return { kind: "labels", key: selectorKey(labels), labels };
}

/** Whether the selector only says what a peer is not. */
export function onlyExcludes({ matchLabels, matchExpressions }: LabelSelector): boolean {
  if (matchLabels.size > 0 || matchExpressions.length === 0) return false;
  return matchExpressions.every(({ operator }) => operator === "NotIn" || operator === "DoesNotExist");
}

/** The peer that is everyone, host and world included. */
export const anyPeer: PeerSelector = labelPeer(emptySelector);

/** One thing that a selector asks for, its key taken apart. */
export interface Requirement extends Expression {
  readonly source: string;
}

/** What must all be met. To give a label a value is to ask for one of one value. */
export function requirementsOf({ matchLabels, matchExpressions }: LabelSelector): readonly Requirement[] {
  const found: Requirement[] = [];
  for (const [written, value] of matchLabels) {
    const { source, key } = parseKey(written, "any");
    found.push({ source, key, operator: "In", values: [value] });
  }
  for (const { key: written, operator, values } of matchExpressions) {
    const { source, key } = parseKey(written, "any");
    found.push({ source, key, operator, values });
  }
  return found;
}

export function meets(requirements: readonly Requirement[], labels: IdentityLabels): boolean {
  for (const { source, key, operator, values } of requirements) {
    if (!isMet(operator, values, lookup(labels, source, key))) return false;
  }
  return true;
}

function isMet(operator: Operator, values: readonly string[], value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

export function selectsLabels(selector: LabelSelector, labels: IdentityLabels): boolean {
  return meets(requirementsOf(selector), labels);
}

/** What of a peer a selector can see. */
export interface VisiblePeer {
  readonly labels: IdentityLabels;
  /** Absent for pods and nodes, and for a name that some toFQDNs selector matches (S13, S16). */
  readonly ip?: string;
  readonly fqdn?: string;
}

/** `maybe`: the selector is not modelled (L1). */
export type Match = "yes" | "no" | "maybe";

export function selectsPeer(selector: PeerSelector, peer: VisiblePeer): Match {
  switch (selector.kind) {
    case "labels":
      return selectsLabels(selector.labels, peer.labels) ? "yes" : "no";
    case "cidr": {
      const family = worldFamily(peer.labels);
      if (family === undefined) return "no";
      return selectsAddress(selector, family, peer.ip === undefined ? undefined : parseAddress(peer.ip)) ? "yes" : "no";
    }
    case "fqdn":
      return peer.fqdn !== undefined && matchesName(selector, peer.fqdn) ? "yes" : "no";
    case "unmodelled":
      return selector.among === "anyone" || worldFamily(peer.labels) !== undefined ? "maybe" : "no";
  }
}

/** The range of everything outside but IPv6, with or without an address we know. */
export function coversTheWorld({ bits, family }: Cidr): boolean {
  return bits === 0 && family === "ipv4";
}

/**
 * Of something in this half of the world. Only what is outside has an address to a policy (S13); length 0 is the whole half,
 * with or without an address we know; exceptions are the selector's own (S14).
 */
export function selectsAddress(
  { cidrs, except }: CidrSelector,
  family: Address["family"],
  address: Address | undefined,
): boolean {
  const inside = (range: Cidr): boolean =>
    range.bits === 0 ? range.family === family : address !== undefined && containsAddress(range, address);
  return cidrs.some(inside) && !except.some(inside);
}
