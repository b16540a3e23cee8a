/** Findings as text, Markdown and JSON, the worst first. */
import type { Finding, Severity } from "../findings.ts";
import { plain, type Paint } from "../terminal.ts";
import { counted } from "./counted.ts";
import { documentText, schema } from "./json.ts";
import { markdownTable } from "./table.ts";

const colours = { refused: "red", dropped: "yellow", unknown: "yellow", note: "cyan" } as const;

export function lintText(findings: readonly Finding[], paint: Paint = plain): string {
  const told = findings.map((finding) => {
    const { severity, code, place, what, expected, fix } = finding;
    return [
      `${place === undefined ? "" : `${place}: `}${paint(colours[severity], severity)}: ${what}  ${paint("dim", `[${code}]`)}`,
      ...aboutOf(finding).map((about) => `  in ${about}`),
      `  expected ${expected}`,
      ...(fix === undefined ? [] : [`  fix: ${fix}`]),
    ].join("\n");
  });
  return `${[...told, summary(findings)].join("\n\n")}\n`;
}

function aboutOf({ object, field }: Finding): string[] {
  return object === undefined ? [] : [field === undefined ? object : `${object}, ${field}`];
}

/** `3 findings: 1 refused, 2 dropped`. */
function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return "no findings: Cilium takes these manifests as they are written";
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const parts = (["refused", "dropped", "unknown", "note"] as const)
    .filter((severity) => of(severity) > 0)
    .map((severity) => (severity === "note" ? counted(of(severity), severity) : `${String(of(severity))} ${severity}`));
  return `${counted(findings.length, "finding")}: ${parts.join(", ")}`;
}

export function lintMarkdown(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => [
    finding.severity,
    finding.place ?? "",
    aboutOf(finding).join(""),
    finding.what,
    finding.fix ?? `expected ${finding.expected}`,
    finding.code,
  ]);
  const table = markdownTable(["Severity", "Place", "Object and field", "What", "What to do", "Code"], rows);
  return `### ${summary(findings)}\n${rows.length === 0 ? "" : `\n${table}\n`}`;
}

export function lintJson(findings: readonly Finding[]): string {
  return documentText({ schema, kind: "findings", findings });
}
