/**
 * Rule order: how Cilium sorts the rules of a pod before it merges them, whatever the order of the files. It shows only
 * where two of them do not go together (L4).
 */
import type { PolicyKind, PolicyRef, Rule } from "./model.ts";

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

/** Rules of one object stay as they are written. */
export function inOrder(rules: readonly Rule[]): readonly Rule[] {
  if (goTogether(rules)) return rules;
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
