/** Authenticated edges: a connection that a stack lists waits for a handshake on both sides, and no other does. */
import assert from "node:assert/strict";

import { judgeStack } from "../components/candidate.ts";
import type { Bundle, BundleContext, Manifest } from "../policies/bundle.ts";
import { bundles, needsOf } from "../policies/bundles.ts";
import { bothSides, connectionsOf, type Edge } from "../policies/edges.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { contextOf, fullContext } from "./support/bundle-context.ts";
import { settingsOf } from "./support/settings.ts";

const shop: Edge = {
  name: "stock",
  description: "Till and office ask for the stock.",
  from: {
    till: { namespace: "shop", labels: { app: "till" } },
    office: { namespace: "office", labels: { app: "office" } },
  },
  to: { namespace: "shop", labels: { app: "stock" } },
  ports: [8080],
};

function requiring(context: BundleContext, authenticatedEdges: readonly string[]): BundleContext {
  return { ...context, choices: { ...context.choices, authenticatedEdges } };
}

function nameOf({ kind, metadata }: Manifest): string {
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join(" ");
}

/** Objects that differ, by name. */
function changed(bundle: Bundle, before: BundleContext, after: BundleContext): readonly string[] {
  const texts = new Map(bundle.manifests(before).map((manifest) => [nameOf(manifest), JSON.stringify(manifest)]));
  const now = bundle.manifests(after);
  assert.equal(now.length, texts.size);
  return now.filter((manifest) => texts.get(nameOf(manifest)) !== JSON.stringify(manifest)).map(nameOf);
}

/** Who waits for whom, as the objects say it: namespace and labels of either end. */
function waiting(manifests: readonly Manifest[]): readonly string[] {
  return manifests
    .filter(({ spec }) => JSON.stringify(spec).includes('"authentication"'))
    .map(nameOf)
    .sort();
}

describe("A declared edge", () => {
  it("is named by both its ends, client by client", () => {
    assert.deepEqual(connectionsOf(shop), ["shop/till -> shop/stock", "office/office -> shop/stock"]);
    assert.deepEqual(connectionsOf({ ...shop, server: "warehouse" }), [
      "shop/till -> shop/warehouse",
      "office/office -> shop/warehouse",
    ]);
  });

  it("waits for nobody where the stack lists nothing", () => {
    assert.deepEqual(waiting(bothSides(shop, [])), []);
  });

  it("waits on both sides for the client that is listed, and lets the other one in as before [S1-21]", () => {
    const toPorts = [{ ports: [{ port: "8080", protocol: "TCP" }] }];
    const required = { authentication: { mode: "required" } };
    const [server, till, office] = bothSides(shop, ["shop/till -> shop/stock"]);
    assert.deepEqual(server?.spec["ingress"], [
      {
        fromEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "office", "k8s:app": "office" } }],
        toPorts,
      },
      { fromEndpoints: [{ matchLabels: { "k8s:app": "till" } }], toPorts, ...required },
    ]);
    assert.deepEqual(till?.spec["egress"], [
      { toEndpoints: [{ matchLabels: { "k8s:app": "stock" } }], toPorts, ...required },
    ]);
    assert.deepEqual(office?.spec["egress"], [
      {
        toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "shop", "k8s:app": "stock" } }],
        toPorts,
      },
    ]);
  });

  it("keeps one entry where all its clients wait", () => {
    const [server] = bothSides(shop, connectionsOf(shop));
    assert.equal((server?.spec["ingress"] as readonly unknown[]).length, 1);
  });
});

