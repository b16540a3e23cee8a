/** Cases of rows 61 to 66: policy bundles and what they need. */
import { aks, bundle, existing, kind, own, type MatrixCase } from "./case.ts";

const egress = { bundles: [bundle("egress-gateway", "egressGateway")] };
const pool = { cilium: { egressGateway: true }, aks: { egressPool: { enabled: true } } };

/** Nothing is created. */
export const bundlesRefused: readonly MatrixCase[] = [
  {
    row: 61,
    title: "the egress gateway's bundle without the egress gateway [S0-14]",
    stack: kind,
    more: egress,
    text:
      "Pulumi.test.yaml › cilium.egressGateway: `false`, but the bundle `egress-gateway` leads pods through it\n" +
      "  expected `cilium.egressGateway: true` with `cilium.kubeProxyReplacement: true`, or no such bundle  [cilium/egress-bundle-without-gateway]",
    nearMiss: { ...kind, cilium: { egressGateway: true } },
  },
  {
    row: 62,
    title: "the egress gateway's bundle on AKS without an egress pool [S0-22]",
    stack: { ...aks, cilium: { egressGateway: true } },
    more: egress,
    text:
      "Pulumi.test.yaml › aks.egressPool.enabled: `false`, so no node is an egress gateway, and what should leave through one would be dropped\n" +
      "  expected `true` with the bundle `egress-gateway`  [cilium/egress-bundle-without-nodes]",
    nearMiss: { ...aks, ...pool },
  },
  {
    row: 63,
    title: "pools without LB-IPAM [S4-04]",
    stack: kind,
    more: { bundles: [bundle("load-balancer", "lbIpam")] },
    text:
      "Pulumi.test.yaml › cilium.lbIpam: `false`, but the bundle `load-balancer` hands out addresses\n" +
      "  expected `cilium.lbIpam: true`, or no such bundle  [cilium/pools-without-ipam]",
    nearMiss: { ...kind, cilium: { lbIpam: true } },
  },
  {
    row: 64,
    title: "addresses announced by ARP without L2 announcements [S4-06]",
    stack: { ...kind, cilium: { lbIpam: true } },
    more: { bundles: [bundle("load-balancer", "lbIpam", "l2Announcements")] },
    text:
      "Pulumi.test.yaml › cilium.l2Announcements: `false`, but the bundle `load-balancer` announces them by ARP\n" +
      "  expected `cilium.l2Announcements: true`, or no such bundle  [cilium/announcements-off]",
    nearMiss: { ...kind, cilium: { lbIpam: true, l2Announcements: true } },
  },
  {
    row: 64,
    title: "addresses announced by BGP without its control plane [S4-08]",
    stack: { ...kind, cilium: { lbIpam: true, l2Announcements: true } },
    more: { bundles: [bundle("load-balancer", "lbIpam", "bgp")] },
    text:
      "Pulumi.test.yaml › cilium.bgp: `false`, but the bundle `load-balancer` announces them by BGP\n" +
      "  expected `cilium.bgp: true`, or no such bundle  [cilium/announcements-off]",
    nearMiss: { ...kind, cilium: { lbIpam: true, bgp: true } },
  },
  {
    row: 66,
    title: "agents that let every policy isolate",
    stack: { ...kind, ...own({ enableNonDefaultDenyPolicies: false }) },
    text:
      "Pulumi.test.yaml › cilium.values.enableNonDefaultDenyPolicies: `false`, so policies that are to isolate nobody would\n" +
      "  expected `true`, as the chart has it  [cilium/every-policy-isolates]",
    nearMiss: { ...kind, ...own({ enableNonDefaultDenyPolicies: true }) },
  },
];

/** Told, and allowed. */
export const bundlesWarned: readonly MatrixCase[] = [
  {
    row: 62,
    title: "the egress gateway's bundle on nodes that others label [S0-22]",
    stack: existing({ kubeProxy: "removed" }, { egressGateway: true }),
    more: egress,
    text:
      "Pulumi.test.yaml › policies.bundles: the nodes are not ours to label, and without a labelled one what should leave through the egress gateway is dropped\n" +
      "  expected the label `egress-gateway=true` on a node\n" +
      "  fix: kubectl label node NAME egress-gateway=true  [cilium/egress-bundle-without-nodes]",
  },
  {
    row: 65,
    title: "agents that only audit [S0-38]",
    stack: { ...kind, ...own({ policyAuditMode: true }) },
    text:
      "Pulumi.test.yaml › cilium.values.policyAuditMode: `true`, so no policy is enforced and no promise kept\n" +
      "  expected agents that enforce policies; to try a bundle, `policies.observe`  [cilium/policies-not-enforced]",
    nearMiss: { ...kind, ...own({ policyAuditMode: false }) },
  },
  {
    row: 65,
    title: "agents that enforce nothing",
    stack: { ...kind, ...own({ policyEnforcementMode: "never" }) },
    text:
      "Pulumi.test.yaml › cilium.values.policyEnforcementMode: `never`, so no policy is enforced and no promise kept\n" +
      "  expected agents that enforce policies; to try a bundle, `policies.observe`  [cilium/policies-not-enforced]",
    nearMiss: { ...kind, ...own({ policyEnforcementMode: "always" }) },
  },
];
