/**
 * planPlatform: everything that can be decided before anything is created.
 *
 * Settings are read, facts and Helm values derived, impossible input refused and charts found. A run that fails here has
 * touched nothing.
 */
import * as pulumi from "@pulumi/pulumi";

import type { BundleContext, HubblePart, Manifest } from "../policies/bundle.ts";
import { selectBundles } from "../policies/bundles.ts";
import { formatProblems, type Problem, ProblemsError, UserError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { argoCdPods } from "./argocd/pods.ts";
import { argoCdValues } from "./argocd/values.ts";
import type { HelmValues } from "./chart.ts";
import { type MissingChart, prepareCharts } from "./charts/prepare.ts";
import { refuseImpossible } from "./cilium/compatibility.ts";
import { ciliumValues } from "./cilium/values.ts";
import { aksWarnings } from "./cluster/aks-problems.ts";
import { clusterFacts } from "./cluster/facts.ts";
import type { ClusterFacts, ClusterHandle } from "./cluster/handle.ts";
import { gatewayPods } from "./gateway/gateway.ts";
import { gatewayValues } from "./gateway/values.ts";
import { mergeValues } from "./helm-values.ts";
import { rewriteImages } from "./images.ts";
import { kyvernoValues } from "./kyverno/values.ts";
import { isolatedNamespaces, namespaceLabels } from "./namespaces.ts";
import { overlayProblems } from "./overlays.ts";
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
  /** The objects of the chosen bundles: the very ones that are judged are applied. */
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
  const facts = clusterFacts(settings);
  const bundles = selectBundles(settings.policies);
  const wanted = wantedCharts(settings);
  const wholeContext = bundleContext(settings, facts, wanted);
  const values = (chart: ChartKey, cluster: Pick<ClusterHandle, "apiServerHost">): HelmValues =>
    rewriteImages(chart, chartValues(chart, settings, facts, cluster.apiServerHost), settings.imageRegistry);

  const warnings = [
    ...refuseImpossible({
      stack,
      settings,
      facts,
      values,
      bundles: bundles.map((bundle) => ({ name: bundle.name, needs: bundle.needs(wholeContext) })),
    }),
    ...(settings.target === "aks" ? aksWarnings(settings.aks, file) : []),
  ];
  for (const { where, what } of warnings) await pulumi.log.warn(`${where}: ${what}`);

  const prepared = await prepareCharts(wanted, {
    stack,
    projectDir: process.cwd(),
    env: process.env,
    ...(settings.chartMirror === undefined ? {} : { chartMirror: settings.chartMirror }),
  });
  refuseMissing(prepared.missing, facts, file);
  // Judged last, because only a chart that is there can say which values it knows.
  const unknown = await overlayProblems(prepared.present, settings, file);
  if (unknown.length > 0) throw new ProblemsError(unknown);
  const missing = withDependents(prepared.missing, wanted);
  for (const { key, reason } of missing) await pulumi.log.warn(`${charts[key].name} is left out: ${reason}`);

  // What is left out has no namespace that policies could be in.
  const installs = wanted.filter((key) => missing.every((chart) => chart.key !== key));
  const context = bundleContext(settings, facts, installs);
  const { manifests, problems, warnings: doubts } = prove({ bundles, context, apiServer: facts.apiServerPlaces });
  if (problems.length > 0) throw new ProblemsError(problems);
  for (const doubt of doubts) await pulumi.log.warn(formatProblems([doubt]));

  return {
    stack,
    settings,
    clusterName: settings.clusterName,
    facts,
    installs: new Set(installs),
    leftOut: Object.fromEntries(missing.map(({ key, reason }) => [charts[key].name, reason])),
    bundles: bundles.map(({ name }) => name),
    manifests,
    values,
  };
}

/** What the stack tells its bundles, with these charts installed. */
export function bundleContext(settings: Settings, facts: ClusterFacts, installs: readonly ChartKey[]): BundleContext {
  return {
    isolatedNamespaces: isolatedNamespaces(settings.namespaces),
    namespaceLabels: Object.fromEntries(
      Object.entries(settings.namespaces).map(([name, choices]) => [name, namespaceLabels(choices)]),
    ),
    entry: facts.entry,
    ...(installs.includes("nginxGatewayFabric") ? { gateway: gatewayPods } : {}),
    ...(installs.includes("argoCd") ? { argocd: argoCdPods(settings.argocd, facts) } : {}),
    kyverno: installs.includes("kyverno") ? "installed" : "absent",
    metrics: settings.observability.serviceMonitors ? "scraped" : "unread",
    hubble: hubbleParts(settings.cilium.hubble),
    meshAuthentication: settings.cilium.meshAuth === "disabled" ? "off" : "on",
    apiServerPlaces: facts.apiServerPlaces,
    choices: settings.policies,
  };
}

/** The UI brings the relay along. */
function hubbleParts({ enabled, relay, ui }: Settings["cilium"]["hubble"]): readonly HubblePart[] {
  if (!enabled) return [];
  return [...(relay || ui ? (["relay"] as const) : []), ...(ui ? (["ui"] as const) : [])];
}

/** The charts the settings ask for. */
export function wantedCharts(settings: Pick<Settings, "kyverno" | "gateway" | "argocd">): ChartKey[] {
  return [
    "cilium",
    ...(settings.gateway.enabled ? (["gatewayApi", "nginxGatewayFabric"] as const) : []),
    ...(settings.kyverno.enabled ? (["kyverno"] as const) : []),
    ...(settings.argocd.enabled ? (["argoCd"] as const) : []),
  ];
}

export function chartValues(
  chart: ChartKey,
  settings: Settings,
  facts: ClusterFacts,
  apiServerHost: ClusterHandle["apiServerHost"],
): HelmValues {
  switch (chart) {
    case "cilium":
      return ciliumValues(settings, facts, apiServerHost);
    case "gatewayApi":
      return {};
    case "kyverno":
      return mergeValues(kyvernoValues(settings, facts), settings.kyverno.values);
    case "nginxGatewayFabric":
      return mergeValues(gatewayValues(settings, facts), settings.gateway.values);
    case "argoCd":
      return mergeValues(argoCdValues(settings, facts), settings.argocd.values);
  }
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
