/** Helm values for NGINX Gateway Fabric. Pure: the same settings and facts give the same values. */
import type { HelmValues } from "../chart.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import type { Settings } from "../settings.ts";

/** The class that the chart makes and our Gateway asks for. */
export const gatewayClass = "nginx";

/** Ports on which the Gateway listens. The data plane's containers listen on the very same: nothing is remapped. */
export const listenerPorts = { http: 80, https: 443 } as const;

export function gatewayValues(settings: Pick<Settings, "gateway" | "cilium">, facts: ClusterFacts): HelmValues {
  return {
    nginxGateway: { gatewayClassName: gatewayClass, productTelemetry: { enable: false } },
    nginx: { service: dataPlaneService(settings, facts) },
  };
}

function dataPlaneService(settings: Pick<Settings, "gateway" | "cilium">, facts: ClusterFacts): HelmValues {
  switch (facts.exposure) {
    case "nodePort":
      return {
        type: "NodePort",
        // Traffic arrives at one published node, the data plane may run on another: `Local` would swallow it.
        externalTrafficPolicy: "Cluster",
        // A port without a listener is ignored, so the second may wait here for its listener.
        nodePorts: [
          { port: settings.gateway.httpNodePort, listenerPort: listenerPorts.http },
          { port: settings.gateway.httpsNodePort, listenerPort: listenerPorts.https },
        ],
      };
    case "loadBalancer":
      return {
        type: "LoadBalancer",
        // `Local` keeps the client's address; L2 announcements may answer on a node without a data plane.
        externalTrafficPolicy: settings.cilium.l2Announcements ? "Cluster" : "Local",
      };
  }
}
