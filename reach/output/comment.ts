/**
 * Comment: a review as Markdown for a pull request: headline, promises, what changes with the worst first, warnings.
 *
 * Headline, promises and warnings have limits of their own and survive every cut; everything else takes the room they leave.
 */
import type { ComparedPromise } from "../../policies/reachability/report/promise-report.ts";
import type { ChangeRow, DiffReport } from "../../policies/reachability/report/report.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";
import type { PromiseResult } from "../../policies/reachability/promises.ts";
import type { Finding } from "../findings.ts";
import type { NewEdge, Review } from "../review.ts";
import { counted, grouped } from "./counted.ts";
import { absences, crossingsText, headline, kindText } from "./diff.ts";
import { flowsLines, useText } from "./flows.ts";
import { diffMermaid } from "./mermaid.ts";
import { code, inline, markdownTable } from "./table.ts";

/** Rows of the table: the rest is told as numbers per pair of namespaces. */
const shownRows = 50;

/** Below what a comment of GitHub may hold (65,536 characters), with room for what others add. */
export const longestComment = 64_000;

/** What a comment says besides its review. */
export interface Frame {
  /** By which a comment is found again, and whom it is about. Absent for one that stands alone. */
  readonly stack?: string;
  /** Where the whole of it is, as Markdown. */
  readonly whole?: string;
  /** The last lines, as Markdown. */
  readonly footer?: readonly string[];
  /** Further parts, as Markdown, each told how many characters it may have; empty where it has nothing to say. */
  readonly parts?: readonly ((room: number) => string)[];
}

/** How the first line begins that finds a comment of a stack again, changed or not. */
export function markOf(stack: string): string {
  return `<!-- cilium-platform ${stack} `;
}

export function reviewMarkdown(review: Review, frame: Frame = {}): string {
  const { report } = review;
  const flows = report.flows === undefined ? [] : flowsLines(report.flows);
  const parts = frame.parts ?? [];
  const isQuiet = saysNothing(review) && parts.every((part) => part(longestComment) === "");
  if (isQuiet) return `${markLine(frame, "unchanged")}### ${titled(headline(report), frame)}\n`;
  const notes = [...flows, ...absences(report).map(inline)];
  return composed(
    frame,
    {
      headline: titled(headline(report, newcomersWords(review.newcomers)), frame),
      notes: notes.map((line) => `- ${line}`).join("\n"),
      promises: promisesText(review),
      warnings: warningsText(review),
    },
    [
      (room) => changesText(report, room, frame),
      (room) => newcomersText(review.newcomers, room, Math.max(0, shownRows - report.changes.length)),
    ],
    [(room) => details("Map", mermaidText(report), room), (room) => details("Promises kept", keptText(review), room)],
  );
}

/** Of a stack that cannot be compared: why in one line, what was said about that, and what can be said all the same. */
export function aloneMarkdown(
  { why, output = "" }: { readonly why: string; readonly output?: string },
  { promises, warnings }: Pick<Review, "promises" | "warnings">,
  frame: Frame = {},
): string {
  const told = { promises, warnings };
  return composed(
    frame,
    {
      headline: titled(`Connectivity: unknown what changes; ${inline(why)}`, frame),
      notes: "",
      promises: promisesText(told),
      warnings: warningsText(told),
    },
    [(room) => details("What was said", output.trim() === "" ? "" : fenced(output, room - 200), room)],
    [(room) => details("Promises kept", keptText(told), room)],
  );
}

/** Nothing can be judged: why, as it was told on the way. */
export function unusableMarkdown(why: string, output: string, frame: Frame = {}): string {
  return [
    `${markLine(frame, "changed")}### ${titled(`Connectivity: cannot be judged; ${inline(why)}`, frame)}`,
    "",
    ...(output.trim() === "" ? [] : [fenced(output, longestComment / 2), ""]),
    ...footed(frame),
  ].join("\n");
}

/** The end of it is nearest to the reason. A fence inside would end ours. */
function fenced(output: string, most: number): string {
  return `\`\`\`text\n${output.replaceAll("\`\`\`", "'''").trim().slice(-Math.max(1, most))}\n\`\`\``;
}

