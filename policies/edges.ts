/**
 * Edges: who may talk to whom among closed workloads, said once and rendered on both sides.
 *
 * A connection passes only if the client's egress and the server's ingress both let it; half an edge is no edge.
 */
import type { Manifest } from "./bundle.ts";
import { ciliumNamespaceKey } from "./names.ts";
import type { CiliumNetworkPolicy, CiliumNetworkPolicySpec, Http, LabelSelector } from "./types/cilium.ts";

export interface Workload {
  readonly namespace: string;
  /** Labels of its pods. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Edge {
  /** Of the policy on the server's side; those of the clients are called `<name>-from-<the client's name>`. */
  readonly name: string;
  /** What may happen, for whoever reads the object in the cluster. */
  readonly description: string;
  readonly from: Readonly<Record<string, Workload>>;
  readonly to: Workload;
  /** TCP ports of the server's containers, never those of a Service before them. */
  readonly ports: readonly number[];
  /** Requests that pass. Absent: all. They are judged once, on the server's side. */
  readonly http?: readonly Http[];
}

export function networkPolicy(namespace: string, name: string, spec: CiliumNetworkPolicySpec): Manifest {
  const policy = {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name, namespace },
    spec,
  } as const satisfies CiliumNetworkPolicy;
  return policy;
}

/** The server's policy, then one for each client. */
export function bothSides(edge: Edge): readonly Manifest[] {
  return [serverSide(edge), ...clientSides(edge)];
}

export function serverSide({ name, description, from, to, ports, http }: Edge): Manifest {
  return networkPolicy(to.namespace, name, {
    description,
    endpointSelector: selectorOf(to),
    ingress: [
      {
        fromEndpoints: Object.values(from).map((client) => peerOf(client, to.namespace)),
        toPorts: [{ ports: tcp(ports), ...(http === undefined ? {} : { rules: { http } }) }],
      },
    ],
  });
}

export function clientSides({ name, description, from, to, ports }: Edge): readonly Manifest[] {
  return Object.entries(from).map(([client, workload]) =>
    networkPolicy(workload.namespace, `${name}-from-${client}`, {
      description,
      endpointSelector: selectorOf(workload),
      egress: [{ toEndpoints: [peerOf(to, workload.namespace)], toPorts: [{ ports: tcp(ports) }] }],
    }),
  );
}

export function tcp(ports: readonly number[]): readonly { readonly port: string; readonly protocol: "TCP" }[] {
  return ports.map((port) => ({ port: String(port), protocol: "TCP" }));
}

/** Pods with all of these labels. The source is written out: a bare key would match labels of every source. */
export function selectorOf({ labels }: Pick<Workload, "labels">): LabelSelector {
  return { matchLabels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`k8s:${key}`, value])) };
}

/** The workload as a peer of a policy in the namespace `besides`. */
export function peerOf(workload: Workload, besides: string): LabelSelector {
  const { matchLabels } = selectorOf(workload);
  return workload.namespace === besides
    ? { matchLabels: { ...matchLabels } }
    : { matchLabels: { [ciliumNamespaceKey]: workload.namespace, ...matchLabels } };
}
