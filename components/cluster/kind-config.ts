/** The kind configuration of a stack. Pure: the same settings give the same text. */
import { stringify } from "yaml";

import type { Settings } from "../settings.ts";
import { registriesFolder } from "./pull-through-hosts.ts";

/** A node port published on this machine. */
export interface PortMapping {
  readonly nodePort: number;
  readonly hostPort: number;
}

/** Every node port the stack publishes: those of the add-ons that are on, and the stack's own. */
export function portMappings(settings: Settings): PortMapping[] {
  const same = (nodePort: number): PortMapping => ({ nodePort, hostPort: nodePort });
  return [
    ...(settings.gateway.enabled ? [same(settings.gateway.httpNodePort), same(settings.gateway.httpsNodePort)] : []),
    ...(settings.argocd.enabled ? [same(settings.argocd.nodePort)] : []),
    ...settings.kind.portMappings,
  ];
}

/**
 * Rendered `kind.x-k8s.io/v1alpha4`.
 *
 * Only the control plane publishes ports: one machine port cannot lead to two containers. kube-proxy exists exactly when
 * Cilium does not replace it, from the one setting, so the two can never contradict.
 */
export function kindConfig(settings: Settings, stack: string): string {
  const { kind, cilium } = settings;
  const registries =
    kind.pullThroughCaches.length === 0
      ? {}
      : {
          extraMounts: [
            { hostPath: registriesFolder(stack), containerPath: "/etc/containerd/certs.d", readOnly: true },
          ],
        };
  return stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    networking: {
      apiServerAddress: "127.0.0.1",
      apiServerPort: kind.apiServerPort,
      disableDefaultCNI: true,
      kubeProxyMode: cilium.kubeProxyReplacement ? "none" : "iptables",
      podSubnet: kind.podCidr,
      serviceSubnet: kind.serviceCidr,
    },
    nodes: [
      {
        role: "control-plane",
        ...registries,
        extraPortMappings: portMappings(settings).map(({ nodePort, hostPort }) => ({
          containerPort: nodePort,
          hostPort,
          listenAddress: "127.0.0.1",
          protocol: "TCP",
        })),
      },
      ...Array.from({ length: kind.workers }, () => ({ role: "worker", ...registries })),
    ],
  });
}
