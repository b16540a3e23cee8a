/** Lint: what is accepted and does not do what it says. Pure: manifests and what the engine read of them in, problems out. */
import type { Problem } from "../problems.ts";
import { placeOf } from "../reachability/read/world.ts";
import { authenticationFails, authenticationOff } from "./authentication.ts";
import { emptyEntry, systemIsolated } from "./default-deny.ts";
import { denyBeatsAllow, denyIsolates, denyOfNobody } from "./denies.ts";
import { oneSidedEdge } from "./edges.ts";
import { httpCancelled, httpOnTlsPort, literalSecret, pathNotPrefix } from "./http.ts";
import { apexNotMatched, dnsWithoutProxy, everyName } from "./names.ts";
import { noNameResolution } from "./name-resolution.ts";
import { ambiguousPortName, nodePortClash, servicePort, unknownPortName } from "./ports.ts";
import { addressInside, denyOfPodRange, gatewayOfEverything } from "./ranges.ts";
import type { LintRule } from "./rule.ts";
import { see, type LintInput } from "./seen.ts";
import { controlPlanePod, hostNetworkPod, selectsNobody } from "./selectors.ts";
import { suppressionRules } from "./suppressions.ts";

export type { LintFinding, LintRule, LintSeverity } from "./rule.ts";
export type { LintInput } from "./seen.ts";
export { annotation, judged, type Judged } from "./suppressions.ts";

/** In the order in which the documentation lists them. */
const lintRules: readonly LintRule[] = [
  denyBeatsAllow,
  denyOfNobody,
  denyIsolates,
  denyOfPodRange,
  systemIsolated,
  emptyEntry,
  oneSidedEdge,
  selectsNobody,
  controlPlanePod,
  hostNetworkPod,
  servicePort,
  unknownPortName,
  ambiguousPortName,
  nodePortClash,
  httpOnTlsPort,
  httpCancelled,
  pathNotPrefix,
  literalSecret,
  noNameResolution,
  dnsWithoutProxy,
  apexNotMatched,
  everyName,
  addressInside,
  gatewayOfEverything,
  authenticationOff,
  authenticationFails,
];

/** What can be said of a rule without asking it. */
export type LintCode = Pick<LintRule, "severity" | "finds" | "why" | "fix"> & { readonly code: string };

/** Every code that lint gives: those of the rules, and those of suppressions. */
export const lintCodes: readonly LintCode[] = [...lintRules, ...suppressionRules];

/** Every finding of every rule, in the order of the rules. What reading finds is not among them. */
export function lint(input: LintInput): readonly Problem[] {
  const seen = see(input);
  return lintRules.flatMap(({ code, fix: usual, find }) =>
    find(seen).map(({ manifest, path, what, expected, fix = usual }) => ({
      code,
      where: `${placeOf(manifest)} › ${path}`,
      what,
      expected,
      fix,
    })),
  );
}
