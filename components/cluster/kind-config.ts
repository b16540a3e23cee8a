/** The kind configuration of a stack. Pure: the same settings give the same text. */
import { stringify } from "yaml";

import { publishedPorts } from "../settings/ports.ts";
import type { Settings } from "../settings.ts";
import { registriesFolder } from "./pull-through-hosts.ts";

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
        extraPortMappings: publishedPorts(settings).map(({ nodePort, hostPort }) => ({
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
