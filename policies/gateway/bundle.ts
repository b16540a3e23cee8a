/**
 * Gateway: the way in. The data plane takes connections from outside, asks its control plane for its configuration, and
 * reaches nobody else until an application opens its own route.
 *
 * Every port is a container's: Cilium translates the address of a Service before it asks any policy, whether it replaces
 * kube-proxy or not.
 */
import { closed, nameResolution } from "../baseline/bundle.ts";
import type { Bundle, BundleContext, BundlePromise, GatewayPods, Manifest } from "../bundle.ts";
import { networkPolicy, peerOf, selectorOf, tcp, type Workload } from "../edges.ts";
import { examplePod } from "../inventory.ts";
import { ciliumNamespaceKey, gatewayControlNamespace, gatewayNamespace } from "../names.ts";
import { controlPlanePod, dataPlanePod } from "../system-pods.ts";
import type { LabelSelector } from "../types/cilium.ts";

/** Where agents of data planes find their control plane. Its Service offers the same port as 443. */
const agentPort = 8443;

export const gateway: Bundle = {
  name: "gateway",
  version: "1.0.0",
  promise:
    "The gateway is reached from outside on its listeners only, and its data plane reaches its control plane and the applications that open a route to it.",
  // The namespace is closed as the baseline closes one, with the same look into questions for names.
  needs: () => ({ l7Proxy: true, authentication: false }),
  manifests: ({ gateway: pods, entry }) =>
    pods === undefined
      ? []
      : [
          ...closed(gatewayNamespace),
          dataPlanePolicy(pods, entry),
          controlPlanePolicy(pods),
          ...nameResolution(gatewayControlNamespace, "control-plane-dns", selectorOf(controlPlane(pods))),
        ],
  promises: (context) => (context.gateway === undefined ? [] : promisesOf(context, context.gateway)),
  examples: ({ gateway: pods, namespaceLabels }) =>
    pods === undefined
      ? []
      : [
          ...dataPlaneExamples(pods),
          controlPlanePod(pods),
          ...Object.keys(namespaceLabels).map((namespace) => examplePod(namespace)),
        ],
};

/** The platform's data plane, for edges from it to an application. */
export function dataPlane({ dataPlaneLabels }: GatewayPods): Workload {
  return { namespace: gatewayNamespace, labels: dataPlaneLabels };
}

const dataPlaneName = "data-plane";

/** The data plane, and somebody beside it who is not. */
export function dataPlaneExamples(pods: GatewayPods): readonly Manifest[] {
  return [dataPlanePod(pods), examplePod(gatewayNamespace)];
}

/** What both are called in a promise. */
export const dataPlaneExample = `${gatewayNamespace}/${dataPlaneName}`;
export const dataPlaneNeighbour = `${gatewayNamespace}/example`;

function controlPlane({ controlPlaneLabels }: GatewayPods): Workload {
  return { namespace: gatewayControlNamespace, labels: controlPlaneLabels };
}

function dataPlanePolicy(pods: GatewayPods, entry: BundleContext["entry"]): Manifest {
  return networkPolicy(gatewayNamespace, "data-plane", {
    description: "The data plane is reached from outside on its listeners and reaches its control plane.",
    endpointSelector: selectorOf(dataPlane(pods)),
    ingress: [{ fromEntities: entry, toPorts: [{ ports: tcp(pods.listenerPorts) }] }],
    egress: [{ toEndpoints: [peerOf(controlPlane(pods), gatewayNamespace)], toPorts: [{ ports: tcp([agentPort]) }] }],
  });
}

function controlPlanePolicy(pods: GatewayPods): Manifest {
  return networkPolicy(gatewayControlNamespace, "control-plane", {
    description: "The control plane is reached by data planes and reaches the API server.",
    endpointSelector: selectorOf(controlPlane(pods)),
    ingress: [{ fromEndpoints: [everyDataPlane(pods)], toPorts: [{ ports: tcp([agentPort]) }] }],
    egress: [{ toEntities: ["kube-apiserver"] }],
  });
}

/** One runs beside each Gateway, whatever its namespace; what they share is whose they are. */
function everyDataPlane({ dataPlaneLabels }: GatewayPods): LabelSelector {
  const shared = ["app.kubernetes.io/instance", "app.kubernetes.io/managed-by"];
  return {
    matchLabels: Object.fromEntries(
      Object.entries(dataPlaneLabels).flatMap(([key, value]) => (shared.includes(key) ? [[`k8s:${key}`, value]] : [])),
    ),
    matchExpressions: [{ key: ciliumNamespaceKey, operator: "Exists" }],
  };
}

const controlPlaneName = "control-plane";

/** What it is called in a promise. */
export const controlPlaneExample = `${gatewayControlNamespace}/${controlPlaneName}`;

function promisesOf({ entry, namespaceLabels }: BundleContext, pods: GatewayPods): readonly BundlePromise[] {
  const data = dataPlaneExample;
  const control = controlPlaneExample;
  const neighbour = dataPlaneNeighbour;
  const listeners = `TCP ${pods.listenerPorts.join(", ")}`;
  return [
    ...entry.map((from) => ({ must: `${from} -> ${data} ${listeners}`, because: "that is the way in" })),
    ...(entry.includes("remote-node")
      ? []
      : [{ never: `remote-node -> ${data}`, because: "no connection from outside arrives as another node's" }]),
    { never: `world -> ${data} TCP 8081`, because: "outside has no business with the port of its probes" },
    { never: `world -> ${neighbour}`, because: "the data plane alone takes connections from outside" },
    { never: `${neighbour} -> ${data}`, because: "the way in is from outside" },
    { must: `${data} -> ${control} TCP ${String(agentPort)}`, because: "the data plane asks for its configuration" },
    { never: `${data} -> ${control} TCP 443`, because: "that is the port of the Service, which no policy sees" },
    { never: `${neighbour} -> ${control}`, because: "data planes alone talk to the control plane" },
    { must: `${data} -> kube-system/coredns UDP 53; TCP 53`, because: "it looks up its control plane" },
    { never: `${data} -> world`, because: "what comes in does not go out" },
    { never: `${data} -> kube-apiserver`, because: "what faces the outside knows of the cluster what it is told" },
    ...Object.keys(namespaceLabels).map((namespace) => ({
      never: `${data} -> ${namespace}/example`,
      because: "an application opens its own route",
    })),
    { must: `${control} -> kube-apiserver all ports`, because: "it watches routes and makes data planes" },
    { must: `${control} -> kube-system/coredns UDP 53; TCP 53`, because: "it resolves names" },
    { never: `${control} -> world`, because: "it reports to nobody" },
    { never: `world -> ${control}`, because: "nobody outside configures the gateway" },
  ];
}
