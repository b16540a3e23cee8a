/** What lint says of single mistakes, word for word: place, object, field, what, what was expected and what to do. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lintText } from "../reach/output/lint.ts";
import { lint } from "../reach/index.ts";

/** Findings of one rule, as the command tells them. */
async function told(code: string, text: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "capability-lint-"));
  const before = process.cwd();
  try {
    writeFileSync(join(folder, "a.yaml"), text);
    process.chdir(folder);
    const found = (await lint(["a.yaml"])).filter((finding) => finding.code === code);
    return lintText(found, (_style, each) => each)
      .trimEnd()
      .split("\n")
      .slice(0, -2);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

function policy(entry: string): string {
  return `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: web, namespace: dev }
spec:
  endpointSelector: { matchLabels: { k8s:app: web } }
  egress:
    - ${entry}
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: data }
spec: { selector: { app: db }, ports: [{ port: 80, targetPort: 5432 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: data, labels: { app: db } }
spec: { containers: [{ name: db, image: db, ports: [{ containerPort: 5432 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: dev, labels: { app: web } }
spec: { containers: [{ name: web, image: web }] }
`;
}

describe("Lint", () => {
  it("tells of a peer in another namespace that is not named [S1-35]", async () => {
    assert.deepEqual(await told("lint/selects-nobody", policy("toEndpoints: [{ matchLabels: { k8s:app: db } }]")), [
      "a.yaml:7: note: this peer is no workload among the manifests: `app: db`  [lint/selects-nobody]",
      "  in CiliumNetworkPolicy dev/web, spec.egress[0].toEndpoints[0]",
      "  expected labels of a workload in dev",
      "  fix: workloads with these labels are in data: name the namespace in the selector",
    ]);
  });

  for (const [what, peer] of [
    ["by labels", "toEndpoints: [{ matchLabels: { k8s:app: db, k8s:io.kubernetes.pod.namespace: data } }]"],
    ["by the Service", "toServices: [{ k8sService: { serviceName: db, namespace: data } }]"],
  ] as const) {
    it(`tells of a rule that names only the port of the Service, the peer ${what} [S1-41]`, async () => {
      const entry = (port: string): string =>
        `${peer}\n      toPorts: [{ ports: [{ port: "${port}", protocol: TCP }] }]`;
      assert.deepEqual(await told("lint/service-port", policy(entry("80"))), [
        "a.yaml:8: warning: `80` is the port of the Service data/db, whose pods listen on 5432: policy sees the pod's port  [lint/service-port]",
        "  in CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].ports[0].port",
        "  expected `5432`, the target port",
        "  fix: write the target port",
      ]);
      assert.deepEqual(await told("lint/service-port", policy(entry("5432"))), []);
    });
  }

  it("tells of a pattern of names, and not of an exact one [S0-23]", async () => {
    assert.deepEqual(await told("lint/wildcard-name", policy('toFQDNs: [{ matchPattern: "*.vault.azure.net" }]')), [
      "a.yaml:7: note: `*.vault.azure.net` allows every server of such a name, whoever runs it  [lint/wildcard-name]",
      "  in CiliumNetworkPolicy dev/web, spec.egress[0].toFQDNs[0]",
      "  expected exact names with `matchName`",
      "  fix: list the names with `matchName`",
    ]);
    assert.deepEqual(await told("lint/wildcard-name", policy("toFQDNs: [{ matchName: ours.vault.azure.net }]")), []);
  });

  it("tells of a key that is written out, and not of one in a Secret [S0-24]", async () => {
    const entry = (match: string): string =>
      `toPorts: [{ ports: [{ port: "8080", protocol: TCP }], rules: { http: [{ headerMatches: [${match}] }] } }]`;
    assert.deepEqual(await told("lint/literal-secret", policy(entry("{ name: api-key, value: k3y }"))), [
      "a.yaml:7: warning: the value of `api-key` is written out, for everybody to read who may read policies  [lint/literal-secret]",
      "  in CiliumNetworkPolicy dev/web, spec.egress[0].toPorts[0].rules.http[0].headerMatches[0].value",
      "  expected `headerMatches` with `secret`",
      "  fix: keep it in a Secret and name that in `headerMatches[].secret`",
    ]);
    const secret = "{ name: api-key, secret: { namespace: dev, name: keys } }";
    assert.deepEqual(await told("lint/literal-secret", policy(entry(secret))), []);
  });

  it("tells of an address that stands in a policy, and not of a group that each cluster has its own of [S1-53]", async () => {
    assert.deepEqual(await told("lint/literal-address", policy("toCIDR: [203.0.113.0/24]")), [
      "a.yaml:7: note: `203.0.113.0/24` is an address of one network, in a policy that others may run elsewhere  [lint/literal-address]",
      "  in CiliumNetworkPolicy dev/web, spec.egress[0].toCIDR[0]",
      "  expected `cidrGroupRef`, or a range that comes from configuration",
      "  fix: name a CiliumCIDRGroup with `cidrGroupRef` that each cluster has its own of, or render the range from configuration",
    ]);
    assert.deepEqual(await told("lint/literal-address", policy("toCIDRSet: [{ cidrGroupRef: partners }]")), []);
  });

  it("tells of names and requests in a deny, which Cilium drops [S2-20]", async () => {
    const denies = `toEntities: [world]
  egressDeny:
    - toFQDNs: [{ matchName: example.org }]
    - toPorts: [{ ports: [{ port: "80", protocol: TCP }], rules: { http: [{ method: GET }] } }]`;
    assert.deepEqual(await told("cilium/unknown-field", policy(denies)), [
      "a.yaml:9: dropped: Cilium does not know this field, drops it and enforces the rest  [cilium/unknown-field]",
      "  in CiliumNetworkPolicy dev/web, spec.egressDeny[0].toFQDNs",
      "  expected only fields of the kind",
      "  fix: remove the field, or the rule that depends on it",
      "",
      "a.yaml:10: dropped: Cilium does not know this field, drops it and enforces the rest  [cilium/unknown-field]",
      "  in CiliumNetworkPolicy dev/web, spec.egressDeny[1].toPorts[0].rules",
      "  expected only fields of the kind",
      "  fix: remove the field, or the rule that depends on it",
    ]);
  });
});
