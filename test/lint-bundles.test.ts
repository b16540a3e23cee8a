/** Our own bundles under lint: on a stack that selects all of them, neither reading nor a rule has anything to say. */
import assert from "node:assert/strict";

import { bundles } from "../policies/bundles.ts";
import type { BundleContext, Manifest } from "../policies/bundle.ts";
import { nothingOwn } from "../policies/own.ts";
import { prove } from "../policies/prove.ts";
import { contextOf, fullContext } from "./support/bundle-context.ts";
import { allowEverything } from "./support/bundle-world.ts";

/** Whatever is told of them, but for broken promises, wherever the API server runs. */
function found(context: BundleContext, ...more: readonly Manifest[]): readonly string[] {
  const { problems, warnings } = prove({
    bundles,
    context,
    apiServer: ["on another node", "on the pod's node", "outside the cluster"],
    own: { ...nothingOwn, policies: more.map((object) => ({ object: { ...object } })) },
  });
  return [...problems, ...warnings]
    .filter(({ code }) => !code.startsWith("policies/"))
    .map(({ code, where }) => `${code} ${where}`);
}

describe("The bundles under lint", () => {
  it("give it nothing to say", () => {
    assert.deepEqual(found(fullContext), []);
  });

  for (const [what, policies] of [
    ["every form of the DNS demo: name", { demoDns: { form: "name" } }],
    ["every form of the DNS demo: pattern", { demoDns: { form: "pattern" } }],
    ["every form of the Star Wars demo", { demoStarWars: { form: "l4" } }],
    ["ranges that the stack denies [S1-53]", { apimOpenai: { deniedRanges: ["203.0.113.0/24"] } }],
  ] as const) {
    it(`give it nothing to say with ${what}`, () => {
      const { choices } = contextOf({ policies });
      const key = Object.keys(policies)[0] as keyof typeof choices;
      assert.deepEqual(found({ ...fullContext, choices: { ...fullContext.choices, [key]: choices[key] } }), []);
    });
  }

  it("are looked at: a policy of somebody else's that a guardrail closes is found", () => {
    const towardsUat: Manifest = {
      ...allowEverything("dev"),
      spec: {
        endpointSelector: {},
        egress: [{ toEndpoints: [{ matchLabels: { "io.kubernetes.pod.namespace": "uat" } }] }],
      },
    };
    assert.deepEqual(found(fullContext, towardsUat), [
      "lint/deny-beats-allow CiliumClusterwideNetworkPolicy isolate-environment-dev › spec.egressDeny[0]",
    ]);
  });
});
