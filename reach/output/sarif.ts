/** Findings as SARIF 2.1.0, which code scanning services show beside the line. */
import type { Finding, Severity } from "../findings.ts";
import { version } from "../version.ts";

const levels: Record<Severity, "error" | "warning" | "note"> = {
  refused: "error",
  dropped: "warning",
  unknown: "warning",
  note: "note",
};

export function lintSarif(findings: readonly Finding[]): string {
  const rules = [...new Set(findings.map(({ code }) => code))].sort().map((id) => ({ id }));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "reach", version, rules } }, results: findings.map(resultOf) }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function resultOf(finding: Finding): unknown {
  const { severity, code, place, object, field, what, expected, fix } = finding;
  const about = [object, field].filter((part) => part !== undefined).join(", ");
  const text = `${about === "" ? "" : `${about}: `}${what}; expected ${expected}${fix === undefined ? "" : `; fix: ${fix}`}`;
  return {
    ruleId: code,
    level: levels[severity],
    message: { text },
    ...(place === undefined ? {} : { locations: [locationOf(place)] }),
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
