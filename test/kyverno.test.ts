import assert from "node:assert/strict";

import { Kyverno } from "../components/kyverno/kyverno.ts";
import { kyvernoValues } from "../components/kyverno/values.ts";
import { valueAt } from "../components/helm-values.ts";
import { clusterHandle, cloudFacts, foreignFacts, localFacts, simulatedFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { settingsOf } from "./support/settings.ts";

describe("Kyverno's values", () => {
  const onlyOneNode = { ...foreignFacts, nodeCount: 1 };
  for (const [where, facts, ignored, replicas] of [
    ["on simulated nodes", simulatedFacts, true, 1],
    ["on a local cluster", localFacts, true, 1],
    ["in a cloud", cloudFacts, false, 3],
    ["on somebody else's cluster", foreignFacts, false, 3],
    ["on somebody else's cluster of one node", onlyOneNode, false, 1],
  ] as const) {
    it(`${where} a dead Kyverno ${ignored ? "blocks nothing" : "blocks writes"}, and ${String(replicas)} of it answer`, () => {
      const values = kyvernoValues(settingsOf({}), facts);
      assert.equal(valueAt(values, "features.forceFailurePolicyIgnore.enabled"), ignored);
      assert.equal(valueAt(values, "admissionController.replicas"), replicas);
    });
  }

  it("keep admission policies away from the namespaces that the cluster and the platform stand on", () => {
    assert.deepEqual(
      valueAt(kyvernoValues(settingsOf({}), localFacts), "config.webhooks.namespaceSelector.matchExpressions"),
      [
        {
          key: "kubernetes.io/metadata.name",
          operator: "NotIn",
          values: [
            "kube-system",
            "kube-public",
            "kube-node-lease",
            "cilium-secrets",
            "cilium-spire",
            "nginx-gateway",
            "argocd",
          ],
        },
      ],
    );
  });

  it("keep background scans away from the same namespaces, beyond those the chart lists itself", () => {
    assert.deepEqual(valueAt(kyvernoValues(settingsOf({}), localFacts), "config.resourceFiltersIncludeNamespaces"), [
      "cilium-secrets",
      "cilium-spire",
      "nginx-gateway",
      "argocd",
    ]);
  });

  it("let the background controller write Cilium's policies, and the others read them", () => {
    const values = kyvernoValues(settingsOf({}), cloudFacts);
    const policies = {
      apiGroups: ["cilium.io"],
      resources: ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"],
    };
    const read = ["get", "list", "watch"];
    for (const [controller, verbs] of [
      ["backgroundController", ["get", "list", "watch", "create", "update", "patch", "delete"]],
      ["admissionController", read],
      ["reportsController", read],
    ] as const) {
      assert.deepEqual(valueAt(values, `${controller}.rbac.clusterRole.extraResources`), [{ ...policies, verbs }]);
    }
  });
});

describe("Kyverno's observability", () => {
  for (const [word, settings, enabled] of [
    ["off", {}, false],
    ["on", { observability: { serviceMonitors: true, dashboards: true } }, true],
  ] as const) {
    it(`is ${word} in every controller when the stack says so`, () => {
      const values = kyvernoValues(settingsOf(settings), cloudFacts);
      for (const controller of ["admission", "background", "cleanup", "reports"]) {
        assert.equal(valueAt(values, `${controller}Controller.serviceMonitor.enabled`), enabled);
      }
      assert.equal(valueAt(values, "grafana.enabled"), enabled);
    });
  }
});

describe("Kyverno", () => {
  it("installs its release into a namespace of its own, both forgotten with the cluster", async () => {
    const recording = recordResources();
    new Kyverno("kyverno", { cluster: clusterHandle(localFacts), values: { some: "value" } });
    await recording.settled();

    const namespace = recording.one("kyverno-namespace");
    assert.deepEqual(namespace.inputs["metadata"], { name: "kyverno" });
    const release = recording.one("kyverno-release");
    assert.equal(release.inputs["name"], "kyverno");
    assert.equal(release.inputs["namespace"], "kyverno");
    assert.deepEqual(release.inputs["values"], { some: "value" });
    assert.ok(release.dependencies.includes("kubernetes:core/v1:Namespace::kyverno-namespace"));
    for (const resource of [namespace, release]) {
      assert.equal(resource.parent, "platform:kyverno:Kyverno::kyverno");
      assert.equal(resource.provider, "pulumi:providers:kubernetes::cluster-provider");
      assert.equal(resource.deletedWith, "test:index:Cluster::cluster-owner");
    }
  });

  it("takes its roles out of aggregation before Helm deletes them, and keeps an install that failed", async () => {
    const recording = recordResources();
    new Kyverno("kyverno", { cluster: clusterHandle(localFacts), values: {} });
    await recording.settled();

    // Deleted before what it depends on.
    const uninstall = recording.one("kyverno-uninstall");
    assert.ok(uninstall.dependencies.includes("kubernetes:helm.sh/v3:Release::kyverno-release"));
    assert.equal(uninstall.inputs["selector"], "app.kubernetes.io/part-of=kyverno");
    assert.equal(recording.one("kyverno-release").inputs["atomic"], false);
  });

  it("is uninstalled piece by piece from a cluster that somebody else made", async () => {
    const recording = recordResources();
    new Kyverno("kyverno", { cluster: clusterHandle(foreignFacts), values: {} });
    await recording.settled();

    assert.equal(recording.one("kyverno-namespace").deletedWith, undefined);
    assert.equal(recording.one("kyverno-release").deletedWith, undefined);
  });
});
