/** Distinct peers: equal peers of NetworkPolicies were read into one object, and most rules share theirs with others. */
import type { Peers, Rule } from "../model.ts";

const found = new WeakMap<readonly Rule[], readonly Peers[]>();

/** In the order in which rules first name them. A list of rules is never changed after it was read. */
export function distinctPeers(rules: readonly Rule[]): readonly Peers[] {
  let distinct = found.get(rules);
  if (distinct === undefined) {
    const all = new Set<Peers>();
    for (const { peers } of rules) all.add(peers);
    found.set(rules, (distinct = [...all]));
  }
  return distinct;
}
