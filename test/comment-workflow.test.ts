/** What comment.yml does with what a pull request's run left behind, against a GitHub of this test's own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { parseWorkflow, workflowTexts } from "./support/workflows.ts";

const script = (parseWorkflow(workflowTexts["comment.yml"] ?? "").jobs["comment"]?.steps ?? []).flatMap(
  ({ run }) => run ?? [],
);

/** Stands for the client: tells what it is asked, and answers as its filters would. */
const client = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const github = JSON.parse(readFileSync("github.json", "utf8"));
const [api, ...words] = process.argv.slice(2);
const path = words.find((word) => word.startsWith("repos/"));
const method = words.includes("--method") ? words[words.indexOf("--method") + 1] : "GET";
if (path.endsWith("/pulls")) {
  const asked = words.filter((word) => word.startsWith("head="));
  const found = github.pulls.filter(({ head, sha }) => asked.includes("head=" + head) && sha === process.env.COMMIT);
  process.stdout.write(found.map(({ number }) => number + "\\n").join(""));
} else if (method === "GET") {
  const mine = (github.comments[path.split("/")[4]] ?? []).filter(({ author, body }) => author === "github-actions[bot]" && body.startsWith(process.env.MARK));
  process.stdout.write(mine.map(({ id }) => id + "\\n").join(""));
} else {
  appendFileSync("calls.jsonl", JSON.stringify([method, path, readFileSync("body.md", "utf8")]) + "\\n");
}
`;

interface Found {
  readonly number?: string;
  /** File name → text. */
  readonly files?: Readonly<Record<string, string>>;
  /** File name → where it leads. */
  readonly links?: Readonly<Record<string, string>>;
}

const changed = "<!-- cilium-platform kwok changed -->\n### Connectivity of kwok: 1 pair becomes ALLOWED\n";
const unchanged = "<!-- cilium-platform kwok unchanged -->\n### Connectivity of kwok: nothing changes\n";

interface Comment {
  readonly id: number;
  readonly author: string;
  readonly body: string;
}

/** What was written, and what the log says. */
function posted({ number = "7\n", files = {}, links = {} }: Found, comments: readonly Comment[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "comment-workflow-"));
  try {
    mkdirSync(join(folder, "found"));
    writeFileSync(join(folder, "gh"), client, { mode: 0o755 });
    writeFileSync(
      join(folder, "github.json"),
      JSON.stringify({
        pulls: [
          { number: 7, head: "somebody:topic", sha: "c0ffee" },
          { number: 8, head: "somebody:topic", sha: "01d" },
          { number: 9, head: "another:topic", sha: "c0ffee" },
        ],
        comments: { 7: comments },
      }),
    );
    if (number !== "") writeFileSync(join(folder, "found/number"), number);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "found", name), text);
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, "found", name));
    const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-e", "-c", script.join("\n")], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: folder,
      encoding: "utf8",
      env: {
        PATH: [folder, process.env["PATH"]].join(delimiter),
        GH_TOKEN: "a secret",
        REPOSITORY: "us/platform",
        OWNER: "somebody",
        BRANCH: "topic",
        COMMIT: "c0ffee",
      },
    });
    let calls = "";
    try {
      calls = readFileSync(join(folder, "calls.jsonl"), "utf8");
    } catch {
      // Nothing was written.
    }
    return {
      status,
      said: stdout.trim(),
      err: stderr,
      calls: calls
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as string[]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("comment.yml", () => {
  it("writes the first comment of a stack", () => {
    assert.deepEqual(posted({ files: { "kwok.md": changed, "kwok.json": "{}" } }), {
      status: 0,
      said: "",
      err: "",
      calls: [["POST", "repos/us/platform/issues/7/comments", changed]],
    });
  });

  it("edits the one there is, also when nothing changes any more, and nobody else's", () => {
    const mine = { id: 42, author: "github-actions[bot]", body: changed };
    const theirs = { id: 41, author: "somebody", body: changed };
    for (const text of [changed, unchanged]) {
      assert.deepEqual(posted({ files: { "kwok.md": text } }, [theirs, mine]).calls, [
        ["PATCH", "repos/us/platform/issues/comments/42", text],
      ]);
    }
  });

  it("says nothing where nothing changes and nothing was said", () => {
    assert.deepEqual(posted({ files: { "kwok.md": unchanged } }), { status: 0, said: "", err: "", calls: [] });
  });

  it("writes to no pull request that is not at the very commit of the run, whatever number the run claims", () => {
    for (const number of ["8", "9", "1", "7\n8", "", "$(id)"]) {
      const { status, said, calls } = posted({ number, files: { "kwok.md": changed } });
      assert.deepEqual({ status, calls }, { status: 0, calls: [] }, number);
      assert.match(said, /^(no open pull request is at c0ffee|nothing was found)$/, number);
    }
  });

  it("writes nothing that is no comment of a stack", () => {
    const files = {
      "kwok.md": "hello",
      "a b.md": changed,
      "kind.md": changed,
      "aks.md": " <!-- cilium-platform aks -->",
    };
    const { status, said, calls } = posted({ files });
    assert.deepEqual({ status, calls }, { status: 0, calls: [] });
    assert.deepEqual(said.split("\n").sort(), [
      "aks: no comment of ours",
      "kind: no comment of ours",
      "kwok: no comment of ours",
      "no name of a stack",
    ]);
  });

  it("stops at a link, which could lead to what is ours", () => {
    const { status, said, calls } = posted({
      files: { "kind.md": changed },
      links: { "kwok.md": "/proc/self/environ" },
    });
    assert.deepEqual({ status, said, calls }, { status: 1, said: "what was found is no data", calls: [] });
  });

  it("calls nobody by name", () => {
    const [call] = posted({ files: { "kwok.md": `${changed}@everybody` } }).calls;
    assert.equal(call?.[2], `${changed}@\u200beverybody`);
  });
});
