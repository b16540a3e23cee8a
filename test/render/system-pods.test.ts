/** The pods of the inventory are those that the pinned charts render: their labels, their named ports, whose network they use. */
import assert from "node:assert/strict";

import { parseAllDocuments } from "yaml";

import { chartValues } from "../../components/candidate.ts";
import { clusterFacts } from "../../components/cluster/facts.ts";
import { gatewayNames } from "../../components/gateway/pods.ts";
import type { ChartKey } from "../../components/versions.ts";
import type { Manifest } from "../../policies/bundle.ts";
import { systemPods } from "../../policies/system-pods.ts";
import { contextOf } from "../support/bundle-context.ts";
import { chartOrSkip } from "../support/render.ts";
import { settingsOf } from "../support/settings.ts";

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
}

/** What a policy can tell of a pod. Labels of versions change with every one of them. */
function lineOf(where: string, { metadata, spec }: Template): string {
  const labels = Object.entries(metadata?.labels ?? {})
    .filter(([key]) => key !== "helm.sh/chart" && key !== "app.kubernetes.io/version")
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const ports = spec.containers.flatMap((container) =>
    (container.ports ?? []).flatMap(({ name, containerPort }) =>
      name === undefined ? [] : [`${name}:${String(containerPort)}`],
    ),
  );
  const onNode = spec.hostNetwork === true;
  // Policy never sees the port of a pod that is its node.
  return [where, ...labels, ...(onNode ? ["on its node"] : ports)].join(" ");
}

function inventoried(stack: Readonly<Record<string, unknown>>, namespaces: readonly string[]): string[] {
  return systemPods(contextOf(stack))
    .filter(({ kind, metadata }) => kind === "Pod" && namespaces.includes(metadata.namespace ?? ""))
    .filter(({ metadata }) => metadata.name !== "coredns")
    .map((each) => lineOf(`${each.metadata.namespace ?? ""}/${each.metadata.name}`, each as Manifest & Template))
    .sort();
}

/** What goes on running, or runs again. A hook's job is gone before anybody could talk to it. */
function rendered(text: string, namespace: string): string[] {
  const objects = parseAllDocuments(text).flatMap(
    (document) => (document.toJS() as (Manifest & Template) | null) ?? [],
  );
  return objects
    .filter(({ kind }) => ["Deployment", "DaemonSet", "StatefulSet", "CronJob"].includes(kind))
    .map(({ kind, metadata, spec }) => {
      const job = (spec as { jobTemplate?: { spec: { template: Template } } }).jobTemplate;
      const template = kind === "CronJob" ? job?.spec.template : (spec as unknown as { template: Template }).template;
      assert.ok(template !== undefined);
      return lineOf(`${metadata.namespace ?? namespace}/${metadata.name}`, template);
    })
    .sort();
}

const stacks: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "kind with Hubble's UI and SPIRE": { cilium: { hubble: { ui: true }, meshAuth: "spire" } },
  "kind with Hubble's relay alone": {},
  "kind without Hubble": { cilium: { hubble: { enabled: false } } },
  "kind with Envoy inside the agents": { cilium: { values: { envoy: { enabled: false } } } },
  AKS: { target: "aks", aks: { location: "westeurope" } },
};

describe("System pods of the inventory", function () {
  this.timeout(60_000);

  const render = async (
    context: Mocha.Context,
    key: ChartKey,
    stack: Readonly<Record<string, unknown>>,
    release: { readonly name: string; readonly namespace: string },
  ): Promise<string> => {
    const settings = settingsOf(stack);
    const values = chartValues(key, settings, clusterFacts(settings), "api.example");
    return await chartOrSkip(context, key).render(values, release);
  };

  for (const [title, stack] of Object.entries(stacks)) {
    it(`are Cilium's on ${title}`, async function () {
      const text = await render(this, "cilium", stack, { name: "cilium", namespace: "kube-system" });
      assert.deepEqual(inventoried(stack, ["kube-system", "cilium-spire"]), rendered(text, "kube-system"));
    });
  }

  it("are Kyverno's", async function () {
    const text = await render(this, "kyverno", {}, { name: "kyverno", namespace: "kyverno" });
    assert.deepEqual(inventoried({}, ["kyverno"]), rendered(text, "kyverno"));
  });

  it("are Argo CD's, by the one label that chart and plain manifests share", async function () {
    const text = await render(
      this,
      "argoCd",
      { target: "aks", aks: { location: "westeurope" } },
      { name: "argocd", namespace: "argocd" },
    );
    const named = rendered(text, "argocd").map((line) => {
      const [where = "", ...rest] = line.split(" ");
      return [where, ...rest.filter((part) => part.startsWith("app.kubernetes.io/name="))].join(" ");
    });
    assert.deepEqual(inventoried({}, ["argocd"]), named);
  });

  it("are NGINX Gateway Fabric's control plane, and the data plane that it makes", async function () {
    const text = await render(this, "nginxGatewayFabric", {}, { name: "ngf", namespace: "nginx-gateway" });
    const [control = ""] = rendered(text, "nginx-gateway");
    const labels = Object.entries(gatewayNames.controlPlaneLabels).map(([key, value]) => `${key}=${value}`);
    assert.ok(
      labels.every((label) => control.includes(label)),
      control,
    );
    assert.deepEqual(
      inventoried({}, ["nginx-gateway"]).map((line) => line.split(" ").slice(1)),
      [labels.sort()],
    );
  });
});
