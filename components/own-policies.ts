/**
 * Own policies: what the folders of a stack hold: `policies/`, `workloads/` and `promises.yaml`, read and nothing judged yet.
 *
 * Loaded only on stacks that name a folder.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";

import type { Own } from "../policies/own.ts";
import { ProblemsError, type Problem } from "../policies/problems.ts";
import { load, type Loaded, type LoadOptions } from "../reach/input/load.ts";
import { loadPromises } from "../reach/input/promises.ts";

export interface ReadOwn {
  readonly own: Own;
  /** What is read with doubts, and used all the same. */
  readonly warnings: readonly Problem[];
}

/** Paths of one folder, by what they hold. */
interface Contents {
  readonly policies: readonly string[];
  readonly workloads: readonly string[];
  readonly promises: readonly string[];
}

/** `folders` are relative to the working directory. Throws a ProblemsError with everything that cannot be read. */
export async function readOwnPolicies(folders: readonly string[], file: string): Promise<ReadOwn> {
  const problems: Problem[] = [];
  const contents = folders.map((folder, index) =>
    contentsOf(folder, `${file} › policies.folders[${String(index)}]`, problems),
  );
  const policies = await objectsIn(
    contents.flatMap((each) => each.policies),
    { kinds: "all" },
    problems,
  );
  const workloads = await objectsIn(
    contents.flatMap((each) => each.workloads),
    {},
    problems,
  );
  const promises = [];
  for (const path of contents.flatMap((each) => each.promises)) {
    promises.push(...(await collected(problems, () => loadPromises(path), [])));
  }
  // What is left out of what is applied is refused; of what is only spoken of it is told.
  problems.push(...policies.problems.filter(({ code }) => code !== "input/no-policies"));
  if (problems.length > 0) throw new ProblemsError(problems);
  return {
    own: { policies: policies.manifests, workloads: workloads.manifests, promises, place: policies.place },
    warnings: workloads.problems.filter(({ code }) => code !== "input/no-policies"),
  };
}

const nothing: Loaded = { manifests: [], problems: [], kinds: new Map(), heads: [], place: () => undefined };

async function objectsIn(paths: readonly string[], options: LoadOptions, problems: Problem[]): Promise<Loaded> {
  return paths.length === 0 ? nothing : await collected(problems, () => load(paths, options), nothing);
}

async function collected<T>(problems: Problem[], read: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    problems.push(...error.problems);
    return fallback;
  }
}

const parts = ["policies", "workloads", "promises"] as const;

function contentsOf(folder: string, where: string, problems: Problem[]): Contents {
  const found: Record<(typeof parts)[number], string[]> = { policies: [], workloads: [], promises: [] };
  const names = namesIn(folder, where, problems);
  for (const name of names ?? []) {
    const [part, path] = [name.replace(/\.ya?ml$/, ""), join(folder, name)];
    if (name === "policies" || name === "workloads") found[name].push(path);
    else if (part === "promises") found.promises.push(...(name === part ? yamlBelow(path) : [path]));
    else if (!isRemark(name)) problems.push(misplaced(path, part));
  }
  if (names !== undefined && parts.every((part) => found[part].length === 0)) {
    problems.push({ code: "own/empty-folder", where, what: `\`${folder}\` holds none of them`, expected });
  }
  return found;
}

const expected = "policies/ (applied), workloads/ (only spoken of), promises.yaml or promises/";

/** Undefined, and a problem, where there is no such folder. */
function namesIn(folder: string, where: string, problems: Problem[]): readonly string[] | undefined {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const what = missing ? `there is no folder \`${folder}\`` : `\`${folder}\` cannot be read as a folder`;
    problems.push({ code: "own/no-folder", where, what, expected: "a folder, relative to the project" });
    return undefined;
  }
}

/** Files of promises in a folder, at any depth. */
function yamlBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What a person keeps beside manifests without meaning it as one. */
function isRemark(name: string): boolean {
  return name.startsWith(".") || /^[A-Z]|\.(md|txt)$/.test(name);
}

function misplaced(path: string, name: string): Problem {
  const close = parts.find((part) => part.startsWith(name.slice(0, 5)));
  return {
    code: "own/misplaced",
    where: path,
    what: "nothing reads this here, so what it holds would neither be applied nor proved",
    expected,
    ...(close === undefined ? {} : { fix: `did you mean \`${close}${close === "promises" ? ".yaml" : "/"}\`?` }),
  };
}
