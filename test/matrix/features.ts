/** Cases of rows 24 to 46: features. */
import { aks, bundle, existing, kind, own, type MatrixCase } from "./case.ts";

/** Nothing is created. */
export const featuresRefused: readonly MatrixCase[] = [
  {
    row: 24,
    title: "an egress gateway without BPF masquerading",
    stack: { ...kind, ...own({ bpf: { masquerade: false } }, { egressGateway: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.bpf.masquerade: the egress gateway needs it, got `false`\n" +
      "  expected `bpf.masquerade: true`  [cilium/egress-masquerade]",
    nearMiss: { ...kind, ...own({ bpf: { masquerade: true } }, { egressGateway: true }) },
  },
  {
    row: 24,
    title: "an egress gateway without IPv4 masquerading",
    stack: { ...kind, ...own({ enableIPv4Masquerade: false }, { egressGateway: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.enableIPv4Masquerade: the egress gateway needs it, got `false`\n" +
      "  expected `true`  [cilium/egress-masquerade]",
    nearMiss: { ...kind, ...own({ enableIPv4Masquerade: false }) },
  },
  {
    row: 25,
    title: "an egress gateway with CiliumEndpointSlice",
    stack: { ...kind, ...own({ ciliumEndpointSlice: { enabled: true } }, { egressGateway: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.ciliumEndpointSlice.enabled: does not work with the egress gateway, got `true`\n" +
      "  expected one of the two  [cilium/egress-endpoint-slice]",
    nearMiss: { ...kind, ...own({ ciliumEndpointSlice: { enabled: true } }) },
  },
  {
    row: 26,
    title: "an egress gateway beside kube-proxy [S0-14]",
    stack: { ...kind, cilium: { kubeProxyReplacement: false, egressGateway: true } },
    text:
      "Pulumi.test.yaml › cilium.egressGateway: the egress gateway needs kube-proxy replacement\n" +
      "  expected `cilium.kubeProxyReplacement: true`, or no egress gateway  [cilium/egress-needs-replacement]",
    nearMiss: { ...kind, cilium: { egressGateway: true } },
  },
  {
    row: 27,
    title: "identities in another store [S4-02]",
    stack: { ...kind, ...own({ identityAllocationMode: "kvstore" }) },
    text:
      "Pulumi.test.yaml › cilium.values.identityAllocationMode: is always `crd`, got `kvstore`\n" +
      "  expected `crd`\n" +
      "  fix: remove it  [cilium/identity-crd]",
    nearMiss: { ...kind, ...own({ identityAllocationMode: "crd" }) },
  },
  {
    row: 27,
    title: "no IPv4",
    stack: { ...kind, ...own({ ipv4: { enabled: false } }) },
    text:
      "Pulumi.test.yaml › cilium.values.ipv4.enabled: the platform's ranges are IPv4, got `false`\n" +
      "  expected `true`\n" +
      "  fix: remove it  [cilium/identity-crd]",
    nearMiss: { ...kind, ...own({ ipv4: { enabled: true } }) },
  },
  {
    row: 27,
    title: "an egress gateway over IPv6",
    stack: { ...kind, ...own({ underlayProtocol: "ipv6" }, { egressGateway: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.underlayProtocol: the egress gateway needs IPv4 between nodes, got `ipv6`\n" +
      "  expected `ipv4`  [cilium/identity-crd]",
    nearMiss: { ...kind, ...own({ underlayProtocol: "ipv4" }, { egressGateway: true }) },
  },
  {
    row: 28,
    title: "an egress gateway with Cluster Mesh",
    stack: { ...kind, ...own({ clustermesh: { useAPIServer: true } }, { egressGateway: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.clustermesh.useAPIServer: does not work with the egress gateway\n" +
      "  expected one of the two  [cilium/egress-cluster-mesh]",
    nearMiss: { ...kind, ...own({ clustermesh: { useAPIServer: true } }) },
  },
  {
    row: 29,
    title: "L2 announcements beside kube-proxy [S4-06]",
    stack: { ...kind, cilium: { kubeProxyReplacement: false, l2Announcements: true } },
    text:
      "Pulumi.test.yaml › cilium.l2Announcements: L2 announcements do nothing without kube-proxy replacement\n" +
      "  expected `cilium.kubeProxyReplacement: true`, or no L2 announcements  [cilium/l2-needs-replacement]",
    nearMiss: { ...kind, cilium: { l2Announcements: true } },
  },
  {
    row: 30,
    title: "L2 announcements of a Service with local traffic [S4-06]",
    stack: {
      ...kind,
      cilium: { l2Announcements: true },
      gateway: { values: { nginx: { service: { externalTrafficPolicy: "Local" } } } },
    },
    text:
      "Pulumi.test.yaml › gateway.values.nginx.service.externalTrafficPolicy: L2 announcements may answer on a node without such a pod, got `Local`\n" +
      "  expected `Cluster` with `cilium.l2Announcements`  [cilium/l2-local-service]",
    nearMiss: { ...kind, gateway: { values: { nginx: { service: { externalTrafficPolicy: "Local" } } } } },
  },
  {
    row: 31,
    title: "announcements on AKS [S4-04] [S4-06] [S4-08]",
    stack: { ...aks, cilium: { l2Announcements: true, bgp: true, lbIpam: true } },
    text:
      "Pulumi.test.yaml › cilium.bgp: is pointless on target `aks`, whose network takes no announcements of ours\n" +
      "  expected `false`  [cilium/announcements-on-target]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.l2Announcements: is pointless on target `aks`, whose network takes no announcements of ours\n" +
      "  expected `false`  [cilium/announcements-on-target]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.lbIpam: is pointless on target `aks`, whose network takes no announcements of ours\n" +
      "  expected `false`  [cilium/announcements-on-target]",
    nearMiss: { ...kind, cilium: { l2Announcements: true, bgp: true, lbIpam: true } },
  },
  {
    row: 31,
    title: "announcements on somebody else's network that takes none",
    stack: existing({}, { bgp: true }),
    text:
      "Pulumi.test.yaml › cilium.bgp: is pointless on target `existing`, whose network takes no announcements of ours\n" +
      "  expected `false`\n" +
      "  fix: if the network does take them, set `existing.announcements: possible`  [cilium/announcements-on-target]",
    nearMiss: existing({ announcements: "possible" }, { bgp: true }),
  },
  {
    row: 32,
    title: "Cilium's Gateway API beside kube-proxy [S2-09]",
    stack: {
      ...kind,
      gateway: { enabled: false },
      ...own({ gatewayAPI: { enabled: true } }, { kubeProxyReplacement: false }),
    },
    text:
      "Pulumi.test.yaml › cilium.values.gatewayAPI.enabled: needs kube-proxy replacement, got `true`\n" +
      "  expected `cilium.kubeProxyReplacement: true`, or no Gateway API of Cilium's  [cilium/gateway-needs-replacement]",
    nearMiss: { ...kind, gateway: { enabled: false }, ...own({ gatewayAPI: { enabled: true } }) },
  },
  {
    row: 33,
    title: "Cilium's Gateway API without the L7 proxy",
    stack: { ...kind, gateway: { enabled: false }, ...own({ gatewayAPI: { enabled: true }, l7Proxy: false }) },
    text:
      "Pulumi.test.yaml › cilium.values.gatewayAPI.enabled: needs the L7 proxy, which is off\n" +
      "  expected `l7Proxy: true`  [cilium/envoy-needs-l7-proxy]",
    nearMiss: { ...kind, ...own({ l7Proxy: false }) },
  },
  {
    row: 33,
    title: "an ingress controller and Envoy load balancing without the L7 proxy",
    stack: {
      ...kind,
      ...own({ ingressController: { enabled: true }, loadBalancer: { l7: { backend: "envoy" } }, l7Proxy: false }),
    },
    text:
      "Pulumi.test.yaml › cilium.values.ingressController.enabled: needs the L7 proxy, which is off\n" +
      "  expected `l7Proxy: true`  [cilium/envoy-needs-l7-proxy]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.values.loadBalancer.l7.backend: needs the L7 proxy, which is off\n" +
      "  expected `l7Proxy: true`  [cilium/envoy-needs-l7-proxy]",
    nearMiss: { ...kind, ...own({ ingressController: { enabled: true }, loadBalancer: { l7: { backend: "envoy" } } }) },
  },
  {
    row: 34,
    title: "a traffic policy that is none",
    stack: { ...kind, ...own({ ingressController: { enabled: true, service: { externalTrafficPolicy: "Locally" } } }) },
    text:
      "Pulumi.test.yaml › cilium.values.ingressController.service.externalTrafficPolicy: unknown word, got `Locally`\n" +
      "  expected `Cluster` or `Local`  [cilium/traffic-policy-word]",
    nearMiss: {
      ...kind,
      ...own({ ingressController: { enabled: true, service: { externalTrafficPolicy: "Local" } } }),
    },
  },
  {
    row: 35,
    title: "two owners of the Gateway API [S2-09]",
    stack: { ...kind, ...own({ gatewayAPI: { enabled: true } }) },
    text:
      "Pulumi.test.yaml › cilium.values.gatewayAPI.enabled: NGINX Gateway Fabric has the Gateway API, with other CRDs\n" +
      "  expected one of the two\n" +
      "  fix: remove it, or set `gateway.enabled: false`  [cilium/two-gateways]",
    nearMiss: { ...kind, gateway: { enabled: false }, ...own({ gatewayAPI: { enabled: true } }) },
  },
  {
    row: 36,
    title: "a UI without its relay",
    stack: { ...kind, ...own({ hubble: { ui: { enabled: true } } }, { hubble: { relay: false } }) },
    text:
      "Pulumi.test.yaml › cilium.hubble.relay: the UI needs the relay, got `false`\n" +
      "  expected `true` with `hubble.ui`  [cilium/hubble-chain]",
    nearMiss: { ...kind, cilium: { hubble: { relay: false, ui: true } } },
  },
  {
    row: 36,
    title: "a relay without Hubble",
    stack: { ...kind, ...own({ hubble: { enabled: false } }) },
    text:
      "Pulumi.test.yaml › cilium.values.hubble.enabled: the relay needs Hubble, got `false`\n" +
      "  expected `true` with the relay  [cilium/hubble-chain]",
    nearMiss: { ...kind, cilium: { hubble: { enabled: false } } },
  },
  {
    row: 37,
    title: "certificates from an issuer that is not named",
    stack: { ...kind, ...own({ hubble: { tls: { auto: { method: "certmanager" } } } }) },
    text:
      "Pulumi.test.yaml › cilium.values.hubble.tls.auto.method: cert-manager needs an issuer, got `certmanager`\n" +
      "  expected `hubble.tls.auto.certManagerIssuerRef` beside it  [cilium/certmanager-issuer]",
    nearMiss: {
      ...kind,
      ...own({ hubble: { tls: { auto: { method: "certmanager", certManagerIssuerRef: { name: "ca" } } } } }),
    },
  },
  {
    row: 38,
    title: "certificates that change at every rendering",
    stack: { ...kind, ...own({ hubble: { tls: { auto: { method: "helm" } } } }) },
    text:
      "Pulumi.test.yaml › cilium.values.hubble.tls.auto.method: makes new certificates at every rendering or none at all, got `helm`\n" +
      "  expected `cronJob` or `certmanager`\n" +
      "  fix: remove it: `cronJob` is taken  [cilium/hubble-certificates]",
    nearMiss: { ...kind, ...own({ hubble: { tls: { auto: { method: "cronJob" } } } }) },
  },
  {
    row: 38,
    title: "certificates by a method that is none",
    stack: { ...kind, ...own({ hubble: { tls: { auto: { method: "foo" } } } }) },
    text:
      "Pulumi.test.yaml › cilium.values.hubble.tls.auto.method: makes new certificates at every rendering or none at all, got `foo`\n" +
      "  expected `cronJob` or `certmanager`\n" +
      "  fix: remove it: `cronJob` is taken  [cilium/hubble-certificates]",
  },
  {
    row: 39,
    title: "a service monitor whose CRD nobody vouches for",
    stack: { ...kind, ...own({ prometheus: { serviceMonitor: { enabled: true } } }, { prometheus: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.prometheus.serviceMonitor.enabled: the chart does not trust that the CRD of service monitors exists\n" +
      "  expected `observability.serviceMonitors: true`, which says so  [cilium/service-monitor-crds]",
    nearMiss: { ...kind, ...own({ prometheus: { serviceMonitor: { enabled: true } } }) },
  },
  {
    row: 40,
    title: "the agent's switch for the iptables rules from the environment",
    stack: { ...kind, ...own({ extraEnv: [{ name: "CILIUM_INSTALL_IPTABLES_RULES", value: "false" }] }) },
    text:
      "Pulumi.test.yaml › cilium.values.extraEnv[0]: kube-proxy replacement and the L7 proxy cannot work without the iptables rules\n" +
      "  expected the flag to be absent\n" +
      "  fix: remove it  [cilium/iptables-rules]",
    nearMiss: { ...kind, ...own({ extraEnv: [{ name: "GOMAXPROCS", value: "2" }] }) },
  },
  {
    row: 41,
    title: "a bundle with names or requests in its rules, and no L7 proxy",
    stack: { ...kind, ...own({ l7Proxy: false }) },
    more: { bundles: [bundle("names", "l7Proxy")] },
    text:
      "Pulumi.test.yaml › cilium.values.l7Proxy: policies need the L7 proxy (names), got `false`\n" +
      "  expected `true`, or other bundles  [cilium/l7-rules-without-proxy]",
    nearMiss: kind,
  },
  {
    row: 42,
    title: "the standalone DNS proxy",
    stack: { ...kind, ...own({ standaloneDnsProxy: { enabled: true } }) },
    text:
      "Pulumi.test.yaml › cilium.values.standaloneDnsProxy.enabled: is alpha in Cilium and not offered, got `true`\n" +
      "  expected it to be absent\n" +
      "  fix: remove it  [cilium/standalone-dns-proxy]",
    nearMiss: { ...kind, ...own({ standaloneDnsProxy: { enabled: false } }) },
  },
  {
    row: 43,
    title: "endpoint slices without endpoints",
    stack: { ...kind, ...own({ ciliumEndpointSlice: { enabled: true }, disableEndpointCRD: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.disableEndpointCRD: CiliumEndpointSlice needs the endpoint CRD, got `true`\n" +
      "  expected `false`\n" +
      "  fix: remove it  [cilium/endpoint-crd]",
    nearMiss: { ...kind, ...own({ ciliumEndpointSlice: { enabled: true } }) },
  },
  {
    row: 44,
    title: "taints that nobody removes",
    stack: { ...kind, ...own({ operator: { setNodeTaints: true, removeNodeTaints: false } }) },
    text:
      "Pulumi.test.yaml › cilium.values.operator.removeNodeTaints: taints that are set must be removed again, got `false`\n" +
      "  expected `true` with `operator.setNodeTaints`\n" +
      "  fix: remove both  [cilium/node-taints]",
    nearMiss: { ...kind, ...own({ operator: { setNodeTaints: true } }) },
  },
  {
    row: 45,
    title: "a cluster name in capitals",
    stack: { ...kind, ...own({ cluster: { name: "Shop" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.cluster.name: is no cluster name, got `Shop`\n" +
      "  expected `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit\n" +
      "  fix: set `platform:clusterName`  [cilium/cluster-name]",
    nearMiss: { ...kind, ...own({ cluster: { name: "shop" } }) },
  },
  {
    row: 45,
    title: "an empty cluster name",
    stack: { ...kind, ...own({ cluster: { name: "" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.cluster.name: is no cluster name, got ``\n" +
      "  expected `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit\n" +
      "  fix: set `platform:clusterName`  [cilium/cluster-name]",
  },
  {
    row: 45,
    title: "a cluster name of 33 characters",
    stack: { ...kind, ...own({ cluster: { name: "a23456789-123456789-123456789-123" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.cluster.name: is no cluster name, got `a23456789-123456789-123456789-123`\n" +
      "  expected at most 32 characters\n" +
      "  fix: set `platform:clusterName`  [cilium/cluster-name]",
    nearMiss: { ...kind, ...own({ cluster: { name: "a23456789-123456789-123456789-12" } }) },
  },
  {
    row: 45,
    title: "the name `default` with an id",
    stack: { ...kind, ...own({ cluster: { name: "default", id: 3 } }) },
    text:
      "Pulumi.test.yaml › cilium.values.cluster.name: a cluster with an id needs a name of its own, got `default`\n" +
      "  expected another name  [cilium/cluster-name]",
    nearMiss: { ...kind, ...own({ cluster: { name: "default" } }) },
  },
  {
    row: 46,
    title: "a mistyped key",
    stack: { ...kind, ...own({ kubeProxyReplacment: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.kubeProxyReplacment: the pinned chart knows no such value\n" +
      "  expected a value of the chart\n" +
      "  fix: did you mean `kubeProxyReplacement`?  [settings/unknown-value]",
  },
  {
    row: 46,
    title: "mistyped keys at every level",
    stack: {
      ...kind,
      ...own({ encyption: { enabled: true }, hubble: { relay: { enabeld: true } }, nodeEncryption: true }),
    },
    text:
      "Pulumi.test.yaml › cilium.values.encyption: the pinned chart knows no such value\n" +
      "  expected a value of the chart\n" +
      "  fix: did you mean `encryption`?  [settings/unknown-value]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.values.hubble.relay.enabeld: the pinned chart knows no such value\n" +
      "  expected a value of the chart\n" +
      "  fix: did you mean `hubble.relay.enabled`?  [settings/unknown-value]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.values.nodeEncryption: the pinned chart knows no such value\n" +
      "  expected a value of the chart\n" +
      "  fix: did you mean `encryption.nodeEncryption`?  [settings/unknown-value]",
    nearMiss: { ...kind, ...own({ encryption: { enabled: false }, hubble: { relay: { enabled: true } } }) },
  },
  {
    row: 46,
    title: "an enforcement mode that is none",
    stack: { ...kind, ...own({ policyEnforcementMode: "foo" }) },
    text:
      "Pulumi.test.yaml › cilium.values.policyEnforcementMode: unknown word, got `foo`\n" +
      "  expected `default`, `always` or `never`  [cilium/unknown-value]",
    nearMiss: { ...kind, ...own({ policyEnforcementMode: "always" }) },
  },
  {
    row: 46,
    title: "a flag past the chart's own value: configuration",
    stack: { ...kind, ...own({ extraConfig: { "routing-mode": "native" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.extraConfig.routing-mode: `routing-mode` is written by the chart from a value of its own\n" +
      "  expected that value instead, where it can be judged  [cilium/unknown-value]",
    nearMiss: { ...kind, ...own({ extraConfig: { "some-new-flag": "1" } }) },
  },
  {
    row: 46,
    title: "a flag past the chart's own value: arguments of agent and operator",
    stack: { ...kind, ...own({ extraArgs: ["--enable-wireguard"], operator: { extraArgs: ["--ipam=eni"] } }) },
    text:
      "Pulumi.test.yaml › cilium.values.extraArgs[0]: `enable-wireguard` is written by the chart from a value of its own\n" +
      "  expected that value instead, where it can be judged  [cilium/unknown-value]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.values.operator.extraArgs[0]: `ipam` is written by the chart from a value of its own\n" +
      "  expected that value instead, where it can be judged  [cilium/unknown-value]",
    nearMiss: { ...kind, ...own({ extraArgs: ["--some-new-flag"] }) },
  },
  {
    row: 46,
    title: "a flag past the chart's own value: environment",
    stack: { ...kind, ...own({ extraEnv: [{ name: "CILIUM_KUBE_PROXY_REPLACEMENT", value: "false" }] }) },
    text:
      "Pulumi.test.yaml › cilium.values.extraEnv[0]: `kube-proxy-replacement` is written by the chart from a value of its own\n" +
      "  expected that value instead, where it can be judged  [cilium/unknown-value]",
    nearMiss: { ...kind, ...own({ extraEnv: [{ name: "CILIUM_SOME_NEW_FLAG", value: "1" }] }) },
  },
];

/** Told, and allowed. */
export const featuresWarned: readonly MatrixCase[] = [
  {
    row: 36,
    title: "a UI asked for while Hubble is off [S1-10]",
    stack: { ...kind, cilium: { hubble: { enabled: false, ui: true } } },
    text:
      "Pulumi.test.yaml › cilium.hubble.ui: has no effect while Hubble is off\n" +
      "  expected `cilium.hubble.enabled: true` with the UI  [cilium/hubble-chain]",
    nearMiss: { ...kind, cilium: { hubble: { enabled: false } } },
  },
  {
    row: 39,
    title: "service monitors, with what must exist",
    stack: { ...kind, observability: { serviceMonitors: true } },
    text:
      "Pulumi.test.yaml › observability.serviceMonitors: the release fails where the CRD is missing\n" +
      "  expected `servicemonitors.monitoring.coreos.com` in the cluster before Cilium is installed  [cilium/service-monitor-crds]",
    nearMiss: { ...kind, observability: { dashboards: true } },
  },
];
