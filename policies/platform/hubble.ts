/**
 * Hubble: what relay and UI need, ready for the day somebody closes them. They live in kube-system, where no policy of
 * ours isolates anybody, so these only allow.
 */
import { nameResolution } from "../baseline/bundle.ts";
import type { BundlePromise, HubblePart, Manifest } from "../bundle.ts";
import {
  type AuthenticatedEdges,
  bothSides,
  type Edge,
  isolatingNobody,
  networkPolicy,
  selectorOf,
  tcp,
  type Workload,
} from "../edges.ts";
import { hubblePods } from "../system-pods.ts";

/** Ports of containers; the agents' is on the nodes themselves. */
export const hubblePorts = { relay: 4245, ui: 8081, agent: 4244 } as const;

const relay: Workload = { namespace: "kube-system", labels: { "k8s-app": "hubble-relay" } };
const ui: Workload = { namespace: "kube-system", labels: { "k8s-app": "hubble-ui" } };

/** Connections among the parts of Hubble. */
export function hubbleEdges(parts: readonly HubblePart[]): readonly Edge[] {
  return parts.includes("ui") ? [uiToRelay] : [];
}

const uiToRelay: Edge = {
  name: "hubble-relay",
  description: "The UI shows what the relay collects.",
  from: { "hubble-ui": ui },
  to: relay,
  ports: [hubblePorts.relay],
};

export function hubbleManifests(parts: readonly HubblePart[], authenticated: AuthenticatedEdges): readonly Manifest[] {
  const wanted: readonly Manifest[] = [
    ...(parts.includes("relay")
      ? [
          networkPolicy("kube-system", "hubble-relay-agents", {
            description: "The relay collects flows from the agent of every node.",
            endpointSelector: selectorOf(relay),
            egress: [{ toEntities: ["host", "remote-node"], toPorts: [{ ports: tcp([hubblePorts.agent]) }] }],
          }),
          ...nameResolution("kube-system", "hubble-relay-dns", selectorOf(relay)),
        ]
      : []),
    ...(parts.includes("ui")
      ? [
          ...bothSides(uiToRelay, authenticated),
          networkPolicy("kube-system", "hubble-ui-api-server", {
            description: "The UI asks the API server for namespaces.",
            endpointSelector: selectorOf(ui),
            egress: [{ toEntities: ["kube-apiserver"] }],
          }),
          ...nameResolution("kube-system", "hubble-ui-dns", selectorOf(ui)),
        ]
      : []),
  ];
  return wanted.map(isolatingNobody);
}

export function hubbleExamples(parts: readonly HubblePart[]): readonly Manifest[] {
  return parts.map((name) => hubblePods[name]);
}

export function hubblePromises(parts: readonly HubblePart[]): readonly BundlePromise[] {
  const resolves = parts.map((name) => ({
    must: `kube-system/hubble-${name} -> kube-system/coredns UDP 53; TCP 53`,
    because: "it resolves names",
  }));
  return [
    ...resolves,
    ...(parts.includes("relay")
      ? ["host", "remote-node"].map((node) => ({
          must: `kube-system/hubble-relay -> ${node} TCP ${String(hubblePorts.agent)}`,
          because: "it collects flows from every node",
        }))
      : []),
    ...(parts.includes("ui")
      ? [
          {
            must: `kube-system/hubble-ui -> kube-system/hubble-relay TCP ${String(hubblePorts.relay)}`,
            because: "it shows what the relay collects",
          },
          { must: "kube-system/hubble-ui -> kube-apiserver all ports", because: "it lists namespaces" },
        ]
      : []),
  ];
}
