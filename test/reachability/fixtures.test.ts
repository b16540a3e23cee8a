/**
 * The engine against Cilium's own policy engine: every cell, every L7 list and every diff of the two files.
 */
import assert from "node:assert/strict";

import { compareAt, type Question } from "../../policies/reachability/diff.ts";
import type { World } from "../../policies/reachability/model.ts";
import { decide } from "../../policies/reachability/verdict.ts";
import { codesOf, headOf, l7Line, l7LineOf, readCases, readPairs, worldOf, type Case } from "./cases.ts";

interface Difference {
  readonly count: number;
  readonly first: readonly string[];
}

const shown = 20;

function differences(lines: readonly string[]): Difference {
  return { count: lines.length, first: lines.slice(0, shown) };
}

const none: Difference = { count: 0, first: [] };

function nameOf(scenario: Case, position: number): string {
  return scenario.endpoints[position] ?? "";
}

function probeOf(scenario: Case, position: number): Case["probes"][number] {
  const probe = scenario.probes[position];
  assert.ok(probe, `case ${String(scenario.id)} has no probe ${String(position)}`);
  return probe;
}

/** The policies whose entries the engine found to speak, for whoever has to mend it. */
function speaking(verdict: ReturnType<typeof decide>): string {
  const origins = [verdict.egress, verdict.ingress].flatMap(({ reason }) => reason.origins);
  return [...new Set(origins.map(({ policy, path }) => `${policy.name} ${path}`))].join(", ");
}

/** The same twelve externals and eight probes in every scenario; asked in the order of the file. */
function questionsOf(scenario: Case): Question[] {
  return scenario.expected.map(([from, to, probe]) => ({
    from: nameOf(scenario, from),
    to: nameOf(scenario, to),
    ...probeOf(scenario, probe),
  }));
}

describe("the reachability engine gives Cilium's own verdicts", () => {
  const cases = readCases();
  const worlds = new Map<number, World>();

  before(() => {
    for (const scenario of cases) worlds.set(scenario.id, worldOf(scenario));
  });

  function worldAt(id: number): World {
    const world = worlds.get(id);
    assert.ok(world);
    return world;
  }

  it("for all 465,504 cells, both sides' codes", () => {
    let cells = 0;
    const wrong: string[] = [];
    for (const scenario of cases) {
      const world = worldAt(scenario.id);
      assert.deepEqual(
        world.endpoints.map(({ name }) => name),
        scenario.endpoints,
      );
      for (const [from, to, probe, egress, ingress] of scenario.expected) {
        cells += 1;
        const verdict = decide({ from, to, ...probeOf(scenario, probe) }, world);
        const [e, i] = codesOf(verdict);
        if (e === egress && i === ingress) continue;
        const { protocol, port } = probeOf(scenario, probe);
        wrong.push(
          `${String(scenario.id)}: ${nameOf(scenario, from)} -> ${nameOf(scenario, to)} ${protocol} ${String(port)}: ` +
            `expected ${String(egress)} ${String(ingress)}, got ${String(e)} ${String(i)} (${speaking(verdict)})`,
        );
      }
    }
    assert.deepEqual(differences(wrong), none);
    assert.equal(cells, 465_504);
  });

  it("for all 2,269 L7 lists, and no list on any other cell", () => {
    let lists = 0;
    const wrong: string[] = [];
    for (const scenario of cases) {
      const expected = new Map(
        scenario.expectedL7.map((entry) => [
          `${entry.src} -> ${entry.dst} ${entry.protocol} ${String(entry.port)}`,
          l7Line(entry.egress, entry.ingress),
        ]),
      );
      lists += expected.size;
      for (const [from, to, probe] of scenario.expected) {
        const { protocol, port } = probeOf(scenario, probe);
        const cell = `${nameOf(scenario, from)} -> ${nameOf(scenario, to)} ${protocol} ${String(port)}`;
        const verdict = decide({ from, to, protocol, port }, worldAt(scenario.id));
        const line = verdict.outcome === "allowed" ? l7LineOf(verdict) : "egress none; ingress none";
        const wanted = expected.get(cell) ?? "egress none; ingress none";
        if (line !== wanted) wrong.push(`${String(scenario.id)}: ${cell}: expected ${wanted}, got ${line}`);
      }
    }
    assert.deepEqual(differences(wrong), none);
    assert.equal(lists, 2_269);
  });

  it("for all 334 diffs, nothing more and nothing less", () => {
    let changes = 0;
    const pairs = readPairs();
    const wrong: string[] = [];
    for (const [line, pair] of pairs.entries()) {
      const base = cases[pair.base];
      assert.ok(base);
      const found = compareAt(worldAt(pair.base), worldOf(headOf(base, pair)), questionsOf(base));
      const got = found.map((each) => [each.from, each.to, each.protocol, String(each.port), each.kind].join(" "));
      const wanted = pair.changes.map((each) => each.join(" "));
      changes += wanted.length;
      for (const each of wanted) if (!got.includes(each)) wrong.push(`pair ${String(line + 1)}: missing ${each}`);
      for (const each of got) if (!wanted.includes(each)) wrong.push(`pair ${String(line + 1)}: reported ${each}`);
    }
    assert.deepEqual(differences(wrong), none);
    assert.deepEqual([pairs.length, changes], [334, 30_117]);
  });
});
