/** `reach lint`: what Cilium refuses, drops or ignores in the manifests, and what is accepted and does not do what it says. */
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { linted } from "../linted.ts";
import { pathsOf, surroundingsOf, type WorldWords } from "../options.ts";
import { lintJson, lintMarkdown, lintText } from "../output/lint.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "markdown" | "json" | "sarif";
  readonly meshAuth?: boolean;
}

export async function lint([paths]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const given = pathsOf(paths as readonly string[], words, "lint");
  const scenario = await readScenario(given, await surroundingsOf(words));
  const found = linted(scenario, words.meshAuth === true ? "on" : (scenario.platform?.cilium.meshAuth ?? "off"));
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
