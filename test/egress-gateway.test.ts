/** The egress gateway's bundle: whose pods it leads where, and that it opens nothing on the way. */
import assert from "node:assert/strict";

import { EgressNodes } from "../components/cluster/egress-nodes.ts";
import { apimOpenai } from "../policies/apim-openai/bundle.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import type { BundleContext } from "../policies/bundle.ts";
import { egressGateway } from "../policies/egress-gateway/bundle.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { contextOf } from "./support/bundle-context.ts";
import { edgesOf, objectsOf, worldOf } from "./support/bundle-world.ts";
import { clusterHandle, localFacts } from "./support/cluster-handle.ts";
import { recordResources } from "./support/mocks.ts";
import { runProgram } from "./support/program.ts";
import { written } from "./support/stacks.ts";

const bundles = ["baseline", "apim-openai", "egress-gateway"];
const destinations = ["52.151.0.0/16"];

function telling(choices: Readonly<Record<string, unknown>>, stack: Readonly<Record<string, unknown>> = {}) {
  return contextOf({ ...stack, policies: { bundles, egressGateway: { destinations, ...choices } } });
}

function specIn(context: BundleContext) {
  const [policy, ...others] = egressGateway.manifests(context);
  assert.deepEqual(others, []);
  return policy?.spec;
}

function refused(policies: Readonly<Record<string, unknown>>): string {
  try {
    contextOf({ policies });
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return formatProblems(error.problems);
  }
  return "";
}

