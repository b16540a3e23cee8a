/** `reach check`: promises held against manifests. */
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { loadPromises } from "../input/promises.ts";
import { keptIn } from "../kept.ts";
import { pathsOf, surroundingsOf, type WorldWords } from "../options.ts";
import { checkJson, checkMarkdown, checkText } from "../output/check.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly output: "text" | "markdown" | "json";
}

export async function check(words: readonly unknown[], options: Words, terminal: Terminal): Promise<ExitCode> {
  const [file, paths] = words as readonly [string | undefined, readonly string[]];
  const given = pathsOf(paths, options, "check");
  const own = file === undefined || file === options.inventory ? [] : await loadPromises(file);
  const scenario = await readScenario(given, await surroundingsOf(options));
  const { findings } = scenario;
  const results = keptIn(scenario, own);
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
