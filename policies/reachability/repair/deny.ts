/**
 * Deny: ways to take one connection out of a deny. No allow overrules a deny (S3), so it must itself make an exception.
 */
import { containsAddress, parseAddress, parseCidrOrAddress } from "../select/cidr.ts";
import type { Endpoint, Rule } from "../model.ts";
import {
  highestPort,
  isPortName,
  parsePortNumber,
  lastPort,
  protocols,
  rangeCovers,
  type Protocol,
} from "../judge/ports.ts";
import { isFields, type Fields } from "../read/fields.ts";
import { selectsPeer, type PeerSelector } from "../select/selectors.ts";
import { entryPath, type Block } from "./blocks.ts";
import { at, edited, type Edit, type Path } from "./edits.ts";
import { distinguishing, namespaceOf, selectionOf } from "./selection.ts";
import { placeText, portText, towardText, type Candidate, type WantedSide } from "./side.ts";
import { ciliumPeers, entityOf, rangeOf } from "./written.ts";

/** Exceptions from this deny, the narrowest first. `deciding` is its place. */
export function exceptions(side: WantedSide, deciding: string): readonly Candidate[] {
  return side.blocks.flatMap((block) =>
    block.rules
      .filter(({ origin, action }) => action === "deny" && JSON.stringify(origin) === deciding)
      .flatMap((rule) => exceptionsFrom(block, rule, side)),
  );
}

interface Denial {
  readonly block: Block;
  readonly rule: Rule;
  readonly entry: Fields;
  readonly path: Path;
  readonly side: WantedSide;
}

function exceptionsFrom(block: Block, rule: Rule, side: WantedSide): readonly Candidate[] {
  const path = entryPath(rule);
  const entry = at(block.spec, path.slice(block.path.length));
  if (!isFields(entry)) return [];
  const denial: Denial = { block, rule, entry, path, side };
  const place = placeText(block.policy, path);
  const forPeer = peerExceptions(denial);
  const forSubject = subjectExceptions(denial);
  const rest = remainder(denial);
  const { manifest } = block;
  return [
    ...forPeer.map((edits) => ({ what: `except ${side.peer.name} from ${place}`, edits })),
    ...forSubject.map((edits) => ({
      what: `except ${side.subject.name} from ${placeText(block.policy, block.path)}`,
      edits,
      reluctance: reluctance.everyPeer,
    })),
    ...(rest === undefined
      ? []
      : [...forPeer, ...forSubject].map((edits) => ({
          what: `except ${portText(side)} ${towardText(side)} from ${place}, and keep the rest denied`,
          edits: [...edits, rest],
        }))),
    ...forSubject.flatMap((leaving) => forPeer.map((excepting) => apart(denial, leaving, excepting))),
    ...portExceptions(denial).map((edits) => ({
      what: `except ${portText(side)} from ${place}`,
      edits,
      reluctance: reluctance.everyone,
    })),
    { what: `remove ${place}`, edits: [{ kind: "remove", manifest, path }], reluctance: reluctance.everything },
  ];
}

/** What else an exception lets go, even where nothing else allows it today. */
const reluctance = { everyPeer: 10, everyone: 20, everything: 50 } as const;

const prefix = { egress: "to", ingress: "from" } as const;

function peerExceptions(denial: Denial): readonly (readonly Edit[])[] {
  const { peer } = denial.side;
  if (peer.kind === "pod") return podException(denial);
  if (peer.ip === undefined || peer.fqdn !== undefined) return [];
  return rangeException(denial, peer.ip);
}

/** Every selector of the list that selects the pod must stop doing so. */
function podException({ block, rule, entry, path, side }: Denial): readonly (readonly Edit[])[] {
  const field = `${prefix[side.direction]}Endpoints`;
  const list = entry[field];
  if (!Array.isArray(list) || rule.peers.kind === "nobody") return [];
  const selectors = rule.peers.selectors;
  const edits = (list as unknown[]).map((written, index): readonly Edit[] | undefined => {
    const selector = selectors[index];
    if (selector === undefined || selectsPeer(selector, side.peer) !== "yes") return [];
    const where = [...path, field, index];
    const variants = without(written, denied(side.peer, side, selector));
    const [first, ...more] = variants;
    if (first === undefined) return undefined;
    return [
      ...narrowed(block.manifest, where, written, first),
      ...more.map((value): Edit => ({ kind: "append", manifest: block.manifest, path: [...path, field], value })),
    ];
  });
  return edits.some((each) => each === undefined) ? [] : [edits.flatMap((each) => each ?? [])];
}

