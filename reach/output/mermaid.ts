/** Mermaid: what changes, as a flow chart that GitHub draws inside a comment. */
import { portsText } from "../../policies/reachability/report/report-text.ts";
import type { ChangeRow, DiffReport } from "../../policies/reachability/report/report.ts";
import { kindText } from "./diff.ts";

/** More arrows than this are a tangle, and far more are refused where they are drawn. */
export const mostArrows = 25;

/** Undefined where there is nothing to draw, or too much. */
export function diffMermaid({ groups, changes }: DiffReport): string | undefined {
  if (changes.length === 0 || changes.length > mostArrows) return undefined;
  const used = [...new Set(changes.flatMap(({ from, to }) => [from, to]))];
  return [
    "flowchart LR",
    ...used.map((at) => `  n${String(at)}["${labelText(groups[at]?.name ?? "")}"]`),
    ...changes.map(
      (row) =>
        `  n${String(row.from)} ${arrows[row.kind]}|"${kindText(row)} ${labelText(portsText(row.ports))}"| n${String(row.to)}`,
    ),
  ].join("\n");
}

/** Told by the line and by the word on it, never by colour alone. */
const arrows: Readonly<Record<ChangeRow["kind"], string>> = {
  ALLOWED: "==>",
  DENIED: "-.-x",
  "L7-CHANGED": "-->",
  UNKNOWN: "-.->",
};

const longestLabel = 60;

/** Inside the quotes of a label nothing is markup but these. */
function labelText(text: string): string {
  const cut = text.length > longestLabel ? `${text.slice(0, longestLabel - 3)}...` : text;
  return cut
    .replaceAll("#", "#35;")
    .replaceAll('"', "#quot;")
    .replaceAll("<", "#lt;")
    .replaceAll(">", "#gt;")
    .replaceAll("`", "#96;");
}
