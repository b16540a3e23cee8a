/**
 * Laws that hold in every world, on random small ones.
 */
import assert from "node:assert/strict";

import fc from "fast-check";

import {
  compare,
  connect,
  decide,
  explain,
  readWorld,
  type Comparison,
  type Names,
  type World,
} from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { answerKey, type BothAnswers } from "../../policies/reachability/pairs/cells.ts";
import { answerAt, pairs } from "../../policies/reachability/diff.ts";
import { podsThatMove } from "../../policies/reachability/repair/proof.ts";
import {
  allowEntries,
  cilium,
  externals,
  namespaceObjects,
  parts,
  policy,
  referred,
  richParts,
  type Parts,
} from "./worlds.ts";

const runs = { numRuns: 150 };

function worldOf({ pods, policies }: Parts): World {
  const manifests = [...namespaceObjects, ...pods, ...policies].map((object) => ({ object }));
  return readWorld({ manifests, externals }).world;
}

function richWorldOf({ pods, policies }: Parts, names: Names): World {
  const manifests = [...namespaceObjects, ...referred, ...pods, ...policies].map((object) => ({ object }));
  return readWorld({ manifests, externals, names }).world;
}

const nothing: Omit<Comparison, "unchanged"> = { changedClasses: [], changed: [], appeared: [], disappeared: [] };

function assertSame(before: World, after: World): void {
  const { unchanged, ...rest } = compare(before, after);
  assert.deepEqual(rest, nothing);
  assert.ok(unchanged > 0);
}

/** Kinds by pair and port, so that two comparisons can be held against each other. */
function lines(comparison: Comparison): string[] {
  return comparison.changed
    .flatMap(({ from, to, changes }) =>
      changes.map((each) => [from, to, each.protocol, each.first, each.last, each.kind].join(" ")),
    )
    .sort();
}

/** Of what is denied, nothing more is told. */
function toldOf(answer: BothAnswers): string {
  return answer.outcome === "denied" ? "denied" : answerKey(answer);
}

function isCilium(object: Fields): boolean {
  return object["kind"] === "CiliumNetworkPolicy";
}

