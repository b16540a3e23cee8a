/** What the pinned charts really make of our values. */
import assert from "node:assert/strict";

import { parse } from "yaml";

import { argoCdParameters, argoCdValues } from "../../components/argocd/values.ts";
import type { HelmValues } from "../../components/chart.ts";
import { gatewayNames } from "../../components/gateway/pods.ts";
import { gatewayValues } from "../../components/gateway/values.ts";
import { isMap, valueAt } from "../../components/helm-values.ts";
import { imageValues, rewriteImages } from "../../components/images.ts";
import { kyvernoValues } from "../../components/kyverno/values.ts";
import type { ChartKey } from "../../components/versions.ts";
import { imagesIn } from "../../scripts/image-list.ts";
import { cloudFacts, localFacts } from "../support/cluster-handle.ts";
import { chartOrSkip, chartWithValuesOrSkip } from "../support/render.ts";
import { settingsOf } from "../support/settings.ts";

const mirror = "mirror.example/third-party";

/** Objects of rendered YAML that are no definitions, by `Kind/name`. */
function objectsIn(rendered: string): ReadonlyMap<string, HelmValues> {
  const objects = rendered
    .split(/^---.*$/m)
    .filter((text) => !/^kind: CustomResourceDefinition$/m.test(text))
    .map((text): unknown => parse(text))
    .filter(isMap);
  return new Map(
    objects.map((object) => [`${String(object["kind"])}/${String(valueAt(object, "metadata.name"))}`, object]),
  );
}

function one(objects: ReadonlyMap<string, HelmValues>, name: string): HelmValues {
  const found = objects.get(name);
  if (found === undefined) throw new Error(`no ${name} among ${[...objects.keys()].join(", ")}`);
  return found;
}

/** Everything that brings an image of its own. */
const everything: Readonly<Record<ChartKey, HelmValues>> = {
  cilium: {
    authentication: { enabled: true, mutual: { spire: { enabled: true, install: { enabled: true } } } },
    certgen: { generateCA: true },
    clustermesh: { useAPIServer: true, apiserver: { tls: { auto: { method: "cronJob" } } } },
    envoy: { enabled: true },
    hubble: { relay: { enabled: true }, ui: { enabled: true }, tls: { auto: { method: "cronJob" } } },
    nodeinit: { enabled: true },
    preflight: { enabled: true, envoy: { enabled: true } },
  },
  gatewayApi: {},
  kyverno: {},
  nginxGatewayFabric: {},
  argoCd: {
    "redis-ha": { enabled: false },
    redis: { exporter: { enabled: true } },
    server: { extensions: { enabled: true, extensionList: [{ name: "any", env: [] }] } },
  },
};

