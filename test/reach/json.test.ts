/** JSON of a pair: what remains, in the words of the policies. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ran } from "./ran.ts";

const world = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: dev, labels: { app: web } }
---
apiVersion: v1
kind: Pod
metadata: { name: api, namespace: dev, labels: { app: api } }
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: api, namespace: dev }
spec:
  endpointSelector: { matchLabels: { app: api } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: web } }]
      toPorts:
        - ports: [{ port: "443", protocol: TCP }]
          serverNames: [api.example]
          terminatingTLS: { secret: { name: api-tls, namespace: dev } }
          rules: { http: [{ method: GET }] }
`;

describe("JSON of a pair", () => {
  it("names the servers beside the requests that pass", async () => {
    const folder = mkdtempSync(join(tmpdir(), "reach-json-"));
    try {
      const file = join(folder, "world.yaml");
      writeFileSync(file, world);
      const { code, out } = await ran("matrix", file, "--from", "dev/web", "--to", "dev/api", "-o", "json");
      const { answers } = JSON.parse(out) as { readonly answers: readonly { readonly ingress: unknown }[] };
      assert.equal(code, 0);
      assert.deepEqual(
        answers.map(({ ingress }) => ingress),
        [{ l7: [{ http: [{ method: "GET" }], serverNames: ["api.example"] }], authentication: "unspecified" }],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
