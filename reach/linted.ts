/** Linted: what lint says of a scenario, judged by the suppressions that its objects carry. */
import { judged, lint, lintCodes, type LintInput } from "../policies/lint/lint.ts";
import { findingOf, ranked, type Finding } from "./findings.ts";
import type { Scenario } from "./scenario.ts";

const severities = new Map(lintCodes.map(({ code, severity }) => [code, severity]));

/** What reading found and what the rules find, the worst first, each with the reason why it is accepted if it is. */
export function linted(
  { world, manifests, findings, place }: Scenario,
  meshAuthentication: LintInput["meshAuthentication"],
): readonly Finding[] {
  const problems = [...findings, ...lint({ manifests, world, meshAuthentication })];
  return ranked(
    judged(problems, manifests).map(({ problem, accepted }) => ({
      ...findingOf(problem, place, severities.get(problem.code)),
      ...(accepted === undefined ? {} : { accepted }),
    })),
  );
}
