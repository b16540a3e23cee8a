/** Quota: what the pods of a tenant's namespace may take, and what a container takes that says nothing, as plain data. */
import { canonicalQuantity } from "../quantity.ts";
import type { TenantSettings } from "../settings.ts";

type Quota = TenantSettings["quota"];

export function resourceQuota(namespace: string, { cpu, memory, pods, storage }: Quota) {
  return {
    metadata: { name: "tenant", namespace },
    spec: {
      hard: {
        "requests.cpu": canonicalQuantity(cpu),
        "requests.memory": canonicalQuantity(memory),
        "limits.memory": canonicalQuantity(memory),
        "requests.storage": canonicalQuantity(storage),
        pods: canonicalQuantity(String(pods)),
        // The way in is the Gateway: no port of every node, no load balancer of its own.
        "services.nodeports": "0",
        "services.loadbalancers": "0",
      },
    },
  };
}

/** With a quota a pod that requests nothing is refused: so that it need not say anything, this says it. */
export function limitRange(namespace: string, { containerCpu, containerMemory }: Quota) {
  const memory = canonicalQuantity(containerMemory);
  return {
    metadata: { name: "tenant", namespace },
    spec: {
      limits: [
        { type: "Container", default: { memory }, defaultRequest: { cpu: canonicalQuantity(containerCpu), memory } },
      ],
    },
  };
}
