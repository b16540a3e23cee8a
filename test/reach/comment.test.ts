/** A review as a comment: what stands in it in which order, and what survives when there is too much of everything. */
import assert from "node:assert/strict";

import type { PromiseResult } from "../../policies/reachability/promises.ts";
import { promiseReport } from "../../policies/reachability/report/promise-report.ts";
import type { ChangeRow, DiffReport } from "../../policies/reachability/report/report.ts";
import type { Finding } from "../../reach/findings.ts";
import { aloneMarkdown, longestComment, reviewMarkdown, unusableMarkdown } from "../../reach/output/comment.ts";
import type { Review } from "../../reach/review.ts";
import { diffOf, external, pod, tcp } from "./drawn-reports.ts";

function promise(text: string, kept: "kept" | "broken"): PromiseResult {
  const [kind, line] = text.split(": ") as [PromiseResult["kind"], string];
  return {
    kind,
    text: line,
    where: "bundle baseline, promise 1",
    because: "it is so",
    kept: kept === "kept",
    pairs: 1,
    broken: kept === "kept" ? 0 : 1,
    failures: kept === "kept" ? [] : [{ what: `${line}: allowed`, explanation: [] }],
  };
}

function finding(what: string): Finding {
  return { severity: "warning", code: "lint/x", place: "a.yaml:1", object: "cnp dev/a", what, expected: "not that" };
}

function change(from: number, to: number, more: Partial<ChangeRow> = {}): ChangeRow {
  return {
    kind: "ALLOWED",
    risk: "same namespace",
    from,
    to,
    ports: tcp(80),
    before: "denied",
    after: "allowed",
    because: ["cnp dev/a spec.egress[0] (a.yaml:3), added"],
    ...more,
  };
}

const groups = [pod("dev/a"), pod("dev/b"), pod("uat/c"), external("world")];

function review(changes: readonly ChangeRow[], more: Partial<Review> = {}, report: Partial<DiffReport> = {}): Review {
  return {
    report: { ...diffOf(groups, changes), unchanged: 1284, unknown: 0, ...report },
    promises: { promises: [], withdrawn: [] },
    warnings: { added: [], stayed: 0, gone: 0 },
    newcomers: [],
    ...more,
  };
}

const kept = promise("must: dev/a -> dev/b TCP 80", "kept");
const keptBefore = promiseReport([kept], [kept]);

describe("A comment of which nobody need take notice", () => {
  it("is its mark and one line", () => {
    assert.equal(
      reviewMarkdown(review([], { promises: keptBefore }), { stack: "kwok", footer: ["no credentials"] }),
      "<!-- cilium-platform kwok unchanged -->\n" +
        "### Connectivity of kwok: nothing changes; 1,284 pairs unchanged, 0 unknown (Cilium 1.20)\n",
    );
  });

  it("is none where a promise stays broken, a warning is new, somebody is new, or another part has something to say", () => {
    const broken = promise("never: dev/a -> uat/c", "broken");
    const loud: readonly [Partial<Review>, Partial<DiffReport>, string][] = [
      [{ promises: promiseReport([broken], [broken]) }, {}, ""],
      [{ promises: promiseReport([kept], [], [kept]) }, {}, ""],
      [{ warnings: { added: [finding("is new")], stayed: 0, gone: 0 } }, {}, ""],
      [{}, { appeared: ["dev/new"] }, ""],
      [{}, {}, "resources"],
    ];
    for (const [more, report, part] of loud) {
      const text = reviewMarkdown(review([], more, report), { stack: "kwok", parts: [() => part] });
      assert.match(text, /^<!-- cilium-platform kwok changed -->\n/, JSON.stringify(more));
    }
  });
});

