/** Findings, and what a change does, as SARIF 2.1.0, which code scanning services show beside the line. */
import { lintCodes } from "../../policies/lint/lint.ts";
import type { PromiseResult } from "../../policies/reachability/promises.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";
import type { ChangeRow, DiffReport, Group } from "../../policies/reachability/report/report.ts";
import type { Finding, Severity } from "../findings.ts";
import type { Review } from "../review.ts";
import { version } from "../version.ts";

const levels: Record<Severity, "error" | "warning" | "note"> = {
  refused: "error",
  dropped: "warning",
  warning: "warning",
  unknown: "warning",
  note: "note",
};

export function lintSarif(findings: readonly Finding[]): string {
  return logOf(findings.map(resultOf));
}

/**
 * What a change does: broken promises are errors, so is what opens across environments, other changes are warnings, and new
 * findings are what lint says. `file` is shown where no line of a manifest is to blame.
 */
export function reviewSarif(
  { promises, warnings }: Pick<Review, "promises" | "warnings">,
  report: DiffReport | undefined,
  file: string,
): string {
  return logOf([
    ...promises.promises.filter(({ kept }) => !kept).map((promise) => brokenPromise(promise, file)),
    ...(report?.changes ?? []).map((row) => changeResult(row, report?.groups ?? [], file)),
    ...warnings.added.map(resultOf),
  ]);
}

interface Result {
  readonly ruleId: string;
  readonly level: "error" | "warning" | "note";
  readonly message: { readonly text: string };
  readonly locations?: readonly unknown[];
  readonly suppressions?: readonly unknown[];
}

function logOf(results: readonly Result[]): string {
  const rules = [...new Set(results.map(({ ruleId }) => ruleId))].sort().map(ruleOf);
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "reach", version, rules } }, results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function brokenPromise({ kind, text, failures, because }: PromiseResult, file: string): Result {
  const what = failures.map((failure) => failure.what).join("; ");
  const reason = because === undefined ? "" : `; promised because ${because}`;
  return {
    ruleId: "promises/broken",
    level: "error",
    message: { text: `${kind}: ${text} does not hold: ${what}${reason}` },
    locations: [locationOf(file)],
  };
}

const changeRules: Readonly<Record<ChangeRow["kind"], string>> = {
  ALLOWED: "reach/allowed",
  DENIED: "reach/denied",
  "L7-CHANGED": "reach/l7-changed",
  UNKNOWN: "reach/unknown",
};

function changeResult(row: ChangeRow, groups: readonly Group[], file: string): Result {
  const { from, to, ports, before, after, because, risk } = row;
  const pair = `${groups[from]?.name ?? ""} -> ${groups[to]?.name ?? ""} ${portsText(ports)}`;
  const crosses = row.kind === "ALLOWED" && risk === "crosses environments";
  return {
    ruleId: changeRules[row.kind],
    level: crosses ? "error" : row.kind === "L7-CHANGED" ? "note" : "warning",
    message: { text: `${pair} (${risk}): ${before}, becomes ${after}; because ${because.join("; ")}` },
    locations: [locationOf(placeOf(because) ?? file)],
  };
}

/** A line that is still there. */
function placeOf(because: readonly string[]): string | undefined {
  return because
    .filter((reason) => !reason.endsWith(", deleted"))
    .map((reason) => /([^\s(),]+\.(?:ya?ml|json):\d+)\)/.exec(reason)?.[1])
    .find((place) => place !== undefined);
}

/** What can be said of a code without a finding. */
function ruleOf(id: string): unknown {
  const known = lintCodes.find(({ code }) => code === id);
  if (known === undefined) return { id };
  const { finds, why, fix } = known;
  return { id, shortDescription: { text: finds }, fullDescription: { text: why }, help: { text: fix } };
}

function resultOf(finding: Finding): Result {
  const { severity, code, place, object, field, what, expected, fix, accepted } = finding;
  const about = [object, field].filter((part) => part !== undefined).join(", ");
  const text = `${about === "" ? "" : `${about}: `}${what}; expected ${expected}${fix === undefined ? "" : `; fix: ${fix}`}`;
  return {
    ruleId: code,
    level: levels[severity],
    message: { text },
    ...(place === undefined ? {} : { locations: [locationOf(place)] }),
    ...(accepted === undefined ? {} : { suppressions: [{ kind: "inSource", justification: accepted }] }),
  };
}

function locationOf(place: string): unknown {
  const [, file = place, line] = /^(.*?):(\d+)(?::\d+)?$/.exec(place) ?? [];
  return {
    physicalLocation: {
      artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
      ...(line === undefined ? {} : { region: { startLine: Number(line) } }),
    },
  };
}
