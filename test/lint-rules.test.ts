/** Rules of lint: each finds its mistake, with the words, the field and the line, and leaves alone what only looks like it. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lintCodes } from "../policies/lint/lint.ts";
import { lint, type LintQuestion } from "../reach/index.ts";
import { lintDoc } from "../scripts/docs/lint-doc.ts";
import { casesOfMeaning } from "./lint-rules-of-meaning.ts";
import { cases as casesOfEffect, type Case } from "./lint-rules.ts";

const cases = [...casesOfEffect, ...casesOfMeaning];

async function linted(text: string, given: LintQuestion, only: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "reach-lint-"));
  try {
    await writeFile(join(folder, "a.yaml"), text);
    const found = await lint([folder], given);
    return found
      .filter(({ code, accepted }) => code === only && accepted === undefined)
      .map(({ place = "", object = "", field = "", what }) => {
        const line = place.slice(place.lastIndexOf(":") + 1);
        return `${line} ${object}, ${field}: ${what}`;
      });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function given({ cilium, meshAuthentication, sctp, target }: Case): LintQuestion {
  return {
    ...(cilium === undefined ? {} : { cilium }),
    ...(meshAuthentication === undefined ? {} : { meshAuthentication }),
    ...(sctp === undefined ? {} : { sctp }),
    ...(target === undefined ? {} : { target }),
  };
}

describe("The rules of lint", () => {
  for (const each of cases) {
    const { code, title, text, finds } = each;
    it(`${finds.length === 0 ? "leave alone" : "find"} ${title} (${code})`, async () => {
      assert.deepEqual(await linted(text, given(each), code), finds);
    });
  }

  it("are each shown finding something and leaving something alone", () => {
    const shown = (of: (each: Case) => boolean): string[] =>
      [...new Set(cases.filter(of).map(({ code }) => code))].sort();
    const all = lintCodes.map(({ code }) => code).sort();
    assert.deepEqual(
      { finding: shown(({ finds }) => finds.length > 0), leaving: shown(({ finds }) => finds.length === 0) },
      { finding: all, leaving: all },
    );
  });

  it("are all documented as they are (npm run docs writes them)", async () => {
    const { path, text } = await lintDoc();
    assert.equal(await readFile(path, "utf8"), text);
    const told = text.split("\n").filter((line) => line.startsWith("| `lint/"));
    assert.equal(told.length, lintCodes.length);
    assert.ok(text.includes("48 rules: 35 warnings and 13 notes."), text.split("\n")[4]);
  });
});
