/** Rows 4 to 7 and 12 to 23: kube-proxy, its replacement and load balancing. */
import { flagValue } from "./agent-flags.ts";
import { type Case, mustBe, type Objection, refuse, type Row, shown, warn } from "./compatibility-row.ts";

const replacement = "cilium.kubeProxyReplacement";

export const kubeProxyRows: readonly Row[] = [
  {
    row: 4,
    name: "replacement-word",
    combination: "`kubeProxyReplacement` other than true or false (`strict`, `partial`)",
    consequence: "the chart stops; empty means false",
    answer: "refuse",
    check: (the) => {
      const value = the.value("kubeProxyReplacement");
      return isSwitch(value)
        ? []
        : [
            refuse(
              the.at("kubeProxyReplacement", replacement),
              `unknown word, got \`${shown(value)}\``,
              "`true` or `false`",
            ),
          ];
    },
  },
  {
    row: 5,
    name: "api-server",
    combination: "kube-proxy replaced, and nobody knows where the API server is",
    consequence: "the agent cannot reach the API server",
    answer: "derive",
    note: "Host and port follow from the target; on `existing` they are settings, and missing ones are refused.",
    check: (the) => {
      if (!the.kubeProxyReplacement) return [];
      const { apiServer } = the.facts;
      if (apiServer.kind === "unknown") {
        return [
          refuse(
            `${the.file} › existing.apiServerHost`,
            "is missing, and without kube-proxy nothing else leads to the API server",
            "the host name or address by which nodes reach the API server",
          ),
        ];
      }
      return ["k8sServiceHost", "k8sServicePort"].flatMap((path) => contradictedAddress(the, path));
    },
  },
  {
    row: 6,
    name: "api-server-auto",
    combination: "`k8sServiceHost: auto`",
    consequence: "the chart asks the API server while rendering, and stops where there is none",
    answer: "refuse",
    check: (the) =>
      the.value("k8sServiceHost") === "auto"
        ? [
            refuse(
              the.at("k8sServiceHost", "existing.apiServerHost"),
              "needs a running API server while rendering, got `auto`",
              "a host name or an address",
            ),
          ]
        : [],
  },
  {
    row: 7,
    name: "api-server-ref",
    combination: "`k8sServiceHost` and `k8sServiceHostRef` both set",
    consequence: "the chart stops",
    answer: "not offered",
    check: (the) =>
      the.isOn("k8sServiceHostRef.name") || the.isOn("k8sServiceHostRef.key")
        ? [
            refuse(
              the.at("k8sServiceHostRef", "target"),
              "is a second source of the API server's address",
              "it to be absent",
              "remove it",
            ),
          ]
        : [],
  },
  {
    row: 12,
    name: "no-conntrack",
    combination:
      "`installNoConntrackIptablesRules` with tunnel routing, without IPv4, beside kube-proxy or on managed Kubernetes",
    consequence: "the agent stops at start, or Services break",
    answer: "derive",
    note: "On with native routing where Cilium replaces kube-proxy on nodes of our own, else off.",
    check: (the) => {
      const possible =
        the.kubeProxyReplacement &&
        the.routing === "native" &&
        the.facts.kubeProxy === "follows" &&
        the.isOn("ipv4.enabled", "on");
      const path = "installNoConntrackIptablesRules";
      if (possible || !the.says(path) || !the.isOn(path)) return [];
      return [
        refuse(
          the.at(path, replacement),
          "needs native routing, IPv4 and no kube-proxy on nodes of our own, got `true`",
          "`false`",
          "remove it: it follows from `cilium.kubeProxyReplacement` and routing",
        ),
      ];
    },
  },
  {
    row: 13,
    name: "iptables-rules",
    combination: "replacement or BPF masquerading with the iptables rules switched off",
    consequence: "the agent stops; the switch is no value of the chart, so `installIptablesRules` is ignored",
    answer: "not offered",
    check: (the) => [
      ...(the.value("installIptablesRules") === undefined
        ? []
        : [
            refuse(
              the.at("installIptablesRules", replacement),
              "is no value of the chart and would be ignored",
              "it to be absent",
              "remove it",
            ),
          ]),
      ...flagValue(the, "install-iptables-rules").map(({ place }) =>
        refuse(
          place,
          "kube-proxy replacement and the L7 proxy cannot work without the iptables rules",
          "the flag to be absent",
          "remove it",
        ),
      ),
    ],
  },
  {
    row: 14,
    name: "masquerade-needs-replacement",
    combination: "`bpf.masquerade` without kube-proxy replacement",
    consequence: "works in code, but Cilium documents that it depends on BPF NodePort",
    answer: "refuse",
    check: (the) => {
      if (the.kubeProxyReplacement) return [];
      const expected = "it to be off, or `cilium.kubeProxyReplacement: true`";
      return [
        ...(the.says("bpf.masquerade") && the.isOn("bpf.masquerade")
          ? [refuse(the.at("bpf.masquerade", replacement), "depends on kube-proxy replacement, got `true`", expected)]
          : []),
        ...(["1.8", "1.9"].includes(String(the.value("upgradeCompatibility")))
          ? [
              refuse(
                the.at("upgradeCompatibility", replacement),
                "would switch `bpf.masquerade` on, which depends on kube-proxy replacement",
                "1.10 or later",
              ),
            ]
          : []),
      ];
    },
  },
  {
    row: 15,
    name: "host-routing",
    combination: "BPF host routing wanted without replacement or without `bpf.masquerade`",
    consequence: "Cilium falls back to legacy host routing with an info line",
    answer: "derive",
    note: "`bpf.masquerade` is on exactly with the replacement. Asking otherwise is told.",
    check: (the) => {
      if (the.kubeProxyReplacement && the.isOn("bpf.masquerade")) return [];
      const wanted = the.value("bpf.hostLegacyRouting") === false;
      const path = wanted ? "bpf.hostLegacyRouting" : "bpf.masquerade";
      if (!the.kubeProxyReplacement && !wanted) return [];
      return [
        warn(
          the.at(path, replacement),
          "Cilium falls back to legacy host routing",
          "kube-proxy replacement with `bpf.masquerade`, which BPF host routing needs",
        ),
      ];
    },
  },
  {
    row: 16,
    name: "load-balancer-mode",
    combination: "DSR or hybrid load balancing in tunnel mode without Geneve dispatch; Geneve dispatch with VXLAN",
    consequence: "the agent stops at start",
    answer: "refuse",
    note: "The default is SNAT. Where nothing stands against it, `loadBalancer.mode` may be set in `cilium.values`.",
    check: loadBalancerMode,
  },
  {
    row: 17,
    name: "netkit",
    combination: "netkit without `bpf.masquerade`, or with `bpf.tproxy`",
    consequence: "the agent or the chart stops",
    answer: "not offered",
    check: (the) => {
      const mode = the.value("bpf.datapathMode");
      return String(mode).startsWith("netkit")
        ? [
            refuse(
              the.at("bpf.datapathMode", replacement),
              `netkit is not offered, got \`${shown(mode)}\``,
              "`veth`",
              "remove it",
            ),
          ]
        : [];
    },
  },
  {
    row: 18,
    name: "replacement-contradicted",
    combination: "kind's kube-proxy mode and `kubeProxyReplacement` disagree",
    consequence: "no Service works, or two NAT tables do not know each other",
    answer: "derive",
    note: "One setting drives both.",
    check: (the) =>
      isSwitch(the.value("kubeProxyReplacement"))
        ? mustBe(the, "kubeProxyReplacement", {
            value: the.settings.cilium.kubeProxyReplacement,
            from: "`cilium.kubeProxyReplacement`",
            setting: replacement,
          })
        : [],
  },
  {
    row: 19,
    name: "no-load-balancing",
    combination: "kube-proxy removed and not replaced",
    consequence: "a cluster without any Service load balancing",
    answer: "refuse",
    check: (the) =>
      the.facts.kubeProxy === "removed" && !the.kubeProxyReplacement
        ? [
            refuse(
              the.at("kubeProxyReplacement", replacement),
              "kube-proxy is removed and nothing replaces it, so no Service would work",
              `\`true\` with \`${the.facts.target}.kubeProxy: removed\``,
            ),
          ]
        : [],
  },
  {
    row: 20,
    name: "aks-network-plugin",
    combination: "AKS's kube-proxy switch with a network plugin other than none, or with AKS Automatic",
    consequence: "Azure refuses",
    answer: "refuse",
    note: "The plugin is always `none`, and the settings do not know Automatic.",
  },
  {
    row: 21,
    name: "kube-proxy-beside",
    combination: "kube-proxy kept while Cilium replaces it",
    consequence: "works, with both present",
    answer: "warn",
    note: "Allowed: Cilium's own AKS tests run it. Removing kube-proxy on AKS is a separate opt-in, `aks.kubeProxy`.",
    check: (the) =>
      the.facts.kubeProxy === "kept" && the.kubeProxyReplacement
        ? [
            warn(
              the.at("kubeProxyReplacement", replacement),
              "kube-proxy keeps running beside Cilium's replacement",
              "one of the two; both together work, and Cilium tests AKS that way",
            ),
          ]
        : [],
  },
  {
    row: 22,
    name: "sctp",
    combination: "SCTP with kube-proxy replacement, BPF masquerading or the egress gateway",
    consequence: "unsupported; and a Service's target port must equal its port",
    answer: "refuse",
    check: (the) => {
      if (!the.isOn("sctp.enabled")) return [];
      const against = [
        ...(the.kubeProxyReplacement ? ["kube-proxy replacement"] : []),
        ...(the.isOn("bpf.masquerade") ? ["BPF masquerading"] : []),
        ...(the.isOn("egressGateway.enabled") ? ["the egress gateway"] : []),
      ];
      if (against.length === 0) return [];
      return [
        refuse(
          the.at("sctp.enabled", "cilium.sctp"),
          `SCTP does not work with ${andList(against)}`,
          "`cilium.kubeProxyReplacement: false` and no egress gateway, or no SCTP",
        ),
      ];
    },
  },
  {
    row: 23,
    name: "istio",
    combination: "kube-proxy replacement and Istio",
    consequence: "Istio no longer sees the address a pod connects to",
    answer: "document",
    note: "Set `socketLB.hostNamespaceOnly: true` in `cilium.values`.",
  },
];

