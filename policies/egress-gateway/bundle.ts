/**
 * Egress gateway: chosen pods leave for chosen ranges through one node, so that the other side sees one address.
 *
 * It routes and opens nothing: whether such a connection may be made, the other policies decide.
 */
import type { Bundle, BundleContext, Manifest } from "../bundle.ts";
import { egressGatewayLabel, present } from "../names.ts";
import type { CiliumEgressGatewayPolicySpec } from "../types/cilium.ts";

export const egressGateway: Bundle = {
  name: "egress-gateway",
  version: "1.0.0",
  promise:
    "Chosen pods leave for the listed ranges through a node with egress-gateway=true, and no connection is opened by that.",
  needs: () => ({ l7Proxy: false, authentication: false, features: ["egressGateway"] }),
  manifests: (context) => [gatewayPolicy(context)],
  // A promise says who reaches whom, and that is decided elsewhere.
  promises: () => [],
  examples: () => [],
};

/** Of the whole cluster, although it is about one namespace: the kind knows no other form. */
function gatewayPolicy({ clusterRanges, choices }: BundleContext): Manifest {
  const { destinations, excluded, pods } = choices.egressGateway;
  const spec = {
    selectors: pods.map((labels) => ({
      // Without the namespace it would mean such pods everywhere.
      podSelector: { matchLabels: { "io.kubernetes.pod.namespace": gatewayedNamespace(choices), ...labels } },
    })),
    destinationCIDRs: destinations,
    excludedCIDRs: [...new Set([...clusterRanges, ...excluded])],
    egressGateway: { nodeSelector: { matchLabels: { [egressGatewayLabel]: present } } },
  } as const satisfies CiliumEgressGatewayPolicySpec;
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumEgressGatewayPolicy",
    metadata: { name: "egress-gateway", annotations: { "reach.cilium-platform/allow": routesOnly } },
    spec,
  };
}

const routesOnly =
  "reachability/kind-without-effect: it decides by which node a connection leaves, and the other policies whether it may";

/** Whose pods leave through the gateway: those of the bundle apim-openai unless the stack says otherwise. */
export function gatewayedNamespace({
  egressGateway: { namespace },
  apimOpenai,
}: Pick<BundleContext["choices"], "egressGateway" | "apimOpenai">): string {
  return namespace ?? apimOpenai.namespace;
}
