/**
 * Selection: the fewest labels by which a policy can mean one workload and no other of its namespace.
 */
import {
  labelsKey,
  namespaceKey,
  namespaceLabelsPrefix,
  clusterKey,
  parseKey,
  serviceAccountKey,
} from "../select/labels.ts";
import type { Endpoint, Rule, World } from "../model.ts";
import { remembered } from "../pairs/remembered.ts";
import type { LabelSelector } from "../select/selectors.ts";

/** A label selector as it is written in a manifest. */
export interface WrittenSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly WrittenExpression[];
}

interface WrittenExpression {
  readonly key: string;
  readonly operator: "NotIn" | "DoesNotExist";
  readonly values?: readonly string[];
}

/** Kubernetes' own policies see a pod's labels; Cilium's see its service account too. */
export type Language = "cilium" | "kubernetes";

export function namespaceOf(pod: Endpoint): string {
  return pod.labels.get(namespaceKey)?.[0]?.value ?? "";
}

/** Labels that a selector can name, of the pod itself. */
function ownLabels(pod: Endpoint, language: Language): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, labels] of pod.labels) {
    const elsewhere = key === namespaceKey || key === clusterKey || key.startsWith(`${namespaceLabelsPrefix}.`);
    const account = key === serviceAccountKey && language === "kubernetes";
    const value = labels.find(({ source }) => source === "k8s")?.value;
    if (!elsewhere && !account && value !== undefined) found.set(key, value);
  }
  return found;
}

/** By the endpoints, which stay the same while a repair is sought: what its candidates say of labels changes no choice. */
const known = new WeakMap<World["endpoints"], Known>();

interface Known {
  readonly selections: Map<string, WrittenSelector>;
  readonly uses: ReadonlyMap<string, number>;
}

/** Selects the pod, and of its namespace only pods with the same labels. */
export function selectionOf(pod: Endpoint, world: World, language: Language): WrittenSelector {
  const { selections, uses } = remembered(known, world.endpoints, () => ({
    selections: new Map<string, WrittenSelector>(),
    uses: usesOf(world.rules),
  }));
  return remembered(selections, `${language} ${pod.name}`, () => selectionAnew(pod, world, language, uses));
}

function selectionAnew(
  pod: Endpoint,
  world: World,
  language: Language,
  uses: ReadonlyMap<string, number>,
): WrittenSelector {
  const own = ownLabels(pod, language);
  const others = neighbours(pod, world).map((each) => ownLabels(each, language));
  const keys = byPreference([...own.keys()], uses);
  const fewest = subsets(keys, longestSubset).find((subset) => others.every((other) => differs(own, other, subset)));
  if (fewest !== undefined) return { matchLabels: picked(own, fewest) };
  // Whoever still has all of these labels has more of them.
  const matchExpressions = excluding(
    own,
    others.filter((other) => !differs(own, other, keys)),
  );
  const matchLabels = picked(own, keys);
  if (matchExpressions.length === 0) return { matchLabels };
  return keys.length === 0 ? { matchExpressions } : { matchLabels, matchExpressions };
}

/** Labels of one pod that nobody else of its namespace has together; the ways to say that a selector does not mean it. */
export function distinguishing(pod: Endpoint, world: World): ReadonlyMap<string, string> {
  return new Map(Object.entries(selectionOf(pod, world, "cilium").matchLabels ?? {}));
}

/** Longer lists are seldom shorter than naming every label. */
const longestSubset = 3;

function neighbours(pod: Endpoint, { endpoints }: World): readonly Endpoint[] {
  const [key, namespace] = [labelsKey(pod.labels), namespaceOf(pod)];
  return endpoints.filter(
    (each) => each.kind === "pod" && namespaceOf(each) === namespace && labelsKey(each.labels) !== key,
  );
}

function differs(
  own: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
  keys: readonly string[],
): boolean {
  return keys.some((key) => other.get(key) !== own.get(key));
}

function picked(labels: ReadonlyMap<string, string>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, labels.get(key) ?? ""]));
}

function excluding(
  own: ReadonlyMap<string, string>,
  others: readonly ReadonlyMap<string, string>[],
): readonly WrittenExpression[] {
  const keys = new Set<string>();
  for (const other of others) {
    const extra = [...other.keys()].filter((key) => !own.has(key));
    const [first] = extra;
    if (first !== undefined && !extra.some((key) => keys.has(key))) keys.add(first);
  }
  return [...keys].map((key) => ({ key, operator: "DoesNotExist" }));
}

/** What people usually select by, the most telling first. */
const customary = ["app", "app.kubernetes.io/name", "k8s-app", "name", "app.kubernetes.io/component", "component"];

/** How often the policies at hand use a key. */
function usesOf(rules: readonly Rule[]): ReadonlyMap<string, number> {
  const written = new Map<string, number>();
  const count = ({ matchLabels }: LabelSelector): void => {
    for (const key of matchLabels.keys()) written.set(key, (written.get(key) ?? 0) + 1);
  };
  for (const { subject, peers } of rules) {
    count(subject.labels);
    if (peers.kind === "selected") for (const peer of peers.selectors) if (peer.kind === "labels") count(peer.labels);
  }
  const uses = new Map<string, number>();
  for (const [each, times] of written) {
    const { key } = parseKey(each, "any");
    uses.set(key, (uses.get(key) ?? 0) + times);
  }
  return uses;
}

/** Keys that the policies at hand use stand first, then the customary ones. */
function byPreference(keys: readonly string[], uses: ReadonlyMap<string, number>): readonly string[] {
  const custom = (key: string): number => (customary.includes(key) ? customary.indexOf(key) : customary.length);
  return [...keys].sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0) || custom(a) - custom(b) || (a < b ? -1 : 1));
}

/** Every subset with one to `longest` keys, the shorter first, preferred keys first. */
function subsets(keys: readonly string[], longest: number): readonly (readonly string[])[] {
  let last: (readonly string[])[] = [[]];
  const all: (readonly string[])[] = [];
  for (let length = 1; length <= longest; length += 1) {
    last = last.flatMap((subset) => {
      const from = subset.length === 0 ? 0 : keys.indexOf(subset.at(-1) ?? "") + 1;
      return keys.slice(from).map((key) => [...subset, key]);
    });
    all.push(...last);
  }
  return all;
}
