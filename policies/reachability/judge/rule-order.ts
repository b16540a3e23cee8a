/**
 * Rule order: how Cilium sorts the rules of a pod before it merges them, whatever the order of the files. It shows only
 * where two of them do not go together (L4).
 */
import type { PolicyKind, PolicyRef, Rule } from "../model.ts";

/** Cilium's words for the kinds. */
const kinds: Record<PolicyKind, string> = {
  NetworkPolicy: "netpol",
  CiliumNetworkPolicy: "cnp",
  CiliumClusterwideNetworkPolicy: "ccnp",
  ClusterNetworkPolicy: "kcnp",
};

const known = new WeakMap<PolicyRef, string>();

function keyOf({ origin: { policy } }: Rule): string {
  let key = known.get(policy);
  if (key === undefined) known.set(policy, (key = [kinds[policy.kind], policy.namespace ?? "", policy.name].join("/")));
  return key;
}

/** Rules of one object stay as they are written. A name of a port ends its range where the first rule that names it says. */
export function inOrder(rules: readonly Rule[]): readonly Rule[] {
  // The peers of one entry come one after the other and have one object of ports.
  const ends = rules.some(({ scope }, index) => scope !== rules[index - 1]?.scope && endsByName(scope));
  if (!ends && goTogether(rules)) return rules;
  const sorted = sortedRules(rules);
  return ends ? withFirstEnds(sorted) : sorted;
}

function endsByName(scope: Rule["scope"]): boolean {
  if (scope.kind !== "listed") return false;
  return scope.rules.some(({ ports }) => ports.some(({ kind, endPort }) => kind === "named" && endPort !== 0));
}

/** Cilium keeps one filter for each name of a port, with the end of the first rule that it was made of (S18). */
function withFirstEnds(sorted: readonly Rule[]): readonly Rule[] {
  const ends = new Map<string, number>();
  return sorted.map((rule) => {
    const { scope, peers } = rule;
    if (scope.kind !== "listed" || peers.kind === "nobody") return rule;
    const rules = scope.rules.map((each) => ({
      ...each,
      ports: each.ports.map((port) => {
        if (port.kind !== "named") return port;
        const key = `${port.protocol} ${port.name}`;
        const endPort = ends.get(key) ?? port.endPort;
        ends.set(key, endPort);
        return { ...port, endPort };
      }),
    }));
    return { ...rule, scope: { ...scope, rules } };
  });
}

function sortedRules(rules: readonly Rule[]): readonly Rule[] {
  return rules.toSorted((a, b) => {
    const [one, other] = [keyOf(a), keyOf(b)];
    return one === other ? 0 : one < other ? -1 : 1;
  });
}

/** Without L7 rules and handshakes everything does. */
function goTogether(rules: readonly Rule[]): boolean {
  // The peers of one entry come one after the other and have one object of ports.
  let before: Rule["scope"] | undefined;
  for (const { scope, authentication } of rules) {
    if (authentication !== "unspecified" || (scope !== before && restricts(scope))) return false;
    before = scope;
  }
  return true;
}

function restricts(scope: Rule["scope"]): boolean {
  return scope.kind === "listed" && scope.rules.some(({ l7 }) => l7.kind !== "none");
}
