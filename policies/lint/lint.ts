/** Lint: what is accepted and does not do what it says. Pure: manifests and what the engine read of them in, problems out. */
import type { Problem } from "../problems.ts";
import type { Manifest } from "../reachability/read/fields.ts";
import { placeOf } from "../reachability/read/world.ts";
import { apiServerIngress } from "./api-server.ts";
import { authenticationFails, authenticationOff } from "./authentication.ts";
import { dnsCancelled, httpCancelled } from "./cancelled.ts";
import { emptyEntry, kubeSystemClosed, systemIsolated } from "./default-deny.ts";
import { denyBeatsAllow, denyIsolates, denyOfNobody, nodeDenied } from "./denies.ts";
import { oneSidedEdge } from "./edges.ts";
import { defaultDenyWithoutEntry, emptyDirection, emptyList } from "./empty.ts";
import { exceptionReopened, metadataReachable } from "./exceptions.ts";
import { httpOnTlsPort, literalSecret, pathNotPrefix } from "./http.ts";
import { foreignLabelSource, namespaceOverwritten } from "./label-keys.ts";
import { apexNotMatched, dnsWithoutProxy, everyName } from "./names.ts";
import { noNameResolution } from "./name-resolution.ts";
import { invalidName } from "./object-names.ts";
import { ambiguousPortName, nodePortClash, servicePort, unknownPortName } from "./ports.ts";
import { addressInside, denyOfPodRange, gatewayOfEverything, literalAddress } from "./ranges.ts";
import { headerWithoutMismatch, httpOfEverything, methodCase } from "./requests.ts";
import type { LintRule, Repair } from "./rule.ts";
import { sctpOff, sctpTargetPort } from "./sctp.ts";
import { see, type LintInput } from "./seen.ts";
import { controlPlanePod, hostNetworkPod, selectsNobody } from "./selectors.ts";
import { suppressionRules } from "./suppressions.ts";
import { lookalikeName, wildcardName } from "./wildcards.ts";

export type { LintFinding, LintRule, LintSeverity, Repair } from "./rule.ts";
export type { LintInput } from "./seen.ts";
export { annotation, judged, type Judged } from "./suppressions.ts";

/** In the order in which the documentation lists them. */
const lintRules: readonly LintRule[] = [
  denyBeatsAllow,
  denyOfNobody,
  denyIsolates,
  denyOfPodRange,
  nodeDenied,
  systemIsolated,
  kubeSystemClosed,
  defaultDenyWithoutEntry,
  emptyEntry,
  emptyList,
  emptyDirection,
  oneSidedEdge,
  selectsNobody,
  foreignLabelSource,
  namespaceOverwritten,
  controlPlanePod,
  hostNetworkPod,
  apiServerIngress,
  servicePort,
  unknownPortName,
  ambiguousPortName,
  nodePortClash,
  sctpOff,
  sctpTargetPort,
  httpOnTlsPort,
  httpCancelled,
  httpOfEverything,
  pathNotPrefix,
  methodCase,
  headerWithoutMismatch,
  literalSecret,
  noNameResolution,
  dnsWithoutProxy,
  dnsCancelled,
  apexNotMatched,
  lookalikeName,
  wildcardName,
  everyName,
  addressInside,
  literalAddress,
  exceptionReopened,
  metadataReachable,
  gatewayOfEverything,
  authenticationOff,
  authenticationFails,
  invalidName,
];

/** What can be said of a rule without asking it. */
export type LintCode = Pick<LintRule, "severity" | "finds" | "why" | "fix" | "certain"> & { readonly code: string };

/** Every code that lint gives: those of the rules, and those of suppressions. */
export const lintCodes: readonly LintCode[] = [...lintRules, ...suppressionRules];

/** A finding as it is told, with what would take it away if that is certain. */
export interface LintProblem extends Problem {
  readonly repair?: Repair & { readonly manifest: Manifest };
}

/** Every finding of every rule, in the order of the rules. What reading finds is not among them. */
export function lint(input: LintInput): readonly LintProblem[] {
  const seen = see(input);
  return lintRules.flatMap(({ code, fix: usual, find }) =>
    find(seen).map(({ manifest, path, what, expected, fix = usual, repair }) => ({
      code,
      where: `${placeOf(manifest)} › ${path}`,
      what,
      expected,
      fix,
      ...(repair === undefined ? {} : { repair: { manifest, ...repair } }),
    })),
  );
}
