/**
 * Allow, in Cilium's kinds: every small change of a CiliumNetworkPolicy or its clusterwide kin that might let a side pass.
 */
import { namespaceKey } from "../select/labels.ts";
import type { Rule } from "../model.ts";
import { isFields, type Fields } from "../read/fields.ts";
import { selectsLabels, selectsPeer, type PeerSelector } from "../select/selectors.ts";
import { entryPath, type Block } from "./blocks.ts";
import { at, type Edit, type Path } from "./edits.ts";
import { ciliumMeaning, corrected, selectsNobodyIn } from "./misspelt.ts";
import { learnsName } from "./names.ts";
import { namespaceOf } from "./selection.ts";
import { governed, namings, placeText, portText, towardText, type Candidate, type WantedSide } from "./side.ts";
import { ciliumPeers, ciliumPort, ciliumScope, type WrittenPeer } from "./written.ts";

/** Candidates that extend what is there. */
export function extendCilium(side: WantedSide): readonly Candidate[] {
  const blocks = side.blocks.filter(({ policy }) => policy.kind !== "NetworkPolicy");
  const naming = namings(side);
  return blocks.flatMap((block) => {
    switch (governed(block, side)) {
      case "only the subject":
        return [
          ...entriesOf(block, side).flatMap((rule) => extendEntry(block, rule, side, naming)),
          ...newEntries(block, side),
        ];
      case "nobody":
        return correctedSubject(block, side);
      case "others":
      case "others too":
        return [];
    }
  });
}

/** Allows of the block in the side's direction. */
function entriesOf({ rules }: Block, { direction }: WantedSide): readonly Rule[] {
  return rules.filter((rule) => rule.direction === direction && rule.action === "allow");
}

function extendEntry(
  block: Block,
  rule: Rule,
  side: WantedSide,
  naming: ReturnType<typeof namings>,
): readonly Candidate[] {
  const entry = at(block.spec, entryPath(rule).slice(block.path.length));
  if (!isFields(entry)) return [];
  const place: Place = { block, rule, entry, path: entryPath(rule), side };
  switch (naming(rule)) {
    case "the peer":
      return morePorts(place);
    case "the port":
      return [...correctedPeers(place), ...morePeers(place)];
    case "neither":
      return [];
  }
}

interface Place {
  readonly block: Block;
  readonly rule: Rule;
  readonly entry: Fields;
  readonly path: Path;
  readonly side: WantedSide;
}

function morePorts({ block, entry, path, side }: Place): readonly Candidate[] {
  const { manifest, policy } = block;
  const { protocol, port } = side;
  const scope = ciliumScope(protocol, port);
  const written = entry[scope.field];
  if (!Array.isArray(written) || written.length === 0) return [];
  const inner = scope.field === "toPorts" ? "ports" : "fields";
  const value = scope.field === "toPorts" ? ciliumPort(protocol, port) : (scope.value["fields"] as unknown[])[0];
  const what = `let ${placeText(policy, path)} allow ${portText(side)} as well`;
  return [
    ...(written as unknown[]).flatMap((each, index): Candidate[] => {
      const list = isFields(each) ? each[inner] : undefined;
      const restricted = isFields(each) && Object.keys(each).some((key) => key !== inner);
      if (!Array.isArray(list) || list.length === 0 || restricted) return [];
      return [{ what, edits: [{ kind: "append", manifest, path: [...path, scope.field, index, inner], value }] }];
    }),
    { what, edits: [{ kind: "append", manifest, path: [...path, scope.field], value: scope.value }] },
  ];
}

function morePeers({ block, entry, path, side }: Place): readonly Candidate[] {
  const { manifest, policy } = block;
  return peersOf(side, policy).flatMap(({ field, value }): Candidate[] => {
    const list = entry[field];
    if (!Array.isArray(list) || list.length === 0) return [];
    const what = `let ${placeText(policy, path)} apply ${towardText(side)} as well`;
    return [{ what, edits: [{ kind: "append", manifest, path: [...path, field], value }] }];
  });
}

/** A name helps only where the pod learns it. */
export function peersOf(side: WantedSide, policy: Block["policy"]): readonly WrittenPeer[] {
  const { peer, world, subject } = side;
  const learned = peer.fqdn !== undefined && learnsName(world, subject, peer.fqdn);
  return ciliumPeers(peer, policy, side).filter(({ field }) => field !== "toFQDNs" || learned);
}

