/**
 * Externals: peers that are not pods, given by name, address or entity.
 */
import { parseAddress } from "../select/cidr.ts";
import { reservedLabels, type IdentityLabels } from "../select/labels.ts";
import type { Endpoint, World } from "../model.ts";

export const entities = [
  "host",
  "remote-node",
  "kube-apiserver",
  "world",
  "health",
  "ingress",
  "init",
  "unmanaged",
] as const;
export type Entity = (typeof entities)[number];

export type External =
  | { readonly name: string; readonly fqdn?: string; readonly ip: string }
  | { readonly name: string; readonly fqdn: string }
  | { readonly name: string; readonly entity: Entity };

/** Where the API server runs: seen from a pod, that decides what else it is (S12). */
export const apiServerPlaces = ["on another node", "on the pod's node", "outside the cluster"] as const;
export type ApiServer = (typeof apiServerPlaces)[number];

const apiServerLabels: Record<ApiServer, IdentityLabels> = {
  "on another node": reservedLabels("kube-apiserver", "remote-node"),
  "on the pod's node": reservedLabels("kube-apiserver", "host"),
  "outside the cluster": reservedLabels("kube-apiserver", "world"),
};

function readExternal(external: External, apiServer: ApiServer): Endpoint {
  const common = { name: external.name, kind: "external", ports: [] } as const;
  if ("entity" in external) {
    const { entity } = external;
    return { ...common, labels: entity === "kube-apiserver" ? apiServerLabels[apiServer] : reservedLabels(entity) };
  }
  const { name: _name, ...address } = external;
  const family = "ip" in address ? parseAddress(address.ip)?.family : undefined;
  return { ...common, labels: reservedLabels(family === "ipv6" ? "world-ipv6" : "world"), ...address };
}

/** The world with these after its own endpoints. `apiServer` is `on another node` unless said otherwise. */
export function withExternals(world: World, externals: readonly External[], apiServer?: ApiServer): World {
  const added = externals.map((external) => readExternal(external, apiServer ?? "on another node"));
  return { ...world, endpoints: [...world.endpoints, ...added] };
}
