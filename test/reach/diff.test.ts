/** `reach diff`: what a change of manifests opens, closes or narrows, the worst first. */
import assert from "node:assert/strict";

import { linesOf, ran, shop } from "./ran.ts";

describe("reach diff", () => {
  it("tells what opens, what closes and what narrows, with the rules that did it", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/head`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "Connectivity: 1 pair becomes ALLOWED (1 crosses dev -> uat), 1 pair becomes DENIED, 1 narrowed at L7; 49 pairs unchanged, 0 unknown (Cilium 1.20)",
          "",
          "ALLOWED  dev/api -> uat/db  TCP 5432  (crosses environments)",
          "  before   denied by ccnp dev-not-to-uat",
          "  after    allowed",
          "  because  ccnp dev-not-to-uat spec.egressDeny[0] (test/fixtures/reach/shop/base/policies.yaml:41), deleted",
          "           cnp dev/api spec.egress[0] (test/fixtures/reach/shop/head/policies.yaml:34), changed",
          "",
          "DENIED  dev/api -> partner.example  TCP 443  (world)",
          "  before   allowed",
          "  after    denied, egress isolated by cnp dev/closed, cnp dev/api",
          "  because  cnp dev/api spec.egress[0] (test/fixtures/reach/shop/base/policies.yaml:32), changed",
          "",
          "NARROWED  dev/web -> dev/api  TCP 8080  (same namespace)",
          "  before   allowed",
          "  after    allowed, http GET /items",
          "  because  cnp dev/api spec.ingress[0] (test/fixtures/reach/shop/head/policies.yaml:29), changed",
          "",
          "1 finding in the manifests",
          "  test/fixtures/reach/shop/head/policies.yaml:37 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny: `true` has the wrong type",
        ],
      },
    );
  });

  it("tells it as a comment for a pull request", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/head`, "-o", "markdown");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "### Connectivity: 1 pair becomes ALLOWED (1 crosses dev -> uat), 1 pair becomes DENIED, 1 narrowed at L7; 49 pairs unchanged, 0 unknown (Cilium 1.20)",
          "",
          "| What | From | To | Ports | Before | After | Because |",
          "| --- | --- | --- | --- | --- | --- | --- |",
          "| ALLOWED, crosses dev -> uat | dev/api | uat/db | TCP 5432 | denied by ccnp dev-not-to-uat | allowed | ccnp dev-not-to-uat spec.egressDeny[0] (test/fixtures/reach/shop/base/policies.yaml:41), deleted; cnp dev/api spec.egress[0] (test/fixtures/reach/shop/head/policies.yaml:34), changed |",
          "| DENIED, world | dev/api | partner.example | TCP 443 | allowed | denied, egress isolated by cnp dev/closed, cnp dev/api | cnp dev/api spec.egress[0] (test/fixtures/reach/shop/base/policies.yaml:32), changed |",
          "| NARROWED, same namespace | dev/web | dev/api | TCP 8080 | allowed | allowed, http GET /items | cnp dev/api spec.ingress[0] (test/fixtures/reach/shop/head/policies.yaml:29), changed |",
          "",
          "**Warnings: 1 new**",
          "",
          "- refused: test/fixtures/reach/shop/head/policies.yaml:42 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny: `true` has the wrong type (`cilium/refused`)",
          "",
          "<details><summary>Map</summary>",
          "",
          "```mermaid",
          "flowchart LR",
          '  n1["dev/api"]',
          '  n2["uat/db"]',
          '  n5["partner.example"]',
          '  n0["dev/web"]',
          '  n1 ==>|"ALLOWED TCP 5432"| n2',
          '  n1 -.-x|"DENIED TCP 443"| n5',
          '  n0 -->|"NARROWED TCP 8080"| n1',
          "```",
          "",
          "</details>",
        ],
      },
    );
  });

  it("tells programs the same as JSON", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/head`, "-o", "json", "--to", "uat/");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "{",
          '  "schema": 1,',
          '  "kind": "diff",',
          '  "cilium": {"before":"1.20","after":"1.20"},',
          '  "groups": [',
          '    {"name":"dev/web","members":["dev/web"],"kind":"pod","namespace":"dev"},',
          '    {"name":"dev/api","members":["dev/api"],"kind":"pod","namespace":"dev"},',
          '    {"name":"uat/db","members":["uat/db"],"kind":"pod","namespace":"uat"},',
          '    {"name":"kube-system/coredns","members":["kube-system/coredns"],"kind":"pod","namespace":"kube-system"},',
          '    {"name":"world and 3 more","members":["world","host","remote-node","kube-apiserver"],"kind":"external"},',
          '    {"name":"partner.example","members":["partner.example"],"kind":"external"}',
          "  ],",
          '  "changes": [',
          '    {"kind":"ALLOWED","risk":"crosses environments","crossing":{"from":"dev","to":"uat"},"from":1,"to":2,"ports":[{"protocol":"TCP","first":5432,"last":5432}],"before":"denied by ccnp dev-not-to-uat","after":"allowed","because":["ccnp dev-not-to-uat spec.egressDeny[0] (test/fixtures/reach/shop/base/policies.yaml:41), deleted","cnp dev/api spec.egress[0] (test/fixtures/reach/shop/head/policies.yaml:34), changed"]}',
          "  ],",
          '  "unchanged": 7,',
          '  "unknown": 0,',
          '  "appeared": [],',
          '  "disappeared": [],',
          '  "findings": [',
          '    {"code":"cilium/refused","where":"test/fixtures/reach/shop/head/policies.yaml:37 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny","what":"`true` has the wrong type","expected":"an object"}',
          "  ]",
          "}",
        ],
      },
    );
  });

  it("tells a spreadsheet one row per pair and stretch of ports", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/head`, "-o", "csv", "--to", "uat/");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "change,risk,from,to,protocol,first_port,last_port,before,after,because",
          'ALLOWED,crosses environments,dev/api,uat/db,TCP,5432,5432,denied by ccnp dev-not-to-uat,allowed,"ccnp dev-not-to-uat spec.egressDeny[0] (test/fixtures/reach/shop/base/policies.yaml:41), deleted; cnp dev/api spec.egress[0] (test/fixtures/reach/shop/head/policies.yaml:34), changed"',
        ],
      },
    );
  });

  it("says so where nothing changes", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/base`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      { code: 0, out: ["Connectivity: nothing changes; 52 pairs unchanged, 0 unknown (Cilium 1.20)"] },
    );
  });

  it("ends with 1 if something opens and that was not to be", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/head`, "--to", "uat/", "--fail-on", "allowed");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "Connectivity: 1 pair becomes ALLOWED (1 crosses dev -> uat); 7 pairs unchanged, 0 unknown (Cilium 1.20)",
          "",
          "ALLOWED  dev/api -> uat/db  TCP 5432  (crosses environments)",
          "  before   denied by ccnp dev-not-to-uat",
          "  after    allowed",
          "  because  ccnp dev-not-to-uat spec.egressDeny[0] (test/fixtures/reach/shop/base/policies.yaml:41), deleted",
          "           cnp dev/api spec.egress[0] (test/fixtures/reach/shop/head/policies.yaml:34), changed",
          "",
          "1 finding in the manifests",
          "  test/fixtures/reach/shop/head/policies.yaml:37 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny: `true` has the wrong type",
        ],
      },
    );
  });

  it("ends with 0 if only something else happens", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, `${shop}/head`, "--to", "uat/", "--fail-on", "denied");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "Connectivity: 1 pair becomes ALLOWED (1 crosses dev -> uat); 7 pairs unchanged, 0 unknown (Cilium 1.20)",
          "",
          "ALLOWED  dev/api -> uat/db  TCP 5432  (crosses environments)",
          "  before   denied by ccnp dev-not-to-uat",
          "  after    allowed",
          "  because  ccnp dev-not-to-uat spec.egressDeny[0] (test/fixtures/reach/shop/base/policies.yaml:41), deleted",
          "           cnp dev/api spec.egress[0] (test/fixtures/reach/shop/head/policies.yaml:34), changed",
          "",
          "1 finding in the manifests",
          "  test/fixtures/reach/shop/head/policies.yaml:37 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny: `true` has the wrong type",
        ],
      },
    );
  });

  it("compares two versions of Cilium on the same manifests", async () => {
    const { code, out } = await ran("diff", `${shop}/base`, "--cilium", "1.19..1.20");
    assert.deepEqual(
      { code, out: linesOf(out) },
      { code: 0, out: ["Connectivity: nothing changes; 52 pairs unchanged, 0 unknown (Cilium 1.19 to 1.20)"] },
    );
  });

  it("wants two paths, or one and two versions", async () => {
    const { code, err } = await ran("diff", `${shop}/base`);
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "reach diff: 1 file or folders",
          "  expected two, the earlier and the later",
          "  fix: put several files into one folder, or say --cilium 1.19..1.20 to compare two versions of Cilium  [reach/usage]",
        ],
      },
    );
  });

  it("refuses a version that it does not know", async () => {
    const { code, err } = await ran("diff", `${shop}/base`, "--cilium", "1.19..2.0");
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "--cilium: verdicts of Cilium `2.0` are not known",
          "  expected 1.18, 1.19, 1.20  [reach/unknown-version]",
        ],
      },
    );
  });
});
