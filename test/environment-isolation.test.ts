import assert from "node:assert/strict";

import { ProblemsError, formatProblems } from "../policies/problems.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import type { Bundle, BundleContext, BundlePromise, Manifest } from "../policies/bundle.ts";
import { environmentIsolation } from "../policies/environment-isolation/bundle.ts";
import { examplePod } from "../policies/inventory.ts";
import { prove } from "../policies/prove.ts";
import { silentContext } from "./support/bundle-context.ts";
import { settingsOf } from "./support/settings.ts";

/** Two environments, a namespace of neither beside them; `shop` is a second namespace of dev. */
const context: BundleContext = {
  ...silentContext,
  isolatedNamespaces: ["dev", "uat"],
  namespaceLabels: {
    dev: { environment: "dev" },
    shop: { environment: "dev" },
    uat: { environment: "uat" },
    tools: {},
  },
  choices: { ...silentContext.choices, environmentIsolation: { environments: ["uat", "dev", "uat"] } },
};

/** A bundle that only adds: policies somebody else wrote, and what is expected with them in force. */
function adding(manifests: readonly Manifest[], promises: readonly BundlePromise[]): Bundle {
  return {
    name: "added",
    version: "1.0.0",
    promise: "Nothing.",
    needs: () => ({ l7Proxy: false, authentication: false }),
    manifests: () => manifests,
    promises: () => promises,
    examples: () => [examplePod("tools")],
  };
}

function allowAll(namespace: string): Manifest {
  const spec = { endpointSelector: {}, ingress: [{ fromEntities: ["all"] }], egress: [{ toEntities: ["all"] }] };
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: "allow-all", namespace }, spec };
}

function problemsOf(...bundles: readonly Bundle[]): string {
  return formatProblems(prove({ bundles, context, apiServer: ["on another node", "outside the cluster"] }).problems);
}

describe("Environment isolation", () => {
  it("denies both directions between environments and isolates nobody [S1-33] [S1-39]", () => {
    const [dev, uat, ...others] = environmentIsolation.manifests(context);
    const environment = "k8s:io.cilium.k8s.namespace.labels.environment";
    assert.deepEqual(dev, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumClusterwideNetworkPolicy",
      metadata: { name: "isolate-environment-dev" },
      spec: {
        description: "Pods of the environment dev neither reach nor are reached by uat.",
        endpointSelector: { matchLabels: { [environment]: "dev" } },
        enableDefaultDeny: { ingress: false, egress: false },
        ingressDeny: [
          { fromEndpoints: [{ matchExpressions: [{ key: environment, operator: "In", values: ["uat"] }] }] },
        ],
        egressDeny: [{ toEndpoints: [{ matchExpressions: [{ key: environment, operator: "In", values: ["uat"] }] }] }],
      },
    });
    assert.equal(uat?.metadata.name, "isolate-environment-uat");
    assert.deepEqual(others, []);
  });

  it("names every other environment where there are more than two", () => {
    const three = {
      ...context,
      choices: { ...context.choices, environmentIsolation: { environments: ["a", "b", "c"] } },
    };
    assert.deepEqual(
      environmentIsolation.manifests(three).map(({ spec }) => spec["description"]),
      [
        "Pods of the environment a neither reach nor are reached by b, c.",
        "Pods of the environment b neither reach nor are reached by a, c.",
        "Pods of the environment c neither reach nor are reached by a, b.",
      ],
    );
  });

  it("promises it for every two namespaces of different environments, and what it leaves alone", () => {
    assert.deepEqual(
      environmentIsolation
        .promises(context)
        .map((promise) => ("must" in promise ? promise.must : `! ${promise.never}`)),
      [
        "! dev/* -> uat/*",
        "dev/example -> kube-system/coredns UDP 53; TCP 53",
        "host -> dev/example all ports",
        "! shop/* -> uat/*",
        "shop/example -> kube-system/coredns UDP 53; TCP 53",
        "host -> shop/example all ports",
        "! uat/* -> dev/*",
        "! uat/* -> shop/*",
        "uat/example -> kube-system/coredns UDP 53; TCP 53",
        "host -> uat/example all ports",
      ],
    );
  });

  it("holds although policies in both namespaces allow everything: a deny beats every allow [S1-39] [S1-40] [S2-19]", () => {
    const reached: BundlePromise = { must: "dev/example -> tools/example all ports", because: "that is allowed" };
    const careless = adding([allowAll("dev"), allowAll("uat")], [reached]);
    // Its own promises are broken by such policies, of course.
    const closed: Bundle = { ...baseline, promises: () => [] };
    assert.equal(problemsOf(closed, environmentIsolation, careless), "");
    assert.equal(problemsOf(environmentIsolation, careless), "");
  });

  it("is what keeps them apart: without it the same policies let dev reach uat", () => {
    const unguarded: Bundle = { ...environmentIsolation, manifests: () => [] };
    const broken = prove({
      bundles: [unguarded, adding([allowAll("dev"), allowAll("uat")], [])],
      context,
      apiServer: ["on another node"],
    }).results.filter(({ kept }) => !kept);
    assert.deepEqual(
      broken.map(({ text }) => text),
      ["dev/* -> uat/*", "shop/* -> uat/*", "uat/* -> dev/*", "uat/* -> shop/*"],
    );
  });

  it("alone leaves everything else open in both directions, because isolation is the baseline's", () => {
    const open = ["shop/example -> dev/example", "tools/example -> uat/example", "dev/example -> world"].map(
      (must): BundlePromise => ({ must: `${must} all ports`, because: "nothing closes it" }),
    );
    assert.equal(problemsOf(environmentIsolation, adding([], open)), "");
  });

  it("of the kind that isolates would close all the rest", () => {
    const isolating: Bundle = {
      ...environmentIsolation,
      manifests: (told) =>
        environmentIsolation.manifests(told).map((manifest) => ({
          ...manifest,
          spec: Object.fromEntries(Object.entries(manifest.spec).filter(([key]) => key !== "enableDefaultDeny")),
        })),
    };
    assert.match(problemsOf(isolating), /`must: dev\/example -> kube-system\/coredns UDP 53; TCP 53` does not hold/);
  });
});

describe("Environments of a stack", () => {
  const namespaces = { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } };
  const told = (environments: readonly string[], bundles = ["baseline", "environment-isolation"]) => ({
    namespaces,
    policies: { bundles, environmentIsolation: { environments } },
  });

  it("are taken where each has a namespace", () => {
    assert.deepEqual(settingsOf(told(["dev", "uat"])).policies.environmentIsolation.environments, ["dev", "uat"]);
  });

  it("are nobody's business while the bundle is off", () => {
    assert.doesNotThrow(() => settingsOf(told(["dev"], ["baseline"])));
  });

  for (const [what, environments, message] of [
    [
      "one alone",
      ["dev", "dev"],
      "Pulumi.test.yaml › policies.environmentIsolation.environments: one environment alone is isolated from nobody\n" +
        "  expected at least two different environments for the bundle `environment-isolation`  [settings/too-few-environments]",
    ],
    [
      "one that no namespace is in",
      ["dev", "prod"],
      "Pulumi.test.yaml › policies.environmentIsolation.environments: no namespace of the stack is in `prod`\n" +
        "  expected a namespace with the label `environment: prod`\n" +
        "  fix: add the label to a namespace under `namespaces`, or take `prod` off the list  [settings/empty-environment]",
    ],
  ] as const) {
    it(`are refused: ${what}`, () => {
      assert.throws(
        () => settingsOf(told(environments)),
        (error) => error instanceof ProblemsError && error.message.includes(message),
      );
    });
  }
});
