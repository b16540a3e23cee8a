/** Helm values for Cilium: what is derived from settings and facts, before any chart sees it. */
import assert from "node:assert/strict";

import { ciliumValues, derivedValues } from "../components/cilium/values.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import { mergeValues, valueAt } from "../components/helm-values.ts";
import { settingsOf } from "./support/settings.ts";

type Written = Readonly<Record<string, unknown>>;

function values(written: Written, apiServerHost: string | undefined = "api.example.com") {
  const settings = settingsOf(written);
  return ciliumValues(settings, clusterFacts(settings), apiServerHost);
}

const kind = { target: "kind" };
const aks = { target: "aks" };

/** A stack, a path and what stands there. Neighbours differ in one setting. */
const derived: readonly (readonly [title: string, stack: Written, path: string, expected: unknown])[] = [
  ["kube-proxy replaced is text to the chart", kind, "kubeProxyReplacement", "true"],
  [
    "kube-proxy kept is text to the chart",
    { ...kind, cilium: { kubeProxyReplacement: false } },
    "kubeProxyReplacement",
    "false",
  ],
  ["the API server is named where nothing else leads to it", kind, "k8sServiceHost", "api.example.com"],
  [
    "the API server is not named beside kube-proxy",
    { ...kind, cilium: { kubeProxyReplacement: false } },
    "k8sServiceHost",
    undefined,
  ],
  ["the API server's port on kind", kind, "k8sServicePort", 6443],
  ["the API server's port on AKS", aks, "k8sServicePort", 443],
  ["BPF masquerading comes with the replacement (rows 14 and 15)", kind, "bpf.masquerade", true],
  [
    "BPF masquerading is unset without it",
    { ...kind, cilium: { kubeProxyReplacement: false } },
    "bpf.masquerade",
    undefined,
  ],
  ["kind routes natively unless told otherwise", kind, "routingMode", "native"],
  ["AKS tunnels (row 1)", aks, "routingMode", "tunnel"],
  ["AKS is named to the chart", aks, "aksbyocni.enabled", true],
  ["kind is no AKS", kind, "aksbyocni", undefined],
  ["direct routes with native routing (row 9)", kind, "autoDirectNodeRoutes", true],
  ["no direct routes in a tunnel (row 9)", { ...kind, cilium: { routing: "tunnel" } }, "autoDirectNodeRoutes", false],
  [
    "the native range is the pods' (row 8)",
    { ...kind, kind: { podCidr: "10.9.0.0/16" } },
    "ipv4NativeRoutingCIDR",
    "10.9.0.0/16",
  ],
  ["no native range in a tunnel", { ...kind, cilium: { routing: "tunnel" } }, "ipv4NativeRoutingCIDR", undefined],
  ["tunnels are VXLAN", aks, "tunnelProtocol", "vxlan"],
  ["kind's nodes hand out the addresses (row 2)", kind, "ipam", { mode: "kubernetes" }],
  [
    "on AKS Cilium hands them out of the cluster's own range (row 2)",
    { ...aks, aks: { podCidr: "10.128.0.0/16" } },
    "ipam",
    {
      mode: "cluster-pool",
      operator: { clusterPoolIPv4PodCIDRList: ["10.128.0.0/16"], clusterPoolIPv4MaskSize: 24 },
    },
  ],
  ["identities are CRDs (row 27)", kind, "identityAllocationMode", "crd"],
  ["IPv4 masquerading is said, so that the chart checks the range", kind, "enableIPv4Masquerade", true],
  ["the MTU is left to Cilium", kind, "MTU", 0],
  ["policies are enforced as usual", kind, "policyEnforcementMode", "default"],
  ["Cilium's Gateway API is off [S2-09]", kind, "gatewayAPI.enabled", false],
  ["one node, one operator", { ...kind, kind: { workers: 0 } }, "operator.replicas", 1],
  ["two nodes, two operators", { ...kind, kind: { workers: 1 } }, "operator.replicas", 2],
  ["authentication off is said (E-11)", kind, "authentication", { enabled: false }],
  [
    "authentication on is all of its keys (row 47)",
    { ...aks, cilium: { meshAuth: "spire" } },
    "authentication",
    { enabled: true, mutual: { spire: { enabled: true, install: { enabled: true } } } },
  ],
  [
    "SPIRE keeps no data on kind",
    { ...kind, cilium: { meshAuth: "spire" } },
    "authentication.mutual.spire.install.server.dataStorage",
    { enabled: false },
  ],
  [
    "the type of encryption is said even when it is off",
    kind,
    "encryption",
    { enabled: false, type: "wireguard", nodeEncryption: false },
  ],
  ["WireGuard is on when asked for", { ...kind, cilium: { encryption: "wireguard" } }, "encryption.enabled", true],
  [
    "strict egress would work in a tunnel (row 59)",
    { ...aks, cilium: { encryption: "wireguard" } },
    "encryption.strictMode.egress.allowRemoteNodeIdentities",
    true,
  ],
  ["Hubble's certificates come from a job (row 38)", kind, "hubble.tls.auto.method", "cronJob"],
  ["Hubble's certificates come from a job on AKS too (row 38)", aks, "hubble.tls.auto.method", "cronJob"],
  [
    "the UI brings the relay along (row 36)",
    { ...kind, cilium: { hubble: { relay: false, ui: true } } },
    "hubble.relay.enabled",
    true,
  ],
  [
    "without Hubble there is no relay (row 36)",
    { ...kind, cilium: { hubble: { enabled: false } } },
    "hubble.relay.enabled",
    false,
  ],
  [
    "no Hubble metrics is null to the chart",
    { ...kind, cilium: { hubble: { metrics: [] } } },
    "hubble.metrics.enabled",
    null,
  ],
  [
    "service monitors trust that their CRD exists (row 39)",
    { ...kind, observability: { serviceMonitors: true } },
    "prometheus.serviceMonitor.trustCRDsExist",
    true,
  ],
  ["no trust without service monitors", kind, "prometheus.serviceMonitor.trustCRDsExist", false],
  [
    "dashboards of the operator too",
    { ...kind, observability: { dashboards: true } },
    "operator.dashboards.enabled",
    true,
  ],
  ["LB-IPAM is off unless asked for", kind, "enableLBIPAM", false],
  [
    "L2 announcements raise the client's rate",
    { ...kind, cilium: { l2Announcements: true } },
    "k8sClientRateLimit",
    { qps: 50, burst: 100 },
  ],
  ["no L2 announcements leave the client's rate alone", kind, "k8sClientRateLimit", undefined],
  ["the cluster's name is that of the stack (row 45)", { ...kind, clusterName: "shop" }, "cluster.name", "shop"],
];

