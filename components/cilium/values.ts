/**
 * Helm values for Cilium. Pure: the same settings and facts give the same values.
 *
 * Whatever can be derived is derived here and has no setting of its own, so that two values cannot contradict each
 * other. What the stack says in `cilium.values` comes last; the compatibility matrix judges the result.
 */
import type * as pulumi from "@pulumi/pulumi";

import { builtImageValues } from "../built-images.ts";
import type { HelmValues } from "../chart.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import { mergeValues } from "../helm-values.ts";
import type { Settings } from "../settings.ts";
import { routingOf } from "./routing.ts";
import { observabilityValues } from "./values-observability.ts";
import { authenticationValues, encryptionValues } from "./values-security.ts";

/** `apiServerHost` is where pods find the API server; undefined where nobody said. */
export function ciliumValues(
  settings: Settings,
  facts: ClusterFacts,
  apiServerHost: pulumi.Input<string> | undefined,
): HelmValues {
  const ours = mergeValues(derivedValues(settings, facts, apiServerHost), builtImageValues(settings));
  return mergeValues(ours, settings.cilium.values);
}

/** Our values before the stack's own are merged over them. */
export function derivedValues(
  settings: Settings,
  facts: ClusterFacts,
  apiServerHost: pulumi.Input<string> | undefined,
): HelmValues {
  const { cilium } = settings;
  return {
    cluster: { name: settings.clusterName },
    ...kubeProxyValues(settings, facts, apiServerHost),
    ...routingValues(settings, facts),
    ...ipamValues(facts),
    ...announcementValues(settings),
    egressGateway: { enabled: cilium.egressGateway },
    sctp: { enabled: cilium.sctp },
    identityAllocationMode: "crd",
    // Explicit, so that the chart's own check for a missing native CIDR wakes up.
    enableIPv4Masquerade: true,
    // Automatic: encapsulation and WireGuard each take their share.
    MTU: 0,
    policyEnforcementMode: "default",
    // The Gateway API belongs to NGINX Gateway Fabric, which wants other CRDs.
    gatewayAPI: { enabled: false },
    // Two replicas refuse to share a node, so on one node the second would stay Pending.
    operator: { replicas: facts.nodeCount === 1 ? 1 : 2, ...observabilityValues(settings).operator },
    ...authenticationValues(settings, facts),
    ...encryptionValues(settings, facts),
    ...observabilityValues(settings).rest,
  };
}

/**
 * Without kube-proxy nothing translates the `kubernetes` Service address yet, so the agent must be told where the API
 * server really is. BPF masquerading needs the BPF NodePort that comes with the replacement, and gives host routing.
 */
function kubeProxyValues(
  settings: Settings,
  facts: ClusterFacts,
  apiServerHost: pulumi.Input<string> | undefined,
): HelmValues {
  if (!settings.cilium.kubeProxyReplacement) return { kubeProxyReplacement: "false" };
  const { apiServer } = facts;
  return {
    kubeProxyReplacement: "true",
    bpf: { masquerade: true },
    ...(apiServer.kind === "unknown" || apiServerHost === undefined
      ? {}
      : { k8sServiceHost: apiServerHost, k8sServicePort: apiServer.port }),
  };
}

function routingValues(settings: Settings, facts: ClusterFacts): HelmValues {
  // Only this flag makes the chart refuse native routing on Azure.
  const target = facts.aksByoCni ? { aksbyocni: { enabled: true } } : {};
  switch (routingOf(settings, facts)) {
    case "native":
      return {
        ...target,
        routingMode: "native",
        autoDirectNodeRoutes: true,
        ipv4NativeRoutingCIDR: facts.podCidr,
        // Safe only where Cilium does all load balancing and the nodes are ours: not on managed Kubernetes.
        installNoConntrackIptablesRules: settings.cilium.kubeProxyReplacement && facts.kubeProxy === "follows",
      };
    case "tunnel":
      return {
        ...target,
        routingMode: "tunnel",
        tunnelProtocol: "vxlan",
        autoDirectNodeRoutes: false,
        installNoConntrackIptablesRules: false,
      };
  }
}

function ipamValues(facts: ClusterFacts): HelmValues {
  switch (facts.ipam) {
    case "kubernetes":
      return { ipam: { mode: "kubernetes" } };
    case "cluster-pool":
      return {
        ipam: {
          mode: "cluster-pool",
          // The chart's own pool would be 10.0.0.0/8, which meets most Service ranges.
          operator: { clusterPoolIPv4PodCIDRList: [facts.podCidr], clusterPoolIPv4MaskSize: nodeMaskSize },
        },
      };
  }
}

/** Prefix of the range each node takes from the pool: 254 pods a node, 256 nodes from a /16. */
export const nodeMaskSize = 24;

function announcementValues(settings: Settings): HelmValues {
  const { cilium } = settings;
  return {
    enableLBIPAM: cilium.lbIpam,
    bgpControlPlane: { enabled: cilium.bgp },
    l2announcements: { enabled: cilium.l2Announcements },
    ...(cilium.l2Announcements
      ? {
          l2NeighDiscovery: { enabled: true },
          // Each announced Service renews a lease every five seconds, which the chart's 10 a second cannot carry far.
          k8sClientRateLimit: { qps: 50, burst: 100 },
        }
      : {}),
  };
}
