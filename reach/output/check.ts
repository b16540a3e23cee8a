/** Promises kept and broken, as text, Markdown and JSON. */
import type { Problem } from "../../policies/problems.ts";
import type { PromiseResult } from "../../policies/reachability/promises.ts";
import type { PromiseReport } from "../../policies/reachability/report/promise-report.ts";
import { plain, type Paint } from "../terminal.ts";
import { counted } from "./counted.ts";
import { findingsLines } from "./findings.ts";
import { documentText, schema } from "./json.ts";

export function checkText(
  results: readonly PromiseResult[],
  findings: readonly Problem[],
  paint: Paint = plain,
): string {
  const lines = results.flatMap((result) => promiseLines(result, paint));
  return `${[...lines, "", summary(results), ...findingsLines(findings, paint)].join("\n")}\n`;
}

function promiseLines(result: PromiseResult, paint: Paint): string[] {
  const { kept, kind, text, where, because } = result;
  const verdict = kept ? paint("green", "kept  ") : paint("red", "BROKEN");
  return [
    `${verdict}  ${kind} ${text}  ${paint("dim", `(${where})`)}`,
    ...(kept ? [] : [...(because === undefined ? [] : [`        promised because ${because}`]), ...reasonsOf(result)]),
  ];
}

/** What became of promises: those that are broken in full, the others as a number. */
export function comparedText({ promises }: PromiseReport, of: string, paint: Paint = plain): string {
  const broken = promises.filter(({ kept }) => !kept);
  const mended = promises.filter(({ kept, before }) => kept && before === "broken");
  const lines = broken.flatMap((result) => [
    ...promiseLines(result, paint),
    ...(result.before === "broken" ? ["        broken before as well"] : []),
  ]);
  const counts = [
    `${String(promises.length - broken.length)} kept${mended.length === 0 ? "" : `, ${String(mended.length)} of them mended`}`,
    `${String(broken.length)} broken`,
  ];
  return [paint("bold", `Promises of ${of}: ${counts.join(", ")}`), ...lines, "", ""].join("\n");
}

function reasonsOf({ failures, broken, pairs }: PromiseResult): string[] {
  const told = failures.flatMap(({ what, explanation }) => [
    `        ${what}`,
    ...explanation.map((line) => `        ${line}`),
  ]);
  const shown = failures.filter(({ explanation }) => explanation.length > 0).length;
  const more = broken - shown;
  return more > 0 ? [...told, `        and ${counted(more, "pair")} more, of ${String(pairs)}`] : told;
}

function summary(results: readonly PromiseResult[]): string {
  const broken = results.filter(({ kept }) => !kept).length;
  return `${counted(results.length, "promise")}: ${String(results.length - broken)} kept, ${String(broken)} broken`;
}

export function checkMarkdown(results: readonly PromiseResult[]): string {
  const lines = results.flatMap((result) => {
    const { kept, kind, text, where } = result;
    const line = `- ${kept ? "kept" : "**BROKEN**"}: ${kind} \`${text}\` (${where})`;
    return kept ? [line] : [line, "", ...reasonsOf(result).map((each) => each.slice(2)), ""];
  });
  return `### ${summary(results)}\n\n${lines.join("\n")}\n`;
}

export function checkJson(results: readonly PromiseResult[], findings: readonly Problem[]): string {
  return documentText({ schema, kind: "promises", promises: results, findings });
}
