/** Findings beside an answer: the first of them, how many, and where they are told in full. */
import type { Problem } from "../../policies/problems.ts";
import type { Paint } from "../terminal.ts";
import { counted } from "./counted.ts";

const shown = 3;

export function findingsLines(findings: readonly Problem[], paint: Paint): string[] {
  if (findings.length === 0) return [];
  const all = findings.length > shown ? ", `reach lint` tells all" : "";
  return [
    "",
    paint("yellow", `${counted(findings.length, "finding")} in the manifests${all}`),
    ...findings.slice(0, shown).map(({ where, what }) => `  ${where}: ${what}`),
  ];
}