describe("A comment", () => {
  it("has promises before changes, changes before warnings, and at its end what it was made of", () => {
    const text = reviewMarkdown(
      review(
        [
          change(0, 2, { risk: "crosses environments", crossing: { from: "dev", to: "uat" } }),
          change(1, 3, { kind: "DENIED", risk: "world", before: "allowed", after: "denied" }),
        ],
        {
          promises: promiseReport(
            [promise("never: dev/* -> uat/*", "kept")],
            [promise("never: dev/* -> uat/*", "broken"), kept],
            [promise("never: dev/a -> world", "broken"), promise("must: dev/a -> world TCP 443", "kept")],
          ),
          warnings: { added: [finding("does nothing")], stayed: 2, gone: 1 },
        },
      ),
      { stack: "kwok", footer: ["No credentials were needed."], parts: [() => "- **kwok** registers the same"] },
    );
    assert.deepEqual(text.split("\n").slice(0, 25), [
      "<!-- cilium-platform kwok changed -->",
      "### Connectivity of kwok: 1 pair becomes ALLOWED (1 crosses dev -> uat), 1 pair becomes DENIED; 1,284 pairs unchanged, 0 unknown (Cilium 1.20)",
      "",
      "**Promises: 1 BROKEN, 1 kept, 1 of them new, 2 no longer made**",
      "",
      "- **BROKEN** (kept before): `never: dev/* -> uat/*` (bundle baseline, promise 1): dev/\\* -> uat/\\*: allowed; promised because it is so",
      "- **NO LONGER MADE, AND NO LONGER TRUE**: `never: dev/a -> world` (bundle baseline, promise 1): dev/a -> world: allowed; promised because it is so",
      "- no longer made, and still true: `must: dev/a -> world TCP 443` (bundle baseline, promise 1)",
      "- new: `must: dev/a -> dev/b TCP 80` (bundle baseline, promise 1)",
      "",
      "| What | From | To | Ports | Before | After | Because |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| ALLOWED, crosses dev -> uat | dev/a | uat/c | TCP 80 | denied | allowed | cnp dev/a spec.egress[0] (a.yaml:3), added |",
      "| DENIED, world | dev/b | world | TCP 80 | allowed | denied | cnp dev/a spec.egress[0] (a.yaml:3), added |",
      "",
      "**Warnings: 1 new, 2 as before, 1 gone**",
      "",
      "- warning: a.yaml:1 › cnp dev/a: does nothing (`lint/x`)",
      "",
      "- **kwok** registers the same",
      "",
      "<details><summary>Map</summary>",
      "",
      "```mermaid",
      "flowchart LR",
    ]);
    assert.match(text, /\n<\/details>\n\nNo credentials were needed\.\n$/);
  });

  it("keeps what is unknown apart, and never among the unchanged", () => {
    const text = reviewMarkdown(
      review(
        [change(0, 1), change(1, 2, { kind: "UNKNOWN", before: "unknown", after: "allowed" })],
        {},
        { unknown: 7 },
      ),
    );
    assert.match(text, /^### Connectivity: 1 pair becomes ALLOWED; 1,284 pairs unchanged, 7 unknown/);
    const [sure = "", open = ""] = text.split("**Unknown: 7 pairs**, none of them counted as unchanged");
    assert.match(sure, /\| ALLOWED, same namespace \| dev\/a \|/);
    assert.match(open, /\| UNKNOWN, same namespace \| dev\/b \| uat\/c \|/);
  });

  it("says what somebody new may do, of whom no comparison can tell", () => {
    const newcomers = [
      {
        from: "dev/new",
        to: "uat/c",
        risk: "crosses environments",
        crossing: { from: "dev", to: "uat" },
        ports: tcp(80),
        outcome: "allowed",
        remains: "",
      },
    ] as const;
    const text = reviewMarkdown(review([], { newcomers }, { appeared: ["dev/new"] }));
    assert.match(text, /^### Connectivity: new workloads have 1 edge \(1 crosses dev -> uat\); 1,284 pairs unchanged/);
    assert.match(
      text,
      /\*\*New workloads: 1 edge\*\*[^|]*\| What [^\n]*\n[^\n]*\n\| NEW, crosses dev -> uat \| dev\/new \| uat\/c \| TCP 80 \| allowed \|/,
    );
  });

  it("takes text for text, whatever somebody called something", () => {
    const text = reviewMarkdown(
      review([
        change(0, 1, { after: "http GET /a|b*<img src=x> @somebody [x](http://evil) `open", because: ["`*.x`"] }),
      ]),
    );
    assert.match(
      text,
      /\| http GET \/a\\\|b\\\*&lt;img src=x> @<!-- -->somebody \[x\]\\\(http:\/\/evil\) \\`open \| `\*\.x` \|/,
    );
  });
});

describe("A comment that would be too long", () => {
  const many = Array.from({ length: 400 }, (_, index) =>
    change(index % 3, 3, { kind: index < 300 ? "ALLOWED" : "DENIED", before: `denied by ${"x".repeat(2_000)}` }),
  );
  const broken = Array.from({ length: 300 }, (_, at) =>
    promise(`never: dev/${"n".repeat(700)}${String(at)} -> a`, "broken"),
  );
  const warnings = Array.from({ length: 300 }, (_, at) => finding(`${"w".repeat(3_000)}${String(at)}`));
  const text = reviewMarkdown(
    review(many, {
      promises: promiseReport([], broken),
      warnings: { added: warnings, stayed: 0, gone: 0 },
      newcomers: Array.from({ length: 200 }, () => ({
        from: "dev/new",
        to: "y".repeat(900),
        risk: "world" as const,
        ports: tcp(80),
        outcome: "allowed" as const,
        remains: "z".repeat(900),
      })),
    }),
    {
      stack: "kwok",
      whole: "the artifact `comment` of this run",
      footer: ["the footer"],
      parts: [(room) => "r".repeat(room)],
    },
  );

  it("ends before GitHub's limit", () => {
    assert.ok(text.length <= longestComment, String(text.length));
  });

  it("keeps headline, promises, warnings and footer", () => {
    assert.match(text, /^<!-- cilium-platform kwok changed -->\n### Connectivity of kwok: /);
    assert.match(
      text,
      /\n\*\*Promises: 300 BROKEN, 0 kept\*\*\n\n(- \*\*BROKEN\*\* \(new\): `never: dev\/n+[^\n]*\n){20}- and 280 more/,
    );
    assert.match(
      text,
      /\n\*\*Warnings: 300 new\*\*\n\n(- warning: [^\n]*\n){10}- and 290 more: `reach lint` tells them\n/,
    );
    assert.match(text, /\n\nthe footer\n$/);
  });

  it("tells what it leaves out as numbers per pair of namespaces, and where the rest is", () => {
    const [, left = "", counts = ""] = /\nand (\d+) more rows: ([^\n]*)/.exec(text) ?? [];
    const told = [...counts.matchAll(/(ALLOWED|DENIED) (dev|uat) -> outside (\d+)/g)];
    assert.equal(
      told.reduce((sum, [, , , count]) => sum + Number(count), 0),
      Number(left),
    );
    assert.equal(Number(left) + (text.match(/^\| (ALLOWED|DENIED), /gm) ?? []).length, 400);
    assert.match(counts, /\. All of them: the artifact `comment` of this run$/);
  });

  it("has fifty rows at most, however short they are", () => {
    const short = reviewMarkdown(review(Array.from({ length: 60 }, () => change(0, 1))));
    assert.equal((short.match(/^\| ALLOWED/gm) ?? []).length, 50);
    assert.match(short, /\nand 10 more rows: ALLOWED dev -> dev 10\n/);
    assert.doesNotMatch(short, /mermaid/);
    assert.equal((text.match(/^\| (ALLOWED|DENIED|NEW), /gm) ?? []).length <= 50, true);
  });
});

describe("A comment without a comparison", () => {
  it("says in its headline that it is unknown what changes, and why, and still tells of promises", () => {
    const promises = promiseReport(undefined, [promise("never: dev/* -> uat/*", "broken"), kept]);
    assert.equal(
      aloneMarkdown(
        { why: "the base has no verb `inventory`", output: "npm\n```\n" },
        { promises, warnings: { added: [], stayed: 0, gone: 0 } },
      ),
      "### Connectivity: unknown what changes; the base has no verb `inventory`\n\n" +
        "**Promises: 1 BROKEN, 1 kept**\n\n" +
        "- **BROKEN** (unknown before): `never: dev/* -> uat/*` (bundle baseline, promise 1): dev/\\* -> uat/\\*: allowed; promised because it is so\n\n" +
        "<details><summary>What was said</summary>\n\n```text\nnpm\n'''\n```\n\n</details>\n\n" +
        "<details><summary>Promises kept</summary>\n\n- `must: dev/a -> dev/b TCP 80` (bundle baseline, promise 1)\n\n</details>\n",
    );
  });

  it("says why nothing can be judged, inside a fence that the reason cannot end", () => {
    assert.equal(
      unusableMarkdown("the stack is refused", "x\n```\ny", { stack: "kwok", footer: ["end"] }),
      "<!-- cilium-platform kwok changed -->\n### Connectivity of kwok: cannot be judged; the stack is refused\n\n" +
        "```text\nx\n'''\ny\n```\n\nend",
    );
  });
});
