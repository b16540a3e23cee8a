/**
 * The stack file is the user's: read for what it says, and handed back as it was.
 *
 * Pulumi writes an encryption salt into it at first use. That salt belongs to the passphrase of this machine, so for
 * local stacks it lives in a copy inside the state folder and the tracked file stays clean.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import type { Target } from "../../components/settings.ts";
import { UserError } from "../../policies/problems.ts";

const saltLine = /^encryptionsalt:.*\n?/m;

export function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** The text of the working copy: what the tracked file says now, with the salt that the copy already had. */
export function workingCopy(tracked: string, copy: string | undefined): string {
  if (saltLine.test(tracked)) return tracked;
  const salt = saltLine.exec(copy ?? "")?.[0].trimEnd();
  if (salt === undefined) return tracked;
  return `${tracked.trimEnd()}\n${salt}\n`;
}

/** Whether a file differs from what it was by an added salt only. */
export function onlySaltAdded(before: string, after: string): boolean {
  return before !== after && !saltLine.test(before) && after.replace(saltLine, "").trimEnd() === before.trimEnd();
}

/** The salt line of a text, if it has one. */
export function saltOf(text: string): string | undefined {
  return saltLine.exec(text)?.[0].trimEnd();
}

/** Run something that may write a salt into the tracked file; afterwards the file is as it was. */
export async function withTrackedFileKept<T>(file: string, work: () => Promise<T>): Promise<T> {
  const before = await readFile(file, "utf8").catch(() => undefined);
  try {
    return await work();
  } finally {
    const after = await readFile(file, "utf8").catch(() => undefined);
    if (before !== undefined && after !== undefined && onlySaltAdded(before, after)) await writeFile(file, before);
  }
}

/** What the stack stands on, or how to make the stack where there is no file. */
export async function targetOf(stack: string, projectDir: string): Promise<Target> {
  const file = join(projectDir, stackFileName(stack));
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) {
    throw new UserError(
      `${stackFileName(stack)} does not exist\n` +
        `  fix: copy the file of a stack like it, for example: cp Pulumi.kwok.yaml ${stackFileName(stack)}`,
    );
  }
  const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> };
  const target = config?.["platform:target"];
  switch (target) {
    case "kwok":
    case "kind":
    case "aks":
    case "existing":
      return target;
    default:
      throw new UserError(
        `${stackFileName(stack)} › platform:target: got \`${String(target)}\`\n  expected one of kwok, kind, aks, existing`,
      );
  }
}
