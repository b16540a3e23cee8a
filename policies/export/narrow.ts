/** Narrow: what is left of an allow when a deny is taken out of it, and what goes along because there is no word for it. */
import type { Origin, Rule } from "../reachability/model.ts";
import { deniedPeers, isNobody, mayMeet, peersIn, peersWithout, type Denied, type Peers } from "./peers.ts";
import { deniedPorts, overlap, portsWithout, withoutIcmp, type Ports } from "./ports.ts";

export interface Grant {
  readonly peers: Peers;
  readonly ports: Ports;
}

export interface Deny {
  readonly origin: Origin;
  readonly peers: Denied;
  readonly ports: Ports;
  readonly icmp: "denied" | "untouched";
}

export function denyOf(rule: Rule): Deny {
  return { origin: rule.origin, peers: deniedPeers(rule), ...deniedPorts(rule.scope) };
}

export function deniesNobody({ peers, ports, icmp }: Deny): boolean {
  const none = peers.pods.length === 0 && peers.blocks.length === 0 && peers.nodes === "untouched";
  return none || (ports.length === 0 && icmp === "untouched");
}

export interface Narrowed {
  readonly left: readonly Grant[];
  /** Lost without being denied. */
  readonly along: readonly string[];
}

/** Undefined: the deny takes nothing. */
export function narrowed({ peers, ports }: Grant, deny: Deny): Narrowed | undefined {
  const icmp = deny.icmp === "denied" && ports === "everything";
  if (!mayMeet(peers, deny.peers) || !(icmp || overlap(ports, deny.ports))) return undefined;
  const kept = portsWithout(icmp ? withoutIcmp(ports) : ports, deny.ports);
  const left = [
    { peers: peersWithout(peers, deny.peers), ports },
    { peers: peersIn(peers, deny.peers), ports: kept },
  ].filter((grant) => !isNobody(grant.peers) && grant.ports.length > 0);
  return { left, along: goingAlong({ peers, ports }, deny, icmp ? "denied" : "untouched", kept) };
}

function goingAlong({ peers, ports }: Grant, deny: Deny, icmp: Deny["icmp"], kept: Ports): readonly string[] {
  const names = ports === "everything" ? [] : ports.flatMap((port) => (port.kind === "name" ? [port.name] : []));
  const keptNames = kept === "everything" ? [] : kept.flatMap((port) => (port.kind === "name" ? [port.name] : []));
  const lost = names.filter((name) => !keptNames.includes(name));
  const nodes = peers.kind === "everyone" && (deny.peers.nodes === "untouched" || kept.length > 0);
  return [
    ...(nodes ? ["nodes and the API server"] : []),
    ...(ports === "everything" && icmp === "untouched" && deny.ports !== "everything" ? ["ICMP"] : []),
    ...(lost.length > 0 && deny.ports !== "everything" ? [`port ${lost.join(", ")}`] : []),
  ];
}
