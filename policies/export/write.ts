/** Write: pieces of a policy as NetworkPolicy objects that `kubectl apply` takes. */
import { policyText } from "../reachability/explain.ts";
import type { Direction, Origin, PolicyRef } from "../reachability/model.ts";
import { blocksWithout, writtenBlock, type Block } from "./blocks.ts";
import type { LossCode } from "./loss.ts";
import type { Grant } from "./narrow.ts";
import { nameLabel, selectorOf, type Pods, type WrittenSelector } from "./pods.ts";
import { writtenPorts, type WrittenPort } from "./ports.ts";
import type { Subject } from "./subjects.ts";

/** What a policy says of some pods. */
export interface Piece {
  readonly subject: Subject;
  readonly isolates: Set<Direction>;
  readonly grants: { readonly origin: Origin; readonly direction: Direction; readonly grant: Grant }[];
}

export type WrittenPeer =
  | { readonly podSelector?: WrittenSelector; readonly namespaceSelector?: WrittenSelector }
  | { readonly ipBlock: { readonly cidr: string; readonly except?: readonly string[] } };

export interface NetworkPolicy {
  readonly apiVersion: "networking.k8s.io/v1";
  readonly kind: "NetworkPolicy";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly podSelector: WrittenSelector;
    readonly policyTypes: readonly ("Ingress" | "Egress")[];
    readonly ingress?: readonly { readonly from?: readonly WrittenPeer[]; readonly ports?: readonly WrittenPort[] }[];
    readonly egress?: readonly { readonly to?: readonly WrittenPeer[]; readonly ports?: readonly WrittenPort[] }[];
  };
}

/** Names the object that a NetworkPolicy was made from. */
export const sourceAnnotation = "export.cilium-platform/from";

/** Addresses that have to be left out of every range, and where to say that it was so. */
export interface Ranges {
  readonly inside: readonly Block[];
  readonly lost: (code: LossCode, origin: Origin) => void;
}

/** One object for each piece; names of NetworkPolicies stay, and others make room for them. */
export class Names {
  readonly #taken: Set<string>;

  constructor(kept: readonly PolicyRef[]) {
    this.#taken = new Set(kept.map(({ namespace = "", name }) => `${namespace}/${name}`));
  }

  of({ kind, name }: PolicyRef, namespace: string, index: number): string {
    const base = index === 0 ? name : `${name}-${String(index + 1)}`;
    if (kind === "NetworkPolicy" && index === 0) return base;
    const short = kind === "CiliumNetworkPolicy" ? "cnp" : kind === "NetworkPolicy" ? "knp" : "ccnp";
    for (let number = 0; ; number += 1) {
      const candidate = number === 0 ? base : `${base}-${short}${number === 1 ? "" : String(number)}`;
      if (this.#taken.has(`${namespace}/${candidate}`)) continue;
      this.#taken.add(`${namespace}/${candidate}`);
      return candidate;
    }
  }
}

export function networkPolicy(source: PolicyRef, name: string, piece: Piece, ranges: Ranges): NetworkPolicy {
  const { subject, isolates } = piece;
  const [ingress, egress] = [entriesOf(piece, "ingress", ranges), entriesOf(piece, "egress", ranges)];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: subject.namespace, annotations: { [sourceAnnotation]: policyText(source) } },
    spec: {
      podSelector: selectorOf(subject.labels),
      policyTypes: [
        ...(isolates.has("ingress") ? ["Ingress" as const] : []),
        ...(isolates.has("egress") ? ["Egress" as const] : []),
      ],
      ...(ingress.length === 0
        ? {}
        : { ingress: ingress.map(({ peers, ports }) => ({ ...named("from", peers), ...ports })) }),
      ...(egress.length === 0
        ? {}
        : { egress: egress.map(({ peers, ports }) => ({ ...named("to", peers), ...ports })) }),
    },
  };
}

function named<K extends "from" | "to">(
  field: K,
  peers: readonly WrittenPeer[] | "everyone",
): Partial<Record<K, readonly WrittenPeer[]>> {
  return peers === "everyone" ? {} : ({ [field]: peers } as Record<K, readonly WrittenPeer[]>);
}

interface Entry {
  readonly peers: readonly WrittenPeer[] | "everyone";
  readonly ports: { readonly ports?: readonly WrittenPort[] };
}

/** Peers with the same ports stand in one entry. */
function entriesOf({ subject, grants }: Piece, direction: Direction, ranges: Ranges): readonly Entry[] {
  const everyone: Entry[] = [];
  const some = new Map<string, { peers: WrittenPeer[]; ports: Entry["ports"] }>();
  for (const { origin, direction: own, grant } of grants) {
    if (own !== direction) continue;
    const ports = grant.ports === "everything" ? {} : { ports: writtenPorts(grant.ports) };
    if (grant.peers.kind === "everyone") {
      everyone.push({ peers: "everyone", ports });
      continue;
    }
    const peers = [
      ...grant.peers.pods.map((pods) => writtenPods(pods, subject.namespace)),
      ...outside(grant.peers.blocks, origin, ranges).map((each) => ({ ipBlock: writtenBlock(each) })),
    ];
    const key = JSON.stringify(ports);
    const known = some.get(key) ?? { peers: [], ports };
    some.set(key, known);
    for (const peer of peers) {
      if (!known.peers.some((each) => JSON.stringify(each) === JSON.stringify(peer))) known.peers.push(peer);
    }
  }
  return [...everyone, ...[...some.values()].filter(({ peers }) => peers.length > 0)];
}

function writtenPods({ namespaces, labels }: Pods, own: string): WrittenPeer {
  const podSelector = selectorOf(labels);
  const name = namespaces.get(nameLabel);
  if (namespaces.size === 1 && name?.kind === "in" && name.values.length === 1 && name.values[0] === own) {
    return { podSelector };
  }
  return { namespaceSelector: selectorOf(namespaces), ...(labels.size === 0 ? {} : { podSelector }) };
}

/** Elsewhere a range covers the pods and nodes that have its addresses; to Cilium it never does (S13). */
function outside(blocks: readonly Block[], origin: Origin, { inside, lost }: Ranges): readonly Block[] {
  const known = new Set(inside.map(({ cidr }) => cidr.family));
  const told = blocks.filter(({ cidr }) => known.has(cidr.family));
  if (told.length < blocks.length) lost("export/ipv6", origin);
  const left = blocksWithout(told, inside);
  const text = (some: readonly Block[]): string => JSON.stringify(some.map(writtenBlock));
  if (text(left) !== text(told)) lost("export/inside", origin);
  return left;
}
