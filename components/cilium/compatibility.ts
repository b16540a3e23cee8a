/**
 * Compatibility: the combinations that do not work as they look, refused or told before anything is created.
 *
 * Most of them nobody else would notice: the chart renders them, and a node or a policy fails later and elsewhere.
 */
import { type Problem, ProblemsError } from "../../policies/problems.ts";
import type { HelmValues } from "../chart.ts";
import { unknownValues } from "../charts/keys.ts";
import type { ClusterFacts } from "../cluster/handle.ts";
import { kubernetesProblems } from "../kubernetes-ranges.ts";
import { kyvernoKeys } from "../kyverno/known-values.ts";
import type { Settings } from "../settings.ts";
import { charts } from "../versions.ts";
import { bundleRows } from "./compatibility-bundles.ts";
import { featureRows } from "./compatibility-features.ts";
import { kubeProxyRows } from "./compatibility-kube-proxy.ts";
import { type Candidate, caseOf, type ChosenBundle, type Finding, type Row } from "./compatibility-row.ts";
import { routingRows } from "./compatibility-routing.ts";
import { securityRows } from "./compatibility-security.ts";
import { valueRows } from "./compatibility-values.ts";
import { ciliumKeys } from "./known-values.ts";

/** The matrix, in the order of its numbers. */
export const rows: readonly Row[] = [
  ...routingRows,
  ...kubeProxyRows,
  ...featureRows,
  ...valueRows,
  ...securityRows,
  ...bundleRows,
].sort((a, b) => a.row - b.row);

/** What is judged: a whole stack, as it would be installed. */
export interface Judged {
  readonly stack: string;
  readonly settings: Settings;
  readonly facts: ClusterFacts;
  /** Helm values as they would be installed, the stack's own merged over ours. */
  readonly values: (chart: "cilium" | "kyverno", cluster: { readonly apiServerHost: string | undefined }) => HelmValues;
  /** The policy bundles the stack chose. */
  readonly bundles: readonly ChosenBundle[];
  /** Version of Cilium. Absent: the pinned one. */
  readonly ciliumVersion?: string;
}

/** Everything the matrix has to say about a stack. */
export function findings(candidate: Candidate): readonly Finding[] {
  const the = caseOf(candidate);
  return rows.flatMap(({ row, name, check }) =>
    (check?.(the) ?? []).map((objection) => ({ code: `cilium/${name}`, row, ...objection })),
  );
}

/** All that stands against a stack, and all that is worth saying about it. */
export function judge(judged: Judged): {
  readonly refused: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const { settings, facts, stack, bundles } = judged;
  const file = `Pulumi.${stack}.yaml`;
  const cluster = { apiServerHost: hostBeforehand(facts) };
  const values = judged.values("cilium", cluster);
  const ciliumVersion = judged.ciliumVersion ?? charts.cilium.version;
  const found = findings({ settings, facts, values, bundles, file, ciliumVersion });
  const kubernetes = kubernetesProblems(settings, facts, file);
  return {
    refused: [
      ...found.filter(({ severity }) => severity === "refuse"),
      ...unknownValues(ciliumKeys, values, `${file} › cilium.values`).filter(notAnswered(found)),
      ...(settings.kyverno.enabled
        ? unknownValues(kyvernoKeys, judged.values("kyverno", cluster), `${file} › kyverno.values`)
        : []),
      ...kubernetes.refused,
    ],
    warnings: [...found.filter(({ severity }) => severity === "warn"), ...kubernetes.warnings],
  };
}

/** Throws with everything that stands against a stack; returns what is only worth saying. */
export function refuseImpossible(judged: Judged): readonly Problem[] {
  const { refused, warnings } = judge(judged);
  if (refused.length > 0) throw new ProblemsError(refused);
  return warnings;
}

/** The API server's name where it is known before the cluster exists, else a name that stands in for it. */
function hostBeforehand(facts: ClusterFacts): string | undefined {
  switch (facts.apiServer.kind) {
    case "known":
      return facts.apiServer.host;
    case "created":
      return "not-yet-created.invalid";
    case "unknown":
      return undefined;
  }
}

/** A key that a row has spoken about needs no second problem that only says it is unknown. */
function notAnswered(found: readonly Finding[]): (problem: Problem) => boolean {
  const places = new Set(found.map(({ where }) => where));
  return ({ where }) => !places.has(where);
}
