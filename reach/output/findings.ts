/** Findings beside an answer: how many, and where they are told in full. */
import type { Problem } from "../../policies/problems.ts";
import type { Paint } from "../terminal.ts";

export function findingsLine(findings: readonly Problem[], paint: Paint): string[] {
  if (findings.length === 0) return [];
  const [count, noun] = [String(findings.length), findings.length === 1 ? "finding" : "findings"];
  return [paint("yellow", `${count} ${noun} in the manifests: \`reach lint\` tells them`)];
}
