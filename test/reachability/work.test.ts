/**
 * How much the engine works, counted, not timed: it must grow with what is possible, never with pods or denied pairs.
 */
import assert from "node:assert/strict";

import { allDenied } from "../../policies/reachability/pairs/side-answers.ts";
import { Cells } from "../../policies/reachability/pairs/cells.ts";
import { readWorld, type World } from "../../policies/reachability/index.ts";
import { CellNumbers } from "../../policies/reachability/matrix.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { generate, type WorldSize } from "../bench/reach/generate.ts";

interface Work {
  readonly classes: number;
  /** Times that two sides were combined, known pairs included. */
  readonly combined: number;
  /** Times that rules were weighed along the ports. */
  readonly swept: number;
  readonly possible: number;
}

function workOf(world: World): Work {
  let [combined, swept, possible] = [0, 0, 0];
  const cells = new (class extends Cells {
    override numberOf(egress: number, ingress: number): number {
      if (egress !== allDenied && ingress !== allDenied) combined += 1;
      return super.numberOf(egress, ingress);
    }
  })();
  const { answers } = cells;
  const sweep = answers.sweep.bind(answers);
  answers.sweep = (...given) => {
    swept += 1;
    return sweep(...given);
  };
  const numbers = new CellNumbers(world, cells);
  for (const from of numbers.classes.keys()) possible += numbers.possible(from).length / 2;
  return { classes: numbers.classes.length, combined, swept, possible };
}

function generated(size: WorldSize): World {
  const { namespaces, workloads, policies } = generate(size);
  const manifests = [...namespaces, ...workloads, ...policies].map((object) => ({
    object: object as unknown as Fields,
  }));
  return readWorld({ manifests, externals: [] }).world;
}

/** Everyone may talk to the next one and to nobody else. */
function ring(count: number): World {
  const name = (index: number): string => `app-${String(index % count)}`;
  const labels = (index: number): Fields => ({ matchLabels: { app: name(index) } });
  const objects = Array.from({ length: count }, (_, index): Fields[] => [
    { kind: "Pod", metadata: { namespace: "ring", name: name(index), labels: { app: name(index) } }, spec: {} },
    {
      kind: "CiliumNetworkPolicy",
      metadata: { namespace: "ring", name: name(index) },
      spec: {
        endpointSelector: labels(index),
        egress: [{ toEndpoints: [labels(index + 1)] }],
        ingress: [{ fromEndpoints: [labels(index + count - 1)] }],
      },
    },
  ]);
  return readWorld({ manifests: objects.flat().map((object) => ({ object })), externals: [] }).world;
}

describe("the engine's work", () => {
  it("does not grow with pairs that are denied", () => {
    for (const count of [100, 400]) {
      const { combined, possible, swept } = workOf(ring(count));
      assert.deepEqual({ combined, possible }, { combined: count, possible: count });
      // In either direction what the one peer gets and what all others get, and what the node gets by default.
      assert.equal(swept, 5);
    }
  });

  it("does not grow with replicas", () => {
    const one = workOf(generated({ workloads: 40 }));
    assert.deepEqual(workOf(generated({ workloads: 40, podsEach: 12 })), one);
  });

  it("does not grow with labels that no selector mentions", () => {
    const world = ring(20);
    const pods = Array.from({ length: 100 }, (_, index): Fields => ({
      kind: "Pod",
      metadata: { namespace: "ring", name: `idle-${String(index)}`, labels: { app: `idle-${String(index)}` } },
    }));
    const idle = readWorld({ manifests: pods.map((object) => ({ object })), externals: [] }).world.endpoints;
    assert.equal(workOf(world).classes, 20);
    assert.equal(workOf({ ...world, endpoints: [...world.endpoints, ...idle] }).classes, 21);
  });

  it("follows what is possible", () => {
    for (const workloads of [60, 120]) {
      const { classes, combined, swept, possible } = workOf(generated({ workloads }));
      assert.equal(classes, workloads);
      assert.ok(combined <= 2 * possible, `${String(combined)} for ${String(possible)} pairs`);
      assert.ok(swept <= 6 * workloads, `${String(swept)} for ${String(workloads)} workloads`);
    }
  });
});
