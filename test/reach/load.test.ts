/**
 * What becomes of files, folders and standard input before the engine sees it.
 */
import assert from "node:assert/strict";

import { dump, loadAll } from "js-yaml";

import { decide, readWorld } from "../../policies/reachability/index.ts";
import { isWorkload } from "../../policies/reachability/read/workloads.ts";
import { load } from "../../reach/input/load.ts";
import { everyField } from "./every-field.ts";
import { standardInput } from "./standard-input.ts";

const rendered = `---
# Source: shop/templates/policy.yaml
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  endpointSelector: {}
  egress:
    - toEndpoints:
        - {}
    - toPorts:
        - ports:
            - port: "53"
        - ports:
            - port: "443"
---
# Source: shop/templates/empty.yaml
---
# Source: shop/templates/namespace.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: shop
`;

describe("loading manifests", () => {
  it("takes what helm renders, from standard input, with the line of each object", async () => {
    const { manifests, problems } = await load(["-"], { stdin: standardInput(rendered) });
    assert.deepEqual(
      manifests.map(({ object, source }) => [object["kind"], source]),
      [
        ["CiliumNetworkPolicy", "stdin:3"],
        ["Namespace", "stdin:22"],
      ],
    );
    assert.deepEqual(problems, []);
  });

  it("finds the line of a field", async () => {
    const { place } = await load(["-"], { stdin: standardInput(rendered) });
    const policy = { kind: "CiliumNetworkPolicy", namespace: "shop", name: "web" } as const;
    assert.equal(place({ policy, path: "spec.egress[1].toPorts[1]" }), "stdin:16");
  });

  it("gives the same objects for JSON, YAML, JSON Lines and lists, in any order", async () => {
    const objects = everyField.flatMap((text) => loadAll(text)).filter((each) => each !== null);
    const json = objects.map((each) => JSON.stringify(each, null, 2));
    const texts = [
      json.join("\n---\n"),
      objects.map((each) => JSON.stringify(each)).join("\n"),
      objects.map((each) => dump(each)).join("---\n"),
      `{"apiVersion":"v1","kind":"List","items":[${json.join(",")}]}`,
      dump({ kind: "List", items: objects }),
      dump({ kind: "List", items: objects }, { flowLevel: 0 }),
    ];
    for (const text of texts) {
      const { manifests } = await load(["-"], { stdin: standardInput(text) });
      assert.deepEqual(
        manifests.map(({ object }) => object),
        objects.filter((each) => (each as { kind: string }).kind !== "ConfigMap"),
      );
    }
  });

  it("passes over what may stand before a document", async () => {
    const namespace = '{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "a" } }';
    for (const text of [
      `\uFEFF${namespace}`,
      `# one\n--- # two\n# three\n${namespace}`,
      `--- ${namespace}`,
      `%YAML 1.1\n---\n${namespace}`,
      `${namespace}\n...\n# the end`,
    ]) {
      const { manifests } = await load(["-"], { stdin: standardInput(text) });
      assert.deepEqual(
        manifests.map(({ object }) => object["kind"]),
        ["Namespace"],
        text,
      );
    }
  });

  it("takes keys that JavaScript knows for data", async () => {
    // No key of a label may begin with an underscore, so no policy can ask for the one that matters most.
    const asked = { constructor: "a", hasOwnProperty: "b", valueOf: "c", toString: "d" };
    const labels = { ...asked, ["__proto__"]: "e" };
    const pod = (name: string, own: object): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "shop", labels: own },
    });
    const policy = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "p", namespace: "shop" },
      spec: {
        endpointSelector: { matchLabels: asked },
        ingress: [{ fromEndpoints: [{ matchExpressions: [{ key: "valueOf", operator: "Exists" }] }] }],
      },
    };
    const objects = [
      pod("odd", labels),
      pod("even", { ["__proto__"]: "x", valueOf: "x" }),
      pod("plain", { app: "x" }),
      policy,
    ];
    const pairs = [
      [1, 0],
      [2, 0],
      [0, 1],
    ] as const;
    for (const write of [(each: object): string => dump(each), (each: object): string => JSON.stringify(each)]) {
      const { manifests } = await load(["-"], { stdin: standardInput(objects.map(write).join("\n---\n")) });
      const { world, problems } = readWorld({ manifests, externals: [] });
      assert.deepEqual(problems, []);
      assert.deepEqual(
        pairs.map(([from, to]) => decide({ from, to, protocol: "TCP", port: 80 }, world).outcome),
        ["allowed", "denied", "allowed"],
      );
    }
    assert.equal(Object.hasOwn(Object.prototype, "a"), false);
  });

  it("takes a kind that JavaScript knows for one that is not read", async () => {
    const text = `${rendered}---\napiVersion: x/v1\nkind: constructor\nmetadata: { name: a }\n`;
    const { manifests, problems } = await load(["-"], { stdin: standardInput(text) });
    assert.equal(manifests.length, 2);
    assert.deepEqual(
      problems.map(({ what }) => what),
      ["constructor of x/v1 is not read (1 object)"],
    );
    assert.equal(isWorkload("constructor"), false);
  });
});
