/** Report: what a run says, for a person and for a program. */
import { counted } from "../../reach/output/counted.ts";
import { countsOf, expectedText, seenText, type Judged } from "./compare.ts";
import type { Difference, ProbeReport } from "./run.ts";

/** Of one kind, so many are shown in full. */
const shown = 20;

export function reportText(where: string, report: ProbeReport): string {
  const { judged, differences, late, omitted, workloads, nodes, outside, seconds } = report;
  const counts = countsOf(judged);
  const head =
    differences.length === 0 && counts.notProbed === 0
      ? "predicted = observed in every cell"
      : `${counted(differences.length, "cell")} ${differences.length === 1 ? "differs" : "differ"}`;
  const unpredicted = judged.filter(({ verdict }) => verdict === "not predicted");
  const unprobed = judged.filter(({ verdict }) => verdict === "not probed");
  const lines = [
    ...differences.slice(0, shown).flatMap(differenceLines),
    ...(differences.length > shown
      ? [`… and ${counted(differences.length - shown, "more difference")}: say -o json`, ""]
      : []),
    `${where}: ${counted(judged.length, "cell")}, ${head} (Cilium ${report.cilium})`,
    `  who         ${counted(workloads.length, "workload")} on ${counted(nodes, "node")}, ${String(outside)} outside`,
    `  ways        ${waysText(judged)}`,
    `  predicted   ${predictedText(judged)}`,
    ...told("late", late, "as predicted only when probed again"),
    ...told("unknown", unpredicted, "the engine does not say"),
    ...told("no verdict", unprobed, "the prober could not ask"),
    `  took        ${seconds.deploy.toFixed(1)} s to deploy, ${seconds.realize.toFixed(1)} s until policy was in force, ${seconds.probe.toFixed(1)} s to probe, ${seconds.remove.toFixed(1)} s to remove`,
    ...omitted.map((each, index) => `${index === 0 ? "  not probed  " : "              "}${each}`),
  ];
  return `${lines.join("\n")}\n`;
}

function told(word: string, cells: readonly Judged[], why: string): readonly string[] {
  if (cells.length === 0) return [];
  const names = cells.slice(0, 3).map((each) => cellText(each));
  const more = cells.length > 3 ? `; and ${String(cells.length - 3)} more` : "";
  return [`  ${word.padEnd(11)} ${counted(cells.length, "cell")}, ${why}: ${names.join("; ")}${more}`];
}

/** `dev/web -> dev/api TCP 8080, Service address 20001, across nodes`. */
export function cellText({ cell, seen }: Judged): string {
  const { from, to, traffic, way, where, destination } = cell;
  const dialed = destination.port === traffic.port ? way : `${way} ${String(destination.port)}`;
  const text = `${from.as} -> ${to} ${traffic.protocol} ${String(traffic.port)}, ${dialed}, ${where}`;
  return seen === undefined ? text : `${text}: ${seenText(seen)}`;
}

function differenceLines({ judged, again, explanation, evidence }: Difference): readonly string[] {
  const { cell, seen } = judged;
  const { seen: _seen, ...unseen } = judged;
  const first = seen === undefined ? "nothing" : seenText(seen);
  const second = again === undefined || seenText(again) === first ? "" : `; again: ${seenText(again)}`;
  const [, ...sides] = explanation.split("\n");
  return [
    `DIFFERENT ${cellText(unseen)}`,
    `  predicted  ${expectedText(cell.expected)}${cell.answers === undefined || cell.expected !== "allowed" ? "" : `, answered by ${cell.answers}`}`,
    `  observed   ${first}${second}`,
    ...evidence.map((line) => `  hubble     ${line}`),
    ...sides,
    "",
  ];
}

function waysText(judged: readonly Judged[]): string {
  const ways = Map.groupBy(judged, ({ cell: { way, where } }) => (way === "pod IP" ? `${way} ${where}` : way));
  return [...ways].map(([way, cells]) => `${way} ${String(cells.length)}`).join(", ");
}

function predictedText(judged: readonly Judged[]): string {
  const expected = Map.groupBy(judged, ({ cell }) => cell.expected);
  return [...expected].map(([each, cells]) => `${String(cells.length)} ${each}`).join(", ");
}

/** One document; a cell names both ends, the way, what was predicted and what was seen. */
export function reportJson(where: string, report: ProbeReport): string {
  const { judged, differences, late, ...rest } = report;
  const written = ({ cell, seen, verdict }: Judged): object => ({
    from: cell.from.as,
    to: cell.to,
    way: cell.way,
    where: cell.where,
    protocol: cell.traffic.protocol,
    port: cell.traffic.port,
    dialed: `${cell.destination.address}:${String(cell.destination.port)}`,
    predicted: cell.expected,
    ...(seen === undefined ? {} : { observed: seen.outcome, by: seen.by, detail: seen.detail, ms: seen.ms }),
    verdict,
  });
  const document = {
    schema: 1,
    kind: "probe",
    of: where,
    counts: countsOf(judged),
    ...rest,
    differences: differences.map(({ judged: each, again, explanation, evidence }) => ({
      ...written(each),
      again: again?.outcome,
      explanation: explanation.split("\n"),
      hubble: evidence,
    })),
    late: late.map(written),
    cells: judged.map(written),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