/** Selectors of the entry that select nobody and nearly select the peer. */
function correctedPeers({ block, rule, entry, path, side }: Place): readonly Candidate[] {
  const { manifest, policy } = block;
  const { peer, direction, world } = side;
  if (peer.kind !== "pod") return [];
  const field = direction === "egress" ? "toEndpoints" : "fromEndpoints";
  const list = Array.isArray(entry[field]) ? (entry[field] as unknown[]) : [];
  const selectors = rule.peers.kind === "selected" ? rule.peers.selectors : [];
  // Beside other fields of peers it cannot be told which of the selectors that were read is the one written here.
  const read = (index: number, written: number): readonly PeerSelector[] =>
    selectors.length === written ? selectors.slice(index, index + 1) : selectors;
  return list.flatMap((selector, index): Candidate[] => {
    const matchLabels = isFields(selector) ? (selector["matchLabels"] ?? {}) : undefined;
    const where = { manifest, path: [...path, field, index, "matchLabels"] };
    const edits =
      named(matchLabels, block, side, where) ??
      corrected(matchLabels, ciliumMeaning(peer), [...peer.labels.keys()], where);
    if (edits === undefined || !read(index, list.length).some(selectsNobodyIn(world))) return [];
    return [
      { what: `correct the selector in ${placeText(policy, [...path, field, index])}, which selects nobody`, edits },
    ];
  });
}

/** Labels are right, but mean pods of the policy's own namespace (S10). */
function named(
  matchLabels: unknown,
  { policy }: Block,
  { peer, namespaceLabel }: WantedSide,
  where: { readonly manifest: number; readonly path: Path },
): readonly Edit[] | undefined {
  if (!isFields(matchLabels) || policy.namespace === undefined || policy.namespace === namespaceOf(peer))
    return undefined;
  const meaning = ciliumMeaning(peer);
  const entries = Object.entries(matchLabels);
  if (entries.some(([key, value]) => meaning(key).key === namespaceKey || meaning(key).value !== value))
    return undefined;
  return [{ kind: "put", ...where, path: [...where.path, namespaceLabel], value: namespaceOf(peer) }];
}

function newEntries(block: Block, side: WantedSide): readonly Candidate[] {
  const { manifest, policy } = block;
  const { direction } = side;
  return peersOf(side, policy)
    .filter(({ field }) => !field.endsWith("CIDRSet"))
    .map((peer) => {
      const list = Array.isArray(block.spec[direction]) ? (block.spec[direction] as unknown[]) : [];
      const path = [...block.path, direction];
      const entry = entryFor(peer, side);
      const edit: Edit =
        list.length === 0
          ? { kind: "put", manifest, path, value: [entry] }
          : { kind: "append", manifest, path, value: entry };
      const what = `add an ${direction} entry to ${placeText(policy, block.path)}`;
      // Where a workload has a policy for each direction, the other one is no home for it.
      return { what, edits: [edit], reluctance: list.length === 0 ? 1 : 0 };
    });
}

/** An entry that allows this peer on this port and nothing else. */
export function entryFor(
  { field, value }: WrittenPeer,
  { protocol, port }: Pick<WantedSide, "protocol" | "port">,
): Fields {
  const scope = ciliumScope(protocol, port);
  return { [field]: [value], [scope.field]: [scope.value] };
}

/** The block selects no pod at all, and would allow the connection if it selected the subject. */
function correctedSubject(block: Block, side: WantedSide): readonly Candidate[] {
  const { subject, peer, protocol, port } = side;
  const fits = entriesOf(block, side).some(
    ({ peers, scope }) =>
      peers.kind === "selected" &&
      (peers.selectors.length === 0 || peers.selectors.some((each) => selectsPeer(each, peer) === "yes")) &&
      (scope.kind === "everything" ||
        scope.rules.some(
          ({ ports }) =>
            ports.length === 0 ||
            ports.some(
              (each) =>
                each.protocol === protocol &&
                (each.kind === "named" || each.first === port || each.first === 0 || each.endPort >= port),
            ),
        )),
  );
  const [rule] = block.rules;
  if (!fits || rule === undefined || selectsLabels(rule.subject.labels, subject.labels)) return [];
  if (block.policy.namespace !== undefined && block.policy.namespace !== namespaceOf(subject)) return [];
  const selector = block.spec["endpointSelector"];
  const path = [...block.path, "endpointSelector", "matchLabels"];
  const edits = corrected(
    isFields(selector) ? selector["matchLabels"] : undefined,
    ciliumMeaning(subject),
    [...subject.labels.keys()],
    { manifest: block.manifest, path },
  );
  if (edits === undefined) return [];
  return [
    { what: `correct the endpointSelector of ${placeText(block.policy, block.path)}, which selects nobody`, edits },
  ];
}