describe("The edges of every bundle", () => {
  const declaring = bundles.filter((bundle) => (bundle.edges?.(fullContext) ?? []).length > 0);

  it("have names of their own among all bundles", () => {
    const names = declaring.flatMap((bundle) => (bundle.edges?.(fullContext) ?? []).flatMap(connectionsOf));
    assert.ok(names.length > 15, String(names.length));
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  for (const bundle of declaring) {
    it(`${bundle.name}: each changes its own policies and no others when it is listed [S1-21]`, () => {
      const plain = requiring(fullContext, []);
      assert.deepEqual(waiting(bundle.manifests(plain)), []);
      for (const edge of bundle.edges?.(fullContext) ?? []) {
        for (const [client, { namespace }] of Object.entries(edge.from)) {
          const [name = ""] = connectionsOf({ ...edge, from: { [client]: { namespace, labels: {} } } });
          const now = requiring(fullContext, [name]);
          const both = [
            `CiliumNetworkPolicy ${edge.to.namespace} ${edge.name}`,
            `CiliumNetworkPolicy ${namespace} ${edge.name}-from-${client}`,
          ];
          const there = bundle.manifests(plain).map(nameOf);
          const expected = both.filter((policy) => there.includes(policy)).sort();
          assert.ok(expected.length > 0, name);
          assert.deepEqual([...changed(bundle, plain, now)].sort(), expected, name);
          assert.deepEqual(waiting(bundle.manifests(now)), expected, name);
          assert.equal(needsOf(bundle, now).authentication, true);
        }
      }
      assert.equal(needsOf(bundle, plain).authentication, false);
    });
  }
});

describe("A stack that lists edges", () => {
  const listed = ["apim-openai/frontend -> apim-openai/apim-gateway"];
  const stack = (authenticatedEdges: readonly string[], cilium: Readonly<Record<string, unknown>> = {}) => ({
    kyverno: { enabled: false },
    cilium,
    policies: { bundles: ["baseline", "apim-openai"], authenticatedEdges },
  });
  const refused = (attempt: () => unknown): string => {
    try {
      attempt();
    } catch (error) {
      assert.ok(error instanceof ProblemsError, String(error));
      return formatProblems(error.problems);
    }
    return "";
  };

  it("is refused while mesh authentication is off, because their traffic would be dropped [S1-21]", () => {
    const off = settingsOf(stack(listed));
    assert.equal(
      refused(() => judgeStack("test", off)),
      "Pulumi.test.yaml › cilium.meshAuth: policies require authentication (apim-openai), so their traffic would be dropped\n" +
        "  expected `cilium.meshAuth: spire`, or nothing of theirs under `policies.authenticatedEdges`  [cilium/authentication-required]",
    );
    assert.equal(
      refused(() => judgeStack("test", settingsOf(stack(listed, { meshAuth: "spire" })))),
      "",
    );
  });

  it("is no longer told that SPIRE has no effect", () => {
    const codes = (edges: readonly string[]): readonly string[] =>
      judgeStack("test", settingsOf(stack(edges, { meshAuth: "spire", encryption: "wireguard" }))).warnings.map(
        ({ code }) => code,
      );
    assert.deepEqual(codes([]), ["cilium/spire-version", "cilium/spire-without-use"]);
    assert.deepEqual(codes(listed), ["cilium/spire-version"]);
  });

  it("is refused with a name that no chosen bundle declares, and told the nearest", () => {
    assert.equal(
      refused(() => contextOf(stack(["apim-openai/frontend -> apim-openai/apim-gatway"]))).replaceAll(
        /one of [^\n]*/g,
        "one of …",
      ),
      "Pulumi.test.yaml › policies.authenticatedEdges[0]: no chosen bundle declares `apim-openai/frontend -> apim-openai/apim-gatway`\n" +
        "  expected one of …\n" +
        "  fix: did you mean `apim-openai/frontend -> apim-openai/apim-gateway`?  [policies/unknown-edge]",
    );
    assert.match(
      refused(() => contextOf({ policies: { bundles: ["baseline"], authenticatedEdges: ["dev/a -> dev/b"] } })),
      /expected a bundle that declares connections between workloads {2}\[policies\/unknown-edge\]$/,
    );
  });
});
