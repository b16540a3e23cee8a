/** `npm run pr-comment`: changes as commits of a copy of this project, judged by what both sides render by themselves. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { textOf } from "./support/documents.ts";
import {
  ProjectCopy,
  record,
  recordedCommand,
  recordedPage,
  withRecordings,
  wordsOf,
  type Recording,
} from "./support/recorded-pull-requests.ts";

describe("npm run pr-comment", function () {
  this.timeout(180_000);
  let copy: ProjectCopy;
  let recordings: readonly Recording[];

  before(() => {
    copy = new ProjectCopy();
    recordings = record(copy);
  });

  after(() => {
    copy.remove();
  });

  const of = (name: string): Recording => {
    const found = recordings.find((recording) => recording.name === name);
    assert.ok(found);
    return found;
  };

  /** A branch of its own with the change of one file. */
  const branch = (name: string, file: string, change: (text: string) => string): void => {
    copy.git("checkout", "--quiet", "-b", name, "main");
    writeFileSync(join(copy.folder, file), change(readFileSync(join(copy.folder, file), "utf8")));
    copy.commit(name);
  };

  const compared = (base: string, ...words: readonly string[]) =>
    copy.run("pr-comment", "--stack", "shop", "--base", base, ...words);

  it("says what the page shows: npm run docs was run", () => {
    assert.ok(textOf(recordedPage).includes(recordedCommand));
    assert.equal(withRecordings(textOf(recordedPage), recordings), textOf(recordedPage), "run npm run docs");
  });

  it("says that nothing changes where policies are only written otherwise", () => {
    const { code, comment, err } = of("refactoring");
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    assert.match(
      comment,
      /^<!-- cilium-platform shop changed -->\n### Connectivity of shop: nothing changes; \d+ pairs unchanged, 0 unknown/,
    );
    assert.match(comment, /\n\*\*Promises: 5 kept\*\*\n/);
    assert.match(comment, /applies other objects: 1 created, 1 changed/);
    assert.doesNotMatch(comment, /BROKEN|ALLOWED|DENIED|UNKNOWN/);
  });

  it("tells an opened edge between environments first, with the lines that did it, and ends with 1", () => {
    const { code, comment } = of("opened");
    assert.equal(code, 1);
    assert.match(comment, /^[^\n]*\n### [^\n]* 19 pairs become ALLOWED \(1 crosses dev -> uat\);/);
    assert.match(
      comment,
      /\n- \*\*BROKEN\*\* \(kept before\): `never: dev\/\* -> uat\/\*` \(the stack's own promise 5\): dev\/api -> uat\/db/,
    );
    assert.match(
      comment,
      /\| ALLOWED, crosses dev -> uat \| dev\/api \| uat\/db \| TCP 5432 \| denied[^|]*\| allowed \|[^|]*shop\/policies\/dev\.yaml:\d+\), changed[^|]*shop\/policies\/uat\.yaml:\d+\), added/,
    );
  });

  it("tells a lock-out as loudly, and ends with 1", () => {
    const { code, comment } = of("lock-out");
    assert.equal(code, 1);
    assert.match(comment, /\| DENIED, same namespace \| uat\/web \| uat\/api \| TCP 8080 \| allowed \| denied/);
    assert.match(comment, /- \*\*BROKEN\*\* \(kept before\): `must: uat\/web -> uat\/api TCP 8080`/);
  });

  it("shows a change of the stack file", () => {
    branch("stack-file", "Pulumi.kwok.yaml", (text) => text.replace("uat: {}", "uat: { isolated: false }"));
    const { code, out } = copy.run("pr-comment", "--stack", "kwok", "--base", "main");
    assert.equal(code, 0);
    assert.match(out, /\| ALLOWED, world \| uat\/\\\* \(\d+\) \|/);
    assert.match(out, /NO LONGER MADE, AND NO LONGER TRUE\*\*: `never: uat\/example -> world`/);
  });

  it("shows a change of a bundle, and compares with the commit before where there is nothing else to compare with", () => {
    branch("bundle", "policies/baseline/allow-dns.yaml", (text) =>
      text.replace('            - port: "53"\n              protocol: TCP\n', ""),
    );
    const { code, out } = copy.run(...wordsOf("npm run --silent pr-comment -- --stack kwok"));
    assert.equal(code, 1);
    assert.match(
      out,
      /\| DENIED, system \| [^|]*\| kube-system\/coredns \| TCP 53 \| allowed, dns \\\* \| denied[^|]*\| [^|]*policies\/baseline\/allow-dns\.yaml:\d+/,
    );
    const before = copy.git("rev-parse", "main").slice(0, 12);
    assert.match(out, new RegExp(`\nCompared with \`${before}\`, from manifests that both sides render by themselves`));
  });

  it("says in one line that nothing is known of a base that is older than the verb, and passes no gate with that", () => {
    branch("older", "package.json", (text) => text.replace(/^ {4}"inventory":.*\n/m, ""));
    copy.git("checkout", "--quiet", "main");
    const { code, out } = compared("older", "--fail-on", "allowed");
    assert.equal(code, 1);
    assert.match(
      out,
      /^<!-- cilium-platform shop changed -->\n### Connectivity of shop: unknown what changes; the base `older` is older than `npm run inventory`, so nothing is known of it\n\n\*\*Promises: 5 kept\*\*\n/,
    );
  });

  it("says that a stack is new, that one is gone, and that one is refused, with the reason", () => {
    copy.git("checkout", "--quiet", "-b", "without", "main");
    rmSync(join(copy.folder, "Pulumi.shop.yaml"));
    copy.commit("without");
    const gone = compared("main");
    assert.equal(gone.code, 0);
    assert.match(gone.out, /### Connectivity of shop: the stack is removed, and nothing of it is judged\n$/);
    copy.git("checkout", "--quiet", "main");
    const fresh = compared("without");
    assert.equal(fresh.code, 0);
    assert.match(fresh.out, /### Connectivity of shop: unknown what changes; the stack is new\n/);
    branch("refused", "Pulumi.shop.yaml", (text) => text.replace("location:", "locasion:"));
    const refused = compared("main");
    assert.equal(refused.code, 2);
    assert.match(
      refused.out,
      /### Connectivity of shop: cannot be judged; `Pulumi\.shop\.yaml` is refused\n\n```text\n[^`]*aks\.locasion: unknown/,
    );
  });

  it("writes every format into a folder, each about the same", () => {
    const folder = mkdtempSync(join(tmpdir(), "pr-comment-"));
    try {
      copy.git("checkout", "--quiet", "opened");
      const { code, out } = compared("main", "--out", folder, "-o", "json");
      assert.equal(code, 1);
      assert.deepEqual(readdirSync(folder).sort(), ["shop.html", "shop.json", "shop.md", "shop.sarif"]);
      const read = (name: string): string => readFileSync(join(folder, name), "utf8");
      assert.equal(read("shop.md"), of("opened").comment);
      assert.equal(read("shop.json"), out);
      const told = JSON.parse(out) as Record<string, unknown>;
      assert.deepEqual(
        [told["schema"], told["kind"], told["stack"], told["state"], (told["changes"] as unknown[]).length > 0],
        [1, "review", "shop", "compared", true],
      );
      const { runs } = JSON.parse(read("shop.sarif")) as {
        runs: {
          results: {
            ruleId: string;
            level: string;
            locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
          }[];
        }[];
      };
      const opened = runs[0]?.results.filter(({ ruleId }) => ruleId === "reach/allowed") ?? [];
      assert.ok(opened.some(({ level }) => level === "error"));
      assert.equal(opened[0]?.locations[0]?.physicalLocation.artifactLocation.uri, "shop/policies/dev.yaml");
      assert.match(read("shop.html"), /^<!doctype html>/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("has what a preview printed behind the rest, weighs by recorded flows, and says where the whole is", () => {
    const folder = mkdtempSync(join(tmpdir(), "pr-comment-"));
    try {
      writeFileSync(join(folder, "shop.txt"), "Resources:\n    ~ 2 to update\n    40 unchanged\n");
      writeFileSync(join(folder, "shop.code"), "0\n");
      const flow = {
        time: "2026-11-21T09:30:00Z",
        verdict: "FORWARDED",
        IP: { source: "10.0.0.1", destination: "10.0.0.2" },
        l4: { TCP: { source_port: 40000, destination_port: 8080, flags: { SYN: true } } },
        source: { namespace: "uat", pod_name: "web-1", workloads: [{ name: "web", kind: "Deployment" }] },
        destination: { namespace: "uat", pod_name: "api-1", workloads: [{ name: "api", kind: "Deployment" }] },
        is_reply: false,
      };
      writeFileSync(join(folder, "flows.jsonl"), `${JSON.stringify({ flow })}\n`);
      copy.git("checkout", "--quiet", "lock-out");
      const { code, out } = compared(
        "main",
        ...[
          "--previews",
          folder,
          "--flows",
          join(folder, "flows.jsonl"),
          "--whole",
          "[the artifact](https://x.example)",
        ],
      );
      assert.equal(code, 1);
      assert.match(out, /\n- Flows: closes 1 edge that was used 1 time; 1 request of 1 recorded flow, /);
      assert.match(out, /\| DENIED, same namespace \| uat\/web \| uat\/api \| TCP 8080 \|.*\| 1 time \|\n/);
      assert.match(
        out,
        /applies other objects: 2 changed[^]*- \*\*shop\*\*, previewed against the cluster: 2 to update\n/,
      );
      assert.match(out, /\nThe whole table, the map and JSON: \[the artifact\]\(https:\/\/x\.example\)\.\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses words that it does not understand, all of them, with 2", () => {
    const { code, out, err } = copy.run("pr-comment", "-o", "pdf", "--fail-on", "never");
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(err, /no stack[^]*-o `pdf`[^]*--fail-on `never`/);
    const unknown = compared("nowhere");
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.err,
      /--base nowhere: is no commit of this clone\n {2}expected a commit that git knows\n {2}fix: fetch it first/,
    );
  });

  it("removes what a killed run has left", () => {
    const { pid } = spawnSync("true");
    const left = mkdtempSync(join(realpathSync(tmpdir()), `cilium-platform-base-${String(pid)}-`));
    copy.git("worktree", "add", "--quiet", "--detach", join(left, "tree"), "main");
    copy.git("checkout", "--quiet", "main");
    assert.equal(compared("refactoring").code, 0);
    assert.ok(!existsSync(left));
    assert.doesNotMatch(copy.git("worktree", "list"), /cilium-platform-base-/);
  });

  it("leaves no worktree behind, also when it is told to end", async () => {
    const trees = (): string[] => copy.git("worktree", "list", "--porcelain").match(/^worktree .*$/gm) ?? [];
    assert.equal(trees().length, 1);
    const child = spawn(process.execPath, ["scripts/start.mjs", "pr-comment", "--stack", "shop", "--base", "main"], {
      cwd: copy.folder,
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    while (trees().length === 1 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    const [, other = ""] = trees();
    assert.match(other, /cilium-platform-base-/);
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [143, null]);
    assert.equal(trees().length, 1);
    assert.ok(!existsSync(other.replace("worktree ", "")));
  });
});
