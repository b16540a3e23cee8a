/** `reach diff`: what a change of manifests does, or a change of Cilium to the same manifests. */
import { ProblemsError } from "../../policies/problems.ts";
import { diffReport } from "../../policies/reachability/report/diff-report.ts";
import type { PromiseReport } from "../../policies/reachability/report/promise-report.ts";
import type { DiffReport } from "../../policies/reachability/report/report.ts";
import type { Selection } from "../../policies/reachability/report/selection.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { selectedIn, surroundingsOf, upgradeOf, type WorldWords } from "../options.ts";
import { drawn, isDrawing, type Drawing } from "../output/drawn.ts";
import { readScenarios, readUpgrade, type Scenario } from "../scenario.ts";
import type { Terminal } from "../terminal.ts";

interface Words extends WorldWords, Selection {
  readonly output: "text" | "markdown" | "json" | "csv" | Drawing;
  readonly failOn?: "allowed" | "denied" | "any";
  readonly flows?: string;
  readonly comment?: string;
}

export async function diff([paths]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const both = await scenarios(paths as readonly string[], words);
  const [before, after] = both;
  const selected = selectedIn(after.world, words);
  const alike = isDrawing(words.output) ? "answer" : "change";
  const judged = diffReport({ before, after, selected, alike });
  const report = words.flows === undefined ? judged : await weighed(judged, both, words.flows, terminal);
  const promises = await comparedPromises(both);
  const found = { report, promises, both, ...(words.comment === undefined ? {} : { name: words.comment }) };
  for await (const text of told(found, words.output, terminal)) terminal.print(text);
  const breaks = promises?.promises.some(({ kept, before: was }) => !kept && was === "kept") ?? false;
  return breaks || fails(report, words.failOn) ? exitCodes.no : exitCodes.fine;
}

/** What became of the promises of the platform, if there is one. */
async function comparedPromises([before, after]: readonly [Scenario, Scenario]): Promise<PromiseReport | undefined> {
  if (before.platform === undefined || after.platform === undefined) return undefined;
  const { promiseReport } = await import("../../policies/reachability/report/promise-report.ts");
  const { keptIn } = await import("../kept.ts");
  return promiseReport(keptIn(before), keptIn(after));
}

async function weighed(
  report: DiffReport,
  [before, after]: readonly [Scenario, Scenario],
  file: string,
  terminal: Terminal,
): Promise<DiffReport> {
  const { weigh } = await import("../flows/weigh.ts");
  return await weigh({ report, before: before.world, after: after.world }, file, terminal.progress);
}

async function scenarios(paths: readonly string[], words: Words): Promise<readonly [Scenario, Scenario]> {
  const upgrade = upgradeOf(words.cilium);
  if (upgrade !== undefined) {
    const [from, to] = upgrade;
    return await readUpgrade(paths, await surroundingsOf({ ...words, cilium: from }), to);
  }
  const [before, after, ...surplus] = paths;
  if (before === undefined || after === undefined || surplus.length > 0)
    throw new ProblemsError([notTwo(paths.length)]);
  return await readScenarios([before], [after], await surroundingsOf(words));
}

function notTwo(count: number): ConstructorParameters<typeof ProblemsError>[0][number] {
  return {
    code: "reach/usage",
    where: "reach diff",
    what: `${String(count)} file${count === 1 ? "" : "s"} or folders`,
    expected: "two, the earlier and the later",
    fix: "put several files into one folder, or say --cilium 1.19..1.20 to compare two versions of Cilium",
  };
}

interface Found {
  readonly report: DiffReport;
  /** Absent without a platform that promises something. */
  readonly promises: PromiseReport | undefined;
  readonly both: readonly [Scenario, Scenario];
  /** By which a comment is found again. */
  readonly name?: string;
}

async function* told(found: Found, output: Words["output"], { paint }: Terminal): AsyncGenerator<string> {
  const { report, promises, both } = found;
  if (isDrawing(output)) yield await drawn(output, report);
  else if (output === "json") yield (await import("../output/json.ts")).diffJson(report, promises);
  else if (output === "markdown") yield await comment(found);
  else {
    const { diffCsv, diffText } = await import("../output/diff.ts");
    if (output === "csv") yield* diffCsv(report);
    else {
      const [, { platform }] = both;
      if (promises !== undefined && platform !== undefined) {
        yield (await import("../output/check.ts")).comparedText(promises, platform.stack, paint);
      }
      yield diffText(report, paint);
    }
  }
}

async function comment({ report, both, name }: Found): Promise<string> {
  const { reviewOf } = await import("../review.ts");
  const { reviewMarkdown } = await import("../output/comment.ts");
  return reviewMarkdown(reviewOf(report, both), name === undefined ? {} : { stack: name });
}

/** Whether there is a change that was not to be. */
export function fails({ changes }: DiffReport, on: "allowed" | "denied" | "any" | undefined): boolean {
  if (on === undefined) return false;
  const kind = on === "allowed" ? "ALLOWED" : "DENIED";
  return changes.some((change) => on === "any" || change.kind === kind);
}
