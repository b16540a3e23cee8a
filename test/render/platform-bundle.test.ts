/** The platform's bundle, proved about the workloads and policies that the pinned charts really render. */
import assert from "node:assert/strict";

import { parseAllDocuments } from "yaml";

import { argoCdValues } from "../../components/argocd/values.ts";
import type { HelmValues } from "../../components/chart.ts";
import { kyvernoValues } from "../../components/kyverno/values.ts";
import type { Bundle, Manifest } from "../../policies/bundle.ts";
import { platform } from "../../policies/platform/bundle.ts";
import { formatProblems } from "../../policies/problems.ts";
import { prove } from "../../policies/prove.ts";
import { contextOf } from "../support/bundle-context.ts";
import { cloudFacts, localFacts } from "../support/cluster-handle.ts";
import { chartOrSkip } from "../support/render.ts";
import { settingsOf } from "../support/settings.ts";
import { valuesOf } from "./support/rendered-cilium.ts";

const running = ["Deployment", "StatefulSet", "NetworkPolicy"];

/** What runs in a namespace, and the policies that a chart brings itself; jobs and nodes' agents are nobody's here. */
function rendered(text: string, namespace: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null)
    .filter(({ kind, metadata }) => running.includes(kind) && metadata.name !== "cilium-operator")
    .map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
}

/** The bundle about these objects instead of its own examples, of which only strangers are left. */
function about(objects: readonly Manifest[]): Bundle {
  const names = new Set(objects.map(({ metadata }) => metadata.name));
  return {
    ...platform,
    examples: (context) => [
      ...platform
        .examples(context)
        .filter(
          ({ metadata }) => ["example", "konnectivity-agent"].includes(metadata.name) && !names.has(metadata.name),
        ),
      ...objects,
    ],
  };
}

function assertProved(stack: Readonly<Record<string, unknown>>, objects: readonly Manifest[], workloads: number): void {
  assert.equal(objects.filter(({ kind }) => kind !== "NetworkPolicy").length, workloads);
  const { problems } = prove({
    bundles: [about(objects)],
    context: contextOf(stack),
    apiServer: ["on another node", "on the pod's node"],
  });
  assert.equal(formatProblems(problems), "");
}

const off = { enabled: false };

describe("The platform's promises", function () {
  this.timeout(60_000);

  const render = async (
    context: Mocha.Context,
    key: "argoCd" | "kyverno" | "cilium",
    values: HelmValues,
    release: { readonly name: string; readonly namespace: string },
  ): Promise<readonly Manifest[]> =>
    rendered(await chartOrSkip(context, key).render(values, release), release.namespace);

  it("hold for Argo CD as rendered, with the policies that it brings itself", async function () {
    const stack = { kyverno: off, cilium: { hubble: off }, argocd: { sources: ["https://github.com/acme/apps"] } };
    // With sign-in and notifications, which the plain manifests hold always.
    const objects = await render(this, "argoCd", argoCdValues(settingsOf(stack), cloudFacts), {
      name: "argocd",
      namespace: "argocd",
    });
    assertProved(stack, objects, 7);
  });

  it("hold for Kyverno as rendered", async function () {
    const stack = { argocd: off, cilium: { hubble: off } };
    const objects = await render(this, "kyverno", kyvernoValues(settingsOf(stack), localFacts), {
      name: "kyverno",
      namespace: "kyverno",
    });
    assertProved(stack, objects, 4);
  });

  it("hold for Hubble's relay and UI as rendered", async function () {
    const stack = { argocd: off, kyverno: off, cilium: { hubble: { ui: true } } };
    const objects = await render(this, "cilium", valuesOf(stack), { name: "cilium", namespace: "kube-system" });
    assertProved(stack, objects, 2);
    const labels = objects.map(({ metadata, spec }) => [
      metadata.name,
      (spec["selector"] as { readonly matchLabels: unknown }).matchLabels,
    ]);
    assert.deepEqual(labels, [
      ["hubble-relay", { "k8s-app": "hubble-relay" }],
      ["hubble-ui", { "k8s-app": "hubble-ui" }],
    ]);
  });
});
