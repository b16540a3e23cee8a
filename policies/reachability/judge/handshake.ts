/**
 * Handshake: which authentication a connection that several rules allow must pass (S27).
 *
 * Cilium keeps one entry for each peer and range of ports, and one for everyone on that range. Which entry is found, and
 * what it takes over from wider ones, decides.
 */
import type { L7Restriction } from "./l7.ts";
import type { Authentication } from "../model.ts";
import { highestPort } from "./ports.ts";
import type { PortFilter } from "./terms.ts";

/** Where Cilium's entry for a rule stands. */
export interface Fit {
  /** `together`: in the entry of everyone, or of all pods or all the world. */
  readonly peers: "together" | "one by one";
  /** How narrow its ports are: the length of the prefix that they are written as. */
  readonly narrowness: number;
}

const everything = 1;
const oneProtocol = 9;
export const onePort = 25;

/** Of the entry that covers this port: a range is kept as the widest blocks of a power of two that it is made of. */
export function narrownessAt(filter: PortFilter, port: number): number {
  if (filter.kind === "everything") return everything;
  // Which number a range begins at that is named, is not known here.
  if (filter.kind === "named") return onePort;
  if (filter.first === 0) return oneProtocol;
  if (filter.endPort <= filter.first) return onePort;
  let bits = 0;
  for (let size = 2; size <= highestPort + 1; size *= 2) {
    const start = port - (port % size);
    if (start < filter.first || start + size - 1 > filter.endPort) break;
    bits += 1;
  }
  return onePort - bits;
}

/** Ports of a range between which the narrowness changes, in order: the first of each block. */
export function blockStarts(filter: PortFilter): readonly number[] {
  if (filter.kind !== "range" || filter.first === 0 || filter.endPort <= filter.first) return [];
  const starts: number[] = [];
  for (let port = filter.first; port <= filter.endPort;) {
    starts.push(port);
    port += 2 ** (onePort - narrownessAt(filter, port));
  }
  return starts;
}

/** An allow, as far as its handshake goes. */
export interface Asking {
  readonly authentication: Authentication;
  readonly l7: L7Restriction;
  readonly fit: Fit;
}

interface Entry {
  readonly narrowness: number;
  readonly strength: number;
  readonly authentication: Authentication;
}

/** What must succeed before the connection stands. */
export function handshakeOf(allows: readonly Asking[]): Authentication {
  if (allows.every(({ authentication }) => authentication === "unspecified")) return "unspecified";
  const together = found(allows.filter(({ fit }) => fit.peers === "together"));
  const own = found(allows.filter(({ fit }) => fit.peers === "one by one"));
  if (own === undefined || together === undefined) return (own ?? together)?.asks ?? "unspecified";
  if (own.strength !== together.strength) return (own.strength > together.strength ? own : together).asks;
  // Of two that are equally strong Cilium's lookup takes the wider, although the words beside it say the narrower.
  const [first, second] = own.narrowness > together.narrowness ? [together, own] : [own, together];
  if (first.authentication !== "unspecified") return first.asks;
  return rank[second.asks] > rank[first.asks] ? second.asks : first.asks;
}

const rank: Record<Authentication, number> = { unspecified: 0, disabled: 0, required: 1, "test-always-fail": 2 };

/** A redirect is stronger than a plain allow, and among redirects the one that reads most of a request. */
const strengths: Record<L7Restriction["kind"], number> = { none: 0, listener: 1, dns: 2, tls: 3, http: 4 };

/** The narrowest entry that remains, and what it asks for itself or takes over from a wider one. */
function found(allows: readonly Asking[]): (Entry & { readonly asks: Authentication }) | undefined {
  const entries = [...new Set(allows.map(({ fit }) => fit.narrowness))]
    .sort((a, b) => b - a)
    .map((narrowness) => entryOf(narrowness, allows));
  for (const [index, entry] of entries.entries()) {
    const wider = entries.slice(index + 1);
    const strength = Math.max(entry.strength, ...wider.map((each) => each.strength));
    // A stronger entry around it takes its place, unless it asks for something of its own.
    if (strength > entry.strength && entry.authentication === "unspecified") continue;
    const asking = [entry, ...wider].find(({ authentication }) => authentication !== "unspecified");
    return { ...entry, strength, asks: asking?.authentication ?? "unspecified" };
  }
  return undefined;
}

function entryOf(narrowness: number, allows: readonly Asking[]): Entry {
  const same = allows.filter(({ fit }) => fit.narrowness === narrowness);
  const asked = same.map(({ authentication }) => authentication).filter((each) => each !== "unspecified");
  return {
    narrowness,
    strength: Math.max(...same.map(({ l7 }) => strengths[l7.kind])),
    authentication: asked.reduce<Authentication>(
      (most, each) => (most === "unspecified" || rank[each] > rank[most] ? each : most),
      "unspecified",
    ),
  };
}
