/** The workflows of the repository: what must hold for each of them, and that each rule can be broken. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { previewText } from "../scripts/ci/preview-text.ts";
import { resourceDiff, resourceDiffText } from "../scripts/ci/resource-diff.ts";
import { oldestGo } from "../scripts/tools/go-problems.ts";
import { officialFiles } from "../scripts/tools/official-files.ts";
import { applicationTexts, parseWorkflow, workflowRules, workflowTexts } from "./support/workflows.ts";

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const scripts = Object.keys(manifest.scripts);

const checkout = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";

/** A small workflow that breaks nothing. */
const sound = `
on: pull_request
permissions: {}
jobs:
  shared:
    if: github.event.pull_request.head.repo.full_name == github.repository
    timeout-minutes: 5
    concurrency:
      group: stack-\${{ matrix.stack }}
    permissions:
      id-token: write
    steps:
      - uses: ${checkout}
        with:
          persist-credentials: false
      - run: npm run --silent preview -- kind
  data:
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - run: npm run golden
`;

/** The same for one that runs when another has ended. */
const soundBehind = `
on:
  workflow_run:
    workflows: [preview]
permissions: {}
jobs:
  comment:
    timeout-minutes: 5
    permissions:
      pull-requests: write
    steps:
      - run: gh api comments
`;

/** What to change in the sound one so that a rule is broken, and what the rule then says. */
const breaks: readonly (readonly [says: string, from: string, to: string, expected: readonly string[]])[] = [
  [
    "every action is pinned by its commit, with the version beside it",
    checkout,
    "actions/checkout@v7",
    ["- uses: actions/checkout@v7"],
  ],
  [
    "nothing is permitted that is not said, and the whole workflow may write nothing",
    "permissions: {}\n",
    "permissions:\n  contents: write\n",
    ["contents: write"],
  ],
  [
    "nothing is permitted that is not said, and the whole workflow may write nothing",
    "permissions: {}\n",
    "",
    ["no permissions"],
  ],
  ["what a job may write is an identity or a comment", "id-token: write", "packages: write", ["packages"]],
  [
    "a comment is written by a run of its own, which a pull request cannot change",
    "      contents: read",
    "      pull-requests: write",
    ["data"],
  ],
  [
    "no code of a fork meets an identity of ours",
    "    if: github.event.pull_request.head.repo.full_name == github.repository\n    timeout",
    "    timeout",
    ["shared"],
  ],
  [
    "no code of a fork meets an identity of ours",
    "on: pull_request",
    "on: pull_request_target",
    ["pull_request_target"],
  ],
  [
    "no code of a fork meets an identity of ours",
    "npm run golden",
    "npm run golden # ${{ secrets.KEY }}",
    ["a secret of the repository"],
  ],
  [
    "the checkout leaves no token behind",
    "persist-credentials: false",
    "fetch-depth: 1",
    [checkout.split(" ")[0] ?? ""],
  ],
  ["every job ends by itself", "    timeout-minutes: 5\n    concurrency", "    concurrency", ["shared"]],
  ["every npm script it runs exists", "--silent preview", "--silent previeuw", ["previeuw"]],
  [
    "nothing that somebody else wrote is put into a shell by its text",
    "npm run golden",
    "echo ${{ github.event.pull_request.title }}",
    ["${{ github.event.pull_request.title }}"],
  ],
  ["no secret of Pulumi's is shown", "preview -- kind", "preview -- kind --show-secrets", ["--show-secrets"]],
  [
    "on a shared stack it waits for whoever is at it, and reads only",
    "group: stack-${{ matrix.stack }}",
    "group: mine",
    ["shared: no group of its stack"],
  ],
  [
    "on a shared stack it waits for whoever is at it, and reads only",
    "npm run --silent preview -- kind",
    "npm run up -- kind",
    ["shared: npm run up -- kind"],
  ],
];

