/** `reach lint`: what Cilium refuses, drops or ignores in the manifests, and what the engine leaves open. */
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { findingsOf } from "../findings.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { lintJson, lintMarkdown, lintText } from "../output/lint.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "markdown" | "json" | "sarif";
}

export async function lint([paths]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const { findings, place } = await readScenario(paths as readonly string[], await surroundingsOf(words));
  const found = findingsOf(findings, place);
  switch (words.output) {
    case "text":
      terminal.print(lintText(found, terminal.paint));
      break;
    case "markdown":
      terminal.print(lintMarkdown(found));
      break;
    case "json":
      terminal.print(lintJson(found));
      break;
    case "sarif":
      terminal.print((await import("../output/sarif.ts")).lintSarif(found));
      break;
  }
  return found.some(({ severity }) => severity === "refused") ? exitCodes.no : exitCodes.fine;
}
