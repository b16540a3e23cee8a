/** The HTTPRoutes of a tenant, as plain data: hosts of a workload at the platform's Gateway, to its Service. */
import { gatewayNamespace } from "../../policies/names.ts";
import { gatewayName } from "../gateway/pods.ts";
import { httpListener } from "../gateway/platform-gateway.ts";
import type { TenantSettings } from "../settings.ts";
import { homeOf } from "./tenants-of.ts";

type Route = NonNullable<TenantSettings["workloads"][string]["route"]>;

export function httpRoutes(name: string, tenant: TenantSettings) {
  return Object.entries(tenant.workloads).flatMap(([workload, { route }]) => {
    const { namespace } = homeOf(name, tenant, workload);
    return route === undefined ? [] : [httpRoute(namespace, workload, route)];
  });
}

/** What the API server would fill in is written out, so that a refresh finds what was sent. */
export function httpRoute(namespace: string, workload: string, { hostnames, service = workload, servicePort }: Route) {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: workload, namespace },
    spec: {
      parentRefs: [
        {
          group: "gateway.networking.k8s.io",
          kind: "Gateway",
          namespace: gatewayNamespace,
          name: gatewayName,
          sectionName: httpListener,
        },
      ],
      hostnames: [...hostnames],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ group: "", kind: "Service", name: service, port: servicePort, weight: 1 }],
        },
      ],
    },
  };
}
