/**
 * Reference: one verdict straight from the rules of a world, one after the other.
 *
 * Slow and plain on purpose: no classes, no index, no numbers. The engine must not differ from it anywhere.
 */
import { containsAddress, parseAddress } from "../../policies/reachability/select/cidr.ts";
import { handshakeOf, narrownessAt, type Fit } from "../../policies/reachability/judge/handshake.ts";
import { dnsServers, learnedBy } from "../../policies/reachability/judge/learned-names.ts";
import {
  merge,
  saysNothingNew,
  unrestricted,
  withWildcard,
  type L7Restriction,
} from "../../policies/reachability/judge/l7.ts";
import { hasReserved, worldFamily } from "../../policies/reachability/select/labels.ts";
import type {
  Authentication,
  Direction,
  Endpoint,
  L7Union,
  NamedPort,
  Rule,
  SideOutcome,
  Traffic,
  World,
} from "../../policies/reachability/model.ts";
import { lastPort, type PortEntry } from "../../policies/reachability/judge/ports.ts";
import { inOrder } from "../../policies/reachability/judge/rule-order.ts";
import {
  anyPeer,
  onlyExcludes,
  selectsLabels,
  selectsPeer,
  type PeerSelector,
} from "../../policies/reachability/select/selectors.ts";

export interface ReferenceSide {
  readonly outcome: SideOutcome;
  readonly l7: L7Union;
  readonly authentication: Authentication;
}

export function referenceSides(traffic: Traffic, world: World): Readonly<Record<Direction, ReferenceSide>> {
  const [client, server] = [world.endpoints[traffic.from], world.endpoints[traffic.to]];
  if (client === undefined || server === undefined) throw new RangeError("no such endpoint");
  return {
    egress: side(world, "egress", client, server, traffic),
    ingress: side(world, "ingress", server, client, traffic),
  };
}

const plain = { l7: [], authentication: "unspecified" } as const;

/** One thing that is said to one selector about one port range. */
interface Saying extends Pick<Rule, "action" | "certainty" | "tier" | "authentication"> {
  readonly selector: PeerSelector;
  readonly port: PortEntry | "everything";
  readonly l7: L7Restriction;
}

function side(world: World, direction: Direction, pod: Endpoint, peer: Endpoint, traffic: Traffic): ReferenceSide {
  if (pod.kind !== "pod") {
    const isNode = hasReserved(pod.labels, "host") || hasReserved(pod.labels, "remote-node");
    const governed = isNode && world.hostRules.some((rule) => rule.direction === direction);
    return { outcome: governed ? "unknown" : "not-applicable", ...plain };
  }
  // Both directions have a policy or none (L4).
  if ((["egress", "ingress"] as const).some((each) => policyOf(world, each, pod) === "conflict")) {
    return { outcome: "unknown", ...plain };
  }
  const rules = world.rules.filter((rule) => rule.direction === direction && selects(rule, pod));
  if (rules.length === 0) return { outcome: "allow", ...plain };
  const isolating = rules.filter(({ defaultDeny }) => defaultDeny === "switches-on");
  const isOpen = isolating.length === 0;
  const policy = policyOf(world, direction, pod);
  const said = policy === "conflict" ? [] : policy;
  const passes = isOpen || (direction === "ingress" && hasReserved(peer.labels, "host"));
  const isSure = isolating.some(({ certainty }) => certainty === "certain");
  const visible = seen(peer, world);
  const listening = listener(world, direction, pod, peer);
  const inGroup = isGrouped(visible, world);
  const speaking = said.flatMap((saying) => {
    const own = selectsPeer(saying.selector, visible);
    // A group calls no port by a name (S34).
    const ports = own === "no" && direction === "egress" && world.cilium === "1.20" ? [] : listening;
    const match = own === "no" && inGroup && excludes(saying.selector) && world.cilium === "1.20" ? "yes" : own;
    if (match === "no" || !covers(saying.port, direction, ports, traffic)) return [];
    const fit = fitOf(saying, direction, inGroup, traffic.port);
    return [{ ...saying, fit, certainty: match === "yes" ? saying.certainty : ("doubtful" as const) }];
  });
  const heard = speaking.filter(({ selector }) => selector.kind !== "fqdn" || isLearned(rules, peer, world));
  const found = weighed(heard);
  if (found === undefined) {
    if (passes) return { outcome: "allow", ...plain };
    return { outcome: heard.length < speaking.length || !isSure ? "unknown" : "deny", ...plain };
  }
  return found.outcome === "redirect" && passes ? { ...found, l7: [...found.l7, { kind: "anything" }] } : found;
}

