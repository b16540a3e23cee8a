/** Promises: a file of them, each with its line. */
import { readFile } from "node:fs/promises";

import { LineCounter, parseDocument, isSeq, isNode } from "yaml";

import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { readPromises, type PlatformPromise } from "../../policies/reachability/promises.ts";

/** What a file of promises holds. Throws a ProblemsError with everything that makes it unusable. */
export async function loadPromises(file: string): Promise<readonly PlatformPromise[]> {
  const lines = new LineCounter();
  const document = parseDocument(await textOf(file), { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const [{ line } = { line: 1 }] = error.linePos ?? [];
    const what = (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
    throw refusal("promises/malformed", `${file}:${String(line)}`, what, "a YAML list of promises");
  }
  const whereOf = (index: number): string => {
    const node: unknown = isSeq(document.contents) ? document.contents.items[index] : undefined;
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    return `${file}:${String(lines.linePos(offset).line)}`;
  };
  const { promises, problems } = readPromises(document.toJS({ maxAliasCount: 100 }), whereOf);
  if (problems.length > 0) throw new ProblemsError(problems);
  return promises;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const what = error instanceof Error && "code" in error && error.code === "ENOENT" ? "no such file" : String(error);
    throw refusal("promises/unreadable", file, what, "a file of promises");
  }
}

function refusal(code: string, where: string, what: string, expected: string): ProblemsError {
  const problem: Problem = { code, where, what, expected };
  return new ProblemsError([problem]);
}
