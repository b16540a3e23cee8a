/** Which namespaces start closed. */
import assert from "node:assert/strict";

import { runProgram } from "./support/program.ts";
import { written } from "./support/stacks.ts";

describe("A stack's namespaces", function () {
  this.timeout(60_000);

  it("start closed in both directions, each that does not say otherwise and no other [S1-28]", async () => {
    const { resources } = await runProgram(
      written("mixed", { target: "kwok", namespaces: { dev: {}, uat: {}, open: { isolated: false } } }),
    );
    const denying = resources.filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy");
    assert.deepEqual(
      denying.map(({ inputs }) => [inputs["metadata"], inputs["spec"]]),
      ["dev", "uat"].map((namespace) => [
        { name: "default-deny", namespace, labels: { "app.kubernetes.io/part-of": "cilium-platform" } },
        { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      ]),
    );
  });
});
