/**
 * Load balancer: addresses for Services of the type LoadBalancer, and how the network learns where they are.
 *
 * An address opens nothing: who may reach the pods behind it, their own policies decide.
 */
import type { Bundle, Manifest } from "../bundle.ts";
import type { LoadBalancerChoices } from "../choices.ts";
import type {
  CiliumBGPAdvertisementSpec,
  CiliumBGPClusterConfigSpec,
  CiliumBGPPeerConfigSpec,
  CiliumL2AnnouncementPolicySpec,
  CiliumLoadBalancerIPPoolSpec,
  LabelSelector,
} from "../types/cilium.ts";

const name = "load-balancer";

export const loadBalancer: Bundle = {
  name,
  version: "1.0.0",
  promise:
    "Services of the type LoadBalancer get addresses of the listed pools and no others, and no connection is opened by that.",
  needs: ({ choices }) => ({
    l7Proxy: false,
    authentication: false,
    features: ["lbIpam", ...announcedBy[choices.loadBalancer.announce]],
  }),
  manifests: ({ choices }) => [...pools(choices.loadBalancer), ...announcements(choices.loadBalancer)],
  // A promise says who reaches whom, and that is decided elsewhere.
  promises: () => [],
  examples: () => [],
};

const announcedBy = { l2: ["l2Announcements"], bgp: ["bgp"], none: [] } as const satisfies Record<
  LoadBalancerChoices["announce"],
  readonly unknown[]
>;

function clusterwide(apiVersion: string, kind: string, of: string, spec: Manifest["spec"]): Manifest {
  return { apiVersion, kind, metadata: { name: of }, spec };
}

function pools({ pools }: LoadBalancerChoices): readonly Manifest[] {
  return Object.entries(pools)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([pool, { first, last, namespaces }]) => {
      const spec = {
        blocks: [{ start: first, stop: last }],
        ...(namespaces.length === 0 ? {} : { serviceSelector: servicesOf(namespaces) }),
      } as const satisfies CiliumLoadBalancerIPPoolSpec;
      return clusterwide("cilium.io/v2", "CiliumLoadBalancerIPPool", pool, spec);
    });
}

/** The operator takes the namespace of a Service for one of its labels. */
function servicesOf(namespaces: readonly string[]): LabelSelector {
  return { matchExpressions: [{ key: "io.kubernetes.service.namespace", operator: "In", values: namespaces }] };
}

function announcements(choices: LoadBalancerChoices): readonly Manifest[] {
  switch (choices.announce) {
    case "l2":
      return [byArp(choices)];
    case "bgp":
      return byBgp(choices.bgp);
    case "none":
      return [];
  }
}

/**
 * Addresses of pools alone: those in `externalIPs` are chosen by whoever writes a Service, and could be anybody's.
 * One node at a time answers for a Service.
 */
function byArp({ interfaces }: LoadBalancerChoices): Manifest {
  const spec = {
    loadBalancerIPs: true,
    ...(interfaces.length === 0 ? {} : { interfaces: interfaces.map((each) => `^${each.replaceAll(".", "\\.")}$`) }),
  } as const satisfies CiliumL2AnnouncementPolicySpec;
  return clusterwide("cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy", name, spec);
}

const advertised = { advertise: name } as const;

function byBgp({ localAsn, peers, passwordSecret }: LoadBalancerChoices["bgp"]): readonly Manifest[] {
  const cluster = {
    bgpInstances: [
      {
        name: `as-${String(localAsn)}`,
        localASN: localAsn,
        peers: Object.entries(peers).map(([peer, { address, asn }]) => ({
          name: peer,
          peerASN: asn,
          peerAddress: address,
          peerConfigRef: { name },
        })),
      },
    ],
  } as const satisfies CiliumBGPClusterConfigSpec;
  const peer = {
    families: [{ afi: "ipv4", safi: "unicast", advertisements: { matchLabels: advertised } }],
    // The routes stay while an agent restarts, because the datapath goes on without it.
    gracefulRestart: { enabled: true },
    ...(passwordSecret === undefined ? {} : { authSecretRef: passwordSecret }),
  } as const satisfies CiliumBGPPeerConfigSpec;
  const advertisement = {
    advertisements: [
      { advertisementType: "Service", service: { addresses: ["LoadBalancerIP"] }, selector: everyService },
    ],
  } as const satisfies CiliumBGPAdvertisementSpec;
  return [
    clusterwide("cilium.io/v2", "CiliumBGPClusterConfig", name, cluster),
    clusterwide("cilium.io/v2", "CiliumBGPPeerConfig", name, peer),
    {
      ...clusterwide("cilium.io/v2", "CiliumBGPAdvertisement", name, advertisement),
      metadata: { name, labels: advertised },
    },
  ];
}

/** Without a selector nothing is advertised, and an empty one is none. */
const everyService = {
  matchExpressions: [{ key: "io.kubernetes.service.namespace", operator: "Exists" }],
} as const satisfies LabelSelector;
