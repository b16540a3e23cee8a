/**
 * Promises: what may stand in a line, and when a line is kept.
 */
import assert from "node:assert/strict";

import { checkPromises, readPromises } from "../../policies/reachability/promises.ts";
import { readWorld } from "../../policies/reachability/read/world.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

const whereOf = (index: number): string => `promises.yaml:${String(index + 1)}`;

const pod = (namespace: string, name: string, ports: readonly Fields[] = []): Fields => ({
  kind: "Pod",
  metadata: { namespace, name, labels: { app: name } },
  spec: { containers: [{ ports }] },
});
const objects: readonly Fields[] = [
  pod("dev", "web"),
  pod("dev", "api", [{ name: "http", containerPort: 8080 }]),
  pod("uat", "db"),
  {
    kind: "CiliumNetworkPolicy",
    metadata: { namespace: "dev", name: "api" },
    spec: {
      endpointSelector: { matchLabels: { app: "api" } },
      ingress: [
        {
          fromEndpoints: [{ matchLabels: { app: "web" } }],
          toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }], rules: { http: [{ method: "GET" }] } }],
        },
      ],
      egress: [
        { toFQDNs: [{ matchName: "partner.example" }], toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }] },
      ],
    },
  },
];
const { world } = readWorld({
  manifests: objects.map((object) => ({ object })),
  externals: [{ name: "partner.example", fqdn: "partner.example" }],
  names: "as learned",
});

/** `kept`, or the first thing that breaks it. */
function answer(line: Fields): string {
  const { promises, problems } = readPromises([line], whereOf);
  assert.deepEqual(problems, []);
  const [result] = checkPromises(promises, world);
  assert.ok(result);
  return result.kept ? "kept" : (result.failures[0]?.what ?? "");
}

describe("A promise", () => {
  const answers: readonly [Fields, string][] = [
    [{ must: "dev/web -> dev/api TCP 8080" }, "kept"],
    [{ must: "dev/web -> dev/api:8080" }, "kept"],
    [{ must: "dev/web -> dev/api 8080" }, "kept"],
    [{ must: "dev/web -> dev/api http" }, "kept"],
    [{ must: "web -> api TCP 8080" }, "kept"],
    [{ must: "dev/web -> dev/api TCP 8080-8081" }, "dev/web -> dev/api TCP 8081: denied"],
    [{ must: "dev/web -> dev/api TCP 8080; UDP 8080" }, "dev/web -> dev/api UDP 8080: denied"],
    [{ must: "dev/web -> dev/api TCP https" }, "dev/web -> dev/api: the server has no port called `https`"],
    [{ must: "dev/web -> dev/api all ports" }, "dev/web -> dev/api all ports except TCP 8080: denied"],
    [{ must: "dev/* -> uat/db TCP 5432" }, "dev/api -> uat/db TCP 5432: denied"],
    [{ must: "dev/api -> partner.example TCP 443" }, "dev/api -> partner.example TCP 443: unknown"],
    [{ never: "dev/api -> partner.example TCP 443" }, "dev/api -> partner.example TCP 443: unknown"],
    [{ never: "dev/api -> world TCP 80" }, "kept"],
    [{ never: "dev/web -> 192.0.2.1 TCP 80" }, "dev/web -> 192.0.2.1 TCP 80: allowed"],
    [{ never: "dev/api -> 192.0.2.1" }, "kept"],
    [{ never: "uat/ -> dev/api" }, "kept"],
    [{ never: "dev/web -> dev/api" }, "dev/web -> dev/api TCP 8080: allowed"],
    [{ never: "dev/web -> dev/api https" }, "kept"],
    [{ never: "prod/* -> dev/api" }, "no workload and nothing outside is called `prod/*`"],
    [
      { must: "dev/wbe -> dev/api TCP 8080" },
      "no workload and nothing outside is called `dev/wbe`; did you mean `dev/web`?",
    ],
    [{ never: "dev/web -> dev/web" }, "names no two ends of a connection"],
  ];
  for (const [line, expected] of answers) {
    it(`is ${expected === "kept" ? "kept" : "broken"}: ${JSON.stringify(line)}`, () => {
      assert.equal(answer(line), expected);
    });
  }

  const refused: readonly [unknown, string][] = [
    ["dev -> uat", "is no promise"],
    [{ must: "dev/web -> dev/api" }, "a `must` line without ports"],
    [{ must: "dev/web" }, "`dev/web` names no two ends"],
    [{ must: "dev/web -> dev/api TCP 80", never: "a -> b" }, "is neither a `must` nor a `never` line"],
    [{ mst: "dev/web -> dev/api TCP 80" }, "unknown key `mst`"],
    [{ never: "a -> b", because: 1 }, "`because` is no text"],
    [{ never: "a -> b TCP 70000" }, "`TCP 70000` is no port"],
    [{ never: "a -> b TCP 90-80" }, "`TCP 90-80` is no port"],
  ];
  for (const [entry, expected] of refused) {
    it(`is refused: ${JSON.stringify(entry)}`, () => {
      const { problems } = readPromises([entry], whereOf);
      assert.deepEqual(
        problems.map(({ code, where, what }) => [code, where, what]),
        [["promises/malformed", "promises.yaml:1", expected]],
      );
    });
  }

  it("stands in a list", () => {
    const { problems } = readPromises({ must: "dev/web -> dev/api TCP 80" }, whereOf);
    assert.deepEqual(
      problems.map(({ where, what }) => [where, what]),
      [["promises.yaml", "holds no list of promises"]],
    );
  });

  it("tells how many pairs break it, and explains the first three", () => {
    const { promises } = readPromises([{ never: "* -> *", because: "nobody talks" }], whereOf);
    const [result] = checkPromises(promises, world);
    assert.ok(result);
    const { kept, pairs, broken, failures, because } = result;
    assert.deepEqual(
      { kept, pairs, broken, explained: failures.length, because },
      { kept: false, pairs: 12, broken: 8, explained: 3, because: "nobody talks" },
    );
  });
});
