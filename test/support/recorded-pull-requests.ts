/**
 * Recorded pull requests: changes as commits of a copy of this project, and what `npm run pr-comment` says of each. The page
 * about pull requests shows them.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../..");
const fixtures = join(root, "test/fixtures/pull-requests");

/** What is not part of the program that a stack is made of. */
const left = new Set(["node_modules", ".git", ".platform", "docs", "test"]);

/** A copy of the project in a repository of its own, with one commit on `main`. */
export class ProjectCopy {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(realpathSync(tmpdir()), "pull-request-"));
    cpSync(root, this.folder, {
      recursive: true,
      filter: (path) => !left.has(relative(root, path).split("/")[0] ?? ""),
    });
    // Of a name that no pattern for folders leaves out.
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"), "dir");
    cpSync(join(fixtures, "main"), this.folder, { recursive: true });
    this.git("init", "--quiet", "--initial-branch=main");
    this.git("config", "core.excludesFile", "/dev/null");
    this.commit("main");
  }

  /** A branch from `main` with the files of a fixture over it. */
  branch(name: string): void {
    this.git("checkout", "--quiet", "-b", name, "main");
    cpSync(join(fixtures, name), this.folder, { recursive: true });
    this.commit(name);
  }

  commit(message: string): void {
    this.git("add", "--all", "--", ".", ":!node_modules");
    this.git("commit", "--quiet", "--no-gpg-sign", "--message", message);
  }

  git(...args: readonly string[]): string {
    const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
    const env = { ...process.env, ...who, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
    return execFileSync("git", ["-C", this.folder, ...args], { encoding: "utf8", env });
  }

  /** An npm script of the copy, as npm would run it. */
  run(...args: readonly string[]): { readonly code: number; readonly out: string; readonly err: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/start.mjs", ...args], {
      cwd: this.folder,
      encoding: "utf8",
    });
    return { code: status ?? 1, out: stdout, err: stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** In the order of the page. */
export const recorded = ["refactoring", "opened", "lock-out"] as const;

/** The page, from the project. */
export const recordedPage = "docs/pull-requests.md";

/** As it tells its reader to type it. */
export const recordedCommand = "npm run --silent pr-comment -- --stack shop --base main";

export interface Recording {
  readonly name: (typeof recorded)[number];
  /** What the branch changes, as git tells it. */
  readonly change: string;
  readonly code: number;
  readonly comment: string;
  readonly err: string;
}

/** What npm hands to the door of its scripts. */
export function wordsOf(command: string): readonly string[] {
  return command
    .replace(/^npm run (--silent )?/, "")
    .split(" ")
    .filter((word) => word !== "--");
}

export function record(copy: ProjectCopy): readonly Recording[] {
  return recorded.map((name) => {
    copy.branch(name);
    const change = copy
      .git("diff", "--no-color", "--no-ext-diff", "--unified=1", "main", name)
      .replace(/^index .*\n/gm, "");
    const { code, out, err } = copy.run(...wordsOf(recordedCommand));
    return { name, change, code, comment: out, err };
  });
}

/** The page with every recording between its marks. */
export function withRecordings(page: string, recordings: readonly Recording[]): string {
  return recordings.reduce((text, { name, change, code, comment }) => {
    const [begin, end] = [`<!-- recorded: ${name} -->`, "<!-- end of the recording -->"];
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from === -1 || to === -1) throw new Error(`the page has no place for ${name}`);
    const told = [
      begin,
      "",
      "```diff",
      change.trimEnd(),
      "```",
      "",
      `It ends with ${String(code)} and says:`,
      "",
      "<!-- prettier-ignore-start -->",
      "",
      comment.trimEnd(),
      "",
      "<!-- prettier-ignore-end -->",
      "",
    ].join("\n");
    return `${text.slice(0, from)}${told}${text.slice(to)}`;
  }, page);
}
