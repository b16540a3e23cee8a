/** World of a scenario: plain objects, as a cluster would hold them. */
import type { CiliumVersion, World } from "../model.ts";
import type { Fields, Manifest } from "../read/fields.ts";
import type { External } from "../read/externals.ts";
import { readWorld, type ReadWorld } from "../read/world.ts";
import type { Pair, Pod, Scenario, Service } from "./format.ts";

/** What a scenario says of its world, without what it asks and expects. */
export interface Setting extends Partial<Pick<Scenario, "apiServer" | "peerScope">> {
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly pods: readonly Pod[];
  readonly externals: readonly (External | Scenario["externals"][number])[];
  readonly policies: readonly Fields[];
  readonly cidrGroups?: readonly Fields[];
  readonly services?: readonly Service[];
}

export function worldOf(scenario: Setting, cilium?: CiliumVersion): World {
  return readSetting(scenario, cilium).world;
}

/** How a problem's place names the policy at this position. */
export function sourceOf(index: number): string {
  return `policies[${String(index)}]`;
}

export function readSetting(setting: Setting, cilium: CiliumVersion = "1.20"): ReadWorld {
  const { namespaces, pods, policies, externals, cidrGroups = [], services = [], apiServer, peerScope } = setting;
  const objects: Fields[] = [
    ...Object.entries(namespaces).map(([name, labels]) => ({ kind: "Namespace", metadata: { name, labels } })),
    ...pods.map(podObject),
    ...cidrGroups,
    ...services.flatMap(serviceObjects),
  ];
  const manifests: Manifest[] = [
    ...objects.map((object) => ({ object })),
    ...policies.map((object, index) => ({ object, source: sourceOf(index) })),
  ];
  return readWorld({
    manifests,
    externals: externals as readonly External[],
    cilium,
    ...(apiServer === undefined ? {} : { apiServer }),
    ...(peerScope === undefined ? {} : { peerScope }),
  });
}

function podObject({ namespace, name, labels, serviceAccount, ports }: Pod): Fields {
  const containers = [{ ports: ports.map((each) => ({ ...each, containerPort: each.port })) }];
  const account = serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount };
  return { kind: "Pod", metadata: { namespace, name, labels }, spec: { ...account, containers } };
}

function serviceObjects({ namespace, name, labels, selector, addresses }: Service): Fields[] {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name, labels },
    spec: { ...(Object.keys(selector).length === 0 ? {} : { selector }), ports: [{ port: 80 }] },
  };
  if (Object.keys(selector).length > 0) return [service];
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ port: 1, protocol: "TCP" }],
  };
  return [service, slice];
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
