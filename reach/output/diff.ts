/** Diff as text and values: the worst first, what is unchanged as a number. */
import type { ChangeRow, Crossing, DiffReport, Use } from "../../policies/reachability/report/report.ts";
import { remembered } from "../../policies/reachability/pairs/remembered.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";
import { plain, type Paint } from "../terminal.ts";
import { counted, grouped } from "./counted.ts";
import { findingsLines } from "./findings.ts";
import { flowsLines, useLines } from "./flows.ts";
import { csvText } from "./table.ts";

export function diffText(report: DiffReport, paint: Paint = plain): string {
  return [
    paint("bold", headline(report)),
    ...(report.flows === undefined ? [] : flowsLines(report.flows)),
    ...report.changes.flatMap((row) => ["", ...rowText(report, row, paint)]),
    ...apart(absences(report)),
    ...findingsLines(report.findings, paint),
    "",
  ].join("\n");
}

function apart(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

const colours = { ALLOWED: "red", DENIED: "yellow", "L7-CHANGED": "cyan", UNKNOWN: "yellow" } as const;

function rowText({ groups }: DiffReport, row: ChangeRow, paint: Paint): string[] {
  const { from, to, ports, before, after, because, risk, used } = row;
  const [client, server] = [groups[from]?.name ?? "", groups[to]?.name ?? ""];
  return [
    `${paint(colours[row.kind], kindText(row))}  ${client} -> ${server}  ${portsText(ports)}  ${paint("dim", `(${risk})`)}`,
    `  before   ${before}`,
    `  after    ${after}`,
    ...because.map((reason, index) => `  ${index === 0 ? "because" : "       "}  ${reason}`),
    ...(used === undefined ? [] : useLines(used)),
  ];
}

/** The change in one word. */
export function kindText({ kind, l7 }: ChangeRow): string {
  if (kind !== "L7-CHANGED") return kind;
  return { narrowed: "NARROWED", widened: "WIDENED", otherwise: "L7-CHANGED" }[l7 ?? "otherwise"];
}

/** `Connectivity: 2 pairs become ALLOWED (1 crosses dev -> uat), 1 pair becomes DENIED; 1,284 pairs unchanged, 0 unknown`; `more` is told beside what changes. */
export function headline(report: DiffReport, more: readonly string[] = []): string {
  const { cilium, unchanged, unknown } = report;
  const of = (choice: (row: ChangeRow) => boolean): number => pairsOf(report, report.changes.filter(choice));
  const opened = of(({ kind }) => kind === "ALLOWED");
  const crossing = openedCrossings(report);
  const closed = of(({ kind }) => kind === "DENIED");
  const l7 = (["narrowed", "widened", "otherwise"] as const).map((way) => of((row) => row.l7 === way));
  const [narrowed = 0, widened = 0, otherwise = 0] = l7;
  const parts = [
    ...(opened === 0 ? [] : [`${becomes(opened)} ALLOWED${crossing === "" ? "" : ` (${crossing})`}`]),
    ...(closed === 0 ? [] : [`${becomes(closed)} DENIED`]),
    ...(narrowed === 0 ? [] : [`${grouped(narrowed)} narrowed at L7`]),
    ...(widened === 0 ? [] : [`${grouped(widened)} widened at L7`]),
    ...(otherwise === 0 ? [] : [`${grouped(otherwise)} changed at L7`]),
    ...more,
  ];
  const versions =
    cilium.before === cilium.after ? `Cilium ${cilium.after}` : `Cilium ${cilium.before} to ${cilium.after}`;
  const said = parts.length === 0 ? "nothing changes" : parts.join(", ");
  return `Connectivity: ${said}; ${counted(unchanged, "pair")} unchanged, ${grouped(unknown)} unknown (${versions})`;
}

/** Pairs of environments that a headline names. */
const namedCrossings = 3;

function openedCrossings(report: DiffReport): string {
  return crossingsText(
    report.changes.filter(({ kind }) => kind === "ALLOWED"),
    (rows) => pairsOf(report, rows),
  );
}

/** `2 cross dev -> uat, 1 crosses uat -> dev`; empty where nothing does. */
export function crossingsText<T extends { readonly crossing?: Crossing }>(
  all: readonly T[],
  count: (some: readonly T[]) => number,
): string {
  const found = new Map<string, T[]>();
  for (const each of all) {
    if (each.crossing === undefined) continue;
    remembered(found, `${each.crossing.from} -> ${each.crossing.to}`, () => []).push(each);
  }
  const told = [...found].slice(0, namedCrossings).map(([ends, some]) => {
    const number = count(some);
    return `${grouped(number)} ${number === 1 ? "crosses" : "cross"} ${ends}`;
  });
  const more = count([...found.values()].slice(namedCrossings).flat());
  return [...told, ...(more === 0 ? [] : [`${grouped(more)} more across environments`])].join(", ");
}

function becomes(pairs: number): string {
  return `${counted(pairs, "pair")} ${pairs === 1 ? "becomes" : "become"}`;
}

/** Pairs of endpoints that the rows are about, each counted once. */
function pairsOf({ groups }: DiffReport, rows: readonly ChangeRow[]): number {
  const between = new Map(rows.map(({ from, to }) => [`${String(from)} ${String(to)}`, { from, to }]));
  return [...between.values()].reduce((sum, { from, to }) => {
    const clients = groups[from]?.members.length ?? 0;
    return sum + clients * (from === to ? clients - 1 : (groups[to]?.members.length ?? 0));
  }, 0);
}

/** What stands on one side only. */
export function oneSided({ appeared, disappeared }: DiffReport): string[] {
  return [
    ...(appeared.length === 0 ? [] : [`new, not compared: ${some(appeared)}`]),
    ...(disappeared.length === 0 ? [] : [`gone, not compared: ${some(disappeared)}`]),
  ];
}

/** What stands on one side only, and who is meant where a group is called by one of its members. */
export function absences(report: DiffReport): string[] {
  const { groups, changes } = report;
  const told = new Set(changes.flatMap(({ from, to }) => [from, to]));
  const several = groups.filter(
    ({ members, name }, at) => told.has(at) && members.length > 1 && !name.includes("/* ("),
  );
  return [...oneSided(report), ...several.map(({ name, members }) => `${name}: ${some(members.slice(1))}`)];
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(", ");
  return names.length > 10 ? `${shown} and ${String(names.length - 10)} more` : shown;
}

export function* diffCsv(report: DiffReport): Generator<string> {
  const { groups, changes } = report;
  const used = report.flows === undefined ? [] : ["forwarded", "dropped", "first_seen", "last_seen"];
  const columns = ["change", "risk", "from", "to", "protocol", "first_port", "last_port", "before", "after", "because"];
  yield `${csvText([[...columns, ...used]])}\n`;
  for (const row of changes) {
    for (const client of groups[row.from]?.members ?? []) {
      for (const server of groups[row.to]?.members ?? []) {
        if (client === server) continue;
        const rows = row.ports.map(({ protocol, first, last }) => [
          kindText(row),
          row.risk,
          client,
          server,
          protocol,
          String(first),
          String(last),
          row.before,
          row.after,
          row.because.join("; "),
          ...(row.used === undefined ? [] : useValues(row.used)),
        ]);
        yield `${csvText(rows)}\n`;
      }
    }
  }
}

/** Of the whole row: all its members and ports together. */
function useValues({ forwarded, dropped, first = "", last = "" }: Use): readonly string[] {
  return [String(forwarded), String(dropped), first, last];
}
