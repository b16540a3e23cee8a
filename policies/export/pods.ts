/**
 * Pods: sets of pods by what is asked of their labels and of those of their namespace, with intersection and difference.
 *
 * The words are those of a NetworkPolicy's selectors, so that every set can be written as one.
 */
import { clusterKey, clusterName, namespaceKey, namespaceLabelsPrefix } from "../reachability/select/labels.ts";
import { ownPrefix, reachesIdentity, serviceAccountKey } from "../reachability/select/labels.ts";
import type { Operator, Requirement } from "../reachability/select/selectors.ts";

/** What is asked of one label. `present` may exclude values; `not-in` is met by whoever has no such label. */
type Asked =
  { readonly kind: "in" | "not-in" | "present"; readonly values: readonly string[] } | { readonly kind: "absent" };

/** By label, each once. */
export type Labels = ReadonlyMap<string, Asked>;

/** All that is asked must be met. A namespace's name is asked for by the label that the API server gives it. */
export interface Pods {
  readonly namespaces: Labels;
  readonly labels: Labels;
}

export const nameLabel = "kubernetes.io/metadata.name";
export const everyPod: Pods = { namespaces: new Map(), labels: new Map() };

export function podsOfNamespace(name: string): Pods {
  return { namespaces: new Map([[nameLabel, { kind: "in", values: [name] }]]), labels: new Map() };
}

/**
 * The pods that Cilium selects so. A service account is beyond any label: asked for, it makes the set `at most` nobody, and
 * `at least` everybody who meets the rest. Undefined: nobody.
 */
export function podsMeeting(requirements: readonly Requirement[], bound: "at most" | "at least"): Pods | undefined {
  let found: Pods | undefined = everyPod;
  for (const requirement of requirements) {
    const { source, key, operator, values } = requirement;
    if (found === undefined) return undefined;
    if (key === serviceAccountKey && isKubernetes(source)) {
      if (bound === "at most") return undefined;
      continue;
    }
    if (sameOnAll(requirement)) {
      if (!isMet(operator, values, valueOnAll(requirement))) return undefined;
      continue;
    }
    const asked = askedOf(operator, values);
    const own = namespaceLabelOf(key);
    found = both(
      found,
      own === undefined
        ? { namespaces: new Map(), labels: new Map([[key, asked]]) }
        : { namespaces: new Map([[own, asked]]), labels: new Map() },
    );
  }
  return found;
}

function isKubernetes(source: string): boolean {
  return source === "any" || source === "k8s";
}

export function asksForAccount(requirements: readonly Requirement[]): boolean {
  return requirements.some(({ source, key }) => key === serviceAccountKey && isKubernetes(source));
}

/** Whether pods cannot differ in it: labels that are no pod's or never reach its identity, and the cluster (S8, S9). */
function sameOnAll({ source, key, operator }: Requirement): boolean {
  if (!isKubernetes(source) || key === clusterKey) return true;
  // Every pod has a namespace, whatever its name.
  if (key === namespaceKey) return operator === "Exists" || operator === "DoesNotExist";
  return !reachesIdentity(key) || (key.startsWith(ownPrefix) && namespaceLabelOf(key) === undefined);
}

function valueOnAll({ source, key }: Requirement): string | undefined {
  if (!isKubernetes(source)) return undefined;
  if (key === clusterKey) return clusterName;
  return key === namespaceKey ? "" : undefined;
}

function namespaceLabelOf(key: string): string | undefined {
  if (key === namespaceKey) return nameLabel;
  return key.startsWith(`${namespaceLabelsPrefix}.`) ? key.slice(namespaceLabelsPrefix.length + 1) : undefined;
}

function isMet(operator: Operator, values: readonly string[], value: string | undefined): boolean {
  const listed = value !== undefined && values.includes(value);
  if (operator === "In") return listed;
  if (operator === "NotIn") return !listed;
  return (value !== undefined) === (operator === "Exists");
}

function askedOf(operator: Operator, values: readonly string[]): Asked {
  if (operator === "In") return { kind: "in", values };
  if (operator === "NotIn") return { kind: "not-in", values };
  return operator === "Exists" ? { kind: "present", values: [] } : { kind: "absent" };
}

