/** Label keys: those that no pod has because of their source, and a namespace that Cilium replaces. */
import { namespaceKey, parseKey } from "../reachability/select/labels.ts";
import type { LabelSelector } from "../reachability/select/selectors.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, textOf, type Seen } from "./seen.ts";

/** Whose labels identities have: those of Kubernetes, of Cilium itself, and of addresses and names outside. */
const sources: readonly string[] = ["any", "k8s", "reserved", "cidr", "cidrgroup", "fqdn", "node"];

interface WrittenSelector extends Pick<LintFinding, "manifest" | "path"> {
  readonly labels: LabelSelector;
}

function keysOf({ matchLabels, matchExpressions }: LabelSelector): string[] {
  return [...matchLabels.keys(), ...matchExpressions.map(({ key }) => key)];
}

export const foreignLabelSource: LintRule = {
  code: "lint/foreign-label-source",
  severity: "warning",
  finds: "a label key with a source that no pod's labels have, such as `container:app`",
  why: "labels of pods come from Kubernetes, so the selector selects nobody",
  fix: "write `k8s:` before the key, or nothing",
  find: (seen) =>
    selectorsOf(seen).flatMap(({ manifest, path, labels }) =>
      keysOf(labels).flatMap((written): LintFinding[] => {
        const { source, key } = parseKey(written, "any");
        if (sources.includes(source)) return [];
        const what = `\`${written}\` asks for a label of the source \`${source}\`, which no pod has`;
        return [{ manifest, path, what, expected: `\`k8s:${key}\`` }];
      }),
    ),
};

/** Of Cilium's kinds: in a NetworkPolicy a key has no source. */
function selectorsOf({ entries, peers }: Seen): readonly WrittenSelector[] {
  const bySpec = new Map(entries.map((entry) => [entry.spec, entry]));
  const subjects = [...bySpec.values()].flatMap(({ manifest, specPath, rules: [rule] }) =>
    rule === undefined ? [] : [{ manifest, path: `${specPath}.endpointSelector`, labels: rule.subject.labels, rule }],
  );
  const others = peers.map(({ entry: { manifest }, path, selector, rule }) => ({
    manifest,
    path,
    labels: selector.labels,
    rule,
  }));
  return [...subjects, ...others].filter(({ rule }) => rule.origin.policy.kind !== "NetworkPolicy");
}

export const namespaceOverwritten: LintRule = {
  code: "lint/namespace-overwritten",
  severity: "warning",
  finds: "another namespace in the `endpointSelector` of a CiliumNetworkPolicy",
  why: "Cilium replaces it by the policy's own, so the policy governs other pods than it names",
  fix: "put the policy into that namespace, or make it a CiliumClusterwideNetworkPolicy",
  find: ({ entries }) => {
    const bySpec = new Map(entries.map((entry) => [entry.spec, entry]));
    return [...bySpec.values()].flatMap(({ manifest, policy, spec, specPath }): LintFinding[] => {
      if (policy.kind !== "CiliumNetworkPolicy" || policy.namespace === undefined) return [];
      const selector = fieldsOf(spec, "endpointSelector");
      const asked = [
        ...Object.entries(fieldsOf(selector, "matchLabels")).map(([key, value]) => ({ key, values: [value] })),
        ...listOf(selector, "matchExpressions").map((each) => ({
          key: textOf(each, "key") ?? "",
          values: each["values"],
        })),
      ].find(({ key, values }) => {
        if (parseKey(key, "any").key !== namespaceKey) return false;
        return !(Array.isArray(values) && values.length === 1 && values[0] === policy.namespace);
      });
      if (asked === undefined) return [];
      const named = Array.isArray(asked.values) ? asked.values.map((value) => `\`${String(value)}\``).join(", ") : "it";
      return [
        {
          manifest,
          path: `${specPath}.endpointSelector`,
          what: `Cilium replaces ${named} by \`${policy.namespace}\`, where the policy stands, so it governs pods there`,
          expected: "labels of pods in the policy's own namespace",
        },
      ];
    });
  },
};
