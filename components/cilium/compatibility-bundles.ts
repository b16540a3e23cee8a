/** Rows 61 to 66: policy bundles whose objects need a feature of Cilium, or somebody to stand for them and enforce them. */
import type { BundleFeature } from "../../policies/bundle.ts";
import { egressGatewayLabel, present } from "../../policies/names.ts";
import { type Case, type Objection, refuse, type Row, warn } from "./compatibility-row.ts";

export const bundleRows: readonly Row[] = [
  {
    row: 61,
    name: "egress-bundle-without-gateway",
    combination: "the policy bundle `egress-gateway` with the egress gateway off",
    consequence: "the API server does not know its kind, and `up` ends halfway",
    answer: "refuse",
    check: (the) =>
      the.bundlesThatNeed("egressGateway").length > 0 && !the.isOn("egressGateway.enabled")
        ? [
            refuse(
              the.at("egressGateway.enabled", "cilium.egressGateway"),
              `\`false\`, but the bundle \`${the.bundlesThatNeed("egressGateway").join("`, `")}\` leads pods through it`,
              "`cilium.egressGateway: true` with `cilium.kubeProxyReplacement: true`, or no such bundle",
            ),
          ]
        : [],
  },
  {
    row: 62,
    name: "egress-bundle-without-nodes",
    combination: "the policy bundle `egress-gateway` where no node has its label",
    consequence: "Cilium drops what should leave through the gateway",
    answer: "refuse or warn",
    note: "The stack labels a node of kind and kwok itself. AKS labels its egress pool. On other clusters it is told.",
    check: (the) => (the.bundlesThatNeed("egressGateway").length === 0 ? [] : unlabelled(the)),
  },
  {
    row: 63,
    name: "pools-without-ipam",
    combination: "the policy bundle `load-balancer` with LB-IPAM off",
    consequence: "the pools are there, and no Service ever gets an address",
    answer: "refuse",
    check: (the) => switchedOff(the, "lbIpam", "enableLBIPAM", "hands out addresses"),
  },
  {
    row: 64,
    name: "announcements-off",
    combination: "the policy bundle `load-balancer` that announces by ARP or BGP with that feature off",
    consequence: "ARP: nothing is announced, and nobody says so. BGP: the API server does not know its kinds",
    answer: "refuse",
    note: "ARP needs the replacement of kube-proxy besides: row 29.",
    check: (the) => [
      ...switchedOff(the, "l2Announcements", "l2announcements.enabled", "announces them by ARP"),
      ...switchedOff(the, "bgp", "bgpControlPlane.enabled", "announces them by BGP"),
    ],
  },
  {
    row: 65,
    name: "policies-not-enforced",
    combination: "`policyAuditMode: true` or `policyEnforcementMode: never`",
    consequence: "no policy at all is enforced, and every promise is proved all the same",
    answer: "warn",
    note: "`policies.observe` is the way to try a bundle.",
    check: (the) => [
      ...(the.isOn("policyAuditMode") ? [unenforced(the, "policyAuditMode", "true")] : []),
      ...(the.value("policyEnforcementMode") === "never" ? [unenforced(the, "policyEnforcementMode", "never")] : []),
    ],
  },
  {
    row: 66,
    name: "every-policy-isolates",
    combination: "`enableNonDefaultDenyPolicies: false`",
    consequence: "guardrails and observed bundles put whom they select into default deny, whatever they say",
    answer: "refuse",
    check: (the) =>
      the.isOn("enableNonDefaultDenyPolicies", "on")
        ? []
        : [
            refuse(
              the.at("enableNonDefaultDenyPolicies", "cilium.values"),
              "`false`, so policies that are to isolate nobody would",
              "`true`, as the chart has it",
            ),
          ],
  },
];

function unenforced(the: Case, path: string, got: string): Objection {
  return warn(
    the.at(path, "cilium.values"),
    `\`${got}\`, so no policy is enforced and no promise kept`,
    "agents that enforce policies; to try a bundle, `policies.observe`",
  );
}

/** Where announcements are pointless the bundle itself is refused, and switching them on would be no way out. */
function switchedOff(the: Case, feature: BundleFeature, path: string, does: string): readonly Objection[] {
  const needing = the.bundlesThatNeed(feature);
  if (needing.length === 0 || the.isOn(path) || the.facts.announcements === "pointless") return [];
  return [
    refuse(
      the.at(path, `cilium.${feature}`),
      `\`false\`, but the bundle \`${needing.join("`, `")}\` ${does}`,
      `\`cilium.${feature}: true\`, or no such bundle`,
    ),
  ];
}

function unlabelled({ file, facts, settings }: Case): readonly Objection[] {
  if (facts.egressNodes.length > 0) return [];
  if (facts.target === "aks") {
    return settings.aks.egressPool.enabled
      ? []
      : [
          refuse(
            `${file} › aks.egressPool.enabled`,
            "`false`, so no node is an egress gateway, and what should leave through one would be dropped",
            "`true` with the bundle `egress-gateway`",
          ),
        ];
  }
  return [
    warn(
      `${file} › policies.bundles`,
      "the nodes are not ours to label, and without a labelled one what should leave through the egress gateway is dropped",
      `the label \`${egressGatewayLabel}=${present}\` on a node`,
      `kubectl label node NAME ${egressGatewayLabel}=${present}`,
    ),
  ];
}
