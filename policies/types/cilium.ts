/** Kinds of github.com/cilium/cilium v1.20.2, written by `npm run types` from its CustomResourceDefinitions. */

export type ObjectMetadata = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type CiliumNetworkPolicy = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumNetworkPolicy";
  readonly metadata: ObjectMetadata & { readonly namespace?: string };
  readonly spec?: CiliumNetworkPolicySpec;
  readonly specs?: readonly CiliumNetworkPolicySpec[];
};

export type CiliumClusterwideNetworkPolicy = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumClusterwideNetworkPolicy";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumClusterwideNetworkPolicySpec;
  readonly specs?: readonly CiliumClusterwideNetworkPolicySpec[];
};

export type CiliumCIDRGroup = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumCIDRGroup";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumCIDRGroupSpec;
};

export type CiliumEgressGatewayPolicy = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumEgressGatewayPolicy";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumEgressGatewayPolicySpec;
};

export type CiliumLoadBalancerIPPool = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumLoadBalancerIPPool";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumLoadBalancerIPPoolSpec;
};

export type CiliumBGPAdvertisement = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumBGPAdvertisement";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumBGPAdvertisementSpec;
};

export type CiliumBGPClusterConfig = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumBGPClusterConfig";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumBGPClusterConfigSpec;
};

export type CiliumBGPPeerConfig = {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumBGPPeerConfig";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumBGPPeerConfigSpec;
};

export type CiliumL2AnnouncementPolicy = {
  readonly apiVersion: "cilium.io/v2alpha1";
  readonly kind: "CiliumL2AnnouncementPolicy";
  readonly metadata: ObjectMetadata;
  readonly spec?: CiliumL2AnnouncementPolicySpec;
};

