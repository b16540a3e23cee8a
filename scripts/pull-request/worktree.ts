/**
 * Worktree: the tree of another commit beside ours, for as long as it is needed, and not longer if we are ended.
 *
 * What a killed run could not remove, the next one does: the folder's name says whose it was.
 */
import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { UserError } from "../../policies/problems.ts";
import { git } from "./revisions.ts";

const prefix = "cilium-platform-base-";

/** `interruption` is when we are told to end: the folder is gone before the process is. */
export async function withWorktree<T>(
  project: string,
  commit: string,
  interruption: AbortSignal,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  await sweep(project);
  const scratch = await mkdtemp(join(await realpath(tmpdir()), `${prefix}${String(process.pid)}-`));
  const folder = join(scratch, "tree");
  const remove = (): void => {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
    execFileSync("git", ["-C", project, "worktree", "prune"], { stdio: "ignore" });
  };
  // Behind whoever ends the processes that still write there.
  const interrupted = (): void => void setTimeout(remove, 100);
  interruption.addEventListener("abort", interrupted, { once: true });
  try {
    // Hooks are for people who check something out to work on it.
    const made = await git(
      project,
      "-c",
      "core.hooksPath=/dev/null",
      "worktree",
      "add",
      "-q",
      "--detach",
      folder,
      commit,
    );
    if (made === undefined) {
      throw new UserError(
        `pr-comment: git makes no worktree of ${commit}\n  fix: git worktree add ${folder} ${commit}`,
      );
    }
    return await use(join(folder, await prefixOf(project)));
  } finally {
    interruption.removeEventListener("abort", interrupted);
    if (!interruption.aborted) remove();
  }
}

/** Where the project lies in its repository; empty at the top. */
async function prefixOf(project: string): Promise<string> {
  return (await git(project, "rev-parse", "--show-prefix"))?.trim() ?? "";
}

/** Worktrees of runs that are no more. */
async function sweep(project: string): Promise<void> {
  const listed = (await git(project, "worktree", "list", "--porcelain")) ?? "";
  for (const [, tree = ""] of listed.matchAll(/^worktree (.*)$/gm)) {
    const scratch = dirname(tree);
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(basename(scratch))?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    if (existsSync(scratch)) rmSync(scratch, { recursive: true, force: true });
  }
  await git(project, "worktree", "prune");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
