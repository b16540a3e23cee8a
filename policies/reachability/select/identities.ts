/**
 * Identities: endpoints that no policy can tell apart, and which of them each selector selects.
 *
 * Verdicts are computed for identities, not for pods, so replicas cost nothing and have equal rows. Of a pod counts only
 * what some selector or named port asks about: a label that nobody mentions tells nothing apart.
 */
import type { Cidr } from "./cidr.ts";
import { isPattern, matchesName, plainName } from "./dns-names.ts";
import { distinctPeers } from "./distinct-peers.ts";
import { AskedLabels, LabelIndex } from "./label-index.ts";
import { hasReserved, labelsKey, worldFamily, type IdentityLabels } from "./labels.ts";
import { matchesAt, type Matches } from "./matches.ts";
import type { Endpoint, NamedPort, PortScope, Rule, World } from "../model.ts";
import { OutsideIndex } from "./outside-index.ts";
import { remembered } from "../pairs/remembered.ts";
import { onlyExcludes, type LabelSelector, type PeerSelector, type SubjectSelector } from "./selectors.ts";

export interface Identities {
  /** Per endpoint: the position of its identity. */
  readonly of: readonly number[];
  /** One endpoint that stands for each identity, with no more of its ports and address than policies see. */
  readonly representatives: readonly Endpoint[];
  /** Whom a peer selector selects, computed once per selector. */
  readonly matches: (selector: PeerSelector) => Matches;
  readonly subjects: (selector: SubjectSelector) => Matches;
  /** Pods, and peers outside whom a range or a name tells from the world at large: Cilium keeps entries for all of them. */
  readonly grouped: () => ReadonlySet<number>;
}

export function identitiesOf(world: World): Identities {
  const asked = askedBy(world.rules);
  const keyOf = identityKeys(asked);
  const isHidden = hiddenBehindName(asked.names);
  const positions = new Map<string, number>();
  const representatives: Endpoint[] = [];
  const of = world.endpoints.map((endpoint) => {
    const seen = visible(endpoint, asked.portNames, isHidden);
    const key = keyOf(seen);
    let position = positions.get(key);
    if (position === undefined) positions.set(key, (position = representatives.push(seen) - 1));
    return position;
  });
  const labels = new LabelIndex(
    representatives.map((each) => each.labels),
    asked.labels,
  );
  const outside = new OutsideIndex(representatives);
  const everyone = [...representatives.keys()];
  const peers = new Map<string, Matches>();
  const pods = new Map<string, Matches>();
  let known: ReadonlySet<number> | undefined;
  const grouped = (): ReadonlySet<number> => (known ??= new Set(groupedIn(world, representatives, outside)));
  return {
    grouped,
    of,
    representatives,
    matches: (selector) => {
      // Asked once for each peer of each rule.
      let found = peers.get(selector.key);
      if (found === undefined) peers.set(selector.key, (found = peersOf(selector)));
      return found;
    },
    subjects: ({ key, labels: wanted }) =>
      remembered(pods, key, () =>
        matchesAt(labels.select(wanted).filter((position) => representatives[position]?.kind === "pod")),
      ),
  };

  function peersOf(selector: PeerSelector): Matches {
    switch (selector.kind) {
      case "labels": {
        const own = labels.select(selector.labels);
        // The entry of a group has no labels, so a selector that asks for none means it, and everyone in the group (S34).
        if (world.cilium !== "1.20" || !onlyExcludes(selector.labels)) return matchesAt(own);
        const all = [...new Set([...own, ...grouped()])].sort((a, b) => a - b);
        return { ...matchesAt(all), own: Int32Array.from(own) };
      }
      case "cidr":
        return matchesAt(outside.inRanges(selector));
      case "fqdn":
        return matchesAt(outside.named(selector));
      case "unmodelled":
        return matchesAt(selector.among === "anyone" ? everyone : outside.world, "maybe");
    }
  }
}

