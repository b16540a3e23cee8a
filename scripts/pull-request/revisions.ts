/** Revisions: which commit a change is compared with, and what git has of it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { ProblemsError } from "../../policies/problems.ts";

const run = promisify(execFile);

/** Longer than any file of the project. */
const maxBuffer = 64 * 1024 * 1024;

/** What git prints; undefined where it says no. */
export async function git(folder: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    return (await run("git", ["-C", folder, ...args], { maxBuffer })).stdout;
  } catch {
    return undefined;
  }
}

export interface Base {
  /** As the reader knows it: what was asked for, else the commit. */
  readonly name: string;
  readonly commit: string;
}

/** The default branch of a remote, and what it is called where a clone does not say which it is. */
const defaultBranches = ["origin/HEAD", "origin/main", "origin/master"];

/**
 * Where the branch left the default branch of `origin`; without one, or on that very commit, the commit before this one. A
 * commit of a shallow clone's edge has none before it.
 */
export async function baseOf(folder: string, asked: string | undefined): Promise<Base> {
  if (asked !== undefined) {
    const commit = await commitOf(folder, asked);
    if (commit !== undefined) return { name: asked, commit };
    throw unknownBase(`--base ${asked}`, "is no commit of this clone", `fetch it first: git fetch origin ${asked}`);
  }
  const head = await commitOf(folder, "HEAD");
  const left = await leftAt(folder);
  const commit = left === undefined || left === head ? await commitOf(folder, "HEAD~1") : left;
  if (commit !== undefined) return { name: commit.slice(0, 12), commit };
  throw unknownBase("pr-comment", "there is no commit before this one to compare with", "say --base <git ref>");
}

async function leftAt(folder: string): Promise<string | undefined> {
  for (const branch of defaultBranches) {
    if ((await commitOf(folder, branch)) === undefined) continue;
    const commit = (await git(folder, "merge-base", "HEAD", branch))?.trim();
    return commit === "" ? undefined : commit;
  }
  return undefined;
}

async function commitOf(folder: string, name: string): Promise<string | undefined> {
  // Nothing that begins like an option reaches git as one.
  const found = await git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
  return found?.trim();
}

function unknownBase(where: string, what: string, fix: string): ProblemsError {
  return new ProblemsError([{ code: "pr-comment/no-base", where, what, expected: "a commit that git knows", fix }]);
}

/** The text of a file in a commit; undefined where it has none. */
export async function fileAt(folder: string, commit: string, path: string): Promise<string | undefined> {
  return await git(folder, "show", `${commit}:./${path}`);
}
