/** The workflows as actionlint sees them. Not part of `npm test`, which asks the machine for nothing but Node. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { applicationTexts, workflowTexts } from "../support/workflows.ts";
import { skipOrFail } from "../support/skip.ts";

describe("actionlint", function () {
  this.timeout(60_000);
  const actionlint = toolPaths(["actionlint"]).path.actionlint;
  // Both are looked up on PATH otherwise, and what is found there differs between machines.
  const alone = ["-shellcheck=", "-pyflakes=", "-no-color"];

  before(function () {
    if (actionlint === undefined) skipOrFail(this, "actionlint is not in the tool folder");
  });

  const ours = Object.entries(workflowTexts);
  const applications = Object.entries(applicationTexts).map(
    ([file, text]) => [`docs/application/${file}`, text] as const,
  );
  for (const [file, text] of [...ours, ...applications]) {
    it(`finds nothing in ${file}`, () => {
      execFileSync(actionlint ?? "", [...alone, "-"], { input: text, encoding: "utf8" });
    });
  }

  it("finds a job that needs another one that is not there", () => {
    const folder = mkdtempSync(join(tmpdir(), "workflow-"));
    try {
      const file = join(folder, "broken.yml");
      writeFileSync(
        file,
        "on: push\njobs:\n  a:\n    needs: b\n    runs-on: ubuntu-24.04\n    steps:\n      - run: x\n",
      );
      const { status, stdout } = spawnSync(actionlint ?? "", [...alone, file], { encoding: "utf8" });
      assert.equal(status, 1);
      assert.match(stdout, /job "a" needs job "b" which does not exist/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
