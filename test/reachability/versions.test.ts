/**
 * Older versions of Cilium, where their verdicts differ from the pinned one.
 */
import assert from "node:assert/strict";

import { decide } from "../../policies/reachability/index.ts";
import { worldOf } from "../../policies/reachability/conformance/world.ts";
import { readCases } from "./cases.ts";

/** Scenarios in which Cilium's own code of 1.18 or 1.19 was seen to differ; all but 86 by named ports. */
const differing = [
  16, 30, 34, 37, 41, 50, 54, 55, 56, 57, 66, 69, 72, 82, 86, 90, 101, 105, 108, 116, 117, 123, 125, 126, 141, 149, 150,
  168, 173, 181, 192, 193, 195, 204, 206, 219, 223, 224, 232, 243, 244, 260, 269, 271, 277, 284, 286, 290, 291,
];

describe("an older version of Cilium", () => {
  it("changes the 484 cells that its own code was seen to change, and no other", () => {
    const changed: number[] = [];
    for (const scenario of readCases()) {
      const [pinned, older] = [worldOf(scenario), worldOf(scenario, "1.18")];
      for (const [from, to, position] of scenario.expected) {
        const probe = scenario.probes[position];
        assert.ok(probe);
        const traffic = { from, to, ...probe };
        if (decide(traffic, pinned).outcome !== decide(traffic, older).outcome) changed.push(scenario.id);
      }
    }
    assert.equal(changed.length, 484);
    assert.deepEqual(
      changed.filter((id) => !differing.includes(id)),
      [],
    );
  });
});