export type Authentication = {
  readonly mode: "disabled" | "required" | "test-always-fail";
};
export type Field = {
  readonly family?: "IPv4" | "IPv6";
  readonly type: number | string;
};
export type Icmp = {
  readonly fields?: readonly Field[];
};
export type MatchExpression = {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
};
export type LabelSelector = {
  readonly matchExpressions?: readonly MatchExpression[];
  readonly matchLabels?: {
    readonly [k: string]: string;
  };
};
export type ToCIDRSet = {
  readonly cidr?: string;
  readonly cidrGroupRef?: string;
  readonly cidrGroupSelector?: LabelSelector;
  readonly except?: readonly string[];
};
export type ToFQDN = {
  readonly matchName?: string;
  readonly matchPattern?: string;
};
export type Aws = {
  readonly labels?: {
    readonly [k: string]: string;
  };
  readonly region?: string;
  readonly securityGroupsIds?: readonly string[];
  readonly securityGroupsNames?: readonly string[];
};
export type ToGroup = {
  readonly aws?: Aws;
};
export type EnvoyConfig = {
  readonly kind?: "CiliumEnvoyConfig" | "CiliumClusterwideEnvoyConfig";
  readonly name: string;
};
export type Listener = {
  readonly envoyConfig: EnvoyConfig;
  readonly name: string;
  readonly priority?: number;
};
export type Secret = {
  readonly name: string;
  readonly namespace?: string;
};
export type OriginatingTLS = {
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly secret: Secret;
  readonly trustedCA?: string;
};
export type Port = {
  readonly endPort?: number;
  readonly port?: string;
  readonly protocol?: "TCP" | "UDP" | "SCTP" | "VRRP" | "IGMP" | "GRE" | "IPIP" | "IPV6" | "ESP" | "AH" | "ANY";
};
export type Dns = {
  readonly matchName?: string;
  readonly matchPattern?: string;
};
export type HeaderMatch = {
  readonly mismatch?: "LOG" | "ADD" | "DELETE" | "REPLACE";
  readonly name: string;
  readonly secret?: Secret;
  readonly value?: string;
};
export type Http = {
  readonly headerMatches?: readonly HeaderMatch[];
  readonly headers?: readonly string[];
  readonly host?: string;
  readonly method?: string;
  readonly path?: string;
};
export type Rules = {
  readonly dns?: readonly Dns[];
  readonly http?: readonly Http[];
};
export type TerminatingTLS = {
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly secret: Secret;
  readonly trustedCA?: string;
};
export type ToPort = {
  readonly listener?: Listener;
  readonly originatingTLS?: OriginatingTLS;
  readonly ports?: readonly Port[];
  readonly rules?: Rules;
  readonly serverNames?: readonly string[];
  readonly terminatingTLS?: TerminatingTLS;
};
export type K8SService = {
  readonly namespace?: string;
  readonly serviceName?: string;
};
export type K8SServiceSelector = {
  readonly namespace?: string;
  readonly selector: LabelSelector;
};
export type ToService = {
  readonly k8sService?: K8SService;
  readonly k8sServiceSelector?: K8SServiceSelector;
};
export type Egress = {
  readonly authentication?: Authentication;
  readonly icmps?: readonly Icmp[];
  readonly toCIDR?: readonly string[];
  readonly toCIDRSet?: readonly ToCIDRSet[];
  readonly toEndpoints?: readonly LabelSelector[];
  readonly toEntities?: readonly (
    | "all"
    | "world"
    | "cluster"
    | "cluster-mesh"
    | "host"
    | "init"
    | "ingress"
    | "unmanaged"
    | "remote-node"
    | "health"
    | "none"
    | "kube-apiserver"
  )[];
  readonly toFQDNs?: readonly ToFQDN[];
  readonly toGroups?: readonly ToGroup[];
  readonly toNodes?: readonly LabelSelector[];
  readonly toPorts?: readonly ToPort[];
  readonly toRequires?: readonly string[];
  readonly toServices?: readonly ToService[];
};
export type ToPort2 = {
  readonly ports?: readonly Port[];
};
export type EgressDeny = {
  readonly icmps?: readonly Icmp[];
  readonly toCIDR?: readonly string[];
  readonly toCIDRSet?: readonly ToCIDRSet[];
  readonly toEndpoints?: readonly LabelSelector[];
  readonly toEntities?: readonly (
    | "all"
    | "world"
    | "cluster"
    | "cluster-mesh"
    | "host"
    | "init"
    | "ingress"
    | "unmanaged"
    | "remote-node"
    | "health"
    | "none"
    | "kube-apiserver"
  )[];
  readonly toGroups?: readonly ToGroup[];
  readonly toNodes?: readonly LabelSelector[];
  readonly toPorts?: readonly ToPort2[];
  readonly toRequires?: readonly string[];
  readonly toServices?: readonly ToService[];
};
export type EnableDefaultDeny = {
  readonly egress?: boolean;
  readonly ingress?: boolean;
};
export type FromCIDRSet = {
  readonly cidr?: string;
  readonly cidrGroupRef?: string;
  readonly cidrGroupSelector?: LabelSelector;
  readonly except?: readonly string[];
};
export type FromGroup = {
  readonly aws?: Aws;
};
export type Ingress = {
  readonly authentication?: Authentication;
  readonly fromCIDR?: readonly string[];
  readonly fromCIDRSet?: readonly FromCIDRSet[];
  readonly fromEndpoints?: readonly LabelSelector[];
  readonly fromEntities?: readonly (
    | "all"
    | "world"
    | "cluster"
    | "cluster-mesh"
    | "host"
    | "init"
    | "ingress"
    | "unmanaged"
    | "remote-node"
    | "health"
    | "none"
    | "kube-apiserver"
  )[];
  readonly fromGroups?: readonly FromGroup[];
  readonly fromNodes?: readonly LabelSelector[];
  readonly fromRequires?: readonly string[];
  readonly icmps?: readonly Icmp[];
  readonly toPorts?: readonly ToPort[];
};
export type IngressDeny = {
  readonly fromCIDR?: readonly string[];
  readonly fromCIDRSet?: readonly FromCIDRSet[];
  readonly fromEndpoints?: readonly LabelSelector[];
  readonly fromEntities?: readonly (
    | "all"
    | "world"
    | "cluster"
    | "cluster-mesh"
    | "host"
    | "init"
    | "ingress"
    | "unmanaged"
    | "remote-node"
    | "health"
    | "none"
    | "kube-apiserver"
  )[];
  readonly fromGroups?: readonly FromGroup[];
  readonly fromNodes?: readonly LabelSelector[];
  readonly fromRequires?: readonly string[];
  readonly icmps?: readonly Icmp[];
  readonly toPorts?: readonly ToPort2[];
};
export type Label = {
  readonly key: string;
  readonly source?: string;
  readonly value?: string;
};
export type Log = {
  readonly value?: string;
};
export type CiliumNetworkPolicySpec = {
  readonly description?: string;
  readonly egress?: readonly Egress[];
  readonly egressDeny?: readonly EgressDeny[];
  readonly enableDefaultDeny?: EnableDefaultDeny;
  readonly endpointSelector?: LabelSelector;
  readonly ingress?: readonly Ingress[];
  readonly ingressDeny?: readonly IngressDeny[];
  readonly labels?: readonly Label[];
  readonly log?: Log;
  readonly nodeSelector?: LabelSelector;
};
export type CiliumClusterwideNetworkPolicySpec = {
  readonly description?: string;
  readonly egress?: readonly Egress[];
  readonly egressDeny?: readonly EgressDeny[];
  readonly enableDefaultDeny?: EnableDefaultDeny;
  readonly endpointSelector?: LabelSelector;
  readonly ingress?: readonly Ingress[];
  readonly ingressDeny?: readonly IngressDeny[];
  readonly labels?: readonly Label[];
  readonly log?: Log;
  readonly nodeSelector?: LabelSelector;
};
export type CiliumCIDRGroupSpec = {
  readonly externalCIDRs: readonly string[];
};
export type EgressGateway = {
  readonly egressIP?: string;
  readonly interface?: string;
  readonly nodeSelector: LabelSelector;
};
export type Selector = {
  readonly namespaceSelector?: LabelSelector;
  readonly nodeSelector?: LabelSelector;
  readonly podSelector?: LabelSelector;
};
export type CiliumEgressGatewayPolicySpec = {
  readonly destinationCIDRs: readonly string[];
  readonly egressGateway: EgressGateway;
  readonly egressGateways?: readonly EgressGateway[];
  readonly excludedCIDRs?: readonly string[];
  readonly selectors: readonly Selector[];
};
export type Block = {
  readonly cidr?: string;
  readonly start?: string;
  readonly stop?: string;
};
export type CiliumLoadBalancerIPPoolSpec = {
  readonly allowFirstLastIPs?: "Yes" | "No";
  readonly blocks?: readonly Block[];
  readonly disabled?: boolean;
  readonly serviceSelector?: LabelSelector;
};
export type Communities = {
  readonly large?: readonly string[];
  readonly standard?: readonly string[];
  readonly wellKnown?: readonly (
    | "internet"
    | "planned-shut"
    | "accept-own"
    | "route-filter-translated-v4"
    | "route-filter-v4"
    | "route-filter-translated-v6"
    | "route-filter-v6"
    | "llgr-stale"
    | "no-llgr"
    | "blackhole"
    | "no-export"
    | "no-advertise"
    | "no-export-subconfed"
    | "no-peer"
  )[];
};
export type Attributes = {
  readonly communities?: Communities;
  readonly localPreference?: number;
};
export type Interface = {
  readonly name: string;
};
export type Service = {
  readonly addresses: readonly ("LoadBalancerIP" | "ClusterIP" | "ExternalIP")[];
  readonly aggregationLengthIPv4?: number;
  readonly aggregationLengthIPv6?: number;
};
export type Advertisement = {
  readonly advertisementType: "PodCIDR" | "CiliumPodIPPool" | "Service" | "Interface";
  readonly attributes?: Attributes;
  readonly interface?: Interface;
  readonly selector?: LabelSelector;
  readonly service?: Service;
};
export type CiliumBGPAdvertisementSpec = {
  readonly advertisements: readonly Advertisement[];
};
export type DefaultGateway = {
  readonly addressFamily: "ipv4" | "ipv6";
};
export type AutoDiscovery = {
  readonly defaultGateway?: DefaultGateway;
  readonly mode: "DefaultGateway";
};
export type PeerConfigRef = {
  readonly name: string;
};
export type Peer = {
  readonly autoDiscovery?: AutoDiscovery;
  readonly name: string;
  readonly peerASN?: number;
  readonly peerAddress?: string;
  readonly peerConfigRef?: PeerConfigRef;
};
export type BgpInstance = {
  readonly localASN?: number;
  readonly localPort?: number;
  readonly name: string;
  readonly peers?: readonly Peer[];
};
export type CiliumBGPClusterConfigSpec = {
  readonly bgpInstances: readonly BgpInstance[];
  readonly nodeSelector?: LabelSelector;
};
export type Family = {
  readonly advertisements?: LabelSelector;
  readonly afi: "ipv4" | "ipv6" | "l2vpn" | "ls" | "opaque";
  readonly safi:
    | "unicast"
    | "multicast"
    | "mpls_label"
    | "encapsulation"
    | "vpls"
    | "evpn"
    | "ls"
    | "sr_policy"
    | "mup"
    | "mpls_vpn"
    | "mpls_vpn_multicast"
    | "route_target_constraints"
    | "flowspec_unicast"
    | "flowspec_vpn"
    | "key_value";
};
export type GracefulRestart = {
  readonly enabled: boolean;
  readonly restartTimeSeconds?: number;
};
export type Timers = {
  readonly connectRetryTimeSeconds?: number;
  readonly holdTimeSeconds?: number;
  readonly keepAliveTimeSeconds?: number;
};
export type Transport = {
  readonly peerPort?: number;
  readonly sourceInterface?: string;
};
export type CiliumBGPPeerConfigSpec = {
  readonly authSecretRef?: string;
  readonly ebgpMultihop?: number;
  readonly families?: readonly Family[];
  readonly gracefulRestart?: GracefulRestart;
  readonly timers?: Timers;
  readonly transport?: Transport;
};
export type CiliumL2AnnouncementPolicySpec = {
  readonly externalIPs?: boolean;
  readonly interfaces?: readonly string[];
  readonly loadBalancerIPs?: boolean;
  readonly nodeSelector?: LabelSelector;
  readonly serviceSelector?: LabelSelector;
};
