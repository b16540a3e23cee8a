/** Rows 24 to 35: egress gateway, announcements and Cilium's own Gateway API. */
import { valueAt } from "../helm-values.ts";
import { type Case, type Objection, refuse, type Row, shown } from "./compatibility-row.ts";

const egress = "cilium.egressGateway";

export const featureRows: readonly Row[] = [
  {
    row: 24,
    name: "egress-masquerade",
    combination: "egress gateway without `bpf.masquerade`, or with IPv4 masquerading off",
    consequence: "the agent stops at start",
    answer: "refuse",
    note: "`bpf.masquerade` follows from kube-proxy replacement.",
    check: (the) => {
      if (!hasEgressGateway(the)) return [];
      return [
        // Without the replacement row 26 speaks: masquerading follows from it.
        ...(the.kubeProxyReplacement && !the.isOn("bpf.masquerade")
          ? [
              refuse(
                the.at("bpf.masquerade", egress),
                "the egress gateway needs it, got `false`",
                "`bpf.masquerade: true`",
              ),
            ]
          : []),
        ...(the.isOn("enableIPv4Masquerade", "on")
          ? []
          : [refuse(the.at("enableIPv4Masquerade", egress), "the egress gateway needs it, got `false`", "`true`")]),
      ];
    },
  },
  {
    row: 25,
    name: "egress-endpoint-slice",
    combination: "egress gateway with CiliumEndpointSlice",
    consequence: "the agent stops at start",
    answer: "refuse",
    check: (the) =>
      hasEgressGateway(the) && the.isOn("ciliumEndpointSlice.enabled")
        ? [
            refuse(
              the.at("ciliumEndpointSlice.enabled", egress),
              "does not work with the egress gateway, got `true`",
              "one of the two",
            ),
          ]
        : [],
  },
  {
    row: 26,
    name: "egress-needs-replacement",
    combination: "egress gateway without kube-proxy replacement",
    consequence: "documented as required, enforced nowhere",
    answer: "refuse",
    check: (the) =>
      hasEgressGateway(the) && !the.kubeProxyReplacement
        ? [
            refuse(
              the.at("egressGateway.enabled", egress),
              "the egress gateway needs kube-proxy replacement",
              "`cilium.kubeProxyReplacement: true`, or no egress gateway",
            ),
          ]
        : [],
  },
  {
    row: 27,
    name: "identity-crd",
    combination: "identities kept elsewhere than in CRDs; egress gateway without IPv4 underneath",
    consequence: "the agent stops at start",
    answer: "fix value",
    note: "`identityAllocationMode` is always `crd`, and the platform is IPv4.",
    check: (the) => {
      const mode = the.value("identityAllocationMode");
      return [
        ...(mode === "crd"
          ? []
          : [
              refuse(
                the.at("identityAllocationMode", egress),
                `is always \`crd\`, got \`${shown(mode)}\``,
                "`crd`",
                "remove it",
              ),
            ]),
        ...(the.isOn("ipv4.enabled", "on")
          ? []
          : [
              refuse(
                the.at("ipv4.enabled", egress),
                "the platform's ranges are IPv4, got `false`",
                "`true`",
                "remove it",
              ),
            ]),
        ...(hasEgressGateway(the) && the.value("underlayProtocol") === "ipv6"
          ? [
              refuse(
                the.at("underlayProtocol", egress),
                "the egress gateway needs IPv4 between nodes, got `ipv6`",
                "`ipv4`",
              ),
            ]
          : []),
      ];
    },
  },
  {
    row: 28,
    name: "egress-cluster-mesh",
    combination: "egress gateway with Cluster Mesh",
    consequence: "unsupported",
    answer: "refuse",
    check: (the) =>
      hasEgressGateway(the)
        ? clusterMesh(the).map((where) => refuse(where, "does not work with the egress gateway", "one of the two"))
        : [],
  },
  {
    row: 29,
    name: "l2-needs-replacement",
    combination: "L2 announcements without kube-proxy replacement",
    consequence: "nothing is announced, and nobody says so",
    answer: "refuse",
    check: (the) =>
      hasL2(the) && !the.kubeProxyReplacement
        ? [
            refuse(
              the.at("l2announcements.enabled", "cilium.l2Announcements"),
              "L2 announcements do nothing without kube-proxy replacement",
              "`cilium.kubeProxyReplacement: true`, or no L2 announcements",
            ),
          ]
        : [],
  },
  {
    row: 30,
    name: "l2-local-service",
    combination: "L2 announcements and a Service with `externalTrafficPolicy: Local`",
    consequence: "unsupported: the announcing node may have no such pod",
    answer: "refuse",
    note: "Judged for the Services we create; `Cluster` is taken where L2 announcements are on.",
    check: (the) => (hasL2(the) ? localServices(the) : []),
  },
  {
    row: 31,
    name: "announcements-on-target",
    combination: "L2 announcements, BGP or LB-IPAM pools on AKS",
    consequence: "pointless: no ARP, and the cloud hands out the addresses",
    answer: "refuse",
    check: (the) => (the.facts.announcements === "possible" ? [] : pointless(the)),
  },
  {
    row: 32,
    name: "gateway-needs-replacement",
    combination: "Cilium's Gateway API without kube-proxy replacement",
    consequence: "the operator warns and switches it off",
    answer: "refuse",
    check: (the) =>
      the.isOn("gatewayAPI.enabled") && !the.kubeProxyReplacement
        ? [
            refuse(
              the.at("gatewayAPI.enabled", "gateway.enabled"),
              "needs kube-proxy replacement, got `true`",
              "`cilium.kubeProxyReplacement: true`, or no Gateway API of Cilium's",
            ),
          ]
        : [],
  },
  {
    row: 33,
    name: "envoy-needs-l7-proxy",
    combination: "Cilium's Gateway API, ingress controller or Envoy load balancing with `l7Proxy: false`",
    consequence: "the chart stops",
    answer: "refuse",
    check: (the) => {
      if (the.isOn("l7Proxy", "on")) return [];
      const users = [
        ...["gatewayAPI.enabled", "ingressController.enabled"].filter((path) => the.isOn(path)),
        ...(the.value("loadBalancer.l7.backend") === "envoy" ? ["loadBalancer.l7.backend"] : []),
      ];
      return users.map((path) =>
        refuse(the.at(path, "gateway.enabled"), "needs the L7 proxy, which is off", "`l7Proxy: true`"),
      );
    },
  },
  {
    row: 34,
    name: "traffic-policy-word",
    combination: "Cilium's Gateway API or ingress with an `externalTrafficPolicy` other than Cluster or Local",
    consequence: "the chart stops",
    answer: "refuse",
    check: (the) =>
      (
        [
          ["gatewayAPI.enabled", "gatewayAPI.externalTrafficPolicy"],
          ["ingressController.enabled", "ingressController.service.externalTrafficPolicy"],
        ] as const
      ).flatMap(([feature, path]) => {
        const policy = the.value(path) ?? "Cluster";
        if (!the.isOn(feature) || policy === "Cluster" || policy === "Local") return [];
        return [
          refuse(the.at(path, "gateway.enabled"), `unknown word, got \`${shown(policy)}\``, "`Cluster` or `Local`"),
        ];
      }),
  },
  {
    row: 35,
    name: "two-gateways",
    combination: "Cilium's Gateway API beside NGINX Gateway Fabric",
    consequence: "both run, but want different Gateway API CRDs, and Cilium's changes how all Services are reached",
    answer: "refuse",
    check: (the) =>
      the.isOn("gatewayAPI.enabled") && the.settings.gateway.enabled
        ? [
            refuse(
              the.at("gatewayAPI.enabled", "gateway.enabled"),
              "NGINX Gateway Fabric has the Gateway API, with other CRDs",
              "one of the two",
              "remove it, or set `gateway.enabled: false`",
            ),
          ]
        : [],
  },
];

