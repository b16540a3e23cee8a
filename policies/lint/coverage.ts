/** Coverage: whether everything that one rule speaks of is spoken of by another. In doubt it is not. */
import { containsCidr } from "../reachability/select/cidr.ts";
import { parseKey, reservedLabels } from "../reachability/select/labels.ts";
import type { PortScope, Rule } from "../reachability/model.ts";
import { lastPort, type PortEntry } from "../reachability/judge/ports.ts";
import {
  anyPeer,
  coversTheWorld,
  selectsPeer,
  type LabelSelector,
  type PeerSelector,
  type SubjectSelector,
} from "../reachability/select/selectors.ts";
import type { Seen } from "./seen.ts";

/** Whether every pod that `inner` governs is governed by `outer`, by what they say or by the pods there are. */
export function subjectCovered(inner: SubjectSelector, outer: SubjectSelector, seen: Seen): boolean {
  if (implies(inner.labels, outer.labels)) return true;
  const governed = new Set(seen.subjects(outer));
  const pods = seen.subjects(inner);
  return pods.length > 0 && pods.every((pod) => governed.has(pod));
}

/** Whether whatever the first selects is selected by the second, by their words alone. */
function implies(first: LabelSelector, second: LabelSelector): boolean {
  // Kubernetes is the only source of a pod's labels, so no source is that one.
  const asked = ({ matchLabels }: LabelSelector): readonly [string, string][] =>
    [...matchLabels].map(([written, value]) => {
      const { source, key } = parseKey(written, "any");
      return [`${source === "any" ? "k8s" : source}:${key}`, value];
    });
  const given = new Map(asked(first));
  const expressions = new Set(first.matchExpressions.map((each) => JSON.stringify(each)));
  return (
    asked(second).every(([key, value]) => given.get(key) === value) &&
    second.matchExpressions.every((each) => expressions.has(JSON.stringify(each)))
  );
}

export function scopeCovered(inner: PortScope, outer: PortScope): boolean {
  if (outer.kind === "everything") return true;
  if (inner.kind === "everything") return false;
  const ports = outer.rules.flatMap((rule) => rule.ports);
  const own = inner.rules.flatMap((rule) => rule.ports);
  return own.length > 0 && own.every((port) => ports.some((each) => portCovered(port, each)));
}

function portCovered(inner: PortEntry, outer: PortEntry): boolean {
  if (inner.protocol !== outer.protocol) return false;
  if (outer.kind === "named")
    return inner.kind === "named" && inner.name === outer.name && inner.endPort === outer.endPort;
  if (outer.first === 0) return true;
  if (inner.kind === "named" || inner.first === 0) return false;
  return outer.first <= inner.first && lastPort(inner.first, inner.endPort) <= lastPort(outer.first, outer.endPort);
}

export function peersCovered(inner: Rule, outer: Rule, seen: Seen): boolean {
  if (inner.peers.kind === "nobody" || outer.peers.kind === "nobody") return false;
  const own = inner.peers.selectors.length === 0 ? [anyPeer] : inner.peers.selectors;
  const all = outer.peers.selectors.length === 0 ? [anyPeer] : outer.peers.selectors;
  return own.every((each) => all.some((other) => selectorCovered(each, other, seen)));
}

function selectorCovered(inner: PeerSelector, outer: PeerSelector, seen: Seen): boolean {
  if (outer.kind === "unmodelled" || inner.kind === "unmodelled") return false;
  if (outer.key === anyPeer.key || inner.key === outer.key) return true;
  if (inner.key === anyPeer.key) return false;
  // Of two ranges the family counts too: 0.0.0.0/0 covers no IPv6.
  if (isWholeWorld(outer) && (outer.kind !== "cidr" || inner.kind !== "cidr")) return onlyOutside(inner);
  if (outer.kind === "cidr") {
    if (inner.kind !== "cidr" || outer.except.length > 0) return false;
    return inner.cidrs.every((range) => outer.cidrs.some((wider) => containsCidr(wider, range)));
  }
  if (inner.kind !== "labels" || outer.kind !== "labels") return false;
  const peers = seen.world.endpoints.filter((each) => selectsPeer(inner, each) === "yes");
  return peers.length > 0 && peers.every((each) => selectsPeer(outer, each) === "yes");
}

/** The range of everything, or the entity. */
export function isWholeWorld(selector: PeerSelector): boolean {
  if (selector.kind === "cidr") return selector.except.length === 0 && selector.cidrs.some(coversTheWorld);
  return (
    selector.kind === "labels" && selector.key !== anyPeer.key && selectsPeer(selector, { labels: world }) === "yes"
  );
}

const world = reservedLabels("world");

function onlyOutside(selector: PeerSelector): boolean {
  switch (selector.kind) {
    case "fqdn":
      return true;
    case "cidr":
      return selector.cidrs.every(({ family }) => family === "ipv4");
    case "labels":
      return [...selector.labels.matchLabels.keys()].some((key) => key.startsWith("reserved:world"));
    case "unmodelled":
      return false;
  }
}
