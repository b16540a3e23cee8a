/**
 * `reach why` in worlds of 400 workloads and 820 policies: each fault is answered by the patch that opens just the flow.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compare } from "../../policies/reachability/diff.ts";
import type { World } from "../../policies/reachability/model.ts";
import { withExternals } from "../../policies/reachability/read/externals.ts";
import type { Manifest } from "../../policies/reachability/read/fields.ts";
import { readWorld } from "../../policies/reachability/read/world.ts";
import { outsideOf } from "../../policies/reachability/outside.ts";
import { repair } from "../../policies/reachability/repair.ts";
import { edited } from "../../policies/reachability/repair/edits.ts";
import { newTexts, patchText } from "../../reach/flows/patch.ts";
import { load } from "../../reach/input/load.ts";
import { write, type Notation } from "../bench/reach/files.ts";
import { generate, type PolicyForm } from "../bench/reach/generate.ts";

interface Flow {
  readonly title: string;
  readonly form: PolicyForm;
  readonly notation: Notation;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly steps: readonly string[];
}

const flows: readonly Flow[] = [
  {
    title: "NetworkPolicies: a port that neither side names",
    form: "kubernetes",
    notation: "json",
    from: "team-0000/app-0003",
    to: "team-0010/app-0200",
    port: 9999,
    steps: [
      "add an egress entry to knp team-0000/app-0003-egress spec",
      "add an ingress entry to knp team-0010/app-0200-ingress spec",
    ],
  },
  {
    title: "NetworkPolicies: a port of one side alone",
    form: "kubernetes",
    notation: "yaml",
    from: "team-0000/app-0003",
    to: "team-0010/app-0210",
    port: 8080,
    steps: ["add an ingress entry to knp team-0010/app-0210-ingress spec"],
  },
  {
    title: "CiliumNetworkPolicies: a peer of another environment",
    form: "cilium",
    notation: "yaml",
    from: "team-0002/app-0040",
    to: "team-0010/app-0205",
    port: 8080,
    steps: [
      "add an egress entry to cnp team-0002/app-0040-egress spec",
      "add an ingress entry to cnp team-0010/app-0205-ingress spec",
    ],
  },
  {
    title: "CiliumNetworkPolicies: a port that neither side names",
    form: "cilium",
    notation: "json",
    from: "team-0003/app-0066",
    to: "team-0004/app-0081",
    port: 9999,
    steps: [
      "add an egress entry to cnp team-0003/app-0066-egress spec",
      "add an ingress entry to cnp team-0004/app-0081-ingress spec",
    ],
  },
  {
    title: "L7 rules, names and denies beside",
    form: "cilium with L7",
    notation: "yaml",
    from: "team-0005/app-0101",
    to: "team-0006/app-0122",
    port: 9999,
    steps: [
      "add an egress entry to cnp team-0005/app-0101-egress spec",
      "add an ingress entry to cnp team-0006/app-0122-ingress spec",
    ],
  },
];

describe("reach why in a large world", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reach-why-at-size-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** With every peer outside that either world tells apart. */
  function worlds(...states: readonly (readonly Manifest[])[]): readonly World[] {
    const read = states.map((manifests) => readWorld({ manifests, externals: [] }).world);
    const externals = outsideOf(read.flatMap(({ rules }) => rules));
    return read.map((world) => withExternals(world, externals));
  }

  for (const { title, form, notation, from, to, port, steps } of flows) {
    it(`mends what is missing, and nothing else. ${title}`, async () => {
      const home = join(folder, `${form} ${notation}`);
      write(generate({ workloads: 400, form }), home, notation);
      const { manifests } = await load([home]);
      const { exact } = repair({ world: { manifests }, externals: [], wanted: { from, to, protocol: "TCP", port } });
      assert.deepEqual(exact?.steps, steps);
      const edits = exact.edits;
      const [earlier, later] = worlds(manifests, edited(manifests, edits));
      assert.ok(earlier !== undefined && later !== undefined);
      const { changed, unchanged } = compare(earlier, later);
      assert.deepEqual(
        changed.map((pair) => [pair.from, pair.to, pair.changes.map(({ kind, first, last }) => [kind, first, last])]),
        [[from, to, [["ALLOWED", port, port]]]],
      );
      assert.equal(exact.proof.unchanged, unchanged);
      const patch = patchText(await newTexts(edits, manifests, { kind: "folder", path: home }), home);
      assert.match(patch, new RegExp(`^--- a/policies\\.${notation}\n`));
    });
  }
});