/** What tells the pod from everyone else whom the selector selects. */
function denied(
  pod: Endpoint,
  { world, namespaceLabel }: WantedSide,
  selector: PeerSelector,
): ReadonlyMap<string, string> {
  const labels = distinguishing(pod, world);
  const namesake = (each: Endpoint): boolean =>
    each.kind === "pod" &&
    namespaceOf(each) !== namespaceOf(pod) &&
    selectsPeer(selector, each) === "yes" &&
    [...labels].every(([key, value]) => each.labels.get(key)?.[0]?.value === value);
  return world.endpoints.some(namesake) ? new Map([...labels, [namespaceLabel, namespaceOf(pod)]]) : labels;
}

/** Selectors that together select whom the written one does, but for those with all of these labels. */
function without(written: unknown, labels: ReadonlyMap<string, string>): readonly Fields[] {
  const selector = isFields(written) ? written : {};
  const before = Array.isArray(selector["matchExpressions"]) ? (selector["matchExpressions"] as unknown[]) : [];
  return [...labels].map(([key, value]) => ({
    ...selector,
    matchExpressions: [...before, { key, operator: "NotIn", values: [value] }],
  }));
}

/** Only what is added is written, so that the rest of the selector stays as it is in the text. */
function narrowed(manifest: number, path: Path, written: unknown, narrower: Fields): readonly Edit[] {
  const expressions = narrower["matchExpressions"] as readonly unknown[];
  const had = isFields(written) && Array.isArray(written["matchExpressions"]);
  if (had) return [{ kind: "append", manifest, path: [...path, "matchExpressions"], value: expressions.at(-1) }];
  return [{ kind: "put", manifest, path: [...path, "matchExpressions"], value: expressions }];
}

/** The policy stops governing the pod, if its selector can say so. */
function subjectExceptions({ block, rule, side }: Denial): readonly (readonly Edit[])[] {
  const selector = block.spec["endpointSelector"];
  const variants = without(selector, denied(side.subject, side, { kind: "labels", ...rule.subject }));
  const [only] = variants;
  if (only === undefined || variants.length > 1) return [];
  return [narrowed(block.manifest, [...block.path, "endpointSelector"], selector, only)];
}

/** The subject gets the policy as one of its own, in which the exception touches nobody else. */
function apart({ block, side }: Denial, leaving: readonly Edit[], excepting: readonly Edit[]): Candidate {
  const { manifest, policy, path, spec } = block;
  const { subject, world, namespaceLabel, nameTaken } = side;
  const base = `${policy.name}-${subject.name.replace(/^.*\//, "")}`;
  const name = [base, ...[2, 3, 4].map((number) => `${base}-${String(number)}`)].find(
    (each) => !nameTaken({ ...policy, name: each }),
  );
  const inside = excepting.flatMap((edit) =>
    edit.kind === "add" ? [] : [{ ...edit, manifest: 0, path: ["spec", ...edit.path.slice(path.length)] }],
  );
  const own = edited([{ object: { spec } }], inside)[0]?.object["spec"];
  const { matchLabels = {}, ...rest } = selectionOf(subject, world, "cilium");
  const place = policy.namespace === undefined ? { [namespaceLabel]: namespaceOf(subject) } : {};
  const endpointSelector = { matchLabels: { ...place, ...matchLabels }, ...rest };
  const object = {
    apiVersion: "cilium.io/v2",
    kind: policy.kind,
    metadata: { name: name ?? base, ...(policy.namespace === undefined ? {} : { namespace: policy.namespace }) },
    spec: { ...(isFields(own) ? own : {}), endpointSelector },
  };
  return {
    what: `give ${subject.name} ${placeText(policy, path)} as a policy of its own, with an exception for ${side.peer.name}`,
    edits: [...leaving.map((edit) => (edit.kind === "add" ? edit : { ...edit, manifest })), { kind: "add", object }],
  };
}

/** An address is taken out of each range that holds it; `world` is the range of everything. */
function rangeException({ block, entry, path, side }: Denial, ip: string): readonly (readonly Edit[])[] {
  const { manifest } = block;
  const [cidr, cidrSet, entitiesField] = ["CIDR", "CIDRSet", "Entities"].map(
    (suffix) => `${prefix[side.direction]}${suffix}`,
  );
  const address = parseAddress(ip);
  if (cidr === undefined || cidrSet === undefined || entitiesField === undefined || address === undefined) return [];
  const holds = (range: unknown): boolean => {
    const parsed = typeof range === "string" ? parseCidrOrAddress(range) : undefined;
    return parsed !== undefined && containsAddress(parsed, address);
  };
  const excepted = (range: string): Fields => ({ cidr: range, except: [rangeOf(ip)] });
  const ranges = entry[cidr];
  if (Array.isArray(ranges) && ranges.length > 0) {
    const value = (ranges as unknown[]).map((range) => (holds(range) ? excepted(String(range)) : { cidr: range }));
    return [
      [
        { kind: "remove", manifest, path: [...path, cidr] },
        { kind: "put", manifest, path: [...path, cidrSet], value },
      ],
    ];
  }
  const sets = entry[cidrSet];
  if (Array.isArray(sets) && sets.length > 0) {
    const edits = (sets as unknown[]).flatMap((set, index): Edit[] => {
      if (!isFields(set) || !holds(set["cidr"])) return [];
      const where = [...path, cidrSet, index, "except"];
      if (Array.isArray(set["except"])) return [{ kind: "append", manifest, path: where, value: rangeOf(ip) }];
      return [{ kind: "put", manifest, path: where, value: [rangeOf(ip)] }];
    });
    return edits.length === 0 ? [] : [edits];
  }
  const entities = entry[entitiesField];
  if (!Array.isArray(entities) || entityOf(side.peer) !== "world" || entities.length !== 1 || entities[0] !== "world") {
    return [];
  }
  // The same without one address: the world of both families.
  const everything =
    address.family === "ipv4" ? [excepted("0.0.0.0/0"), { cidr: "::/0" }] : [{ cidr: "0.0.0.0/0" }, excepted("::/0")];
  return [
    [
      { kind: "remove", manifest, path: [...path, entitiesField] },
      { kind: "put", manifest, path: [...path, cidrSet], value: everything },
    ],
  ];
}

