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
  /** What the server is called where an edge is named. Absent: as the policy. */
  readonly server?: string;
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

/** The same policy as one that only allows: whom it selects, it does not close. */
export function isolatingNobody(policy: Manifest): Manifest {
  return { ...policy, spec: { ...policy.spec, enableDefaultDeny: { ingress: false, egress: false } } };
}

/** How a connection of an edge is named: `dev/api -> dev/azurite`. `client` is one of the edge's. */
export function connectionName({ name, server = name, from, to }: Edge, client: string): string {
  return `${from[client]?.namespace ?? ""}/${client} -> ${to.namespace}/${server}`;
}

/** The connections that an edge opens, by name. */
export function connectionsOf(edge: Edge): readonly string[] {
  return Object.keys(edge.from).map((client) => connectionName(edge, client));
}

/** Connections, by name, that wait until both ends have proved who they are. */
export type AuthenticatedEdges = readonly string[];

/** The server's policy, then one for each client. */
export function bothSides(edge: Edge, authenticated: AuthenticatedEdges): readonly Manifest[] {
  return [serverSide(edge, authenticated), ...clientSides(edge, authenticated)];
}

export function serverSide(edge: Edge, authenticated: AuthenticatedEdges): Manifest {
  const { name, description, from, to, ports, http } = edge;
  const clients = Object.entries(from).map(([client, workload]) => ({
    peer: peerOf(workload, to.namespace),
    waits: authenticated.includes(connectionName(edge, client)),
  }));
  const toPorts = [{ ports: tcp(ports), ...(http === undefined ? {} : { rules: { http } }) }];
  const entries = [
    { peers: clients.filter(({ waits }) => !waits) },
    { peers: clients.filter(({ waits }) => waits), ...handshake },
  ].filter(({ peers }) => peers.length > 0);
  return networkPolicy(to.namespace, name, {
    description,
    endpointSelector: selectorOf(to),
    ingress: entries.map(({ peers, ...rest }) => ({
      fromEndpoints: peers.map(({ peer }) => peer),
      toPorts,
      ...rest,
    })),
  });
}

export function clientSides(edge: Edge, authenticated: AuthenticatedEdges): readonly Manifest[] {
  const { name, description, from, to, ports } = edge;
  return Object.entries(from).map(([client, workload]) =>
    networkPolicy(workload.namespace, `${name}-from-${client}`, {
      description,
      endpointSelector: selectorOf(workload),
      egress: [
        {
          toEndpoints: [peerOf(to, workload.namespace)],
          toPorts: [{ ports: tcp(ports) }],
          ...(authenticated.includes(connectionName(edge, client)) ? handshake : {}),
        },
      ],
    }),
  );
}

/** Said on both sides, as the edge is: neither end takes the other's address for its word. */
const handshake = { authentication: { mode: "required" } } as const;

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
