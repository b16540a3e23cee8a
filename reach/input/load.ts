/** Load: manifests from files and folders, each with its place. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { parseAllDocuments } from "yaml";

import { ProblemsError, type Problem } from "../../policies/problems.ts";
import type { Origin } from "../../policies/reachability/model.ts";
import { isFields, type Manifest } from "../../policies/reachability/read/fields.ts";

export interface Loaded {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly Problem[];
  /** `file:line` of a field of a policy, if it can be told. */
  readonly place: (origin: Origin) => string | undefined;
}

/** Every object below these files and folders. */
export async function load(paths: readonly string[]): Promise<Loaded> {
  const files = (await Promise.all(paths.map(filesAt))).flat();
  const manifests = (await Promise.all(files.map(objectsIn))).flat();
  return { manifests, problems: [], place: () => undefined };
}

async function filesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new ProblemsError([
      { code: "input/missing", where: path, what: "there is no such file or folder", expected: "manifests" },
    ]);
  }
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

async function objectsIn(file: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(file, "utf8"));
  return documents.flatMap((document) => {
    const object: unknown = document.toJS();
    return isFields(object) ? [{ object, source: file }] : [];
  });
}
