/** Rows 36 to 46: Hubble, monitoring, proxies and the values themselves. */
import * as v from "valibot";

import { buildsImages } from "../built-images.ts";
import { clusterName } from "../settings/formats.ts";
import { agentFlags } from "./agent-flags.ts";
import { type Case, type Objection, refuse, type Row, shown, warn } from "./compatibility-row.ts";
import { chartWrites } from "./known-values.ts";

const monitors = [
  { component: "prometheus", monitor: "prometheus.serviceMonitor.enabled" },
  { component: "operator.prometheus", monitor: "operator.prometheus.serviceMonitor.enabled" },
  { component: "envoy.prometheus", monitor: "envoy.prometheus.serviceMonitor.enabled" },
  { component: "hubble.relay.prometheus", monitor: "hubble.relay.prometheus.serviceMonitor.enabled" },
  { component: "hubble.metrics", monitor: "hubble.metrics.serviceMonitor.enabled" },
] as const;

export const valueRows: readonly Row[] = [
  {
    row: 36,
    name: "hubble-chain",
    combination: "Hubble's UI without relay, or relay without Hubble",
    consequence: "the chart stops",
    answer: "derive",
    note: "The UI brings the relay along; without Hubble both are off, and a UI asked for in vain is told.",
    check: (the) => [
      ...(the.isOn("hubble.ui.enabled") &&
      !the.isOn("hubble.relay.enabled") &&
      !the.isOn("hubble.ui.standalone.enabled")
        ? [
            refuse(
              the.at("hubble.relay.enabled", "cilium.hubble.relay"),
              "the UI needs the relay, got `false`",
              "`true` with `hubble.ui`",
            ),
          ]
        : []),
      ...(the.isOn("hubble.relay.enabled") && !the.isOn("hubble.enabled", "on")
        ? [
            refuse(
              the.at("hubble.enabled", "cilium.hubble.enabled"),
              "the relay needs Hubble, got `false`",
              "`true` with the relay",
            ),
          ]
        : []),
      ...(the.settings.cilium.hubble.ui && !the.settings.cilium.hubble.enabled
        ? [
            warn(
              `${the.file} › cilium.hubble.ui`,
              "has no effect while Hubble is off",
              "`cilium.hubble.enabled: true` with the UI",
            ),
          ]
        : []),
    ],
  },
  {
    row: 37,
    name: "certmanager-issuer",
    combination: "Hubble's certificates by cert-manager without `certManagerIssuerRef`",
    consequence: "the chart stops",
    answer: "refuse",
    check: (the) =>
      the.value("hubble.tls.auto.method") === "certmanager" && !the.isOn("hubble.tls.auto.certManagerIssuerRef")
        ? [
            refuse(
              the.at("hubble.tls.auto.method", "cilium.hubble.enabled"),
              "cert-manager needs an issuer, got `certmanager`",
              "`hubble.tls.auto.certManagerIssuerRef` beside it",
            ),
          ]
        : [],
  },
  {
    row: 38,
    name: "hubble-certificates",
    combination: "Hubble's certificates made by Helm (`hubble.tls.auto.method: helm`), or by an unknown method",
    consequence: "new certificates at every rendering and restarts without end; an unknown method makes none",
    answer: "fix value",
    note: "`cronJob`; `certmanager` may be set in `cilium.values`; `helm` where the job's image is not to be had (`kind.images: built`).",
    check: (the) => {
      const method = the.value("hubble.tls.auto.method");
      return method === "cronJob" || method === "certmanager" || (method === "helm" && buildsImages(the.settings))
        ? []
        : [
            refuse(
              the.at("hubble.tls.auto.method", "cilium.hubble.enabled"),
              `makes new certificates at every rendering or none at all, got \`${shown(method)}\``,
              "`cronJob` or `certmanager`",
              "remove it: `cronJob` is taken",
            ),
          ];
    },
  },
  {
    row: 39,
    name: "service-monitor-crds",
    combination: "service monitors without their CRDs in the API server",
    consequence: "the chart stops, unless it is told to trust that the CRDs exist",
    answer: "derive",
    note: "The trust is set with `observability.serviceMonitors`, and what must exist is told.",
    check: serviceMonitors,
  },
  {
    row: 40,
    name: "l7-proxy-iptables",
    combination: "the L7 proxy with iptables rules off and no `bpf.tproxy`",
    consequence: "the agent stops at start",
    answer: "not offered",
    note: "See row 13.",
  },
  {
    row: 41,
    name: "l7-rules-without-proxy",
    combination: "`l7Proxy: false` with a policy bundle that holds DNS, HTTP or FQDN rules",
    consequence: "the agent rejects those policies, one by one",
    answer: "refuse",
    check: (the) =>
      the.isOn("l7Proxy", "on") || the.bundlesThatNeed("l7Proxy").length === 0
        ? []
        : [
            refuse(
              the.at("l7Proxy", "policies.bundles"),
              `policies need the L7 proxy (${the.bundlesThatNeed("l7Proxy").join(", ")}), got \`${shown(the.value("l7Proxy"))}\``,
              "`true`, or other bundles",
            ),
          ],
  },
  {
    row: 42,
    name: "standalone-dns-proxy",
    combination: "`standaloneDnsProxy` without a proxy port",
    consequence: "the chart stops; the feature is alpha",
    answer: "not offered",
    check: (the) =>
      the.isOn("standaloneDnsProxy.enabled")
        ? [
            refuse(
              the.at("standaloneDnsProxy.enabled", "cilium.values"),
              "is alpha in Cilium and not offered, got `true`",
              "it to be absent",
              "remove it",
            ),
          ]
        : [],
  },
  {
    row: 43,
    name: "endpoint-crd",
    combination: "CiliumEndpointSlice with the endpoint CRD disabled",
    consequence: "the chart stops",
    answer: "not offered",
    check: (the) =>
      the.isOn("ciliumEndpointSlice.enabled") && the.isOn("disableEndpointCRD")
        ? [
            refuse(
              the.at("disableEndpointCRD", "cilium.values"),
              "CiliumEndpointSlice needs the endpoint CRD, got `true`",
              "`false`",
              "remove it",
            ),
          ]
        : [],
  },
  {
    row: 44,
    name: "node-taints",
    combination: "`operator.setNodeTaints` without `operator.removeNodeTaints`",
    consequence: "the chart stops",
    answer: "fix value",
    note: "Both stay at their defaults.",
    check: (the) =>
      the.isOn("operator.setNodeTaints") && !the.isOn("operator.removeNodeTaints", "on")
        ? [
            refuse(
              the.at("operator.removeNodeTaints", "cilium.values"),
              "taints that are set must be removed again, got `false`",
              "`true` with `operator.setNodeTaints`",
              "remove both",
            ),
          ]
        : [],
  },
  {
    row: 45,
    name: "cluster-name",
    combination: "a cluster name that is empty, longer than 32, in capitals; the name `default` with an id",
    consequence: "the chart stops",
    answer: "refuse",
    check: (the) => {
      const where = the.at("cluster.name", "clusterName");
      const name = the.value("cluster.name");
      const result = v.safeParse(clusterName, name);
      return [
        ...(result.issues ?? []).map(({ message }) =>
          refuse(where, `is no cluster name, got \`${shown(name)}\``, message, "set `platform:clusterName`"),
        ),
        ...(name === "default" && Number(the.value("cluster.id") ?? 0) !== 0
          ? [refuse(where, "a cluster with an id needs a name of its own, got `default`", "another name")]
          : []),
      ];
    },
  },
  {
    row: 46,
    name: "unknown-value",
    combination: "a mistyped key or word anywhere",
    consequence: "the chart accepts it and Cilium takes its default",
    answer: "refuse",
    note: "Settings are typed, keys the pinned chart does not know are refused with the nearest known one, and flags that the chart writes itself may not be said again past it.",
    check: (the) => [...enforcementMode(the), ...smuggledFlags(the)],
  },
];