function policyOf(world: World, direction: Direction, pod: Endpoint): readonly Saying[] | "conflict" {
  const rules = world.rules.filter((rule) => rule.direction === direction && selects(rule, pod));
  const isOpen = rules.every(({ defaultDeny }) => defaultDeny !== "switches-on");
  const said = inOrder(rules).flatMap((rule) => sayings(rule, isOpen));
  return mightConflict(said) ? "conflict" : merged(said);
}

/** What may or may not be said, or of somebody we do not know, may go with nothing else that is said (L1, L4). */
function mightConflict(said: readonly Saying[]): boolean {
  const sure = said
    .filter(({ action, certainty }) => action === "allow" || certainty === "certain")
    .map((each) => ({ ...each, certainty: "certain" as const }));
  if (merged(sure) === "conflict") return true;
  const open = new Set(said.flatMap(({ selector }) => (selector.kind === "unmodelled" ? [selector.key] : [])));
  return [...open].some((key) => {
    const own = of(sure, key);
    return [...new Set(sure.map(({ selector }) => selector.key))].some(
      (other) =>
        other !== key &&
        [
          [...own, ...of(sure, other)],
          [...of(sure, other), ...own],
        ].some((all) => merged(all.map((each) => ({ ...each, selector: anyPeer }))) === "conflict"),
    );
  });
}

/** What all of it comes to for one selector. */
function of(said: readonly Saying[], key: string): readonly Saying[] {
  const own = merged(said.filter(({ selector }) => selector.key === key));
  return own === "conflict" ? [] : own;
}

function excludes(selector: PeerSelector): boolean {
  return selector.kind === "labels" && onlyExcludes(selector.labels);
}

/** Pods, and who is told from the world at large by a range, a name or the API server's label (S34). */
function isGrouped({ kind, labels, fqdn, ip }: Endpoint, { rules, groups }: World): boolean {
  if (kind === "pod") return true;
  const family = worldFamily(labels);
  if (family === undefined) return false;
  if (hasReserved(labels, "kube-apiserver") || (fqdn !== undefined && ip === undefined)) return true;
  const selectors = rules.flatMap(({ peers }) => (peers.kind === "selected" ? peers.selectors : []));
  const ranges = selectors.flatMap((each) => (each.kind === "cidr" ? [...each.cidrs, ...each.except] : []));
  const address = ip === undefined ? undefined : parseAddress(ip);
  const all = [...ranges.filter(({ bits }) => bits > 0), ...groups];
  return all.some(
    (range) =>
      (range.bits === 0 && range.family === family) || (address !== undefined && containsAddress(range, address)),
  );
}

/** Where Cilium's entry for it stands (S27). */
function fitOf({ selector, port }: Saying, direction: Direction, inGroup: boolean, asked: number): Fit {
  const filter = port === "everything" ? ({ kind: "everything" } as const) : port;
  const narrowness = narrownessAt(filter, asked);
  const isWide = selector.kind === "labels" && (selector.wide === true || excludes(selector));
  const together = selector.key === anyPeer.key || (isWide && inGroup);
  const byName = direction === "egress" && filter.kind === "named";
  return { peers: together && !byName ? "together" : "one by one", narrowness };
}

function selects({ subject }: Rule, pod: Endpoint): boolean {
  return selectsLabels(subject.labels, pod.labels);
}

/** A name that some policy selects hides the address (S16). */
function seen({ ip, ...peer }: Endpoint, { rules }: World): Endpoint {
  const isHidden = rules.some(
    ({ peers }) =>
      peers.kind === "selected" &&
      peers.selectors.some((each) => each.kind === "fqdn" && selectsPeer(each, peer) === "yes"),
  );
  return ip === undefined || isHidden ? peer : { ...peer, ip };
}

function isLearned(rules: readonly Rule[], { fqdn }: Endpoint, world: World): boolean {
  return world.names === "known" || fqdn === undefined || learnedBy(rules, dnsServers(world))(fqdn);
}

