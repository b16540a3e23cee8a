/** The compatibility matrix: every row, with the whole of what a person is told and the nearest thing that is fine. */
import assert from "node:assert/strict";

import { refuseImpossible, rows } from "../components/cilium/compatibility.ts";
import { ciliumValues } from "../components/cilium/values.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import { charts, kubernetesVersion } from "../components/versions.ts";
import { ProblemsError } from "../policies/problems.ts";
import { aks, existing, kind, type MatrixCase, own } from "./matrix/case.ts";
import { bundlesRefused, bundlesWarned } from "./matrix/bundles.ts";
import { featuresRefused, featuresWarned } from "./matrix/features.ts";
import { routingRefused, routingWarned } from "./matrix/routing.ts";
import { securityRefused, securityWarned } from "./matrix/security.ts";
import { judgementOf, type Written } from "./support/judged.ts";
import { settingsOf } from "./support/settings.ts";

const refused: readonly MatrixCase[] = [...routingRefused, ...featuresRefused, ...securityRefused, ...bundlesRefused];
const warned: readonly MatrixCase[] = [...routingWarned, ...featuresWarned, ...securityWarned, ...bundlesWarned];

/** Rows without a case of their own here, and where they are shown. */
const shownElsewhere: Readonly<Record<number, string>> = {
  20: "settings.test.ts: AKS Automatic and a network plugin of Azure's are no settings",
  23: "below: the documented way out passes the matrix",
};

describe("the compatibility matrix refuses", () => {
  for (const { row, title, stack, more, text, nearMiss } of refused) {
    it(`${title} (row ${String(row)})`, () => {
      assert.equal(judgementOf(stack, more).refused, text);
      if (nearMiss !== undefined) assert.equal(judgementOf(nearMiss, more).refused, "");
    });
  }
});

describe("the compatibility matrix tells of", () => {
  for (const { row, title, stack, more, text, nearMiss } of warned) {
    it(`${title} (row ${String(row)})`, () => {
      const { refused: against, warned: said } = judgementOf(stack, more);
      assert.equal(against, "");
      assert.equal(said, text);
      if (nearMiss !== undefined) assert.equal(judgementOf(nearMiss, more).warned, "");
    });
  }
});

describe("the compatibility matrix", () => {
  it("has rows numbered without a gap, and a case for each", () => {
    assert.deepEqual(
      rows.map(({ row }) => row),
      Array.from({ length: 66 }, (_, index) => index + 1),
    );
    const shown = new Set([...refused, ...warned].map(({ row }) => row));
    assert.deepEqual(
      rows.map(({ row }) => row).filter((row) => !shown.has(row)),
      Object.keys(shownElsewhere).map(Number),
    );
  });

  it("has a name of its own for every row", () => {
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  });

  it("lets Istio see addresses the documented way (row 23) [S4-03]", () => {
    const judgement = judgementOf({ ...kind, ...own({ socketLB: { hostNamespaceOnly: true } }) });
    assert.deepEqual(judgement, { refused: "", warned: "" });
  });

  it("says nothing of the stacks we ship, but what was decided to be said", () => {
    assert.deepEqual(judgementOf({ target: "kwok", kyverno: { enabled: false } }), { refused: "", warned: "" });
    assert.deepEqual(judgementOf(kind), { refused: "", warned: "" });
    assert.equal(judgementOf(aks).refused, "");
    assert.equal(judgementOf(existing({ kubeProxy: "removed" })).warned, "");
  });

  it("says the same of kwok as of kind, so that a change can be tried there first", () => {
    const changes: readonly Written[] = [
      own({ kubeProxyReplacement: "false" }),
      { cilium: { kubeProxyReplacement: false, egressGateway: true, l2Announcements: true } },
      own({ routingMode: "tunnel", encryption: { type: "ipsec", enabled: true } }),
    ];
    for (const change of changes) {
      const named = { clusterName: "shop", ...change };
      assert.deepEqual(judgementOf({ ...kind, target: "kwok", ...named }), judgementOf({ ...kind, ...named }));
    }
  });

  it("tells everything at once", () => {
    const cilium = {
      kubeProxyReplacement: false,
      egressGateway: true,
      l2Announcements: true,
      values: { policyEnforcementMode: "foo", encyption: {} },
    };
    const codes = [...judgementOf({ ...kind, cilium }).refused.matchAll(/\[(.*)\]$/gm)].map(([, code]) => code);
    assert.deepEqual(codes, [
      "cilium/egress-needs-replacement",
      "cilium/l2-needs-replacement",
      "settings/unknown-value",
      "cilium/unknown-value",
    ]);
  });

  it("is the way through for a whole stack: warnings come back, refusals are thrown", () => {
    const settings = settingsOf({ ...aks });
    const facts = clusterFacts(settings);
    const judged = (own: Written): Parameters<typeof refuseImpossible>[0] => ({
      stack: "prod",
      settings: { ...settings, cilium: { ...settings.cilium, values: own } },
      facts,
      values: (chart, { apiServerHost }) =>
        chart === "cilium"
          ? ciliumValues({ ...settings, cilium: { ...settings.cilium, values: own } }, facts, apiServerHost)
          : {},
      bundles: [],
    });
    assert.deepEqual(
      refuseImpossible(judged({})).map(({ code, where }) => ({ code, where })),
      [{ code: "cilium/kube-proxy-beside", where: "Pulumi.prod.yaml › cilium.kubeProxyReplacement" }],
    );
    assert.throws(() => refuseImpossible(judged({ routingMode: "native" })), ProblemsError);
  });
});