/** "a", "a and b", "a, b and c". */
function andList(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
}

function isSwitch(value: unknown): boolean {
  return value === true || value === false || value === "true" || value === "false";
}

/** Judged by what the stack's own values say, because on Azure the derived host is known only later. */
function contradictedAddress(the: Case, path: string): readonly Objection[] {
  const { apiServer } = the.facts;
  const own = the.settings.cilium.values[path];
  if (own === undefined || own === "auto") return [];
  const derived = path === "k8sServiceHost" ? hostOf(apiServer) : portOf(apiServer);
  if (shown(own) === derived) return [];
  return [
    refuse(
      `${the.file} › cilium.values.${path}`,
      `follows from the target \`${the.facts.target}\`, got \`${shown(own)}\``,
      derived === undefined ? "the cluster's own name, known once it exists" : `\`${derived}\``,
      `remove \`${path}\``,
    ),
  ];
}

function hostOf(apiServer: Case["facts"]["apiServer"]): string | undefined {
  return apiServer.kind === "known" ? apiServer.host : undefined;
}

function portOf(apiServer: Case["facts"]["apiServer"]): string | undefined {
  return apiServer.kind === "unknown" ? undefined : String(apiServer.port);
}

function loadBalancerMode(the: Case): readonly Objection[] {
  const mode = the.value("loadBalancer.mode") ?? "snat";
  const dispatch = the.value("loadBalancer.dsrDispatch");
  const protocol = the.value("tunnelProtocol") ?? "vxlan";
  if (mode !== "snat" && mode !== "dsr" && mode !== "hybrid") {
    return [
      refuse(
        the.at("loadBalancer.mode", replacement),
        `unknown word, got \`${shown(mode)}\``,
        "`snat`, `dsr` or `hybrid`",
      ),
    ];
  }
  if (dispatch === "geneve" && protocol !== "geneve") {
    return [
      refuse(
        the.at("loadBalancer.dsrDispatch", replacement),
        `Geneve dispatch needs \`tunnelProtocol: geneve\`, got \`${shown(protocol)}\``,
        "another dispatch, or Geneve tunnels",
      ),
    ];
  }
  if (the.routing === "tunnel" && mode !== "snat" && dispatch !== "geneve") {
    return [
      refuse(
        the.at("loadBalancer.mode", replacement),
        `needs Geneve dispatch in tunnel mode, got \`${mode}\``,
        "`snat`, or `dsrDispatch: geneve` with `tunnelProtocol: geneve`",
      ),
    ];
  }
  return [];
}
