/** Ports: what a NetworkPolicy can say of them, with difference. A name is a number that only its pod knows. */
import type { PortScope } from "../reachability/model.ts";
import { highestPort, lastPort, protocols, type PortEntry } from "../reachability/judge/ports.ts";

type Transport = (typeof protocols)[number];

export type Port =
  | { readonly kind: "range"; readonly protocol: Transport; readonly first: number; readonly last: number }
  | { readonly kind: "name"; readonly protocol: Transport; readonly name: string };

/** `everything`: every protocol, those without ports too. */
export type Ports = "everything" | readonly Port[];

function isTransport(protocol: PortEntry["protocol"]): protocol is Transport {
  return protocol !== "ICMP" && protocol !== "ICMPv6";
}

/** Without the ICMP types, for which there is no word. A name stands for its own number alone. */
export function writable(entries: readonly PortEntry[]): readonly Port[] {
  return entries.flatMap((entry): Port[] => {
    const { protocol } = entry;
    if (!isTransport(protocol)) return [];
    if (entry.kind === "named") return [{ kind: "name", protocol, name: entry.name }];
    return [{ kind: "range", protocol, first: Math.max(entry.first, 1), last: lastPort(entry.first, entry.endPort) }];
  });
}

export function saysIcmp(entries: readonly PortEntry[]): boolean {
  return entries.some(({ protocol }) => !isTransport(protocol));
}

/** Whether a range begins at a name: only the name itself can be written. */
export function rangeFromName(entries: readonly PortEntry[]): boolean {
  return entries.some((entry) => entry.kind === "named" && entry.endPort > 0);
}

/** What a deny may cover: from a name on it may be any port of the protocol. */
export function deniedPorts(scope: PortScope): { readonly ports: Ports; readonly icmp: "denied" | "untouched" } {
  if (scope.kind === "everything") return { ports: "everything", icmp: "denied" };
  const entries = scope.rules.flatMap(({ ports }) => ports);
  const ports = writable(entries).map((port): Port =>
    port.kind === "name" ? { kind: "range", protocol: port.protocol, first: 1, last: highestPort } : port,
  );
  return { ports, icmp: saysIcmp(entries) ? "denied" : "untouched" };
}

const everyPort: readonly Port[] = protocols.map((protocol) => ({
  kind: "range",
  protocol,
  first: 1,
  last: highestPort,
}));

/** Everything but ICMP. */
export function withoutIcmp(ports: Ports): readonly Port[] {
  return ports === "everything" ? everyPort : ports;
}

/** A name may be any number, so what is taken away from its protocol takes the name with it. */
export function portsWithout(one: Ports, other: Ports): Ports {
  if (other === "everything") return [];
  if (other.length === 0) return one;
  return other.reduce((left, taken) => left.flatMap((port) => minus(port, taken)), withoutIcmp(one));
}

function minus(port: Port, taken: Port): readonly Port[] {
  if (!mayMeet(port, taken)) return [port];
  if (port.kind === "name" || taken.kind === "name") return [];
  return [
    { ...port, last: taken.first - 1 },
    { ...port, first: taken.last + 1 },
  ].filter(({ first, last }) => first <= last);
}

function mayMeet(port: Port, other: Port): boolean {
  if (port.protocol !== other.protocol) return false;
  if (port.kind === "name" || other.kind === "name") return true;
  return port.first <= other.last && other.first <= port.last;
}

/** Whether a port may be in both. */
export function overlap(one: Ports, other: Ports): boolean {
  return withoutIcmp(one).some((port) => withoutIcmp(other).some((each) => mayMeet(port, each)));
}

export interface WrittenPort {
  readonly protocol: Transport;
  readonly port?: number | string;
  readonly endPort?: number;
}

/** No list at all is everything. */
export function writtenPorts(ports: readonly Port[]): readonly WrittenPort[] {
  return ports.map((port) => {
    const { protocol } = port;
    if (port.kind === "name") return { protocol, port: port.name };
    if (port.first === 1 && port.last === highestPort) return { protocol };
    return { protocol, port: port.first, ...(port.last === port.first ? {} : { endPort: port.last }) };
  });
}
