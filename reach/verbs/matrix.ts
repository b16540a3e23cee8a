/** `reach matrix`: all pairs of the manifests' world. */
import { matrixReport } from "../../policies/reachability/report/matrix-report.ts";
import type { MatrixReport } from "../../policies/reachability/report/report.ts";
import type { Selection } from "../../policies/reachability/report/selection.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { drawn, isDrawing, type Drawing } from "../output/drawn.ts";
import { pathsOf, selectedIn, surroundingsOf, type WorldWords } from "../options.ts";
import { readScenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords, Selection {
  readonly output: "text" | "markdown" | "json" | "csv" | Drawing;
}

export async function matrix([paths]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const given = pathsOf(paths as readonly string[], words, "matrix");
  const { world, findings, place } = await readScenario(given, await surroundingsOf(words));
  const report = matrixReport({ world, findings, selected: selectedIn(world, words), place });
  for await (const text of told(report, words.output, terminal)) terminal.print(text);
  return exitCodes.fine;
}

/** In pieces, because a table of all pairs may be longer than a text can be. */
async function* told(report: MatrixReport, output: Words["output"], { paint }: Terminal): AsyncGenerator<string> {
  if (isDrawing(output)) yield await drawn(output, report);
  else if (output === "json") yield* (await import("../output/json.ts")).matrixJson(report);
  else {
    const { matrixCsv, matrixMarkdown, matrixText } = await import("../output/matrix.ts");
    if (output === "csv") yield* matrixCsv(report);
    else if (output === "text") yield* matrixText(report, paint);
    else yield matrixMarkdown(report);
  }
}
