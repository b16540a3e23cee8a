/** docs/capabilities.md: every row is there once, and what it says of a test is true. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { sectionOf, tableRowsIn, textOf } from "./support/documents.ts";

const groups: readonly (readonly [title: string, ids: readonly string[]])[] = [
  ["1. kind cluster", ["S1-01", "S1-02", "S1-03", "S3-08", "S3-09"]],
  ["2. AKS", ["S2-01", "S2-02", "S2-04", "S2-05", "S2-10", "S4-12", "S2-18", "S0-37"]],
  [
    "3. Cilium toggles",
    [
      ...["S1-04", "S1-05", "S1-06", "S1-07", "S1-08", "S1-09", "S2-03", "S2-06", "S2-09"],
      ...["S4-01", "S4-02", "S4-03", "S4-09", "S4-11", "S4-34"],
    ],
  ],
  [
    "4. Mesh authentication",
    [
      ...["S1-11", "S1-12", "S1-13", "S1-14", "S1-15", "S1-16", "S1-17"],
      ...["S1-18", "S1-19", "S1-20", "S1-21", "S1-22", "S1-23"],
    ],
  ],
  [
    "5. Hubble and observability",
    [
      ...["S1-10", "S0-20", "S4-16", "S0-25", "S0-27", "S2-17", "S0-28"],
      ...["S0-29", "S2-07", "S2-08", "S4-10", "S4-17", "S4-33"],
    ],
  ],
  ["6. Kyverno", ["S1-28", "S1-29", "S1-30", "S1-31", "S1-32"]],
  ["7. Gateway", ["S1-24", "S1-25", "S1-26", "S1-60"]],
  ["8. Argo CD and local git", ["S1-27", "S1-44", "S1-50", "S3-07"]],
  [
    "9. Policy bundle: baseline",
    [...["S1-33", "S1-34", "S1-35", "S1-36", "S1-37", "S1-41", "S1-45"], ...["S2-19", "S2-20", "S4-24", "S4-25"]],
  ],
  ["10. Policy bundle: environment-isolation", ["S1-39", "S1-40"]],
  ["11. Policy bundle: gateway", ["S1-42", "S1-43"]],
  ["12. Policy bundle: oidc-reference-app", ["S1-38", "S1-46", "S1-47", "S1-48", "S1-49", "S1-56"]],
  [
    "13. Policy bundle: apim-openai",
    [
      ...["S0-01", "S0-02", "S0-03", "S0-04", "S0-05", "S0-06", "S0-07", "S0-08", "S0-09", "S0-10", "S0-11"],
      ...["S0-12", "S0-13", "S0-15", "S0-16", "S0-21", "S0-23", "S0-24", "S0-31", "S0-32", "S0-36"],
    ],
  ],
  ["14. Policy bundle: fqdn-egress", ["S2-12", "S2-13", "S2-14", "S2-15"]],
  ["15. Policy bundle: demo-flights", ["S3-01", "S3-02", "S3-03", "S3-04", "S3-05", "S3-10", "S3-11"]],
  ["16. Policy bundle: demo-star-wars", ["S4-18", "S4-19", "S4-20", "S4-21", "S4-22", "S4-23", "S4-26", "S4-27"]],
  ["17. Policy bundle: demo-dns", ["S4-28", "S4-29", "S4-30", "S4-31", "S4-32", "S3-06"]],
  ["18. Egress gateway", ["S0-14", "S0-22"]],
  ["19. Load balancer: pools, L2, BGP", ["S4-04", "S4-05", "S4-06", "S4-07", "S4-08", "S4-14", "S4-35"]],
  [
    "20. Live verification and troubleshooting",
    [
      ...["S0-17", "S0-18", "S0-19", "S0-26", "S0-30", "S0-33", "S0-34", "S0-35", "S0-38"],
      ...["S1-57", "S1-58", "S1-59", "S2-11", "S2-16", "S4-13", "S4-15"],
    ],
  ],
  ["21. Migration and export", ["S1-51", "S1-52", "S1-53", "S1-54", "S1-55", "S1-61"]],
];

const tests = join(import.meta.dirname);

/** What is wrong with a row of the table; nothing when it is sound. */
function wrongWith([id = "", , shownBy = "", missing = ""]: readonly string[]): string[] {
  const proofs = [...shownBy.matchAll(/\[([\w/-]+)\]\(\.\.\/test\/([\w/-]+\.test\.ts)\) "([^"]+)"/g)];
  const told = shownBy.replaceAll(/\[[\w/-]+\]\([^)]+\) "[^"]+"/g, "").replaceAll(/[;\s]/g, "");
  return [
    ...(told === "" ? [] : [`${id}: neither a link nor a title: ${told}`]),
    ...(proofs.length === 0 && missing === "" ? [`${id}: neither a test nor a reason`] : []),
    ...proofs.flatMap(([, , file = "", title = ""]) => {
      if (!existsSync(join(tests, file))) return [`${id}: no ${file}`];
      const lines = readFileSync(join(tests, file), "utf8").split("\n");
      // The id stands in the title, so on its line.
      return lines.some((line) => line.includes(title) && line.includes(`[${id}]`))
        ? []
        : [`${id}: ${file} has no title with "${title}" and [${id}]`];
    }),
  ];
}

describe("The table of capabilities", () => {
  const text = textOf("docs/capabilities.md");

  for (const [title, ids] of groups) {
    it(`has every row of "${title}" once, in order`, () => {
      assert.deepEqual(
        tableRowsIn(sectionOf(text, `## ${title}`)).map(([id]) => id),
        ids,
      );
    });
  }

  it("has those rows and no others", () => {
    assert.equal(tableRowsIn(text).length, groups.flatMap(([, ids]) => ids).length);
  });

  it("names for each row a test whose title carries its id, or a reason", () => {
    assert.deepEqual(tableRowsIn(text).flatMap(wrongWith), []);
  });

  for (const [what, row, expected] of [
    ["a row with neither", ["S1-04", "x", "", ""], ["S1-04: neither a test nor a reason"]],
    ["a test that is not there", ["S1-04", "x", '[no](../test/no.test.ts) "t"', ""], ["S1-04: no no.test.ts"]],
    [
      "a title of another row",
      ["S1-04", "x", '[aks](../test/aks.test.ts) "has no network plugin"', ""],
      ['S1-04: aks.test.ts has no title with "has no network plugin" and [S1-04]'],
    ],
    ["words instead of a link", ["S1-04", "x", "somewhere", "y"], ["S1-04: neither a link nor a title: somewhere"]],
    ["a reason alone", ["S1-04", "x", "", "needs real nodes"], []],
  ] as const) {
    it(`would ${expected.length === 0 ? "not " : ""}be caught with ${what}`, () => {
      assert.deepEqual(wrongWith(row), expected);
    });
  }
});