describe("Cilium's values", () => {
  for (const [title, stack, path, expected] of derived) {
    it(title, () => {
      assert.deepEqual(valueAt(values(stack), path), expected);
    });
  }

  it("leave iptables' connection tracking out only with native routing, no kube-proxy and nodes of our own (row 12)", () => {
    const own = (written: Written): unknown => values(written)["installNoConntrackIptablesRules"];
    const foreign = {
      target: "existing",
      kubeconfig: "secret",
      existing: { podCidr: "100.64.0.0/16", routing: ["native"], apiServerHost: "a", kubeProxy: "removed" },
    };
    assert.equal(own(kind), true);
    assert.equal(own({ ...kind, cilium: { kubeProxyReplacement: false } }), false);
    assert.equal(own({ ...kind, cilium: { routing: "tunnel" } }), false);
    assert.equal(own(foreign), false);
  });

  it("mean the same on kind and on kwok", () => {
    const cilium = { meshAuth: "spire", encryption: "wireguard", hubble: { ui: true }, bgp: true };
    const named = { clusterName: "shop", cilium };
    assert.deepEqual(values({ target: "kwok", ...named }), values({ ...kind, ...named }));
  });

  it("take the stack's own values last, and only those keys", () => {
    const own = { operator: { replicas: 3 }, tolerations: [] };
    const written = { ...kind, cilium: { values: own } };
    const settings = settingsOf(written);
    const facts = clusterFacts(settings);
    const before = derivedValues(settings, facts, "api.example.com");
    assert.deepEqual(values(written), {
      ...before,
      operator: { ...(before["operator"] as object), replicas: 3 },
      tolerations: [],
    });
  });

  it("are the same for the same settings", () => {
    assert.equal(JSON.stringify(values(kind)), JSON.stringify(values(kind)));
  });
});

describe("merging Helm values", () => {
  const cases: readonly (readonly [title: string, base: Written, overlay: Written, expected: Written])[] = [
    ["keeps what the overlay does not name", { a: 1, b: { c: 2 } }, {}, { a: 1, b: { c: 2 } }],
    ["goes into maps", { b: { c: 2, d: 3 } }, { b: { c: 4 } }, { b: { c: 4, d: 3 } }],
    ["replaces lists as a whole", { a: [1, 2] }, { a: [3] }, { a: [3] }],
    [
      "replaces a map by a value and a value by a map",
      { a: { b: 1 }, c: 2 },
      { a: 3, c: { d: 4 } },
      { a: 3, c: { d: 4 } },
    ],
    [
      "lets null, false and zero win",
      { a: 1, b: true, c: 3 },
      { a: null, b: false, c: 0 },
      { a: null, b: false, c: 0 },
    ],
  ];
  for (const [title, base, overlay, expected] of cases) {
    it(title, () => {
      assert.deepEqual(mergeValues(base, overlay), expected);
    });
  }

  it("takes a value that comes later as it is", () => {
    class Later {
      readonly inside = { a: 1 };
    }
    const later = new Later();
    assert.equal(mergeValues({ a: { b: 1 } }, { a: later })["a"], later);
  });

  it("changes neither side", () => {
    const base = { a: { b: 1 } };
    mergeValues(base, { a: { c: 2 } });
    assert.deepEqual(base, { a: { b: 1 } });
  });
});
