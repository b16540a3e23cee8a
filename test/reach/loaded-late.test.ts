/** What reading costs a process that does not need all of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const project = join(import.meta.dirname, "../..");

/** The packages that a process has loaded when it has read this. */
function packagesFor(text: string): readonly string[] {
  const program = `
    import { registerHooks } from "node:module";
    const seen = new Set();
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context);
      const inside = found.url.split("/node_modules/")[1];
      if (inside !== undefined) seen.add(inside.split("/")[0]);
      return found;
    } });
    const { load } = await import("./reach/input/load.ts");
    await load(["-"]);
    console.log(JSON.stringify([...seen]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: project,
    input: text,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return JSON.parse(stdout) as string[];
}

describe("reading loads", () => {
  it("no YAML parser for JSON", () => {
    assert.deepEqual(packagesFor('{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "a" } }'), []);
  });

  it("one for YAML", () => {
    assert.deepEqual(packagesFor("apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n"), ["js-yaml"]);
  });
});
