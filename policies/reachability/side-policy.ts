/**
 * Side policy: what all rules together make of one identity in one direction.
 *
 * Rules of one port range and one selector are merged first, because Cilium does so and it shows at L7 (S23).
 */
import { merge, unrestricted, withWildcard, type L7Restriction } from "./l7.ts";
import type { Identities } from "./identities.ts";
import type { Authentication, Certainty, Direction, NamedPort, Origin, Rule, Tier } from "./model.ts";
import { rangeCovers, type PortEntry, type Protocol } from "./ports.ts";
import { anyPeer, type Match, type PeerSelector } from "./selectors.ts";

/** Traffic of one port range, or of everything. */
export type PortFilter = PortEntry | { readonly kind: "everything" };

/** What is said of one peer selector on one port range. */
export interface Grant {
  readonly filter: PortFilter;
  readonly matches: readonly Match[];
  /** The kind of its selector. */
  readonly peer: PeerSelector["kind"];
  readonly action: Rule["action"];
  readonly l7: L7Restriction;
  readonly authentication: Authentication;
  readonly certainty: Certainty;
  readonly tier: Tier;
  readonly origins: readonly Origin[];
}

export interface SidePolicy {
  /** Entries that select the identity in this direction; empty means that no policy speaks (S1). */
  readonly rules: readonly Rule[];
  readonly isolated: "yes" | "no" | "maybe";
  readonly grants: readonly Grant[];
  /** Two rules that Cilium cannot merge: it computes no policy for the identity at all (L4). */
  readonly conflicts: readonly Origin[];
}

export function sidePolicy(rules: readonly Rule[], identities: Identities): SidePolicy {
  const isolated = isolation(rules);
  const grants = new Map<string, Grant>();
  const conflicts: Origin[] = [];
  for (const rule of rules) {
    for (const { filter, l7 } of filtersOf(rule)) {
      for (const selector of peersOf(rule)) {
        const grant = grantOf(rule, filter, softened(l7, isolated), selector, identities);
        const key = `${filterKey(filter)} ${rule.tier} ${rule.certainty} ${selector.key}`;
        const merged = mergeGrants(grants.get(key), grant);
        if (merged === "conflict") conflicts.push(rule.origin);
        else grants.set(key, merged);
      }
    }
  }
  return { rules, isolated, grants: [...grants.values()], conflicts };
}

function isolation(rules: readonly Rule[]): SidePolicy["isolated"] {
  const switching = rules.filter(({ defaultDeny }) => defaultDeny === "switches-on");
  if (switching.some(({ certainty }) => certainty === "certain")) return "yes";
  return switching.length === 0 ? "no" : "maybe";
}

/** Where nothing is isolated, an L7 list must not turn into one: everything else passes too (S7, S23). */
function softened(l7: L7Restriction, isolated: SidePolicy["isolated"]): L7Restriction {
  return isolated === "no" ? withWildcard(l7) : l7;
}

function filtersOf({ scope }: Rule): { filter: PortFilter; l7: L7Restriction }[] {
  if (scope.kind === "everything") return [{ filter: { kind: "everything" }, l7: unrestricted }];
  return scope.rules.flatMap(({ ports, l7 }) => ports.map((filter) => ({ filter, l7 })));
}

/** Beside the selector of everyone all others of the entry say nothing, and Cilium drops them (S22). */
function peersOf({ peers }: Rule): readonly PeerSelector[] {
  if (peers.kind === "nobody") return [];
  const everyone = peers.selectors.length === 0 || peers.selectors.some(({ key }) => key === anyPeer.key);
  return everyone ? [anyPeer] : peers.selectors;
}

function filterKey(filter: PortFilter): string {
  switch (filter.kind) {
    case "everything":
      return "everything";
    case "named":
      return `${filter.protocol} ${filter.name}`;
    case "range":
      return `${filter.protocol} ${String(filter.first)}-${String(filter.endPort)}`;
  }
}

function grantOf(
  rule: Rule,
  filter: PortFilter,
  l7: L7Restriction,
  selector: PeerSelector,
  identities: Identities,
): Grant {
  const { action, authentication, certainty, tier, origin } = rule;
  const matches = identities.matches(selector);
  return { filter, matches, peer: selector.kind, action, l7, authentication, certainty, tier, origins: [origin] };
}

/** A deny replaces an allow of the same peer and range; two allows become one (S3, S23). */
function mergeGrants(old: Grant | undefined, added: Grant): Grant | "conflict" {
  if (old === undefined) return added;
  if (old.action !== added.action) return old.action === "deny" ? old : added;
  const l7 = sameL7(old, added) ? old.l7 : merge(old.l7, added.l7);
  const authentication = mergeAuthentication(old.authentication, added.authentication);
  if (l7 === "conflict" || authentication === "conflict") return "conflict";
  return { ...old, l7, authentication, origins: [...old.origins, ...added.origins] };
}

function sameL7(a: Grant, b: Grant): boolean {
  return a.l7.kind === "none" && b.l7.kind === "none";
}

function mergeAuthentication(a: Authentication, b: Authentication): Authentication | "conflict" {
  if (a === b || b === "unspecified") return a;
  return a === "unspecified" ? b : "conflict";
}

/** Whether traffic to this port falls under the filter. `server` is the pod or peer that listens (S18, S19). */
export function covers(
  filter: PortFilter,
  direction: Direction,
  server: readonly NamedPort[],
  protocol: Protocol,
  port: number,
): boolean {
  if (filter.kind === "everything") return true;
  if (filter.protocol !== protocol) return false;
  if (filter.kind === "range") return rangeCovers(filter.first, filter.endPort, port);
  return resolve(filter.name, filter.protocol, direction, server) === port;
}

/** The number behind a name. One pod with two numbers: ingress takes the first, egress neither (S18, S19). */
export function resolve(
  name: string,
  protocol: Protocol,
  direction: Direction,
  server: readonly NamedPort[],
): number | undefined {
  const numbers = server.filter((each) => each.name === name && each.protocol === protocol).map(({ port }) => port);
  if (direction === "egress" && new Set(numbers).size > 1) return undefined;
  return numbers[0];
}
