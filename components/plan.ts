/**
 * planPlatform: everything that can be decided before anything is created.
 *
 * Settings are read, facts and Helm values derived, impossible input refused and charts found. A run that fails here has
 * touched nothing.
 */
import * as pulumi from "@pulumi/pulumi";

import type { Manifest } from "../policies/bundle.ts";
import { formatProblems, type Problem, ProblemsError, UserError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { missingImages } from "../scripts/kind-images/places.ts";
import { buildsImages, envoyProblems, missingImageProblems } from "./built-images.ts";
import { candidateWith, judgeStack } from "./candidate.ts";
import type { HelmValues } from "./chart.ts";
import { type MissingChart, prepareCharts } from "./charts/prepare.ts";
import type { ClusterFacts, ClusterHandle } from "./cluster/handle.ts";
import { overlayProblems } from "./overlays.ts";
import { ownPolicies } from "./own.ts";
import type { Settings } from "./settings.ts";
import { settingsFromPulumi } from "./settings-reader.ts";
import { charts, type ChartKey } from "./versions.ts";

export interface Plan {
  readonly stack: string;
  readonly settings: Settings;
  readonly clusterName: string;
  readonly facts: ClusterFacts;
  /** Charts that are installed: wanted by the settings and to be had. */
  readonly installs: ReadonlySet<ChartKey>;
  /** Charts that are wanted and cannot be had, with the reason. Empty on every target whose nodes are real. */
  readonly leftOut: Readonly<Record<string, string>>;
  readonly bundles: readonly string[];
  /** The objects of the chosen bundles and the stack's own policies: the very ones that are judged are applied. */
  readonly manifests: readonly Manifest[];
  /** Complete Helm values of a chart; Cilium's name the cluster's API server, which may only be known later. */
  readonly values: (chart: ChartKey, cluster: Pick<ClusterHandle, "apiServerHost">) => HelmValues;
}

/** Throws with every problem found, told without a stack trace. */
export async function planPlatform(): Promise<Plan> {
  try {
    return await decide();
  } catch (error) {
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  }
}

async function decide(): Promise<Plan> {
  const stack = pulumi.getStack();
  const file = `Pulumi.${stack}.yaml`;
  const settings = settingsFromPulumi();
  const judged = judgeStack(stack, settings);
  const { facts, bundles, wanted, values, warnings } = judged;
  for (const { where, what } of warnings) await pulumi.log.warn(`${where}: ${what}`);

  const prepared = await prepareCharts(wanted, {
    stack,
    projectDir: process.cwd(),
    env: process.env,
    ...(settings.chartMirror === undefined ? {} : { chartMirror: settings.chartMirror }),
  });
  refuseMissing(prepared.missing, facts, file);
  const unbuilt = buildsImages(settings) ? missingImageProblems(missingImages(), stack) : [];
  if (unbuilt.length > 0) throw new ProblemsError(unbuilt);
  // Judged last, because only a chart that is there can say which values it knows.
  const unknown = await overlayProblems(prepared.present, settings, file);
  if (unknown.length > 0) throw new ProblemsError(unknown);
  const missing = withDependents(prepared.missing, wanted);
  for (const { key, reason } of missing) await pulumi.log.warn(`${charts[key].name} is left out: ${reason}`);

  // What is left out has no namespace that policies could be in.
  const installs = wanted.filter((key) => missing.every((chart) => chart.key !== key));
  const { own, warnings: unread } = await ownPolicies(settings, file);
  const proof = prove({ ...candidateWith(installs, judged), own });
  const impossible = [...proof.problems, ...envoyProblems(settings, proof.manifests, file)];
  if (impossible.length > 0) throw new ProblemsError(impossible);
  for (const doubt of [...unread, ...proof.warnings]) await pulumi.log.warn(formatProblems([doubt]));

  return {
    stack,
    settings,
    clusterName: settings.clusterName,
    facts,
    installs: new Set(installs),
    leftOut: Object.fromEntries(missing.map(({ key, reason }) => [charts[key].name, reason])),
    bundles: bundles.map(({ name }) => name),
    manifests: proof.manifests,
    values,
  };
}

/** What is missing, and what cannot be installed without it: a gateway's objects are of kinds that another chart brings. */
export function withDependents(missing: readonly MissingChart[], wanted: readonly ChartKey[]): readonly MissingChart[] {
  const isMissing = (key: ChartKey): boolean => missing.some((chart) => chart.key === key);
  const { name, version } = charts.nginxGatewayFabric;
  if (!isMissing("gatewayApi") || isMissing("nginxGatewayFabric") || !wanted.includes("nginxGatewayFabric"))
    return missing;
  return [
    ...missing,
    { key: "nginxGatewayFabric", name, version, reason: `it needs ${charts.gatewayApi.name}, which is left out` },
  ];
}

/** Where nodes are simulated a rehearsal goes on without a chart; anywhere else half a platform is no platform. */
export function refuseMissing(missing: readonly MissingChart[], facts: ClusterFacts, file: string): void {
  if (facts.nodes === "simulated" && missing.every(({ key }) => key !== "cilium")) return;
  const problems = missing.map(({ key, reason }): Problem => ({
    code: "charts/missing",
    where: file,
    what: `the chart \`${charts[key].name}-${charts[key].version}\` cannot be had: ${reason}`,
    expected: "its official place to answer, or a chartMirror that holds it",
    fix: `put it into the folder of platform:chartMirror${switchOff[key] === undefined ? "" : `, or set ${switchOff[key]}`}`,
  }));
  if (problems.length > 0) throw new ProblemsError(problems);
}

const switchOff: Partial<Record<ChartKey, string>> = {
  kyverno: "kyverno.enabled: false",
  gatewayApi: "gateway.enabled: false",
  nginxGatewayFabric: "gateway.enabled: false",
  argoCd: "argocd.enabled: false",
};