function listener({ cilium, endpoints }: World, direction: Direction, pod: Endpoint, peer: Endpoint): NamedPort[] {
  if (direction === "ingress") return [...pod.ports];
  return cilium === "1.20" ? [...peer.ports] : endpoints.flatMap(({ ports }) => ports);
}

function sayings(rule: Rule, isOpen: boolean): Saying[] {
  const { action, certainty, tier, authentication, peers, scope } = rule;
  if (peers.kind === "nobody") return [];
  const everyone = peers.selectors.length === 0 || peers.selectors.some(({ key }) => key === anyPeer.key);
  const selectors = everyone ? [anyPeer] : peers.selectors;
  const entries: { readonly port: PortEntry | "everything"; readonly l7: L7Restriction }[] =
    scope.kind === "everything"
      ? [{ port: "everything", l7: unrestricted }]
      : scope.rules.flatMap(({ ports, l7 }) => ports.map((port) => ({ port, l7 })));
  return entries.flatMap(({ port, l7 }) =>
    selectors.map((selector) => ({
      ...{ action, certainty, tier, authentication, selector, port },
      l7: isOpen ? withWildcard(l7) : l7,
    })),
  );
}

/** What is said twice to one selector about one range is one saying (S3, S23). */
function merged(all: readonly Saying[]): readonly Saying[] | "conflict" {
  const found = new Map<string, Saying>();
  for (const next of all) {
    const key = JSON.stringify([next.port, next.tier, next.certainty, next.selector.key]);
    const before = found.get(key);
    if (before === undefined || (before.action === "allow" && next.action === "deny")) found.set(key, next);
    if (before === undefined || before.action !== next.action) continue;
    if (before.authentication === next.authentication && saysNothingNew(next.l7, before.l7)) continue;
    const isPlain = before.l7.kind === "none" && next.l7.kind === "none";
    const l7 = isPlain ? before.l7 : merge(before.l7, next.l7);
    const modes = new Set([before.authentication, next.authentication].filter((mode) => mode !== "unspecified"));
    if (l7 === "conflict" || modes.size > 1) return "conflict";
    found.set(key, { ...before, l7, authentication: [...modes][0] ?? "unspecified" });
  }
  return [...found.values()];
}

function covers(
  port: PortEntry | "everything",
  direction: Direction,
  listening: readonly NamedPort[],
  traffic: Pick<Traffic, "protocol" | "port">,
): boolean {
  if (port === "everything") return true;
  if (port.protocol !== traffic.protocol) return false;
  if (port.kind === "range") {
    return port.first <= traffic.port && traffic.port <= lastPort(port.first, port.endPort);
  }
  const numbers = listening
    .filter(({ name, protocol }) => name === port.name && protocol === port.protocol)
    .map((each) => each.port);
  const isAmbiguous = direction === "egress" && new Set(numbers).size > 1;
  const [number] = numbers;
  if (isAmbiguous || number === undefined) return false;
  const last = direction === "ingress" ? lastPort(number, port.endPort) : number;
  return number <= traffic.port && traffic.port <= last;
}

/** Undefined where nothing speaks. */
function weighed(speaking: readonly (Saying & { readonly fit: Fit })[]): ReferenceSide | undefined {
  const unknown: ReferenceSide = { outcome: "unknown", ...plain };
  if (speaking.some(({ tier }) => tier === "admin")) return unknown;
  const normal = speaking.filter(({ tier }) => tier === "normal");
  if (normal.length === 0) return speaking.length > 0 ? unknown : undefined;
  const certain = normal.filter(({ certainty }) => certainty === "certain");
  if (certain.some(({ action }) => action === "deny")) return { outcome: "deny", ...plain };
  if (normal.some(({ action }) => action === "deny") || certain.length === 0) return unknown;
  const authentication = handshakeOf(certain);
  if (certain.every(({ l7 }) => l7.kind === "none")) return { outcome: "allow", l7: [], authentication };
  const l7 = certain.map((each): L7Union[number] =>
    each.l7.kind === "none" ? { kind: "anything" } : { kind: "restricted", by: each.l7 },
  );
  return { outcome: "redirect", l7, authentication };
}