/** The same for the one behind. */
const breaksBehind: typeof breaks = [
  ["a job that may write a comment runs nothing of the pull request", "gh api comments", "npm run golden", ["comment"]],
  [
    "a comment is written by a run of its own, which a pull request cannot change",
    "on:\n",
    "on:\n  pull_request:\n",
    ["comment"],
  ],
  [
    "what runs behind a pull request takes data from it and nothing that runs",
    "- run: gh api comments",
    `- uses: ${checkout}\n      - run: source found/variables; node found/post.js`,
    ["comment: a checkout", "comment: source", "comment: node"],
  ],
  [
    "what runs behind a pull request takes data from it and nothing that runs",
    "pull-requests: write",
    "id-token: write",
    ["comment: an identity"],
  ],
  [
    "no code of a fork meets an identity of ours",
    "gh api comments",
    "gh api comments # ${{ secrets.KEY }}",
    ["a secret of the repository"],
  ],
];

describe("The workflows", () => {
  it("are these", () => {
    assert.deepEqual(Object.keys(workflowTexts).sort(), [
      "ci.yml",
      "comment.yml",
      "drift.yml",
      "ephemeral.yml",
      "newest.yml",
      "preview.yml",
    ]);
  });

  for (const [file, text] of Object.entries(workflowTexts)) {
    for (const { says, broken } of workflowRules) {
      it(`${file}: ${says}`, () => {
        assert.deepEqual(broken(parseWorkflow(text), text, scripts), []);
      });
    }
  }

  it("of an application are these, and keep the same rules", () => {
    assert.deepEqual(Object.keys(applicationTexts).sort(), ["comment.yml", "connectivity.yml"]);
    for (const [file, text] of Object.entries(applicationTexts)) {
      for (const { says, broken } of workflowRules) {
        assert.deepEqual(broken(parseWorkflow(text), text, scripts), [], `${file}: ${says}`);
      }
    }
  });

  it("post what an application's run found as they post our own", () => {
    const ours = (workflowTexts["comment.yml"] ?? "")
      .replace("what preview.yml found", "what connectivity.yml found")
      .replace("workflows: [preview]", "workflows: [connectivity]");
    assert.equal(applicationTexts["comment.yml"], ours);
  });

  it("use the oldest Go that may build the tools", () => {
    const versions = Object.values(workflowTexts).flatMap((text) => text.match(/(?<=go-version: ").*(?=")/g) ?? []);
    assert.deepEqual([...new Set(versions)], [oldestGo]);
  });

  it("pin one commit for each action", () => {
    const pins = [workflowTexts, applicationTexts]
      .flatMap((texts) => Object.values(texts))
      .flatMap((text) => text.match(/(?<=uses: ).*/g) ?? []);
    const actions = new Set(pins.map((pin) => pin.split("@")[0]));
    assert.equal(new Set(pins).size, actions.size, [...new Set(pins)].sort().join("\n"));
  });

  it("run every test of the README on each pull request", () => {
    const steps = Object.values(parseWorkflow(workflowTexts["ci.yml"] ?? "").jobs).flatMap((job) => job.steps);
    const commands = steps.flatMap(({ run }) => run?.match(/npm (run )?test(:\w+)?/g) ?? []);
    assert.deepEqual(commands, ["npm test", "npm run test:oracle", "npm run test:e2e"]);
  });

  it("take down what they brought up, whatever happened", () => {
    for (const [file, text] of Object.entries(workflowTexts)) {
      for (const [name, { steps }] of Object.entries(parseWorkflow(text).jobs)) {
        if (!steps.some(({ run }) => run?.includes("npm run up") === true)) continue;
        const down = steps.find(({ run }) => run?.includes("npm run down") === true);
        assert.equal(down?.if, "always()", `${file}: ${name}`);
      }
    }
  });
});

