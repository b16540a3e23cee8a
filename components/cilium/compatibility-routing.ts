/** Rows 1 to 3 and 8 to 11: routing and who hands out pod addresses. */
import { contains, isIpv4Range } from "../settings/ipv4.ts";
import { orList } from "../settings/formats.ts";
import { type Case, mustBe, type Objection, refuse, type Row, shown } from "./compatibility-row.ts";
import { routingOf } from "./routing.ts";

export const routingRows: readonly Row[] = [
  {
    row: 1,
    name: "routing-on-target",
    combination: "a routing mode that the target's network cannot carry: `native` on AKS",
    consequence: "the chart stops, but only while `aksbyocni.enabled` is set",
    answer: "refuse",
    note: "Unset, the mode is what the target does best. The flag itself follows from the target.",
    check: (the) => {
      const mode = the.value("routingMode");
      const { target, routing, aksByoCni } = the.facts;
      const carried = routing.some((possible) => possible === mode);
      const impossible = isMode(mode) && !carried;
      const where = the.at("routingMode", "cilium.routing");
      return [
        ...(impossible
          ? [
              refuse(
                where,
                `the network of target \`${target}\` cannot carry it, got \`${mode}\``,
                orList(routing),
                "remove it: unset, the target's own mode is taken",
              ),
            ]
          : []),
        ...(the.isOn("aksbyocni.enabled") === aksByoCni
          ? []
          : mustBe(the, "aksbyocni.enabled", {
              value: aksByoCni,
              from: `the target \`${target}\``,
              setting: "target",
            })),
      ];
    },
  },
  {
    row: 2,
    name: "ipam",
    combination: "an IPAM mode that the target does not have: kind's `kubernetes` on AKS",
    consequence: "the key `ipam` vanishes from Cilium's configuration and the agent takes its own default",
    answer: "derive",
    note: "The mode follows from the target and the pool is the cluster's pod range.",
    check: (the) => [
      ...mustBe(the, "ipam.mode", {
        value: the.facts.ipam,
        from: `the target \`${the.facts.target}\``,
        setting: "target",
      }),
      ...pool(the),
      ...["eni", "alibabacloud"]
        .filter((cloud) => the.isOn(`${cloud}.enabled`))
        .map((cloud) =>
          refuse(the.at(`${cloud}.enabled`, "target"), "would replace the IPAM mode", "it to be absent", "remove it"),
        ),
    ],
  },
  {
    row: 3,
    name: "azure-ipam",
    combination: "AKS bring-your-own-CNI with Azure's own IPAM (`azure.*`)",
    consequence: "unsupported together",
    answer: "refuse",
    check: (the) =>
      the.isOn("azure.enabled")
        ? [
            refuse(
              the.at("azure.enabled", "target"),
              "Azure's own IPAM is not offered",
              "`azure` to be absent",
              "remove it",
            ),
          ]
        : [],
  },
  {
    row: 8,
    name: "native-cidr",
    combination: "native routing without the range that is routed natively",
    consequence: "the agent stops at start",
    answer: "derive",
    note: "The range is the cluster's pod range.",
    check: (the) => {
      if (the.routing === "tunnel" || !the.says("ipv4NativeRoutingCIDR")) return [];
      const cidr = the.value("ipv4NativeRoutingCIDR");
      if (typeof cidr === "string" && isIpv4Range(cidr) && contains(cidr, the.facts.podCidr)) return [];
      return [
        refuse(
          the.at("ipv4NativeRoutingCIDR", "cilium.routing"),
          `does not hold the pods, got \`${shown(cidr)}\``,
          `a range around \`${the.facts.podCidr}\``,
          "remove it: the pod range is taken",
        ),
      ];
    },
  },
  {
    row: 9,
    name: "direct-routes-in-tunnel",
    combination: "`autoDirectNodeRoutes` with tunnel routing",
    consequence: "the agent stops at start",
    answer: "derive",
    note: "On with native routing, off with tunnel.",
    check: (the) =>
      the.routing === "tunnel" && the.says("autoDirectNodeRoutes") && the.isOn("autoDirectNodeRoutes")
        ? [
            refuse(
              the.at("autoDirectNodeRoutes", "cilium.routing"),
              "there are no direct routes in a tunnel, got `true`",
              "`false` with tunnel routing",
              "remove it: it follows from `cilium.routing`",
            ),
          ]
        : [],
  },
  {
    row: 10,
    name: "skip-unreachable",
    combination: "`directRoutingSkipUnreachable` without `autoDirectNodeRoutes`",
    consequence: "the agent stops at start",
    answer: "refuse",
    check: (the) =>
      the.isOn("directRoutingSkipUnreachable") && !the.isOn("autoDirectNodeRoutes")
        ? [
            refuse(
              the.at("directRoutingSkipUnreachable", "cilium.routing"),
              "there are no direct routes to skip, got `true`",
              "`autoDirectNodeRoutes` to be on",
              "remove it",
            ),
          ]
        : [],
  },
  {
    row: 11,
    name: "routing-word",
    combination: "a routing mode with any other word, `hybrid` included",
    consequence: "the chart passes every word",
    answer: "refuse",
    note: "`native` or `tunnel`. `hybrid` is a real third mode that we do not offer.",
    check: (the) => {
      const mode = the.value("routingMode");
      const where = the.at("routingMode", "cilium.routing");
      if (!isMode(mode)) return [refuse(where, `unknown word, got \`${shown(mode)}\``, orList(["native", "tunnel"]))];
      const decided = routingOf(the.settings, the.facts);
      return mode === decided || !the.facts.routing.includes(mode)
        ? []
        : [
            refuse(
              where,
              `contradicts \`cilium.routing\`, got \`${mode}\``,
              `\`${decided}\``,
              `set \`cilium.routing: ${mode}\`, from which more than one value follows`,
            ),
          ];
    },
  },
];

function isMode(word: unknown): word is "native" | "tunnel" {
  return word === "native" || word === "tunnel";
}

function pool(the: Case): readonly Objection[] {
  if (the.facts.ipam !== "cluster-pool") return [];
  const path = "ipam.operator.clusterPoolIPv4PodCIDRList";
  return mustBe(the, path, {
    value: the.facts.podCidr,
    from: "the cluster's pod range",
    setting: `${the.facts.target}.podCidr`,
  });
}