describe("The egress gateway's bundle", () => {
  const plain = telling({});

  it("is one object of the whole cluster, for the callers of apim-openai and the stack's ranges [S0-14] [S0-36]", () => {
    assert.deepEqual(egressGateway.manifests(plain), [
      {
        apiVersion: "cilium.io/v2",
        kind: "CiliumEgressGatewayPolicy",
        metadata: {
          name: "egress-gateway",
          annotations: {
            "reach.cilium-platform/allow":
              "reachability/kind-without-effect: it decides by which node a connection leaves, and the other policies whether it may",
          },
        },
        spec: {
          selectors: [
            {
              podSelector: {
                matchLabels: {
                  "io.kubernetes.pod.namespace": "apim-openai",
                  app: "backend-service",
                  tier: "api-client",
                },
              },
            },
            {
              podSelector: {
                matchLabels: { "io.kubernetes.pod.namespace": "apim-openai", app: "ai-service", tier: "ml-client" },
              },
            },
            {
              podSelector: {
                matchLabels: { "io.kubernetes.pod.namespace": "apim-openai", "azure-identity": "enabled" },
              },
            },
          ],
          destinationCIDRs: ["52.151.0.0/16"],
          excludedCIDRs: ["10.244.0.0/16", "10.96.0.0/16"],
          egressGateway: { nodeSelector: { matchLabels: { "egress-gateway": "true" } } },
        },
      },
    ]);
  });

  it("leads exactly those pods of apim-openai that may leave the cluster, and no others [S0-36]", () => {
    const chosen = [baseline, apimOpenai, egressGateway];
    const world = worldOf(objectsOf(chosen, plain));
    const leaving = edgesOf("apim-openai", world).flatMap((edge) => {
      const [, from, to] = /^apim-openai\/(\S+) -> (\S+) /.exec(edge) ?? [];
      return from !== undefined && to?.includes(".") === true ? [from] : [];
    });
    const sets = plain.choices.egressGateway.pods;
    const led = apimOpenai
      .examples(plain)
      .filter(({ metadata }) =>
        sets.some((labels) => Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)),
      )
      .map(({ metadata }) => metadata.name);
    assert.deepEqual([...new Set(leaving)].sort(), ["ai", "backend", "identity"]);
    assert.deepEqual([...led].sort(), ["ai", "backend", "identity"]);
  });

  it("opens nothing: the same connections with it and without", () => {
    const [without, withIt] = [
      [baseline, apimOpenai],
      [baseline, apimOpenai, egressGateway],
    ].map((chosen) => edgesOf("apim-openai", worldOf(objectsOf(chosen, plain))));
    assert.deepEqual(withIt, without);
  });

  it("is applied as it is, and the proof says neither that it is broken nor that it is unknown", () => {
    const { manifests, problems, warnings } = prove({
      bundles: [baseline, apimOpenai, egressGateway],
      context: plain,
      apiServer: ["on another node"],
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(warnings, []);
    assert.ok(manifests.some(({ kind }) => kind === "CiliumEgressGatewayPolicy"));
  });

  it("leads other pods where the stack says so", () => {
    const spec = specIn(telling({ namespace: "shop", pods: [{ app: "till" }] }));
    assert.deepEqual(spec?.["selectors"], [
      { podSelector: { matchLabels: { "io.kubernetes.pod.namespace": "shop", app: "till" } } },
    ]);
    const moved = contextOf({
      policies: { bundles, apimOpenai: { namespace: "ai" }, egressGateway: { destinations, pods: [{ app: "ai" }] } },
    });
    assert.deepEqual(specIn(moved)?.["selectors"], [
      { podSelector: { matchLabels: { "io.kubernetes.pod.namespace": "ai", app: "ai" } } },
    ]);
  });

  it("leaves the cluster's own ranges out on every target, each once, and what the stack says besides", () => {
    const aks = telling({ excluded: ["52.151.7.0/24", "10.244.0.0/16"] }, { target: "aks" });
    assert.deepEqual(specIn(aks)?.["excludedCIDRs"], [
      "10.244.0.0/16",
      "10.0.0.0/16",
      "10.240.0.0/22",
      "52.151.7.0/24",
    ]);
    const pool = telling({}, { target: "aks", aks: { egressPool: { enabled: true } } });
    assert.deepEqual(specIn(pool)?.["excludedCIDRs"], [
      "10.244.0.0/16",
      "10.0.0.0/16",
      "10.240.0.0/22",
      "10.240.4.0/27",
    ]);
  });

  it("has no ranges of its own: the whole world only if the stack says so [S0-14]", () => {
    assert.equal(
      refused({ bundles }),
      "Pulumi.test.yaml › policies.egressGateway.destinations: the bundle `egress-gateway` is chosen, and no address leads through it\n" +
        "  expected the ranges of the other side, as narrow as it says them, for example `203.0.113.0/24`  [settings/egress-to-nowhere]",
    );
    assert.deepEqual(specIn(telling({ destinations: ["0.0.0.0/0"] }))?.["destinationCIDRs"], ["0.0.0.0/0"]);
    assert.equal(refused({ bundles: ["baseline", "apim-openai"] }), "");
  });

  it("is refused where it is about nobody", () => {
    assert.equal(
      refused({ bundles: ["baseline", "egress-gateway"], egressGateway: { destinations, pods: [] } }),
      "Pulumi.test.yaml › policies.egressGateway.namespace: `egress-gateway` leads the pods of `apim-openai` unless it is told others, and that bundle is not chosen\n" +
        "  expected the namespace of the pods that leave through the gateway, or the bundle `apim-openai`  [settings/bundle-about-nobody]\n" +
        "\n" +
        "Pulumi.test.yaml › policies.egressGateway.pods: the bundle `egress-gateway` is chosen, and no pod leaves through it\n" +
        "  expected labels of pods, for example `[{ app: backend-service }]`  [settings/bundle-about-nobody]",
    );
    assert.equal(
      refused({ bundles: ["baseline", "egress-gateway"], egressGateway: { destinations, namespace: "shop" } }),
      "",
    );
  });
});

describe("Nodes of the egress gateway", function () {
  this.timeout(60_000);

  it("are labelled by a patch that goes with the bundle, and owns nothing else of the node [S0-22]", async () => {
    const recording = recordResources();
    new EgressNodes("egress-nodes", { cluster: clusterHandle({ ...localFacts, egressNodes: ["shop-worker"] }) });
    await recording.settled();
    const patch = recording.one("egress-nodes-shop-worker");
    assert.equal(patch.type, "kubernetes:core/v1:NodePatch");
    assert.deepEqual(patch.inputs["metadata"], { name: "shop-worker", labels: { "egress-gateway": "true" } });
    assert.equal(patch.deletedWith, "test:index:Cluster::cluster-owner");
  });

  for (const [target, more, nodes] of [
    ["kind", {}, ["platform-egress-worker"]],
    ["kind", { kind: { workers: 0 } }, ["platform-egress-control-plane"]],
    ["kwok", {}, ["node-000000"]],
    ["aks", { aks: { egressPool: { enabled: true } } }, []],
  ] as const) {
    it(`are ${nodes.length === 0 ? "the cloud's" : nodes.join(", ")} on ${target} with ${JSON.stringify(more)} [S0-22]`, async () => {
      const { resources } = await runProgram(
        written("egress", {
          target,
          ...more,
          cilium: { egressGateway: true },
          policies: { bundles, egressGateway: { destinations } },
        }),
      );
      const patched = resources.filter(({ type }) => type === "kubernetes:core/v1:NodePatch");
      assert.deepEqual(
        patched.map(({ inputs }) => (inputs["metadata"] as { readonly name: string }).name),
        nodes,
      );
    });
  }
});
