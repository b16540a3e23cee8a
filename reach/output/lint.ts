/** Findings as text, Markdown and JSON, the worst first. What its author accepts is counted, and told to programs only. */
import { severitiesByRank, type Finding } from "../findings.ts";
import { plain, type Paint } from "../terminal.ts";
import { counted } from "./counted.ts";
import { documentText, schema } from "./json.ts";
import { markdownTable } from "./table.ts";

const colours = { refused: "red", dropped: "yellow", warning: "yellow", unknown: "yellow", note: "cyan" } as const;

export function lintText(findings: readonly Finding[], paint: Paint = plain): string {
  const told = findings.filter(isOpen).map((finding) => {
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

function isOpen({ accepted }: Finding): boolean {
  return accepted === undefined;
}

/** `3 findings: 1 refused, 2 dropped; 1 accepted`. */
function summary(findings: readonly Finding[]): string {
  const open = findings.filter(isOpen);
  const rest = findings.length - open.length;
  const accepted = rest === 0 ? "" : `; ${String(rest)} accepted`;
  if (open.length === 0) return `no findings: Cilium takes these manifests as they are written${accepted}`;
  const parts = severitiesByRank.flatMap((severity) => {
    const count = open.filter((finding) => finding.severity === severity).length;
    if (count === 0) return [];
    return severity === "note" || severity === "warning" ? counted(count, severity) : `${String(count)} ${severity}`;
  });
  return `${counted(open.length, "finding")}: ${parts.join(", ")}${accepted}`;
}

export function lintMarkdown(findings: readonly Finding[]): string {
  const rows = findings
    .filter(isOpen)
    .map((finding) => [
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
