/** Drawings: each loads its layout only when it is asked for. */
import { ProblemsError } from "../../policies/problems.ts";
import type { DiffReport, MatrixReport } from "../../policies/reachability/report.ts";

export type Drawing = "dot" | "svg" | "html";

/** The report as a whole file. */
export function drawn(output: Drawing, report: MatrixReport | DiffReport): Promise<string> {
  throw new ProblemsError([
    {
      code: "reach/usage",
      where: "--output",
      what: `a ${report.kind} cannot be drawn as \`${output}\` yet`,
      expected: "text, markdown, json or csv",
    },
  ]);
}