describe("A rule about workflows", () => {
  it("has a case here that breaks it, each of them", () => {
    const broken = new Set([...breaks, ...breaksBehind].map(([says]) => says));
    const missing = workflowRules.map(({ says }) => says).filter((says) => !broken.has(says));
    assert.deepEqual(missing, []);
  });

  it("holds for a sound workflow, each of them", () => {
    for (const text of [sound, soundBehind]) {
      for (const { says, broken } of workflowRules) {
        assert.deepEqual(broken(parseWorkflow(text), text, scripts), [], says);
      }
    }
  });

  for (const [text, cases] of [[sound, breaks] as const, [soundBehind, breaksBehind] as const]) {
    for (const [says, from, to, expected] of cases) {
      it(`"${says}" is broken by ${JSON.stringify(to)}`, () => {
        assert.ok(text.includes(from), from);
        const broken = text.replace(from, to);
        const rule = workflowRules.find((one) => one.says === says);
        assert.deepEqual(rule?.broken(parseWorkflow(broken), broken, scripts), expected);
      });
    }
  }
});

describe("The comment on a pull request", () => {
  const golden = (resources: Record<string, unknown>) => ({ resources });

  it("says which resources a stack no longer registers, newly registers, or registers otherwise", () => {
    const diff = resourceDiff(golden({ a: 1, b: { c: 1 }, d: 1 }), golden({ b: { c: 2 }, d: 1, e: 1 }));
    assert.deepEqual(diff, { deleted: ["a"], created: ["e"], changed: ["b"] });
    assert.equal(
      resourceDiffText("prod", diff),
      "- **prod** registers other resources: 1 deleted, 1 created, 1 changed\n\n" +
        "  <details><summary>which</summary>\n\n  ```diff\n  - a\n  + e\n  ! b\n  ```\n\n  </details>\n\n",
    );
  });

  it("says in one line that a stack stays as it is", () => {
    const same = resourceDiff(golden({ a: 1 }), golden({ a: 1 }));
    assert.equal(resourceDiffText("kind", same), "- **kind** registers the same resources\n");
  });

  it("takes a stack that is new or gone for one that had or has nothing", () => {
    assert.deepEqual(resourceDiff(undefined, golden({ a: 1 })).created, ["a"]);
    assert.deepEqual(resourceDiff(golden({ a: 1 }), undefined).deleted, ["a"]);
  });

  const preview =
    "Previewing update (aks):\n~ cilium\n```\nResources:\n    + 3 to create\n    ~ 12 to update\n    - 1 to delete\n" +
    "    +-2 to replace\n    18 changes. 40 unchanged\n";

  it("begins with what is replaced and deleted", () => {
    assert.match(
      previewText("aks", 0, preview),
      /^- \*\*aks\*\*, previewed against the cluster: 2 to replace, 1 to delete, 12 to update, 3 to create\n/,
    );
  });

  it("keeps the whole difference inside one fence", () => {
    const lines = previewText("aks", 0, preview).split("\n");
    assert.deepEqual(
      lines.filter((line) => line.includes("```")),
      ["  ```", "  ```"],
    );
    assert.ok(lines.includes("  ~ cilium"));
  });

  it("says that nothing changes, and that a preview failed", () => {
    assert.match(previewText("aks", 0, "Resources:\n    40 unchanged\n"), /: no changes\n/);
    assert.match(previewText("aks", 255, preview), /: the preview failed\n/);
  });

  it("leaves out the beginning of what GitHub would not take, and says so", () => {
    const text = previewText("aks", 0, `${"x".repeat(60_000)}\n    - 1 to delete\n`);
    assert.ok(text.length < 51_000, String(text.length));
    assert.match(text, /100\d\d characters are left out here/);
    assert.match(text, /1 to delete/);
  });
});

describe("actionlint", () => {
  it("comes from its own release, with the checksums beside it", () => {
    assert.deepEqual(officialFiles("actionlint", "1.7.12", { os: "darwin", arch: "arm64" }), [
      {
        tool: "actionlint",
        url: "https://github.com/rhysd/actionlint/releases/download/v1.7.12/actionlint_1.7.12_darwin_arm64.tar.gz",
        member: "actionlint",
        checksumUrl: "https://github.com/rhysd/actionlint/releases/download/v1.7.12/actionlint_1.7.12_checksums.txt",
      },
    ]);
  });
});
