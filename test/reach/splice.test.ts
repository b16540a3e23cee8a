/** Splice: what is added, replaced or taken away stands as the text around it does, and nothing else moves. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isMap, parseDocument } from "yaml";

import { changedText, newTexts } from "../../reach/flows/patch.ts";
import { renamed, spliced, type Style, type TextEdit } from "../../reach/flows/splice.ts";

const yaml: Style = { json: false, quote: "double", lists: "indented" };
const json: Style = { ...yaml, json: true };

type Change = Parameters<typeof spliced>[2];

function cut(text: string, edit: Change, style: Style = yaml): string | undefined {
  const root = parseDocument(text).contents;
  assert.ok(isMap(root));
  return spliced(text, root, edit, style);
}

describe("a spliced text", () => {
  const block = "a:\n  - x # first\n  - y\n# end\nb: 1\n";

  it("gets an item of a block list after the last one", () => {
    assert.equal(
      cut(block, { kind: "append", path: ["a"], value: "z" }),
      "a:\n  - x # first\n  - y\n  - z\n# end\nb: 1\n",
    );
  });

  it("gets an object as an item, set below its dash", () => {
    assert.equal(
      cut("a:\n  - x\n", { kind: "append", path: ["a"], value: { k: [1], l: "m" } }),
      "a:\n  - x\n  - k:\n      - 1\n    l: m\n",
    );
  });

  it("gets lists flush with their key where the file has them so", () => {
    assert.equal(
      cut("a:\n- x\n", { kind: "append", path: ["a"], value: { k: [1] } }, { ...yaml, lists: "flush" }),
      "a:\n- x\n- k:\n  - 1\n",
    );
  });

  it("gets an item in flow style, on one line and on several", () => {
    assert.equal(cut("a: [x, y]\n", { kind: "append", path: ["a"], value: "z" }), "a: [x, y, z]\n");
    assert.equal(
      cut("a: [{ p: 1 }] # why\n", { kind: "append", path: ["a"], value: { p: 2 } }),
      "a: [{ p: 1 }, { p: 2 }] # why\n",
    );
    assert.equal(
      cut("a: [\n  x,\n  y\n]\n", { kind: "append", path: ["a"], value: "z" }),
      "a: [\n  x,\n  y,\n  z\n]\n",
    );
    assert.equal(cut("a: []\n", { kind: "append", path: ["a"], value: "z" }), "a: [z]\n");
  });

  it("gets a key, also in a map in flow style, and all that it needs to stand in", () => {
    assert.equal(cut("a:\n  k: 1\n", { kind: "put", path: ["a", "l"], value: 2 }), "a:\n  k: 1\n  l: 2\n");
    assert.equal(cut("a: { k: 1 }\n", { kind: "put", path: ["a", "l"], value: 2 }), "a: { k: 1, l: 2 }\n");
    assert.equal(cut("a: 1\n", { kind: "put", path: ["b", "c", "d"], value: 2 }), "a: 1\nb:\n  c:\n    d: 2\n");
  });

  it("keeps quotes and comments where a value is replaced", () => {
    assert.equal(cut('a: "x" # why\nb: y\n', { kind: "put", path: ["a"], value: "z" }), 'a: "z" # why\nb: y\n');
    assert.equal(cut("a: [x, y]\n", { kind: "put", path: ["a", 1], value: "z" }), "a: [x, z]\n");
  });

  it("keeps the place of a key that gets another name", () => {
    const text = "a:\n  k: 1\n  l: 2 # two\n";
    const root = parseDocument(text).contents;
    assert.ok(isMap(root));
    assert.equal(renamed(text, root, ["a", "k"], "m", 1, yaml), "a:\n  m: 1\n  l: 2 # two\n");
  });

  it("loses an item or a key with its line, and a list that is left empty says so", () => {
    assert.equal(cut(block, { kind: "remove", path: ["a", 0] }), "a:\n  - y\n# end\nb: 1\n");
    assert.equal(cut("a: [x, y, z]\n", { kind: "remove", path: ["a", 2] }), "a: [x, y]\n");
    assert.equal(cut("a: [x, y, z]\n", { kind: "remove", path: ["a", 0] }), "a: [y, z]\n");
    assert.equal(cut("a:\n  - x\nb: 1\n", { kind: "remove", path: ["a", 0] }), "a: []\nb: 1\n");
    assert.equal(cut("a:\n  - k: 1\n    l: 2\n", { kind: "remove", path: ["a", 0, "k"] }), "a:\n  - l: 2\n");
  });

  it("may end without a line break", () => {
    assert.equal(cut("a:\n  - x", { kind: "append", path: ["a"], value: "y" }), "a:\n  - x\n  - y\n");
  });

  it("is JSON where it was", () => {
    assert.equal(cut('{"a": ["x"]}', { kind: "append", path: ["a"], value: "y" }, json), '{"a": ["x", "y"]}');
    assert.equal(
      cut('{\n  "a": 1\n}\n', { kind: "put", path: ["b"], value: true }, json),
      '{\n  "a": 1,\n  "b": true\n}\n',
    );
  });

  it("is not cut where an anchor is defined: others mean it too", () => {
    assert.equal(cut("a: &x 1\nb: *x\n", { kind: "put", path: ["a"], value: 2 }), undefined);
  });
});

describe("a changed file", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reach-splice-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const object = { kind: "CiliumNetworkPolicy", metadata: { namespace: "dev", name: "web" }, spec: { a: ["x"] } };
  const more: readonly TextEdit[] = [{ kind: "append", manifest: 0, path: ["spec", "a"], value: "y" }];
  const written = "kind: CiliumNetworkPolicy\nmetadata: { namespace: dev, name: web }\nspec:\n  a:\n    - x\n";

  it("holds the other documents as they were", () => {
    const other = "# about web\nkind:   Pod\nmetadata: {name: web}\n";
    assert.equal(
      changedText(`${other}---\n${written}---\n${other}`, object, more),
      `${other}---\n${written}    - y\n---\n${other}`,
    );
  });

  it("keeps the items of a List", () => {
    const list = (items: string): string =>
      `kind: List\nitems:\n  - kind: Pod # one\n    metadata: { name: web }\n  - kind: CiliumNetworkPolicy\n    metadata: { namespace: dev, name: web }\n    spec:\n      a:\n${items}`;
    assert.equal(changedText(list("        - x\n"), object, more), list("        - x\n        - y\n"));
  });

  it("says what is wanted of one object and no other where an anchor stands in the way", () => {
    const shared = "kind: CiliumNetworkPolicy\nmetadata: { namespace: dev, name: web }\nspec:\n  a: &l [x]\n  b: *l\n";
    const after = changedText(shared, { ...object, spec: { a: ["x"], b: ["x"] } }, more);
    assert.deepEqual(parseDocument(after).toJS(), { ...object, spec: { a: ["x", "y"], b: ["x"] } });
  });

  it("keeps its line breaks, also those of Windows", () => {
    const windows = written.replaceAll("\n", "\r\n");
    assert.equal(changedText(windows, object, more), `${windows}    - y\r\n`);
  });

  it("gets a new object at its end, on a line of its own, even if it ends without a line break", async () => {
    const path = join(folder, "all.yaml");
    writeFileSync(path, "kind: Pod\nmetadata: { name: web }");
    const [text] = await newTexts([{ kind: "add", object: { kind: "X", metadata: { name: "x" } } }], [], {
      kind: "file",
      path,
    });
    assert.equal(text?.after, "kind: Pod\nmetadata: { name: web }\n---\nkind: X\nmetadata:\n  name: x\n");
  });
});
