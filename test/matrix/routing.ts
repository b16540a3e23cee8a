/** Cases of rows 1 to 23: routing, IPAM, kube-proxy. */
import { aks, existing, kind, own, type MatrixCase } from "./case.ts";

/** Nothing is created. */
export const routingRefused: readonly MatrixCase[] = [
  {
    row: 1,
    title: "native routing on AKS, naming the target",
    stack: { ...aks, cilium: { routing: "native" } },
    text:
      "Pulumi.test.yaml › cilium.routing: the network of target `aks` cannot carry it, got `native`\n" +
      "  expected `tunnel`\n" +
      "  fix: remove it: unset, the target's own mode is taken  [cilium/routing-on-target]",
    nearMiss: { ...aks, cilium: { routing: "tunnel" } },
  },
  {
    row: 1,
    title: "native routing on AKS by way of the stack's own values",
    stack: { ...aks, ...own({ routingMode: "native" }) },
    text:
      "Pulumi.test.yaml › cilium.values.routingMode: the network of target `aks` cannot carry it, got `native`\n" +
      "  expected `tunnel`\n" +
      "  fix: remove it: unset, the target's own mode is taken  [cilium/routing-on-target]",
    nearMiss: { ...aks, ...own({ routingMode: "tunnel" }) },
  },
  {
    row: 1,
    title: "taking the chart's guard on AKS away",
    stack: { ...aks, ...own({ aksbyocni: { enabled: false } }) },
    text:
      "Pulumi.test.yaml › cilium.values.aksbyocni.enabled: follows from the target `aks`, got `false`\n" +
      "  expected `true`\n" +
      "  fix: remove `aksbyocni.enabled`  [cilium/routing-on-target]",
    nearMiss: { ...aks, ...own({ aksbyocni: { enabled: true } }) },
  },
  {
    row: 1,
    title: "AKS's flag elsewhere",
    stack: { ...kind, ...own({ aksbyocni: { enabled: true } }, { routing: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.aksbyocni.enabled: follows from the target `kind`, got `true`\n" +
      "  expected `false`\n" +
      "  fix: remove `aksbyocni.enabled`  [cilium/routing-on-target]",
    nearMiss: { ...kind, ...own({ aksbyocni: { enabled: false } }) },
  },
  {
    row: 1,
    title: "a tunnel on somebody else's network that carries none",
    stack: existing({ routing: ["native"] }, { routing: "tunnel" }),
    text:
      "Pulumi.test.yaml › cilium.routing: the network of target `existing` cannot carry it, got `tunnel`\n" +
      "  expected `native`\n" +
      "  fix: remove it: unset, the target's own mode is taken  [cilium/routing-on-target]",
    nearMiss: existing({ routing: ["native"] }, { routing: "native" }),
  },
  {
    row: 2,
    title: "kind's IPAM on AKS",
    stack: { ...aks, ...own({ ipam: { mode: "kubernetes" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.ipam.mode: follows from the target `aks`, got `kubernetes`\n" +
      "  expected `cluster-pool`\n" +
      "  fix: remove `ipam.mode`  [cilium/ipam]",
    nearMiss: { ...aks, ...own({ ipam: { mode: "cluster-pool" } }) },
  },
  {
    row: 2,
    title: "a pool that is not the cluster's",
    stack: { ...aks, ...own({ ipam: { operator: { clusterPoolIPv4PodCIDRList: ["10.0.0.0/8"] } } }) },
    text:
      'Pulumi.test.yaml › cilium.values.ipam.operator.clusterPoolIPv4PodCIDRList: follows from the cluster\'s pod range, got `["10.0.0.0/8"]`\n' +
      "  expected `10.244.0.0/16`\n" +
      "  fix: remove `ipam.operator.clusterPoolIPv4PodCIDRList`  [cilium/ipam]",
    nearMiss: { ...aks, ...own({ ipam: { operator: { clusterPoolIPv4PodCIDRList: ["10.244.0.0/16"] } } }) },
  },
  {
    row: 2,
    title: "a cloud's IPAM that would replace ours",
    stack: { ...kind, ...own({ eni: { enabled: true } }) },
    text:
      "Pulumi.test.yaml › cilium.values.eni.enabled: would replace the IPAM mode\n" +
      "  expected it to be absent\n" +
      "  fix: remove it  [cilium/ipam]",
    nearMiss: { ...kind, ...own({ eni: { enabled: false } }) },
  },
  {
    row: 3,
    title: "Azure's own IPAM",
    stack: { ...aks, ...own({ azure: { enabled: true } }) },
    text:
      "Pulumi.test.yaml › cilium.values.azure.enabled: Azure's own IPAM is not offered\n" +
      "  expected `azure` to be absent\n" +
      "  fix: remove it  [cilium/azure-ipam]",
    nearMiss: { ...aks, ...own({ azure: { enabled: false } }) },
  },
  {
    row: 4,
    title: "a replacement mode of earlier versions",
    stack: { ...kind, ...own({ kubeProxyReplacement: "strict" }) },
    text:
      "Pulumi.test.yaml › cilium.values.kubeProxyReplacement: unknown word, got `strict`\n" +
      "  expected `true` or `false`  [cilium/replacement-word]",
    nearMiss: { ...kind, ...own({ kubeProxyReplacement: "true" }) },
  },
  {
    row: 4,
    title: "an empty replacement, which the chart takes for false",
    stack: { ...kind, ...own({ kubeProxyReplacement: null }) },
    text:
      "Pulumi.test.yaml › cilium.values.kubeProxyReplacement: unknown word, got `null`\n" +
      "  expected `true` or `false`  [cilium/replacement-word]",
    nearMiss: { ...kind, ...own({ kubeProxyReplacement: true }) },
  },
  {
    row: 5,
    title: "a replacement on somebody else's cluster without the API server's address",
    stack: existing({ apiServerHost: undefined }),
    text:
      "Pulumi.test.yaml › existing.apiServerHost: is missing, and without kube-proxy nothing else leads to the API server\n" +
      "  expected the host name or address by which nodes reach the API server  [cilium/api-server]",
    nearMiss: existing({ apiServerHost: undefined }, { kubeProxyReplacement: false }),
  },
  {
    row: 5,
    title: "another address than the one that follows from the target",
    stack: { ...kind, ...own({ k8sServiceHost: "10.0.0.1", k8sServicePort: 443 }) },
    text:
      "Pulumi.test.yaml › cilium.values.k8sServiceHost: follows from the target `kind`, got `10.0.0.1`\n" +
      "  expected `platform-test-control-plane`\n" +
      "  fix: remove `k8sServiceHost`  [cilium/api-server]\n" +
      "\n" +
      "Pulumi.test.yaml › cilium.values.k8sServicePort: follows from the target `kind`, got `443`\n" +
      "  expected `6443`\n" +
      "  fix: remove `k8sServicePort`  [cilium/api-server]",
    nearMiss: { ...kind, ...own({ k8sServiceHost: "platform-test-control-plane", k8sServicePort: 6443 }) },
  },
  {
    row: 5,
    title: "an address instead of the cluster's name on AKS",
    stack: { ...aks, ...own({ k8sServiceHost: "10.0.0.1" }) },
    text:
      "Pulumi.test.yaml › cilium.values.k8sServiceHost: follows from the target `aks`, got `10.0.0.1`\n" +
      "  expected the cluster's own name, known once it exists\n" +
      "  fix: remove `k8sServiceHost`  [cilium/api-server]",
    nearMiss: { ...aks, ...own({ k8sServicePort: 443 }) },
  },
  {
    row: 6,
    title: "looking the API server up while rendering",
    stack: { ...kind, ...own({ k8sServiceHost: "auto" }) },
    text:
      "Pulumi.test.yaml › cilium.values.k8sServiceHost: needs a running API server while rendering, got `auto`\n" +
      "  expected a host name or an address  [cilium/api-server-auto]",
  },
  {
    row: 6,
    title: "looking somebody else's API server up while rendering",
    stack: existing({ apiServerHost: "auto" }),
    text:
      "Pulumi.test.yaml › existing.apiServerHost: needs a running API server while rendering, got `auto`\n" +
      "  expected a host name or an address  [cilium/api-server-auto]",
    nearMiss: existing({ apiServerHost: "auto.example.com" }),
  },
  {
    row: 7,
    title: "a second source of the API server's address",
    stack: { ...kind, ...own({ k8sServiceHostRef: { name: "cluster-info", key: "host" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.k8sServiceHostRef: is a second source of the API server's address\n" +
      "  expected it to be absent\n" +
      "  fix: remove it  [cilium/api-server-ref]",
  },
  {
    row: 8,
    title: "a native range without the pods",
    stack: { ...kind, ...own({ ipv4NativeRoutingCIDR: "10.0.0.0/16" }) },
    text:
      "Pulumi.test.yaml › cilium.values.ipv4NativeRoutingCIDR: does not hold the pods, got `10.0.0.0/16`\n" +
      "  expected a range around `10.244.0.0/16`\n" +
      "  fix: remove it: the pod range is taken  [cilium/native-cidr]",
    nearMiss: { ...kind, ...own({ ipv4NativeRoutingCIDR: "10.0.0.0/8" }) },
  },
  {
    row: 8,
    title: "no native range",
    stack: { ...kind, ...own({ ipv4NativeRoutingCIDR: null }) },
    text:
      "Pulumi.test.yaml › cilium.values.ipv4NativeRoutingCIDR: does not hold the pods, got `null`\n" +
      "  expected a range around `10.244.0.0/16`\n" +
      "  fix: remove it: the pod range is taken  [cilium/native-cidr]",
    nearMiss: { ...kind, ...own({ ipv4NativeRoutingCIDR: null }, { routing: "tunnel" }) },
  },
  {
    row: 9,
    title: "direct routes in a tunnel",
    stack: { ...kind, ...own({ autoDirectNodeRoutes: true }, { routing: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.autoDirectNodeRoutes: there are no direct routes in a tunnel, got `true`\n" +
      "  expected `false` with tunnel routing\n" +
      "  fix: remove it: it follows from `cilium.routing`  [cilium/direct-routes-in-tunnel]",
    nearMiss: { ...kind, ...own({ autoDirectNodeRoutes: false }, { routing: "native" }) },
  },
  {
    row: 9,
    title: "direct routes on AKS",
    stack: { ...aks, ...own({ autoDirectNodeRoutes: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.autoDirectNodeRoutes: there are no direct routes in a tunnel, got `true`\n" +
      "  expected `false` with tunnel routing\n" +
      "  fix: remove it: it follows from `cilium.routing`  [cilium/direct-routes-in-tunnel]",
    nearMiss: { ...aks, ...own({ autoDirectNodeRoutes: false }) },
  },
  {
    row: 10,
    title: "skipping direct routes that are not there",
    stack: { ...kind, ...own({ directRoutingSkipUnreachable: true }, { routing: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.directRoutingSkipUnreachable: there are no direct routes to skip, got `true`\n" +
      "  expected `autoDirectNodeRoutes` to be on\n" +
      "  fix: remove it  [cilium/skip-unreachable]",
    nearMiss: { ...kind, ...own({ directRoutingSkipUnreachable: true }) },
  },
  {
    row: 11,
    title: "the third routing mode",
    stack: { ...kind, ...own({ routingMode: "hybrid" }) },
    text:
      "Pulumi.test.yaml › cilium.values.routingMode: unknown word, got `hybrid`\n" +
      "  expected `native` or `tunnel`  [cilium/routing-word]",
    nearMiss: { ...kind, ...own({ routingMode: "native" }) },
  },
  {
    row: 11,
    title: "a routing mode other than the setting's",
    stack: { ...kind, ...own({ routingMode: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.routingMode: contradicts `cilium.routing`, got `tunnel`\n" +
      "  expected `native`\n" +
      "  fix: set `cilium.routing: tunnel`, from which more than one value follows  [cilium/routing-word]",
    nearMiss: { ...kind, cilium: { routing: "tunnel" } },
  },
  {
    row: 12,
    title: "no connection tracking in a tunnel",
    stack: { ...kind, ...own({ installNoConntrackIptablesRules: true }, { routing: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.installNoConntrackIptablesRules: needs native routing, IPv4 and no kube-proxy on nodes of our own, got `true`\n" +
      "  expected `false`\n" +
      "  fix: remove it: it follows from `cilium.kubeProxyReplacement` and routing  [cilium/no-conntrack]",
    nearMiss: { ...kind, ...own({ installNoConntrackIptablesRules: true }) },
  },
  {
    row: 12,
    title: "no connection tracking on managed nodes",
    stack: existing(
      { routing: ["native"], kubeProxy: "removed" },
      { values: { installNoConntrackIptablesRules: true } },
    ),
    text:
      "Pulumi.test.yaml › cilium.values.installNoConntrackIptablesRules: needs native routing, IPv4 and no kube-proxy on nodes of our own, got `true`\n" +
      "  expected `false`\n" +
      "  fix: remove it: it follows from `cilium.kubeProxyReplacement` and routing  [cilium/no-conntrack]",
    nearMiss: existing({ routing: ["native"], kubeProxy: "removed" }),
  },
  {
    row: 13,
    title: "a switch for the iptables rules that the chart ignores",
    stack: { ...kind, ...own({ installIptablesRules: false }) },
    text:
      "Pulumi.test.yaml › cilium.values.installIptablesRules: is no value of the chart and would be ignored\n" +
      "  expected it to be absent\n" +
      "  fix: remove it  [cilium/iptables-rules]",
  },
  {
    row: 13,
    title: "the agent's own switch for the iptables rules",
    stack: { ...kind, ...own({ extraConfig: { "install-iptables-rules": "false" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.extraConfig.install-iptables-rules: kube-proxy replacement and the L7 proxy cannot work without the iptables rules\n" +
      "  expected the flag to be absent\n" +
      "  fix: remove it  [cilium/iptables-rules]",
    nearMiss: { ...kind, ...own({ extraConfig: { "install-iptables-rule": "false" } }) },
  },
  {
    row: 14,
    title: "BPF masquerading beside kube-proxy",
    stack: { ...kind, ...own({ bpf: { masquerade: true } }, { kubeProxyReplacement: false }) },
    text:
      "Pulumi.test.yaml › cilium.values.bpf.masquerade: depends on kube-proxy replacement, got `true`\n" +
      "  expected it to be off, or `cilium.kubeProxyReplacement: true`  [cilium/masquerade-needs-replacement]",
    nearMiss: { ...kind, ...own({ bpf: { masquerade: true } }) },
  },
  {
    row: 14,
    title: "BPF masquerading by the defaults of an old version",
    stack: { ...kind, ...own({ upgradeCompatibility: "1.9" }, { kubeProxyReplacement: false }) },
    text:
      "Pulumi.test.yaml › cilium.values.upgradeCompatibility: would switch `bpf.masquerade` on, which depends on kube-proxy replacement\n" +
      "  expected 1.10 or later  [cilium/masquerade-needs-replacement]",
    nearMiss: { ...kind, ...own({ upgradeCompatibility: "1.10" }, { kubeProxyReplacement: false }) },
  },
  {
    row: 16,
    title: "DSR in a VXLAN tunnel",
    stack: { ...kind, ...own({ loadBalancer: { mode: "dsr" } }, { routing: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.loadBalancer.mode: needs Geneve dispatch in tunnel mode, got `dsr`\n" +
      "  expected `snat`, or `dsrDispatch: geneve` with `tunnelProtocol: geneve`  [cilium/load-balancer-mode]",
    nearMiss: {
      ...kind,
      ...own({ loadBalancer: { mode: "dsr", dsrDispatch: "geneve" }, tunnelProtocol: "geneve" }, { routing: "tunnel" }),
    },
  },
  {
    row: 16,
    title: "hybrid load balancing in a tunnel without Geneve dispatch",
    stack: { ...kind, ...own({ loadBalancer: { mode: "hybrid" } }, { routing: "tunnel" }) },
    text:
      "Pulumi.test.yaml › cilium.values.loadBalancer.mode: needs Geneve dispatch in tunnel mode, got `hybrid`\n" +
      "  expected `snat`, or `dsrDispatch: geneve` with `tunnelProtocol: geneve`  [cilium/load-balancer-mode]",
    nearMiss: { ...kind, ...own({ loadBalancer: { mode: "hybrid" } }) },
  },
  {
    row: 16,
    title: "Geneve dispatch with VXLAN",
    stack: { ...kind, ...own({ loadBalancer: { mode: "dsr", dsrDispatch: "geneve" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.loadBalancer.dsrDispatch: Geneve dispatch needs `tunnelProtocol: geneve`, got `vxlan`\n" +
      "  expected another dispatch, or Geneve tunnels  [cilium/load-balancer-mode]",
    nearMiss: { ...kind, ...own({ loadBalancer: { mode: "dsr" } }) },
  },
  {
    row: 16,
    title: "a load balancer mode that is none",
    stack: { ...kind, ...own({ loadBalancer: { mode: "foo" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.loadBalancer.mode: unknown word, got `foo`\n" +
      "  expected `snat`, `dsr` or `hybrid`  [cilium/load-balancer-mode]",
    nearMiss: { ...kind, ...own({ loadBalancer: { mode: "snat" } }) },
  },
  {
    row: 17,
    title: "netkit",
    stack: { ...kind, ...own({ bpf: { datapathMode: "netkit" } }) },
    text:
      "Pulumi.test.yaml › cilium.values.bpf.datapathMode: netkit is not offered, got `netkit`\n" +
      "  expected `veth`\n" +
      "  fix: remove it  [cilium/netkit]",
    nearMiss: { ...kind, ...own({ bpf: { datapathMode: "veth" } }) },
  },
  {
    row: 18,
    title: "a replacement other than the setting's [S1-03] [S1-07]",
    stack: { ...kind, ...own({ kubeProxyReplacement: "false" }) },
    text:
      "Pulumi.test.yaml › cilium.values.kubeProxyReplacement: follows from `cilium.kubeProxyReplacement`, got `false`\n" +
      "  expected `true`\n" +
      "  fix: remove `kubeProxyReplacement`  [cilium/replacement-contradicted]",
    nearMiss: { ...kind, cilium: { kubeProxyReplacement: false } },
  },
  {
    row: 19,
    title: "kube-proxy removed and not replaced on somebody else's cluster",
    stack: existing({ kubeProxy: "removed" }, { kubeProxyReplacement: false }),
    text:
      "Pulumi.test.yaml › cilium.kubeProxyReplacement: kube-proxy is removed and nothing replaces it, so no Service would work\n" +
      "  expected `true` with `existing.kubeProxy: removed`  [cilium/no-load-balancing]",
    nearMiss: existing({ kubeProxy: "removed" }),
  },
  {
    row: 22,
    title: "SCTP beside kube-proxy replacement and the egress gateway [S2-06]",
    stack: { ...kind, cilium: { sctp: true, egressGateway: true } },
    text:
      "Pulumi.test.yaml › cilium.sctp: SCTP does not work with kube-proxy replacement, BPF masquerading and the egress gateway\n" +
      "  expected `cilium.kubeProxyReplacement: false` and no egress gateway, or no SCTP  [cilium/sctp]",
    nearMiss: { ...kind, cilium: { sctp: true, kubeProxyReplacement: false } },
  },
];

/** Told, and allowed. */
export const routingWarned: readonly MatrixCase[] = [
  {
    row: 15,
    title: "BPF masquerading switched off",
    stack: { ...kind, ...own({ bpf: { masquerade: false } }) },
    text:
      "Pulumi.test.yaml › cilium.values.bpf.masquerade: Cilium falls back to legacy host routing\n" +
      "  expected kube-proxy replacement with `bpf.masquerade`, which BPF host routing needs  [cilium/host-routing]",
    nearMiss: kind,
  },
  {
    row: 15,
    title: "BPF host routing wanted beside kube-proxy",
    stack: { ...kind, ...own({ bpf: { hostLegacyRouting: false } }, { kubeProxyReplacement: false }) },
    text:
      "Pulumi.test.yaml › cilium.values.bpf.hostLegacyRouting: Cilium falls back to legacy host routing\n" +
      "  expected kube-proxy replacement with `bpf.masquerade`, which BPF host routing needs  [cilium/host-routing]",
    nearMiss: { ...kind, cilium: { kubeProxyReplacement: false } },
  },
  {
    row: 21,
    title: "kube-proxy kept on AKS while Cilium replaces it [S1-07]",
    stack: aks,
    text:
      "Pulumi.test.yaml › cilium.kubeProxyReplacement: kube-proxy keeps running beside Cilium's replacement\n" +
      "  expected one of the two; both together work, and Cilium tests AKS that way  [cilium/kube-proxy-beside]",
    nearMiss: { ...aks, cilium: { kubeProxyReplacement: false } },
  },
];