/** The deny stops covering the port, for everyone it denies. */
function portExceptions({ block, entry, path, side }: Denial): readonly (readonly Edit[])[] {
  const list = entry["toPorts"];
  if (!Array.isArray(list) || list.length === 0) return [];
  const { manifest } = block;
  const remaining = (list as unknown[]).map((each) => portsLeft(each, side));
  if (remaining.every((ports) => ports.length === 0)) return [];
  const edits = (list as unknown[]).map((each, index): Edit[] => {
    const [before, after] = [isFields(each) ? each["ports"] : [], remaining[index] ?? []];
    if (after.length === 0) return [{ kind: "remove", manifest, path: [...path, "toPorts", index] }];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return [{ kind: "put", manifest, path: [...path, "toPorts", index, "ports"], value: after }];
  });
  // From the last, so that what is removed moves nothing that is still to be changed.
  return [edits.reverse().flat()];
}

/** A deny of its own for what the exception would let go besides the port. Undefined when that is nothing. */
function remainder({ block, entry, path, side }: Denial): Edit | undefined {
  const [peer] = ciliumPeers(side.peer, block.policy, side).filter(({ field }) => field !== "toFQDNs");
  const list = entry["toPorts"];
  const ports =
    Array.isArray(list) && list.length > 0
      ? (list as unknown[]).flatMap((each) => portsLeft(each, side))
      : everyOther(side);
  if (peer === undefined || ports.length === 0) return undefined;
  const value = { [peer.field]: [peer.value], toPorts: [{ ports }] };
  return { kind: "append", manifest: block.manifest, path: path.slice(0, -1), value };
}

function portsLeft(portRule: unknown, side: WantedSide): readonly Fields[] {
  const list = isFields(portRule) ? portRule["ports"] : undefined;
  return Array.isArray(list) ? (list as unknown[]).flatMap((each) => (isFields(each) ? portLeft(each, side) : [])) : [];
}

/** What remains of one entry of `ports`. */
function portLeft(written: Fields, side: WantedSide): readonly Fields[] {
  const { port: given } = written;
  const text = typeof given === "number" || typeof given === "string" ? String(given) : "";
  const endPort = typeof written["endPort"] === "number" ? written["endPort"] : 0;
  const said = typeof written["protocol"] === "string" ? written["protocol"].toUpperCase() : "ANY";
  const own: readonly Protocol[] =
    said === "ANY" || said === "" ? protocols : protocols.filter((each) => each === said);
  if (!own.includes(side.protocol)) return [written];
  const others = own.filter((each) => each !== side.protocol).map((protocol) => ({ ...written, protocol }));
  if (isPortName(text)) {
    const server = side.direction === "egress" ? side.peer : side.subject;
    const covers = server.ports.some(({ name, port }) => name === text.toLowerCase() && port === side.port);
    return covers ? others : [written];
  }
  const first = parsePortNumber(text) ?? 0;
  if (!rangeCovers(first, endPort, side.port)) return [written];
  return [...around(side.protocol, Math.max(first, 1), lastPort(first, endPort), side.port), ...others];
}

function around(protocol: Protocol, first: number, last: number, without: number): readonly Fields[] {
  return [
    [first, without - 1],
    [without + 1, last],
  ].flatMap(([from = 0, to = 0]) => {
    if (from > to) return [];
    return [{ port: String(from), ...(to > from ? { endPort: to } : {}), protocol }];
  });
}

/** Port 0 is every port of its protocol (S18). */
function everyOther({ protocol, port }: WantedSide): readonly Fields[] {
  if (!protocols.some((each) => each === protocol)) return [];
  return [
    ...around(protocol, 1, highestPort, port),
    ...protocols.filter((each) => each !== protocol).map((each) => ({ port: "0", protocol: each })),
  ];
}
