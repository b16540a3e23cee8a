/**
 * Externals: peers that are not pods, given by name, address or entity.
 */
import { reservedLabels, type IdentityLabels } from "../labels.ts";
import type { Endpoint } from "../model.ts";

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
  | { readonly name: string; readonly entity: Entity };

/** Where the API server runs: seen from a pod, that decides what else it is (S12). */
export type ApiServer = "on another node" | "on the pod's node" | "outside the cluster";

const apiServerLabels: Record<ApiServer, IdentityLabels> = {
  "on another node": reservedLabels("kube-apiserver", "remote-node"),
  "on the pod's node": reservedLabels("kube-apiserver", "host"),
  "outside the cluster": reservedLabels("kube-apiserver", "world"),
};

export function readExternal(external: External, apiServer: ApiServer): Endpoint {
  const common = { name: external.name, kind: "external", ports: [] } as const;
  if ("entity" in external) {
    const { entity } = external;
    return { ...common, labels: entity === "kube-apiserver" ? apiServerLabels[apiServer] : reservedLabels(entity) };
  }
  const named = external.fqdn === undefined ? {} : { fqdn: external.fqdn };
  return { ...common, labels: reservedLabels("world"), ip: external.ip, ...named };
}
