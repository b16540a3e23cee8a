/**
 * Rendered: what a tree makes of its stacks, by its own code: the inventory of each, written by the tree's own verb.
 */
import { spawn } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../../policies/problems.ts";
import { stackFileName } from "../pulumi/stack-file.ts";
import type { Base } from "./revisions.ts";
import { fileAt } from "./revisions.ts";
import { withWorktree } from "./worktree.ts";

/** One stack on one side. */
export type Rendered =
  | { readonly kind: "rendered"; readonly file: string }
  /** There is no stack of this name. */
  | { readonly kind: "absent" }
  /** Its own code makes no inventory of it. `output` is what was said on the way, empty where there was nothing to ask. */
  | { readonly kind: "unknown"; readonly why: string; readonly output: string };

/** The verb of package.json that writes an inventory. */
const verb = "inventory";

export interface Sides {
  readonly base: Rendered;
  readonly head: Rendered;
}

/** Both sides of each stack, side by side. The head is the tree as it lies there, the base a commit. */
export async function renderedSides(
  question: {
    readonly project: string;
    readonly base: Base;
    readonly stacks: readonly string[];
    readonly folder: string;
  },
  interruption: AbortSignal,
  log: (line: string) => void,
): Promise<ReadonlyMap<string, Sides>> {
  const { project, stacks, folder } = question;
  const [heads, bases] = await Promise.all([
    inTurn(stacks, async (stack) => {
      if ((await readFile(join(project, stackFileName(stack)), "utf8").catch(() => undefined)) === undefined) {
        return { kind: "absent" } as const;
      }
      return await written(project, stack, join(folder, `head-${stack}.yaml`), interruption);
    }),
    renderedBases(question, interruption, log),
  ]);
  return new Map(
    stacks.map((stack) => [
      stack,
      { base: bases.get(stack) ?? { kind: "absent" }, head: heads.get(stack) ?? { kind: "absent" } },
    ]),
  );
}

async function renderedBases(
  { project, base, stacks, folder }: Parameters<typeof renderedSides>[0],
  interruption: AbortSignal,
  log: (line: string) => void,
): Promise<ReadonlyMap<string, Rendered>> {
  const { commit, name } = base;
  const there = await inTurn(stacks, async (stack) => await fileAt(project, commit, stackFileName(stack)));
  const known = stacks.filter((stack) => there.get(stack) !== undefined);
  if (known.length === 0) return new Map();
  if (!(await hasVerb(project, commit))) {
    const why = `the base \`${name}\` is older than \`npm run ${verb}\`, so nothing is known of it`;
    return new Map(known.map((stack) => [stack, { kind: "unknown", why, output: "" }]));
  }
  return await withWorktree(project, commit, interruption, async (tree) => {
    const [ours, theirs] = await Promise.all([
      readFile(join(project, "package-lock.json"), "utf8").catch(() => ""),
      fileAt(project, commit, "package-lock.json"),
    ]);
    // Else the tree's own door installs what its own lockfile says.
    if (ours === theirs) await lend(join(project, "node_modules"), join(tree, "node_modules"));
    else log(`${name} has another lockfile: its dependencies are installed beside ours`);
    return await inTurn(known, async (stack) => {
      const made = await written(tree, stack, join(folder, `base-${stack}.yaml`), interruption);
      if (made.kind !== "unknown") return made;
      return { ...made, why: `the base \`${name}\` is refused by its own code, so nothing is known of it` };
    });
  });
}

/** Package by package: whatever the other tree's code does to its folder, ours stays as it is. */
async function lend(ours: string, theirs: string): Promise<void> {
  await mkdir(theirs);
  const entries = await readdir(ours, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const [from, to] = [join(ours, entry.name), join(theirs, entry.name)];
      if (entry.isFile()) await copyFile(from, to);
      else await symlink(from, to, "dir");
    }),
  );
}

async function hasVerb(project: string, commit: string): Promise<boolean> {
  const text = await fileAt(project, commit, "package.json");
  if (text === undefined) return false;
  const { scripts = {} } = JSON.parse(text) as { readonly scripts?: Readonly<Record<string, string>> };
  return verb in scripts;
}

async function written(
  tree: string,
  stack: string,
  file: string,
  interruption: AbortSignal,
): Promise<Extract<Rendered, { readonly kind: "rendered" | "unknown" }>> {
  const { code, output } = await told(tree, ["scripts/start.mjs", verb, stack, "--output", file], interruption);
  if (code === 0) return { kind: "rendered", file };
  return { kind: "unknown", why: `\`${stackFileName(stack)}\` is refused`, output };
}

/** Ends with everything that it started when we are told to end. */
async function told(
  tree: string,
  args: readonly string[],
  interruption: AbortSignal,
): Promise<{ readonly code: number; readonly output: string }> {
  return await new Promise((resolve, reject) => {
    // A group of its own: an installation is several processes.
    const child = spawn(process.execPath, args, { cwd: tree, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    interruption.addEventListener("abort", end, { once: true });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    }
    child.once("error", reject);
    child.once("close", (code) => {
      interruption.removeEventListener("abort", end);
      if (interruption.aborted) reject(new UserError("pr-comment: interrupted"));
      else resolve({ code: code ?? 1, output });
    });
  });
}

/** One after the other: two sides at once are as many as a small machine has processors. */
async function inTurn<T>(
  stacks: readonly string[],
  make: (stack: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const made = new Map<string, T>();
  for (const stack of stacks) made.set(stack, await make(stack));
  return made;
}
