/** Drawings: each loads its layout only when it is asked for. */
import type { DiffReport, MatrixReport } from "../../policies/reachability/report/report.ts";

const drawings = ["dot", "svg", "html"] as const;
export type Drawing = (typeof drawings)[number];

export function isDrawing(output: string): output is Drawing {
  return (drawings as readonly string[]).includes(output);
}

interface Draw {
  readonly drawMatrix: (report: MatrixReport) => string | Promise<string>;
  readonly drawDiff: (report: DiffReport) => string | Promise<string>;
}

const draws: Record<Drawing, () => Promise<Draw>> = {
  dot: async () => await import("./dot.ts"),
  svg: async () => await import("./svg.ts"),
  html: async () => await import("./html.ts"),
};

/** The report as a whole file. */
export async function drawn(output: Drawing, report: MatrixReport | DiffReport): Promise<string> {
  const { drawMatrix, drawDiff } = await draws[output]();
  return await (report.kind === "matrix" ? drawMatrix(report) : drawDiff(report));
}
