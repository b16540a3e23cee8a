/** What the checks make of mocha's report. */
import assert from "node:assert/strict";

import { countTests, failedTests, failureReport, skippedTests } from "../scripts/checks.ts";

/** As mocha writes it, with a failure whose message looks like a report of its own. */
const mixed = `

  a stack
    ✔ comes up
    - comes up on containers (needs Docker)
    - removes kube-proxy (needs root)
    inner
      1) goes down


  12 passing (3s)
  2 pending
  1 failing

  1) a stack
       inner
         goes down:
     Error: - not a skipped test
  7 passing (9s)
  3 pending
      at Context.<anonymous> (file:///clone/test/a.test.ts:2:54)

      + expected - actual

       {
      -   "left": 1
      - - "list"
      +   "left": 2
       }
`;

describe("what mocha counted", () => {
  const none = { passed: 0, failed: 0, skipped: 0 };
  const rows: readonly [string, string, ReturnType<typeof countTests>][] = [
    ["of a run in which all pass", "\n  12 passing (347ms)\n\n", { ...none, passed: 12 }],
    ["of a long run", "\n  1204 passing (2m)\n\n", { ...none, passed: 1204 }],
    ["of a run with skipped tests", "  12 passing (3s)\n  2 pending\n", { ...none, passed: 12, skipped: 2 }],
    ["of a run with failures", "  12 passing (3s)\n  1 failing\n\n  1) x\n", { ...none, passed: 12, failed: 1 }],
    ["of a run in which nothing passes", "  0 passing (1ms)\n  3 failing\n", { ...none, failed: 3 }],
    ["and not what a failing test says", mixed, { passed: 12, failed: 1, skipped: 2 }],
    [
      "in colours",
      "\x1b[92m \x1b[0m\x1b[32m 1 passing\x1b[0m\x1b[90m (13ms)\x1b[0m\n\x1b[36m \x1b[0m\x1b[36m 2 pending\x1b[0m\n\x1b[31m  2 failing\x1b[0m\n",
      { passed: 1, skipped: 2, failed: 2 },
    ],
    ["of a run that broke before its end", "SyntaxError: Unexpected token\n", none],
    [
      "and not a title that sounds like it",
      "  3 passing cars\n    ✔ go by\n\n\n  1 passing (2ms)\n",
      { ...none, passed: 1 },
    ],
    ["of nothing", "", none],
  ];
  for (const [what, output, counted] of rows) {
    it(`is the count ${what}`, () => {
      assert.deepEqual(countTests(output), counted);
    });
  }
});

describe("the skipped tests", () => {
  const rows: readonly [string, string, readonly string[]][] = [
    [
      "are named, and no line of a failure is among them",
      mixed,
      ["comes up on containers (needs Docker)", "removes kube-proxy (needs root)"],
    ],
    ["are named in colours", "\x1b[36m  - needs Docker\x1b[0m\n  0 passing (1ms)\n  1 pending\n", ["needs Docker"]],
    ["are none where every test ran", "  a\n    ✔ works - and well\n\n  1 passing (1ms)\n", []],
    ["are none where nothing ran", "", []],
  ];
  for (const [what, output, titles] of rows) {
    it(what, () => {
      assert.deepEqual(skippedTests(output), titles);
    });
  }
});

/** Two failures, as mocha writes them behind its summary. */
const twoFailures = `
  0 passing (3s)
  2 failing

  1) a stack
       inner
         goes down:

      AssertionError [ERR_ASSERTION]: it hangs:
 +  cilium-release creating
      + expected - actual

      --1
      +0

      at Context.<anonymous> (file:///clone/test/a.test.ts:2:54)

  2) plain pulumi:
     Error: no engine
      at listOnTimeout (node:internal/timers:685:17)
`;

describe("what failed", () => {
  it("is found with its suites and what it said", () => {
    const [first, second, ...more] = failedTests(twoFailures);
    assert.equal(first?.title, "a stack › inner › goes down");
    assert.match(first.said, /^AssertionError \[ERR_ASSERTION\]: it hangs:\n \+ {2}cilium-release creating\n/);
    assert.deepEqual(second, {
      title: "plain pulumi",
      said: "Error: no engine\n      at listOnTimeout (node:internal/timers:685:17)",
    });
    assert.deepEqual(more, []);
  });

  it("is nothing where nothing failed", () => {
    assert.deepEqual(failedTests("\n  12 passing (347ms)\n\n"), []);
    assert.equal(failureReport([]), "");
  });

  it("ends a log with the first failure whole and every failure in a line", () => {
    assert.equal(
      failureReport([
        { title: "a › b", said: "Error: it hangs\n  at x" },
        { title: "a › c", said: "Error: it hangs too\n  at y" },
      ]),
      "a › b said:\n  Error: it hangs\n    at x\n\nfailed: a › b: Error: it hangs\nfailed: a › c: Error: it hangs too\n",
    );
  });

  it("stays within what one looks at, however much it says", () => {
    const said = `Error: first line\n${"x".repeat(1000)}\n`.repeat(1000);
    const report = failureReport(Array.from({ length: 100 }, (_, at) => ({ title: `test ${String(at)}`, said })));
    assert.ok(report.length < 9000, `${String(report.length)} characters`);
    assert.match(report, /^test 0 said:\n {2}Error: first line\n/);
    assert.match(report, /\nfailed: test 19: Error: first line\n$/);
  });
});
