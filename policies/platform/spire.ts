/**
 * SPIRE: what its server needs, ready for the day somebody closes it. No policy of ours isolates anybody in its namespace,
 * so these only allow; its agents are on the nodes themselves, and the kubelet's probes are always let in.
 */
import { nameResolution } from "../baseline/bundle.ts";
import type { BundlePromise, Manifest } from "../bundle.ts";
import { isolatingNobody, networkPolicy, selectorOf, tcp, type Workload } from "../edges.ts";
import { spireNamespace } from "../names.ts";
import { spireServerPod } from "../system-pods.ts";

/** Of the server's container: identities are asked for here. Its health is on 8080, for the kubelet alone. */
const spireServerPort = 8081;

const server: Workload = { namespace: spireNamespace, labels: { app: "spire-server" } };
const serverName = "spire-server";

/** Agents of SPIRE, agents of Cilium and its operator all run in the network of their node. */
const nodes = ["host", "remote-node"] as const;

export const spireManifests: readonly Manifest[] = [
  networkPolicy(server.namespace, serverName, {
    description: "Nodes ask the server for identities, and it asks the API server who is asking.",
    endpointSelector: selectorOf(server),
    ingress: [{ fromEntities: nodes, toPorts: [{ ports: tcp([spireServerPort]) }] }],
    egress: [{ toEntities: ["kube-apiserver"] }],
  }),
  ...nameResolution(server.namespace, "spire-server-dns", selectorOf(server)),
].map(isolatingNobody);

export const spireExamples: readonly Manifest[] = [spireServerPod];

const at = `${server.namespace}/${serverName}`;

export const spirePromises: readonly BundlePromise[] = [
  ...nodes.map((node) => ({
    must: `${node} -> ${at} TCP ${String(spireServerPort)}`,
    because: "without identities every connection that waits for a handshake is dropped",
  })),
  { must: `${at} -> kube-apiserver all ports`, because: "it looks up who is asking" },
  { must: `${at} -> kube-system/coredns UDP 53; TCP 53`, because: "it resolves names" },
];