describe("Images from a mirror", () => {
  for (const [key, images] of [
    ["cilium", 12],
    ["kyverno", 7],
    ["nginxGatewayFabric", 2],
    ["argoCd", 5],
  ] as const) {
    it(`are all of those that the chart ${key} renders, with everything on`, async function () {
      this.timeout(60_000);
      const chart = chartWithValuesOrSkip(this, key);
      const before = imagesIn(await chart.render(everything[key]));
      assert.equal(before.length, images);
      const after = imagesIn(await chart.render(rewriteImages(key, everything[key], mirror)));
      assert.deepEqual(
        after.filter((image) => !image.startsWith(`${mirror}/`)),
        [],
      );
      // Nothing but the host has changed: the same tags and digests as before.
      const pathOf = (image: string): string => image.replace(/^[^/]*\//, "");
      assert.deepEqual(
        after.map((image) => image.slice(mirror.length + 1)),
        before.map(pathOf).sort(),
      );
    });
  }
});

/** Repositories that a chart's defaults name, by path. */
function repositoriesIn(values: unknown, path: readonly string[] = []): [string, string][] {
  if (!isMap(values)) return [];
  return Object.entries(values).flatMap(([key, value]): [string, string][] =>
    key === "repository" && typeof value === "string" && value !== ""
      ? [[[...path, key].join("."), value]]
      : repositoriesIn(value, [...path, key]),
  );
}

describe("The table of image values", () => {
  for (const key of ["cilium", "nginxGatewayFabric", "argoCd"] as const) {
    it(`has every repository that the defaults of the chart ${key} name`, async function () {
      const chart = chartWithValuesOrSkip(this, key);
      assert.deepEqual(
        imageValues[key].repositories,
        Object.fromEntries(repositoriesIn(parse(await chart.defaults()))),
      );
    });
  }

  it("has every host that Kyverno's defaults give to a single image", async function () {
    const defaults: unknown = parse(await chartOrSkip(this, "kyverno").defaults());
    const hosts = (values: unknown, path: readonly string[] = []): string[] =>
      isMap(values)
        ? Object.entries(values).flatMap(([key, value]) =>
            key === "registry" && typeof value === "string" ? [[...path, key].join(".")] : hosts(value, [...path, key]),
          )
        : [];
    assert.deepEqual(imageValues.kyverno.registries.toSorted(), ["global.image.registry", ...hosts(defaults)].sort());
  });
});

describe("Kyverno as rendered", () => {
  it("spares the namespaces the platform stands on, and its own", async function () {
    this.timeout(60_000);
    const objects = objectsIn(await chartOrSkip(this, "kyverno").render(kyvernoValues(settingsOf({}), localFacts)));
    const config = one(objects, "ConfigMap/kyverno");
    assert.deepEqual(JSON.parse(String(valueAt(config, "data.webhooks"))), {
      namespaceSelector: {
        matchExpressions: [
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
          { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kyverno"] },
        ],
        matchLabels: null,
      },
    });
    const filters = String(valueAt(config, "data.resourceFilters"));
    for (const namespace of ["kube-system", "kyverno", "argocd", "nginx-gateway", "cilium-spire", "cilium-secrets"]) {
      assert.ok(filters.includes(`[*/*,${namespace},*]`), namespace);
    }
  });

  it("may write Cilium's policies in the background, and answers three times in a cloud", async function () {
    this.timeout(60_000);
    const objects = objectsIn(await chartOrSkip(this, "kyverno").render(kyvernoValues(settingsOf({}), cloudFacts)));
    assert.deepEqual(one(objects, "ClusterRole/kyverno:background-controller:additional")["rules"], [
      {
        apiGroups: ["cilium.io"],
        resources: ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"],
        verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
      },
    ]);
    for (const controller of ["admission", "reports"]) {
      const [rule] = one(objects, `ClusterRole/kyverno:${controller}-controller:additional`)["rules"] as HelmValues[];
      assert.deepEqual(rule?.["verbs"], ["get", "list", "watch"]);
    }
    const deployment = one(objects, "Deployment/kyverno-admission-controller");
    assert.equal(valueAt(deployment, "spec.replicas"), 3);
    assert.ok(!JSON.stringify(deployment).includes("--forceFailurePolicyIgnore=true"));
  });
});

describe("Observability as rendered", () => {
  const watched = settingsOf({ observability: { serviceMonitors: true, dashboards: true } });

  it("brings Kyverno's monitors and its dashboard, with the label that Grafana looks for", async function () {
    this.timeout(60_000);
    const objects = objectsIn(await chartOrSkip(this, "kyverno").render(kyvernoValues(watched, cloudFacts)));
    assert.equal([...objects.keys()].filter((name) => name.startsWith("ServiceMonitor/")).length, 4);
    const labels = valueAt(one(objects, "ConfigMap/kyverno-grafana-grafana"), "metadata.labels") as Record<
      string,
      string
    >;
    assert.equal(labels["grafana_dashboard"], "1");
  });

  it("brings Argo CD's monitors wherever its chart knows values", async function () {
    this.timeout(60_000);
    const objects = objectsIn(await chartWithValuesOrSkip(this, "argoCd").render(argoCdValues(watched, cloudFacts)));
    assert.equal([...objects.keys()].filter((name) => name.startsWith("ServiceMonitor/")).length, 4);
  });
});

describe("Kyverno's aggregated roles", () => {
  it("carry the label by which they are taken out of aggregation before they are deleted", async function () {
    this.timeout(60_000);
    const objects = objectsIn(await chartOrSkip(this, "kyverno").render({}));
    const aggregated = [...objects.values()].filter((object) => valueAt(object, "aggregationRule") !== undefined);
    assert.equal(aggregated.length, 4);
    for (const role of aggregated) {
      const labels = valueAt(role, "metadata.labels") as Record<string, string>;
      assert.equal(labels["app.kubernetes.io/part-of"], "kyverno");
    }
  });
});

describe("NGINX Gateway Fabric as rendered", () => {
  const release = { name: "ngf", namespace: "nginx-gateway" };

  it("has the names we select by [S1-25]", async function () {
    this.timeout(60_000);
    const chart = chartOrSkip(this, "nginxGatewayFabric");
    const objects = objectsIn(await chart.render(gatewayValues(settingsOf({}), localFacts), release));
    const deployment = one(objects, `Deployment/${gatewayNames.controlPlane}`);
    assert.deepEqual(valueAt(deployment, "spec.template.metadata.labels"), gatewayNames.controlPlaneLabels);
    assert.deepEqual(valueAt(one(objects, `NginxProxy/${gatewayNames.proxyConfig}`), "spec.kubernetes.service"), {
      type: "NodePort",
      externalTrafficPolicy: "Cluster",
      nodePorts: [
        { port: 30080, listenerPort: 80 },
        { port: 30443, listenerPort: 443 },
      ],
    });
    assert.ok(JSON.stringify(deployment).includes("--product-telemetry-disable"));
  });
});

describe("Argo CD as rendered", () => {
  it("holds the parameters that are applied beside it, wherever its chart knows values", async function () {
    this.timeout(60_000);
    const chart = chartWithValuesOrSkip(this, "argoCd");
    const values = argoCdValues(settingsOf({}), localFacts);
    const objects = objectsIn(await chart.render(values, { name: "argocd", namespace: "argocd" }));
    for (const [configMap, data] of Object.entries(argoCdParameters(values))) {
      const rendered = valueAt(one(objects, `ConfigMap/${configMap}`), "data");
      assert.deepEqual({ ...(rendered as object), ...data }, rendered);
    }
  });

  it("hides from itself what Cilium and Kyverno make by the hundred, from chart and manifests alike", async function () {
    this.timeout(60_000);
    const objects = objectsIn(await chartOrSkip(this, "argoCd").render(argoCdValues(settingsOf({}), localFacts)));
    const { data } = one(objects, "ConfigMap/argocd-cm") as { data?: Record<string, string> };
    for (const kind of ["CiliumIdentity", "CiliumEndpoint", "CiliumEndpointSlice", "PolicyReport", "EphemeralReport"]) {
      assert.ok(data?.["resource.exclusions"]?.includes(`- ${kind}\n`) === true, kind);
    }
  });

  it("brings policies of its own, but none of the server", async function () {
    this.timeout(60_000);
    const values = argoCdValues(settingsOf({}), localFacts);
    const objects = objectsIn(
      await chartOrSkip(this, "argoCd").render(values, { name: "argocd", namespace: "argocd" }),
    );
    const selected = [...objects.values()]
      .filter(({ kind }) => kind === "NetworkPolicy")
      .map((policy) => valueAt(policy, "spec.podSelector.matchLabels") as Record<string, string>)
      .map((labels) => labels["app.kubernetes.io/name"]);
    assert.ok(selected.includes("argocd-redis") && selected.includes("argocd-repo-server"), selected.join());
    assert.equal(selected.includes("argocd-server"), false);
  });

  it("has the server that our node port selects", async function () {
    this.timeout(60_000);
    const objects = objectsIn(
      await chartOrSkip(this, "argoCd").render(argoCdValues(settingsOf({}), localFacts), {
        name: "argocd",
        namespace: "argocd",
      }),
    );
    const pod = valueAt(one(objects, "Deployment/argocd-server"), "spec.template") as HelmValues;
    assert.equal(
      (valueAt(pod, "metadata.labels") as Record<string, string>)["app.kubernetes.io/name"],
      "argocd-server",
    );
    assert.ok(JSON.stringify(pod).includes('"containerPort":8080'));
  });
});
