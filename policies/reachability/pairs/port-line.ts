/**
 * Port line: the ports of all protocols as places on one line, so that a set of ports is an ascending list of numbers.
 */
import { highestPort, type Protocol } from "../judge/ports.ts";

/** What a matrix speaks of, and the numbers there are. ICMP has types in place of ports. */
export const portSpace = [
  { protocol: "TCP", first: 1, last: highestPort },
  { protocol: "UDP", first: 1, last: highestPort },
  { protocol: "SCTP", first: 1, last: highestPort },
  { protocol: "ICMP", first: 1, last: 255 },
] as const;

/** Places from one to another, both ends included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

const room = highestPort + 1;

/** Where each protocol lies. Between two of them is a place that belongs to neither. */
export const protocolStretches: readonly Stretch[] = portSpace.map(({ first, last }, index) => ({
  first: index * room + first,
  last: index * room + last,
}));

/** The ports on the line; undefined where none of them is a port that a matrix speaks of. */
export function stretchOf(protocol: Protocol, first: number, last: number): Stretch | undefined {
  const index = portSpace.findIndex((each) => each.protocol === protocol);
  const whole = protocolStretches[index];
  if (whole === undefined) return undefined;
  const stretch = {
    first: Math.max(whole.first, index * room + first),
    last: Math.min(whole.last, index * room + last),
  };
  return stretch.first <= stretch.last ? stretch : undefined;
}

/** The place in words. */
export function portAt(place: number): { readonly protocol: Protocol; readonly port: number } {
  const space = portSpace[Math.floor(place / room)];
  if (space === undefined) throw new RangeError(`no port at ${String(place)}`);
  return { protocol: space.protocol, port: place % room };
}
