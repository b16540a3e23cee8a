import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { CiliumClusterwideNetworkPolicy, EgressDeny, Ingress } from "../policies/types/cilium.ts";
import type { GeneratingPolicy } from "../policies/types/kyverno.ts";
import { kindSources } from "../scripts/types/kinds.ts";
import { named, type Definitions } from "../scripts/types/schema.ts";
import { requiredVersion } from "../scripts/tools/build-input.ts";

const root = join(import.meta.dirname, "..");

describe("The types of policies", () => {
  for (const { file, tool, module } of kindSources) {
    it(`in ${file} are those of the pinned version (npm run types writes them anew)`, () => {
      const version = requiredVersion(readFileSync(join(root, "tools", tool, "go.mod"), "utf8"), module);
      const [first = ""] = readFileSync(join(root, "policies/types", file), "utf8").split("\n");
      assert.equal(
        first,
        `/** Kinds of ${module} ${version ?? "?"}, written by \`npm run types\` from its CustomResourceDefinitions. */`,
      );
    });
  }

  it("know a deny by name no more than Cilium does", () => {
    // @ts-expect-error Cilium drops a name from a deny and denies nobody.
    const deny: EgressDeny = { toFQDNs: [{ matchName: "example.org" }] };
    assert.deepEqual(Object.keys(deny), ["toFQDNs"]);
  });

  it("know no default deny that is true or false", () => {
    const policy: CiliumClusterwideNetworkPolicy = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumClusterwideNetworkPolicy",
      metadata: { name: "p" },
      // @ts-expect-error It is an object with a direction.
      spec: { endpointSelector: {}, ingress: [], enableDefaultDeny: true },
    };
    assert.equal(policy.kind, "CiliumClusterwideNetworkPolicy");
  });

  it("know no port that is a number", () => {
    // @ts-expect-error Cilium's ports are texts.
    const entry: Ingress = { toPorts: [{ ports: [{ port: 80 }] }] };
    assert.deepEqual(Object.keys(entry), ["toPorts"]);
  });

  it("take the stable version of a kind where there is one", () => {
    const version: GeneratingPolicy["apiVersion"] = "policies.kyverno.io/v1";
    assert.equal(version, "policies.kyverno.io/v1");
  });
});

describe("A schema made ready for types", () => {
  it("names equal objects once, and others of the same name apart", () => {
    const definitions: Definitions = new Map();
    const port = { type: "object", properties: { port: { type: "string" } } };
    const other = { type: "object", properties: { port: { type: "integer" } } };
    assert.deepEqual(named({ type: "array", items: port }, "ports", definitions), {
      type: "array",
      items: { $ref: "#/definitions/Port" },
    });
    assert.deepEqual(named(port, "port", definitions), { $ref: "#/definitions/Port" });
    assert.deepEqual(named(other, "port", definitions), { $ref: "#/definitions/Port2" });
    assert.deepEqual([...definitions.keys()], ["Port", "Port2"]);
  });

  it("takes a number or a text where Kubernetes does", () => {
    assert.deepEqual(named({ "x-kubernetes-int-or-string": true }, "type", new Map()), {
      anyOf: [{ type: "integer" }, { type: "string" }],
    });
  });

  it("lets any field pass where the kind keeps what it does not know", () => {
    assert.deepEqual(named({ type: "object", "x-kubernetes-preserve-unknown-fields": true }, "any", new Map()), {
      type: "object",
      additionalProperties: true,
    });
  });
});