function groupedIn(world: World, representatives: readonly Endpoint[], outside: OutsideIndex): number[] {
  const ranges = [...world.groups, ...world.rules.flatMap(rangesOf)].filter(({ bits }) => bits > 0);
  const inRange = new Set(outside.inRanges({ kind: "cidr", key: "", cidrs: ranges, except: [] }));
  // A group of every address is told from the world by its labels.
  const whole = new Set(world.groups.flatMap(({ bits, family }) => (bits === 0 ? [family] : [])));
  return [...representatives.keys()].filter((position) => {
    const { kind, labels, fqdn, ip } = representatives[position] ?? { kind: "external", labels: new Map() };
    if (kind === "pod") return true;
    const family = worldFamily(labels);
    if (family === undefined) return false;
    const named = fqdn !== undefined && ip === undefined;
    return whole.has(family) || named || inRange.has(position) || hasReserved(labels, "kube-apiserver");
  });
}

function rangesOf({ peers }: Rule): readonly Cidr[] {
  if (peers.kind === "nobody") return [];
  return peers.selectors.flatMap((each) => (each.kind === "cidr" ? [...each.cidrs, ...each.except] : []));
}

/** Everything by which some rule could tell two endpoints apart. */
interface Asked {
  readonly labels: AskedLabels;
  /** Of toFQDNs. */
  readonly names: readonly string[];
  readonly portNames: ReadonlySet<string>;
}

function askedBy(rules: readonly Rule[]): Asked {
  const selectors = new Map<string, LabelSelector>();
  const names = new Set<string>();
  const portNames = new Set<string>();
  // Rules of one object share its subject and those of one entry its ports; NetworkPolicies share what is equal.
  const [subjects, scopes] = [new Set<SubjectSelector>(), new Set<PortScope>()];
  let before: Rule | undefined;
  for (const rule of rules) {
    if (rule.subject !== before?.subject) subjects.add(rule.subject);
    if (rule.scope !== before?.scope) scopes.add(rule.scope);
    before = rule;
  }
  for (const peers of distinctPeers(rules)) {
    for (const each of peers.kind === "selected" ? peers.selectors : []) {
      if (each.kind === "labels") selectors.set(each.key, each.labels);
      if (each.kind === "fqdn") names.add(each.pattern);
    }
  }
  for (const { key, labels } of subjects) selectors.set(key, labels);
  for (const scope of scopes) {
    for (const { ports } of scope.kind === "listed" ? scope.rules : []) {
      for (const port of ports) if (port.kind === "named") portNames.add(port.name);
    }
  }
  return { labels: new AskedLabels(selectors.values()), names: [...names], portNames };
}

/** The endpoint as policies see it: named ports that some rule names, and the address unless a name hides it (S16). */
function visible(endpoint: Endpoint, portNames: ReadonlySet<string>, isHidden: (fqdn: string) => boolean): Endpoint {
  const { ip, ...rest } = endpoint;
  const ports = rest.ports.filter(({ name }) => portNames.has(name));
  if (ip === undefined || (rest.fqdn !== undefined && isHidden(rest.fqdn))) return { ...rest, ports };
  return { ...rest, ip, ports };
}

/** A name that any policy selects is known by its name only (S16). */
function hiddenBehindName(written: readonly string[]): (fqdn: string) => boolean {
  const names = new Set(written.filter((each) => !isPattern(each)).map(plainName));
  const patterns = written.filter(isPattern);
  return (fqdn) => names.has(plainName(fqdn)) || patterns.some((pattern) => matchesName({ pattern }, fqdn));
}

/** Equal keys, one identity. */
function identityKeys({ labels }: Asked): (endpoint: Endpoint) => string {
  // Replicas were read into one object of labels, so most endpoints cost one look-up.
  const known = new Map<IdentityLabels, string>();
  const podKey = (each: IdentityLabels): string => {
    let key = known.get(each);
    if (key === undefined) known.set(each, (key = labels.keyOf(each)));
    return key;
  };
  return ({ kind, labels: own, ports, fqdn, ip }) =>
    kind === "pod"
      ? `${podKey(own)} ${portsKey(ports)}`
      : ["outside", labelsKey(own), portsKey(ports), fqdn ?? "", ip ?? ""].join(" ");
}

/** In their order, because the first of two counts on ingress (S18). */
export function portsKey(ports: readonly NamedPort[]): string {
  return ports.map(({ name, protocol, port }) => `${name}/${protocol}/${String(port)}`).join(",");
}
