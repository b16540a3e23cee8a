/**
 * The engine against Cilium's own policy engine: every cell, every L7 list and every diff of the two files.
 */
import assert from "node:assert/strict";

import {
  compareCells,
  compareLists,
  comparePair,
  type Compared,
} from "../../policies/reachability/conformance/compare.ts";
import { headOf, worldOf } from "../../policies/reachability/conformance/world.ts";
import type { Scenario } from "../../policies/reachability/conformance/format.ts";
import type { World } from "../../policies/reachability/model.ts";
import { readCases, readPairs } from "./cases.ts";

const shown = 20;

/** What was compared, and the first of what differs. */
function sum(all: readonly Compared[]): unknown {
  const differing = all.flatMap((each) => each.differing);
  return {
    compared: all.reduce((total, { compared }) => total + compared, 0),
    differing: differing.length,
    first: differing.slice(0, shown),
  };
}

describe("the reachability engine gives Cilium's own verdicts", () => {
  const cases = readCases();
  const worlds = new Map<number, World>();

  before(() => {
    for (const scenario of cases) worlds.set(scenario.id, worldOf(scenario));
  });

  function worldAt({ id }: Scenario): World {
    const world = worlds.get(id);
    assert.ok(world);
    return world;
  }

  it("knows the endpoints in the order of the files", () => {
    for (const scenario of cases) {
      assert.deepEqual(
        worldAt(scenario).endpoints.map(({ name }) => name),
        scenario.endpoints,
      );
    }
  });

  it("for all 465,504 cells, both sides' codes", () => {
    const found = cases.map((scenario) => compareCells(scenario, worldAt(scenario)));
    assert.deepEqual(sum(found), { compared: 465_504, differing: 0, first: [] });
  });

  it("for all 2,269 L7 lists, and no list on any other cell", () => {
    const found = cases.map((scenario) => compareLists(scenario, worldAt(scenario)));
    assert.deepEqual(sum(found), { compared: 2_269, differing: 0, first: [] });
  });

  it("for all 334 diffs, nothing more and nothing less", () => {
    const pairs = readPairs();
    const found = pairs.map((pair, line) => {
      const base = cases[pair.base];
      assert.ok(base);
      return comparePair(pair, line + 1, base, worldAt(base), worldOf(headOf(base, pair)));
    });
    assert.deepEqual(sum(found), { compared: 334, differing: 0, first: [] });
    assert.equal(
      pairs.reduce((total, { changes }) => total + changes.length, 0),
      30_117,
    );
  });
});
