/** `reach lint`: what Cilium refuses, drops or ignores, with object, field and line. */
import assert from "node:assert/strict";

import { lintJson, lintMarkdown, lintText } from "../../reach/output/lint.ts";
import { lintSarif } from "../../reach/output/sarif.ts";
import type { Finding } from "../../reach/findings.ts";
import { linesOf, ran, shop } from "./ran.ts";

/** A finding whose author accepts it. */
const accepted: Finding = {
  severity: "note",
  code: "lint/every-name",
  place: "dev/api.yaml:12",
  object: "CiliumNetworkPolicy dev/api",
  field: "spec.egress[0].toFQDNs[0]",
  what: "this allows every name",
  expected: "names",
  accepted: "the crawler follows any link",
};

/** What of SARIF 2.1.0 is held against the log. */
interface SarifLog {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly rules: readonly ({ readonly id: string } & Partial<
          Record<"shortDescription" | "fullDescription" | "help", { readonly text: string }>
        >)[];
      };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations?: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region?: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}

describe("reach lint", () => {
  it("ends with 1 where Cilium refuses an object", async () => {
    const { code, out } = await ran("lint", `${shop}/head`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "test/fixtures/reach/shop/head/policies.yaml:42: refused: `true` has the wrong type  [cilium/refused]",
          "  in CiliumNetworkPolicy dev/audit, spec.enableDefaultDeny",
          "  expected an object",
          "",
          "1 finding: 1 refused",
        ],
      },
    );
  });

  it("ends with 0 where there is nothing to say", async () => {
    const { code, out } = await ran("lint", `${shop}/base`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      { code: 0, out: ["no findings: Cilium takes these manifests as they are written"] },
    );
  });

  it("tells it as Markdown", async () => {
    const { code, out } = await ran("lint", `${shop}/head`, "-o", "markdown");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "### 1 finding: 1 refused",
          "",
          "| Severity | Place | Object and field | What | What to do | Code |",
          "| --- | --- | --- | --- | --- | --- |",
          "| refused | test/fixtures/reach/shop/head/policies.yaml:42 | CiliumNetworkPolicy dev/audit, spec.enableDefaultDeny | `true` has the wrong type | expected an object | cilium/refused |",
        ],
      },
    );
  });

  it("tells programs the same as JSON", async () => {
    const { code, out } = await ran("lint", `${shop}/head`, "-o", "json");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "{",
          '  "schema": 1,',
          '  "kind": "findings",',
          '  "findings": [',
          '    {"severity":"refused","code":"cilium/refused","place":"test/fixtures/reach/shop/head/policies.yaml:42","object":"CiliumNetworkPolicy dev/audit","field":"spec.enableDefaultDeny","what":"`true` has the wrong type","expected":"an object"}',
          "  ]",
          "}",
        ],
      },
    );
  });

  it("tells code scanning the same as SARIF", async () => {
    const { code, out } = await ran("lint", `${shop}/head`, "-o", "sarif");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 1,
        out: [
          "{",
          '  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",',
          '  "version": "2.1.0",',
          '  "runs": [',
          "    {",
          '      "tool": {',
          '        "driver": {',
          '          "name": "reach",',
          '          "version": "0.1.0",',
          '          "rules": [',
          "            {",
          '              "id": "cilium/refused"',
          "            }",
          "          ]",
          "        }",
          "      },",
          '      "results": [',
          "        {",
          '          "ruleId": "cilium/refused",',
          '          "level": "error",',
          '          "message": {',
          '            "text": "CiliumNetworkPolicy dev/audit, spec.enableDefaultDeny: `true` has the wrong type; expected an object"',
          "          },",
          '          "locations": [',
          "            {",
          '              "physicalLocation": {',
          '                "artifactLocation": {',
          '                  "uri": "test/fixtures/reach/shop/head/policies.yaml"',
          "                },",
          '                "region": {',
          '                  "startLine": 42',
          "                }",
          "              }",
          "            }",
          "          ]",
          "        }",
          "      ]",
          "    }",
          "  ]",
          "}",
        ],
      },
    );
  });

  it("is SARIF as its standard has it: rules once each, results of them, places inside the project", async () => {
    const { out } = await ran("lint", "test/fixtures/reach/seeds/000-apim-openai", "-o", "sarif");
    const log = JSON.parse(out) as SarifLog;
    assert.deepEqual(Object.keys(log).sort(), ["$schema", "runs", "version"]);
    assert.equal(log.version, "2.1.0");
    assert.equal(log.runs.length, 1);
    for (const { tool, results } of log.runs) {
      const ids = tool.driver.rules.map(({ id }) => id);
      assert.deepEqual(ids, [...new Set(ids)]);
      assert.deepEqual([...new Set(results.map(({ ruleId }) => ruleId))].sort(), [...ids].sort());
      for (const { shortDescription, fullDescription, help } of tool.driver.rules) {
        for (const message of [shortDescription, fullDescription, help]) assert.notEqual(message?.text, "");
      }
      for (const { level, message, locations = [] } of results) {
        assert.ok(["none", "note", "warning", "error"].includes(level), level);
        assert.ok(message.text.length > 0);
        assert.equal(locations.length, 1);
        for (const { physicalLocation } of locations) {
          assert.doesNotMatch(physicalLocation.artifactLocation.uri, /^(\/|\w+:|.*\\)/);
          assert.ok(
            Number.isInteger(physicalLocation.region?.startLine) && (physicalLocation.region?.startLine ?? 0) > 0,
          );
        }
      }
    }
  });

  it("counts what is accepted for people, and tells programs why", () => {
    const { results } = (JSON.parse(lintSarif([accepted])) as { runs: [{ results: unknown[] }] }).runs[0];
    assert.deepEqual(
      {
        text: lintText([accepted]),
        markdown: lintMarkdown([accepted]),
        json: (JSON.parse(lintJson([accepted])) as { findings: unknown }).findings,
        sarif: results.map((each) => (each as { suppressions?: unknown }).suppressions),
      },
      {
        text: "no findings: Cilium takes these manifests as they are written; 1 accepted\n",
        markdown: "### no findings: Cilium takes these manifests as they are written; 1 accepted\n",
        json: [accepted],
        sarif: [[{ kind: "inSource", justification: "the crawler follows any link" }]],
      },
    );
  });

  it("takes the word that the agents can authenticate", async () => {
    const { out } = await ran("lint", `${shop}/base`, "--mesh-auth");
    assert.deepEqual(linesOf(out), ["no findings: Cilium takes these manifests as they are written"]);
  });
});
