/** READMEs of the bundles: their tables are what the bundles promise, and they say what differs from what was published. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { bundles } from "../policies/bundles.ts";
import { exampleContext, promiseTables } from "../scripts/docs/promise-tables.ts";
import { sectionOf, tableRowsIn, textOf } from "./support/documents.ts";

const root = join(import.meta.dirname, "..");

/** `must a -> b TCP 80: why` for each client and server of each row. */
function promisesIn(readme: string): string[] {
  return tableRowsIn(sectionOf(readme, "## Promises")).flatMap(
    ([kind = "", from = "", to = "", on = "", because = ""]) =>
      ends(from).flatMap((client) => ends(to).map((server) => `${kind} ${client} -> ${server} ${on}: ${because}`)),
  );
}

function ends(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

describe("The README of a bundle", () => {
  it("holds the promises that the bundle makes on the example stack (npm run docs writes them)", async () => {
    for (const { path, text } of await promiseTables()) {
      assert.equal(readFileSync(join(root, path), "utf8"), text, `${path}: run npm run docs`);
    }
  });

  for (const bundle of bundles) {
    it(`tells every promise and no other: ${bundle.name}`, () => {
      const context = exampleContext(textOf("policies/README.md"));
      const expected = bundle.promises(context).map((promise) => {
        const [kind, line] = "must" in promise ? ["must", promise.must] : ["never", promise.never];
        return `${kind} ${/ -> \S+ /.test(line) ? line : `${line} all ports`}: ${promise.because}`;
      });
      const told = promisesIn(textOf(`policies/${bundle.name}/README.md`));
      assert.deepEqual(told.sort(), [...new Set(expected)].sort());
    });

    it(`names the rows it is about, and what is other than published and why: ${bundle.name}`, () => {
      const readme = textOf(`policies/${bundle.name}/README.md`);
      const heading = /^## (What differs from .*|What became of .*|Where it comes from)$/m.exec(readme)?.[0];
      assert.ok(heading !== undefined, "no section on what differs from what was published");
      const rows = [...sectionOf(readme, heading).matchAll(/\bS[0-4]-\d\d\b/g)].map(([id]) => id);
      assert.ok(rows.length > 0, `${heading} names no row`);
      const known = new Set([...textOf("docs/capabilities.md").matchAll(/^\| (S[0-4]-\d\d) /gm)].map(([, id]) => id));
      assert.deepEqual(
        rows.filter((id) => !known.has(id)),
        [],
      );
    });
  }
});
