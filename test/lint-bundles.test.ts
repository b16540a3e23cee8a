/** Our own bundles under lint: on a stack that selects all of them, no rule has anything to say. */
import assert from "node:assert/strict";

import { bundles } from "../policies/bundles.ts";
import type { Manifest } from "../policies/bundle.ts";
import { lint } from "../policies/lint/lint.ts";
import { fullContext } from "./support/bundle-context.ts";
import { allowEverything, objectsOf, worldOf } from "./support/bundle-world.ts";

function found(objects: readonly Manifest[]): readonly string[] {
  const manifests = objects.map((object) => ({ object: { ...object } }));
  const problems = lint({ manifests, world: worldOf(objects), meshAuthentication: "off" });
  return problems.map(({ code, where }) => `${code} ${where}`);
}

describe("The bundles under lint", () => {
  const namespaces = ["dev", "uat"].map((name): Manifest => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { environment: name } },
    spec: {},
  }));
  const objects = [...namespaces, ...objectsOf(bundles, fullContext)];

  it("give it nothing to say", () => {
    assert.deepEqual(found(objects), []);
  });

  it("are looked at: a policy of somebody else's that a guardrail closes is found", () => {
    const towardsUat: Manifest = {
      ...allowEverything("dev"),
      spec: {
        endpointSelector: {},
        egress: [{ toEndpoints: [{ matchLabels: { "io.kubernetes.pod.namespace": "uat" } }] }],
      },
    };
    assert.deepEqual(found([...objects, towardsUat]), [
      "lint/deny-beats-allow CiliumClusterwideNetworkPolicy isolate-environment-dev › spec.egressDeny[0]",
    ]);
  });
});
