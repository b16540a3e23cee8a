/** Kyverno's policies of our bundles, as the CLI of the pinned version judges and generates with them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { charts } from "../../components/versions.ts";
import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { skipOrFail } from "./support/skip.ts";

describe("Kyverno's CLI", function () {
  this.timeout(60_000);
  const kyverno = toolPaths(["kyverno-cli"]).path["kyverno-cli"];

  before(function () {
    if (kyverno === undefined) skipOrFail(this, "Kyverno's CLI is not in the tool folder");
  });

  it("is of the version of the chart", () => {
    const said = execFileSync(kyverno ?? "", ["version"], { encoding: "utf8" });
    const [, version] = /^Version: v?(.+)$/m.exec(said) ?? [];
    assert.equal(version, charts.kyverno.appVersion);
  });
});
