import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { generatedTypes } from "../../scripts/types.ts";
import { kindSources } from "../../scripts/types/kinds.ts";
import { findGo } from "../../scripts/tools/go.ts";

describe("The types of policies are what the definitions of the pinned add-ons say", function () {
  this.timeout(600_000);
  for (const source of kindSources) {
    it(`in ${source.file}`, async () => {
      const committed = readFileSync(join(import.meta.dirname, "../../policies/types", source.file), "utf8");
      assert.equal(await generatedTypes(source, findGo([source.tool])), committed);
    });
  }
});
