/** World of a scenario: plain objects, as a cluster would hold them. */
import type { CiliumVersion, World } from "../model.ts";
import type { Fields } from "../read/fields.ts";
import type { External } from "../read/externals.ts";
import { readWorld } from "../read/world.ts";
import type { Pair, Pod, Scenario } from "./format.ts";

export function worldOf(scenario: Scenario, cilium: CiliumVersion = "1.20"): World {
  const namespaces = Object.entries(scenario.namespaces).map(([name, labels]) => ({
    kind: "Namespace",
    metadata: { name, labels },
  }));
  const objects: Fields[] = [...namespaces, ...scenario.pods.map(podObject), ...scenario.policies];
  const manifests = objects.map((object) => ({ object }));
  return readWorld({ manifests, externals: scenario.externals as readonly External[], cilium }).world;
}

function podObject({ namespace, name, labels, serviceAccount, ports }: Pod): Fields {
  const containers = [{ ports: ports.map((each) => ({ ...each, containerPort: each.port })) }];
  const account = serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount };
  return { kind: "Pod", metadata: { namespace, name, labels }, spec: { ...account, containers } };
}

/** The scenario after the one change of the pair. */
export function headOf(scenario: Scenario, { mutation, headPolicies }: Pair): Scenario {
  if (headPolicies !== null) return { ...scenario, policies: headPolicies };
  switch (mutation.kind) {
    case "removePolicy":
      return { ...scenario, policies: scenario.policies.filter((_policy, index) => index !== mutation.index) };
    case "addPolicy":
      return { ...scenario, policies: [...scenario.policies, mutation.policy] };
    case "changePort":
    case "noop-reorder":
      return scenario;
    case "relabelPod":
      return {
        ...scenario,
        pods: scenario.pods.map((pod, index) =>
          index === mutation.pod ? { ...pod, labels: { ...pod.labels, [mutation.label]: mutation.value } } : pod,
        ),
      };
    case "relabelNamespace": {
      const labels = { ...scenario.namespaces[mutation.namespace], [mutation.label]: mutation.value };
      return { ...scenario, namespaces: { ...scenario.namespaces, [mutation.namespace]: labels } };
    }
  }
}
