import assert from "node:assert/strict";

import { alertRules } from "../components/alert-rules.ts";
import { Observability } from "../components/observability.ts";
import { clusterHandle, localFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

const cilium = (written: Record<string, unknown>) => settingsOf({ cilium: written }).cilium;
const names = (written: Record<string, unknown>) => alertRules(cilium(written)).map(({ alert }) => alert);

const ofTheAgent = [
  "CiliumPolicyDenials",
  "CiliumDropsWithoutPolicy",
  "CiliumRequestsDenied",
  "CiliumNoEndpointEnforced",
];

describe("Alert rules", () => {
  for (const [when, written, expected] of [
    ["the agent's metrics are exposed and Hubble's are not", { prometheus: true, hubble: { metrics: [] } }, ofTheAgent],
    ["Hubble exposes drops", { hubble: { metrics: ["drop"] } }, ["HubbleFlowsDenied"]],
    ["Hubble exposes verdicts", { hubble: { metrics: ["policy"] } }, ["HubbleNoRuleMatches"]],
    [
      "Hubble exposes names, with options",
      { hubble: { metrics: ["dns:query;ignoreAAAA"] } },
      ["HubbleNamesUnresolved"],
    ],
    ["Hubble exposes what no alert asks about", { hubble: { metrics: ["flow", "dns-like"] } }, []],
    ["nothing is exposed", { hubble: { metrics: [] } }, []],
  ] as const) {
    it(`are those that can fire when ${when}`, () => {
      assert.deepEqual(names(written), expected);
    });
  }

  it("are none of Hubble's while Hubble is off", () => {
    assert.deepEqual(names({ hubble: { enabled: false, relay: false, metrics: ["drop"] } }), []);
  });

  it("name only metrics that Cilium exposes, and none that never existed [S0-28]", () => {
    const rules = alertRules(cilium({ prometheus: true, hubble: { metrics: ["drop", "policy", "dns"] } }));
    const metrics = rules.flatMap(({ expr }) => expr.match(/\b(?:cilium|hubble)_\w+/g) ?? []);
    assert.deepEqual(
      [...new Set(metrics)],
      [
        "cilium_drop_count_total",
        "cilium_policy_l7_total",
        "cilium_policy_endpoint_enforcement_status",
        "hubble_drop_total",
        "hubble_policy_verdicts_total",
        "hubble_dns_responses_total",
      ],
    );
  });
});

describe("Observability", () => {
  it("is one PrometheusRule that leaves with the cluster", async () => {
    const recording = recordResources();
    new Observability("observability", { cluster: clusterHandle(localFacts), cilium: cilium({ prometheus: true }) });
    await recording.settled();

    const rule = recording.one("observability-alerts");
    assert.equal(rule.type, "kubernetes:monitoring.coreos.com/v1:PrometheusRule");
    assert.deepEqual(rule.inputs["metadata"], { name: "platform-network", namespace: "kube-system" });
    assert.equal(rule.deletedWith, "test:index:Cluster::cluster-owner");
  });
});
