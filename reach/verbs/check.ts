/** `reach check`: promises held against manifests. */
import { checkPromises } from "../../policies/reachability/promises.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { loadPromises } from "../input/promises.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { checkJson, checkMarkdown, checkText } from "../output/check.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "markdown" | "json";
}

export async function check(words: readonly unknown[], options: Words, terminal: Terminal): Promise<ExitCode> {
  const [file, paths] = words as readonly [string, readonly string[]];
  const promises = await loadPromises(file);
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
