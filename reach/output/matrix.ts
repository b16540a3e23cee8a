/** Matrix as text, Markdown and values: one line per edge, what is denied as a number. */
import type { EdgeAnswer, MatrixReport } from "../../policies/reachability/report.ts";
import { portsText, remainsText } from "../../policies/reachability/report-text.ts";
import { plain, type Paint } from "../terminal.ts";
import { counted, grouped } from "./counted.ts";
import { findingsLines } from "./findings.ts";
import { csvText, markdownTable, tableText } from "./table.ts";

const head = ["FROM", "TO", "PORTS", "WHAT REMAINS"];

export function matrixText(report: MatrixReport, paint: Paint = plain): string {
  const rows = rowsOf(report);
  return [
    ...(rows.length === 0 ? [] : [tableText(head, rows, paint), ""]),
    summary(report),
    ...membersOf(report),
    ...findingsLines(report.findings, paint),
    "",
  ].join("\n");
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
  return edges.map(({ from, to, ports, outcome, ...sides }) => [
    groups[from]?.name ?? "",
    groups[to]?.name ?? "",
    portsText(ports),
    [...(outcome === "unknown" ? ["unknown"] : []), remainsText(sides)].filter((text) => text !== "").join(", "),
  ]);
}

/** `12 workloads and 4 peers outside; 30 pairs may talk, 110 may not (Cilium 1.20)`. */
export function summary({ groups, edges, denied, cilium }: MatrixReport): string {
  const count = (kind: "pod" | "external"): number =>
    groups.filter((group) => group.kind === kind).reduce((sum, { members }) => sum + members.length, 0);
  const [workloads, outside] = [count("pod"), count("external")];
  if (workloads === 0) return "no workloads: nobody to talk, and nothing for a policy to select";
  const pairs = (outcome: "allowed" | "unknown"): number => {
    const between = new Set(
      edges.filter((edge) => edge.outcome === outcome).map(({ from, to }) => `${String(from)} ${String(to)}`),
    );
    return [...between].reduce((sum, pair) => {
      const [from = 0, to = 0] = pair.split(" ").map(Number);
      const clients = groups[from]?.members.length ?? 0;
      return sum + clients * (from === to ? clients - 1 : (groups[to]?.members.length ?? 0));
    }, 0);
  };
  const unknown = pairs("unknown");
  const parts = [
    `${counted(pairs("allowed"), "pair")} may talk`,
    `${grouped(denied)} may not`,
    ...(unknown === 0 ? [] : [`${grouped(unknown)} unknown on some port`]),
  ];
  return `${counted(workloads, "workload")}, ${grouped(outside)} outside: ${parts.join(", ")} (Cilium ${cilium})`;
}

/** Who is meant where a group is called by one of its members. */
function membersOf({ groups }: MatrixReport): string[] {
  return groups
    .filter(({ members, name }) => members.length > 1 && !name.includes("/* ("))
    .map(({ name, members }) => `  ${name}: ${members.slice(1).join(", ")}`);
}
