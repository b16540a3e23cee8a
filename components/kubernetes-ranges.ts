/**
 * Kubernetes ranges: which Kubernetes each pinned chart asks for, and which one its authors test it with.
 */
import type { Problem } from "../policies/problems.ts";
import type { ClusterFacts } from "./cluster/handle.ts";
import type { Settings } from "./settings.ts";
import { type ChartKey, charts } from "./versions.ts";

/** Minor versions of Kubernetes 1, both ends included. */
export interface KubernetesRange {
  /** From the chart's own `kubeVersion`. */
  readonly least: number;
  /** Absent: the authors publish no range. */
  readonly tested?: { readonly from: number; readonly to: number };
}

export const kubernetesRanges = {
  // Documentation/network/kubernetes/compatibility.rst of the pinned version.
  cilium: { least: 21, tested: { from: 33, to: 36 } },
  kyverno: { least: 25, tested: { from: 33, to: 35 } },
  nginxGatewayFabric: { least: 31 },
  argoCd: { least: 25 },
} as const satisfies Partial<Record<ChartKey, KubernetesRange>>;

type RangedChart = keyof typeof kubernetesRanges;

/** What the cluster's Kubernetes excludes, and what nobody has tested with it. Nothing where the version is not known. */
export function kubernetesProblems(
  settings: Settings,
  facts: ClusterFacts,
  file: string,
): { readonly refused: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const minor = Number(facts.kubernetesVersion?.split(".")[1]);
  if (Number.isNaN(minor)) return { refused: [], warnings: [] };
  const chosen = installed(settings);
  return {
    refused: chosen
      .filter((chart) => minor < kubernetesRanges[chart].least)
      .map((chart) => ({
        code: "settings/kubernetes-too-old",
        where: placeOf(facts, file),
        what: `${titleOf(chart)} cannot be installed on Kubernetes 1.${String(minor)}`,
        expected: `1.${String(kubernetesRanges[chart].least)} or later`,
      })),
    warnings: chosen.flatMap((chart) => {
      const range: KubernetesRange = kubernetesRanges[chart];
      const { tested, least } = range;
      if (tested === undefined || minor < least || (minor >= tested.from && minor <= tested.to)) return [];
      return [
        {
          code: "settings/kubernetes-untested",
          where: placeOf(facts, file),
          what: `the authors of ${titleOf(chart)} do not test it with Kubernetes 1.${String(minor)}`,
          expected: `1.${String(tested.from)} to 1.${String(tested.to)}`,
        },
      ];
    }),
  };
}

function installed(settings: Settings): readonly RangedChart[] {
  return [
    "cilium",
    ...(settings.kyverno.enabled ? (["kyverno"] as const) : []),
    ...(settings.gateway.enabled ? (["nginxGatewayFabric"] as const) : []),
    ...(settings.argocd.enabled ? (["argoCd"] as const) : []),
  ];
}

function titleOf(chart: RangedChart): string {
  return `${charts[chart].name} ${charts[chart].version}`;
}

/** The setting that names the version, where there is one. */
function placeOf(facts: ClusterFacts, file: string): string {
  switch (facts.target) {
    case "aks":
    case "existing":
      return `${file} › ${facts.target}.kubernetesVersion`;
    case "kwok":
    case "kind":
      return `${file} › target`;
  }
}
