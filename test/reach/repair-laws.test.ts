/**
 * Laws of repairs over random worlds: what is called exact opens just what was wanted, and the text that is patched says
 * what the edited objects say.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dump } from "js-yaml";
import fc from "fast-check";

import { compare, decide, readWorld } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { repair } from "../../policies/reachability/repair.ts";
import { edited } from "../../policies/reachability/repair/edits.ts";
import { newTexts } from "../../reach/flows/patch.ts";
import { load } from "../../reach/input/load.ts";
import { namespaceObjects, parts, type Parts } from "../reachability/worlds.ts";

/** Objects as a file holds them: policies have names of their own. */
function objectsOf({ pods, policies }: Parts): readonly Fields[] {
  const named = policies.map((policy, index): Fields => ({
    apiVersion: "v1",
    ...policy,
    metadata: { ...(policy["metadata"] as Fields), name: `p-${String(index)}` },
  }));
  return [...namespaceObjects, ...pods, ...named];
}

const near = { name: "near", ip: "10.0.0.1" };
const port = fc.constantFrom(80, 443);
const seed = Number(process.env["FC_SEED"] ?? "7");
const runs = Number(process.env["FC_RUNS"] ?? "25");

describe("a repair", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reach-repair-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("that is exact opens the connection and no other, as objects and as text", async () => {
    let exact = 0;
    await fc.assert(
      fc.asyncProperty(
        parts,
        port,
        fc.boolean(),
        fc.constantFrom("yaml", "json"),
        async (given, number, outside, notation) => {
          const objects = objectsOf(given);
          const file = join(folder, `world.${notation}`);
          const list = { apiVersion: "v1", kind: "List", items: objects };
          writeFileSync(
            file,
            notation === "json" ? JSON.stringify(list, null, 2) : objects.map((each) => dump(each)).join("---\n"),
          );
          const { manifests } = await load([file]);
          const [client, server] = given.pods.map((pod) => {
            const { namespace, name } = pod["metadata"] as { readonly namespace: string; readonly name: string };
            return `${namespace}/${name}`;
          });
          assert.ok(client !== undefined && server !== undefined);
          const wanted = { from: client, to: outside ? near.name : server, protocol: "TCP", port: number } as const;
          const found = repair({ world: { manifests }, externals: [near], wanted });
          // Learning names opens nothing by itself.
          if (found.exact === undefined || found.exact.learns !== undefined) return;
          exact += 1;
          const externals = [near, { name: "node", entity: "host" } as const];
          const worlds = [manifests, edited(manifests, found.exact.edits)].map(
            (each) => readWorld({ manifests: each, externals }).world,
          );
          const [before, after] = worlds;
          assert.ok(before && after);
          const changes = compare(before, after).changed.flatMap(({ from: a, to: b, changes: spans }) =>
            spans.map(
              ({ kind, protocol, first, last }) => `${kind} ${a} -> ${b} ${protocol} ${String(first)}-${String(last)}`,
            ),
          );
          assert.deepEqual(changes, [`ALLOWED ${wanted.from} -> ${wanted.to} TCP ${String(number)}-${String(number)}`]);
          const texts = await newTexts(found.exact.edits, manifests, { kind: "file", path: file });
          for (const { path, after: text } of texts) writeFileSync(path, text);
          const reread = await load([file]);
          assert.deepEqual(
            reread.manifests.map(({ object }) => object),
            edited(manifests, found.exact.edits).map(({ object }) => object),
          );
        },
      ),
      { seed, numRuns: runs },
    );
    assert.ok(exact > runs / 10, `${String(exact)} of ${String(runs)} were repaired`);
  });

  it("is empty where the connection is possible already", () => {
    fc.assert(
      fc.property(parts, (given) => {
        const manifests = objectsOf(given).map((object) => ({ object }));
        const { world } = readWorld({ manifests, externals: [] });
        const [client, server] = world.endpoints;
        if (client === undefined || server === undefined) return;
        if (decide({ from: 0, to: 1, protocol: "TCP", port: 80 }, world).outcome !== "allowed") return;
        const wanted = { from: client.name, to: server.name, protocol: "TCP", port: 80 } as const;
        assert.deepEqual(repair({ world: { manifests }, externals: [], wanted }), { wider: [] });
      }),
      { seed, numRuns: runs },
    );
  });
});
