/** Linted: what lint says of a scenario, judged by the suppressions that its objects carry. */
import { judged, lint, lintCodes, type Judged, type LintInput } from "../policies/lint/lint.ts";
import { findingOf, ranked, type Finding } from "./findings.ts";
import type { Scenario } from "./scenario.ts";

const severities = new Map(lintCodes.map(({ code, severity }) => [code, severity]));

/** What the agents of a cluster can do, which manifests do not tell. Off unless said otherwise, or as its inventory says. */
export type Agents = Pick<LintInput, "meshAuthentication" | "sctp">;

/** What reading found and what the rules find, the worst first, each with the reason why it is accepted if it is. */
export function linted(scenario: Scenario, agents: Partial<Agents> = {}): readonly Finding[] {
  return ranked(
    judgedIn(scenario, agents).map((each) => ({
      ...toldOf(each, scenario),
      ...(each.accepted === undefined ? {} : { accepted: each.accepted }),
    })),
  );
}

/** The same before it is told. */
export function judgedIn(
  { world, manifests, findings, apiServer, platform, isPlatforms }: Scenario,
  agents: Partial<Agents>,
): readonly Judged[] {
  const { meshAuthentication = platform?.cilium.meshAuth ?? "off", sctp = platform?.cilium.sctp ?? "off" } = agents;
  const problems = [...findings, ...lint({ manifests, world, apiServer, meshAuthentication, sctp })];
  return judged(problems, manifests).filter(({ problem }) => !isPlatforms(problem));
}

/** As it is told. */
export function toldOf({ problem }: Judged, { place }: Scenario): Finding {
  return findingOf(problem, place, severities.get(problem.code));
}
