/** Matrix as text, Markdown and values: one line per edge, what is denied as a number. */
import type { EdgeAnswer, MatrixReport } from "../../policies/reachability/report/report.ts";
import { portsText, remainsText } from "../../policies/reachability/report/report-text.ts";
import { plain, type Paint } from "../terminal.ts";
import { counted, grouped } from "./counted.ts";
import { findingsLines } from "./findings.ts";
import { csvText, markdownTable } from "./table.ts";

const head = ["FROM", "TO", "PORTS", "WHAT REMAINS"];

/** In pieces, because a large world has more lines than a text should hold. */
export function* matrixText(report: MatrixReport, paint: Paint = plain): Generator<string> {
  yield* tablePieces(report, paint);
  const lines = [summary(report), ...membersOf(report), ...findingsLines(report.findings, paint), ""];
  yield lines.join("\n");
}

/** What stands behind the two names is made once for all pairs of one answer. */
function* tablePieces({ groups, table: { answers, starts, edges } }: MatrixReport, paint: Paint): Generator<string> {
  if (edges.length === 0) return;
  const cells = answers.map(answerCells);
  const clients = groups.filter((_group, from) => (starts[from + 1] ?? 0) > (starts[from] ?? 0));
  const servers = new Set<number>();
  for (let at = 0; at < edges.length; at += 2) servers.add(edges[at] ?? 0);
  const widths = [
    widest(
      head[0],
      clients.map(({ name }) => name),
    ),
    widest(
      head[1],
      [...servers].map((to) => groups[to]?.name ?? ""),
    ),
    widest(
      head[2],
      cells.map(([ports]) => ports),
    ),
  ];
  const padded = (texts: readonly string[]): string =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const tails = cells.map(([ports, remains]) => `  ${ports.padEnd(widths[2] ?? 0)}  ${remains}`.trimEnd());
  const names = groups.map(({ name }) => name.padEnd(widths[1] ?? 0));
  let piece = `${paint("dim", padded(head))}\n`;
  for (const [from, { name }] of groups.entries()) {
    const client = `${name.padEnd(widths[0] ?? 0)}  `;
    for (let at = starts[from] ?? 0; at < (starts[from + 1] ?? 0); at += 2) {
      piece += `${client}${names[edges[at] ?? 0] ?? ""}${tails[edges[at + 1] ?? 0] ?? ""}\n`;
    }
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\n`;
}

function widest(title = "", texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), title.length);
}

export function matrixMarkdown(report: MatrixReport): string {
  const rows = rowsOf(report);
  return [
    "### Who may talk to whom",
    "",
    ...(rows.length === 0 ? [] : [markdownTable(["From", "To", "Ports", "What remains"], rows), ""]),
    summary(report),
    ...membersOf(report).map((line) => `- ${line.trim().replaceAll("*", "\\*")}`),
    ...findingsLines(report.findings, plain),
    "",
  ].join("\n");
}

/** One row per pair of endpoints and stretch of ports, groups taken apart: a spreadsheet has its own ways to group. */
export function* matrixCsv({ groups, table: { answers, starts, edges } }: MatrixReport): Generator<string> {
  yield `${csvText([["from", "to", "protocol", "first_port", "last_port", "outcome", "remains"]])}\n`;
  const names = groups.map(({ members }) => members.map((name) => csvText([[name]])));
  // What stands behind the two names is written once for all pairs of one answer.
  const behind = answers.map(answerRows);
  let piece = "";
  for (const [from, clients] of names.entries()) {
    for (let at = starts[from] ?? 0; at < (starts[from + 1] ?? 0); at += 2) {
      const answer = behind[edges[at + 1] ?? 0] ?? [];
      for (const client of clients) {
        for (const server of names[edges[at] ?? 0] ?? []) {
          if (client === server) continue;
          for (const row of answer) piece += `${client},${server},${row}\n`;
        }
        if (piece.length < pieceLength) continue;
        yield piece;
        piece = "";
      }
    }
  }
  yield piece;
}

/** Long enough that writing a piece costs little beside making it. */
const pieceLength = 2 ** 16;

function answerRows({ ports, outcome, ...sides }: EdgeAnswer): string[] {
  const remains = remainsText(sides);
  return ports.map(({ protocol, first, last }) => csvText([[protocol, String(first), String(last), outcome, remains]]));
}

function rowsOf({ groups, edges }: MatrixReport): string[][] {
  return edges.map(({ from, to, ...answer }) => [
    groups[from]?.name ?? "",
    groups[to]?.name ?? "",
    ...answerCells(answer),
  ]);
}

/** Ports, and what remains to be met on them. */
function answerCells({ ports, outcome, ...sides }: EdgeAnswer): [string, string] {
  const remains = [...(outcome === "unknown" ? ["unknown"] : []), remainsText(sides)].filter((text) => text !== "");
  return [portsText(ports), remains.join(", ")];
}

/** `12 workloads, 4 outside: 30 pairs may talk, 110 may not (Cilium 1.20)`. */
export function summary({ groups, table, denied, cilium }: MatrixReport): string {
  const count = (kind: "pod" | "external"): number =>
    groups.filter((group) => group.kind === kind).reduce((sum, { members }) => sum + members.length, 0);
  const [workloads, outside] = [count("pod"), count("external")];
  if (workloads === 0) return "no workloads: nobody to talk, and nothing for a policy to select";
  const pairs = { allowed: 0, unknown: 0 };
  for (const outcome of ["allowed", "unknown"] as const) pairs[outcome] = pairsWith(outcome, groups, table);
  const parts = [
    `${counted(pairs.allowed, "pair")} may talk`,
    `${grouped(denied)} may not`,
    ...(pairs.unknown === 0 ? [] : [`${grouped(pairs.unknown)} unknown on some port`]),
  ];
  return `${counted(workloads, "workload")}, ${grouped(outside)} outside: ${parts.join(", ")} (Cilium ${cilium})`;
}

/** Pairs of endpoints with this outcome on some port. The edges of one pair of groups stand together. */
function pairsWith(
  outcome: EdgeAnswer["outcome"],
  groups: MatrixReport["groups"],
  { answers, starts, edges }: MatrixReport["table"],
): number {
  const sizes = groups.map(({ members }) => members.length);
  let pairs = 0;
  for (const [from, clients] of sizes.entries()) {
    let last = -1;
    for (let at = starts[from] ?? 0; at < (starts[from + 1] ?? 0); at += 2) {
      const to = edges[at] ?? 0;
      if (to === last || answers[edges[at + 1] ?? 0]?.outcome !== outcome) continue;
      last = to;
      pairs += clients * ((sizes[to] ?? 0) - (from === to ? 1 : 0));
    }
  }
  return pairs;
}

/** Who is meant where a group is called by one of its members. */
function membersOf({ groups }: MatrixReport): string[] {
  return groups
    .filter(({ members, name }) => members.length > 1 && !name.includes("/* ("))
    .map(({ name, members }) => `  ${name}: ${members.slice(1).join(", ")}`);
}
