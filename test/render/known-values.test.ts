/** The committed keys of the charts are those the charts have: `scripts/docs/known-values.ts` was run. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { chartFolder } from "../../components/charts/cache.ts";
import { findChart } from "../../components/charts/prepare.ts";
import { charts } from "../../components/versions.ts";
import { knownValuesFiles, knownValuesText } from "../../scripts/docs/known-values.ts";
import { skipOrFail } from "../support/skip.ts";

describe("the committed keys", () => {
  for (const tool of ["cilium", "kyverno"] as const) {
    it(`of ${tool} are those of its chart`, async function () {
      const chart = findChart(
        charts[tool],
        chartFolder(process.env),
        process.env["CILIUM_PLATFORM_CHART_MIRROR"],
      )?.path;
      if (chart === undefined) {
        skipOrFail(this, `the chart ${tool}-${charts[tool].version} is not in the chart folder`);
        return;
      }
      // The keys are those of the chart made from the module; upstream's archive carries sub-charts besides.
      if (!statSync(chart).isDirectory()) this.skip();
      const committed = readFileSync(join(import.meta.dirname, "../..", knownValuesFiles[tool]), "utf8");
      assert.equal(committed, await knownValuesText(tool, chart));
    });
  }
});
