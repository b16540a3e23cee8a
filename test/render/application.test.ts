/** The workflow of an application's repository, step by step as GitHub would run it, on a repository of its own. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { applicationTexts, parseWorkflow } from "../support/workflows.ts";

const project = join(import.meta.dirname, "../..");
const application = join(project, "test/fixtures/reach/application");

const steps = (parseWorkflow(applicationTexts["connectivity.yml"] ?? "").jobs["connectivity"]?.steps ?? []).filter(
  ({ run }) => run !== undefined,
);

interface Ran {
  /** Of the first step that failed, else of the last. */
  readonly code: number | null;
  readonly said: string;
  readonly comment: string;
  readonly left: readonly string[];
}

describe("The workflow of an application", function () {
  this.timeout(120_000);
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "application-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Commits both sides, and runs the steps on the later one. */
  function run(base: ((deploy: string) => void) | undefined, head: (deploy: string) => void): Ran {
    const [workspace, temporary] = [join(folder, "workspace"), join(folder, "temp")];
    const deploy = join(workspace, "deploy");
    for (const each of [workspace, temporary]) mkdirSync(each);
    const git = (...words: readonly string[]): void => {
      const who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"];
      execFileSync("git", [...who, ...words], { cwd: workspace, stdio: "pipe" });
    };
    git("init", "--quiet");
    for (const side of [base, head]) {
      rmSync(deploy, { recursive: true, force: true });
      if (side !== undefined) {
        mkdirSync(deploy);
        side(deploy);
      }
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", "change");
    }
    symlinkSync(project, join(workspace, "platform"));
    // GitHub's machines have kubectl; all that it does here is to print what one folder holds.
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "kubectl"), '#!/bin/sh\nexec cat "$2/shop.yaml"\n', { mode: 0o755 });
    const env = {
      ...process.env,
      PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
      GITHUB_WORKSPACE: workspace,
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_STEP_SUMMARY: join(temporary, "summary.md"),
      RUNNER_TEMP: temporary,
      NUMBER: "7",
      STACK: "kind",
    };
    let [code, said]: [number | null, string] = [0, ""];
    for (const step of steps) {
      const done = spawnSync("bash", ["-eo", "pipefail", "-c", step.run ?? ""], {
        cwd: workspace,
        env,
        encoding: "utf8",
      });
      [code, said] = [done.status, `${said}${done.stdout}${done.stderr}`];
      if (code !== 0) break;
    }
    const found = join(workspace, "comment");
    const file = join(found, "shop.md");
    return {
      code,
      said,
      comment: existsSync(file) ? readFileSync(file, "utf8") : "",
      left: existsSync(found) ? readdirSync(found).sort() : [],
    };
  }

  const manifestsOf = (side: "base" | "head") => (deploy: string) => {
    cpSync(join(application, side, "shop.yaml"), join(deploy, "shop.yaml"));
  };

  it("is red where a promise of the platform breaks, and leaves the comment that says so", () => {
    const { code, said, comment, left } = run(manifestsOf("base"), manifestsOf("head"));
    assert.equal(code, 1, said);
    assert.deepEqual(left, ["number", "shop.html", "shop.md"]);
    const [mark, headline] = comment.split("\n");
    assert.equal(mark, "<!-- cilium-platform shop changed -->");
    assert.match(headline ?? "", /^### Connectivity of shop: 4 pairs become ALLOWED; /);
    assert.match(comment, /- \*\*BROKEN\*\* \(kept before\): `never: dev\/example -> world`/);
  });

  it("is green and says nothing of a change that changes nothing", () => {
    const { code, said, comment } = run(manifestsOf("base"), (deploy) => {
      const text = readFileSync(join(application, "base/shop.yaml"), "utf8");
      writeFileSync(join(deploy, "shop.yaml"), `# Reviewed.\n${text}`);
    });
    assert.equal(code, 0, said);
    assert.match(
      comment,
      /^<!-- cilium-platform shop unchanged -->\n### Connectivity of shop: nothing changes; [^\n]*\n$/,
    );
  });

  it("takes an application that is new", () => {
    const { code, said, comment } = run(undefined, manifestsOf("base"));
    assert.equal(code, 0, said);
    assert.match(comment, /- new, not compared: dev\/web, dev\/api\n|- new, not compared: dev\/api, dev\/web\n/);
  });
});