describe("Kubernetes", () => {
  const versioned = (kubernetesVersion: string, more: Written = {}): Written => ({
    ...existing({ kubernetesVersion, kubeProxy: "removed" }),
    ...more,
  });
  const only = { kyverno: { enabled: false }, gateway: { enabled: false }, argocd: { enabled: false } };

  it("older than a chart takes is refused, chart by chart", () => {
    assert.equal(
      judgementOf(versioned("1.30")).refused,
      `Pulumi.test.yaml › existing.kubernetesVersion: nginx-gateway-fabric ${charts.nginxGatewayFabric.version} cannot be installed on Kubernetes 1.30\n` +
        "  expected 1.31 or later  [settings/kubernetes-too-old]",
    );
    assert.equal(judgementOf(versioned("1.31")).refused, "");
    assert.equal(judgementOf(versioned("1.30", { gateway: { enabled: false } })).refused, "");
    assert.equal(
      judgementOf(versioned("1.20", only)).refused,
      `Pulumi.test.yaml › existing.kubernetesVersion: cilium ${charts.cilium.version} cannot be installed on Kubernetes 1.20\n` +
        "  expected 1.21 or later  [settings/kubernetes-too-old]",
    );
  });

  it("that nobody has tested with a chart is told, at both ends", () => {
    const said = (version: string): string => judgementOf(versioned(version, { ...only, kyverno: {} })).warned;
    assert.equal(
      said("1.36"),
      `Pulumi.test.yaml › existing.kubernetesVersion: the authors of kyverno ${charts.kyverno.version} do not test it with Kubernetes 1.36\n` +
        "  expected 1.33 to 1.35  [settings/kubernetes-untested]",
    );
    assert.equal(
      said("1.32"),
      `Pulumi.test.yaml › existing.kubernetesVersion: the authors of cilium ${charts.cilium.version} do not test it with Kubernetes 1.32\n` +
        "  expected 1.33 to 1.36  [settings/kubernetes-untested]\n" +
        "\n" +
        `Pulumi.test.yaml › existing.kubernetesVersion: the authors of kyverno ${charts.kyverno.version} do not test it with Kubernetes 1.32\n` +
        "  expected 1.33 to 1.35  [settings/kubernetes-untested]",
    );
    assert.equal(said("1.35"), "");
    assert.equal(said("1.33"), "");
  });

  it("of a local cluster is ours, and told where the target stands", () => {
    const minor = kubernetesVersion.split(".").slice(0, 2).join(".");
    assert.equal(
      judgementOf({ target: "kwok" }).warned,
      `Pulumi.test.yaml › target: the authors of kyverno ${charts.kyverno.version} do not test it with Kubernetes ${minor}\n` +
        "  expected 1.33 to 1.35  [settings/kubernetes-untested]",
    );
  });

  it("that nobody named is not judged", () => {
    assert.deepEqual(judgementOf(existing({ kubeProxy: "removed" })), { refused: "", warned: "" });
  });
});
