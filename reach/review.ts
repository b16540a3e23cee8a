/**
 * Review: what whoever approves a change has to know: what it opens and closes, what became of promises, and what is newly
 * wrong in the manifests.
 */
import { matrixReport } from "../policies/reachability/report/matrix-report.ts";
import { checkEverywhere, type PlatformPromise, type PromiseResult } from "../policies/reachability/promises.ts";
import { promiseReport, withdrawnOf, type PromiseReport } from "../policies/reachability/report/promise-report.ts";
import {
  risks,
  type Crossing,
  type DiffReport,
  type PortRange,
  type Risk,
} from "../policies/reachability/report/report.ts";
import { crossingOf, riskOf } from "../policies/reachability/report/risk.ts";
import { remainsText } from "../policies/reachability/report/report-text.ts";
import type { Finding } from "./findings.ts";
import { keptIn } from "./kept.ts";
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
  /** Absent unless the risk is `crosses environments`. */
  readonly crossing?: Crossing;
  readonly ports: readonly PortRange[];
  readonly outcome: "allowed" | "unknown";
  /** What still has to hold; empty where nothing has. */
  readonly remains: string;
}

/**
 * The review of a report, with the scenarios that it compares: promises are those of their platforms. `asked` is whom a promise
 * is held against that the later side no longer makes; it may know more of those whom it is about.
 */
export function reviewOf(
  report: DiffReport,
  [before, after]: readonly [Scenario, Scenario],
  asked: Scenario = after,
): Review {
  const made = after.platform?.promises ?? [];
  const withdrawn = withdrawnOf(before.platform?.promises ?? [], made);
  return {
    report,
    promises: promiseReport(keptIn(before), keptIn(after), held(withdrawn, asked)),
    warnings: warningsOf(before, after),
    newcomers: newcomersOf(asked, report.appeared),
  };
}

/** What can be said of one side where nothing is known of the other. */
export function reviewAlone(after: Scenario): Pick<Review, "promises" | "warnings"> {
  return { promises: promiseReport(undefined, keptIn(after)), warnings: warningsOf(undefined, after) };
}

function held(promises: readonly PlatformPromise[], { world, elsewhere, place }: Scenario): readonly PromiseResult[] {
  return promises.length === 0 ? [] : checkEverywhere(promises, [world, ...elsewhere()], place);
}

/** Findings are the same where code, object, field and words are: a line that moved is none of them. */
export function warningsOf(before: Scenario | undefined, after: Scenario): Warnings {
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

function openFindings(scenario: Scenario): Finding[] {
  return linted(scenario).filter(({ accepted }) => accepted === undefined);
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
      const crossing = crossingOf(one, other);
      return [
        {
          from: client.name,
          to: server.name,
          risk: riskOf(one, other),
          ...(crossing === undefined ? {} : { crossing }),
          ports,
          outcome,
          remains: remainsText(sides),
        },
      ];
    })
    .sort((a, b) => risks.indexOf(a.risk) - risks.indexOf(b.risk));
}
