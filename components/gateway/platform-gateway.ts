/** The shared Gateway as plain data: who may attach routes to it, and what counts as ready. */
import { gatewayAccessLabel, gatewayNamespace, present } from "../../policies/names.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import { gatewayClass, listenerPorts } from "./values.ts";

/** The listener that routes attach to. It names no host: each route says its own. */
export const httpListener = "http";

export function platformGateway(name: string, facts: Pick<ClusterFacts, "nodes">) {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: gatewayNamespace, ...readiness(facts) },
    spec: {
      gatewayClassName: gatewayClass,
      listeners: [
        {
          name: httpListener,
          port: listenerPorts.http,
          protocol: "HTTP",
          allowedRoutes: {
            namespaces: { from: "Selector", selector: { matchLabels: { [gatewayAccessLabel]: present } } },
          },
        },
      ],
    },
  };
}

/**
 * On simulated nodes no controller runs that could ever say Programmed: waiting for it would wait for ever. No
 * annotations rather than empty ones: the API server forgets those, and every preview would want them back.
 */
function readiness({ nodes }: Pick<ClusterFacts, "nodes">): { annotations?: Record<string, string> } {
  switch (nodes) {
    case "simulated":
      return {};
    case "real":
      return { annotations: { "pulumi.com/waitFor": "condition=Programmed" } };
  }
}
