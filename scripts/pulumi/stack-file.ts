/**
 * The stack file is the user's: read for what it says, and handed back as it was.
 *
 * Pulumi writes an encryption salt into it at first use. That salt belongs to the passphrase of this machine, so for
 * local stacks it lives in a copy inside the state folder and the tracked file stays clean.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { isMap } from "../../components/helm-values.ts";
import type { Target } from "../../components/settings.ts";
import { defaultClusterName } from "../../components/settings/names.ts";
import { UserError } from "../../policies/problems.ts";

const saltLine = /^encryptionsalt:.*\n?/m;

/** A stack may be named with its organization, as in `acme/platform/prod`; its file never is. */
export function stackFileName(stack: string): string {
  return `Pulumi.${stack.split("/").at(-1) ?? stack}.yaml`;
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
  const file = stackFileName(stack);
  const text = await readFile(join(projectDir, file), "utf8").catch(() => undefined);
  if (text === undefined) {
    throw new UserError(
      `${file} does not exist\n` + `  fix: copy the file of a stack like it, for example: cp Pulumi.kwok.yaml ${file}`,
    );
  }
  const target = configOf(text, file)["platform:target"];
  switch (target) {
    case "kwok":
    case "kind":
    case "aks":
    case "existing":
      return target;
    default: {
      const what = target === undefined ? "is missing" : `got \`${JSON.stringify(target).replaceAll('"', "")}\``;
      throw new UserError(`${file} › platform:target: ${what}\n  expected one of kwok, kind, aks, existing`);
    }
  }
}

/** Name of the cluster a stack file asks for. */
export function clusterNameOf(text: string, stack: string): string {
  const name = configOf(text, stackFileName(stack))["platform:clusterName"];
  return typeof name === "string" || typeof name === "number" ? String(name) : defaultClusterName(stack);
}

function configOf(text: string, file: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new UserError(`${file}: is no YAML: ${why.replace(/:$/, "")}`);
  }
  const config = isMap(document) ? document["config"] : undefined;
  return isMap(config) ? config : {};
}
