/**
 * Side policy: what all rules together make of one identity in one direction.
 *
 * Rules of one port range and one selector are merged first, because Cilium does so and it shows at L7 (S23).
 */
import type { Identities } from "../select/identities.ts";
import type { Matches } from "../select/matches.ts";
import type { Direction, NamedPort, Origin, Rule } from "../model.ts";
import { lastPort, type Protocol } from "./ports.ts";
import { remembered } from "../pairs/remembered.ts";
import { inOrder } from "./rule-order.ts";
import { anyPeer, onlyExcludes, type PeerSelector } from "../select/selectors.ts";
import { asks, filterKey, filtersOf, type PortFilter, type Term, type TermBook, type Terms } from "./terms.ts";

/** Which of the selected peers Cilium keeps in one entry for all of them: each, none, or those it has a group for. */
export type Together = "everyone" | "groups" | "nobody";

/** What is said of one peer selector, on whatever ports. */
export interface Bundle {
  /** Of its selector. */
  readonly kind: PeerSelector["kind"];
  readonly key: string;
  readonly together: Together;
  readonly peers: Matches;
  readonly terms: Terms;
}

/** What is said of one peer selector on one port range, and by whom. */
export interface Grant extends Term {
  /** Of its selector. */
  readonly kind: PeerSelector["kind"];
  readonly together: Together;
  readonly peers: Matches;
  readonly origins: readonly Origin[];
}

export interface SidePolicy {
  /** Entries that select the identity in this direction; empty means that no policy speaks (S1). */
  readonly rules: readonly Rule[];
  readonly isolated: "yes" | "no" | "maybe";
  /** One for each peer selector. */
  readonly bundles: readonly Bundle[];
  /** Two rules that Cilium cannot merge: it computes no policy for the identity at all (L4). */
  readonly conflicts: readonly Origin[];
}

export function sidePolicy(rules: readonly Rule[], identities: Identities, book: TermBook): SidePolicy {
  const isolated = isolation(rules);
  const bundles = new Map<string, Bundle & { terms: Terms; together: Together; last: Rule }>();
  const conflicts: Origin[] = [];
  for (const rule of inOrder(rules)) {
    const said = book.termsOf(rule, isolated);
    for (const selector of peersOf(rule)) {
      const bundle = bundles.get(selector.key);
      if (bundle === undefined) {
        const { kind, key } = selector;
        const peers = identities.matches(selector);
        bundles.set(key, { kind, key, together: togetherOf(selector), peers, terms: said.terms, last: rule });
        if (said.conflict) conflicts.push(rule.origin);
        continue;
      }
      if (bundle.together === "nobody") bundle.together = togetherOf(selector);
      // One peer written twice in one entry is one.
      if (bundle.last === rule) continue;
      bundle.last = rule;
      const { terms, conflict } = book.merged(bundle.terms, said.written);
      bundle.terms = terms;
      if (conflict) conflicts.push(rule.origin);
    }
  }
  const all = [...bundles.values()];
  return { rules, isolated, bundles: all, conflicts: [...conflicts, ...possibleConflicts(all, rules, book)] };
}

/** Peers that are not modelled may be the very ones that another rule names (L1). */
function possibleConflicts(bundles: readonly Bundle[], rules: readonly Rule[], book: TermBook): Origin[] {
  const open = bundles.filter(({ kind, terms }) => kind === "unmodelled" && asks(terms));
  if (open.length === 0) return [];
  const asking = bundles.filter(({ terms }) => asks(terms));
  const said = rulesBySelector(rules);
  return open.flatMap((one) => {
    const conflict = asking.some(
      (other) =>
        other !== one && (book.merged(one.terms, other.terms).conflict || book.merged(other.terms, one.terms).conflict),
    );
    return conflict ? (said.get(one.key) ?? []).map(({ origin }) => origin) : [];
  });
}

function togetherOf(selector: PeerSelector): Together {
  if (selector.key === anyPeer.key) return "everyone";
  if (selector.kind !== "labels") return "nobody";
  return selector.wide === true || onlyExcludes(selector.labels) ? "groups" : "nobody";
}

function isolation(rules: readonly Rule[]): SidePolicy["isolated"] {
  let isolated: SidePolicy["isolated"] = "no";
  for (const { defaultDeny, certainty } of rules) {
    if (defaultDeny !== "switches-on") continue;
    if (certainty === "certain") return "yes";
    isolated = "maybe";
  }
  return isolated;
}

/** Beside the selector of everyone all others of the entry say nothing, and Cilium drops them (S22). */
function peersOf({ peers }: Rule): readonly PeerSelector[] {
  if (peers.kind === "nobody") return [];
  const everyone = peers.selectors.length === 0 || peers.selectors.some(({ key }) => key === anyPeer.key);
  return everyone ? [anyPeer] : peers.selectors;
}

const grants = new WeakMap<SidePolicy, readonly Grant[]>();

/** Every grant with the entries it comes from: what an explanation needs, and a matrix does not. */
export function grantsOf(policy: SidePolicy): readonly Grant[] {
  let found = grants.get(policy);
  if (found === undefined) {
    const said = rulesBySelector(policy.rules);
    grants.set(policy, (found = policy.bundles.flatMap((bundle) => grantsIn(bundle, said.get(bundle.key) ?? []))));
  }
  return found;
}

/** The entries that speak of each selector, by its key. */
function rulesBySelector(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of inOrder(rules)) {
    for (const { key } of peersOf(rule)) {
      const same = remembered(found, key, () => []);
      if (same.at(-1) !== rule) same.push(rule);
    }
  }
  return found;
}

function grantsIn({ kind, together, peers, terms }: Bundle, rules: readonly Rule[]): Grant[] {
  return terms.list.map((term) => {
    const key = filterKey(term.filter);
    const saying = rules.filter(
      (rule) =>
        rule.action === term.action &&
        rule.certainty === term.certainty &&
        rule.tier === term.tier &&
        filtersOf(rule).some(({ filter }) => filterKey(filter) === key),
    );
    return { ...term, kind, together, peers, origins: saying.map(({ origin }) => origin) };
  });
}

/** Ports of one protocol, both ends included. */
export interface FilteredPorts {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** What the filter covers. Nothing if it is a name that is no number. `server` listens (S18, S19). */
export function filteredPorts(
  filter: PortFilter,
  direction: Direction,
  server: readonly NamedPort[],
): FilteredPorts | "everything" | "nothing" {
  if (filter.kind === "everything") return "everything";
  const { protocol } = filter;
  if (filter.kind === "range") return { protocol, first: filter.first, last: lastPort(filter.first, filter.endPort) };
  const number = resolve(filter.name, protocol, direction, server);
  if (number === undefined) return "nothing";
  return { protocol, first: number, last: direction === "ingress" ? lastPort(number, filter.endPort) : number };
}

/** Whether traffic to this port falls under the filter. */
export function covers(
  filter: PortFilter,
  direction: Direction,
  server: readonly NamedPort[],
  protocol: Protocol,
  port: number,
): boolean {
  const ports = filteredPorts(filter, direction, server);
  if (ports === "everything" || ports === "nothing") return ports === "everything";
  return ports.protocol === protocol && ports.first <= port && port <= ports.last;
}

/** The number behind a name. One pod with two numbers: ingress takes the first, egress neither (S18, S19). */
function resolve(
  name: string,
  protocol: Protocol,
  direction: Direction,
  server: readonly NamedPort[],
): number | undefined {
  const numbers = server.filter((each) => each.name === name && each.protocol === protocol).map(({ port }) => port);
  if (direction === "egress" && new Set(numbers).size > 1) return undefined;
  return numbers[0];
}
