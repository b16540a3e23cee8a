/**
 * Written: a peer and a port in the words of each kind of policy.
 */
import { hasReserved, namespaceKey, worldFamily } from "../select/labels.ts";
import type { Endpoint, PolicyRef, World } from "../model.ts";
import type { Protocol } from "../judge/ports.ts";
import { entities, type Entity } from "../read/externals.ts";
import type { Fields } from "../read/fields.ts";
import { namespaceOf, selectionOf } from "./selection.ts";
import type { WantedSide } from "./side.ts";

/** One way to name a peer: an element of the list in this field. */
export interface WrittenPeer {
  readonly field: string;
  readonly value: unknown;
}

const prefix = { egress: "to", ingress: "from" } as const;

/** Ways to write the label of a pod's namespace, the most careful first. */
export const namespaceLabels = [`k8s:${namespaceKey}`, namespaceKey, `any:${namespaceKey}`] as const;

/** The peer for a policy of Cilium's, the most telling way first. Empty where no field can name it. */
export function ciliumPeers(
  peer: Endpoint,
  policy: PolicyRef,
  { direction, world, namespaceLabel }: Pick<WantedSide, "direction" | "world" | "namespaceLabel">,
): readonly WrittenPeer[] {
  const field = (suffix: string): string => `${prefix[direction]}${suffix}`;
  if (peer.kind === "pod") {
    const { matchLabels = {}, ...rest } = selectionOf(peer, world, "cilium");
    const namespace = namespaceOf(peer);
    const place = policy.namespace === namespace ? {} : { [namespaceLabel]: namespace };
    return [{ field: field("Endpoints"), value: { matchLabels: { ...place, ...matchLabels }, ...rest } }];
  }
  if (peer.fqdn !== undefined || peer.ip !== undefined) {
    return [
      ...(peer.fqdn === undefined || direction === "ingress"
        ? []
        : [{ field: "toFQDNs", value: { matchName: peer.fqdn } }]),
      ...(peer.ip === undefined
        ? []
        : [
            { field: field("CIDR"), value: rangeOf(peer.ip) },
            { field: field("CIDRSet"), value: { cidr: rangeOf(peer.ip) } },
          ]),
    ];
  }
  const entity = entityOf(peer);
  if (entity === undefined) return [];
  const named = { field: field("Entities"), value: entity };
  if (entity !== "remote-node") return [named];
  // The API server may be a remote node as well, and is not meant.
  const matchExpressions = [{ key: "reserved:kube-apiserver", operator: "DoesNotExist" }];
  return [
    named,
    { field: field("Endpoints"), value: { matchLabels: { "reserved:remote-node": "" }, matchExpressions } },
  ];
}

/** The same for a NetworkPolicy, which knows pods and ranges only. */
export function networkPeer(peer: Endpoint, namespace: string, world: World): Fields | undefined {
  if (peer.kind === "pod") {
    const podSelector = selectionOf(peer, world, "kubernetes");
    const elsewhere = namespaceOf(peer);
    if (elsewhere === namespace) return { podSelector };
    return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": elsewhere } }, podSelector };
  }
  return peer.ip === undefined || worldFamily(peer.labels) === undefined
    ? undefined
    : { ipBlock: { cidr: rangeOf(peer.ip) } };
}

export function rangeOf(ip: string): string {
  return `${ip}/${ip.includes(":") ? "128" : "32"}`;
}

/** The API server is more than one thing at once; the others are one each. */
export function entityOf({ labels }: Endpoint): Entity | undefined {
  if (hasReserved(labels, "kube-apiserver")) return "kube-apiserver";
  return entities.find((entity) => hasReserved(labels, entity));
}

/** What a rule needs for this port: an element of `toPorts`, or of `icmps`. */
export function ciliumScope(
  protocol: Protocol,
  port: number,
): { readonly field: "toPorts" | "icmps"; readonly value: Fields } {
  if (protocol === "ICMP" || protocol === "ICMPv6") {
    const family = protocol === "ICMP" ? "IPv4" : "IPv6";
    return { field: "icmps", value: { fields: [{ family, type: port }] } };
  }
  return { field: "toPorts", value: { ports: [ciliumPort(protocol, port)] } };
}

export function ciliumPort(protocol: Protocol, port: number): Fields {
  return { port: String(port), protocol };
}

/** Undefined for what a NetworkPolicy cannot name. */
export function networkPort(protocol: Protocol, port: number): Fields | undefined {
  return protocol === "ICMP" || protocol === "ICMPv6" ? undefined : { protocol, port };
}