/** Undefined: nobody is in both. */
export function both(one: Pods, other: Pods): Pods | undefined {
  const namespaces = bothLabels(one.namespaces, other.namespaces);
  const labels = bothLabels(one.labels, other.labels);
  return namespaces === undefined || labels === undefined ? undefined : { namespaces, labels };
}

export function bothLabels(one: Labels, other: Labels): Labels | undefined {
  const found = new Map(one);
  for (const [key, asked] of other) {
    const before = found.get(key);
    const met = before === undefined ? normal(asked) : meet(before, asked);
    if (met === undefined) return undefined;
    found.set(key, met);
  }
  return found;
}

/** Undefined: nothing meets it. */
function normal(asked: Asked): Asked | undefined {
  if (asked.kind === "absent") return asked;
  if (asked.kind === "in" && asked.values.length === 0) return undefined;
  return { kind: asked.kind, values: [...new Set(asked.values)].sort() };
}

function meet(one: Asked, other: Asked): Asked | undefined {
  if (other.kind === "in" && one.kind !== "in") return meet(other, one);
  if (one.kind === "in") {
    if (other.kind === "absent") return undefined;
    const wanted = other.kind === "in" ? "listed" : "unlisted";
    return normal({
      kind: "in",
      values: one.values.filter((value) => other.values.includes(value) === (wanted === "listed")),
    });
  }
  if (one.kind === "absent" || other.kind === "absent") {
    return one.kind === "present" || other.kind === "present" ? undefined : { kind: "absent" };
  }
  const kind = one.kind === "present" || other.kind === "present" ? "present" : "not-in";
  return normal({ kind, values: [...one.values, ...other.values] });
}

/** Those of `one` who are not in `other`, as sets that may overlap. */
export function podsWithout(one: Pods, other: Pods): readonly Pods[] {
  if (both(one, other) === undefined) return [one];
  const others = [
    ...[...other.namespaces].flatMap(([key, asked]) =>
      opposites(asked).map((each): Pods => ({ namespaces: new Map([[key, each]]), labels: new Map() })),
    ),
    ...[...other.labels].flatMap(([key, asked]) =>
      opposites(asked).map((each): Pods => ({ namespaces: new Map(), labels: new Map([[key, each]]) })),
    ),
  ];
  return others.flatMap((each) => both(one, each) ?? []);
}

function opposites(asked: Asked): readonly Asked[] {
  switch (asked.kind) {
    case "in":
      return [{ kind: "not-in", values: asked.values }];
    case "not-in":
      return asked.values.length === 0 ? [] : [{ kind: "in", values: asked.values }];
    case "absent":
      return [{ kind: "present", values: [] }];
    case "present":
      return [
        { kind: "absent" },
        ...(asked.values.length === 0 ? [] : [{ kind: "in" as const, values: asked.values }]),
      ];
  }
}

/** Whether everyone who has these labels is meant. */
export function includesLabels(asked: Labels, labels: ReadonlyMap<string, string>): boolean {
  return [...asked].every(([key, each]) => {
    const value = labels.get(key);
    if (each.kind === "absent") return value === undefined;
    const listed = value !== undefined && each.values.includes(value);
    if (each.kind === "in") return listed;
    return !listed && (each.kind === "not-in" || value !== undefined);
  });
}

/** As Kubernetes writes a selector: what is asked for by one value stands under `matchLabels`. */
export interface WrittenSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: Operator;
    readonly values?: readonly string[];
  }[];
}

export function selectorOf(labels: Labels): WrittenSelector {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: NonNullable<WrittenSelector["matchExpressions"]>[number][] = [];
  for (const [key, asked] of [...labels].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [only, another] = asked.kind === "in" ? asked.values : [];
    if (asked.kind === "absent") matchExpressions.push({ key, operator: "DoesNotExist" });
    else if (asked.kind === "in" && only !== undefined && another === undefined) matchLabels[key] = only;
    else if (asked.kind === "in") matchExpressions.push({ key, operator: "In", values: asked.values });
    else {
      if (asked.kind === "present") matchExpressions.push({ key, operator: "Exists" });
      if (asked.values.length > 0) matchExpressions.push({ key, operator: "NotIn", values: asked.values });
    }
  }
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
  };
}

/** Equal keys, equal sets. */
export function labelsKeyOf(labels: Labels): string {
  return JSON.stringify(selectorOf(labels));
}
