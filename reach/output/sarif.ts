/** Findings as SARIF 2.1.0, which code scanning services show beside the line. */
import { lintCodes } from "../../policies/lint/lint.ts";
import type { Finding, Severity } from "../findings.ts";
import { version } from "../version.ts";

const levels: Record<Severity, "error" | "warning" | "note"> = {
  refused: "error",
  dropped: "warning",
  warning: "warning",
  unknown: "warning",
  note: "note",
};

export function lintSarif(findings: readonly Finding[]): string {
  const rules = [...new Set(findings.map(({ code }) => code))].sort().map(ruleOf);
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "reach", version, rules } }, results: findings.map(resultOf) }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

/** What can be said of a code without a finding. */
function ruleOf(id: string): unknown {
  const known = lintCodes.find(({ code }) => code === id);
  if (known === undefined) return { id };
  const { finds, why, fix } = known;
  return { id, shortDescription: { text: finds }, fullDescription: { text: why }, help: { text: fix } };
}

function resultOf(finding: Finding): unknown {
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
