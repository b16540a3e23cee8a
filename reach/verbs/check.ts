/** `reach check`: promises held against manifests. */
import { readFile } from "node:fs/promises";

import { LineCounter, parseDocument, isSeq, isNode } from "yaml";

import { ProblemsError } from "../../policies/problems.ts";
import { checkPromises, readPromises, type PlatformPromise } from "../../policies/reachability/promises.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { checkJson, checkMarkdown, checkText } from "../output/check.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "markdown" | "json";
}

export async function check(words: readonly unknown[], options: Words, terminal: Terminal): Promise<ExitCode> {
  const [file, paths] = words as readonly [string, readonly string[]];
  const promises = await promisesIn(file);
  const { world, findings, place } = await readScenario(paths, await surroundingsOf(options));
  const results = checkPromises(promises, world, place);
  switch (options.output) {
    case "text":
      terminal.print(checkText(results, findings, terminal.paint));
      break;
    case "markdown":
      terminal.print(checkMarkdown(results));
      break;
    case "json":
      terminal.print(checkJson(results, findings));
      break;
  }
  return results.every(({ kept }) => kept) ? exitCodes.fine : exitCodes.no;
}

async function promisesIn(file: string): Promise<readonly PlatformPromise[]> {
  const lines = new LineCounter();
  const document = parseDocument(await textOf(file), { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const [{ line } = { line: 1 }] = error.linePos ?? [];
    throw new ProblemsError([
      {
        code: "promises/malformed",
        where: `${file}:${String(line)}`,
        what: (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
        expected: "a YAML list of promises",
      },
    ]);
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
    throw new ProblemsError([{ code: "promises/unreadable", where: file, what, expected: "a file of promises" }]);
  }
}
