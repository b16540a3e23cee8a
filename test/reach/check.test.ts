/** `reach check`: promises kept and broken. */
import assert from "node:assert/strict";

import { linesOf, ran, shop } from "./ran.ts";

describe("reach check", () => {
  it("ends with 0 where every promise is kept", async () => {
    const { code, out } = await ran("check", `${shop}/promises.yaml`, `${shop}/base`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "kept    must dev/web -> dev/api TCP 8080  (test/fixtures/reach/shop/promises.yaml:1)",
          "kept    must dev/* -> kube-system/coredns UDP 53  (test/fixtures/reach/shop/promises.yaml:2)",
          "kept    never dev/* -> uat/*  (test/fixtures/reach/shop/promises.yaml:3)",
          "kept    never dev/web -> world  (test/fixtures/reach/shop/promises.yaml:5)",
          "",
          "4 promises: 4 kept, 0 broken",
        ],
      },
    );
  });

  it("explains a broken one, and ends with 1", async () => {
    const { code, out } = await ran("check", `${shop}/promises.yaml`, `${shop}/head`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "kept    must dev/web -> dev/api TCP 8080  (test/fixtures/reach/shop/promises.yaml:1)",
          "kept    must dev/* -> kube-system/coredns UDP 53  (test/fixtures/reach/shop/promises.yaml:2)",
          "BROKEN  never dev/* -> uat/*  (test/fixtures/reach/shop/promises.yaml:3)",
          "        promised because tests must not touch what customers see",
          "        dev/api -> uat/db TCP 5432: allowed",
          "          egress: allowed by cnp dev/api spec.egress[0] (S4)",
          "            cnp dev/api spec.egress[0]: test/fixtures/reach/shop/head/policies.yaml:34",
          "          ingress: no policy selects uat/db (S1)",
          "kept    never dev/web -> world  (test/fixtures/reach/shop/promises.yaml:5)",
          "",
          "4 promises: 3 kept, 1 broken",
          "",
          "1 finding in the manifests",
          "  test/fixtures/reach/shop/head/policies.yaml:37 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny: `true` has the wrong type",
        ],
      },
    );
  });

  it("tells it as Markdown", async () => {
    const { code, out } = await ran("check", `${shop}/promises.yaml`, `${shop}/head`, "-o", "markdown");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "### 4 promises: 3 kept, 1 broken",
          "",
          "- kept: must `dev/web -> dev/api TCP 8080` (test/fixtures/reach/shop/promises.yaml:1)",
          "- kept: must `dev/* -> kube-system/coredns UDP 53` (test/fixtures/reach/shop/promises.yaml:2)",
          "- **BROKEN**: never `dev/* -> uat/*` (test/fixtures/reach/shop/promises.yaml:3)",
          "",
          "      dev/api -> uat/db TCP 5432: allowed",
          "        egress: allowed by cnp dev/api spec.egress[0] (S4)",
          "          cnp dev/api spec.egress[0]: test/fixtures/reach/shop/head/policies.yaml:34",
          "        ingress: no policy selects uat/db (S1)",
          "",
          "- kept: never `dev/web -> world` (test/fixtures/reach/shop/promises.yaml:5)",
        ],
      },
    );
  });

  it("tells programs the same as JSON", async () => {
    const { code, out } = await ran("check", `${shop}/promises.yaml`, `${shop}/head`, "-o", "json");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "{",
          '  "schema": 1,',
          '  "kind": "promises",',
          '  "promises": [',
          '    {"kind":"must","text":"dev/web -> dev/api TCP 8080","where":"test/fixtures/reach/shop/promises.yaml:1","kept":true,"pairs":1,"broken":0,"failures":[]},',
          '    {"kind":"must","text":"dev/* -> kube-system/coredns UDP 53","where":"test/fixtures/reach/shop/promises.yaml:2","kept":true,"pairs":2,"broken":0,"failures":[]},',
          '    {"kind":"never","text":"dev/* -> uat/*","where":"test/fixtures/reach/shop/promises.yaml:3","because":"tests must not touch what customers see","kept":false,"pairs":2,"broken":1,"failures":[{"what":"dev/api -> uat/db TCP 5432: allowed","explanation":["  egress: allowed by cnp dev/api spec.egress[0] (S4)","    cnp dev/api spec.egress[0]: test/fixtures/reach/shop/head/policies.yaml:34","  ingress: no policy selects uat/db (S1)"]}]},',
          '    {"kind":"never","text":"dev/web -> world","where":"test/fixtures/reach/shop/promises.yaml:5","kept":true,"pairs":1,"broken":0,"failures":[]}',
          "  ],",
          '  "findings": [',
          '    {"code":"cilium/refused","where":"test/fixtures/reach/shop/head/policies.yaml:37 › CiliumNetworkPolicy dev/audit › spec.enableDefaultDeny","what":"`true` has the wrong type","expected":"an object"}',
          "  ]",
          "}",
        ],
      },
    );
  });

  it("refuses a file that is not there", async () => {
    const { code, err } = await ran("check", `${shop}/promise.yaml`, `${shop}/head`);
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "test/fixtures/reach/shop/promise.yaml: no such file",
          "  expected a file of promises  [promises/unreadable]",
        ],
      },
    );
  });

  it("refuses a file that holds something else", async () => {
    const { code, err } = await ran("check", `${shop}/base/workloads.yaml`, `${shop}/head`);
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "test/fixtures/reach/shop/base/workloads.yaml:5: Source contains multiple documents; please use YAML.parseAllDocuments()",
          "  expected a YAML list of promises  [promises/malformed]",
        ],
      },
    );
  });
});
