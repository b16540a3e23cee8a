/**
 * What becomes of files, folders and standard input before the engine sees it.
 */
import assert from "node:assert/strict";

import { load } from "../../reach/input/load.ts";
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
});
