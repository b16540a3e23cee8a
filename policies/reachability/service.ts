/**
 * Service: what a caller of a Service name gets, and who stands behind it.
 *
 * Policy never sees a Service: it sees the pod that was chosen and the port of that pod, after translation (L6).
 */
import type { Endpoint, NamedPort, Service, ServicePort, Verdict, World } from "./model.ts";
import type { Protocol } from "./judge/ports.ts";
import type { Entity } from "./read/externals.ts";
import { decide } from "./verdict.ts";

/** One workload or address that connections to a Service port end at. */
export interface Backend {
  /** Position in `endpoints`. */
  readonly endpoint: number;
  readonly name: string;
  /** The port that policy sees. */
  readonly port: number;
}

/** One port of a Service and where it leads. */
export interface ServicePortTargets {
  readonly port: ServicePort;
  readonly backends: readonly Backend[];
  /** Workloads that the Service selects and that have no port of the name it targets, so they serve nobody there. */
  readonly withoutPort: readonly string[];
  /** Addresses of endpoint objects that are no endpoint of this world, so nothing can be said of them. */
  readonly elsewhere: readonly string[];
}

export interface ServiceTargets {
  readonly service: Service;
  readonly ports: readonly ServicePortTargets[];
}

/** `some`: it depends on which backend is chosen. `nobody`: no backend serves the port. */
export type Reach = "all" | "some" | "none" | "unknown" | "nobody";

export interface ServicePortAnswer extends ServicePortTargets {
  readonly reach: Reach;
  /** One for each backend, in their order. */
  readonly verdicts: readonly Verdict[];
}

export interface ServiceAnswer {
  readonly service: Service;
  readonly ports: readonly ServicePortAnswer[];
}

/** The Service called `namespace/name`, if the manifests hold it. */
export function findService(world: World, name: string): Service | undefined {
  return world.services.find((each) => `${each.namespace}/${each.name}` === name);
}

/** Who stands behind each port of a Service: pods by its selector, otherwise its addresses or its external name. */
export function serviceTargets(service: Service, world: World): ServiceTargets {
  const behind = endpointsBehind(service, world);
  return { service, ports: service.ports.map((port) => targetsOf(port, behind, world)) };
}

/** What the endpoint at this position gets when it calls the Service. */
export function askService(from: number, service: Service, world: World): ServiceAnswer {
  const { ports } = serviceTargets(service, world);
  return {
    service,
    ports: ports.map((each) => {
      const verdicts = each.backends.map(({ endpoint, port }) =>
        decide({ from, to: endpoint, protocol: each.port.protocol, port }, world),
      );
      return { ...each, verdicts, reach: reachOf(verdicts, each.elsewhere) };
    }),
  };
}

function reachOf(verdicts: readonly Verdict[], elsewhere: readonly string[]): Reach {
  if (verdicts.length + elsewhere.length === 0) return "nobody";
  const has = (outcome: Verdict["outcome"]): boolean => verdicts.some((verdict) => verdict.outcome === outcome);
  if (has("allowed") && has("denied")) return "some";
  if (has("unknown") || elsewhere.length > 0) return "unknown";
  return has("allowed") ? "all" : "none";
}

interface Behind {
  readonly endpoints: readonly number[];
  readonly elsewhere: readonly string[];
}

function endpointsBehind(service: Service, world: World): Behind {
  const positions = (is: (endpoint: Endpoint) => boolean): number[] =>
    world.endpoints.flatMap((endpoint, position) => (is(endpoint) ? [position] : []));
  if (service.externalName !== undefined && service.type === "ExternalName") {
    const name = service.externalName;
    const found = positions(({ fqdn }) => fqdn === name);
    return { endpoints: found, elsewhere: found.length === 0 ? [name] : [] };
  }
  if (service.selector.size > 0) return { endpoints: positions((each) => isSelected(service, each)), elsewhere: [] };
  if (service.addresses === "not among the manifests") return { endpoints: [], elsewhere: ["its endpoints"] };
  const addresses = new Set(service.addresses);
  const known = new Set(world.endpoints.flatMap(({ ip }) => ip ?? []));
  return {
    endpoints: positions(({ ip }) => ip !== undefined && addresses.has(ip)),
    elsewhere: [...addresses].filter((address) => !known.has(address)),
  };
}

/** By the labels as written: Kubernetes, not Cilium, looks for the pods of a Service. */
function isSelected({ namespace, selector }: Service, { kind, name, podLabels }: Endpoint): boolean {
  if (kind !== "pod" || podLabels === undefined || !name.startsWith(`${namespace}/`)) return false;
  return [...selector].every(([key, value]) => podLabels.get(key) === value);
}

function targetsOf(port: ServicePort, { endpoints, elsewhere }: Behind, world: World): ServicePortTargets {
  const backends: Backend[] = [];
  const withoutPort: string[] = [];
  for (const endpoint of endpoints) {
    const { name = "", ports = [] } = world.endpoints[endpoint] ?? {};
    const number = numberOf(port.target, port.protocol, ports);
    if (number === undefined) withoutPort.push(name);
    else backends.push({ endpoint, name, port: number });
  }
  return { port, backends, withoutPort, elsewhere };
}

function numberOf(target: ServicePort["target"], protocol: Protocol, ports: readonly NamedPort[]): number | undefined {
  if (typeof target === "number") return target;
  return ports.find((each) => each.name === target.toLowerCase() && each.protocol === protocol)?.port;
}

/** How packets travel between nodes. */
export type Routing = "tunnel" | "native";

/**
 * As whom connections from outside the cluster reach the pods behind a NodePort or LoadBalancer: always the world in a
 * tunnel; with native routing another node as well, where the connection was forwarded from the node it came in at. A
 * gateway's ingress rules must admit all of them. https://docs.cilium.io/en/stable/security/policy/caveats/
 */
export function outsideArrivesAs({ type }: Service, routing: Routing): readonly Entity[] {
  if (type !== "NodePort" && type !== "LoadBalancer") return [];
  return routing === "tunnel" ? ["world"] : ["world", "remote-node"];
}
