/**
 * Outside: what the policies themselves tell apart of everything that is no pod.
 *
 * Neither the addresses nor the names of the world can be listed, but policies can only tell so many kinds of them apart.
 */
import { addressAtoms } from "./select/address-atoms.ts";
import { isPattern, matchesName, plainName } from "./select/dns-names.ts";
import { distinctPeers } from "./select/distinct-peers.ts";
import type { Rule } from "./model.ts";
import type { Entity, External } from "./read/externals.ts";
import type { PeerSelector } from "./select/selectors.ts";

/** Peers of every cluster. `world` stands for what lies outside every range and has no name that a policy knows. */
const everywhere: readonly Entity[] = ["world", "host", "remote-node", "kube-apiserver"];

/** Peers that few clusters have: listed where a policy names one. */
const seldom: readonly Entity[] = ["health", "ingress", "init", "unmanaged"];

/**
 * One external for each kind of peer outside that these rules could treat in its own way: entities; every name or
 * pattern of toFQDNs; and every set of addresses that is in the same ranges, named by its ranges. Two worlds are compared
 * with the externals of the rules of both.
 */
export function outsideOf(rules: readonly Rule[]): readonly External[] {
  const selectors = distinctSelectors(rules);
  const entities = [...everywhere, ...seldomNamed(rules, selectors)];
  const ranges = selectors.filter((each) => each.kind === "cidr");
  const patterns = selectors.filter((each) => each.kind === "fqdn");
  return [
    ...entities.map((entity) => ({ name: entity, entity })),
    ...knownNames(patterns.map(({ pattern }) => pattern)),
    ...addressAtoms(ranges),
  ];
}

function distinctSelectors(rules: readonly Rule[]): PeerSelector[] {
  const found = new Map<string, PeerSelector>();
  for (const peers of distinctPeers(rules)) {
    if (peers.kind === "selected") for (const each of peers.selectors) found.set(each.key, each);
  }
  return [...found.values()];
}

/** Those that a rule says, not one that merely includes them: `cluster` is all of them at once. */
function seldomNamed(rules: readonly Rule[], selectors: readonly PeerSelector[]): readonly Entity[] {
  const entityOf = new Map<string, Entity>();
  for (const { kind, key } of selectors) {
    const entity = kind === "labels" ? seldom.find((each) => key.includes(`"reserved:${each}"`)) : undefined;
    if (entity !== undefined) entityOf.set(key, entity);
  }
  if (entityOf.size === 0) return [];
  const said = distinctPeers(rules).map((peers) => {
    const keys = peers.kind === "selected" ? peers.selectors.map(({ key }) => entityOf.get(key)) : [];
    return new Set(keys.filter((each) => each !== undefined));
  });
  return seldom.filter((entity) => said.some((each) => each.has(entity) && each.size < seldom.length));
}

/** A name is itself; a pattern is called by its own text and stands for a name that as few others match as can be. */
function knownNames(written: readonly string[]): External[] {
  const patterns = [...new Set(written.map(plainName))].sort();
  return patterns.flatMap((name) => {
    const fqdn = sampleOf(name, patterns);
    return fqdn === undefined ? [] : [{ name, fqdn }];
  });
}

/** What may stand for a wildcard. More than one, because somebody may have written just that name. */
const fillings = ["any", "any-0", "any-1", "any.any", "any.any.any"];

function sampleOf(pattern: string, patterns: readonly string[]): string | undefined {
  if (!isPattern(pattern)) return pattern === "" ? undefined : pattern;
  const names = fillings
    .map((filling) => pattern.replace(/\*+/g, filling).replaceAll("*", ""))
    .filter((name) => matchesName({ pattern }, name));
  const others = (name: string): number => patterns.filter((each) => matchesName({ pattern: each }, name)).length;
  return names.map((name) => ({ name, others: others(name) })).sort((a, b) => a.others - b.others)[0]?.name;
}
