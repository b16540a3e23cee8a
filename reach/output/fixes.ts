/** Fixes as text: each with its place, and what all of them do to connections. */
import { diffReport } from "../../policies/reachability/report/diff-report.ts";
import type { Fixes } from "../fixes.ts";
import { selectedIn } from "../options.ts";
import { counted } from "./counted.ts";
import { headline } from "./diff.ts";

export function fixesText({ made, texts, before, after }: Fixes): string {
  if (made.length === 0) return "nothing to fix: no finding has one certain remedy\n";
  const lines = made.map(
    ({ finding: { place, code }, says }) => `fixed: ${place === undefined ? "" : `${place}: `}${says}  [${code}]`,
  );
  const report = diffReport({ before, after, selected: selectedIn(after.world, {}) });
  return `${[...lines, `${counted(made.length, "finding")} fixed in ${counted(texts.length, "file")}`, headline(report)].join("\n")}\n`;
}
