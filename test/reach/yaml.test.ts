/**
 * YAML as Kubernetes reads it: the same values as sigs.k8s.io/yaml v1.6.0 makes of these texts.
 */
import assert from "node:assert/strict";

import { readYaml } from "../../reach/input/yaml.ts";

function valueOf(text: string): unknown {
  const read = readYaml(text);
  if (read.kind === "bad") return read.trouble;
  assert.deepEqual(read.doubtful, []);
  return read.documents[0]?.value;
}

describe("YAML is read as Kubernetes reads it:", () => {
  const rows: readonly [string, string, unknown][] = [
    ["a leading zero is base eight", "port: 010", { port: 8 }],
    ["which 08 is not", "port: 08", { port: 8 }],
    ["so is 0o", "port: 0o17", { port: 15 }],
    ["other bases have their letters", "a: [0x1F, 0b101, -0x10]", { a: [31, 5, -16] }],
    ["an underscore says nothing", "port: 8_080", { port: 8080 }],
    ["nothing is to base 60", "a: [1:20, 190:20:30]", { a: ["1:20", "190:20:30"] }],
    ["a port in quotes is a text", "port: '443'", { port: "443" }],
    ["yes is true", "app: yes", { app: true }],
    ["on is true, y too, and so are their kin", "a: [on, On, ON, y, Y, Yes, True]", { a: Array(7).fill(true) }],
    ["off is false, n too", "a: [off, no, n, N, FALSE]", { a: Array(5).fill(false) }],
    ["a word with other capitals is a word", "a: [yEs, tRUE, oN]", { a: ["yEs", "tRUE", "oN"] }],
    ["in quotes it is a word", "app: 'yes'", { app: "yes" }],
    ["a key is a text, whatever it says", "{on: 1, 80: 2, 010: 3, null-: 4}", { true: 1, 80: 2, 8: 3, "null-": 4 }],
    ["a day is a text", "a: 2026-01-02", { a: "2026-01-02" }],
    ["an exponent makes a number", "a: [1e3, 7e9, 1E-2]", { a: [1000, 7e9, 0.01] }],
    ["but not of anything", "a: [1e, e3, 1e400, 0x, 0b2]", { a: ["1e", "e3", "1e400", "0x", "0b2"] }],
    ["nothing is null", "a:\nb: ~\nc: Null\nd: ''", { a: null, b: null, c: null, d: "" }],
    ["a tag decides", "a: !!str 010\nb: !!int '12'", { a: "010", b: 12 }],
    ["an anchor is met again", "a: &x {app: web}\nb: *x", { a: { app: "web" }, b: { app: "web" } }],
    [
      "<< brings keys",
      "a: &x {app: web, tier: a}\nb:\n  <<: *x\n  tier: b",
      { a: { app: "web", tier: "a" }, b: { app: "web", tier: "b" } },
    ],
    ["<< in quotes is a key", "'<<': {a: 1}", { "<<": { a: 1 } }],
    ["a block keeps its lines", "a: |\n  x\n    y\nb: >-\n  x\n  y\n", { a: "x\n  y\n", b: "x y" }],
    ["a tab may stand before a comment", "a: 1\t# one", { a: 1 }],
    ["lines may end as on Windows", "a: 1\r\nb:\r\n  - x\r\n", { a: 1, b: ["x"] }],
    ["a comma may be the last thing", "{a: [1, 2, ], }", { a: [1, 2] }],
  ];
  for (const [title, text, value] of rows) {
    it(title, () => {
      assert.deepEqual(valueOf(text), value);
    });
  }

  it("keys that JavaScript knows are keys like others", () => {
    const read = valueOf("{__proto__: {a: b}, constructor: c, hasOwnProperty: d, toString: e}");
    assert.deepEqual(Object.entries(read as object), [
      ["__proto__", { a: "b" }],
      ["constructor", "c"],
      ["hasOwnProperty", "d"],
      ["toString", "e"],
    ]);
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
  });
});

describe("YAML that is no good tells its place:", () => {
  const rows: readonly [string, string, string, number, string][] = [
    ["a tab as indentation", "a:\n\tb: 1", "syntax", 3, "tab characters must not be used in indentation"],
    ["an alias to nothing", "a: *x", "syntax", 4, 'unidentified alias "x"'],
    ["an alias inside itself", "a: &x\n  - *x", "cycle", 11, "`*x` stands inside `&x`"],
    ["an unknown tag", "a: !foo b", "syntax", 3, "unknown scalar tag !<!foo>"],
    ["an empty key", "~: 1", "syntax", 0, "a key that is empty"],
    ["a key that is a list", "? [a]\n: b", "syntax", 2, "a key that is no text"],
    ["a NUL byte", "a: b\0c", "syntax", 4, "null byte is not allowed in input"],
    ["an open quote", "a: 'b", "syntax", 5, "unexpected end of the stream within a single quoted scalar"],
  ];
  for (const [title, text, code, offset, what] of rows) {
    it(title, () => {
      assert.deepEqual(valueOf(text), { code, offset, what });
    });
  }

  it("aliases that stand for a billion", () => {
    const letters = Array.from("abcdefghi");
    const lines = letters.map((letter, index) => {
      const item = index === 0 ? "lol" : `*${letters[index - 1] ?? ""}`;
      return `${letter}: &${letter} [${Array(9).fill(item).join(", ")}]`;
    });
    const started = performance.now();
    assert.deepEqual(valueOf(lines.join("\n")), {
      code: "expansion",
      offset: 187,
      what: "the aliases stand for far more than is written",
    });
    assert.ok(performance.now() - started < 100);
  });

  it("a hundred thousand brackets", () => {
    assert.deepEqual(valueOf(`a: ${"[".repeat(100_000)}`), {
      code: "deep",
      offset: 202,
      what: "nesting exceeded maxDepth (200)",
    });
  });
});

describe("YAML that may be meant otherwise is read with doubts:", () => {
  function doubtsOf(text: string): readonly unknown[] {
    const read = readYaml(text);
    return read.kind === "read" ? [read.documents[0]?.value, read.doubtful] : [read.trouble];
  }

  it("of two equal keys the last counts", () => {
    assert.deepEqual(doubtsOf("spec:\n  a: 1\n  b: 2\n  a: 3"), [
      { spec: { a: 3, b: 2 } },
      [{ code: "doubled-key", offset: 22, what: "the key `a` stands here again" }],
    ]);
  });

  it("a line separator is a part of its line, where Kubernetes may see an end", () => {
    assert.deepEqual(doubtsOf("a: b # c\u2028d: e"), [
      { a: "b" },
      [{ code: "odd-line-end", offset: 8, what: "the invisible character U+2028" }],
    ]);
  });

  it("`<<` behind other keys does not replace them, as it does in Kubernetes", () => {
    assert.deepEqual(doubtsOf("a: 1\n<<: {a: 2, b: 3}"), [
      { a: 1, b: 3 },
      [{ code: "late-merge", offset: 5, what: "`<<` stands behind other keys" }],
    ]);
  });
});
