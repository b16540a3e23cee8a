/**
 * Review: what whoever approves a change has to know: what it opens and closes, what became of promises, and what is newly
 * wrong in the manifests.
 */
import { matrixReport } from "../policies/reachability/report/matrix-report.ts";
import type { PromiseReport } from "../policies/reachability/report/promise-report.ts";
import { risks, type DiffReport, type PortRange, type Risk } from "../policies/reachability/report/report.ts";
import { riskOf } from "../policies/reachability/report/risk.ts";
import { remainsText } from "../policies/reachability/report/report-text.ts";
import type { Finding } from "./findings.ts";
import { linted } from "./linted.ts";
import type { Scenario } from "./scenario.ts";

export interface Review {
  readonly report: DiffReport;
  readonly promises: PromiseReport;
  readonly warnings: Warnings;
  /** What is possible to and from workloads that only the later side has, the worst first. */
  readonly newcomers: readonly NewEdge[];
}

export interface Warnings {
  /** Findings that the earlier side did not have, the worst first. What its author accepts is not among them. */
  readonly added: readonly Finding[];
  /** How many both sides have. */
  readonly stayed: number;
  /** How many only the earlier side had. */
  readonly gone: number;
}

/** An edge of a workload that was not there before. */
export interface NewEdge {
  readonly from: string;
  readonly to: string;
  readonly risk: Risk;
  readonly ports: readonly PortRange[];
  readonly outcome: "allowed" | "unknown";
  /** What still has to hold; empty where nothing has. */
  readonly remains: string;
}

/** `meshAuthentication` of either side: a rule that requires it is a finding where the agents cannot do it. */
export interface Judged {
  readonly scenario: Scenario;
  readonly meshAuthentication: "on" | "off";
}

/** Findings are the same where code, object, field and words are: a line that moved is none of them. */
export function warningsOf(before: Judged | undefined, after: Judged): Warnings {
  const earlier = countsOf(before === undefined ? [] : openFindings(before));
  const added: Finding[] = [];
  let stayed = 0;
  for (const finding of openFindings(after)) {
    const key = keyOf(finding);
    const left = earlier.get(key) ?? 0;
    if (left === 0) added.push(finding);
    else {
      earlier.set(key, left - 1);
      stayed += 1;
    }
  }
  return { added, stayed, gone: [...earlier.values()].reduce((sum, left) => sum + left, 0) };
}

function openFindings({ scenario, meshAuthentication }: Judged): Finding[] {
  return linted(scenario, meshAuthentication).filter(({ accepted }) => accepted === undefined);
}

function keyOf({ code, object, field, what }: Finding): string {
  return [code, object, field, what].join("\n");
}

function countsOf(findings: readonly Finding[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const finding of findings) counts.set(keyOf(finding), (counts.get(keyOf(finding)) ?? 0) + 1);
  return counts;
}

/** `appeared` are names of the later side's endpoints. */
export function newcomersOf({ world, findings, place }: Scenario, appeared: readonly string[]): readonly NewEdge[] {
  if (appeared.length === 0) return [];
  const names = new Set(appeared);
  const focus = new Set(world.endpoints.flatMap(({ name }, position) => (names.has(name) ? [position] : [])));
  const { groups, edges } = matrixReport({ world, findings, selected: { focus }, place });
  const endpoints = new Map(world.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  return edges
    .flatMap(({ from, to, ports, outcome, ...sides }): NewEdge[] => {
      const [client, server] = [groups[from], groups[to]];
      const [one, other] = [client, server].map((group) => endpoints.get(group?.members[0] ?? ""));
      if (client === undefined || server === undefined || one === undefined || other === undefined) return [];
      const risk = riskOf(one, other);
      return [{ from: client.name, to: server.name, risk, ports, outcome, remains: remainsText(sides) }];
    })
    .sort((a, b) => risks.indexOf(a.risk) - risks.indexOf(b.risk));
}
