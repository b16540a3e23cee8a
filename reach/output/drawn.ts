/** Drawings: each loads its layout only when it is asked for. */
import { ProblemsError } from "../../policies/problems.ts";
import type { DiffReport, MatrixReport } from "../../policies/reachability/report.ts";

const drawings = ["dot", "svg", "html"] as const;
export type Drawing = (typeof drawings)[number];

export function isDrawing(output: string): output is Drawing {
  return (drawings as readonly string[]).includes(output);
}

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