/** Nothing of it wants anybody's attention. */
function saysNothing({ report, promises, warnings, newcomers }: Review): boolean {
  return (
    report.changes.length === 0 &&
    report.appeared.length + report.disappeared.length + newcomers.length === 0 &&
    report.flows === undefined &&
    promises.withdrawn.length === 0 &&
    promises.promises.every(({ kept, before }) => kept && before === "kept") &&
    warnings.added.length === 0
  );
}

/** Where there is a stack, the headline says which. */
function titled(text: string, { stack }: Frame): string {
  return stack === undefined ? text : text.replace(/^Connectivity: /, `Connectivity of ${stack}: `);
}

function markLine({ stack }: Frame, state: "changed" | "unchanged"): string {
  return stack === undefined ? "" : `${markOf(stack)}${state} -->\n`;
}

/** What survives every cut. */
interface Kept {
  readonly headline: string;
  readonly notes: string;
  readonly promises: string;
  readonly warnings: string;
}

type Part = (room: number) => string;

function composed(frame: Frame, kept: Kept, body: readonly Part[], ends: readonly Part[]): string {
  const top = [`${markLine(frame, "changed")}### ${kept.headline}`, shortened(kept.notes, 4_000), kept.promises];
  const bottom = footed(frame);
  const fixed = [...top, kept.warnings, ...bottom];
  let room = longestComment - fixed.reduce((sum, text) => sum + text.length + 2, 0);
  const fitted = (parts: readonly Part[]): string[] =>
    parts.map((part) => {
      const text = part(Math.max(0, room - 2));
      room -= text.length + 2;
      return text;
    });
  const rows = fitted(body);
  const after = [...fitted(frame.parts ?? []), ...fitted(ends)];
  return `${[...top, ...rows, kept.warnings, ...after, ...bottom].filter((text) => text !== "").join("\n\n")}\n`;
}

function footed({ footer = [] }: Frame): string[] {
  return footer.length === 0 ? [] : [footer.join("\n")];
}

const toldPromises = 20;

/** Broken first, then what became of the others; those that are kept as before are only counted. */
function promisesText({ promises: { promises, withdrawn } }: Pick<Review, "promises">): string {
  if (promises.length + withdrawn.length === 0) return "";
  const broken = promises.filter(({ kept }) => !kept);
  const mended = promises.filter(({ kept, before }) => kept && before === "broken");
  const made = promises.filter(({ kept, before }) => kept && before === "not promised");
  const counts = [
    ...(broken.length === 0 ? [] : [`${grouped(broken.length)} BROKEN`]),
    `${grouped(promises.length - broken.length)} kept`,
    ...(mended.length === 0 ? [] : [`${grouped(mended.length)} of them mended`]),
    ...(made.length === 0 ? [] : [`${grouped(made.length)} of them new`]),
    ...(withdrawn.length === 0 ? [] : [`${grouped(withdrawn.length)} no longer made`]),
  ];
  const lines = [
    ...capped(broken, toldPromises, brokenLine),
    ...capped(withdrawn, toldPromises, withdrawnLine),
    ...capped(mended, toldPromises / 2, (promise) => `- mended: ${promiseName(promise)}`),
    ...capped(made, toldPromises / 2, (promise) => `- new: ${promiseName(promise)}`),
  ];
  return [`**Promises: ${counts.join(", ")}**`, ...(lines.length === 0 ? [] : ["", ...lines])].join("\n");
}

const wordsBefore = {
  kept: "kept before",
  broken: "broken before as well",
  "not promised": "new",
  unknown: "unknown before",
} as const satisfies Record<ComparedPromise["before"], string>;

function brokenLine(promise: ComparedPromise): string {
  return `- **BROKEN** (${wordsBefore[promise.before]}): ${promiseName(promise)}${failureText(promise)}`;
}