describe("in every world", () => {
  it("are compared alike whether all pods are looked at or only those whose rules differ", () => {
    fc.assert(
      fc.property(parts, fc.nat(), (given, chosen) => {
        const policies = given.policies.map((each, index) => ({
          ...each,
          metadata: { ...(each["metadata"] as Fields), name: `p-${String(index)}` },
        }));
        const gone = `p-${String(chosen % Math.max(1, policies.length))}`;
        const before = worldOf({ ...given, policies });
        const after = { ...before, rules: before.rules.filter(({ origin }) => origin.policy.name !== gone) };
        const changed = before.rules.filter(({ origin }) => origin.policy.name === gone);
        const around = compare(before, after, podsThatMove(changed, before));
        assert.deepEqual(lines(around), lines(compare(before, after)));
        assert.equal(around.unchanged, compare(before, after).unchanged);
      }),
      runs,
    );
  });

  it("the order of policies does not matter (S4)", () => {
    fc.assert(
      fc.property(parts, (each) => {
        assertSame(worldOf(each), worldOf({ ...each, policies: [...each.policies].reverse() }));
      }),
      runs,
    );
  });

  it("splitting a policy in two with the same selector changes nothing", () => {
    fc.assert(
      fc.property(parts, (each) => {
        const policies = each.policies.flatMap((object): Fields[] => {
          if (!isCilium(object)) return [object];
          const { ingress, ingressDeny, egress, egressDeny, ...rest } = object["spec"] as Record<string, unknown[]>;
          const metadata = object["metadata"] as Fields;
          const halves = [
            { ...rest, ingress, egressDeny },
            { ...rest, ingressDeny, egress },
          ];
          return halves
            .filter((half) => Object.values(half).some((list) => Array.isArray(list) && list.length > 0))
            .map((half) => ({ ...object, metadata, spec: half }));
        });
        assertSame(worldOf(each), worldOf({ ...each, policies }));
      }),
      runs,
    );
  });

  it("adding an allow to a policy that isolates never takes a connection away", () => {
    fc.assert(
      fc.property(parts, allowEntries.ingress, (each, entry) => {
        const isolating = cilium("blue", { endpointSelector: {}, ingress: [{}] });
        const opening = cilium("blue", { endpointSelector: {}, ingress: [{}, entry] });
        const before = worldOf({ ...each, policies: [...each.policies, isolating] });
        const after = worldOf({ ...each, policies: [...each.policies, opening] });
        assert.deepEqual(
          lines(compare(before, after)).filter((line) => line.endsWith(" DENIED")),
          [],
        );
      }),
      runs,
    );
  });

  it("adding a deny to a policy that isolates never opens a connection (S3)", () => {
    fc.assert(
      fc.property(parts, allowEntries.ingress, (each, { toPorts, ...entry }) => {
        const isolating = cilium("blue", { endpointSelector: {}, ingress: [{}] });
        const closing = cilium("blue", { endpointSelector: {}, ingress: [{}], ingressDeny: [entry] });
        const before = worldOf({ ...each, policies: [...each.policies, isolating] });
        const after = worldOf({ ...each, policies: [...each.policies, closing] });
        assert.deepEqual(
          lines(compare(before, after)).filter((line) => line.endsWith(" ALLOWED")),
          [],
        );
      }),
      runs,
    );
  });

  it("a policy that selects no pod changes nothing (S1)", () => {
    fc.assert(
      fc.property(parts, policy, (each, extra) => {
        // Names are left out: a toFQDNs selector of any policy changes what an address is (S16).
        fc.pre(!JSON.stringify(extra).includes("toFQDNs"));
        const elsewhere = { ...extra, metadata: { name: "idle", namespace: "nowhere" } };
        assertSame(worldOf(each), worldOf({ ...each, policies: [...each.policies, elsewhere] }));
      }),
      runs,
    );
  });

  it("comparing a world with itself finds nothing", () => {
    fc.assert(
      fc.property(parts, (each) => {
        assertSame(worldOf(each), worldOf(each));
      }),
      runs,
    );
  });

  it("comparing in the other order finds the same, opened for closed", () => {
    const mirrored: Readonly<Record<string, string>> = { ALLOWED: "DENIED", DENIED: "ALLOWED" };
    fc.assert(
      fc.property(parts, policy, (each, extra) => {
        const [before, after] = [worldOf(each), worldOf({ ...each, policies: [...each.policies, extra] })];
        const there = lines(compare(before, after));
        const back = lines(compare(after, before)).map((line) =>
          line.replace(/\S+$/, (kind) => mirrored[kind] ?? kind),
        );
        assert.deepEqual(there, back.sort());
      }),
      runs,
    );
  });

  it("replicas have equal rows and columns", () => {
    fc.assert(
      fc.property(parts, (each) => {
        const [first] = each.pods;
        assert.ok(first);
        const replica = { ...first, metadata: { ...(first["metadata"] as Fields), name: "replica" } };
        const world = worldOf({ ...each, pods: [...each.pods, replica] });
        const matrix = connect(world);
        const last = each.pods.length;
        for (const other of world.endpoints.keys()) {
          if (other === 0 || other === last) continue;
          assert.equal(matrix.cell(0, other), matrix.cell(last, other));
          assert.equal(matrix.cell(other, 0), matrix.cell(other, last));
        }
      }),
      runs,
    );
  });

  it("a verdict at any port agrees with the matrix", () => {
    const anyPort = fc.constantFrom(1, 53, 79, 80, 81, 90, 91, 8080, 65535);
    fc.assert(
      fc.property(parts, fc.constantFrom("TCP", "UDP", "SCTP"), anyPort, (each, protocol, port) => {
        const world = worldOf(each);
        const matrix = connect(world);
        for (const [from, to] of pairs(matrix)) {
          const verdict = decide({ from, to, protocol, port }, world);
          assert.equal(toldOf(answerAt(matrix.cell(from, to), protocol, port)), toldOf(verdict));
        }
      }),
      runs,
    );
  });

  it("a verdict agrees with the matrix whatever the policies say, and whether or not names are known", () => {
    const anyPort = fc.constantFrom(53, 80, 81, 443);
    const anyNames = fc.constantFrom("known", "as learned");
    fc.assert(
      fc.property(richParts, fc.constantFrom("TCP", "UDP"), anyPort, anyNames, (each, protocol, port, names) => {
        const world = richWorldOf(each, names);
        const matrix = connect(world);
        for (const [from, to] of pairs(matrix)) {
          const verdict = decide({ from, to, protocol, port }, world);
          assert.equal(toldOf(answerAt(matrix.cell(from, to), protocol, port)), toldOf(verdict));
        }
      }),
      runs,
    );
  });

  it("taking names as learned turns allowed into unknown, and nothing else (S31)", () => {
    fc.assert(
      fc.property(richParts, fc.constantFrom(53, 443), (each, port) => {
        const [known, learned] = [richWorldOf(each, "known"), richWorldOf(each, "as learned")];
        for (const [from, to] of pairs(connect(known))) {
          const before = decide({ from, to, protocol: "TCP", port }, known).outcome;
          const after = decide({ from, to, protocol: "TCP", port }, learned).outcome;
          if (before !== after) assert.deepEqual([before, after], ["allowed", "unknown"]);
        }
      }),
      runs,
    );
  });

  it("a denial is explained by what is missing, and nothing else is", () => {
    fc.assert(
      fc.property(parts, (each) => {
        const world = worldOf(each);
        for (const [from, to] of pairs(connect(world))) {
          const { sides } = explain({ from, to, protocol: "TCP", port: 80 }, world);
          for (const { outcome, missing } of sides) assert.equal(missing !== undefined, outcome === "deny");
        }
      }),
      runs,
    );
  });
});
