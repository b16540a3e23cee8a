/**
 * Ports: what one entry of a port list covers. Ranges are inclusive at both ends.
 *
 * Numbers are read the way Cilium's parser reads them, oddities included (S18); refusing bad ones is the readers' task.
 */

export const protocols = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof protocols)[number] | "ICMP" | "ICMPv6";

export type PortEntry =
  /** `first` 0 is every port of the protocol. */
  | { readonly kind: "range"; readonly protocol: Protocol; readonly first: number; readonly endPort: number }
  /** On ingress a range may begin at the number behind the name; on egress `endPort` says nothing. */
  | { readonly kind: "named"; readonly protocol: Protocol; readonly name: string; readonly endPort: number };

export const highestPort = 65535;

/** RFC 6335 service names; at least one letter, no two hyphens in a row. */
export function isPortName(text: string): boolean {
  return text.length <= 15 && /^([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$/.test(text);
}

/** A number as Go's parser reads it with base 0: a leading zero means octal. Undefined when it is none. */
export function parsePortNumber(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  if (!text.startsWith("0") || text === "0") return Number(text);
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** The last port that a range covers: an `endPort` at or below the port is ignored (S18). */
export function lastPort(first: number, endPort: number): number {
  if (first === 0) return highestPort;
  return endPort > first ? endPort : first;
}

/** Whether this number is in the range. */
export function rangeCovers(first: number, endPort: number, port: number): boolean {
  return (first === 0 || first <= port) && port <= lastPort(first, endPort);
}