/** A promise that is no longer made may have been in the way. */
function withdrawnLine(promise: PromiseResult): string {
  const name = promiseName(promise);
  return promise.kept
    ? `- no longer made, and still true: ${name}`
    : `- **NO LONGER MADE, AND NO LONGER TRUE**: ${name}${failureText(promise)}`;
}

function failureText({ broken, because, failures: [first] }: PromiseResult): string {
  const what = first === undefined ? "" : `: ${inline(first.what)}`;
  const more = broken > 1 ? ` and ${counted(broken - 1, "pair")} more` : "";
  const reason = because === undefined ? "" : `; promised because ${inline(because)}`;
  return shortened(`${what}${more}${reason}`, 600);
}

function promiseName({ kind, text, where }: PromiseResult): string {
  return `${code(shortened(`${kind}: ${text}`, 200))} (${inline(shortened(where, 200))})`;
}

function capped<T>(all: readonly T[], most: number, line: (each: T) => string): string[] {
  const more = all.length - most;
  return [...all.slice(0, most).map(line), ...(more > 0 ? [`- and ${grouped(more)} more like the last`] : [])];
}

function keptText({ promises: { promises } }: Pick<Review, "promises">): string {
  return promises
    .filter(({ kept }) => kept)
    .map((promise) => `- ${promiseName(promise)}`)
    .join("\n");
}

const toldWarnings = 10;

function warningsText({ warnings: { added, stayed, gone } }: Pick<Review, "warnings">): string {
  if (added.length === 0) return "";
  const beside = [
    ...(stayed === 0 ? [] : [`${grouped(stayed)} as before`]),
    ...(gone === 0 ? [] : [`${grouped(gone)} gone`]),
  ];
  const more = added.length - toldWarnings;
  return [
    `**Warnings: ${[`${grouped(added.length)} new`, ...beside].join(", ")}**`,
    "",
    ...added.slice(0, toldWarnings).map(warningLine),
    ...(more > 0 ? [`- and ${grouped(more)} more: \`reach lint\` tells them`] : []),
  ].join("\n");
}

function warningLine({ severity, code: name, place, object, field, what, fix }: Finding): string {
  const about = [place, object, field].filter((part) => part !== undefined).join(" › ");
  const mend = fix === undefined ? "" : `; fix: ${fix}`;
  return `- ${severity}: ${inline(shortened(about, 300))}: ${inline(shortened(`${what}${mend}`, 400))} (${code(name)})`;
}

function changesText(report: DiffReport, room: number, { whole }: Frame): string {
  const sure = report.changes.filter(({ kind }) => kind !== "UNKNOWN");
  const open = report.changes.filter(({ kind }) => kind === "UNKNOWN");
  const unknown = unknownText(report, open, whole);
  const own = Math.max(0, room - unknown(open.length).length - 2);
  const told = fittedRows(sure.length, shownRows, own, (rows) => rowsText(report, sure, rows, whole));
  const left = Math.max(0, room - told.length - 2);
  const doubts = fittedRows(open.length, shownRows - Math.min(shownRows, sure.length), left, unknown);
  return [told, report.unknown === 0 ? "" : doubts].filter((text) => text !== "").join("\n\n");
}

/** As many rows as there is room for; without any, what stands in their place. */
function fittedRows(all: number, most: number, room: number, text: (rows: number) => string): string {
  for (let rows = Math.min(most, all); rows > 0; rows = Math.floor(rows / 2)) {
    const made = text(rows);
    if (made.length <= room) return made;
  }
  const least = text(0);
  return least.length <= room ? least : "";
}

function rowsText(report: DiffReport, changes: readonly ChangeRow[], rows: number, whole: string | undefined): string {
  const { groups } = report;
  if (changes.length === 0) return "";
  const cells = changes
    .slice(0, rows)
    .map((row) => [
      whatText(row),
      groups[row.from]?.name ?? "",
      groups[row.to]?.name ?? "",
      portsText(row.ports),
      row.before,
      row.after,
      becauseText(row),
      ...(row.used === undefined ? [] : [useText(row.used)]),
    ]);
  const used = report.flows === undefined ? [] : ["Used"];
  const head = ["What", "From", "To", "Ports", "Before", "After", "Because", ...used];
  const table = rows === 0 ? [] : [markdownTable(head, cells.map(cutCells))];
  const rest = rows < changes.length ? [restText(report, changes.slice(rows), whole)] : [];
  return [...table, ...rest].join("\n\n");
}

