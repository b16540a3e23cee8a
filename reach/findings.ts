/**
 * Findings: problems of reading and of lint, each with the object, the field and the line, and with what becomes of the
 * object.
 */
import type { Problem } from "../policies/problems.ts";
import { fieldPlace, partsOf } from "../policies/reachability/report/places.ts";
import type { Place } from "../policies/reachability/explain.ts";

/**
 * `refused`: Cilium does not accept the object, so none of it exists. `dropped`: Cilium drops the field and enforces the
 * rest. `warning`: a rule of lint, or the platform, says that the field does not do what it says. `unknown`: not modelled, so verdicts stay open.
 * `note`: what is written may not do what it seems to.
 */
export type Severity = (typeof severitiesByRank)[number];

/** The worst first. */
export const severitiesByRank = ["refused", "dropped", "warning", "unknown", "note"] as const;

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  /** `policies/dns.yaml:12`, the line of the field if it can be told, else of the object. Absent for what has no file. */
  readonly place?: string;
  /** `CiliumNetworkPolicy dev/db`. Absent where the finding is not about one object. */
  readonly object?: string;
  /** `spec.egress[0].toFQDNs`. */
  readonly field?: string;
  readonly what: string;
  readonly expected: string;
  readonly fix?: string;
  /** Why the author of the object accepts it: the reason of a suppression. */
  readonly accepted?: string;
}

const severities: Readonly<Record<string, Severity>> = {
  "cilium/refused": "refused",
  "cilium/unknown-field": "dropped",
  "reachability/not-modelled": "unknown",
  "inventory/other-label": "warning",
  "inventory/takes-the-place": "warning",
};

/** The worst first, then in their order. */
export function findingsOf(problems: readonly Problem[], place: Place): readonly Finding[] {
  return ranked(problems.map((problem) => findingOf(problem, place)));
}

/** The worst first, otherwise in their order. */
export function ranked(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ severity }: Finding): number => severitiesByRank.indexOf(severity);
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

/** `severity` where the code alone does not tell it. */
export function findingOf({ code, where, what, expected, fix }: Problem, place: Place, severity?: Severity): Finding {
  const { source, object, field } = partsOf(where);
  const at = (object === undefined || field === undefined ? undefined : fieldPlace(object, field, place)) ?? source;
  return {
    severity: severity ?? severities[code] ?? "note",
    code,
    ...(at === undefined ? {} : { place: at }),
    ...(object === undefined ? {} : { object }),
    ...(field === undefined ? {} : { field }),
    what,
    expected,
    ...(fix === undefined ? {} : { fix }),
  };
}
