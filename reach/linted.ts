/** Linted: what lint says of a scenario, judged by the suppressions that its objects carry. */
import { isStandIn } from "../policies/inventory.ts";
import { judged, lint, lintCodes, type LintInput } from "../policies/lint/lint.ts";
import { findingOf, ranked, type Finding } from "./findings.ts";
import type { Scenario } from "./scenario.ts";

const severities = new Map(lintCodes.map(({ code, severity }) => [code, severity]));

/** What reading found and what the rules find, the worst first, each with the reason why it is accepted if it is. */
export function linted(
  { world, manifests, findings, place, isPlatforms }: Scenario,
  meshAuthentication: LintInput["meshAuthentication"],
): readonly Finding[] {
  // Pods that stand for anybody are nobody's workloads: a selector that leaves them out says nothing wrong.
  const workloads = manifests.filter(({ object }) => !isStandIn(object));
  const problems = [...findings, ...lint({ manifests: workloads, world, meshAuthentication })];
  return ranked(
    judged(problems, manifests)
      .filter(({ problem }) => !isPlatforms(problem))
      .map(({ problem, accepted }) => ({
        ...findingOf(problem, place, severities.get(problem.code)),
        ...(accepted === undefined ? {} : { accepted }),
      })),
  );
}
