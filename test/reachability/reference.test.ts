/**
 * The engine against a plain reading of the same rules: one verdict, and every cell of the matrix at every kind of port.
 */
import assert from "node:assert/strict";

import fc from "fast-check";

import { l7Key } from "../../policies/reachability/judge/judgement.ts";
import { answerAt, pairs } from "../../policies/reachability/diff.ts";
import { connect, decide } from "../../policies/reachability/index.ts";
import type { Authentication, L7Union, Traffic, World } from "../../policies/reachability/model.ts";
import { outcomeOf } from "../../policies/reachability/verdict.ts";
import { referenceSides } from "./reference.ts";
import { wideWorlds } from "./wide-worlds.ts";

/** On both sides of every border that the random policies draw. */
const ports: readonly Pick<Traffic, "protocol" | "port">[] = [
  ...[1, 52, 53, 54, 78, 79, 80, 81, 90, 91, 443, 8080, 65535].map((port) => ({ protocol: "TCP", port }) as const),
  ...[1, 53, 65535].map((port) => ({ protocol: "UDP", port }) as const),
  ...[53, 80].map((port) => ({ protocol: "SCTP", port }) as const),
  ...[7, 8].map((port) => ({ protocol: "ICMP", port }) as const),
];

interface Asked {
  readonly l7: L7Union;
  readonly authentication: Authentication;
}

function told(outcome: string, egress: Asked, ingress: Asked): string {
  const text = ({ l7, authentication }: Asked): string => `${authentication} ${l7Key(l7)}`;
  return outcome === "denied" ? outcome : `${outcome}; ${text(egress)}; ${text(ingress)}`;
}

function name(world: World, { from, to, protocol, port }: Traffic): string {
  return `${world.endpoints[from]?.name ?? ""} -> ${world.endpoints[to]?.name ?? ""} ${protocol} ${String(port)}`;
}

describe("in wide worlds", () => {
  it("a verdict and the matrix say at every port what the rules say one after the other", () => {
    fc.assert(
      fc.property(wideWorlds, (world) => {
        const matrix = connect(world);
        for (const [from, to] of pairs(matrix)) {
          const cell = matrix.cell(from, to);
          for (const at of ports) {
            const traffic = { from, to, ...at };
            const { egress, ingress } = referenceSides(traffic, world);
            const expected = told(outcomeOf(egress.outcome, ingress.outcome), egress, ingress);
            const verdict = decide(traffic, world);
            assert.deepEqual(
              [verdict.egress.outcome, verdict.ingress.outcome],
              [egress.outcome, ingress.outcome],
              name(world, traffic),
            );
            assert.equal(told(verdict.outcome, verdict.egress, verdict.ingress), expected, name(world, traffic));
            const { outcome, ...sides } = answerAt(cell, at.protocol, at.port);
            assert.equal(told(outcome, sides.egress, sides.ingress), expected, `cell of ${name(world, traffic)}`);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("what is possible is every pair of classes whose cell is not empty, once and in order", () => {
    fc.assert(
      fc.property(wideWorlds, (world) => {
        const matrix = connect(world);
        const isPod = matrix.classes.map(([first]) => world.endpoints[first ?? 0]?.kind === "pod");
        const expected = matrix.classes.flatMap((_clients, from) =>
          matrix.classes.flatMap((_servers, to) => {
            const cell = matrix.between(from, to);
            return cell.length > 0 && (isPod[from] === true || isPod[to] === true) ? [{ from, to, cell }] : [];
          }),
        );
        assert.deepEqual([...matrix.possible()], expected);
      }),
      { numRuns: 60 },
    );
  });
});
