/**
 * Entities: Cilium's words for peers that are not written as labels, and the selectors behind each (S12).
 */
import { clusterKey, clusterName } from "../select/labels.ts";
import {
  anyPeer,
  emptySelector,
  labelPeer,
  withExpression,
  withLabel,
  type PeerSelector,
} from "../select/selectors.ts";
import type { Reading } from "./fields.ts";

function reserved(name: string): PeerSelector {
  return labelPeer(withLabel(emptySelector, `reserved:${name}`, ""));
}

function wide(selector: PeerSelector): PeerSelector {
  return selector.kind === "labels" ? { ...selector, wide: true } : selector;
}

/** What `cluster` stands for besides pods. */
const inside = ["host", "remote-node", "init", "ingress", "health", "unmanaged", "kube-apiserver"].map(reserved);

const selectors: ReadonlyMap<string, readonly PeerSelector[]> = new Map([
  ["all", [anyPeer]],
  ["world", ["world", "world-ipv4", "world-ipv6"].map(reserved).map(wide)],
  ...[
    "world-ipv4",
    "world-ipv6",
    "host",
    "init",
    "ingress",
    "remote-node",
    "health",
    "unmanaged",
    "none",
    "kube-apiserver",
  ].map((name): [string, PeerSelector[]] => [name, [reserved(name)]]),
  ["cluster", [...inside, wide(labelPeer(withLabel(emptySelector, `k8s:${clusterKey}`, clusterName)))]],
  [
    "cluster-mesh",
    [
      ...inside,
      wide(labelPeer(withExpression(emptySelector, { key: `any:${clusterKey}`, operator: "Exists", values: [] }))),
    ],
  ],
]);

export function readEntity(value: unknown, path: string, reading: Reading): readonly PeerSelector[] {
  const name = reading.text(value, path) ?? "";
  const found = selectors.get(name);
  if (found === undefined) reading.refuse(path, `unsupported entity: \`${name}\``, [...selectors.keys()].join(", "));
  return found ?? [];
}