function serviceMonitors(the: Case): readonly Objection[] {
  const on = monitors.filter(({ component, monitor }) => the.isOn(monitor) && the.isOn(`${component}.enabled`));
  if (on.length === 0) return [];
  const setting = "observability.serviceMonitors";
  if (!the.isOn("prometheus.serviceMonitor.trustCRDsExist")) {
    return on.map(({ monitor }) =>
      refuse(
        the.at(monitor, setting),
        "the chart does not trust that the CRD of service monitors exists",
        "`observability.serviceMonitors: true`, which says so",
      ),
    );
  }
  return [
    warn(
      `${the.file} › ${setting}`,
      "the release fails where the CRD is missing",
      "`servicemonitors.monitoring.coreos.com` in the cluster before Cilium is installed",
    ),
  ];
}

function enforcementMode(the: Case): readonly Objection[] {
  const mode = the.value("policyEnforcementMode");
  if (mode === "default" || mode === "always" || mode === "never") return [];
  return [
    refuse(
      the.at("policyEnforcementMode", "cilium.values"),
      `unknown word, got \`${shown(mode)}\``,
      "`default`, `always` or `never`",
    ),
  ];
}

function smuggledFlags(the: Case): readonly Objection[] {
  return agentFlags(the)
    .filter(({ flag }) => chartWrites(flag))
    .map(({ flag, place }) =>
      refuse(
        place,
        `\`${flag}\` is written by the chart from a value of its own`,
        "that value instead, where it can be judged",
      ),
    );
}
