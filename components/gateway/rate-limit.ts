/** The limit of requests at the Gateway, as plain data: no policy of Cilium's or of Kubernetes counts any. */
import { gatewayNamespace } from "../../policies/names.ts";
import type { Problem } from "../../policies/problems.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import type { Settings } from "../settings.ts";

/** As the stack says it. */
export type RateLimit = NonNullable<Settings["gateway"]["rateLimit"]>;

/**
 * Counted for each client in the memory of each pod of the data plane, before a route is looked up. The kind is there since
 * NGINX Gateway Fabric 2.4: config/crd/bases/gateway.nginx.org_ratelimitpolicies.yaml of its repository.
 */
export function rateLimitPolicy(gateway: string, { rate, burst, rejectCode, mode }: RateLimit) {
  return {
    apiVersion: "gateway.nginx.org/v1alpha1",
    kind: "RateLimitPolicy",
    metadata: { name: `${gateway}-rate-limit`, namespace: gatewayNamespace },
    spec: {
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: gateway }],
      rateLimit: {
        ...(mode === "observe" ? { dryRun: true } : {}),
        rejectCode,
        local: {
          // What a burst allows is answered at once: made to wait, it would only fill the data plane.
          rules: [{ key: "$binary_remote_addr", rate, ...(burst === 0 ? {} : { burst, noDelay: true }) }],
        },
      },
    },
  };
}

/** Where a node passes connections on under its own address, all clients behind it are one to the limit. */
export function rateLimitWarnings(
  { gateway }: Pick<Settings, "gateway">,
  facts: Pick<ClusterFacts, "entry">,
  file: string,
): readonly Problem[] {
  if (!gateway.enabled || gateway.rateLimit === undefined || !facts.entry.includes("remote-node")) return [];
  return [
    {
      code: "gateway/rate-limit-of-all",
      where: `${file} › gateway.rateLimit`,
      what: "connections reach the gateway with the address of a node, so one limit holds for all clients behind it",
      expected: `a rate that all of them together may have, got \`${gateway.rateLimit.rate}\``,
    },
  ];
}