/** Longer than any name, shorter than a list of rules can be. */
const longestCell = 300;

function cutCells(cells: readonly string[]): string[] {
  return cells.map((cell) => shortened(cell, longestCell));
}

function whatText(row: ChangeRow): string {
  return `${kindText(row)}, ${crossedText(row)}`;
}

function crossedText({ crossing, risk }: Pick<ChangeRow, "crossing" | "risk">): string {
  return crossing === undefined ? risk : `crosses ${crossing.from} -> ${crossing.to}`;
}

function becauseText({ because }: ChangeRow): string {
  const more = because.length > 3 ? [`${String(because.length - 3)} more`] : [];
  return [...because.slice(0, 3), ...more].join("; ");
}

/** `and 120 more rows: DENIED dev -> uat 100, DENIED dev -> outside 20`. */
function restText({ groups }: DiffReport, rows: readonly ChangeRow[], whole: string | undefined): string {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const [from, to] = [row.from, row.to].map((at) => groups[at]?.namespace ?? "outside");
    const key = `${kindText(row)} ${from ?? ""} -> ${to ?? ""}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const all = [...counts].sort((a, b) => b[1] - a[1]);
  const most = all.slice(0, 20).map(([key, count]) => `${inline(key)} ${String(count)}`);
  const others = all.length > most.length ? [`${counted(all.length - most.length, "pair")} of namespaces more`] : [];
  const place = whole === undefined ? "" : `. All of them: ${whole}`;
  return `and ${grouped(rows.length)} more ${rows.length === 1 ? "row" : "rows"}: ${[...most, ...others].join(", ")}${place}`;
}

/** Pairs of which nothing is claimed, and what was or becomes unknown about them. */
function unknownText(
  report: DiffReport,
  rows: readonly ChangeRow[],
  whole: string | undefined,
): (count: number) => string {
  const said = `**Unknown: ${counted(report.unknown, "pair")}**, none of them counted as unchanged: what is not modelled or not known decides there`;
  return (count) => [said, ...(rows.length === 0 ? [] : [rowsText(report, rows, count, whole)])].join("\n\n");
}

const shownNewcomers = 15;

/** `new workloads have 5 edges (1 crosses dev -> uat)`. */
function newcomersWords(edges: readonly NewEdge[]): string[] {
  if (edges.length === 0) return [];
  const crossing = crossingsText(edges, (some) => some.length);
  return [`new workloads have ${counted(edges.length, "edge")}${crossing === "" ? "" : ` (${crossing})`}`];
}

function newcomersText(edges: readonly NewEdge[], room: number, most: number): string {
  if (edges.length === 0) return "";
  return fittedRows(edges.length, Math.min(most, shownNewcomers), room, (rows) => {
    const cells = edges
      .slice(0, rows)
      .map(({ from, to, ports, outcome, remains, ...edge }) => [
        `NEW, ${crossedText(edge)}`,
        from,
        to,
        portsText(ports),
        remains === "" ? outcome : `${outcome}, ${remains}`,
      ]);
    const table =
      rows === 0 ? [] : ["", markdownTable(["What", "From", "To", "Ports", "Possible"], cells.map(cutCells))];
    const rest = edges.length > rows ? ["", `and ${grouped(edges.length - rows)} more`] : [];
    const lead = `**New workloads: ${counted(edges.length, "edge")}**, which nothing before can be compared with`;
    return [lead, ...table, ...rest].join("\n");
  });
}

function mermaidText(report: DiffReport): string {
  const chart = diffMermaid(report);
  return chart === undefined ? "" : `\`\`\`mermaid\n${chart}\n\`\`\``;
}

function details(summary: string, text: string, room: number): string {
  if (text === "") return "";
  const whole = `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;
  return whole.length <= room ? whole : "";
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`;
}