function hasEgressGateway(the: Case): boolean {
  return the.isOn("egressGateway.enabled");
}

function hasL2(the: Case): boolean {
  return the.isOn("l2announcements.enabled");
}

/** Where the stack asks for Cluster Mesh. */
export function clusterMesh(the: Case): readonly string[] {
  return ["clustermesh.useAPIServer", "clustermesh.config.enabled", "clustermesh.config.clusters"]
    .filter((path) => the.isOn(path))
    .slice(0, 1)
    .map((path) => the.at(path, "cilium.values"));
}

function localServices(the: Case): readonly Objection[] {
  const { gateway, argocd } = the.settings;
  const services = [
    { addOn: "gateway", enabled: gateway.enabled, values: gateway.values, path: "nginx.service.externalTrafficPolicy" },
    { addOn: "argocd", enabled: argocd.enabled, values: argocd.values, path: "server.service.externalTrafficPolicy" },
  ];
  return services
    .filter(({ enabled, values, path }) => enabled && valueAt(values, path) === "Local")
    .map(({ addOn, path }) =>
      refuse(
        `${the.file} › ${addOn}.values.${path}`,
        "L2 announcements may answer on a node without such a pod, got `Local`",
        "`Cluster` with `cilium.l2Announcements`",
      ),
    );
}

function pointless(the: Case): readonly Objection[] {
  const { target } = the.facts;
  const features = [
    { path: "l2announcements.enabled", setting: "cilium.l2Announcements" },
    { path: "bgpControlPlane.enabled", setting: "cilium.bgp" },
    { path: "enableLBIPAM", setting: "cilium.lbIpam" },
  ];
  return features
    .filter(({ path }) => the.isOn(path))
    .map(({ path, setting }) =>
      refuse(
        the.at(path, setting),
        `is pointless on target \`${target}\`, whose network takes no announcements of ours`,
        "`false`",
        target === "existing" ? "if the network does take them, set `existing.announcements: possible`" : undefined,
      ),
    );
}
