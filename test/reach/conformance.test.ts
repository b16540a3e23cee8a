/** `reach conformance`: files of verdicts, ours and such as somebody else may bring. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { linesOf, ran } from "./ran.ts";

/** A client that may reach its server on one port, with what a file may leave out left out. */
const scenario = {
  pods: [
    { namespace: "shop", name: "client", labels: { app: "client" } },
    { namespace: "shop", name: "server", labels: { app: "server" } },
  ],
  externals: [
    { name: "named", fqdn: "api.example.com" },
    { name: "gateway", entity: "ingress" },
  ],
  policies: [
    {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "server", namespace: "shop" },
      spec: {
        endpointSelector: { matchLabels: { app: "server" } },
        ingress: [
          {
            fromEndpoints: [{ matchLabels: { app: "client" } }],
            toPorts: [{ ports: [{ port: "9", protocol: "SCTP" }] }],
          },
        ],
      },
    },
    {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "bad", namespace: "shop" },
      spec: { enableDefaultDeny: true },
    },
  ],
  policyErrors: ["shop/bad"],
  probes: [
    { protocol: "SCTP", port: 9 },
    { protocol: "SCTP", port: 10 },
  ],
  expected: [
    [0, 1, 0, 1, 1],
    [0, 1, 1, 1, 2],
    [0, 2, 0, 1, 0],
    [3, 1, 0, 0, 2],
  ],
};

describe("reach conformance", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(join(tmpdir(), "reach-conformance-"))));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  const lines = (...values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join("\n");

  it("takes files that leave out what a reader can do without, packed or not", async () => {
    for (const cases of [file("cases.jsonl", `${lines(scenario)}\n`), file("cases.gz", gzipSync(lines(scenario)))]) {
      const diffs = file(
        "diffs.jsonl",
        lines({
          base: 0,
          mutation: { kind: "removePolicy", index: 0 },
          changes: [
            ["shop/client", "shop/server", "SCTP", 10, "ALLOWED"],
            ["gateway", "shop/server", "SCTP", 9, "ALLOWED"],
          ],
        }),
      );
      const { code, out } = await ran("conformance", "--cases", cases, "--diffs", diffs);
      assert.deepEqual(
        { code, out },
        { code: 0, out: "cells 4, differing 0; L7 lists 0, differing 0; diffs 1, differing 0\n" },
      );
    }
  });

  it("lists what differs and ends with 1", async () => {
    const wrong = {
      ...scenario,
      id: 7,
      expected: [[0, 1, 0, 1, 2]],
      expectedL7: [{ src: "shop/client", dst: "shop/server", protocol: "SCTP", port: 9, egress: null, ingress: ["*"] }],
    };
    const diffs = file(
      "diffs.jsonl",
      lines(
        { base: 7, mutation: { kind: "noop-reorder" }, headPolicies: [], changes: [] },
        { base: 7, mutation: { kind: "noop-reorder" }, changes: [["shop/client", "shop/server", "SCTP", 9, "DENIED"]] },
      ),
    );
    const { code, out } = await ran("conformance", "--cases", file("wrong.jsonl", lines(wrong)), "--diffs", diffs);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "cells 1, differing 1; L7 lists 1, differing 1; diffs 2, differing 1",
          "  scenario 7: shop/client -> shop/server SCTP 9: expected 1 2, got 1 1 (cnp shop/server spec.ingress[0])",
          "  scenario 7: shop/client -> shop/server SCTP 9: expected egress none; ingress *, got egress none; ingress none",
          "  change 2 of scenario 7 (noop-reorder): missing shop/client -> shop/server SCTP 9 DENIED",
        ],
      },
    );
  });

  it("lists no more than the first twenty", async () => {
    const all = Array.from({ length: 30 }, () => ({ ...scenario, expected: [[0, 1, 0, 2, 2]] }));
    const { code, out } = await ran("conformance", "--cases", file("many.jsonl", lines(...all)));
    assert.deepEqual(
      [code, linesOf(out).length, linesOf(out)[0]],
      [1, 21, "cells 30, differing 30; L7 lists 0, differing 0; diffs 0, differing 0"],
    );
  });

  const malformed: readonly [string, () => string | Buffer, string][] = [
    ["a line that is no JSON", () => `${lines(scenario)}\n{"id":`, "FILE:2: Unexpected end of JSON input"],
    [
      "a scenario without pods",
      () => lines({ ...scenario, pods: undefined }),
      "FILE:1 › pods: expected `pods` but received undefined",
    ],
    [
      "a cell that points at nothing",
      () => lines({ ...scenario, expected: [[0, 9, 0, 1, 1]] }),
      "FILE:1: the cell [0,9,0,1,1] points at nothing",
    ],
    [
      "a cell that is none",
      () => lines({ ...scenario, expected: [[0, 1, 0, 1]] }),
      "FILE:1 › expected: expected lists of five whole numbers",
    ],
    [
      "an endpoint that nobody is",
      () => lines({ ...scenario, endpoints: ["shop/other"] }),
      "FILE:1: the endpoint `shop/other` is neither a pod nor an external",
    ],
    [
      "a packed file that ends too early",
      () => gzipSync(lines(scenario)).subarray(0, 100),
      "FILE: unexpected end of file",
    ],
  ];
  for (const [title, content, expected] of malformed) {
    it(`refuses ${title}`, async () => {
      const path = file("malformed", content());
      const { code, out, err } = await ran("conformance", "--cases", path);
      assert.deepEqual({ code, out, err: linesOf(err)[0] }, { code: 2, out: "", err: expected.replace("FILE", path) });
    });
  }

  it("refuses a change of a scenario that is not there", async () => {
    const [cases, diffs] = [
      file("cases.jsonl", lines(scenario)),
      file("diffs.jsonl", lines({ base: 3, mutation: { kind: "noop-reorder" }, changes: [] })),
    ];
    const { code, err } = await ran("conformance", "--cases", cases, "--diffs", diffs);
    assert.deepEqual(
      [code, linesOf(err)[0]],
      [2, `${diffs}:1: starts from scenario \`3\`, which ${cases} does not hold`],
    );
  });
});
