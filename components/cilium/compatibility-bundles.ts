/** Rows 61 and 62: policy bundles whose objects need a feature of Cilium, or somebody to stand for them. */
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
];

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
